"""Memory of a group: its entrants are resident together; where they can't be they go in pairs, or alone."""

from __future__ import annotations

from collections.abc import Sequence

from likeforlike.bench.plan.cells import Cell
from likeforlike.bench.plan.circumstances import CACHE, USUAL_CACHE
from likeforlike.bench.plan.run_plan import Plan
from likeforlike.devices.process.last_cache import cache_of

_MIB = 2**20
_FRAMEWORK_BYTES = {"numpy": 70 * _MIB, "torch": 400 * _MIB, "jax": 400 * _MIB, "tensorflow": 800 * _MIB}
"""Resident once a product was multiplied, on CPUs, rounded up."""
_UNKNOWN_BYTES = 500 * _MIB
_KERAS_BYTES = 700 * _MIB
"""Beside a backend that is not TensorFlow."""
_TRAINING_SHARE, _DATA_COPIES, _WEIGHT_COPIES = 1.5, 4, 8
"""What training takes of a framework's own memory in all, and how often it holds the data and the weights:
rounded up from the peaks of the built-in trainers; gradients, moments and what it starts from are weights."""
_CONTEXT_BYTES = 700 * _MIB
"""What a process holds of a GPU beside its arrays: context, kernels, workspaces of libraries, rounded up."""


def expected_bytes(cell: Cell, plan: Plan) -> int:
    """About how much memory a cell's worker will hold from turn to turn, in bytes; generous."""
    framework = _FRAMEWORK_BYTES.get(cell.entry.framework, _UNKNOWN_BYTES)
    if "keras" in cell.entry.needs and cell.entry.framework != "tensorflow":
        framework += _KERAS_BYTES
    if cell.recipe is not None:
        return cell.processes * int(_TRAINING_SHARE * framework + _arrays_of_training(cell, plan))
    return framework + cell.declaration.memory_bytes(dict(cell.axes))


def written_bytes(cell: Cell, plan: Plan) -> int:
    """What is written before each of its calls to empty its device's caches; 0 where they are left alone."""
    device = plan.devices.get(cell.device)
    if device is None or dict(cell.axes).get(CACHE, USUAL_CACHE) == USUAL_CACHE:
        return 0
    return cache_of(device).written_bytes


def together_bytes(cells: Sequence[Cell], plan: Plan) -> int:
    """About how much of the host's memory cells take that are resident together, in bytes.

    What one writes to empty the processor's caches it gives back before the next has its turn.
    """
    passing = [written_bytes(cell, plan) for cell in cells if not cell.device.startswith("gpu")]
    return sum(expected_bytes(cell, plan) for cell in cells) + max(passing, default=0)


def expected_device_bytes(cell: Cell, plan: Plan) -> int:
    """About how much of its GPU's memory a cell's worker will hold, in bytes; 0 of a cell on a processor.

    What it writes there to empty the caches its framework keeps for itself.
    """
    if not cell.device.startswith("gpu"):
        return 0
    if cell.recipe is not None:
        return _CONTEXT_BYTES + int(_arrays_of_training(cell, plan))
    arrays = cell.declaration.memory_bytes(dict(cell.axes))
    return _CONTEXT_BYTES + arrays + written_bytes(cell, plan)


def _arrays_of_training(cell: Cell, plan: Plan) -> float:
    """Data and weights; what lies between the layers of a batch nobody knows."""
    task = cell.declaration.task
    if task is None or cell.recipe is None:
        return 0.0
    weights = _WEIGHT_COPIES * 4 * task.parameter_count(cell.recipe)
    return _DATA_COPIES * sum(plan.options.samples) * task.sample_bytes + weights


def usable_device_bytes(cells: Sequence[Cell], plan: Plan) -> int | None:
    """What the group may hold of its GPU's memory; None on a processor, or where nobody tells."""
    device = plan.devices.get(cells[0].device)
    if device is None or device.kind != "gpu" or device.memory_bytes is None:
        return None
    return device.memory_bytes * 9 // 10


def one_at_a_time(cells: Sequence[Cell], plan: Plan) -> bool:
    """Whether their device lets one process use it at a time, so that no two can be resident."""
    device = plan.devices.get(cells[0].device)
    return device is not None and device.exclusive


def fit_together(cells: Sequence[Cell], plan: Plan, usable_bytes: int) -> bool:
    """Whether all of a group can be resident at once, in the host's memory and in their GPU's."""
    if together_bytes(cells, plan) > usable_bytes:
        return False
    of_device = usable_device_bytes(cells, plan)
    return of_device is None or sum(expected_device_bytes(cell, plan) for cell in cells) <= of_device


def parts_that_fit(cells: Sequence[Cell], plan: Plan, usable_bytes: int) -> list[list[Cell]]:
    """The cells of a group as one part if they fit into memory together, else in pairs.

    Each pair holds an entrant behind the one that it is held against: the first, of a twin the original,
    of one on a further side the same on the first. Two that the host can't hold together either are apart,
    and all where their GPU takes one process at a time.
    """
    if one_at_a_time(cells, plan):
        return [[cell] for cell in cells]
    if fit_together(cells, plan, usable_bytes):
        return [list(cells)]
    by_name = {cell.entry.name: cell for cell in reversed(cells)}  # of several sides the first
    others = {cell.entry.name for cell in cells if cell.side != cells[0].side}
    pairs = []
    for cell in cells[1:]:
        original = by_name[cell.entry.name] if cell.entry.name in others else cell
        pairs.append([by_name.get(cell.twin_of, cells[0] if original is cell else original), cell])
    # of a device the estimate is too generous for that, and nobody is killed there
    fitting = [pair for pair in pairs if together_bytes(pair, plan) <= usable_bytes]
    placed = {cell.id for pair in fitting for cell in pair}
    return [*fitting, *([cell] for cell in cells if cell.id not in placed)]


def parts_text(cells: Sequence[Cell], plan: Plan, usable_bytes: int) -> str:
    """Says of a group that its entrants take turns in pairs, or none, and why."""
    if one_at_a_time(cells, plan):
        return (
            f"{cells[0].group}: {cells[0].device} takes one process at a time, so that its {len(cells)} "
            "entrants take no turns: their times are compared as those of different hours; nvidia-smi -c "
            "DEFAULT lets it be shared"
        )
    need, have, whose = together_bytes(cells, plan), usable_bytes, ""
    of_device = usable_device_bytes(cells, plan)
    if need <= have and of_device is not None:
        need, have = sum(expected_device_bytes(cell, plan) for cell in cells), of_device
        whose = f" of {cells[0].device}"
    told = (
        f"{cells[0].group}: {len(cells)} entrants need about {need / 2**30:.1f} GiB{whose} together, "
        f"{have / 2**30:.1f} GiB may be used: "
    )
    alone = [part[0].entry.name for part in parts_that_fit(cells, plan, usable_bytes) if len(part) == 1]
    if len(alone) == len(cells):
        return f"{told}no two fit, so that they take no turns"
    told += f"they take turns in pairs with {cells[0].entry.name}"
    return f"{told}; {', '.join(alone)} take{'s' * (len(alone) == 1)} no turns" if alone else told
