"""A recipe by its name, or by one and what is changed in it: ``matched+optimizer=sgd+momentum=0.9``."""

from __future__ import annotations

from dataclasses import replace
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from likeforlike.bench.plan.asked.options import OptionError
from likeforlike.models.contract.training.recipe import RECIPES, Recipe

_BY_OTHER_OPTIONS = {"epochs": "--epochs", "seed": "--repeats, which counts it up"}
_LABELS = ("name", "published_with")
FIELDS = {
    name: kind
    for name, kind in get_type_hints(Recipe).items()
    if name not in _LABELS and name not in _BY_OTHER_OPTIONS
}
"""What may be changed, and the type of its values."""


def recipe_named(option: str, text: str) -> Recipe:
    """The recipe that ``NAME`` or ``NAME+FIELD=VALUE+...`` asks for; a changed one is nobody's published one.

    Its name tells the changes in one order and one spelling, whatever those of ``text``. Raises OptionError.
    """
    name, *parts = text.split("+")
    if name not in RECIPES:
        raise OptionError(f"{option}: unknown {name!r}; known: {', '.join(RECIPES)}")
    base = RECIPES[name]
    if not parts:
        return base
    changes: dict[str, Any] = {}
    for part in parts:
        field, value = _change(option, text, part)
        if field in changes:
            raise OptionError(f"{option}: {text!r} changes {field} twice")
        if value == getattr(base, field):
            raise OptionError(f"{option}: {field} is {_spelled(value)} in {name} already; leave it out")
        changes[field] = value
    told = "".join(f"+{field}={_spelled(changes[field])}" for field in FIELDS if field in changes)
    try:
        return replace(base, name=name + told, published_with=None, **changes)
    except ValueError as error:
        raise OptionError(f"{option}: {error}") from None


def _change(option: str, text: str, part: str) -> tuple[str, Any]:
    field, equals, value = part.partition("=")
    if not equals or not field or not value:
        raise OptionError(
            f"{option}: {part!r} in {text!r} is not of the form FIELD=VALUE, such as optimizer=sgd"
        )
    if field in _BY_OTHER_OPTIONS:
        raise OptionError(f"{option}: {field} in {text!r} is set by {_BY_OTHER_OPTIONS[field]}")
    if field not in FIELDS:
        raise OptionError(f"{option}: a recipe has no {field!r}; it has {', '.join(FIELDS)}")
    try:
        return field, _read(value, FIELDS[field])
    except ValueError:
        raise OptionError(
            f"{option}: {field}={value!r} in {text!r}, expected {_kind(FIELDS[field])}"
        ) from None


def _read(text: str, kind: Any) -> Any:
    """A value of a field's type. Raises ValueError."""
    if get_origin(kind) is Literal:
        if text not in get_args(kind):
            raise ValueError
        return text
    if get_origin(kind) in (UnionType, Union):  # a number, or none
        return None if text == "none" else float(text)
    if kind is bool:
        return _read(text, Literal["true", "false"]) == "true"
    return kind(text)


def _kind(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return f"one of {', '.join(get_args(kind))}"
    if get_origin(kind) in (UnionType, Union):
        return "a number or none"
    return {bool: "true or false", int: "a whole number", float: "a number", str: "a word"}[kind]


def _spelled(value: Any) -> str:
    return str(value).lower() if value is None or isinstance(value, bool) else str(value)
