"""The worker: each installed framework on this processor for real, and what it tells when something raises."""

from __future__ import annotations

import importlib.util

import pytest

from likeforlike.devices.check.attempts import attempt, read_facts
from likeforlike.devices.check.probes import worker
from likeforlike.devices.check.probes.precision import ERRORS
from likeforlike.devices.process.interpreter import module_command, same_imports
from likeforlike.devices.process.placement import worker_environment
from likeforlike.devices.vendors.device import Device

CPU = Device("cpu", 0, "this processor")


@pytest.mark.parametrize("framework", ["numpy", "tensorflow", "torch", "jax"])
def test_every_probe_answers_on_a_processor(framework):
    if importlib.util.find_spec(framework) is None:
        pytest.skip(f"{framework} is not installed")
    command = module_command(worker.__name__, framework, "cpu:0", "1")
    tried = attempt(command, same_imports() | worker_environment(CPU, 1), 300.0, 300.0)
    assert tried.fault == ""
    assert list(tried.facts) == ["start", *worker.PROBES, "end"]
    assert not [facts["error"] for facts in tried.facts.values() if facts.get("error")]
    assert tried.facts["placing"]["places"] == ["cpu:0"] * 3
    assert tried.facts["placing"]["complaint"] is None
    assert tried.facts["waiting"]["returns_early"] == (framework == "jax")
    errors = tried.facts["precision"]
    assert {"float32", "float64"} <= set(errors)
    assert all(ERRORS[precision][0] <= error <= ERRORS[precision][1] for precision, error in errors.items())
    assert tried.facts["product"]["flop_per_second"] > 0
    memory = tried.facts["memory"]
    assert memory["after_bytes"] - memory["before_bytes"] >= 0.9 * memory["held_bytes"]


@pytest.fixture
def told(monkeypatch, capsys):
    """What the worker tells in this process, of a framework whose probes are made up."""

    def run(start, probes):
        monkeypatch.setattr(worker, "end_with_parent", lambda parent: None)
        monkeypatch.setattr(worker, "start", lambda *_: start())
        monkeypatch.setattr(worker, "observe", lambda *_: probes())
        monkeypatch.setattr("sys.argv", ["worker", "torch", "cpu:0", "1"])
        worker.main()
        return read_facts(capsys.readouterr().out)

    return run


def raises():
    raise OSError("libcudart.so:\n  cannot open")


def test_a_probe_that_raises_costs_the_others_nothing(told):
    probes = dict.fromkeys(worker.PROBES, dict) | {"waiting": raises}
    facts = told(lambda: {"complaint": None}, lambda: probes)
    assert facts["waiting"] == {"error": "OSError: libcudart.so: cannot open"}
    assert list(facts) == ["start", *worker.PROBES, "end"]


def test_a_framework_that_cannot_be_imported_or_does_not_see_the_device_is_tried_no_further(told):
    assert told(raises, dict) == {"start": {"error": "OSError: libcudart.so: cannot open"}}
    unseen = {"complaint": "torch sees no GPU"}
    assert told(lambda: unseen, dict) == {"start": unseen}


def test_a_device_that_is_gone_when_it_is_used_is_the_first_probe_s_fault(told):
    facts = told(lambda: {"complaint": None}, raises)
    assert list(facts) == ["start", "memory"]
    assert facts["memory"]["error"]
