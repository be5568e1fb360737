from __future__ import annotations

import gzip
import hashlib
import struct
import subprocess
import sys
import urllib.error

import numpy as np
import pytest

from likeforlike.models.tasks import fashion_mnist as data_module
from likeforlike.models.tasks.fashion_mnist import (
    SHA256,
    DataError,
    generate,
    keras_cache,
    load_data,
    locate,
    read,
)

TRAIN, VALIDATION = 12, 5


def idx(array: np.ndarray) -> bytes:
    magic = 0x801 if array.ndim == 1 else 0x803
    return struct.pack(f">{1 + array.ndim}i", magic, *array.shape) + array.tobytes()


def contents(seed: int = 0) -> dict[str, bytes]:
    generator = np.random.default_rng(seed)
    files = {}
    for part, samples in (("train", TRAIN), ("t10k", VALIDATION)):
        pixels = generator.integers(256, size=(samples, 28, 28), dtype=np.uint8)
        files[f"{part}-images-idx3-ubyte.gz"] = idx(pixels)
        files[f"{part}-labels-idx1-ubyte.gz"] = idx(generator.integers(10, size=samples, dtype=np.uint8))
    return files


@pytest.fixture
def files():
    return contents()


@pytest.fixture
def checksums(files):
    return {name: hashlib.sha256(files[name]).hexdigest() for name in files}


@pytest.fixture
def write(files):
    def put(folder, without=()):
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            if name not in without:
                (folder / name).write_bytes(gzip.compress(content))
        return folder

    return put


@pytest.fixture
def places(tmp_path, checksums):
    """An empty cache, no Debian package, no network."""

    def refuse(url, target):
        raise urllib.error.URLError("no network")

    return {
        "checksums": checksums,
        "cache": tmp_path / "cache",
        "debian": tmp_path / "debian",
        "fetch": refuse,
    }


def test_images_are_flat_float32_in_0_to_1_and_labels_int32(tmp_path, files, places, write):
    found = read(locate("fashion-mnist", write(tmp_path / "given"), **places))
    pixels = np.frombuffer(files["train-images-idx3-ubyte.gz"], np.uint8, offset=16).reshape(TRAIN, 784)
    labels = np.frombuffer(files["t10k-labels-idx1-ubyte.gz"], np.uint8, offset=8)
    assert found.train_images.dtype == np.float32
    assert found.train_labels.dtype == np.int32
    np.testing.assert_allclose(found.train_images, pixels / 255, rtol=1e-6)
    np.testing.assert_array_equal(found.validation_labels, labels)
    assert found.name == "fashion-mnist"
    assert found.source == str(tmp_path / "given")


def test_the_first_images_can_do_for_a_quick_run(tmp_path, places, write):
    located = locate("fashion-mnist", write(tmp_path / "given"), **places)
    whole, cut = read(located), read(located, train_samples=3, validation_samples=2)
    np.testing.assert_array_equal(cut.train_images, whole.train_images[:3])
    np.testing.assert_array_equal(cut.train_labels, whole.train_labels[:3])
    np.testing.assert_array_equal(cut.validation_images, whole.validation_images[:2])
    assert len(cut.validation_labels) == 2


def test_data_dir_comes_before_the_cache_and_the_cache_before_debian(tmp_path, places, write):
    for folder in ("given", "cache", "debian"):
        write(tmp_path / folder)
    assert locate("auto", tmp_path / "given", **places).path == tmp_path / "given"
    assert locate("auto", None, **places).path == tmp_path / "cache"
    for file in (tmp_path / "cache").iterdir():
        file.unlink()
    assert locate("auto", None, **places).path == tmp_path / "debian"


def test_the_download_is_the_last_resort_and_fills_the_cache(tmp_path, files, places):
    asked = []

    def fetch(url, target):
        asked.append(url)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(gzip.compress(files[target.name]))

    places["fetch"] = fetch
    located = locate("auto", None, **places)
    assert sorted(asked) == sorted(data_module.KERAS_URL + name for name in files)
    assert located.path == places["cache"]
    assert read(located).train_images.shape == (TRAIN, 784)
    asked.clear()
    locate("auto", None, **places)
    assert asked == []


def test_a_download_that_brings_something_else_is_refused(tmp_path, places):
    other = contents(seed=1)

    def fetch(url, target):
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(gzip.compress(other[target.name]))

    places["fetch"] = fetch
    with pytest.raises(DataError, match="train-images-idx3-ubyte.gz: altered"):
        locate("auto", None, **places)


@pytest.mark.parametrize("choice", ["auto", "fashion-mnist"])
@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (lambda packed: packed[: len(packed) // 2], "truncated at"),
        (lambda packed: b"", "truncated at 0 bytes|altered"),
        (lambda packed: b"not gzip at all", "altered, or no gz file"),
        (lambda packed: gzip.compress(gzip.decompress(packed)[:-1]), "altered, or of another data set"),
        (
            lambda packed: gzip.compress(gzip.decompress(packed)[:-1] + b"\x03"),
            "altered, or of another data set",
        ),
    ],
)
def test_a_wrong_file_is_refused_by_name_in_one_line(tmp_path, places, write, choice, damage, complaint):
    folder = write(tmp_path / "given")
    write(places["cache"])  # a good copy elsewhere does not excuse it
    victim = folder / "t10k-labels-idx1-ubyte.gz"
    victim.write_bytes(damage(victim.read_bytes()))
    with pytest.raises(DataError, match=complaint) as caught:
        locate(choice, folder, **places)
    assert str(victim) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_of_data_dir_is_refused_by_name(tmp_path, places, write):
    folder = write(tmp_path / "given", without=["train-labels-idx1-ubyte.gz"])
    with pytest.raises(DataError, match=r"train-labels-idx1-ubyte\.gz: missing"):
        locate("auto", folder, **places)
    with pytest.raises(DataError, match="no such folder"):
        locate("auto", tmp_path / "nowhere", **places)


def test_an_altered_file_in_the_cache_is_not_skipped_over(tmp_path, places, write):
    write(places["cache"])
    write(places["debian"])
    (places["cache"] / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(b"junk"))
    with pytest.raises(DataError, match=r"cache.train-images-idx3-ubyte\.gz: altered.*downloaded anew"):
        locate("auto", None, **places)


def test_fashion_mnist_names_the_four_places_when_it_is_nowhere(places):
    with pytest.raises(DataError) as caught:
        locate("fashion-mnist", None, **places)
    text = str(caught.value)
    for place in ("data folder", str(places["cache"]), str(places["debian"]), "download failed"):
        assert place in text
    assert "no network" in text
    assert "\n" not in text


def test_auto_falls_back_to_generated_data_and_says_why(places):
    located = locate("auto", None, **places)
    assert located.name == "synthetic"
    assert "no network" in located.source
    assert read(located, seed=1, train_samples=30, validation_samples=10).name == "synthetic"


def test_an_unknown_choice_lists_the_known_ones():
    with pytest.raises(DataError, match=r"'mnist'.*auto, fashion-mnist, synthetic"):
        locate("mnist")


def test_generated_data_follow_from_the_seed_and_lie_in_0_to_1():
    first, again, other = (generate("", seed, 500, 100) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.train_images, again.train_images)
    assert not np.array_equal(first.train_images, other.train_images)
    assert first.train_images.shape == (500, 784)
    assert first.validation_images.shape == (100, 784)
    assert first.train_images.min() >= 0
    assert first.train_images.max() <= 1
    assert set(np.unique(first.train_labels)) <= set(range(10))


def test_generated_data_can_be_learned():
    data = generate("", 3, 4000, 500)
    centred = data.train_images - data.train_images.mean(axis=0)
    means = np.stack([centred[data.train_labels == label].mean(axis=0) for label in range(10)])
    scores = (data.validation_images - data.train_images.mean(axis=0)) @ means.T
    assert (scores.argmax(axis=1) == data.validation_labels).mean() > 0.9


def test_the_cache_is_where_keras_looks(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    assert keras_cache() == tmp_path / "datasets" / "fashion-mnist"
    monkeypatch.delenv("KERAS_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert keras_cache() == tmp_path / ".keras" / "datasets" / "fashion-mnist"


@pytest.mark.skipif(not data_module.DEBIAN_FOLDER.is_dir(), reason="dataset-fashion-mnist is not installed")
def test_the_real_data_set_passes_its_checksums():
    located = locate("fashion-mnist", data_module.DEBIAN_FOLDER)
    data = read(located)
    assert data.train_images.shape == (60_000, 784)
    assert data.validation_images.shape == (10_000, 784)
    assert np.bincount(data.train_labels).tolist() == [6000] * 10
    assert len(SHA256) == 4


def test_finding_data_imports_no_framework():
    code = (
        "import sys, likeforlike.models.tasks.fashion_mnist, likeforlike.models.tasks.mlp.implementations, likeforlike.models.contract.training.recipe\n"
        "likeforlike.models.tasks.fashion_mnist.load_data('synthetic', train_samples=10, validation_samples=10)\n"
        "print({'tensorflow', 'keras', 'torch', 'jax'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_load_data_passes_the_counts_on():
    data = load_data("synthetic", None, seed=4, train_samples=7, validation_samples=3)
    assert len(data.train_labels) == 7
    assert len(data.validation_labels) == 3
