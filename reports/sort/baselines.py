"""What each measurement is compared with: machine, trainer, pair, rung, worker."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from likeforlike.reports.read.machines import Machine
from likeforlike.reports.read.result_file import ResultFile
from likeforlike.reports.read.schema.runs import Ladder, Rung
from likeforlike.reports.sort.call_times import asked_seconds
from likeforlike.reports.sort.epochs import on_one_basis, tells_phases, whole_epochs
from likeforlike.reports.sort.measured.keys import SIDE_AXIS
from likeforlike.reports.sort.measured.measurements import Measurement, grouped
from likeforlike.reports.sort.measured.study import Study
from likeforlike.reports.sort.plain_groups import names_benchmark

KERAS = "keras-fit"
MANUAL = "eager-loop"
PUBLISHED_PAIR = ((KERAS, "keras-2020"), (MANUAL, "manual-2020"))
MOST_DETAILED = 4
"""Machines shown row by row; of more, the report shows the distribution and CSV the rows."""


def base_machine(
    machines: tuple[Machine, ...],
    titles: Mapping[str, str],
    files: list[ResultFile],
    wanted: str | None,
    ids: Mapping[str, str] | None = None,
) -> Machine:
    """The machine called for by label, id or file name; without a name the first unpublished one.

    A word that is a whole name means that alone, though it is part of others, too. ``ids`` has the machine's
    id for each id that stands in a file.
    """
    own = (file.machine for file in files if file.header is None or not file.header.published)
    if wanted is None:
        return next(own, machines[0])
    word = wanted.casefold()
    whole = [m for m in machines if titles[m.id].casefold() == word]
    whole = whole or [file.machine for file in files if file.label.casefold() == word]
    also = {machine for told, machine in (ids or {}).items() if told.casefold().startswith(word)}
    fitting = whole or [
        m
        for m in machines
        if word in titles[m.id].casefold() or m.id.casefold().startswith(word) or m.id in also
    ]
    fitting = fitting or [file.machine for file in files if word in file.label.casefold()]
    if not fitting and names_benchmark((cell for file in files for cell in file.cells), wanted):
        return next(own, machines[0])
    if len({machine.id for machine in fitting}) == 1:
        return fitting[0]
    known = "; ".join(titles[machine.id] for machine in (fitting or machines)[:8])
    problem = "fits several machines" if fitting else "fits no machine"
    problem += "" if fitting or not any(file.plain for file in files) else ", file or plain benchmark"
    raise ValueError(f"--baseline {wanted!r} {problem}; known: {known}")


def detailed_machines(study: Study) -> tuple[Machine, ...]:
    """The baseline, the next few in the order given, and those of published figures, to stand beside."""
    others = [machine for machine in study.machines if machine.id != study.baseline.id]
    published = {file.machine.id for file in study.files if file.header and file.header.published}
    near = others[: MOST_DETAILED - 1]
    return (study.baseline, *near, *(machine for machine in others[len(near) :] if machine.id in published))


def base_of(items: Sequence[Measurement]) -> Measurement:
    """What the others are compared with: Keras where it takes part, else the fastest that can be true."""
    for item in items:
        if item.key.implementation == KERAS:
            return item
    sound = [item for item in items if not (item.refuted or item.unproven)] or items
    asked = [asked_seconds(item) for item in sound]
    known = [seconds for seconds in asked if seconds is not None]
    if len(known) == len(sound):  # by the quantile that verdicts are asked on
        return sound[known.index(min(known))]
    return min(sound, key=lambda item: item.median_seconds)


def equal_terms(trained: Iterable[Measurement]) -> list[Measurement]:
    """Training cells to be compared under one recipe: all but ladders' rungs and the complete notebook pair.

    A published recipe that several trainers ran under, or one whose partner is missing, stays.
    """
    places = grouped(
        ((item.machine.id, item.key.workload, item.key.device, item.key.company), item) for item in trained
    )
    kept: list[Measurement] = []
    for items in places.values():
        pair = published_pair(items) or ()
        names = [item.key.axis.get("recipe") for item in items]
        for item, name in zip(items, names, strict=True):
            alone_in_pair = any(item is end for end in pair) and names.count(name) == 1
            if not alone_in_pair and not _is_rung(item):
                kept.append(item)
    return kept


def _is_rung(item: Measurement) -> bool:
    recipe = item.key.axis.get("recipe")
    ladders = (run.file.ladder for run in item.runs if run.file.ladder is not None)
    return any(rung.recipe == recipe for ladder in ladders for order in ladder.orders for rung in order)


def published_pair(items: Iterable[Measurement]) -> tuple[Measurement, Measurement] | None:
    """Keras and the hand-written trainer, each under its notebook recipe; None unless both are there."""
    found = {(item.key.implementation, item.key.axis.get("recipe")): item for item in items}
    keras, manual = (found.get(end) for end in PUBLISHED_PAIR)
    return None if keras is None or manual is None else (keras, manual)


def whole_pair(pair: tuple[Measurement, Measurement]) -> tuple[Measurement, Measurement]:
    """Both with whole epochs for samples if both tell their phases: their recipes log differently."""
    first, second = pair
    return (whole_epochs(first), whole_epochs(second)) if tells_phases(pair) else pair


def ladders_of(study: Study, machine: Machine) -> list[Ladder]:
    """The ladders climbed on a machine; several runs of one are one."""
    files = (file for file in study.files if file.machine.id == machine.id)
    return list(dict.fromkeys(file.ladder for file in files if file.ladder is not None))


Steps = list[tuple[Rung, Measurement | None]]
"""An order's rungs with their measurements; None where a rung has no figure."""


def orders_of(ladder: Ladder, measured: Iterable[Measurement]) -> dict[tuple[str, str], list[Steps]]:
    """The rungs of every order with their measurements, by network and place.

    Their samples are whole epochs if every rung of the place tells its phases: logging is among what changes.
    """
    climbed = [item for item in measured if any(run.file.ladder == ladder for run in item.runs)]
    names = {(rung.implementation, rung.recipe) for order in ladder.orders for rung in order}
    rungs_of = grouped((_place_climbed(item), item) for item in climbed if _rung_name(item) in names)
    found = {}
    for where, items in rungs_of.items():
        rungs = dict(zip(map(_rung_name, items), on_one_basis(items), strict=True))
        found[where] = [
            [(rung, rungs.get((rung.implementation, rung.recipe))) for rung in order]
            for order in ladder.orders
        ]
    return found


def _rung_name(item: Measurement) -> tuple[str, Any]:
    return item.key.implementation, item.key.axis.get("recipe")


def _place_climbed(item: Measurement) -> tuple[str, str]:
    """The network, and where it was measured."""
    place = item.key.device + (f" of {item.key.apart}" if item.key.apart else "")
    return item.key.workload, place + (f", side {item.key.side}" if item.key.side else "")


def side_pairs(study: Study) -> list[tuple[Measurement, Measurement]]:
    """What was measured on a further side, behind the same on the side that its run names first."""
    found = {(item.machine.id, item.key): item for item in study.measurements if item.key.side}
    pairs = []
    for (machine, key), item in found.items():
        first = item.runs[0].file.first_side
        axes = tuple((name, first if name == SIDE_AXIS else value) for name, value in key.axes)
        base = found.get((machine, replace(key, axes=axes)))
        if key.side != first and base is not None:
            pairs.append((base, item))
    return pairs


def scaled_from(items: Iterable[Measurement], item: Measurement) -> Measurement | None:
    """The same training by one worker; None if it was not measured."""

    def alike(one: Measurement) -> tuple[Any, ...]:
        others = tuple((name, value) for name, value in one.key.axes if name != "workers")
        return one.machine.id, one.key.workload, one.key.device, one.key.implementation, others

    for one in items:
        if one.key.axis.get("workers") == 1 and alike(one) == alike(item):
            return one
    return None


def sets_with_common_cells(items: Iterable[Measurement]) -> dict[str, list[Measurement]]:
    """By name the sets of files that stand side by side; without those that share no cell with another."""
    sets = grouped((item.key.apart, item) for item in items)
    holders = Counter(key for mine in sets.values() for key in {item.key.bare for item in mine})
    return {name: mine for name, mine in sets.items() if any(holders[item.key.bare] > 1 for item in mine)}


def base_of_sets(study: Study, sets: Iterable[str]) -> str:
    """Of the names of files that stand side by side the one that others are compared with.

    That is the set of the file called for, which bears its name, with a number, or holds it beside others.
    """
    names, wanted = list(sets), study.base_file
    if wanted in names:
        return wanted
    holding = {pool.name for pool in study.pools if any(file.label == wanted for file in pool.files)}
    return next((name for name in names if name in holding or name.startswith(f"{wanted} (")), names[0])
