"""Whether a model, its data and its loss fit each other."""

from __future__ import annotations

import numpy as np

from likeforlike.models.contract.training.network import SPARSE_CROSSENTROPY
from likeforlike.models.contract.training.trainer import Dataset
from likeforlike.models.tasks.own.data import check_labels
from likeforlike.models.tasks.own.families.model import Model
from likeforlike.models.tasks.own.functions import one_line
from likeforlike.models.tasks.own.given import Refused

_FEW = 4


def checked_outputs(target: str, model: Model, loss: str, data: Dataset, source: str) -> np.ndarray:
    """Outputs of a few samples, which fit the targets by the loss. Raises Refused."""
    inputs, targets = data.validation_images[:_FEW], data.validation_labels[:_FEW]
    outputs = model.outputs(inputs)
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
        targets.shape == outputs.shape[:-1] if loss == SPARSE_CROSSENTROPY else targets.size == outputs.size
    )
    if not fits:
        raise Refused(
            f"--data: {source}: targets of shape {targets.shape[1:]} a sample don't fit the outputs of "
            f"{target}, {outputs.shape[1:]} a sample, by the loss {loss}; --loss names another"
        )
