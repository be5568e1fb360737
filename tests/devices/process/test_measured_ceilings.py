"""What a machine reaches: measured by processes that are made up, kept in a folder of the test's own."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace

import pytest

from likeforlike.devices.limits.bandwidths import MEBIBYTE, MEMORY
from likeforlike.devices.process.measured_ceilings import (
    Bandwidth,
    Rate,
    Wanted,
    best_bandwidths,
    best_of,
    keep,
    kept_file,
    lacking,
    measure,
    read_kept,
)
from likeforlike.devices.vendors.device import Device

CPU = Device("cpu", 0, "a processor")
RATE = Rate("cpu:0", "a processor", "float32", "numpy", 2e11, (2048, 2048, 2048))
WIDE = Bandwidth("cpu:0", "a processor", "numpy", 2e10, "a = b", 64 * MEBIBYTE)
QUIET = {"processor_ticks": {"wanted": 0, "stolen": 0, "all": 0}, "own_processor_seconds": 0.0}


def look(_device):
    return QUIET


def answering(answers):
    """A process for each framework, and what each was started with."""
    started = []

    def run(command, environment, seconds):
        started.append((command, environment))
        answer = answers[command[command.index("likeforlike.devices.process.best_rates") + 1]]
        if isinstance(answer, Exception):
            raise answer
        return answer

    return run, started


def told(rate, shape=(2048, 2048, 2048)):
    return json.dumps({"float32": {"flop_per_second": rate, "shape": list(shape)}})


def test_each_framework_is_asked_in_a_clean_process_of_its_own(monkeypatch):
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Prescott")
    run, started = answering({"numpy": told(2e11), "torch": told(3e11)})
    wanted = [Wanted(CPU, name, ("float32",)) for name in ("numpy", "torch")]
    rates, faults = measure(wanted, 2, 0.5, run, look)
    assert rates == [RATE, replace(RATE, framework="torch", flop_per_second=3e11)]
    assert faults == []
    command, environment = started[0]
    assert command[-5:] == ["numpy", "cpu:0", "2", "0.5", "float32"]
    assert "OPENBLAS_CORETYPE" not in environment
    assert environment["OPENBLAS_NUM_THREADS"] == "2"


@pytest.mark.parametrize(
    "answer", ["", "no JSON", "[]", '{"float32": {}}', subprocess.TimeoutExpired("x", 1), OSError("gone")]
)
def test_a_process_that_fails_costs_its_own_rate_alone(answer):
    run, _ = answering({"numpy": answer, "torch": told(3e11)})
    wanted = [Wanted(CPU, name, ("float32",)) for name in ("numpy", "torch")]
    rates, faults = measure(wanted, 2, 0.5, run, look)
    assert [rate.framework for rate in rates] == ["torch"]
    assert len(faults) == 1
    assert faults[0].startswith("numpy on cpu:0: ")


def test_what_was_measured_while_others_worked_is_not_taken():
    states = iter(
        [QUIET, {"processor_ticks": {"wanted": 900, "stolen": 0, "all": 1000}, "own_processor_seconds": 1.0}]
    )
    run, _ = answering({"numpy": told(2e11)})
    rates, faults = measure([Wanted(CPU, "numpy", ("float32",))], 2, 0.5, run, lambda _: next(states))
    assert rates == []
    assert "other programs used" in faults[0]


def test_what_is_kept_is_read_again_and_only_rises(tmp_path):
    path = kept_file("abc", {"XDG_CACHE_HOME": str(tmp_path)})
    assert path == tmp_path / "likeforlike" / "ceilings" / "abc.json"
    keep(path, [RATE])
    keep(path, [replace(RATE, flop_per_second=1e11), replace(RATE, framework="torch", flop_per_second=1e11)])
    assert read_kept(path) == [RATE, replace(RATE, framework="torch", flop_per_second=1e11)]
    assert best_of(read_kept(path)) == {("cpu:0", "float32"): RATE}
    assert [file.name for file in path.parent.iterdir()] == ["abc.json"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"rates": [{"device": 1}]}', '{"rates": 5}'])
def test_a_cache_that_is_torn_keeps_nothing(tmp_path, text):
    path = tmp_path / "abc.json"
    path.write_text(text)
    assert read_kept(path) == []


def test_a_cache_that_cannot_be_written_is_no_fault(tmp_path):
    (tmp_path / "file").write_text("")
    assert keep(tmp_path / "file" / "abc.json", [RATE]) == [RATE]


def test_only_what_is_lacking_is_measured():
    wanted = [Wanted(CPU, "numpy", ("float32", "float64")), Wanted(CPU, "torch", ("float32",))]
    assert lacking(wanted, [RATE]) == [Wanted(CPU, "numpy", ("float64",)), wanted[1]]
    other = replace(CPU, name="another processor")
    assert lacking([Wanted(other, "numpy", ("float32",))], [RATE])


def test_memory_is_asked_for_like_a_precision_and_kept_beside_the_rates(tmp_path):
    answer = {"memory": {"bytes_per_second": 2e10, "what": "a = b", "vector_bytes": 64 * MEBIBYTE}}
    run, started = answering({"numpy": json.dumps(json.loads(told(2e11)) | answer)})
    wanted = [Wanted(CPU, "numpy", ("float32", MEMORY))]
    measured, faults = measure(wanted, 2, 0.5, run, look)
    assert (measured, faults) == ([RATE, WIDE], [])
    assert started[0][0][-2:] == ["float32", "memory"]
    path = tmp_path / "k.json"
    keep(path, measured)
    slower = replace(WIDE, framework="torch", bytes_per_second=1e10)
    assert keep(path, [replace(WIDE, bytes_per_second=1e9), slower]) == [RATE, WIDE, slower]
    assert read_kept(path) == [RATE, WIDE, slower]
    assert best_bandwidths(read_kept(path)) == {"cpu:0": WIDE}
    assert best_of(read_kept(path)) == {("cpu:0", "float32"): RATE}
    assert lacking(wanted, [RATE]) == [Wanted(CPU, "numpy", (MEMORY,))]
    assert lacking(wanted, [RATE, WIDE]) == []


def test_what_an_older_version_kept_has_rates_alone(tmp_path):
    path = tmp_path / "k.json"
    shape = {"shape": [2048, 2048, 2048], "flop_per_second": 2e11, "framework": "numpy"}
    place = {"device": "cpu:0", "device_name": "a processor", "precision": "float32"}
    path.write_text(json.dumps({"rates": [shape | place]}))
    assert read_kept(path) == [RATE]


def test_a_longer_search_says_who_found_it():
    found = replace(RATE, found_by="likeforlike peak")
    assert found.reached.source == "2048 x 2048 x 2048 by numpy, found by likeforlike peak"
    assert WIDE.reached.source == "a = b of vectors of 64 MiB by numpy"
