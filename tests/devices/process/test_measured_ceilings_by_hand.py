"""What was measured: which is the best, what is asked of a process, what is kept and what is not believed."""

from __future__ import annotations

import json
import subprocess
from dataclasses import asdict, replace

import pytest

from likeforlike.devices.limits.bandwidths import MEMORY, ReachedBandwidth
from likeforlike.devices.limits.ceilings import Reached
from likeforlike.devices.process import measured_ceilings
from likeforlike.devices.process.measured_ceilings import (
    Bandwidth,
    Rate,
    Wanted,
    best_bandwidths,
    best_of,
    better_of,
    keep,
    lacking,
    measure,
    read_kept,
    write_kept,
)
from likeforlike.devices.vendors.device import Device

CPU, OTHER = Device("cpu", 0, "a processor"), Device("cpu", 1, "a processor")
RATE = Rate("cpu:0", "a processor", "float32", "numpy", 2e11, (2, 3, 4))
WIDE = Bandwidth("cpu:0", "a processor", "numpy", 2e10, "a = b", 67_108_864)
QUIET = {"processor_ticks": {"wanted": 0, "stolen": 0, "all": 0}, "own_processor_seconds": 0.0}
PATH = {"PATH": "/usr/bin:/bin"}


def faster(item, figure, framework):
    field = "flop_per_second" if isinstance(item, Rate) else "bytes_per_second"
    return replace(item, framework=framework, **{field: figure})


class TestBest:
    def test_of_products_by_device_and_precision_and_of_two_as_good_the_first(self):
        rates = [
            WIDE,
            faster(RATE, 1e11, "torch"),
            RATE,
            faster(RATE, 2e11, "jax"),
            replace(RATE, device="cpu:1", flop_per_second=1e9),
            replace(RATE, precision="float64", flop_per_second=1e8),
            WIDE,
            replace(RATE, precision="float64", flop_per_second=1e7),
        ]
        assert best_of(rates) == {
            ("cpu:0", "float32"): RATE,
            ("cpu:1", "float32"): rates[4],
            ("cpu:0", "float64"): rates[5],
        }
        assert best_of([]) == {}

    def test_of_bandwidths_by_device_and_of_two_as_good_the_first(self):
        wide = [RATE, faster(WIDE, 1e10, "torch"), WIDE, faster(WIDE, 2e10, "jax")]
        wide.append(replace(WIDE, device="gpu:0"))
        assert best_bandwidths([*wide, faster(WIDE, 1e9, "tensorflow")]) == {"cpu:0": WIDE, "gpu:0": wide[4]}

    def test_of_each_framework_the_better_and_of_two_as_good_the_first(self):
        found = better_of(
            [
                RATE,
                WIDE,
                replace(RATE, shape=(5, 6, 7)),
                faster(RATE, 1e9, "torch"),
                faster(RATE, 1e10, "torch"),
                replace(WIDE, what="b · c"),
                replace(WIDE, device_name="another"),
                faster(WIDE, 1e9, "numpy"),
            ]
        )
        assert found == [RATE, WIDE, faster(RATE, 1e10, "torch"), replace(WIDE, device_name="another")]

    def test_as_the_judgement_takes_it(self):
        assert RATE.reached == Reached(2e11, "2 x 3 x 4 by numpy")
        assert WIDE.reached == ReachedBandwidth(2e10, "a = b of vectors of 64 MiB by numpy")


def test_what_is_lacking_by_device_name_framework_and_precision():
    wanted = [Wanted(CPU, "numpy", ("float32", "float64", MEMORY)), Wanted(OTHER, "numpy", ("float32",))]
    assert lacking(wanted, []) == wanted
    assert lacking(wanted, [RATE]) == [Wanted(CPU, "numpy", ("float64", MEMORY)), wanted[1]]
    assert lacking(wanted, [RATE, WIDE, replace(RATE, device="cpu:1")]) == [
        Wanted(CPU, "numpy", ("float64",))
    ]
    assert lacking(wanted[:1], [RATE, WIDE, replace(RATE, precision="float64")]) == []
    assert lacking(wanted[1:], [replace(RATE, device="cpu:1", device_name="another")]) == wanted[1:]
    assert lacking(wanted[1:], [replace(RATE, device="cpu:1", framework="torch")]) == wanted[1:]


def test_frameworks_that_are_installed(monkeypatch):
    class Runtime:
        def __init__(self, name):
            self.name = name

        def version(self):
            return None if self.name == "jax" else "1"

    monkeypatch.setattr(measured_ceilings, "FRAMEWORKS", ("numpy", "jax", "torch"))
    monkeypatch.setattr(measured_ceilings, "runtime", Runtime)
    assert measured_ceilings.installed_frameworks() == ("numpy", "torch")


class TestMeasure:
    """A process that is none: what it is started with, and what it says."""

    def measured(self, answer, wanted, look=lambda device: QUIET, **named):
        started = []

        def run(command, environment, seconds):
            started.append((command, environment, seconds))
            told = answer.pop(0)
            if isinstance(told, Exception):
                raise told
            return told

        return *measure(wanted, 3, run=run, look=look, **named), started

    def answer(self, **told):
        return json.dumps(told)

    def test_what_is_asked_and_how_long_it_may_take(self, monkeypatch):
        """120 s to start, and for each second of each precision 4 and 8 more to prepare: 120 + 12 · 0.5 · 2."""
        monkeypatch.setenv("OPENBLAS_CORETYPE", "Prescott")
        told = self.answer(
            float32={"flop_per_second": 2e11, "shape": [2, 3, 4]},
            memory={"bytes_per_second": 2e10, "what": "a = b", "vector_bytes": 67_108_864},
        )
        wanted = [Wanted(CPU, "numpy", ("float32", MEMORY))]
        rates, faults, [(command, environment, seconds)] = self.measured([told], wanted)
        assert (rates, faults, seconds) == ([RATE, WIDE], [], 132.0)
        assert command[-6:] == ["numpy", "cpu:0", "3", "0.5", "float32", "memory"]
        assert command[-7] == "likeforlike.devices.process.best_rates"
        assert "OPENBLAS_CORETYPE" not in environment
        assert environment["OPENBLAS_NUM_THREADS"] == "3"
        *_, [(command, _, seconds)] = self.measured(["{}"], [wanted[0]], seconds=2.0, module="other.search")
        assert (command[-7], command[-3], seconds) == ("other.search", "2.0", 168.0)

    def test_a_fault_is_told_once_and_costs_its_own_figures_alone(self):
        good = self.answer(float32={"flop_per_second": 3e11, "shape": [2, 3, 4]})
        wanted = [Wanted(CPU, "numpy", ("float32",)), Wanted(CPU, "numpy", ("float32",))]
        wanted += [Wanted(CPU, "torch", ("float32",))]
        rates, faults, _ = self.measured([OSError("no  such\nfile"), OSError("no such file"), good], wanted)
        assert rates == [faster(RATE, 3e11, "torch")]
        assert faults == ["numpy on cpu:0: no such file"]

    def test_of_a_long_fault_the_last_200_letters_and_of_a_silent_one_its_kind(self):
        wanted = [Wanted(CPU, "numpy", ("float32",))]
        text = "".join(chr(97 + n % 26) for n in range(300))
        assert self.measured([OSError(text)], wanted)[1] == [f"numpy on cpu:0: {text[100:]}"]
        assert self.measured([OSError()], wanted)[1] == ["numpy on cpu:0: OSError"]

    def test_a_disturbed_measurement_is_not_taken_and_says_why(self):
        """900 of 1000 ticks were wanted, this process used 1 s."""
        busy = {"processor_ticks": {"wanted": 900, "stolen": 0, "all": 1000}, "own_processor_seconds": 1.0}
        states = [QUIET, busy, QUIET, QUIET]
        good = self.answer(float32={"flop_per_second": 2e11, "shape": [2, 3, 4]})
        wanted = [Wanted(CPU, "jax", ("float32",)), Wanted(CPU, "numpy", ("float32",))]
        rates, faults, started = self.measured([good, good], wanted, lambda device: states.pop(0))
        assert rates == [RATE]
        assert len(faults) == 1
        assert faults[0].startswith("jax on cpu:0: ")
        assert len(started) == 2

    def test_without_a_process_of_the_test_s_own_one_is_started(self, monkeypatch):
        monkeypatch.setattr(measured_ceilings, "_run", lambda *told: "{}")
        assert measure([Wanted(CPU, "numpy", ("float32",))], 1, look=lambda device: QUIET) == ([], [])


class TestRun:
    def run(self, script, environment=PATH):
        return measured_ceilings._run(("sh", "-c", script), environment, 30.0)

    def test_the_last_line_of_what_is_printed(self):
        assert self.run("echo one; echo two; echo three") == "three"
        assert self.run("echo seen; echo unseen >&2") == "seen"
        assert self.run("true") == ""

    def test_its_environment_is_what_is_given_and_nothing_is_asked_of_the_terminal(self):
        assert self.run('echo "$MARK$HOME"; cat', {**PATH, "MARK": "m"}) == "m"

    def test_a_failure_raises(self):
        with pytest.raises(subprocess.CalledProcessError):
            self.run("echo 1; exit 3")


class TestKept:
    def test_it_is_written_whole_in_a_folder_that_is_made(self, tmp_path):
        path = tmp_path / "a" / "b" / "c.json"
        write_kept(path, iter([RATE, WIDE]))
        assert path.read_text() == json.dumps(
            {"rates": [asdict(RATE)], "bandwidths": [asdict(WIDE)]}, indent=1
        )
        write_kept(path, [WIDE])
        assert read_kept(path) == [WIDE]
        assert [file.name for file in path.parent.iterdir()] == ["c.json"]

    def test_what_cannot_be_written_leaves_what_was_there_and_nothing_else(self, tmp_path):
        path = tmp_path / "c.json"
        write_kept(path, [RATE])
        with pytest.raises(ValueError, match="JSON"):
            write_kept(path, [replace(RATE, flop_per_second=float("nan"))])
        assert read_kept(path) == [RATE]
        assert [file.name for file in tmp_path.iterdir()] == ["c.json"]

    @pytest.mark.parametrize(
        ("figure", "kept"),
        [
            (0.5, True),
            (0.0, False),
            (-0.5, False),
            (5, False),
            ("5", False),
            (None, False),
            (float("nan"), False),
        ],
    )
    def test_a_figure_is_a_fraction_above_0(self, tmp_path, figure, kept):
        """Of a bandwidth as of a rate."""
        path = tmp_path / "c.json"
        rate, wide = asdict(RATE) | {"flop_per_second": figure}, asdict(WIDE) | {"bytes_per_second": figure}
        path.write_text(json.dumps({"rates": [rate, asdict(RATE)], "bandwidths": [wide, asdict(WIDE)]}))
        found = read_kept(path)
        assert [item for item in found if item in (RATE, WIDE)] == [RATE, WIDE]
        assert len(found) == (4 if kept else 2)

    def test_it_is_written_only_where_something_is_better(self, tmp_path, monkeypatch):
        written = []
        write = measured_ceilings.write_kept

        def noted(path, every):
            written.append(list(every))
            write(path, every)

        monkeypatch.setattr(measured_ceilings, "write_kept", noted)
        path = tmp_path / "c.json"
        assert keep(path, [RATE]) == [RATE]
        assert keep(path, [faster(RATE, 1e11, "numpy")]) == [RATE]
        better = faster(RATE, 3e11, "numpy")
        assert keep(path, [better]) == [better]
        assert written == [[RATE], [better]]
        assert keep(path, []) == [better]
        assert len(written) == 2


def test_seconds_of_multiplying():
    assert measured_ceilings.SECONDS == 0.5
