from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from likeforlike.bench.keep.replay import ReplayClock, replay_samples, use_without_samples
from likeforlike.bench.keep.result_file import check_writable, plain, write_result
from likeforlike.bench.plan.asked.options import OptionError

SAMPLES = [0.1, 1e-9, 3.0000000000000004, 0.2 + 0.1, 7e5, 1e-17]


def test_samples_become_the_statistics_to_the_last_bit(
    benchmark: Any, request: pytest.FixtureRequest
) -> None:
    clock = ReplayClock()
    benchmark.disabled = False  # as it is where tests run in several processes
    benchmark._timer = clock  # what the marker's timer= does
    replay_samples(benchmark, clock, SAMPLES)
    assert benchmark.stats.stats.data == SAMPLES
    benchmark.stats.stats.data.clear()  # of no interest to the terminal


def test_a_cell_without_samples_leaves_no_record(benchmark: Any) -> None:
    use_without_samples(benchmark)
    assert benchmark.stats is None


def test_a_document_is_plain_json(tmp_path: Path) -> None:
    document = {
        "a": np.float32(1.5),
        2: (1, np.int64(3)),
        "nan": math.nan,
        "inf": [math.inf],
        "path": Path("x"),
        "t": True,
    }
    path = tmp_path / "r.json"
    write_result(path, document)
    assert json.loads(path.read_text()) == {
        "a": 1.5,
        "2": [1, 3],
        "nan": None,
        "inf": [None],
        "path": "x",
        "t": True,
    }
    assert plain(np.bool_(True)) is True


def test_a_write_that_fails_leaves_the_earlier_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "r.json"
    write_result(path, {"run": 1})

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        write_result(path, {"run": 2})
    assert json.loads(path.read_text()) == {"run": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["r.json"]


def test_a_folder_is_made_and_tried_before_the_run(tmp_path: Path) -> None:
    check_writable(tmp_path / "new" / "deep" / "r.json")
    assert (tmp_path / "new" / "deep").is_dir()
    with pytest.raises(OptionError, match="is a folder; name a file"):
        check_writable(tmp_path / "new")
    (tmp_path / "file").write_text("")
    with pytest.raises(OptionError, match="cannot write"):
        check_writable(tmp_path / "file" / "r.json")
