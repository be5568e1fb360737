"""Files of ladders whose seconds are a function of the changes that were made."""

from __future__ import annotations

import numpy as np
import report_samples as samples

CHANGES = {
    "implementation": ("graph-loop", "eager-loop"),
    "bias": (True, False),
    "batch_size": (32, 64),
}


def worth(done: frozenset[str]) -> float:
    """Seconds of an epoch with these changes made: no bias saves in an eager loop alone."""
    seconds = 10.0 + 5.0 * ("implementation" in done) - 2.0 * ("batch_size" in done)
    return seconds - (3.7 if {"implementation", "bias"} <= done else 0.0)


def ladder_file(
    orders, rounds=9, spread=0.002, lost=(), worth=worth, launches=3, changes=CHANGES, seed=1, **extra
):
    """A file of one ladder: rungs shared, all in one group; epochs hold training alone."""
    extra = {"launch_numbers": [launches * number // rounds for number in range(rounds)]} | extra
    rng = np.random.default_rng(seed)
    names: dict[frozenset[str], str] = {}
    cells, told = [], []
    drift = np.exp(np.cumsum(rng.normal(0, 0.05, rounds)))
    for order in orders:
        rungs, done = [], frozenset[str]()
        for number, change in enumerate((None, *order)):
            done = done | {change} if change else done
            fields = {field: pair[field in done] for field, pair in changes.items()}
            implementation = fields.pop("implementation")
            if done not in names:
                names[done] = f"ladder-{len(names):02d}"
                recipe = samples.RECIPE | fields | {"name": names[done]}
                seconds = worth(done) * drift * np.exp(rng.normal(0, spread, rounds))
                cell = samples.training(
                    implementation,
                    recipe,
                    0,
                    samples.Noise(1),
                    1.0,
                    rounds + 1,
                    group="training ladder",
                    **extra,
                )
                for epoch, time in zip(cell["extra_info"]["epochs"][1:], seconds, strict=True):
                    epoch |= {"train_seconds": time, "evaluation_seconds": 0.0, "logging_seconds": 0.0}
                cell["stats"] = samples.stats([float(time) for time in seconds])
                cells += [] if names[done] in lost else [cell]
            change_told = change and dict(
                zip(("field", "before", "after"), (change, *changes[change]), strict=True)
            )
            rungs.append(
                {
                    "rung": number,
                    "recipe": names[done],
                    "implementation": implementation,
                    "change": change_told,
                }
            )
        told.append(rungs)
    ends = [f"{rung['implementation']}@{rung['recipe']}" for rung in (told[0][0], told[0][-1])]
    return samples.document(cells, ladder={"ends": ends, "rungs": told[0], "other_orders": told[1:]})
