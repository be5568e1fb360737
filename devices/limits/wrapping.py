"""Lines that keep a figure whole: never broken before its unit, nor inside an interval."""

from __future__ import annotations

import re
import textwrap

_UNIT = r"(?:%|[mµn]?s|min|h|m|[KMGTP]i?B|[kMGTP]?FLOP/s)(?![A-Za-z0-9])"
_INSIDE_A_FIGURE = re.compile(
    rf"(?<=\d) (?={_UNIT})|(?<=\d) (?=to \d)|(?<=\d to) (?=\d)|(?<=\d) (?=× )|(?<=\d ×) (?=\d)"
)
_KEPT = "\N{NO-BREAK SPACE}"
_NARROWEST = 20


def wrap_text(text: str, width: int, indent: str = "") -> str:
    """Text in lines of at most ``width`` columns, those after the first indented.

    Broken between words alone; a word that is longer than a line stays whole, and so does a figure.
    """
    lines = textwrap.wrap(
        _INSIDE_A_FIGURE.sub(_KEPT, text),
        max(width, _NARROWEST),
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines).replace(_KEPT, " ")
