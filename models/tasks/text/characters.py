"""The characters to train on: windows of any text file, of the one that comes with Python, or generated ones.

The 95 characters that the text has most of are numbers 0 to 94, the most frequent first; all others are 95.
A sample's inputs are 32 characters that follow each other, its targets the same moved on by one. Training
windows lie in the first nine tenths of the text, beginning evenly apart, validation windows in the last
tenth. Where a text is short for their number, windows overlap.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from likeforlike.models.contract.training.data import GENERATED, DataAsked, DataChoice, DataError, Located
from likeforlike.models.contract.training.trainer import Dataset
from likeforlike.models.tasks.fashion_mnist import GENERATED_SEED
from likeforlike.models.tasks.text.oracle import WIDTHS

SAMPLES = (60_000, 10_000)
"""Training and validation windows where nobody asks for others."""
PYTHON_S_OWN = "pydoc_data.topics"
"""The module that holds what Python documents of its topics: 0.7 MB of English prose and code."""
_VALIDATION_SHARE = 10
"""The last tenth."""
_SHORTEST = _VALIDATION_SHARE * (WIDTHS.context + 1)
_GENERATED_LENGTH, _FOLLOWERS = 250_000, 4


@dataclass(frozen=True)
class Text:
    """A file's content."""

    name: str
    """The file's name and the beginning of its SHA-256: two texts of one name are different data."""
    source: str
    content: str


def locate(choice: DataChoice) -> Located:
    """The file that was asked for or, unless data are to be generated, Python's own, read and checked.

    Raises DataError for a file that is no text, or too short; for a data set's name also where there is none.
    """
    if choice.text_file is not None:
        return _located(choice.text_file)
    if choice.name == GENERATED.name:
        return GENERATED
    own = own_text()
    if own is not None:
        return _located(own)
    if choice.name == "auto":
        return Located(
            GENERATED.name, f"generated, since this Python has no {PYTHON_S_OWN}; --text names a file", None
        )
    raise DataError(f"this Python has no {PYTHON_S_OWN}: name a text by --text")


def own_text() -> Path | None:
    """The file that comes with Python; None where it was left out, as some packagers do."""
    try:
        found = importlib.util.find_spec(PYTHON_S_OWN)
    except ModuleNotFoundError:
        return None
    path = Path(found.origin) if found is not None and found.origin else None
    return path if path is not None and path.suffix == ".py" and path.is_file() else None


def load(asked: DataAsked) -> Dataset:
    """The windows of what was located. Raises DataError where the file has changed since."""
    samples = asked.samples or SAMPLES
    if asked.path is None:
        return windows(GENERATED.name, GENERATED.source, generated(), samples)
    text = read(Path(asked.path))
    if text.name != asked.name:
        raise DataError(f"{asked.path}: has changed since the run began, from {asked.name}; begin anew")
    return windows(text.name, text.source, numbered(text.content), samples)


def read(path: Path) -> Text:
    """A text file, checked. Raises DataError."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"--text: {path}: can't be read ({error.strerror}); name a text file") from None
    try:
        decoded = content.decode()
    except UnicodeDecodeError as error:
        raise DataError(
            f"--text: {path}: no UTF-8 at byte {error.start}; convert it, or name another"
        ) from None
    if len(decoded) < _SHORTEST:
        raise DataError(
            f"--text: {path}: {len(decoded)} characters, expected {_SHORTEST} or more; name another"
        )
    digest = hashlib.sha256(content).hexdigest()
    return Text(f"{path.name} {digest[:8]}", f"{path}, SHA-256 {digest}", decoded)


def _located(path: Path) -> Located:
    text = read(path)
    return Located(text.name, text.source, path.absolute())


def numbered(content: str) -> np.ndarray:
    """Each character's number, int32."""
    counts = Counter(content)
    # of characters as frequent the one of the lower code point first
    ranked = sorted(counts, key=lambda character: (-counts[character], character))
    points = np.frombuffer(content.encode("utf-32-le"), np.uint32)
    others = WIDTHS.characters - 1
    table = np.full(int(points.max()) + 1, others, np.int32)
    for number, character in enumerate(ranked[:others]):
        table[ord(character)] = number
    return table[points]


def generated() -> np.ndarray:
    """Numbers of characters of which each is followed by one of four; the same for every run."""
    draw = np.random.default_rng(GENERATED_SEED)
    followers = draw.integers(WIDTHS.characters, size=(WIDTHS.characters, _FOLLOWERS)).tolist()
    numbers, last = [], 0
    for which in draw.integers(_FOLLOWERS, size=_GENERATED_LENGTH).tolist():
        last = followers[last][which]
        numbers.append(last)
    return np.array(numbers, np.int32)


def windows(name: str, source: str, numbers: np.ndarray, samples: tuple[int, int]) -> Dataset:
    """So many windows for training and for validation, inputs and targets int32 [n, context]."""
    cut = len(numbers) - len(numbers) // _VALIDATION_SHARE
    parts: list[np.ndarray] = []
    for part, count in zip((numbers[:cut], numbers[cut:]), samples, strict=True):
        last = len(part) - WIDTHS.context - 1
        starts = np.arange(count, dtype=np.int64) * last // max(1, count - 1)
        rows = np.lib.stride_tricks.sliding_window_view(part, WIDTHS.context + 1)[starts]
        parts += [np.ascontiguousarray(rows[:, :-1]), np.ascontiguousarray(rows[:, 1:])]
    return Dataset(name, source, *parts)
