"""The images to train on: Fashion-MNIST from the first place that has it, checked, or generated ones.

Finding and checking (:func:`locate`) is apart from reading (:func:`read`), so that a harness can fail
before anything runs; neither imports a framework.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import urllib.request
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from likeforlike.models.contract.training.data import DataError, Located
from likeforlike.models.contract.training.trainer import Dataset

DataChoice = Literal["auto", "fashion-mnist", "synthetic"]

# Of the idx files inside the gz files: Debian packs the same content anew, so that the gz files differ.
SHA256: Mapping[str, str] = {
    "train-images-idx3-ubyte.gz": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte.gz": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3-ubyte.gz": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte.gz": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}
DEBIAN_FOLDER = Path("/usr/share/datasets/fashion-mnist")
KERAS_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
PIXELS = 784
CLASSES = 10


GENERATED_SEED = 2020
"""Of generated data: the same for every run, so that runs differ by the recipe's seed alone."""


def keras_cache() -> Path:
    """The folder into which ``keras.datasets.fashion_mnist`` downloads."""
    home = Path(os.environ.get("KERAS_HOME") or os.path.join("~", ".keras"))
    try:
        home = home.expanduser()
    except RuntimeError:  # no home folder: Keras takes this one then
        home = Path("/tmp/.keras")
    return home / "datasets" / "fashion-mnist"


def download(url: str, target: Path, timeout_seconds: float = 30.0) -> None:
    """Fetch one file, whole or not at all. Raises OSError."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        with urllib.request.urlopen(url, timeout=timeout_seconds) as answer:
            part.write_bytes(answer.read())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def locate(
    choice: str,
    data_dir: Path | None = None,
    *,
    checksums: Mapping[str, str] = SHA256,
    cache: Path | None = None,
    debian: Path = DEBIAN_FOLDER,
    fetch: Callable[[str, Path], None] = download,
) -> Located:
    """Find the images and check their SHA-256; nothing is read into arrays.

    Looks in ``data_dir``, the Keras cache, Debian's package and, with none of these, at the Keras
    download, which fills the Keras cache. Raises :class:`DataError` for a file that is not what it
    should be, wherever it lies; for ``fashion-mnist`` also when no place has it.
    """
    if choice not in get_args(DataChoice):
        raise DataError(f"data {choice!r} is unknown: choose {', '.join(get_args(DataChoice))}")
    if choice == "synthetic":
        return Located("synthetic", "generated", None)
    if data_dir is not None:
        _check_folder(data_dir, checksums, "put the right file there, or leave the folder out")
        return Located("fashion-mnist", str(data_dir), data_dir)
    cache = cache or keras_cache()
    for folder in (cache, debian):
        if all((folder / name).exists() for name in checksums):
            _check_folder(folder, checksums, f"remove it ({_repair(folder == debian)})")
            return Located("fashion-mnist", str(folder), folder)
    failure = _download_missing(cache, checksums, fetch)
    if failure is None:
        return Located("fashion-mnist", f"{KERAS_URL} (kept in {cache})", cache)
    if choice == "auto":
        return Located("synthetic", f"generated, since Fashion-MNIST could not be had: {failure}", None)
    raise DataError(
        f"fashion-mnist is in none of the four places: no data folder given, not in the Keras cache {cache}, "
        f"not in {debian} (apt install dataset-fashion-mnist), and the download failed: {failure}"
    )


def read(
    located: Located,
    seed: int = GENERATED_SEED,
    train_samples: int = 60_000,
    validation_samples: int = 10_000,
) -> Dataset:
    """Images as float32 in [0, 1], flattened: the first of each kind, or as many generated ones.

    Raises :class:`DataError` if a file is no idx file of the expected shape.
    """
    if located.path is None:
        return generate(located.source, seed, train_samples, validation_samples)
    folder = located.path
    parts: list[np.ndarray] = []
    for part, count in (("train", train_samples), ("t10k", validation_samples)):
        pixels = _pixels(folder / f"{part}-images-idx3-ubyte.gz")
        labels = _labels(folder / f"{part}-labels-idx1-ubyte.gz")
        if len(pixels) != len(labels):
            raise DataError(
                f"{folder}: {part} has {len(pixels)} images and {len(labels)} labels; fetch both anew"
            )
        parts += [pixels[:count].astype(np.float32) / np.float32(255), labels[:count].astype(np.int32)]
    return Dataset(located.name, located.source, *parts)


def load_data(
    choice: str,
    data_dir: Path | None = None,
    seed: int = GENERATED_SEED,
    train_samples: int = 60_000,
    validation_samples: int = 10_000,
) -> Dataset:
    """Find, check and read in one go; see :func:`locate` and :func:`read`."""
    return read(locate(choice, data_dir), seed, train_samples, validation_samples)


def generate(source: str, seed: int, train_samples: int, validation_samples: int) -> Dataset:
    """Ten random sign patterns, one a class, faint under uniform noise; the same for the same seed."""
    generator = np.random.default_rng(seed)
    patterns = generator.choice(np.array([-0.05, 0.05], np.float32), size=(CLASSES, PIXELS))
    parts: list[np.ndarray] = []
    for samples in (train_samples, validation_samples):
        labels = generator.integers(CLASSES, size=samples, dtype=np.int32)
        images = generator.integers(256, size=(samples, PIXELS), dtype=np.uint8).astype(np.float32)
        images *= np.float32(0.9 / 255)
        images += np.float32(0.05) + patterns[labels]
        parts += [images, labels]
    return Dataset("synthetic", source, *parts)


def _repair(debian: bool) -> str:
    return "apt install --reinstall dataset-fashion-mnist" if debian else "it is then downloaded anew"


def _download_missing(
    cache: Path, checksums: Mapping[str, str], fetch: Callable[[str, Path], None]
) -> str | None:
    """Fill the Keras cache; say what failed, or None. Raises DataError for a file that is wrong."""
    try:
        for name in checksums:
            if not (cache / name).exists():
                fetch(KERAS_URL + name, cache / name)
    except (OSError, urllib.error.URLError) as error:
        return " ".join(str(error).split()) or type(error).__name__
    _check_folder(cache, checksums, "remove it (it is then downloaded anew)")
    return None


def _check_folder(folder: Path, checksums: Mapping[str, str], remedy: str) -> None:
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder; it should hold {', '.join(checksums)}")
    for name, expected in checksums.items():
        content = _unpack(folder / name, remedy)
        actual = hashlib.sha256(content).hexdigest()
        if actual != expected:
            raise DataError(
                f"{folder / name}: altered, or of another data set: SHA-256 of its content is "
                f"{actual[:12]}..., expected {expected[:12]}...; {remedy}"
            )


def _unpack(path: Path, remedy: str) -> bytes:
    """The content of a gz file. Raises DataError that names the file."""
    try:
        return gzip.decompress(path.read_bytes())
    except FileNotFoundError:
        raise DataError(f"{path}: missing; {remedy}") from None
    except EOFError:
        raise DataError(f"{path}: truncated at {path.stat().st_size} bytes; {remedy}") from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{path}: altered, or no gz file ({error}); {remedy}") from None
    except OSError as error:
        raise DataError(f"{path}: can't be read ({error.strerror}); {remedy}") from None


def _idx(path: Path, magic: int, dimensions: int) -> np.ndarray:
    """Unsigned bytes of an idx file: magic number, sizes as big-endian int32, then the values."""
    content = _unpack(path, "fetch it anew")
    head = 4 * (1 + dimensions)
    numbers = np.frombuffer(content[:head], ">i4")
    if len(numbers) != 1 + dimensions or numbers[0] != magic:
        raise DataError(f"{path}: no idx file of {dimensions} dimensions; fetch it anew")
    shape = tuple(int(number) for number in numbers[1:])
    if len(content) - head != int(np.prod(shape)):
        raise DataError(
            f"{path}: holds {len(content) - head} values where its head says {shape}; fetch it anew"
        )
    return np.frombuffer(content, np.uint8, offset=head).reshape(shape)


def _pixels(path: Path) -> np.ndarray:
    pixels = _idx(path, 0x803, 3)
    if pixels.shape[1] * pixels.shape[2] != PIXELS:
        raise DataError(f"{path}: images of {pixels.shape[1:]} pixels, expected (28, 28); fetch it anew")
    return pixels.reshape(-1, PIXELS)


def _labels(path: Path) -> np.ndarray:
    labels = _idx(path, 0x801, 1)
    if len(labels) and labels.max() >= CLASSES:
        raise DataError(f"{path}: label {labels.max()}, expected 0 to {CLASSES - 1}; fetch it anew")
    return labels
