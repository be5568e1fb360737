"""Where people run it: no home folder, an ASCII terminal, a full disk, a hidden /proc. A line each, nothing lost."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from command import environment, read

from likeforlike.devices.process.measured_ceilings import keep, kept_file, read_kept
from likeforlike.models.tasks.fashion_mnist import keras_cache

SMOKE = ("bench", "--preset=smoke", "--implementations=numpy", "--workloads=matmul", "--no-measured-ceiling")
SMOKE += ("-k", "matmul or nothing")
HOMELESS = """
import os
import pwd

os.environ.pop("HOME", None)


def nobody(*_):
    raise KeyError("getpwuid(): uid not found")


pwd.getpwuid = nobody
"""


def run(folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "likeforlike", *words],
        cwd=folder, env={**environment(folder), **variables}, capture_output=True, text=True, timeout=900,
    )  # fmt: skip


def as_root_on_linux() -> bool:
    return sys.platform.startswith("linux") and os.geteuid() == 0 and shutil.which("mount") is not None


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 16 KiB: enough for a journal's first lines and no result file."""
    if not as_root_on_linux():
        pytest.skip("only root can mount a small disk")
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "none", str(disk)]).returncode != 0:
        pytest.skip("mounting is not allowed here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_user_without_a_home_folder(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(HOMELESS)
    options = [option for option in SMOKE if option != "--no-measured-ceiling"]
    done = run(tmp_path, *options, "--workloads=matmul,training", "--benchmark-json=r.json", XDG_CACHE_HOME="", KERAS_HOME="")  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert len(read(tmp_path / "r.json")["benchmarks"]) == 3


def test_what_lies_in_the_home_folder_lies_elsewhere_then(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless(path: Path) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "expanduser", homeless)
    path = kept_file("0123456789ab", {})
    assert path.is_absolute()
    assert str(os.getuid()) in str(path)
    assert keras_cache().is_absolute()
    assert keep(Path("/proc/no/such/folder"), []) == read_kept(Path("/proc/no/such/folder")) == []


def test_an_ascii_terminal(tmp_path: Path) -> None:
    options = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = run(tmp_path, *SMOKE, "--benchmark-json=r.json", **options)
    assert done.returncode == 0, done.stderr
    assert done.stdout.isascii()
    assert re.search(r"\d (us|ms|ns)", done.stdout)
    assert "\\xb5" not in done.stdout
    assert "\\u" not in done.stdout


def test_a_disk_that_fills_loses_no_figure(tmp_path: Path, small_disk: Path) -> None:
    (small_disk / "already").write_bytes(bytes(6 * 1024))
    done = run(tmp_path, *SMOKE, f"--benchmark-json={small_disk / 'r.json'}", TMPDIR=str(tmp_path))
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    assert "INTERNALERROR" not in done.stdout + done.stderr
    told = [line for line in done.stdout.splitlines() if "No space left" in line]
    assert [line.partition(":")[0] for line in told] == ["WARNING", "ERROR"]
    (kept,) = tmp_path.glob("likeforlike-*/r.json")
    assert str(kept) in told[-1]
    assert len(read(kept)["benchmarks"]) == 3
    assert not (small_disk / "r.json").exists()
    # whole lines or none
    assert (small_disk / "r.json.journal.jsonl").read_bytes().endswith(b"}\n")


def test_a_full_disk_is_refused_before_anything_is_measured(tmp_path: Path, small_disk: Path) -> None:
    with open(small_disk / "all of it", "wb", buffering=0) as file:
        assert file.write(bytes(65536)) == 16384
    done = run(tmp_path, *SMOKE, f"--benchmark-json={small_disk / 'r.json'}")
    assert done.returncode == 4
    (told,) = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("ERROR")]
    assert told.endswith("cannot be written: No space left on device; make room or name another file")


def test_a_hidden_proc(tmp_path: Path) -> None:
    if not as_root_on_linux() or subprocess.run(["unshare", "-m", "true"]).returncode != 0:
        pytest.skip("only root can hide /proc")
    words = [sys.executable, "-m", "likeforlike", *SMOKE, "--benchmark-json=r.json"]
    hidden = ["unshare", "-m", "sh", "-c", 'mount -t tmpfs none /proc && exec "$@"', "sh", *words]
    done = subprocess.run(
        hidden, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "NOTE: /proc can't be read: " in done.stdout
    figures = read(tmp_path / "r.json")["benchmarks"]
    assert len(figures) == 3
    for figure in figures:
        extra = figure["extra_info"]
        assert extra["peak_memory_bytes"] is None
        assert extra["state"]["after"]["own_processor_seconds"] is None
        assert extra["verified"]["error"] <= extra["verified"]["tolerance"]
