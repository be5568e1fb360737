"""Whether a model, its data and its loss fit each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate
from operator import mul

import numpy as np

from likeforlike.models.contract.training.network import SPARSE_CROSSENTROPY
from likeforlike.models.contract.training.trainer import Dataset
from likeforlike.models.tasks.own.data import check_labels
from likeforlike.models.tasks.own.families.losses import BINARY_CROSSENTROPY
from likeforlike.models.tasks.own.families.model import Model
from likeforlike.models.tasks.own.functions import one_line
from likeforlike.models.tasks.own.given import Refused

_FEW = 4


def checked_outputs(target: str, model: Model, loss: str, data: Dataset, source: str) -> np.ndarray:
    """Outputs of a few samples, which fit the targets by the loss. Raises Refused."""
    inputs, targets = data.validation_images[:_FEW], data.validation_labels[:_FEW]
    try:
        outputs = model.outputs(inputs)
    except Refused:
        raise
    except Exception as error:  # whatever a stranger's model raises, and what is no single array
        raise Refused(
            f"--model: {target} gives no array of outputs [n, ...] for {len(inputs)} samples of {source}: "
            f"{one_line(error)}"
        ) from error
    if outputs.ndim < 2 or len(outputs) != len(inputs) or not np.isfinite(outputs).all():
        told = "not all finite" if len(outputs) == len(inputs) else f"of shape {outputs.shape}"
        raise Refused(
            f"--model: {target}: outputs of {len(inputs)} samples are {told}, expected logits [n, ...]"
        )
    check_targets(target, outputs, targets, loss, source)
    if loss == SPARSE_CROSSENTROPY:
        check_labels(source, (data.train_labels, data.validation_labels), outputs.shape[-1])
    try:
        losses = model.step(inputs, targets, training=False).losses
    except Refused:
        raise
    except Exception as error:  # whatever a stranger's loss raises
        raise Refused(f"--loss: {loss} of {target} failed: {one_line(error)}") from error
    if losses.shape != (len(inputs),) or not np.isfinite(losses).all():
        told = f"shape {losses.shape}" if losses.shape != (len(inputs),) else "a value that is not finite"
        raise Refused(f"--loss: {loss} of {target} gives {told}, expected each sample's loss [n]")
    return outputs


def check_targets(target: str, outputs: np.ndarray, targets: np.ndarray, loss: str, source: str) -> None:
    """Targets that are of the shape that the loss takes beside the outputs. Raises Refused."""
    if ":" in loss:
        return
    fits = (
        targets.shape == outputs.shape[:-1]
        if loss == SPARSE_CROSSENTROPY
        else _in_one_order(targets.shape[1:], outputs.shape[1:])
    )
    if not fits:
        raise Refused(
            f"--data: {source}: targets of shape {targets.shape[1:]} a sample don't fit the outputs of "
            f"{target}, {outputs.shape[1:]} a sample, by the loss {loss}; {_remedy(outputs, targets, loss)}"
        )


def _in_one_order(one: Sequence[int], other: Sequence[int]) -> bool:
    """Whether one shape is the other with neighbouring axes joined; axes of 1 don't count.

    The losses lay the targets out as the outputs are: of channels first and last that would mix places up.
    """
    of_one, of_other = (set(accumulate((size for size in shape if size != 1), mul)) for shape in (one, other))
    return math.prod(one) == math.prod(other) and (of_one <= of_other or of_other <= of_one)


def _remedy(outputs: np.ndarray, targets: np.ndarray, loss: str) -> str:
    if loss == SPARSE_CROSSENTROPY and targets.shape == (*outputs.shape[:-1], 1):
        return "return them without their last axis of 1"
    if loss == SPARSE_CROSSENTROPY and targets.shape == outputs.shape:
        return "return class numbers, as of one-hot targets argmax gives them, or name another --loss"
    if loss != SPARSE_CROSSENTROPY and targets.size == outputs.size:
        return "return them with the outputs' axes in the outputs' order"
    return "--loss names another"


OF_LOGITS = {SPARSE_CROSSENTROPY: "a softmax", BINARY_CROSSENTROPY: "a sigmoid"}
"""The losses that take logits, and what each makes of them itself."""

_FAR = 100.0
"""So many times its weights a model is asked by: no logits stay between 0 and 1 there; shares always do."""


def remark_of_outputs(name: str, model: Model, loss: str, data: Dataset, outputs: np.ndarray) -> str:
    """That a model ends in what its loss does itself, or in the like; empty if that does not show.

    ``outputs``: those of :func:`checked_outputs`.
    """
    if loss not in OF_LOGITS:
        return ""
    if sum_to_one(outputs):
        found = "sum to 1, as behind a softmax"
    elif stay_shares(model, data.validation_images[:_FEW], outputs):
        found = "lie between 0 and 1, by far larger weights too, as behind a sigmoid"
    else:
        return ""
    return (
        f"outputs of {name} {found}; the loss {loss} takes logits and makes {OF_LOGITS[loss]} of them "
        "itself, so that one behind the other is trained: leave the model's out"
    )


def sum_to_one(outputs: np.ndarray) -> bool:
    """Whether outputs are those of a softmax: none below 0, and each sample's sum to 1."""
    return bool(outputs.min() >= 0.0 and np.allclose(outputs.sum(axis=-1), 1.0, atol=1e-4))


def stay_shares(model: Model, inputs: np.ndarray, outputs: np.ndarray) -> bool:
    """Whether outputs lie between 0 and 1 by the model's weights, and by some that are far off, either way.

    A few logits of an untrained network may do so by chance. The weights are put back.
    """
    if not ((outputs > 0.0) & (outputs < 1.0)).all():
        return False
    start, trained = model.weights(), model.trained()
    moved = {name: array for name, array in start.items() if name in trained}
    try:
        for factor in (_FAR, -_FAR):
            model.assign({name: (factor * array).astype(array.dtype) for name, array in moved.items()})
            far = model.outputs(inputs)
            if not ((far >= 0.0) & (far <= 1.0)).all():  # nor what is no number
                return False
    except Exception:  # whatever a stranger's model raises by such weights
        return False
    finally:
        model.assign(start)
    return True
