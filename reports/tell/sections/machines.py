"""The machines: what they are, in what they differ, and side by side."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from likeforlike.devices.limits.units import format_rate
from likeforlike.reports.judge.comparisons import Comparison, GeometricMean, geometric_means
from likeforlike.reports.read.machines import Machine, differences
from likeforlike.reports.sort.measurements import NOISE, Key, grouped
from likeforlike.reports.sort.setup_differences import setup_differences, setup_facts
from likeforlike.reports.tell.context import Context, Kinds
from likeforlike.reports.tell.document import (
    Block,
    Entry,
    Figure,
    Points,
    Row,
    Section,
    Table,
    Text,
    row,
    section,
)
from likeforlike.reports.tell.formatting import (
    count_text,
    ratio_entry,
    significant,
    time_entry,
    verdict_entry,
)
from likeforlike.reports.tell.plot_data import MachineHistogram, MachineSpreads, Spread

MOST_SPREADS = 24
MOST_UNLIKE = 20
MOST_KINDS = 200
MOST_FILES = 8
"""Files whose set-ups stand side by side."""
MOST_MACHINES = 4
"""Machines that have a sentence each; of more the fastest and the slowest are told."""


def sections(context: Context) -> list[Section | None]:
    """All machines: one alone is described, several are compared."""
    if len(context.study.machines) == 1:
        blocks: list[Block | None] = [_facts_table(context), _setup_differences_table(context)]
        blocks += [_kinds_table(context), _noise_text(context)]
        return [section("machine", "The machine", blocks)]
    blocks = [_baseline_text(context), _means_table(context), _kinds_table(context), _figure(context)]
    blocks += [
        _side_by_side(context),
        _differences_table(context),
        _setup_differences_table(context),
        _unlike_points(context),
        _noise_text(context),
    ]
    return [section("machines", "Machines side by side", blocks)]


def findings(context: Context) -> Kinds:
    """A kind for each: of few machines none is left out."""
    return [[told] for told in _findings(context)]


def _facts_table(context: Context) -> Table:
    machine = context.study.machines[0]
    rows = [row(name, value, machine=context.study.titles[machine.id]) for name, value in machine.facts]
    rows += [row(name, value) for name, value in _common_setup(context).items()]
    rows += [row(f"measured at most, {place}", told) for place, told in _reached(context).items()]
    rows.append(row("fingerprint", machine.id))
    return Table("machine", context.study.titles[machine.id], ("", "value"), tuple(rows))


def _common_setup(context: Context) -> dict[str, str]:
    """Facts of their set-up that all files share."""
    every = [setup_facts(file.header) for file in context.study.files]
    first = every[0] if every else {}
    hidden = "clean environment"
    return {n: v for n, v in first.items() if n != hidden and all(facts.get(n) == v for facts in every)}


def _reached(context: Context) -> dict[str, str]:
    """The best rates that files say were measured, by device and precision."""
    best: dict[str, tuple[float, str]] = {}
    for file in context.study.files:
        for told in file.header.measured_ceilings if file.header else ():
            place = f"{told.device} {told.precision}"
            best[place] = max(best.get(place, (0.0, "")), (told.flop_per_second, told.source))
    return {place: f"{format_rate(rate)}, {source}" for place, (rate, source) in best.items()}


def _setup_differences_table(context: Context) -> Table | None:
    """In what files differ that is no property of a machine, of those shown row by row."""
    shown = {machine.id for machine in context.detailed}
    files = [file for file in context.study.files if file.machine.id in shown]
    told = setup_differences(files[:MOST_FILES])
    if not told:
        return None
    left = len(files) - MOST_FILES
    note = f"{left} more files are not shown." if left > 0 else ""
    columns = ("", *(file.label for file in files[:MOST_FILES]))
    rows = tuple(row(name, *values) for name, values in told)
    return Table("setup-differences", "In what the files' set-ups differ", columns, rows, note)


def _noise_text(context: Context) -> Text | None:
    told: list[str] = []
    for file in context.study.files:
        noise = file.noise
        if noise is None or noise.aa_interval is None or len(told) >= 6:
            continue
        low, high = noise.aa_interval
        pairs = f" over {noise.aa_pairs} pairs" if noise.aa_pairs else ""
        cost = noise.harness_seconds_per_sample
        told.append(
            f"{file.label}: the same thing twice, ×{low:.3f} to ×{high:.3f}{pairs}"
            + ("" if cost is None else f"; the harness itself costs {cost * 1e6:.2g} µs a sample")
        )
    return Text("Noise floor. " + ". ".join(told) + ".") if told else None


def _baseline_text(context: Context) -> Text:
    baseline = context.study.titles[context.study.baseline.id]
    return Text(
        f"The baseline is {baseline}. Across machines nothing is paired: ratios are of medians, each with "
        "its own interval, and below 1 is faster than the baseline."
    )


def _means_table(context: Context) -> Table | None:
    means = geometric_means(context.study, context.comparisons.machines)
    if not means:
        return None
    sets = {mean.cells for mean in means}
    sure = [item for item in context.comparisons.machines if item.sure]
    clear = {mean.machine.id: mean for mean in geometric_means(context.study, sure)}
    rows = []
    for mean in sorted(means, key=lambda mean: mean.ratio):
        title = context.study.titles[mean.machine.id]
        counts = [Entry(str(n), float(n)) for n in (mean.faster, mean.same, mean.slower, mean.unclear)]
        ratio = Entry(f"×{significant(mean.ratio)}", mean.ratio)
        both = Entry(str(mean.cells), float(mean.cells))
        rows.append(row(title, ratio, both, *counts, _over(clear.get(mean.machine.id)), machine=title))
    note = (
        "Geometric mean of the ratios over the cells that the machine and the baseline both have; at the "
        "right over those that are verified and have a clear verdict, on which the findings rest."
    )
    if len(sets) > 1:
        note += " The sets differ from row to row, so rows are to be compared with the baseline alone."
    columns = (
        "machine",
        "time over the baseline's",
        "cells both have",
        "faster",
        "same",
        "slower",
        "unclear",
        "over sure cells alone",
    )
    return Table("machine-means", "Machines over the baseline", columns, tuple(rows), note, len(rows) > 30)


def _over(mean: GeometricMean | None) -> Entry:
    return Entry("–") if mean is None else Entry(f"×{significant(mean.ratio)} ({mean.cells})", mean.ratio)


def _kinds_table(context: Context) -> Table | None:
    """How far machines of one kind, or runs on one machine, lie apart, and the odd one out."""
    rows = []
    for spread in context.kinds[:MOST_KINDS]:
        first, last = spread.units[0], spread.units[-1]
        title = context.study.titles[spread.machine.id]
        rows.append(
            row(
                title,
                Entry(str(len(spread.units)), float(len(spread.units))),
                "runs on one machine" if spread.repetitions else "machines",
                Entry(f"×{significant(first.ratio)}", first.ratio),
                Entry(f"×{significant(last.ratio)}", last.ratio),
                "; ".join(f"{unit.name} ×{significant(unit.ratio)}" for unit in spread.odd[:6]) or "none",
                machine=title,
            )
        )
    if not rows:
        return None
    note = (
        "Geometric mean, over cells, of a machine's time over the median of its kind, the fingerprint being "
        "the kind. Odd is what lies more than 5 % and 3.5 deviations (by the median absolute deviation) from "
        "the others; of fewer than three nobody can say which is odd."
    )
    left = len(context.kinds) - MOST_KINDS
    note += f" {left} more kinds are not shown." if left > 0 else ""
    columns = ("kind", "how many", "of what", "fastest", "slowest", "odd one out")
    return Table("kinds", "Spread within a kind", columns, tuple(rows), note, len(rows) > 30)


def _figure(context: Context) -> Figure | None:
    means = {mean.machine.id: mean for mean in geometric_means(context.study, context.comparisons.machines)}
    if not means:
        return None
    baseline = context.study.titles[context.study.baseline.id]
    if len(means) > MOST_SPREADS:
        ratios = tuple(mean.ratio for mean in means.values())
        told = f"{len(ratios)} machines from ×{significant(min(ratios))} to ×{significant(max(ratios))}"
        return Figure(
            "machines",
            f"Geometric means of {len(ratios)} machines over {baseline}",
            f"Histogram of geometric mean ratios: {told}, median ×{significant(float(np.median(ratios)))}.",
            MachineHistogram(ratios, baseline),
        )
    ratios_of = grouped(
        (item.other.machine.id, item.verdict.estimate.ratio)
        for item in context.comparisons.machines
        if not item.doubt
    )
    spreads = []
    for machine, mean in sorted(means.items(), key=lambda pair: pair[1].ratio):
        quantiles = tuple(float(q) for q in np.quantile(ratios_of[machine], (0, 0.25, 0.5, 0.75, 1)))
        spreads.append(Spread(context.study.titles[machine], quantiles, mean.ratio))  # type: ignore[arg-type]
    facts = "; ".join(
        f"{s.name} mean ×{significant(s.mean)}, from ×{significant(s.quantiles[0])} to "
        f"×{significant(s.quantiles[4])}"
        for s in spreads
    )
    return Figure(
        "machines",
        f"Ratios of times to those of {baseline}, all cells both have",
        f"One row a machine with the range of its ratios: {facts}.",
        MachineSpreads(tuple(spreads), baseline),
    )


def _side_by_side(context: Context) -> Table | None:
    """One column a machine; of many machines the detailed ones, the rest stands in CSV."""
    shared = grouped((item.base.key, item) for item in context.comparisons.machines)
    if not shared:
        return None
    others = [machine for machine in context.detailed if machine.id != context.study.baseline.id]
    rows = []
    for key, items in shared.items():
        found = {item.other.machine.id: item for item in items}
        if any(machine.id in found for machine in others):
            rows.append(_side_row(context, key, items[0], [found.get(machine.id) for machine in others]))
    baseline = context.study.titles[context.study.baseline.id]
    columns = ["cell", f"{baseline} (baseline)"]
    for machine in others:
        columns += [context.study.titles[machine.id], "ratio", "verdict"]
    left = len(context.study.machines) - len(context.detailed)
    note = f"{left} more machines stand in tables/cells.csv." if left > 0 else ""
    return Table("machines", "Cell by cell", tuple(columns), tuple(rows), note, folded=len(rows) > 30)


def _side_row(context: Context, key: Key, first: Comparison, found: list[Comparison | None]) -> Row:
    entries: list[Entry | str] = [f"{key.workload} {key.text}", time_entry(first.base)]
    for item in found:
        entries += [time_entry(item.other if item else None), ratio_entry(item), verdict_entry(item)]
    return row(*entries, workload=key.workload, verdict=[item.word for item in found if item])


def _differences_table(context: Context) -> Table | None:
    machines: list[Machine] = list(context.detailed)
    rows = [row(name, *values) for name, values in differences(machines)]
    if not rows:
        return None
    columns = ("", *(context.study.titles[machine.id] for machine in machines))
    left = len(context.study.machines) - len(machines)
    note = f"What is known of {left} more machines stands in tables/machine-facts.csv." if left > 0 else ""
    return Table("machine-differences", "In what the machines differ", columns, tuple(rows), note)


def _unlike_points(context: Context) -> Points | None:
    """Cells that have one name and two kinds of work."""
    told = [
        f"Not compared: {base.key.workload} {base.key.text}, "
        f"{context.title(base)} and {context.title(item)}: {why}."
        for base, item, why in context.comparisons.unlike
        if base.key.workload != NOISE
    ]
    if len(told) > MOST_UNLIKE:
        told = [*told[:MOST_UNLIKE], f"And {len(told) - MOST_UNLIKE} more whose work is not the same."]
    return Points(tuple(told)) if told else None


def _findings(context: Context) -> Iterator[str]:
    """Machines over the baseline, by sure comparisons alone; many of them over the cells that all have."""
    sure = [item for item in context.comparisons.machines if item.sure]
    keys = [
        {item.base.key for item in items}
        for items in grouped((item.other.machine.id, item) for item in sure).values()
    ]
    baseline = context.study.titles[context.study.baseline.id]
    if len(keys) > MOST_MACHINES:
        common = set.intersection(*keys)
        means = geometric_means(context.study, [item for item in sure if item.base.key in common])
        if means:
            best, worst = min(means, key=lambda m: m.ratio), max(means, key=lambda m: m.ratio)
            ends = [f"{context.study.titles[m.machine.id]} ×{significant(m.ratio)}" for m in (best, worst)]
            yield (
                f"Of {len(means)} machines over {baseline}, by geometric mean of times over the "
                f"{count_text(common, 'cell')} of which all have a sure verdict: {ends[0]} to {ends[1]}."
            )
        return
    both = {
        mean.machine.id: mean.cells for mean in geometric_means(context.study, context.comparisons.machines)
    }
    for mean in geometric_means(context.study, sure):
        of = f" of {both[mean.machine.id]}" if both[mean.machine.id] != mean.cells else ""
        yield (
            f"{context.study.titles[mean.machine.id]} takes ×{significant(mean.ratio)} the time of "
            f"{baseline} in the geometric mean of the {mean.cells}{of} cells both have whose "
            f"verdict is sure (faster in {mean.faster}, slower in {mean.slower})."
        )
