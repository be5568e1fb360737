"""How functions reach the processes that call them: by import, by value, or not at all."""

from __future__ import annotations

import hashlib
import inspect
import pickle
import secrets
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import cloudpickle

from likeforlike.bench.keep.source_code import DIGITS
from likeforlike.models.functions.given import HELD, Entrant, Given, Packed, write_packed

FRAMEWORKS = {
    "tensorflow": "tensorflow",
    "keras": "tensorflow",
    "torch": "torch",
    "jax": "jax",
    "jaxlib": "jax",
}
"""By package: whose threads and devices a function uses."""
NUMPY = "numpy"


@dataclass(frozen=True)
class HandedOver:
    """Where workers find what is to be compared."""

    where: str
    """A file; of what can't be sent, the name under which this process holds it."""
    digest: str
    """Of all that was handed over: files of other functions are other measurements, whatever the names."""
    why_here: str = ""
    """Why it can't be sent to another process, in one line; empty if it was."""


def hand_over(
    functions: Sequence[Callable[..., Any]],
    arguments: Any,
    check: Callable[[Any, Any], Any] | None,
    entrants: Sequence[Entrant],
    folder: Path,
) -> HandedOver:
    """Write what workers load into the folder; keep it in this process where it can't be written."""
    parts = [*functions, arguments, check]
    try:
        with _by_value_where_needed(parts):
            packed = Packed(
                tuple(_pickled(function) for function in functions),
                _pickled(arguments),
                _pickled(check),
                tuple(entrants),
            )
    except Exception as error:  # whatever a stranger's object raises when it is taken apart
        text = " ".join(str(error).split())[:200]
        why = f"{type(error).__name__}: {text}"
        return keep_here(functions, arguments, check, entrants, folder, why)
    return HandedOver(str(write_packed(packed, folder)), _digest(packed))


def keep_here(
    functions: Sequence[Callable[..., Any]],
    arguments: Any,
    check: Callable[[Any, Any], Any] | None,
    entrants: Sequence[Entrant],
    folder: Path,
    why: str,
) -> HandedOver:
    """Hold it in this process, since it can't be sent to another or can't be loaded there."""
    HELD[str(folder)] = Given(tuple(functions), arguments, check, tuple(entrants), folder)
    like_nothing_else = secrets.token_hex(DIGITS // 2)
    return HandedOver(str(folder), like_nothing_else, why)


def _digest(packed: Packed) -> str:
    whole = hashlib.sha256()
    for part in (*packed.functions, packed.arguments, packed.check):
        whole.update(f"{len(part)}\0".encode() + part)
    return whole.hexdigest()[:DIGITS]


def take_back(folder: Path) -> None:
    """Forget what this process held."""
    HELD.pop(str(folder), None)


def _pickled(value: Any) -> bytes:
    content: bytes = cloudpickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    return content


@contextmanager
def _by_value_where_needed(parts: Sequence[Any]) -> Iterator[None]:
    """Functions of modules that another process would not find are sent with all that they are made of."""
    with ExitStack() as stack:
        for module in {
            name: m for part in parts if (m := _unfindable(part)) for name in (m.__name__,)
        }.values():
            cloudpickle.register_pickle_by_value(module)
            stack.callback(cloudpickle.unregister_pickle_by_value, module)
        yield


def _unfindable(part: Any) -> ModuleType | None:
    """The module of a function or an object, where no import would find it; ``__main__`` is sent anyway."""
    name = getattr(part, "__module__", None) or type(part).__module__
    module = sys.modules.get(name) if isinstance(name, str) else None
    if module is None or name in ("__main__", "builtins") or is_findable(module):
        return None
    return module


def is_findable(module: ModuleType) -> bool:
    """Whether a fresh interpreter with this one's path would import the same module."""
    root = module.__name__.partition(".")[0]
    top = sys.modules.get(root)
    if top is None:  # a test module under --import-mode=importlib, whose folders are no packages
        return False
    if root in sys.builtin_module_names or getattr(top, "__file__", None) is None:
        return True
    for finder in sys.meta_path:
        spec = finder.find_spec(root, None) if hasattr(finder, "find_spec") else None
        if spec is not None:
            return spec.origin is None or spec.origin == top.__file__
    return False


def origin_of(function: Callable[..., Any]) -> str:
    """The module that a function is of."""
    return str(getattr(inspect.unwrap(function), "__module__", None) or type(function).__module__)


def framework_of(function: Callable[..., Any]) -> str:
    """Whose threads and devices a function uses, by what its code names; NumPy's where it names none.

    Looked through are the function, the object that it is bound to, and what these name: modules, objects
    (by what their classes are made from) and further functions, a few steps deep.
    """
    return _framework_named_by(inspect.unwrap(getattr(function, "func", function)), _DEEPEST, set()) or NUMPY


_DEEPEST = 3
"""Steps from a function to those that it calls."""


def _framework_named_by(value: Any, deep: int, seen: set[int]) -> str:
    found = _framework_of_value(value)
    if found or deep == 0 or id(value) in seen:
        return found
    seen.add(id(value))
    return next(filter(None, (_framework_named_by(used, deep - 1, seen) for used in _named_by(value))), "")


def _named_by(value: Any) -> list[Any]:
    """What the code of a function, a method or an object that can be called names: globals and cells."""
    if isinstance(value, ModuleType | type):
        return []
    code = getattr(value, "__code__", None)
    if code is None:  # an object that can be called
        method = inspect.getattr_static(type(value), "__call__", None)
        return [method] if getattr(method, "__code__", None) is not None else []
    names = getattr(value, "__globals__", {})
    used = [names[name] for name in code.co_names if name in names]
    used += [cell.cell_contents for cell in getattr(value, "__closure__", None) or () if _is_filled(cell)]
    owner = getattr(value, "__self__", None)
    return used if owner is None else [*used, owner]


def _framework_of_value(value: Any) -> str:
    """The framework whose package a module is, or has made a value, its type or what that is made from."""
    if isinstance(value, ModuleType):
        names = [value.__name__]
    else:
        kind = value if isinstance(value, type) else type(value)
        names = [str(getattr(value, "__module__", "")), *(base.__module__ for base in kind.__mro__)]
    roots = (name.partition(".")[0] for name in names)
    return next((FRAMEWORKS[root] for root in roots if root in FRAMEWORKS), "")


def _is_filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False


def names_of(
    functions: Mapping[str, Callable[..., Any]] | Sequence[Callable[..., Any]] | Any,
) -> dict[str, Any]:
    """Functions by name: as given, or each by its own. Raises ValueError or TypeError in one line."""
    if isinstance(functions, Mapping):
        named = _by_name([str(name).strip() for name in functions], functions.values())
    elif callable(functions):
        named = {_own_name(functions): functions}
    elif isinstance(functions, (list, tuple)):
        named = _by_name([_own_name(function) for function in functions], functions)
    else:
        raise TypeError(
            f"compare: functions is of type {type(functions).__name__}, expected a dict of functions by name"
        )
    for name, function in named.items():
        if not callable(function):
            raise TypeError(f"compare: {name!r} is of type {type(function).__name__}, expected a function")
        if not name or not name.isprintable() or len(name) > 60:
            raise ValueError(
                f"compare: the name {name[:80]!r} is unfit; expected 1 to 60 printable characters"
            )
    return named


def _by_name(names: Sequence[str], functions: Iterable[Any]) -> dict[str, Any]:
    """Raises ValueError, in one line, for two of one name."""
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(
            f"compare: two functions are called {twice!r}; name them: {{'mine': ..., 'theirs': ...}}"
        )
    return dict(zip(names, functions, strict=True))


def _own_name(function: Any) -> str:
    name = getattr(function, "__name__", None) or getattr(getattr(function, "func", None), "__name__", None)
    return str(name or type(function).__name__)
