"""The process that builds one brought model, before anything is measured: ``bring FOLDER NUMBER``.

It says what the model is, writes the weights that every loop starts from, and computes the reference that
every loop is held against. Of several models the first comes first: its names are canonical, and each
further one is held against it. The last line of output is ``ok``, or what can't be taken, in one line.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from likeforlike.models.contract.network import Family
from likeforlike.models.contract.trainer import Dataset
from likeforlike.models.tasks.own.bringing import agreement, defaults, reference_files
from likeforlike.models.tasks.own.bringing.fitting import checked_outputs
from likeforlike.models.tasks.own.bringing.matching import NotFound, matches_for
from likeforlike.models.tasks.own.bringing.reference import (
    BATCH_SIZE,
    LEAST_MOVEMENT,
    Course,
    allowed_of,
    course_of,
    proof_data,
)
from likeforlike.models.tasks.own.data import keep_data, load_kept
from likeforlike.models.tasks.own.drawn import keep_passes
from likeforlike.models.tasks.own.families.model import Model, family_of
from likeforlike.models.tasks.own.families.open import faced, offered, opened, tools_of
from likeforlike.models.tasks.own.functions import one_line
from likeforlike.models.tasks.own.given import (
    Asked,
    MatchTold,
    ModelTold,
    Refused,
    WeightTold,
    arrays_of,
    model_file,
    read_asked,
    read_model,
    save_arrays,
    start_file,
    write,
)

DIGITS = 16
_MOST_UNDECIDED = 0.5
"""Share of all trained numbers, of whose movement rounding in float32 may decide in a proof."""


@dataclass(frozen=True)
class Opening:
    """What is needed to open a model again and again."""

    asked: Asked
    number: int
    family: Family
    few: np.ndarray
    """Inputs of two samples."""

    @property
    def target(self) -> str:
        """``module:function``."""
        return self.asked.models[self.number]

    @property
    def loss(self) -> str:
        """The loss's name or function."""
        return self.asked.loss_of(self.number)

    def open(self, precision: str = "float32", seed: int | None = None) -> Model:
        """The model built anew. Raises Refused."""
        return opened(self.target, self.family, self.loss, self.few, precision, seed)


def bring(folder: Path, number: int) -> None:
    """Build a model, tell of it, write its starting weights and its reference. Raises Refused."""
    asked = read_asked(folder)
    if number == 0:
        keep_data(folder, asked)
    data = load_kept(folder, asked.data)
    few = data.train_images[:2]
    target = asked.models[number]
    offer = offered(target)
    family = family_of(target, offer)
    model = faced(target, offer, family, asked.loss_of(number), few, seed=asked.seeds[0])
    outputs = checked_outputs(target, model, asked.loss_of(number), data, asked.data)
    opening = Opening(asked, number, family, few)
    told = _told(opening, model, outputs)
    first = read_model(folder, 0) if number else None
    if first is not None:
        told = _matched(told, first, asked)
    told = replace(told, starts=_starts(folder, opening, told, first))
    write(folder / model_file(number), _proven(folder, opening, told, first, data))


def _told(opening: Opening, model: Model, outputs: np.ndarray) -> ModelTold:
    trained = model.trained()
    weights = tuple(
        WeightTold(name, array.shape, array.dtype.name, name in trained)
        for name, array in model.weights().items()
    )
    if not trained:
        raise Refused(f"--model: {opening.target} has no weight that is trained")
    return ModelTold(
        name=opening.target.partition(":")[2].rpartition(".")[2],
        target=opening.target,
        family=opening.family,
        loss=opening.loss,
        weights=weights,
        layers=model.layers(),
        outputs=outputs.shape[1:],
        starts=(),
    )


def _matched(told: ModelTold, first: ModelTold, asked: Asked) -> ModelTold:
    try:
        matches, found = matches_for(asked.weights, first, told.family, told.name, told.weights)
    except NotFound as error:
        why = f"its weights are not matched with those of {first.name}: {error}; --weights names them"
        return replace(told, unproven=why)
    return replace(told, matches=matches, found=found)


def _starts(folder: Path, opening: Opening, told: ModelTold, first: ModelTold | None) -> tuple[str, ...]:
    """Write the weights of each seed: drawn by the first model, or by one that is matched with none."""
    digests = []
    for seed in opening.asked.seeds:
        if first is not None and told.matches:
            arrays = arrays_of(folder / start_file(0, seed))
        else:
            arrays = opening.open(seed=seed).weights()
            if list(arrays) != [weight.name for weight in told.weights]:
                raise Refused(f"--model: {opening.target} returns another model each time it is called")
        save_arrays(folder / start_file(opening.number, seed), arrays)
        whole = hashlib.sha256()
        for name, array in arrays.items():
            whole.update(f"{name}\0{array.shape}\0".encode() + array.tobytes())
        digests.append(whole.hexdigest()[:DIGITS])
    return tuple(digests)


def to_own(told: ModelTold, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Canonical arrays under own names and in own layout."""
    return {match.own: match.to_own(arrays[match.name]) for match in told.network_matches}


def to_canonical(told: ModelTold, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Own arrays, those that there are, under canonical names and in canonical layout."""
    return {
        match.name: match.to_canonical(arrays[match.own])
        for match in told.network_matches
        if match.own in arrays
    }


@dataclass(frozen=True)
class Run:
    """The same training in both precisions, as in one mode."""

    exact: Course
    single: Course
    outputs: np.ndarray
    """In inference, before the first step, in float64."""


def _proven(
    folder: Path, opening: Opening, told: ModelTold, first: ModelTold | None, data: Dataset
) -> ModelTold:
    """Write the references; in which modes, or why not. Raises Refused: another network than the first."""
    few = proof_data(data)
    start = to_own(told, arrays_of(folder / start_file(opening.number, opening.asked.seeds[0])))
    try:
        runs, told = _runs(folder, opening, told, start, few)
    except Refused:
        raise
    except Exception as error:  # whatever a stranger's model raises in a precision that it doesn't expect
        return _without(told, f"it can't be trained plainly in float64: {one_line(error)}")
    least = LEAST_MOVEMENT * opening.asked.recipe["learning_rate"]
    remarks: list[str] = []
    for mode, run in runs.items():
        allowed = allowed_of(run.exact, run.single, opening.asked.recipe, opening_trained(told))
        idle = [name for name, gradient in run.exact.gradients.items() if not np.any(gradient)]
        if idle:
            remarks.append(f"{idle[0]} has no gradient as in {mode}: the outputs don't depend on it")
        share = _share_of(told, allowed.undecided)
        if share > _MOST_UNDECIDED:
            told = _without(
                told, f"rounding in float32 decides where {share:.0%} of its weights go in ten steps"
            )
        mine = agreement.compared(_canonical(told, run.exact), run.outputs)
        if first is not None and told.matches:
            _hold(folder, mode, first, told, mine, least)
        reference_files.keep(
            folder, opening.number, mode, _canonical(told, run.exact), _names(told, allowed), mine
        )
    if first is not None and told.matches:
        told_apart = [*defaults.differences(first, told, told.matches), *defaults.in_general(first, told)]
        remarks += [f"{first.name} and {told.name}: {text}" for text in told_apart]
    return replace(told, modes=tuple(runs), remarks=tuple(dict.fromkeys((*told.remarks, *remarks))))


def _without(told: ModelTold, why: str) -> ModelTold:
    return told if told.unproven else replace(told, unproven=why)


def opening_trained(told: ModelTold) -> frozenset[str]:
    """Own names of what is trained."""
    return frozenset(weight.name for weight in told.weights if weight.trained)


def _share_of(told: ModelTold, names: Sequence[str]) -> float:
    sizes = {weight.name: int(np.prod(weight.shape)) for weight in told.weights if weight.trained}
    return sum(sizes[name] for name in names) / max(1, sum(sizes.values()))


def _runs(
    folder: Path, opening: Opening, told: ModelTold, start: Mapping[str, np.ndarray], few: Dataset
) -> tuple[dict[str, Run], ModelTold]:
    """The training as in each mode; what draws at random and can't be kept from it is told."""
    modes, told = _modes(folder, opening, told, start, few)
    asked, tools = opening.asked, tools_of(opening.family)
    courses: dict[tuple[str, str], Course] = {}
    outputs = np.zeros(0)
    for precision in ("float32", "float64"):  # JAX never goes back from float64
        model = opening.open(precision, asked.seeds[0])
        tools.without_dropout(built_of(model))
        for mode in modes:
            training = mode == "training"
            courses[precision, mode] = course_of(model, start, few, asked.recipe, opening.loss, training)
        model.assign(start)
        outputs = model.outputs(few.validation_images)
    return {m: Run(courses["float64", m], courses["float32", m], outputs) for m in modes}, told


def _modes(
    folder: Path, opening: Opening, told: ModelTold, start: Mapping[str, np.ndarray], few: Dataset
) -> tuple[list[str], ModelTold]:
    model = opening.open(seed=opening.asked.seeds[0])
    model.assign(start)
    _refuse_deaf(opening, model, few.train_images[:BATCH_SIZE])
    model.assign(start)
    inputs = few.train_images[:BATCH_SIZE]
    if _draws(model, inputs):
        keep_passes(folder, opening.number, model, few)
    tools_of(opening.family).without_dropout(built_of(model))
    in_training = model.outputs(inputs, training=True)
    if _draws(model, inputs):
        why = "as in training it draws at random where no rate of a layer can be set to 0, and moves state"
        moves = any(not weight.trained for weight in told.weights)
        return ["inference"], _without(told, why) if moves else told
    as_is = model.outputs(inputs)
    if np.allclose(in_training, as_is, rtol=1e-5, atol=1e-6 * float(np.abs(as_is).max())):
        return ["training"], told
    return ["training", "inference"], told


def _draws(model: Model, inputs: np.ndarray) -> bool:
    """Whether two passes as in training differ."""
    return not np.array_equal(model.outputs(inputs, training=True), model.outputs(inputs, training=True))


def _refuse_deaf(opening: Opening, model: Model, inputs: np.ndarray) -> None:
    """Raises Refused for a model whose outputs don't depend on the weights that it tells."""
    before = model.outputs(inputs)
    model.assign({name: array * 0.5 + 0.01 for name, array in model.weights().items()})
    if np.array_equal(before, model.outputs(inputs)):
        raise Refused(f"--model: {opening.target} ignores its weights: other ones give the same outputs")


def built_of(model: Model) -> object:
    """What the framework itself calls the model."""
    return getattr(model, "model", None) or getattr(model, "module", None)


def _canonical(told: ModelTold, course: Course) -> Course:
    return replace(
        course,
        moved=tuple(to_canonical(told, moved) for moved in course.moved),
        early=to_canonical(told, course.early),
        gradients=to_canonical(told, course.gradients),
    )


def _names(told: ModelTold, allowed: reference_files.Allowed) -> reference_files.Allowed:
    names = {match.own: match.name for match in told.network_matches}
    weights = tuple({names[own]: value for own, value in epoch.items()} for epoch in allowed.weights)
    return replace(allowed, weights=weights, undecided=tuple(names[own] for own in allowed.undecided))


def _hold(
    folder: Path, mode: str, first: ModelTold, told: ModelTold, mine: agreement.Compared, least: float
) -> None:
    """Raises Refused where a further model is another network than the first."""
    if mode not in first.modes:
        return
    theirs = reference_files.read_compared(folder, 0, mode)
    apart = agreement.disagreement(theirs, mine, mode, BATCH_SIZE, least)
    if not apart:
        return
    causes = [*defaults.differences(first, told, told.matches)]
    layers = [text for model in (first, told) if (text := defaults.layers_that_bite(model))]
    hint = f"; {'; '.join(causes)}" if causes else ""
    if layers and not causes:
        hint = f"; frameworks differ in layout or defaults of {' and '.join(layers)}"
    raise Refused(
        f"--model: {told.name} is another network than {first.name}, its weights matched {told.found}: "
        f"{apart}{hint}; make them one network, or measure each by itself"
    )


def matches_text(matches: Sequence[MatchTold]) -> list[str]:
    """A line each: ``conv2d/kernel = stem.weight, axes 3 2 0 1``."""
    return [
        f"{m.name} = {m.own}" + (f", axes {' '.join(map(str, m.axes))}" if m.axes else "") for m in matches
    ]


def main(arguments: Sequence[str]) -> int:
    """The exit status: 0, or 2 for what can't be taken."""
    folder, number = Path(arguments[0]), int(arguments[1])
    try:
        bring(folder, number)
    except Refused as refusal:
        print(f"\nrefused {refusal}")
        return 2
    print("\nok")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
