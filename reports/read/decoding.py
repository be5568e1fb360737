"""JSON into records, with errors that name the field, its value and what was expected."""

from __future__ import annotations

import json
import re
from typing import Any, TypeVar

import msgspec
from msgspec import Raw

from likeforlike.reports.read.result_file import ResultError
from likeforlike.reports.read.safe_text import all_visible, visible

TOO_DEEP = "nested too deeply for a result file"

Record = TypeVar("Record")


def with_visible_strings(content: bytes, name: str) -> bytes:
    """The same document with every string made visible; most files hold nothing to change."""
    if content.isascii() and b"\\" not in content and b"\x7f" not in content:
        return content  # JSON takes no bare control characters inside a string
    value = decode(content, None, name, "", content)
    try:
        return msgspec.json.encode(all_visible(value))
    except RecursionError as error:
        raise ResultError(name, "", "", TOO_DEEP) from error


def decode(content: bytes | Raw, kind: type[Record] | None, name: str, prefix: str, whole: bytes) -> Any:
    """Decode JSON into a record; what is wrong becomes a ResultError that names field and value."""
    try:
        return msgspec.json.decode(content, type=kind or Any)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$")
        path = f"{prefix}{path.rstrip('`')}".lstrip(".")
        raise ResultError(name, path, _value_at(content, path, prefix), _expectation(message)) from error
    except msgspec.DecodeError as error:
        raise _malformed(whole, name, str(error)) from error
    except UnicodeDecodeError as error:
        raise ResultError(name, "", f"byte {error.start} of a string", "expected UTF-8") from error
    except RecursionError as error:
        raise ResultError(name, prefix, "", TOO_DEEP) from error


def _expectation(message: str) -> str:
    """Msgspec's own words, without its mark-up, as an expectation."""
    plain = message.replace("`", "")
    if plain.startswith("Object missing required field"):
        return f"missing {plain.removeprefix('Object missing required field ')}"
    return visible(plain[:1].lower() + plain[1:], 160)


def _malformed(content: bytes, name: str, message: str) -> ResultError:
    """Why the text is no JSON: the field that holds a bare NaN or Infinity, else where it breaks."""
    bare = _bare_constant(content)
    if bare is not None:
        path, constant = bare
        return ResultError(name, path, constant, "expected a finite number (JSON has no such value)")
    if "truncated" in message:
        return ResultError(name, "", f"ends after {len(content)} bytes", "the JSON is truncated")
    return ResultError(name, "", "", f"not JSON: {visible(message.removeprefix('JSON is malformed: '), 160)}")


def _bare_constant(content: bytes) -> tuple[str, str] | None:
    """Path and text of the first NaN or infinity, which Python's json module writes and reads."""
    try:
        return _find_constant(json.loads(content, parse_constant=_Constant), "")
    except (ValueError, RecursionError):
        return None


class _Constant(str):
    """A bare constant where JSON allows none."""


def _find_constant(value: Any, path: str) -> tuple[str, str] | None:
    if isinstance(value, _Constant):
        return path.lstrip("."), str(value)
    items: Any = ()
    if isinstance(value, dict):
        items = ((f"{path}.{visible(str(key), 60)}", item) for key, item in value.items())
    elif isinstance(value, list):
        items = ((f"{path}[{index}]", item) for index, item in enumerate(value))
    return next((found for key, item in items if (found := _find_constant(item, key))), None)


def _value_at(content: bytes | Raw, path: str, prefix: str) -> str:
    """The offending value as it stands in the file, shortened; empty if it can't be shown."""
    try:
        value = msgspec.json.decode(content)
        for key, index in re.findall(r"\.?([^.\[\]]+)|\[(\d+)\]", path.removeprefix(prefix)):
            value = value[int(index)] if index else value[key]
    except (msgspec.DecodeError, LookupError, TypeError, ValueError, RecursionError):
        return ""
    return "" if isinstance(value, dict | list) else value_text(value)


def value_text(value: object) -> str:
    """A value as JSON, made visible and shortened, for an error."""
    return visible(json.dumps(value), 60)


def converter(name: str, content: bytes) -> Any:
    """A function that turns a value of the document into a record, or raises ResultError."""

    def convert(value: Any, kind: type[Record], prefix: str) -> Record:
        result: Record = decode(msgspec.json.encode(value), kind, name, prefix, content)
        return result

    return convert
