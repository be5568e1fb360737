"""The references of a model: its plain training in each mode, by each recipe, held against the first's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import numpy as np

from likeforlike.models.contract.training.recipe import Recipe
from likeforlike.models.contract.training.trainer import Dataset
from likeforlike.models.tasks.own.bringing import agreement, defaults, reference_files
from likeforlike.models.tasks.own.bringing.matching import BY_ORDER, is_variance
from likeforlike.models.tasks.own.bringing.opening import Opening, to_canonical, to_own
from likeforlike.models.tasks.own.bringing.reference import (
    LEAST_MOVEMENT,
    NUDGES,
    Allowed,
    Course,
    allowed_of,
    course_of,
    nudged,
)
from likeforlike.models.tasks.own.drawn import apart as drawn_apart
from likeforlike.models.tasks.own.drawn import keep_passes, read_passes
from likeforlike.models.tasks.own.families.model import Model
from likeforlike.models.tasks.own.families.open import tools_of
from likeforlike.models.tasks.own.functions import one_line
from likeforlike.models.tasks.own.given import ModelTold, Refused, arrays_of, reference_file, start_file
from likeforlike.models.tasks.own.small_problem import (
    BATCH_SIZE,
    proof_data,
    proof_recipes,
    tables_of,
    with_sgd,
)

_MOST_UNDECIDED = 0.5
"""Share of all trained numbers, of whose movement rounding in float32 may decide in a proof."""


class _InFloat32AloneError(Exception):
    """Why a model that computes in float32 doesn't in float64."""


@dataclass(frozen=True)
class Run:
    """The same training in float64 and, a little off, in float32, as in one mode by one recipe."""

    exact: Course
    rounded: tuple[Course, ...]
    outputs: np.ndarray
    """In inference, before the first step, in float64."""


def proven(
    folder: Path, opening: Opening, told: ModelTold, first: ModelTold | None, data: Dataset
) -> ModelTold:
    """Write the references; in which modes, or why not. Raises Refused: another network than the first."""
    asked = opening.asked.recipes
    if tables_of(told):
        opening = replace(opening, asked=with_sgd(opening.asked))
    few = proof_data(data)
    start = to_own(told, arrays_of(folder / start_file(opening.number, opening.asked.seeds[0])))
    try:
        runs, told = _runs(folder, opening, told, start, few)
    except Refused:
        raise
    except _InFloat32AloneError as error:
        return replace(_without(told, f"it can't be trained plainly in float64: {error}"), modes=())
    except Exception as error:  # whatever a stranger's model raises in a precision that it doesn't expect
        told = _without(told, f"it can't be trained plainly in float64: {one_line(error)}")
        return replace(told, modes=())
    idle: dict[str, None] = {}
    left: dict[str, None] = {}
    undecided = [""] * len(opening.asked.recipes)
    for (mode, number), run in runs.items():
        samples = len(few.train_images)
        recipe = proof_recipes(opening.asked, samples)[number]
        total = recipe.total_steps(samples)
        allowed = allowed_of(run.exact, run.rounded, recipe, trained_of(told), total)
        exact = _canonical(told, run.exact)
        idle |= {name: None for name, gradient in exact.gradients.items() if not np.any(gradient)}
        undecided[number] = undecided[number] or _why_undecided(told, run, allowed, recipe)
        if recipe.optimizer == "adamw":
            left |= dict.fromkeys(_names(told, allowed).without_gradient)
        mine = agreement.compared(exact, run.outputs)
        of_first = folder / reference_file(0, _same_mode(first, mode), number) if first else None
        if first is not None and told.matches and first.modes and of_first and of_first.exists():
            theirs = reference_files.read_compared(of_first)
            _hold(first, told, theirs, mine, mode, LEAST_MOVEMENT * recipe.learning_rate)
        if number < len(asked) or not undecided[number]:
            path = folder / reference_file(opening.number, mode, number)
            reference_files.keep(path, exact, _names(told, allowed), mine)
    if first is not None and told.matches:
        told = _held_drawn(folder, opening, first, told)
    modes = tuple(dict.fromkeys(mode for mode, _ in runs))
    told = replace(told, modes=modes, idle=tuple(idle), undecided=tuple(undecided[: len(asked)]))
    return replace(told, remarks=(*_remarks(told, first), *_of_decay(told, tuple(left))))


def _why_undecided(told: ModelTold, run: Run, allowed: Allowed, recipe: Recipe) -> str:
    """Why training by a recipe can't be held against anything; empty where it can."""
    courses = (run.exact, *run.rounded)
    if not all(np.isfinite(array).all() for one in courses for array in one.moved[-1].values()):
        return f"by the recipe {recipe.name}: its plain training ends in numbers that are not finite"
    share = _share_of(told, allowed.undecided)
    if share <= _MOST_UNDECIDED:
        return ""
    lost = f"{share:.0%} of its weights go in ten steps"
    return f"by the recipe {recipe.name}: rounding in float32 decides where {lost}"


def _same_mode(first: ModelTold, mode: str) -> str:
    """The first model's mode to hold a further one's against: the same or, where it has one alone, that.

    A model has "training" alone where that and inference compute the same, and "inference" alone where
    nobody can switch off what it draws.
    """
    return mode if mode in first.modes else first.modes[0]


def _held_drawn(folder: Path, opening: Opening, first: ModelTold, told: ModelTold) -> ModelTold:
    """Hold what a further model draws at random in training against the first's. Raises Refused."""
    if not first.modes:
        why = f"{first.name} can't be trained plainly, so that nothing shows that both are one network"
        return _without(told, why)
    theirs, mine = (read_passes(folder, number) for number in (0, opening.number))
    if bool(theirs) != bool(mine):
        drops, other = (first, told) if theirs else (told, first)
        raise Refused(
            f"--model: {told.name} is another network than {first.name}: {drops.name} draws at random in "
            f"training, as dropout does, and {other.name} doesn't; make them one network, or measure each by "
            "itself"
        )
    apart = drawn_apart(mine, theirs, first.name) if mine else ""
    if apart:
        rates = defaults.dropout_rates(first, told)
        hint = f"; {rates}" if rates else ""
        raise Refused(
            f"--model: {told.name} is another network than {first.name}: {apart}{hint}; make them one "
            "network, or measure each by itself"
        )
    return told


def _remarks(told: ModelTold, first: ModelTold | None) -> Iterator[str]:
    yield from told.remarks
    yield from (f"{told.name} is measured unproven {why}" for why in told.undecided if why)
    if told.idle:
        more = f" (and {len(told.idle) - 1} more)" if len(told.idle) > 1 else ""
        yield f"{told.idle[0]} of {told.name} has no gradient in the first step{more}"
    if first is not None and told.matches:
        rates = defaults.dropout_rates(first, told)
        initial = defaults.initial_weights(first, told)
        told_apart = (*defaults.differences(first, told, told.matches), rates, initial)
        for text in (*filter(None, told_apart), *defaults.in_general(first, told)):
            yield f"{first.name} and {told.name}: {text}"


def _of_decay(told: ModelTold, left: Sequence[str]) -> Iterator[str]:
    """Of weights without a gradient, which frameworks treat otherwise by adamw."""
    if left:
        more = f" (and {len(left) - 1} more)" if len(left) > 1 else ""
        yield (
            f"{left[0]} of {told.name} never has a gradient{more}: by adamw it decays on JAX and in "
            "torch-compiled, and stays in the others; either is taken for right"
        )


def _without(told: ModelTold, why: str) -> ModelTold:
    return told if told.unproven else replace(told, unproven=why)


def trained_of(told: ModelTold) -> frozenset[str]:
    """Own names of what is trained."""
    return frozenset(weight.name for weight in told.weights if weight.trained)


def _share_of(told: ModelTold, names: Sequence[str]) -> float:
    sizes = {weight.name: int(np.prod(weight.shape)) for weight in told.weights if weight.trained}
    return sum(sizes[name] for name in names) / max(1, sum(sizes.values()))


def _runs(
    folder: Path, opening: Opening, told: ModelTold, start: Mapping[str, np.ndarray], few: Dataset
) -> tuple[dict[tuple[str, int], Run], ModelTold]:
    """The training as in each mode by each recipe; what draws at random all the same is told."""
    modes, told = _modes(folder, opening, told, start, few)
    tools, recipes = tools_of(opening.family), proof_recipes(opening.asked, len(few.train_images))
    places = list(product(modes, range(len(recipes))))

    def courses(precision: str, first: Mapping[str, np.ndarray]) -> tuple[list[Course], np.ndarray]:
        model = opening.open(precision, opening.asked.seeds[0])
        tools.without_dropout(built_of(model))
        found = [course_of(model, first, few, recipes[number], mode == "training") for mode, number in places]
        model.assign(start)
        return found, model.outputs(few.validation_images)

    # JAX never goes back from float64
    rounded = [courses("float32", nudged(start, number))[0] for number in range(1 + NUDGES)]
    try:
        exact, outputs = courses("float64", start)
    except Refused as refusal:  # it was opened in float32 before
        raise _InFloat32AloneError(str(refusal).removeprefix("--model: ")) from refusal
    runs = zip(places, exact, zip(*rounded, strict=True), strict=True)
    return {place: Run(one, others, outputs) for place, one, others in runs}, told


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


def _names(told: ModelTold, allowed: Allowed) -> Allowed:
    names = {match.own: match.name for match in told.network_matches}
    weights = tuple({names[own]: value for own, value in epoch.items()} for epoch in allowed.weights)
    undecided, resting, without = (
        tuple(names[own] for own in some)
        for some in (allowed.undecided, allowed.resting, allowed.without_gradient)
    )
    return replace(allowed, weights=weights, undecided=undecided, resting=resting, without_gradient=without)


def _hold(
    first: ModelTold,
    told: ModelTold,
    theirs: agreement.Compared,
    mine: agreement.Compared,
    mode: str,
    least: float,
) -> None:
    """Raises Refused where a further model is another network than the first."""
    variances = {m.name for m in told.network_matches if is_variance(m.name) or is_variance(m.own)}
    apart = agreement.disagreement(theirs, mine, mode, BATCH_SIZE, least, variances)
    if not apart:
        return
    smoothed = defaults.smoothed_labels(first, told)
    causes = [*defaults.differences(first, told, told.matches), *([smoothed] if smoothed else [])]
    layers = [text for model in (first, told) if (text := defaults.layers_that_bite(model))]
    causes += [f"frameworks differ in layout or defaults of {' and '.join(layers)}"] if layers else []
    if told.found == BY_ORDER:
        causes.append(f"if weights don't belong together {BY_ORDER}, --weights says which do")
    hint = f"; {'; '.join(causes)}" if causes else ""
    raise Refused(
        f"--model: {told.name} is another network than {first.name}, its weights matched {told.found}: "
        f"{apart}{hint}; make them one network, or measure each by itself"
    )
