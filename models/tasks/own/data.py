"""The data that a user's function returns: checked, cut to what was asked for, kept for all processes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from likeforlike.models.contract.training.trainer import Dataset
from likeforlike.models.tasks.own.functions import called
from likeforlike.models.tasks.own.given import ARRAYS, DATA_FILE, Asked, DataTold, Refused, write

_SHAPE = "((inputs, targets), (validation inputs, targets)) of NumPy arrays"


def keep_data(folder: Path, asked: Asked) -> DataTold:
    """Call the function, check what it returns, and write the first samples of it. Raises Refused."""
    parts = checked_parts(asked.data, called("--data", asked.data))
    of_samples = len(parts[0])
    train, validation = asked.samples
    cut = [array[:most] for array, most in zip(parts, (train, train, validation, validation), strict=True)]
    for name, array in zip(ARRAYS, cut, strict=True):
        np.save(folder / f"{name}.npy", array)
    types = cut[0].shape[1:], cut[0].dtype.name, cut[1].shape[1:], cut[1].dtype.name
    told = DataTold(asked.data, len(cut[0]), len(cut[2]), of_samples, *types)
    write(folder / DATA_FILE, told)
    return told


def load_kept(folder: Path, name: str) -> Dataset:
    """What :func:`keep_data` has written."""
    return Dataset(name, name, *(np.load(folder / f"{part}.npy") for part in ARRAYS))


def checked_parts(target: str, offer: Any) -> list[np.ndarray]:
    """The four arrays, floats as float32 and whole numbers as int32. Raises Refused."""
    if not _is_pair(offer) or not all(map(_is_pair, offer)):
        raise Refused(f"--data: {target} returns {_shown(offer)}, expected {_SHAPE}")
    arrays = [array for pair in offer for array in pair]
    found = []
    for name, array in zip(_words(), arrays, strict=True):
        if not isinstance(array, np.ndarray):
            kind = type(array).__name__
            raise Refused(f"--data: {target}: {name} are of type {kind}, expected a NumPy array")
        found.append(_checked(target, name, array))
    for first, second, place in ((0, 1, "training"), (2, 3, "validation")):
        lengths = len(found[first]), len(found[second])
        if lengths[0] != lengths[1]:
            told = f"{lengths[0]} {place} inputs and {lengths[1]} targets"
            raise Refused(f"--data: {target} returns {told}, expected as many of each")
    for first, second in ((0, 2), (1, 3)):
        shapes = found[first].shape[1:], found[second].shape[1:]
        if shapes[0] != shapes[1]:
            told = f"{_words()[first]} of shape {shapes[0]} a sample and {_words()[second]} of {shapes[1]}"
            raise Refused(f"--data: {target} returns {told}, expected the same")
    return found


def _words() -> tuple[str, ...]:
    return "training inputs", "training targets", "validation inputs", "validation targets"


def _checked(target: str, name: str, array: np.ndarray) -> np.ndarray:
    if array.dtype.kind not in "fiub":
        raise Refused(f"--data: {target}: {name} are of dtype {array.dtype}, expected numbers")
    if array.ndim == 0 or not len(array):
        raise Refused(f"--data: {target}: {name} have the shape {array.shape}, expected one sample at least")
    if array.dtype.kind == "f":
        with np.errstate(over="ignore"):
            narrow = np.ascontiguousarray(array, np.float32)
        if not np.isfinite(narrow).all():
            row = int(np.argwhere(~np.isfinite(narrow).reshape(len(narrow), -1).all(axis=1))[0, 0])
            what = "not finite" if not np.isfinite(array[row]).all() else "beyond float32"
            raise Refused(f"--data: {target}: {name} hold a value that is {what}, first in sample {row}")
        return narrow
    if array.dtype == np.uint8 and array.ndim > 1:  # pixels as they are: a model scales them itself
        return np.ascontiguousarray(array)
    _check_width(target, name, array)
    return np.ascontiguousarray(array, np.int32)


def _check_width(target: str, name: str, array: np.ndarray) -> None:
    """Raises Refused for whole numbers that int32 doesn't hold, all that JAX has by itself."""
    held = np.iinfo(np.int32)
    rows = array.reshape(len(array), -1)
    wide = ((rows < held.min) | (rows > held.max)) if array.dtype.kind in "iu" else np.zeros((1, 1), bool)
    if wide.any():
        row = int(np.argmax(wide.any(axis=1)))
        number = int(rows[row, int(np.argmax(wide[row]))])
        raise Refused(
            f"--data: {target}: {name} hold {number} in sample {row}, expected whole numbers within 32 bits"
        )


def check_labels(target: str, arrays: tuple[np.ndarray, ...], classes: int) -> None:
    """Labels of so many classes. Raises Refused."""
    for name, labels in zip(("training targets", "validation targets"), arrays, strict=True):
        if labels.dtype.kind not in "iu":
            raise Refused(
                f"--data: {target}: {name} are of dtype {labels.dtype}, expected whole numbers for sparse "
                "crossentropy; --loss names another loss"
            )
        wrong = ((labels < 0) | (labels >= classes)).reshape(len(labels), -1)
        if wrong.any():
            row = int(np.argmax(wrong.any(axis=1)))
            label = int(labels.reshape(len(labels), -1)[row, int(np.argmax(wrong[row]))])
            raise Refused(
                f"--data: {target}: {name} hold the label {label} in sample {row}, expected 0 to "
                f"{classes - 1}: the model has {classes} outputs"
            )


def _is_pair(value: Any) -> bool:
    return isinstance(value, (tuple, list)) and len(value) == 2


def _shown(value: Any) -> str:
    if isinstance(value, (tuple, list)):
        return f"a {type(value).__name__} of {len(value)}"
    return f"a {type(value).__name__}"
