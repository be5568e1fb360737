"""Output where only ASCII can be written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from likeforlike.plain_streams import PLAIN, plainly

REPOSITORY = Path(__file__).parents[1]
ASCII = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("×1.07 (1.02 to 1.11)", "x1.07 (1.02 to 1.11)"),
        ("a 500² product: 7.5 µs – ±2 %", "a 500^2 product: 7.5 us - +/-2 %"),
        ("Müller’s naïve “loop”…", 'Muller\'s naive "loop"...'),
        ("機", "\\u6a5f"),
        ("plain", "plain"),
    ],
)
def test_text_in_ascii(text, plain):
    assert plainly(text) == plain


def test_every_sign_has_an_ascii_form():
    assert all(form.isascii() and not sign.isascii() for sign, form in PLAIN.items())


def run(*words: str, **variables: str) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), **variables}
    return subprocess.run(
        [sys.executable, "-m", *words], env=environment, capture_output=True, timeout=300, cwd=REPOSITORY
    )


@pytest.mark.parametrize(
    "words",
    [
        ("likeforlike", "models"),
        ("likeforlike", "devices"),
        ("likeforlike", "report", "notebook-2020"),
        ("models",),
        ("devices",),
    ],
)
def test_a_command_says_the_same_in_ascii(words):
    done, full = run(*words, **ASCII), run(*words, PYTHONIOENCODING="utf-8")
    assert (done.returncode, full.returncode) == (0, 0), done.stderr.decode()[-500:]
    assert done.stdout.isascii()
    # devices tells of versions and clocks that stand still between two calls
    assert done.stdout.decode() == plainly(full.stdout.decode())
