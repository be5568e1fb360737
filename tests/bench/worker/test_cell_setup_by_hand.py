"""What happens around a cell and in which order, with a runtime and clocks that are made up."""

from __future__ import annotations

import operator
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from worker_line import spec

from likeforlike.bench.worker import cell_setup
from likeforlike.bench.worker.outcomes import CellFailed
from likeforlike.models.distributed.assignment import Assignment

STRATEGIES = "likeforlike.models.distributed.strategies"


class MadeUp:
    """A runtime, a processor's clock, and the complaints of either; notes what it is told."""

    def __init__(self) -> None:
        self.log: list[tuple[Any, ...]] = []
        self.now = 64.0
        self.unseen: str | None = None
        self.complaint: str | None = None

    def __getattr__(self, name: str) -> Any:
        return lambda *what: self.log.append((name, *what))

    def begun(self, name: str, threading: str) -> MadeUp:
        self.log.append(("runtime", name, threading))
        return self

    def gpu_complaint(self, chosen: Any, device: str, maker: str) -> str | None:
        self.log.append(("sees the GPU", device, maker))
        return self.unseen

    def thread_complaint(self, chosen: Any, threads: int) -> str | None:
        self.log.append(("holds the threads", threads))
        return self.complaint

    def load_factory(self, target: str) -> None:
        self.log.append(("import", target))
        self.now += 2.0

    def processor_seconds(self) -> float:
        return self.now

    def threads(self) -> int:
        return 3

    def version(self) -> str:
        return "1.2"

    def device_peak_bytes(self, device: str) -> tuple[str, str]:
        return "peak of", device


@pytest.fixture
def made(monkeypatch) -> MadeUp:
    found = MadeUp()
    given = {
        "runtime": found.begun,
        "gpu_complaint": found.gpu_complaint,
        "thread_complaint": found.thread_complaint,
        "processor_seconds": found.processor_seconds,
        "named_clock": found.named_clock,
        "refuse_replaced_clocks": found.refuse_replaced_clocks,
        "limit_blas_threads": found.limit_blas_threads,
        "blas_threads": lambda: {"openblas": 3},
        "pinned_to": lambda environ: set(),
        "resident_peak_bytes": lambda: 4096,
    }
    for name, stand_in in given.items():
        monkeypatch.setattr(cell_setup, name, stand_in)
    return found


@pytest.fixture
def imports(made, monkeypatch) -> None:
    monkeypatch.setattr(cell_setup, "load_factory", made.load_factory)


def shared(strategy: str = "mirrored", **more: Any) -> Any:
    axes = {"strategy": strategy, "workers": 3}
    return spec(workload="distributed", target="m:made", axes=axes, threads=4, **more)


class TestLoad:
    CONFIGURED = (
        ("named_clock", "time:perf_counter"),
        ("runtime", "numpy", "intra-op"),
        ("configure", "cpu:0", 1, "float32"),
        ("sees the GPU", "cpu:0", "a maker"),
    )

    @pytest.mark.usefixtures("imports")
    @pytest.mark.parametrize(("network", "targets"), [("", ["m:made"]), ("m:net", ["m:made", "m:net"])])
    def test_the_clock_is_taken_first_and_looked_at_last(self, made, network, targets):
        """An import takes two seconds of the processor."""
        seconds = cell_setup.load(spec(target="m:made", maker="a maker", network=network))
        assert seconds == 2.0 * len(targets)
        imported = [("import", target) for target in targets]
        assert made.log == [*self.CONFIGURED, *imported, ("refuse_replaced_clocks",)]

    @pytest.mark.usefixtures("imports")
    def test_a_device_that_is_not_seen_skips_the_cell_before_anything_is_imported(self, made):
        made.unseen = "built for processors alone"
        with pytest.raises(CellFailed) as failure:
            cell_setup.load(spec(target="m:made", maker="a maker"))
        assert (failure.value.outcome, failure.value.reason) == ("skipped", "built for processors alone")
        assert failure.value.device_unseen is True
        assert made.log == [*self.CONFIGURED]

    @pytest.mark.usefixtures("imports")
    def test_peers_are_connected_once_all_is_imported(self, made, monkeypatch):
        begun = []
        monkeypatch.setitem(sys.modules, STRATEGIES, SimpleNamespace(begin=begun.append))
        cell_setup.load(spec())
        assert begun == []
        cell = shared()
        cell_setup.load(cell)
        assert begun == [cell_setup.assignment_of(cell)]

    def test_what_a_target_names_is_returned(self):
        assert cell_setup.load_factory("operator:add") is operator.add

    @pytest.mark.parametrize("target", ["operator:nothing", "no_such_module_anywhere:f"])
    def test_what_can_not_be_imported_is_told_with_its_name(self, target):
        with pytest.raises(CellFailed) as failure:
            cell_setup.load_factory(target)
        assert failure.value.outcome == "import-error"
        assert failure.value.reason.startswith(f"{target}: ")


class TestAssignment:
    def test_of_a_training_that_is_divided(self):
        asked = {"recipe": {"name": "matched"}, "data": "own", "data_dir": "there", "samples": (8, 2)}
        assert cell_setup.assignment_of(shared("multi-worker", **asked)) == Assignment(
            "m:made", "multi-worker", 3, "cpu:0", 4, {"name": "matched"}, "own", "there", (8, 2)
        )

    def test_without_a_recipe(self):
        assert cell_setup.assignment_of(shared()).recipe == {}

    def test_of_no_other_cell(self):
        assert cell_setup.assignment_of(spec(axes={"strategy": "mirrored", "workers": 2})) is None

    @pytest.mark.parametrize(("strategy", "device"), [("mirrored", "cpu:2"), ("multi-worker", "cpu:0")])
    def test_the_processor_is_split_for_as_many_as_take_part(self, made, strategy, device):
        assert cell_setup.configured_runtime(shared(strategy)) is made
        assert made.log == [("runtime", "numpy", "intra-op"), ("configure", device, 4, "float32")]


class TestSettled:
    def test_what_is_set_and_told_in_this_order(self, made):
        chosen, facts = cell_setup.settled_runtime(spec(threads=3, asynchronous=True, device="gpu:0"))
        assert chosen is made
        assert made.log == [
            ("runtime", "numpy", "intra-op"),
            ("configure", "gpu:0", 3, "float32"),
            ("asynchronous", True),
            ("limit_blas_threads", 3),
            ("reset_device_peak", "gpu:0"),
            ("holds the threads", 3),
        ]
        threads = {"asked": 3, "framework": 3, "blas": {"openblas": 3}}
        assert facts == {"threads": threads, "framework_version": "1.2"}

    def test_threads_that_do_not_hold_fail_the_cell(self, made):
        made.complaint = "runs with 8 threads"
        with pytest.raises(CellFailed) as failure:
            cell_setup.settled_runtime(spec())
        assert (failure.value.outcome, failure.value.reason) == ("failed", "runs with 8 threads")

    def test_what_is_unusual_is_told_besides(self, made, monkeypatch):
        monkeypatch.setattr(cell_setup, "pinned_to", lambda environ: {5, 2, 3})
        _, facts = cell_setup.settled_runtime(spec(threading="inter-op"))
        assert made.log[0] == ("runtime", "numpy", "inter-op")
        assert (facts["threads"]["threading"], facts["threads"]["processors"]) == ("inter-op", [2, 3, 5])

    def test_memory(self, made):
        assert cell_setup.memory_facts(made, "gpu:0") == {
            "peak_memory_bytes": 4096,
            "device_peak_memory_bytes": ("peak of", "gpu:0"),
        }


class TestResidentPeak:
    STATUS = "Name:\tpython\nVmPeak:\t 9000 kB\nVmHWM:\t  300 kB\nVmRSS:\t  200 kB\n"

    @pytest.fixture
    def read(self, monkeypatch) -> list[str]:
        """Paths that were read; each holds ``STATUS``."""
        paths: list[str] = []

        def path(name: str) -> SimpleNamespace:
            paths.append(name)
            return SimpleNamespace(read_text=lambda: self.STATUS)

        monkeypatch.setattr(cell_setup, "Path", path)
        monkeypatch.setattr(cell_setup, "sys", SimpleNamespace(platform="linux"))
        return paths

    def test_is_the_high_water_mark_in_bytes(self, read):
        assert cell_setup.resident_peak_bytes() == 307200
        assert read == ["/proc/self/status"]

    def test_is_not_known_where_the_kernel_does_not_tell(self, read, monkeypatch):
        monkeypatch.setattr(type(self), "STATUS", "Name:\tpython\n")
        assert cell_setup.resident_peak_bytes() is None

    def test_is_read_on_linux_alone(self, read, monkeypatch):
        monkeypatch.setattr(cell_setup, "sys", SimpleNamespace(platform="darwin"))
        assert cell_setup.resident_peak_bytes() is None
        assert read == []
