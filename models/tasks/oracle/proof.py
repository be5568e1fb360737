"""The proof that a trainer computes what the float64 oracle of its network computes.

The oracle is an :class:`~likeforlike.models.tasks.oracle.network.Oracle` in float64, trained by the
:class:`~likeforlike.models.tasks.oracle.numpy_loop.OracleLoop`; the tests hold its gradients against
numerical differentiation, and its loop against an independent Adam.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from likeforlike.models.contract.training.recipe import Recipe
from likeforlike.models.contract.training.task import Factory
from likeforlike.models.contract.training.trainer import Dataset, Epoch, Run, Weights
from likeforlike.models.contract.workload import Verification
from likeforlike.models.tasks.oracle.network import GATE_WEIGHT, GATES, Oracle
from likeforlike.models.tasks.oracle.numpy_loop import OracleLoop

TOLERANCES = {"float32": 1e-3, "float64": 5e-5, "tf32": 3e-2, "mixed": 0.6, "bfloat16": 0.6}
"""Of the parameters' movement, relative; losses must be ten times closer.

In float64 Keras still rounds Adam's constants to float32: 1 - 0.999 is then off by 1e-5. With eight bits the
sign of a gradient that is nearly 0 is chance, and so is the direction of Adam's first steps: of the arrays of
our networks some go astray by 0.4. That finds an update left out, little else: :data:`FEWER_BITS`.
"""
FEWER_BITS = ("mixed", "bfloat16")
"""Precisions that say little of a trainer: the same one must follow the oracle in float32, too."""
_ROUNDOFF = {"float64": 2.0**-53, "bfloat16": 2.0**-9}
"""Of a stored weight, relative; of the other precisions float32's."""
UNDROPPED = "without dropout"
IN_FLOAT32 = "without dropout in float32"
DROPPED = "with dropout, the loss of one epoch"
LOSS_FACTOR = 10.0
DROPOUT_SIGMAS = 5.0
OTHER_STARTS = (0, 1009, 2003)
"""Added to a recipe's seed: the start of its own, and those that are tried where a trainer strays from it.

Rounding may put a unit on the other side of ReLU's kink, and Adam, which divides by the gradient's size, then
carries its weights off, at times further than the tolerance: of the notebook's network from 4 of 80 starts,
by 0.006 at most (``graph-loop``, seeds 2020 to 2059, batches of 32 and 64). Whoever computes something else
strays from every start.
"""


def verify(oracle: Oracle, factory: Factory, recipe: Recipe, device: str) -> Verification:
    """Run the trainer on two small problems and compare it with what must come out.

    Without dropout it must follow the oracle: losses and accuracies of two epochs with a remainder
    batch, and the weights after them, from one of three starts. With dropout, the mean loss must be the one
    that the kept fraction and the scaling give. The error is the worst of all, in units of the parameters'
    tolerance. A factory with a ``verify`` of its own (a floor) is asked instead.
    """
    own: Callable[[Recipe, str], Verification] | None = getattr(factory, "verify", None)
    if own is not None:
        return own(recipe, device)
    tolerance = TOLERANCES[recipe.precision]
    whole = [(UNDROPPED, recipe)]
    if recipe.precision in FEWER_BITS:
        whole.append((IN_FLOAT32, replace(recipe, precision="float32")))
    shares = {}
    for words, asked in whole:
        part, error = followed(oracle, factory, asked, device)
        shares[f"{words}, {part}"] = error / TOLERANCES[asked.precision]
    if recipe.dropout_rate > 0:
        shares[DROPPED] = dropout_error(oracle, factory, recipe, device)
    what = max(shares, key=lambda part: shares[part])
    return Verification(shares[what] * tolerance, tolerance, what)


Part = tuple[str, float]
"""What is held against the oracle, in words, and how far it is off."""


def parity_error(oracle: Oracle, factory: Factory, recipe: Recipe, device: str) -> float:
    """The worst of :func:`parity_parts`; infinity if any is not a number."""
    return worst_part(parity_parts(oracle, factory, recipe, device))[1]


def worst_part(parts: Sequence[Part]) -> Part:
    """The one that is farthest off; what is not a number is infinitely far."""
    return max(
        ((what, math.inf if math.isnan(error) else error) for what, error in parts), key=lambda part: part[1]
    )


def followed(oracle: Oracle, factory: Factory, recipe: Recipe, device: str) -> Part:
    """What is farthest off, from the first start where that is near enough; else from the recipe's own."""
    own: Part | None = None
    for added in OTHER_STARTS:
        start = replace(recipe, seed=recipe.seed + added)
        part = worst_part(parity_parts(oracle, factory, start, device))
        if part[1] <= TOLERANCES[recipe.precision]:
            return part if own is None else (f"{part[0]} from another start", part[1])
        own = own or part
    assert own is not None
    return own


def parity_parts(oracle: Oracle, factory: Factory, recipe: Recipe, device: str) -> list[Part]:
    """Relative errors of losses (times ten), of accuracies (too) and of the movement of each weight array."""
    quiet = replace(recipe, dropout_rate=0.0, shuffle="none", logging="none", epochs=2)
    run = Run(quiet, oracle.graded(quiet.batch_size), oracle.proof_start(quiet), device)
    answer, answer_epochs = finish(factory, run)
    exact = replace(quiet, precision="float64", execution="default")
    with threadpool_limits(1):  # of such small products threads would mostly wait for each other
        truth, truth_epochs = finish(
            partial(OracleLoop, oracle=oracle), replace(run, recipe=exact, device="cpu:0")
        )
    if len(answer_epochs) != len(truth_epochs):
        return [("the number of epochs", math.inf)]
    pairs = list(zip(answer_epochs, truth_epochs, strict=True))
    losses = [
        (f"{name} of epoch {t.epoch}", _relative(getattr(a, name), getattr(t, name)))
        for a, t in pairs
        for name in ("loss", "val_loss")
    ]
    counts = {"accuracy": run.data.train_labels.size, "val_accuracy": run.data.validation_labels.size}
    if recipe.metrics == "none":
        if any(getattr(answer, name) is not None for answer in answer_epochs for name in counts):
            return [("an accuracy, which it was told not to compute", math.inf)]
        counts = {}
    # one near tie may fall to either side; a second wrong answer may not, nor what is no number
    ties = [
        (
            f"{name} of epoch {t.epoch}",
            float(np.maximum(0.0, abs(_number(getattr(a, name)) - getattr(t, name)) - 1.01 / count)),
        )
        for a, t in pairs
        for name, count in counts.items()
    ]
    parts = [(what, LOSS_FACTOR * error) for what, error in losses + ties]
    steps = quiet.total_steps(len(run.data.train_labels))
    rounding = _ROUNDOFF.get(recipe.precision, 2.0**-24) * math.sqrt(steps + 1)
    moved = movement_errors(run.initial, answer, truth, oracle.kinked, rounding)
    names = list(run.initial.named())
    if len(names) != len(moved):  # other arrays than it began with, or other shapes
        names = ["the weights"] * len(moved)
    return [*parts, *zip(names, moved, strict=True)]


def movement_errors(
    start: Weights, answer: Weights, truth: Weights, kinked: tuple[str, ...] = (), rounding: float = 0.0
) -> list[float]:
    """``|answer - truth| / |truth - start|`` of each array, norms over it all or, if ``kinked``, by unit.

    ``rounding``: how far storing the weights may take them, relative; it is no error. Small steps of sgd
    move a weight by a few of its last digits alone.
    """
    answers, truths = answer.named(), truth.named()
    if answers.keys() != truths.keys():
        return [math.inf]
    errors = []
    for name, begin in start.named().items():
        if answers[name].shape != begin.shape:
            return [math.inf]
        wrong, moved = answers[name].astype(np.float64) - truths[name], truths[name] - begin
        if name.startswith(kinked):
            # a unit whose input is 0 but for rounding may fall on either side of ReLU's kink: 1 % may
            by_unit = np.linalg.norm(np.atleast_2d(wrong), axis=0) * math.sqrt(wrong.shape[-1])
            off = np.quantile(by_unit, 0.99)
        else:
            off = np.linalg.norm(wrong)
        stored = rounding * np.linalg.norm(begin)
        errors.append(float(np.maximum(0.0, off - stored) / np.linalg.norm(moved)))
    return errors


def dropout_error(oracle: Oracle, factory: Factory, recipe: Recipe, device: str) -> float:
    """How far the mean loss is from the expected one, over five standard errors; 1 is the limit.

    Ten units that are 1 lead to one class each by a weight of 4, and nothing learns. The loss of a
    target is then a function of which of the ten are kept, whose mean and variance are sums over a
    binomial distribution; without dropout it is log 10, where there are ten classes.
    """
    frozen = replace(recipe, shuffle="none", logging="none", epochs=1, learning_rate=1e-9)
    run = Run(frozen, gate_problem(oracle, frozen.batch_size), oracle.gate_weights(frozen), device)
    _, (epoch,) = finish(factory, run)
    mean, deviation = gate_loss(frozen.dropout_rate, classes=oracle.classes)
    targets = run.data.train_labels.size
    shares = [abs(_number(epoch.loss) - mean) * math.sqrt(targets) / deviation / DROPOUT_SIGMAS]
    if frozen.dropout_at_evaluation:
        spread = deviation / math.sqrt(run.data.validation_labels.size)
        shares.append(abs(_number(epoch.val_loss) - mean) / spread / DROPOUT_SIGMAS)
    else:
        allowed = TOLERANCES[recipe.precision] / LOSS_FACTOR
        undropped = math.log(GATES + (oracle.classes - GATES) * math.exp(-GATE_WEIGHT))
        shares.append(_relative(epoch.val_loss, undropped) / allowed)
    return _worst(shares)


def finish(factory: Factory, run: Run) -> tuple[Weights, list[Epoch]]:
    """Train to the end; the final weights and the epochs."""
    epochs: list[Epoch] = []

    def between(epoch: Epoch) -> bool:
        epochs.append(epoch)
        return True

    trainer = factory(run)
    trainer.train(between)
    return trainer.parameters(), epochs


def gate_problem(oracle: Oracle, batch_size: int, targets: int = 8192) -> Dataset:
    """Equal inputs, in whole batches; labels 0 to 9 in turn.

    8192 targets set a dropout that does not scale ten standard deviations apart.
    """
    each = math.prod(oracle.targets)
    samples = -(-targets // each)
    parts: list[np.ndarray] = []
    for count in (-(-samples // batch_size) * batch_size, samples):
        labels = np.arange(count * each, dtype=np.int32) % GATES
        parts += [np.tile(oracle.gate_input, (count, 1)), labels.reshape(count, *oracle.targets)]
    return Dataset("gates", "generated", *parts)


def gate_loss(rate: float, weight: float = GATE_WEIGHT, classes: int = GATES) -> tuple[float, float]:
    """Mean and standard deviation of one target's loss when each of ten gates is kept with 1 - rate.

    With k gates kept, of which the label's own is one with probability k/10, the loss is
    ``log(k exp(s) + classes - k)``, less s if it is, where s = weight / (1 - rate).
    """
    logit, keep = weight / (1 - rate), 1 - rate
    first = second = 0.0
    for kept in range(11):
        probability = math.comb(10, kept) * keep**kept * rate ** (10 - kept)
        base = logit + math.log(kept + (classes - kept) * math.exp(-logit)) if kept else math.log(classes)
        for own, share in ((1, kept / 10), (0, 1 - kept / 10)):
            first += probability * share * (base - own * logit)
            second += probability * share * (base - own * logit) ** 2
    return first, math.sqrt(second - first**2)


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)


def _relative(answer: Any, truth: float | None) -> float:
    reference = _number(truth)
    return abs(_number(answer) - reference) / abs(reference)


def _worst(errors: list[float]) -> float:
    """The largest; infinity if any is not a number."""
    return math.inf if any(math.isnan(error) for error in errors) else max(errors)
