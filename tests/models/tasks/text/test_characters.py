"""The characters to train on: where they come from, their numbers, their windows."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from likeforlike.models.contract.training.data import GENERATED, DataAsked, DataChoice, DataError
from likeforlike.models.tasks.text import characters
from likeforlike.models.tasks.text.characters import generated, load, locate, numbered, own_text, windows

VERSE = "Die linden Lüfte sind erwacht, sie säuseln und weben Tag und Nacht.\n" * 20


@pytest.fixture
def verse(tmp_path: Path) -> Path:
    path = tmp_path / "verse.txt"
    path.write_bytes(VERSE.encode())
    return path


def test_a_file_that_was_named_is_taken_whatever_else_was_asked(verse: Path) -> None:
    digest = hashlib.sha256(VERSE.encode()).hexdigest()
    for name in ("auto", "fashion-mnist", "synthetic"):
        found = locate(DataChoice(name, text_file=verse))
        assert found.name == f"verse.txt {digest[:8]}"
        assert found.source == f"{verse}, SHA-256 {digest}"
        assert found.path == verse


def test_what_comes_with_python_is_taken_where_nothing_was_named() -> None:
    path = own_text()
    if path is None:
        pytest.skip("this Python came without its topics")
    for name in ("auto", "fashion-mnist"):
        found = locate(DataChoice(name))
        assert found.path == path
        assert hashlib.sha256(path.read_bytes()).hexdigest() in found.source
    assert locate(DataChoice("synthetic")) == GENERATED


def test_without_it_characters_are_generated_or_a_file_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(characters, "PYTHON_S_OWN", "pydoc_data.left_out")
    assert own_text() is None
    found = locate(DataChoice("auto"))
    assert (found.name, found.path) == ("synthetic", None)
    assert found.source.startswith("generated, since this Python has no")
    with pytest.raises(DataError, match="name a text by --text"):
        locate(DataChoice("fashion-mnist"))
    monkeypatch.setattr(characters, "PYTHON_S_OWN", "no_such_package.topics")
    assert own_text() is None


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (None, "can't be read"),
        (b"x" * 329, "329 characters, expected 330 or more"),
        (b"x" * 400 + b"\xff" + b"x" * 400, "no UTF-8 at byte 400"),
    ],
)
def test_what_is_no_text_is_one_line(tmp_path: Path, content: bytes | None, what: str) -> None:
    path = tmp_path / "some.bin"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=what) as refused:
        locate(DataChoice("auto", text_file=path))
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_that_changes_during_a_run_is_refused(verse: Path) -> None:
    located = locate(DataChoice("auto", text_file=verse))
    asked = DataAsked(located.name, str(located.path), (5, 3))
    data = load(asked)
    assert (data.name, data.source) == (located.name, located.source)
    verse.write_text(VERSE + "!", "utf-8")
    with pytest.raises(DataError, match="has changed since the run began"):
        load(asked)


def test_the_most_frequent_characters_have_numbers_of_their_own() -> None:
    text = "".join(chr(0x100 + rank) * (200 - rank) for rank in range(120)) + "ba" * 300
    numbers = numbered(text)
    assert numbers.dtype == np.int32
    # of "a" and "b", as frequent, the one of the lower code point first
    assert numbers[-2:].tolist() == [1, 0]
    by_character = dict(zip(text, numbers.tolist(), strict=True))
    assert [by_character[chr(0x100 + rank)] for rank in range(93)] == list(range(2, 95))
    assert {by_character[chr(0x100 + rank)] for rank in range(93, 120)} == {95}


def test_targets_are_the_inputs_moved_on_by_one() -> None:
    numbers = np.arange(1000, dtype=np.int32)
    data = windows("n", "s", numbers, (50, 10))
    for inputs, targets, count in (
        (data.train_images, data.train_labels, 50),
        (data.validation_images, data.validation_labels, 10),
    ):
        assert inputs.shape == targets.shape == (count, 32)
        assert (inputs.dtype, targets.dtype) == (np.int32, np.int32)
        np.testing.assert_array_equal(np.diff(inputs, axis=1), 1)
        np.testing.assert_array_equal(targets, inputs + 1)
        assert np.ptp(np.diff(inputs[:, 0])) <= 1, "they begin evenly apart"
    assert (data.train_images[0, 0], data.train_labels[-1, -1]) == (0, 899)
    assert (data.validation_images[0, 0], data.validation_labels[-1, -1]) == (900, 999)


@pytest.mark.parametrize("samples", [(1, 1), (400, 300)])
def test_the_shortest_text_gives_as_many_windows_as_are_asked_for(samples: tuple[int, int]) -> None:
    data = windows("n", "s", np.arange(330, dtype=np.int32), samples)
    assert (len(data.train_images), len(data.validation_labels)) == samples
    assert data.train_labels.max() <= 296
    np.testing.assert_array_equal(data.validation_images, np.tile(np.arange(297, 329), (samples[1], 1)))


def test_generated_characters_are_the_same_each_time_and_can_be_learned() -> None:
    numbers = generated()
    np.testing.assert_array_equal(numbers, generated())
    assert len(np.unique(numbers)) > 80
    followers: dict[int, set[int]] = {}
    for one, other in zip(numbers[:-1].tolist(), numbers[1:].tolist(), strict=True):
        followers.setdefault(one, set()).add(other)
    assert max(map(len, followers.values())) <= 4
    data = load(DataAsked("synthetic", None, (7, 5)))
    assert (data.name, data.source) == ("synthetic", "generated")
    assert (len(data.train_images), len(data.validation_images)) == (7, 5)
    assert numbers.min() >= 0
    assert numbers.max() < 96
