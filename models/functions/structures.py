"""Nested values: any framework's arrays in tuples, lists and dicts; waited for, fetched, compared."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
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
    """The framework that a value is of, by its type's packages: tensorflow, torch, jax, cupy; or none."""
    return next((name for name in ("tensorflow", "torch", "jax", "cupy") if name in _roots(leaf)), "")


def _roots(leaf: Any) -> set[str]:
    """The packages of a value's type and of those that it is made from."""
    roots = {kind.__module__.partition(".")[0] for kind in type(leaf).__mro__}
    return roots | ({"jax"} if "jaxlib" in roots else set())


def waiter_for(result: Any) -> Callable[[Any], Any] | None:
    """How to wait for what a call has begun; None where a call returns when its work is done.

    It is chosen once, by the first result and by the frameworks that have a device at work in this process:
    what a function returns need not hold all that it has begun. So no timed call has to look for them.
    """
    parts = list(leaves(result))
    found = {family(part) for part in parts}
    waits = [*_jax_waits("jax" in found), *_tensorflow_waits("tensorflow" in found), *_torch_waits(parts)]
    if "cupy" in found:
        waits.append(lambda _: sys.modules["cupy"].cuda.Device().synchronize())
    if any(map(_is_read_to_be_computed, parts)):
        waits.append(_read)
    if len(waits) < 2:
        return waits[0] if waits else None

    def wait_for_all(value: Any) -> None:
        for wait in waits:
            wait(value)

    return wait_for_all


def _jax_waits(returned: bool) -> list[Callable[[Any], Any]]:
    """For its arrays in the result; where there are none, for all that are alive, on a GPU alone."""
    jax = sys.modules.get("jax")
    if jax is None:
        return []
    if returned:
        return [jax.block_until_ready]
    # asked only where a backend has been made: to make one takes seconds and a GPU's memory
    made = getattr(sys.modules.get("jax._src.xla_bridge"), "_backends", None)
    if not made or jax.default_backend() == "cpu":
        return []
    return [lambda _: jax.block_until_ready(jax.live_arrays())]


def _tensorflow_waits(returned: bool) -> list[Callable[[Any], Any]]:
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is None or not hasattr(tensorflow, "config"):
        return []
    on_gpu = bool(tensorflow.config.list_physical_devices("GPU"))
    if on_gpu or (returned and not tensorflow.config.experimental.get_synchronous_execution()):
        return [lambda _: tensorflow.test.experimental.sync_devices()]
    return []


def _torch_waits(parts: Sequence[Any]) -> list[Callable[[Any], Any]]:
    """For CUDA wherever it has been used; for other devices where the result lies on one."""
    torch = sys.modules.get("torch")
    if torch is None or not hasattr(torch, "cuda"):
        return []
    kinds = {part.device.type for part in parts if family(part) == "torch" and hasattr(part, "device")}
    waits: list[Callable[[Any], Any]] = []
    if "cuda" in kinds or torch.cuda.is_initialized():
        waits.append(lambda _: torch.cuda.synchronize())
    if "mps" in kinds:
        waits.append(lambda _: torch.mps.synchronize())
    if kinds - {"cpu", "cuda", "mps", "meta"}:
        waits.append(lambda _: torch.accelerator.synchronize())
    return waits


_COMPUTED = ("numpy", "pandas", "polars", "pyarrow", "PIL", "tensorflow", "torch", "jax", "cupy")
"""Packages whose arrays are there when they are returned, or are waited for in a way of their own."""


def _is_read_to_be_computed(part: Any) -> bool:
    """Whether a value may be computed only when it is read as an array: Dask's, MLX's, anyone's."""
    return hasattr(type(part), "__array__") and not (_roots(part) & {*_COMPUTED})


def _read(value: Any) -> None:
    for part in leaves(value):
        if _is_read_to_be_computed(part):
            _as_array(part)


def _as_array(part: Any) -> Any:
    try:
        return np.asarray(part)
    except Exception:  # whatever a stranger's object raises: it is no array after all
        return part


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
    if name == "cupy" and hasattr(value, "get"):
        return value.get()
    if _is_read_to_be_computed(value):
        return _as_array(value)
    return _as_known(np.asarray(value)) if name == "jax" else value


def _as_known(array: np.ndarray) -> np.ndarray:
    """Types of float that are not NumPy's own, such as bfloat16, as float32."""
    return widened(array) if array.dtype.kind == "V" else array


def holds_nothing(value: Any) -> bool:
    """Whether a nested value has no part that could be compared: None, or empty throughout."""
    return all(part is None for part in leaves(value))


def says_no(told: Any) -> bool:
    """Whether what a check returned says that two answers differ: False, of any type, or in one place."""
    try:
        found = np.asarray(on_host(told))
    except Exception:  # whatever a stranger's object raises: it is no truth value
        return False
    return found.dtype == bool and not found.all()


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
    """Whether two nested values are the same, element by element; NaN is the same as NaN.

    Objects that equal themselves alone, such as a network, are the same where they are of one type and hold
    the same.
    """
    return _same(one, other, set())


def _same(one: Any, other: Any, met: set[int]) -> bool:
    try:
        pairs = list(_pairs("it", on_host(one), on_host(other)))
        return all(_equal(left, right) or _hold_the_same(left, right, met) for _, left, right in pairs)
    except (ValueError, TypeError):
        return False


def _hold_the_same(one: Any, other: Any, met: set[int]) -> bool:
    """Of two objects whose type knows no equality but identity: whether their attributes are the same.

    What has none that can be seen, as a generator of random numbers, may hold anything. ``met`` are those on
    the way to here: they may refer to each other in a circle.
    """
    kind = type(one)
    if kind is not type(other) or kind.__eq__ is not object.__eq__:
        return False
    if kind is object:  # a mark, which holds nothing
        return True
    if not hasattr(one, "__dict__"):
        return False
    if id(one) in met:
        return True
    met.add(id(one))
    return _same(vars(one), vars(other), met)


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
    elif _is_sparse(first) and _is_sparse(other):
        yield from _pairs(place, _entries(first), _entries(other))
    else:
        yield place, first, other


def _is_sparse(value: Any) -> bool:
    """Whether it is one of SciPy's sparse matrices or arrays, which know no equality as a whole."""
    return hasattr(value, "tocoo") and "scipy" in _roots(value)


def _entries(matrix: Any) -> dict[str, Any]:
    """The shape of a sparse matrix and what it holds, each place once and in order, without zeros."""
    held = matrix.tocoo(copy=True)
    held.sum_duplicates()
    held.eliminate_zeros()
    return {"shape": held.shape, "row": held.row, "col": held.col, "data": held.data}


def _apart(place: str, one: Any, two: Any) -> tuple[float, float]:
    if unlike := _unlike(one, two):
        raise ValueError(f"{place} has {unlike}")
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


def _unlike(one: Any, two: Any) -> str:
    """In what two arrays or tables differ beside their values; empty where they don't."""
    shapes = [getattr(value, "shape", None) for value in (one, two)]
    if all(isinstance(shape, tuple) for shape in shapes) and shapes[0] != shapes[1]:
        return f"the shapes {shapes[0]} and {shapes[1]}"
    for name in ("index", "columns"):
        mine, theirs = (getattr(value, name, None) for value in (one, two))
        told = hasattr(mine, "equals") and hasattr(theirs, "equals")
        if told and not mine.equals(theirs):  # type: ignore[union-attr]
            return f"another {name}"
    if any(isinstance(value, np.ma.MaskedArray) for value in (one, two)):
        mine, theirs = (np.ma.getmaskarray(np.ma.asarray(value)) for value in (one, two))
        if not np.array_equal(mine, theirs):
            return "other values masked"
    return ""


def _equal(one: Any, two: Any) -> bool:
    if one is two:
        return True
    if _unlike(one, two):
        return False
    if _is_numeric(one) and _is_numeric(two):
        left, right = np.asarray(one), np.asarray(two)
        return np.array_equal(left, right, equal_nan=left.dtype.kind in "fc" and right.dtype.kind in "fc")
    return bool(np.all(one == two))


def _shown(value: Any) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= _MOST_SHOWN else f"{text[: _MOST_SHOWN - 1]}…"
