"""Strings from files made safe to show anywhere: one line, no control characters, bounded length."""

from __future__ import annotations

import hashlib
import unicodedata
from typing import Any

LONGEST = 300
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\x1b": "\\x1b"}
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Unicode categories that steer a terminal or reorder a line instead of showing: controls, format marks
(right-to-left overrides, zero-width characters), surrogates, private and unassigned, line separators."""


def visible(text: str, longest: int = LONGEST) -> str:
    """The text with everything that does not show written as an escape, such as ``\\u202e``.

    Different texts stay different; one that is too long is cut and ends in a digest of the whole.
    """
    if len(text) > longest:
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        text = f"{text[:longest]}...{digest}"
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    if unicodedata.category(character) not in _HIDDEN:
        return character
    if character in _NAMED:
        return _NAMED[character]
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def all_visible(value: Any) -> Any:
    """A decoded JSON value with every string in it, keys too, made :func:`visible`."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, dict):
        return {visible(key): all_visible(item) for key, item in value.items()}
    if isinstance(value, list):
        return [all_visible(item) for item in value]
    return value
