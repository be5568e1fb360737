"""Text for terminals, pipes and logs that take ASCII alone (``LC_ALL=C``): written plainly, not lost."""

from __future__ import annotations

import codecs
import io
import sys
import unicodedata

PLAIN = {
    "×": "x",
    "²": "^2",
    "³": "^3",
    "±": "+/-",
    "µ": "u",
    "μ": "u",
    "–": "-",
    "—": "-",
    "−": "-",
    "…": "...",
    "·": "*",
    "≤": "<=",
    "≥": ">=",
    "≈": "~",
    "†": "(+)",
    "‡": "(++)",
    "°": "(1)",
    "→": "->",
    "‘": "'",
    "’": "'",
    "“": '"',
    "”": '"',
}
"""How a typewriter has these."""

_HANDLER = "likeforlike.plain"


def plainly(text: str) -> str:
    """The text in ASCII: signs as a typewriter has them, letters without accents, others by their code."""
    return "".join(sign if sign.isascii() else _plain_sign(sign) for sign in text)


def _plain_sign(sign: str) -> str:
    if sign in PLAIN:
        return PLAIN[sign]
    bare = unicodedata.normalize("NFKD", sign).encode("ascii", "ignore").decode()
    return bare or sign.encode("ascii", "backslashreplace").decode()


def _handle(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return plainly(error.object[error.start : error.end]), error.end


def make_streams_lenient() -> None:
    """Let standard output and error write plainly what their encoding doesn't have, instead of raising."""
    codecs.register_error(_HANDLER, _handle)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_HANDLER)
