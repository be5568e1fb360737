"""The grid: from options, registry and devices to cells and their comparison groups."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from likeforlike.bench.plan.asked.options import OptionError, Options
from likeforlike.bench.plan.asked.without_effect import (
    FLOOR,
    check_beside_rungs,
    check_company,
    check_measured,
    measurable,
)
from likeforlike.bench.plan.axes import check_names, check_sizes, parsed, points, unknown_precision
from likeforlike.bench.plan.cells import Cell
from likeforlike.bench.plan.circumstances import check_circumstances, with_circumstances
from likeforlike.bench.plan.ladder import DEFAULT_ORDERS, Ladder, Rung, build_ladder, ladder_facts
from likeforlike.bench.plan.recipes import recipe_named
from likeforlike.bench.plan.sides import Side, check_variables, in_every_side
from likeforlike.bench.plan.twins import with_twins
from likeforlike.devices.machine.resources import usable_cores
from likeforlike.devices.vendors.device import Device
from likeforlike.models.contract.implementation import Implementation, unsupported
from likeforlike.models.contract.training.recipe import Recipe, why_not_logged
from likeforlike.models.contract.training.ways import why_refused
from likeforlike.models.contract.workload import Workload
from likeforlike.models.distributed.assignment import STRATEGIES
from likeforlike.models.registry import OURS, Registry, built_in_workloads


@dataclass(frozen=True)
class Grid:
    """All cells of a run, in the order of measuring, and the ladder if there is one."""

    cells: tuple[Cell, ...]
    ladder: Ladder | None = None


@dataclass(frozen=True)
class Place:
    """A device to measure on, or one of the preset's that the machine lacks."""

    device: str
    compute_capability: tuple[int, int] | None = None
    absence: str | None = None
    missing: Callable[[Implementation], str | None] = Implementation.missing
    """What an implementation lacks of what it needs; None where nothing."""
    maker: str = ""
    sliced: bool = False
    """Whether it is a MIG slice of a board."""

    def why_not(self, entry: Implementation, axes: Mapping[str, Any]) -> str | None:
        """Why an implementation can't be measured here; None if it can."""
        unfit = unsupported(entry, self.device, axes, self.compute_capability)
        return self.absence or unfit or self.missing(entry)

    def concerns(self, entry: Implementation) -> bool:
        """Whether a cell is worth telling of: not that a CPU's own entry lacks a GPU that isn't there."""
        return self.absence is None or self.device.partition(":")[0] in entry.device_kinds


def build_grid(
    options: Options,
    registry: Registry,
    devices: Sequence[Device],
    absent: Sequence[str],
    sides: Sequence[Side] = (),
) -> Grid:
    """All cells that the options ask for, once for each side, where there are any.

    ``devices`` are to be measured; ``absent`` are devices of the preset that the machine lacks, whose
    cells are skipped with that reason. Raises OptionError for an unknown name.
    """
    asked = chosen_workloads(options, registry)
    theirs = [entry for side in sides for entry in side.entries]
    named = {name for workload in measurable(registry) for name in registry.names(workload)}
    known = sorted(named | {entry.name for entry in theirs} | {FLOOR})
    _checked("--implementations", options.implementations, known)
    check_measured(options.implementations, asked, registry, theirs)
    asked_recipes(options)
    trained, divided = _tasks(asked, registry), registry.first("divided task")
    check_company(options, asked, trained, divided)
    if options.ladder is not None:
        check_beside_rungs(options.implementations, asked, trained, (*registry.entries, *theirs))
    kernels = registry.of_kind("kernel")
    check_circumstances(options, [workload for workload in kernels if workload.name in asked])
    options = with_sizes_named(options, registry)
    check_sizes(options, kernels, asked)
    places = [
        Place(device.id, device.compute_capability, maker=device.maker, sliced=device.mig is not None)
        for device in devices
    ]
    places += [Place(device, absence="no such device on this machine") for device in absent]
    if not sides:
        cells, ladder = _cells(options, registry, places)
    else:
        built = [_of_side(side, options, registry, places) for side in sides]
        ladder = built[0][1]
        cells = in_every_side(sides, [{cell.id: cell for cell in plain} for plain, _ in built])
        check_variables(sides, cells)
    cells = [*_noise_cells(registry), *cells]
    if options.concurrent:
        cells = _concurrent(cells, [device.id for device in devices])
    return Grid(tuple(with_twins(_in_groups(cells), options.preset)), ladder)


def _cells(options: Options, registry: Registry, places: Sequence[Place]) -> tuple[list[Cell], Ladder | None]:
    """All cells but the noise floor's, and the ladder if there is one."""
    asked = chosen_workloads(options, registry)
    trained, divided = _tasks(asked, registry), registry.first("divided task")
    ladder: Ladder | None = None
    cells: list[Cell] = []
    for workload in (kernel for kernel in registry.of_kind("kernel") if kernel.name in asked):
        cells += _kernel_cells(workload, options, registry, places)
    if options.ladder is None:
        for task in trained:
            cells += _training_cells(task, options, registry, places)
    else:
        ladders = _ladders(options.ladder, options, registry, trained)
        ladder = ladders[trained[0]]
        for task, climbed in ladders.items():
            cells += _ladder_cells(registry.declared[task], climbed.rungs, options, places)
    if divided in asked:
        cells += _distributed_cells(divided, options, registry, places)
    return cells, ladder


def _ladders(ends: str, options: Options, registry: Registry, trained: Sequence[str]) -> dict[str, Ladder]:
    """The same changes in the same orders with each network. Raises OptionError where they can't be."""
    orders = options.ladder_orders or DEFAULT_ORDERS
    found = {task: build_ladder(ends, registry, orders, task, options.ladder_ways) for task in trained}
    first = trained[0]
    for task, ladder in found.items():
        if ladder_facts(ladder) != ladder_facts(found[first]):
            raise OptionError(
                f"--ladder: {ends} leads by other changes with {task} than with {first}; "
                "measure them in runs of their own"
            )
    return found


def _tasks(asked: Sequence[str], registry: Registry) -> list[str]:
    """The tasks among the workloads asked for."""
    return [workload.name for workload in registry.of_kind("task") if workload.name in asked]


def _of_side(
    side: Side, options: Options, registry: Registry, places: Sequence[Place]
) -> tuple[list[Cell], Ladder | None]:
    """The cells of the implementations that a side has, of workloads that are known here."""
    theirs = tuple(entry for entry in side.entries if entry.workload in registry.declared)
    there = [replace(place, missing=side.why_missing) for place in places]
    return _cells(options, replace(registry, entries=theirs), there)


def chosen_workloads(options: Options, registry: Registry) -> Sequence[str]:
    """The workloads asked for, else those that are declared for the preset. Raises OptionError."""
    by_default = [w.name for w in registry.declared.values() if options.preset_name in w.presets]
    return _checked("--workloads", options.workloads, measurable(registry)) or [
        name for name in by_default if name in measurable(registry)
    ]


def with_sizes_named(options: Options, registry: Registry) -> Options:
    """The options with each size as a number, under the name of the workload that it is of.

    Sizes without a name are of the first of the workloads to be measured that has a size, else of the first
    that has. Raises OptionError.
    """
    asked, kernels = chosen_workloads(options, registry), registry.of_kind("kernel")
    check_names(options, kernels, asked)
    sized = {workload.name: workload.size_axis for workload in kernels if workload.size_axis}
    first = next((name for name in sized if name in asked), next(iter(sized)))
    sizes: dict[str, tuple[Any, ...]] = {}
    for name, texts in options.sizes.items():
        axis = sized[name or first]
        assert axis is not None  # `sized` has no other
        sizes[name or first] = (*sizes.get(name or first, ()), *parsed("--sizes", axis, texts))
    return replace(options, sizes={name: tuple(dict.fromkeys(values)) for name, values in sizes.items()})


def asked_recipes(options: Options, unasked: Sequence[str] = ("matched",)) -> list[Recipe]:
    """The recipes that were asked for, each once. Raises OptionError."""
    found = [recipe_named("--recipes", text) for text in options.recipes or unasked]
    return list({recipe.name: recipe for recipe in found}.values())


def _concurrent(cells: Sequence[Cell], devices: Sequence[str]) -> list[Cell]:
    """The cells marked as measured beside those of other devices.

    Measured alone: the noise floor, and data-parallel training, which takes several devices itself.
    """
    if len(devices) < 2:
        raise OptionError(f"--concurrent: needs several devices, there is {devices[0]} alone; leave it out")
    alone = ("noise floor", "divided task")
    return [cell if cell.kind in alone else replace(cell, concurrent=True) for cell in cells]


def _checked(option: str, names: Sequence[str] | None, known: Sequence[str]) -> Sequence[str] | None:
    for name in names or ():
        if name not in known:
            raise OptionError(f"{option}: unknown {name!r}; known: {', '.join(known)}")
    return names


def _in_groups(cells: Iterable[Cell]) -> tuple[Cell, ...]:
    """The cells with those of one group next to each other, groups in order of first appearance."""
    groups: dict[str, list[Cell]] = {}
    for cell in cells:
        groups.setdefault(cell.group, []).append(cell)
    return tuple(cell for members in groups.values() for cell in members)


def _entries(workload: Workload, options: Options, registry: Registry) -> list[Implementation]:
    """What was asked for, by name or as the floors; else the preset's and every plug-in's."""
    asked, preset = options.implementations, options.preset
    names = workload.only_in(options.preset_name)
    if workload.kind == "task" and workload.name == registry.first("task"):
        names = preset.trainers

    def wanted(entry: Implementation) -> bool:
        if asked is not None:
            return entry.name in asked or (entry.role == FLOOR and FLOOR in asked)
        if entry.role == FLOOR:
            return preset.floors
        return not names or entry.name in names or entry.origin != OURS

    return [entry for entry in registry.of(workload.name) if wanted(entry)]


def _noise_cells(registry: Registry) -> Iterator[Cell]:
    for workload in registry.of_kind("noise floor"):
        for entry in registry.of(workload.name):
            group = f"{workload.name} harness" if entry.name in workload.idle else workload.name
            yield Cell(entry, "cpu:0", (), group, skip_reason=entry.missing())


def _kernel_cells(
    workload: Workload, options: Options, registry: Registry, places: Sequence[Place]
) -> Iterator[Cell]:
    declared = workload if workload.name not in built_in_workloads() else None
    for place, axes in product(places, with_circumstances(points(workload, options), workload, options)):
        group = " ".join([workload.name, place.device, *(str(value) for _, value in axes)])
        for entry in _entries(workload, options, registry):
            if place.concerns(entry):
                reason = place.why_not(entry, dict(axes)) or unknown_precision(workload, dict(axes))
                yield Cell(entry, place.device, axes, group, skip_reason=reason, declared=declared)


def _training_cells(
    workload: str, options: Options, registry: Registry, places: Sequence[Place]
) -> Iterator[Cell]:
    """The published recipes are of the notebook's network: others have them where named."""
    named_both = options.recipes is not None and options.implementations is not None
    unasked = options.preset.recipes if workload == registry.first("task") else ("matched",)
    recipes = asked_recipes(options, unasked)
    for run, place, recipe in product(range(options.runs), places, recipes):
        name = "published" if recipe.published_with else recipe.name
        group = f"{workload} {name} {place.device} run {run}"
        for entry in _trainers(registry.declared[workload], recipe, options, registry, named_both):
            if place.concerns(entry):
                dated = _dated(recipe, options, run)
                yield _training_cell(registry.declared[workload], entry, dated, run, place, group)


def _distributed_cells(
    workload: str, options: Options, registry: Registry, places: Sequence[Place]
) -> Iterator[Cell]:
    """One group for each kind of device: workers and strategies are what a reader compares there."""
    names = options.implementations
    entries = [e for e in registry.of(workload) if names is None or e.name in names]
    first = {place.device.partition(":")[0]: place for place in reversed(places)}
    recipes = asked_recipes(options)
    for run, kind, recipe in product(range(options.runs), sorted(first), recipes):
        place, there = first[kind], _working_together(first[kind], places)
        group = f"{workload} {recipe.name} {place.device} run {run}"
        most = there if kind == "gpu" else options.threads or usable_cores()
        counts = options.workers or _powers_of_two(most)
        for entry, strategy, workers in product(entries, options.strategies or STRATEGIES, counts):
            if not place.concerns(entry):
                continue
            axes = (("recipe", recipe.name), ("strategy", strategy), ("workers", workers), ("run", run))
            reason = place.why_not(entry, {}) or why_refused(entry, recipe) or why_not_logged(recipe)
            if reason is None and kind == "gpu" and workers > there:
                reason = f"needs {workers} GPUs, {there} may be used{_of_what(there, places)}"
            yield Cell(entry, place.device, axes, group, _dated(recipe, options, run), reason)


def _working_together(first: Place, places: Sequence[Place]) -> int:
    """How many GPUs one training may use: of the first one's maker, since a framework is built for one.

    A MIG slice works alone: CUDA shows a process one of them, and none reaches another's memory.
    """
    if first.sliced:
        return 1
    return sum(place.maker == first.maker and not place.sliced for place in _gpus(places))


def _gpus(places: Sequence[Place]) -> list[Place]:
    """Those that are there."""
    return [place for place in places if place.device.startswith("gpu") and place.absence is None]


def _of_what(there: int, places: Sequence[Place]) -> str:
    """Why there are more GPUs than may be used together; empty where there are not."""
    return " together: of one maker, and no MIG slice" if there < len(_gpus(places)) else ""


def _powers_of_two(most: int) -> list[int]:
    """1, 2, 4 and so on up to ``most``, with 2 in any case: one alone shows no scaling."""
    return [2**power for power in range(max(2, most.bit_length()))]


def _trainers(
    workload: Workload, recipe: Recipe, options: Options, registry: Registry, named_both: bool
) -> list[Implementation]:
    entries = _entries(workload, options, registry)
    if recipe.published_with is None or named_both:
        return entries
    return [entry for entry in entries if entry.name == recipe.published_with]


def _dated(recipe: Recipe, options: Options, run: int) -> Recipe:
    """A recipe with this run's seed and the epochs that were asked for."""
    preset = options.preset
    epochs = options.epochs or (preset.published_epochs if recipe.published_with else preset.matched_epochs)
    return replace(recipe, epochs=epochs, seed=recipe.seed + run)


def _training_cell(
    workload: Workload, entry: Implementation, recipe: Recipe, run: int, place: Place, group: str
) -> Cell:
    axes = (("recipe", recipe.name), ("run", run))
    reason = place.why_not(entry, {}) or why_refused(entry, recipe) or why_not_logged(recipe)
    declared = workload if workload.name not in built_in_workloads() else None
    return Cell(entry, place.device, axes, group, recipe, reason, declared=declared)


def _ladder_cells(
    workload: Workload, rungs: Sequence[Rung], options: Options, places: Sequence[Place]
) -> Iterator[Cell]:
    epochs = options.epochs or options.preset.matched_epochs
    for run, place, rung in product(range(options.runs), places, rungs):
        recipe = replace(rung.recipe, epochs=epochs, seed=rung.recipe.seed + run)
        group = f"{workload.name} ladder {place.device} run {run}"
        yield _training_cell(workload, rung.entry, recipe, run, place, group)
