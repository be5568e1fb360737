from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from models.training.data import SHA256, DataError, Located, locate, read

NAMES = tuple(SHA256)


def idx(magic: int, values: np.ndarray) -> bytes:
    """An idx file by its definition: magic number, sizes, values."""
    head = b"".join(int(number).to_bytes(4, "big") for number in (magic, *values.shape))
    return head + values.astype(np.uint8).tobytes()


def small_files() -> dict[str, bytes]:
    """The four files' contents for six training and three validation images."""
    draw = np.random.default_rng(1)
    files = {}
    for part, count in (("train", 6), ("t10k", 3)):
        files[f"{part}-images-idx3-ubyte.gz"] = idx(0x803, draw.integers(256, size=(count, 28, 28)))
        files[f"{part}-labels-idx1-ubyte.gz"] = idx(0x801, draw.integers(10, size=count))
    return files


CONTENTS = small_files()
CHECKSUMS = {name: hashlib.sha256(content).hexdigest() for name, content in CONTENTS.items()}


def fill(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in CONTENTS.items():
        (folder / name).write_bytes(gzip.compress(content))
    return folder


def offline(url: str, target: Path) -> None:
    raise OSError("no network")


@pytest.fixture
def look(tmp_path: Path) -> Callable[..., Located]:
    """``locate`` in folders of the test's own, without a network."""

    def locate_here(
        choice: str, data_dir: Path | None = None, fetch: Callable[[str, Path], None] = offline
    ) -> Located:
        places = {"cache": tmp_path / "cache", "debian": tmp_path / "debian"}
        return locate(choice, data_dir, checksums=CHECKSUMS, fetch=fetch, **places)

    return locate_here


def test_names_are_the_four_well_known_files() -> None:
    assert set(NAMES) == set(CONTENTS)


def test_places_in_order(tmp_path: Path, look: Callable[..., Located]) -> None:
    fetched: list[str] = []

    def fetch(url: str, target: Path) -> None:
        fetched.append(url)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(gzip.compress(CONTENTS[target.name]))

    assert look("auto", fetch=fetch).folder == tmp_path / "cache", "the download fills the Keras cache"
    assert sorted(url.rpartition("/")[2] for url in fetched) == sorted(NAMES)
    for path in (tmp_path / "cache").iterdir():
        path.unlink()
    assert look("fashion-mnist", fetch=fetch).folder == tmp_path / "cache"
    for path in (tmp_path / "cache").iterdir():
        path.unlink()
    fill(tmp_path / "debian")
    assert look("auto").folder == tmp_path / "debian"
    fill(tmp_path / "cache")
    assert look("auto").folder == tmp_path / "cache"
    assert look("auto", fill(tmp_path / "mine")).folder == tmp_path / "mine"


def test_pixels_and_labels_are_those_of_the_files(tmp_path: Path, look: Callable[..., Located]) -> None:
    data = read(look("fashion-mnist", fill(tmp_path / "mine")))
    raw = np.frombuffer(CONTENTS["train-images-idx3-ubyte.gz"][16:], np.uint8).reshape(6, 784)
    np.testing.assert_allclose(data.train_images, raw / 255.0, rtol=1e-6)
    assert data.train_images.dtype == np.float32
    assert data.train_labels.tolist() == list(CONTENTS["train-labels-idx1-ubyte.gz"][8:])
    assert data.validation_images.shape == (3, 784)
    assert data.name == "fashion-mnist"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda path: path.unlink(), "missing"),
        (lambda path: path.write_bytes(path.read_bytes()[:-20]), "truncated"),
        (lambda path: path.write_bytes(gzip.compress(CONTENTS[path.name][:-1] + b"\x07\x07")), "altered"),
        (lambda path: path.write_bytes(b"<html>moved</html>"), "altered, or no gz file"),
    ],
    ids=["missing", "truncated", "altered", "no gz"],
)
@pytest.mark.parametrize("choice", ["auto", "fashion-mnist"])
def test_a_wrong_file_in_the_folder_named_is_refused_by_name(
    tmp_path: Path,
    look: Callable[..., Located],
    name: str,
    spoil: Callable[[Path], None],
    complaint: str,
    choice: str,
) -> None:
    """Never trained on, and never passed over for another place."""
    mine = fill(tmp_path / "mine")
    fill(tmp_path / "debian")
    spoil(mine / name)
    with pytest.raises(DataError, match=complaint) as refusal:
        look(choice, mine)
    assert str(mine / name) in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("place", ["cache", "debian"])
def test_a_wrong_file_elsewhere_is_refused_too(
    tmp_path: Path, look: Callable[..., Located], place: str
) -> None:
    folder = fill(tmp_path / place)
    (folder / NAMES[0]).write_bytes(gzip.compress(b"something else"))
    with pytest.raises(DataError, match=NAMES[0]):
        look("auto")


def test_auto_falls_back_to_generated_images_and_says_why(look: Callable[..., Located]) -> None:
    located = look("auto")
    assert located.name == "synthetic"
    assert located.folder is None
    assert "no network" in located.source


def test_fashion_mnist_fails_and_names_the_four_places(tmp_path: Path, look: Callable[..., Located]) -> None:
    with pytest.raises(DataError) as refusal:
        look("fashion-mnist")
    for place in (
        "no data folder given",
        str(tmp_path / "cache"),
        str(tmp_path / "debian"),
        "download failed: no network",
    ):
        assert place in str(refusal.value)


def test_generated_images_have_the_shape_the_range_and_something_to_learn() -> None:
    data = read(Located("synthetic", "generated", None), seed=3, train_samples=500, validation_samples=200)
    assert data.train_images.shape == (500, 784)
    assert data.train_images.dtype == np.float32
    assert data.train_labels.dtype == np.int32
    assert data.train_images.min() >= 0
    assert data.train_images.max() <= 1
    means = np.stack([data.train_images[data.train_labels == c].mean(axis=0) for c in range(10)])
    nearest = ((data.validation_images[:, None] - means) ** 2).sum(axis=2).argmin(axis=1)
    assert (nearest == data.validation_labels).mean() > 0.5
    again = read(Located("synthetic", "generated", None), seed=3, train_samples=500, validation_samples=200)
    np.testing.assert_array_equal(data.train_images, again.train_images)


def test_a_file_whose_head_lies_about_its_length_is_refused(tmp_path: Path) -> None:
    folder = fill(tmp_path / "mine")
    content = bytearray(CONTENTS["train-labels-idx1-ubyte.gz"])
    content[4:8] = (7).to_bytes(4, "big")
    (folder / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(bytes(content)))
    with pytest.raises(DataError, match="train-labels"):
        read(Located("fashion-mnist", "", folder))
