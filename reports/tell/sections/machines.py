"""The machines: what they are, in what they differ, and side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import zip_longest

import numpy as np

from likeforlike.devices.limits.units import format_rate, format_seconds
from likeforlike.reports.judge.comparisons import Comparison
from likeforlike.reports.judge.grounds import Grounds
from likeforlike.reports.judge.means import GeometricMean, geometric_means
from likeforlike.reports.read.machines import Machine, differences
from likeforlike.reports.sort.likeness.setup_differences import setup_differences, setup_facts
from likeforlike.reports.sort.measured.keys import Key
from likeforlike.reports.sort.measured.measurements import grouped
from likeforlike.reports.tell.context import Context, Kinds
from likeforlike.reports.tell.document import (
    Block,
    Entry,
    Figure,
    Row,
    Section,
    Table,
    Text,
    numbered,
    row,
    section,
)
from likeforlike.reports.tell.formatting import (
    beside_columns,
    beside_minor,
    count_text,
    ratio_entry,
    significant,
    time_entry,
    verdict_entry,
)
from likeforlike.reports.tell.plot_data import MachineHistogram, MachineSpreads, Spread
from likeforlike.reports.tell.sections.energy import energy_table
from likeforlike.reports.tell.sections.files import unlike_points, withheld_points
from likeforlike.reports.tell.wording.means_text import (
    COLUMNS,
    MINOR,
    NOTE,
    mean_sentences,
    means_rows,
    name_of,
    some_cells,
)
from likeforlike.reports.tell.wording.tails_text import asked_note

MOST_SPREADS = 24
MOST_HISTOGRAMS = 3
MOST_KINDS = 200
MOST_FILES = 8
"""Files whose set-ups stand side by side."""
MOST_MACHINES = 4
"""Machines that have a sentence each; of more the fastest and the slowest are told."""


def sections(context: Context) -> list[Section | None]:
    """All machines: one alone is described, several are compared."""
    if len(context.study.machines) == 1:
        blocks: list[Block | None] = [_facts_table(context), _setup_differences_table(context)]
        blocks += [energy_table(context), _kinds_table(context), _noise_text(context)]
        return [section("machine", "The machine", blocks)]
    blocks = [_baseline_text(context), _means_table(context), _kinds_table(context), *_figures(context)]
    blocks += [
        _side_by_side(context),
        energy_table(context),
        _differences_table(context),
        _setup_differences_table(context),
        withheld_points(context.comparisons.machines),
        unlike_points(context, same_machine=False),
        _noise_text(context),
    ]
    return [section("machines", "Machines side by side", blocks)]


def findings(context: Context) -> Kinds:
    """A kind for each machine: of few none is left out."""
    return list(_findings(context))


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
    note = f"{count_text(left, 'more file')} not shown." if left > 0 else ""
    columns = ("", *(file.label for file in files[:MOST_FILES]))
    rows = tuple(row(name, *values) for name, values in told)
    return Table("setup-differences", "In what the files' set-ups differ", columns, rows, note)


MOST_PLACES = 12
"""Devices and workloads whose twins are told."""


def _noise_text(context: Context) -> Text | None:
    told = _copies(context)
    for file in context.study.files:
        noise = file.noise
        if noise is None or noise.aa_interval is None or len(told) >= 6:
            continue
        low, high = noise.aa_interval
        pairs = f" over {noise.aa_pairs} pairs" if noise.aa_pairs else ""
        cost = noise.harness_seconds_per_sample
        told.append(
            f"{file.label}: the same thing twice, ×{low:.3f} to ×{high:.3f}{pairs}"
            + ("" if cost is None else f"; the harness itself costs {format_seconds(cost)} a sample")
        )
    return Text("Noise floor. " + ". ".join(told) + ".") if told else None


def _copies(context: Context) -> list[str]:
    """What copies of one thing showed, by machine, workload and device."""
    grounds = Grounds(context.study)
    places = {(i.machine.id, i.key.device, i.key.workload): i.machine for i in context.study.twins}
    told = []
    for (_, device, workload), machine in places.items():
        copies = grounds.copies(machine, device, workload)
        if not copies:
            continue
        where = f" of {context.study.titles[machine.id]}" if context.several else ""
        ratios = ", ".join(f"{item.original.key.implementation} ×{item.ratio:.3f}" for item in copies[:3])
        launches = count_text(max(item.launches for item in copies), "launch")
        told.append(f"{workload} on {device}{where}, a copy beside the original: {ratios}, over {launches}")
    return told[:MOST_PLACES]


def _baseline_text(context: Context) -> Text:
    baseline = context.study.titles[context.study.baseline.id]
    return Text(
        f"The baseline is {baseline}. Across machines nothing is paired: ratios are of times, each with "
        "its own interval, which holds what runs at different times differ by; below 1 is faster than the "
        "baseline."
    )


def _means_table(context: Context) -> Table | None:
    rows = means_rows(context, dict(context.study.titles), context.comparisons.machines)
    if not rows:
        return None
    columns = ("machine", *COLUMNS)
    return Table(
        "machine-means", "Machines over the baseline", columns, tuple(rows), NOTE, len(rows) > 30, MINOR
    )


def _kinds_table(context: Context) -> Table | None:
    """How far machines of one kind, or runs on one machine, lie apart, and the odd one out."""
    rows = []
    for spread in context.kinds[:MOST_KINDS]:
        first, last = spread.units[0], spread.units[-1]
        title = context.study.titles[spread.machine.id]
        rows.append(
            row(
                f"{title} in {spread.file}" if spread.file else title,
                spread.device or "–",
                spread.workload,
                Entry(str(len(spread.units)), float(len(spread.units))),
                "runs on one machine" if spread.repetitions else "machines",
                Entry(f"×{significant(first.ratio)}", first.ratio),
                Entry(f"×{significant(last.ratio)}", last.ratio),
                "; ".join(f"{unit.name} ×{significant(unit.ratio)}" for unit in spread.odd[:6]) or "none",
                workload=spread.workload,
                machine=title,
            )
        )
    if not rows:
        return None
    note = (
        "Geometric mean, over the cells of a device and workload, of a machine's time over the median of its "
        "kind, the fingerprint being the kind. Odd is what lies more than 5 % and 3.5 deviations (by the "
        "median absolute deviation) from the others; of fewer than three nobody can say which is odd."
    )
    left = len(context.kinds) - MOST_KINDS
    note += f" {count_text(left, 'more row')} not shown." if left > 0 else ""
    columns = ("kind", "device", "workload", "how many", "of what", "fastest", "slowest", "odd one out")
    return Table("kinds", "Spread within a kind", columns, tuple(rows), note, len(rows) > 30)


def _figures(context: Context) -> list[Figure]:
    """The range of each machine's ratios by device and workload; of very many machines, how they spread."""
    means = geometric_means(context.study, context.comparisons.machines)
    baseline = context.study.titles[context.study.baseline.id]
    if len(means) > MOST_SPREADS:
        drawn = [_histogram(mine, baseline) for mine in _places(means).values() if len(mine) > MOST_MACHINES]
        return numbered(drawn[:MOST_HISTOGRAMS], "machines")
    spreads = []
    for mean in sorted(means, key=lambda mean: mean.ratio):
        ratios = [item.verdict.estimate.ratio for item in mean.comparisons]
        quantiles = tuple(float(q) for q in np.quantile(ratios, (0, 0.25, 0.5, 0.75, 1)))
        name = f"{name_of(mean, dict(context.study.titles))}, {mean.workload} {mean.device}".rstrip()
        spreads.append(Spread(name, quantiles, mean.ratio))  # type: ignore[arg-type]
    if not spreads:
        return []
    facts = "; ".join(
        f"{s.name} mean ×{significant(s.mean)}, from ×{significant(s.quantiles[0])} to "
        f"×{significant(s.quantiles[4])}"
        for s in spreads
    )
    return [
        Figure(
            "machines",
            f"Ratios of times to those of {baseline}, by device and workload, over the cells both have",
            f"One row a machine, device and workload with the range of its ratios: {facts}.",
            MachineSpreads(tuple(spreads), baseline),
        )
    ]


def _places(means: Iterable[GeometricMean]) -> dict[tuple[str, str], list[GeometricMean]]:
    return grouped(((mean.device, mean.workload), mean) for mean in means)


def _histogram(means: Sequence[GeometricMean], baseline: str) -> Figure:
    ratios = tuple(mean.ratio for mean in means)
    place = f"{means[0].workload} {means[0].device}".rstrip()
    identities = {mean.machine.id for mean in means}
    machines = count_text(identities, "machine")
    several = len(ratios) > len(identities)  # of a machine whose files stand apart
    counted = f"{len(ratios)} means of {machines}" if several else machines
    told = f"{counted} from ×{significant(min(ratios))} to ×{significant(max(ratios))}"
    return Figure(
        "machines",
        f"Geometric means of {machines} over {baseline}, {place}",
        f"Histogram of geometric mean ratios of {place}: {told}, "
        f"median ×{significant(float(np.median(ratios)))}.",
        MachineHistogram(ratios, baseline),
    )


def _side_by_side(context: Context) -> Table | None:
    """One column a machine; of many machines the detailed ones, the rest stands in CSV."""
    shared = grouped((item.base.key, item) for item in context.comparisons.machines)
    others = [machine for machine in context.detailed if machine.id != context.study.baseline.id]
    rows = []
    for key, items in shared.items():
        found = grouped((item.other.machine.id, item) for item in items)
        columns = [found.get(machine.id, []) for machine in others]
        for mine in zip_longest(*columns):  # a machine whose files stand apart has several
            if any(mine):
                rows.append(_side_row(context, key, items[0], list(mine)))
    if not rows:
        return None
    baseline = context.study.titles[context.study.baseline.id]
    columns_told = ["cell", f"{baseline} (baseline)"]
    for machine in others:
        columns_told += beside_columns(context.study.titles[machine.id], len(others))
    left = len(context.study.machines) - len(context.detailed)
    note = f"{count_text(left, 'more machine')} in tables/cells.csv." if left > 0 else ""
    note = (note + asked_note(item.other for items in shared.values() for item in items)).strip()
    minor = beside_minor(columns_told)
    folded = len(rows) > 30
    return Table("machines", "Cell by cell", tuple(columns_told), tuple(rows), note, folded, minor)


def _side_row(context: Context, key: Key, first: Comparison, found: list[Comparison | None]) -> Row:
    entries: list[Entry | str] = [f"{key.workload} {key.text}", time_entry(first.base)]
    for item in found:
        entries += [_time_in_file(item), ratio_entry(item), verdict_entry(item)]
    return row(*entries, workload=key.workload, verdict=[item.word for item in found if item])


def _time_in_file(item: Comparison | None) -> Entry:
    """The other's time, with its file where several of its machine stand apart."""
    told = time_entry(item.other if item else None)
    return (
        replace(told, text=f"{told.text} in {item.other.key.apart}")
        if item and item.other.key.apart
        else told
    )


def _differences_table(context: Context) -> Table | None:
    machines: list[Machine] = list(context.detailed)
    rows = [row(name, *values) for name, values in differences(machines)]
    if not rows:
        return None
    columns = ("", *(context.study.titles[machine.id] for machine in machines))
    left = len(context.study.machines) - len(machines)
    note = (
        f"What is known of {count_text(left, 'more machine')} stands in tables/machine-facts.csv."
        if left > 0
        else ""
    )
    return Table("machine-differences", "In what the machines differ", columns, tuple(rows), note)


def _findings(context: Context) -> Iterator[list[str]]:
    """Machines over the baseline by clear verdicts alone; of many the ends, over cells that all have."""
    compared = context.comparisons.machines
    baseline = context.study.titles[context.study.baseline.id]
    by_machine = grouped((item.other.machine.id, item) for item in compared if item.told)
    if len(by_machine) > MOST_MACHINES:
        yield list(_ends(context, [item for item in compared if item.told], baseline))
        return
    titles = dict(context.study.titles)
    for machine in context.study.machines:
        mine = [item for item in compared if item.other.machine.id == machine.id]
        told = mean_sentences(context, titles, baseline, mine)
        if told:
            yield told


def _ends(context: Context, clear: Sequence[Comparison], baseline: str) -> Iterator[str]:
    """For each device and workload the fastest and the slowest of many machines."""
    places = grouped(((item.base.key.device, item.base.key.workload), item) for item in clear)
    for (device, workload), items in places.items():
        common = set.intersection(*(set(mean.keys) for mean in geometric_means(context.study, items)))
        means = geometric_means(context.study, [item for item in items if item.base.key.bare in common])
        machines = {mean.machine.id for mean in means}
        if len(machines) < 2:
            continue
        best, worst = min(means, key=lambda m: m.ratio), max(means, key=lambda m: m.ratio)
        ends = [f"{name_of(m, dict(context.study.titles))} ×{significant(m.ratio)}" for m in (best, worst)]
        where = f" on {device}" if device else ""
        yield (
            f"Of {len(machines)} machines over {baseline}{where} at {workload}, by geometric mean of times "
            f"over the {count_text(common, 'cell')} of which all have a clear verdict "
            f"({some_cells(best.keys)}): {ends[0]} to {ends[1]}."
        )
