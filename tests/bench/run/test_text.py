"""A text of one's own through the whole product: trained on, continued, told by name and digest, reported."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
from command import environment, read, run_bench

from likeforlike.models.contract.implementation import missing

VERSE = "Die linden Lüfte sind erwacht, sie säuseln und weben Tag und Nacht.\n" * 30
OPTIONS = (
    "--preset=smoke",
    "--workloads=text,generation",
    "--implementations=torch-loop,numpy",
    "--text=verse.txt",
    "--train-samples=256",
    "--epochs=2",
    "--launches=1",
    "--patience=0",
    "--benchmark-json=r.json",
)
pytestmark = pytest.mark.skipif(missing(("torch",)) is not None, reason=missing(("torch",)) or "")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a text and what was measured of it."""
    folder = tmp_path_factory.mktemp("text")
    (folder / "verse.txt").write_bytes(VERSE.encode())
    done = run_bench(folder, *OPTIONS)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_both_are_proven_and_the_text_is_told(folder: Path) -> None:
    document = read(folder / "r.json")
    found = {b["extra_info"]["cell"]: b["extra_info"] for b in document["benchmarks"]}
    trained = found["text-torch-loop-cpu:0-matched"]
    assert trained["verified"]["error"] <= trained["verified"]["tolerance"] == 1e-3
    assert trained["timed_calls"] == "proven"
    assert trained["parameters"] == 114_016
    digest = hashlib.sha256(VERSE.encode()).hexdigest()
    assert trained["data"] == {
        "name": f"verse.txt {digest[:8]}",
        "source": f"verse.txt, SHA-256 {digest}",
        "train_samples": 256,
        "validation_samples": 500,
    }
    continued = found["generation-numpy-cpu:0-1-float32"]
    assert continued["verified"]["error"] <= continued["verified"]["tolerance"] < 1e-4
    assert continued["timed_calls"] == "proven"
    assert continued["items"] == 32


def test_a_report_speaks_of_characters_and_of_no_images(folder: Path) -> None:
    report = [sys.executable, "-m", "likeforlike", "report", "r.json", "--output", "report"]
    subprocess.run(report, cwd=folder, env=environment(), check=True, capture_output=True)
    text = (folder / "report" / "report.md").read_text()
    assert "characters" in text
    assert "Fashion-MNIST" not in text
    assert "generated data" not in text


def test_a_text_that_is_not_there_is_one_line(folder: Path) -> None:
    done = run_bench(folder, *OPTIONS[:3], "--text=missing.txt", "--benchmark-json=none.json")
    assert done.returncode == 4, done.stdout + done.stderr
    assert "--text: missing.txt: can't be read (No such file or directory); name a text file" in done.stderr
    assert not (folder / "none.json").exists()
