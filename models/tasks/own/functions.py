"""Functions of a user's modules, found and called; what goes wrong is said in one line."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from typing import Any

from likeforlike.models.contract.implementation import missing
from likeforlike.models.tasks.own.given import Refused

LONGEST = 300
_FRAMEWORKS = ("tensorflow", "keras", "torch", "jax")


def attribute_of(option: str, target: str) -> Any:
    """What ``module:attribute`` names. Raises Refused."""
    name, _, attribute = target.partition(":")
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise Refused(f"{option}: {target}: {_not_found(error, name)}") from error
    except Exception as error:  # whatever a stranger's module raises
        raise Refused(f"{option}: {target}: import of {name} failed: {one_line(error)}") from error
    if not hasattr(module, attribute):
        where = getattr(module, "__file__", None) or "a folder without code"
        raise Refused(f"{option}: {target}: module {name} ({where}) has no {attribute!r}")
    return getattr(module, attribute)


def function_of(option: str, target: str) -> Callable[..., Any]:
    """The function that ``module:function`` names. Raises Refused."""
    found = attribute_of(option, target)
    if not callable(found):
        raise Refused(f"{option}: {target} is of type {type(found).__name__}, expected a function")
    return found


def called(option: str, target: str) -> Any:
    """What a function without arguments returns. Raises Refused."""
    function = function_of(option, target)
    needed = _needed(function)
    if needed:
        raise Refused(f"{option}: {target} needs {', '.join(needed)}, expected a function without arguments")
    try:
        return function()
    except ModuleNotFoundError as error:
        raise Refused(f"{option}: {target}: {_not_found(error, '')}") from error
    except Exception as error:
        raise Refused(f"{option}: {target} failed: {one_line(error)}") from error


def _needed(function: Callable[..., Any]) -> list[str]:
    """Parameters without a default."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    several = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [p.name for p in parameters if p.default is p.empty and p.kind not in several]


def _not_found(error: ModuleNotFoundError, asked: str) -> str:
    root = str(error.name or "").partition(".")[0]
    if root in _FRAMEWORKS:
        return missing((root,)) or one_line(error)
    if root == asked.partition(".")[0]:
        return f"there is no module {error.name!r} here or among what is installed"
    return f"it imports {error.name!r}, which is not installed"


def one_line(error: BaseException) -> str:
    """Type and message, shortened."""
    text = " ".join(str(error).split())
    text = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
