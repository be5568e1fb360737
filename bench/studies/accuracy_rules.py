"""How often a verdict on accuracies is wrong, and which trainers are still announced as faster.

``python -m likeforlike.bench.studies.accuracy_rules``: nothing is trained. Accuracies are made up: a true
one, a share by which seeds differ, and the chance of the validation images. Judged over 1, 3, 5, 10 and 20
seeds, paired by seed and not.
"""

from __future__ import annotations

import argparse
import math
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from likeforlike.bench.studies.staging.account import heading, required, table
from likeforlike.reports.statistics.training.accuracy import (
    MARGIN,
    AccuracyVerdict,
    accuracy_verdict,
    may_be_called_faster,
)

SEEDS = (3, 5, 10, 20)

DIFFERENCES = (0.0, -MARGIN / 2.0, -0.01, -0.02)
"""Of the true accuracies, other minus base: none, within the margin, beyond it."""

SHORTFALLS = (0.0, MARGIN / 2.0, 0.01, 0.02, 0.05, 0.15)
"""By so much the faster trainer trains worse in truth."""

AT_MOST = 0.05
"""Share of false words, within two standard errors of so many trials."""

PAIRED_TEXT = {True: "by seed", False: "no"}


@dataclass(frozen=True)
class World:
    """What accuracies are like."""

    name: str
    accuracy: float = 0.885
    seed_spread: float = 0.0025
    """Standard deviation of the true accuracy over seeds, of which a half is common to both with one seed."""
    images: int = 10_000


WORLDS = (
    World("88.5 %, seeds differ by 0.25 points, 10,000 images"),
    World("88.5 %, seeds differ by 1 point, 10,000 images", seed_spread=0.01),
    World("88.5 %, seeds differ by 0.25 points, 200 images", images=200),
    World("99.8 %, seeds differ by 0.05 points, 10,000 images", 0.998, 0.0005),
)


@dataclass(frozen=True)
class Outcome:
    """What was said over all trials of one setting."""

    words: Counter[str]
    missed: int
    """Intervals that don't hold the true difference."""
    further: tuple[int, ...]
    """Further seeds that unclear ones named."""
    trials: int


def trial(
    draw: np.random.Generator, world: World, seeds: int, difference: float, paired: bool
) -> AccuracyVerdict:
    """Made-up accuracies of two trainers, judged."""
    common = draw.normal(0.0, world.seed_spread * math.sqrt(0.5), seeds)
    sides = []
    for truth in (world.accuracy, world.accuracy + difference):
        own = draw.normal(0.0, world.seed_spread * math.sqrt(0.5), seeds)
        shared = common if paired else draw.normal(0.0, world.seed_spread * math.sqrt(0.5), seeds)
        chances = np.clip(truth + own + shared, 0.0, 1.0)
        sides.append(draw.binomial(world.images, chances) / world.images)
    first = 0 if paired else seeds
    base, other = (
        {start + number: float(value) for number, value in enumerate(side)}
        for start, side in zip((0, first), sides, strict=True)
    )
    return accuracy_verdict(base, other, world.images)


def outcome(world: World, seeds: int, difference: float, paired: bool, trials: int, seed: int) -> Outcome:
    """All trials of one setting."""
    draw = _generator(f"{seed} {world.name} {seeds} {difference} {paired}")
    judged = [trial(draw, world, seeds, difference, paired) for _ in range(trials)]
    missed = sum(not item.low <= difference <= item.high for item in judged)
    further = tuple(item.further_seeds for item in judged if item.further_seeds is not None)
    return Outcome(Counter(item.word for item in judged), missed, further, trials)


def false_share(found: Outcome, difference: float) -> float:
    """Share of words that are not true: a difference where there is none or the other way, *same* beyond it.

    Within the margin *lower* is true of what is lower.
    """
    false = found.words["higher"] + (found.words["lower"] if difference == 0.0 else 0)
    if abs(difference) > MARGIN:
        false += found.words["same"]
    return false / found.trials


def announced(world: World, seeds: int, shortfall: float, trials: int, seed: int) -> float:
    """Share of trials in which a trainer that is faster for sure, and trains worse by that, is called so."""
    draw = _generator(f"{seed} {world.name} {seeds} {shortfall} announced")
    return (
        sum(
            may_be_called_faster("faster", trial(draw, world, seeds, -shortfall, True)).allowed
            for _ in range(trials)
        )
        / trials
    )


def verdicts_table(world: World, trials: int, seed: int) -> tuple[str, list[float]]:
    """What is said by number of seeds, pairing and true difference; and the shares of false words."""
    rows, false = [], []
    for paired in (True, False):
        for seeds in SEEDS:
            for difference in DIFFERENCES:
                found = outcome(world, seeds, difference, paired, trials, seed)
                false.append(false_share(found, difference))
                further = f"{statistics.median(found.further):.0f}" if found.further else "–"
                rows.append(
                    [
                        PAIRED_TEXT[paired],
                        seeds,
                        f"{difference * 100:g}",
                        *(
                            f"{found.words[word] / trials:.1%}"
                            for word in ("higher", "lower", "same", "unclear")
                        ),
                        f"{false[-1]:.1%}",
                        f"{found.missed / trials:.1%}",
                        further,
                    ]
                )
    headers = ["paired", "seeds", "true difference, points", "higher", "lower", "same", "unclear"]
    headers += ["false", "interval misses", "further seeds named"]
    return table(headers, rows), false


def announcements_table(world: World, trials: int, seed: int) -> tuple[str, dict[tuple[int, float], float]]:
    """Share announced as faster by number of seeds and true shortfall."""
    shares = {
        (seeds, shortfall): announced(world, seeds, shortfall, trials, seed)
        for seeds in (1, *SEEDS)
        for shortfall in SHORTFALLS
    }
    rows = [
        [str(seeds), *(f"{shares[seeds, shortfall]:.1%}" for shortfall in SHORTFALLS)]
        for seeds in (1, *SEEDS)
    ]
    headers = ["seeds", *(f"{shortfall * 100:g} points worse" for shortfall in SHORTFALLS)]
    return table(headers, rows), shares


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m likeforlike.bench.studies.accuracy_rules", description=__doc__
    )
    parser.add_argument("--trials", type=int, default=1000, help="of each row")
    parser.add_argument("--seed", type=int, default=2020)
    return parser.parse_args(given)


def other_worlds_table(trials: int, seed: int) -> tuple[str, list[float]]:
    """The worst share of false words over all true differences, in the other worlds."""
    rows, every = [], []
    for world in WORLDS[1:]:
        for paired in (True, False):
            worst = [
                max(false_share(outcome(world, seeds, d, paired, trials, seed), d) for d in DIFFERENCES)
                for seeds in SEEDS
            ]
            every += worst
            rows.append([world.name, PAIRED_TEXT[paired], *(f"{share:.1%}" for share in worst)])
    return table(["accuracies", "paired", *(f"false with {seeds} seeds" for seeds in SEEDS)], rows), every


def report(trials: int, seed: int) -> str:
    """All tables and requirements, as Markdown."""
    told, false = verdicts_table(WORLDS[0], trials, seed)
    parts = [f"### {WORLDS[0].name}\n\n{told}\n"]
    told, others = other_worlds_table(trials, seed)
    parts.append(f"### Other accuracies: false words, at the true difference where they are most\n\n{told}\n")
    told, shares = announcements_table(WORLDS[0], trials, seed)
    parts.append(f"### Announced as faster, of trainers that are faster and train worse\n\n{told}\n")
    worst = max(*false, *others)
    limit = AT_MOST + 2.0 * math.sqrt(AT_MOST * (1.0 - AT_MOST) / trials)
    told = (
        f"false words at most {AT_MOST:.0%} (the worst row {worst:.1%}; up to {limit:.1%} may be the draw's)"
    )
    parts.append(required(told, worst <= limit))
    blocked = max(share for (_, shortfall), share in shares.items() if shortfall >= 0.05)
    parts.append(required("5 points worse is never announced as faster, from one seed on", blocked == 0.0))
    return "\n".join(parts)


def main() -> None:
    """Simulate and print."""
    asked = arguments()
    told = report(asked.trials, asked.seed)
    print(f"{heading('Accuracy rules', 'accuracy_rules')}\n\n{told}")


def _generator(seed: str) -> np.random.Generator:
    return np.random.default_rng(list(seed.encode()))


if __name__ == "__main__":
    main()
