"""Nested values: any framework's arrays in tuples, lists and dicts; waited for, fetched, compared."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from likeforlike.models.contract.kernel import widened

_MOST_SHOWN = 80


def leaves(value: Any) -> Iterator[Any]:
    """The parts of a nested value that are no tuple, list or dict."""
    if isinstance(value, Mapping):
        for part in value.values():
            yield from leaves(part)
    elif isinstance(value, (tuple, list)):
        for part in value:
            yield from leaves(part)
    else:
        yield value


def family(leaf: Any) -> str:
    """The framework that a value is of, by the package of its type: tensorflow, torch, jax; else empty."""
    for kind in type(leaf).__mro__:
        root = kind.__module__.partition(".")[0]
        if root in ("tensorflow", "torch", "jax", "jaxlib"):
            return "jax" if root == "jaxlib" else root
    return ""


def waiter_for(result: Any) -> Callable[[Any], Any] | None:
    """How to wait for results like this one; None where a call returns when its work is done.

    It is chosen once, by the first result, so that no timed call has to look through a result's parts.
    """
    waits: list[Callable[[Any], Any]] = []
    found = {name: leaf for leaf in leaves(result) if (name := family(leaf))}
    if "jax" in found:
        waits.append(sys.modules["jax"].block_until_ready)
    if "tensorflow" in found:
        tensorflow = sys.modules["tensorflow"]
        on_gpu = bool(tensorflow.config.list_physical_devices("GPU"))
        if on_gpu or not tensorflow.config.experimental.get_synchronous_execution():
            waits.append(lambda _: tensorflow.test.experimental.sync_devices())
    if "torch" in found:
        torch = sys.modules["torch"]
        kinds = {leaf.device.type for leaf in leaves(result) if family(leaf) == "torch"}
        if "cuda" in kinds:
            waits.append(lambda _: torch.cuda.synchronize())
        if "mps" in kinds:
            waits.append(lambda _: torch.mps.synchronize())
    if len(waits) < 2:
        return waits[0] if waits else None

    def wait_for_all(value: Any) -> None:
        for wait in waits:
            wait(value)

    return wait_for_all


def on_host(value: Any) -> Any:
    """The same nested value with NumPy arrays for the frameworks'; 16-bit floats become float32."""
    if isinstance(value, Mapping):
        return {key: on_host(part) for key, part in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return tuple(on_host(part) for part in value)
    if isinstance(value, (tuple, list)):
        return type(value)(on_host(part) for part in value)
    name = family(value)
    if name == "torch" and hasattr(value, "detach"):
        host = value.detach().cpu()
        return (host.float() if str(host.dtype) == "torch.bfloat16" else host).numpy()
    if name == "tensorflow" and hasattr(value, "numpy"):
        return _as_known(np.asarray(value.numpy()))
    return _as_known(np.asarray(value)) if name == "jax" else value


def _as_known(array: np.ndarray) -> np.ndarray:
    """Types of float that are not NumPy's own, such as bfloat16, as float32."""
    return widened(array) if array.dtype.kind == "V" else array


def size_in_bytes(value: Any) -> int:
    """Of the arrays in a nested value."""
    return sum(getattr(leaf, "nbytes", 0) for leaf in leaves(value))


def farthest(first: Any, other: Any) -> tuple[float, float]:
    """How far two answers lie apart, and how far they may: error and tolerance of their worst part.

    The error of two arrays is the largest difference of elements over the largest magnitude of the first's;
    the tolerance is half the digits of the coarser of their types, the square root of its machine epsilon.
    What is no float must be equal. Raises ValueError, in one line, where the two are not alike in form.
    """
    worst = (0.0, 0.0)
    for place, one, two in _pairs("the answer", first, other):
        worst = max(worst, _apart(place, one, two), key=lambda told: (_share(*told), told[1]))
    return worst


def _share(error: float, tolerance: float) -> float:
    """How much of the tolerance is used up; what is no number is farther than anything."""
    if math.isnan(error):
        return math.inf
    return error / tolerance if tolerance else (math.inf if error else 0.0)


def same(one: Any, other: Any) -> bool:
    """Whether two nested values are the same, element by element; NaN is the same as NaN."""
    try:
        pairs = list(_pairs("it", on_host(one), on_host(other)))
        return all(_equal(left, right) for _, left, right in pairs)
    except (ValueError, TypeError):
        return False


def _pairs(place: str, first: Any, other: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(first, Mapping) and isinstance(other, Mapping):
        if first.keys() != other.keys():
            raise ValueError(f"{place} has the keys {_shown(list(first))} and {_shown(list(other))}")
        for key in first:
            yield from _pairs(f"{place}[{key!r}]", first[key], other[key])
    elif isinstance(first, (tuple, list)) and isinstance(other, (tuple, list)):
        if len(first) != len(other):
            raise ValueError(f"{place} has {len(first)} and {len(other)} parts")
        for number, (one, two) in enumerate(zip(first, other, strict=True)):
            yield from _pairs(f"{place}[{number}]", one, two)
    else:
        yield place, first, other


def _apart(place: str, one: Any, two: Any) -> tuple[float, float]:
    if not _is_numeric(one) or not _is_numeric(two):
        if _equal(one, two):
            return 0.0, 0.0
        raise ValueError(f"{place} is {_shown(one)} and {_shown(two)}")
    left, right = np.asarray(one), np.asarray(two)
    if left.shape != right.shape:
        raise ValueError(f"{place} has the shapes {left.shape} and {right.shape}")
    inexact = [array.dtype for array in (left, right) if array.dtype.kind in "fc"]
    if not inexact:
        return float(not np.array_equal(left, right)), 0.0
    tolerance = math.sqrt(max(float(np.finfo(dtype).eps) for dtype in inexact))
    return _relative(left, right), tolerance


def _relative(left: np.ndarray, right: np.ndarray) -> float:
    if not left.size:
        return 0.0
    wide = np.complex128 if "c" in left.dtype.kind + right.dtype.kind else np.float64
    left, right = left.astype(wide), right.astype(wide)
    with np.errstate(invalid="ignore", over="ignore"):
        alike = (left == right) | (np.isnan(left) & np.isnan(right))
        differences = np.where(alike, 0.0, np.abs(left - right))
    largest = float(np.max(np.abs(left), initial=0.0, where=np.isfinite(left)))
    # NaN for infinite differences of which nothing can be said in numbers
    farthest_off = float(np.max(differences))
    return farthest_off / largest if largest else farthest_off


def _is_numeric(value: Any) -> bool:
    try:
        return np.asarray(value).dtype.kind in "biufc"
    except (TypeError, ValueError):
        return False


def _equal(one: Any, two: Any) -> bool:
    if one is two:
        return True
    if _is_numeric(one) and _is_numeric(two):
        left, right = np.asarray(one), np.asarray(two)
        return np.array_equal(left, right, equal_nan=left.dtype.kind in "fc" and right.dtype.kind in "fc")
    return bool(np.all(one == two))


def _shown(value: Any) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= _MOST_SHOWN else f"{text[: _MOST_SHOWN - 1]}…"
