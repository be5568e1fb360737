"""A machine's fingerprint: stable, plain, and the same for machines of one kind."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from copy import deepcopy

import pytest

from likeforlike.devices.machine import versions
from likeforlike.devices.machine.discovery import find_devices
from likeforlike.devices.machine.fingerprint import identify, identity, machine_fingerprint
from likeforlike.devices.vendors.makers import known_makers


def differences(mine, theirs):
    """What makes two machines two, by name: both values."""
    first, second = identity(mine), identity(theirs)
    names = {**first, **second}
    pairs = {name: (first.get(name), second.get(name)) for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


@pytest.fixture
def fingerprint(make_nvml, board):
    devices = find_devices(known_makers(nvidia=make_nvml(board())), environ={})
    return machine_fingerprint(devices, 2, {"python": "3.12.1", "tensorflow": "2.21.0"})


def test_it_holds_what_a_result_file_promises(fingerprint):
    wanted = {"id", "cpu", "memory_bytes", "gpus", "cuda", "versions", "blas", "threads", "precision_mode"}
    assert set(fingerprint) == wanted
    assert {"model", "usable_cores", "vector", "amx", "hertz"} <= set(fingerprint["cpu"])
    (gpu,) = fingerprint["gpus"]
    assert gpu["name"] == "NVIDIA A100-SXM4-80GB"
    assert (gpu["compute_capability"], gpu["driver"]) == ([8, 0], "550.54.15")
    assert (fingerprint["cuda"], fingerprint["threads"], fingerprint["precision_mode"]) == ("12.4", 2, "ieee")


def test_it_is_plain_json(fingerprint):
    assert json.loads(json.dumps(fingerprint, allow_nan=False)) == fingerprint


def test_the_id_is_twelve_hexadecimal_digits_and_survives_a_file(fingerprint):
    assert re.fullmatch("[0-9a-f]{12}", fingerprint["id"])
    assert identify(json.loads(json.dumps(fingerprint))) == fingerprint["id"]


def test_it_is_the_same_when_asked_again(make_nvml, board):
    def ask():
        return machine_fingerprint(find_devices(known_makers(nvidia=make_nvml(board())), environ={}), 2)

    assert ask() == ask()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("cpu", "model"), "another"),
        (("cpu", "usable_cores"), 999),
        (("gpus", 0, "driver"), "551"),
        (("gpus", 0, "name"), "NVIDIA H200"),
        (("versions", "tensorflow"), "2.18.0"),
        (("versions", "torch"), "2.9"),
        (("memory_bytes",), 2**40),
        (("blas",), ["mkl 2024"]),
        (("cuda",), "13.0"),
        (("threads",), 1),
        (("precision_mode",), "tf32"),
    ],
)
def test_what_is_identity_changes_the_id_and_is_named(fingerprint, path, value):
    other = _changed(fingerprint, path, value)
    assert identify(other) != fingerprint["id"]
    (name,) = differences(fingerprint, other)
    assert str(path[-1]).split("_bytes")[0] in name


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("gpus", 0, "uuid"), "GPU-another-board"),
        (("cpu", "hertz"), 1.0),
        (("cpu", "max_hertz"), 5e9),
        (("gpus", 0, "sm_clock_max_hertz"), 1.0),
        (("host",), "somewhere"),
    ],
)
def test_another_machine_of_the_same_kind_has_the_same_id(fingerprint, path, value):
    other = _changed(fingerprint, path, value)
    assert identify(other) == fingerprint["id"]
    assert differences(fingerprint, other) == {}


def test_a_few_pages_the_kernel_keeps_are_no_difference(fingerprint):
    fingerprint["memory_bytes"] = 64 * 2**30
    assert differences(fingerprint, _changed(fingerprint, ("memory_bytes",), 64 * 2**30 - 5_000_000)) == {}


def test_a_difference_says_both(fingerprint):
    other = _changed(fingerprint, ("versions", "tensorflow"), "2.18.0")
    assert differences(fingerprint, other) == {"versions.tensorflow": ("2.21.0", "2.18.0")}
    without = _changed(fingerprint, ("gpus",), [])
    assert differences(fingerprint, without)["gpus[0].name"] == ("NVIDIA A100-SXM4-80GB", None)


def test_a_fingerprint_of_any_origin_is_borne(fingerprint):
    assert differences({"gpus": "?", "cpu": None, "versions": 3}, {}) == {}
    assert differences({}, fingerprint)


def test_versions_are_read_without_importing_a_framework():
    code = (
        "import sys; from likeforlike.devices.machine.fingerprint import installed_versions; v = installed_versions();"
        "print('numpy' in v, [m for m in ('tensorflow', 'keras', 'torch', 'jax') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True []"


def _changed(fingerprint, path, value):
    other = deepcopy(fingerprint)
    place = other
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return other


def test_a_variable_that_changes_numpys_kernels_changes_no_machine():
    """What this machine is must not depend on the shell it was asked from."""
    asks = "import os; from likeforlike.devices.machine import fingerprint, discovery, versions"
    asks += "; print(fingerprint.machine_fingerprint(discovery.find_devices(environ={}), 2)['id'])"
    asks += "; print(versions.numpy_blas())"
    told = []
    for variable in ({}, {"OPENBLAS_CORETYPE": "Nehalem"}):
        environ = {name: value for name, value in os.environ.items() if name != "OPENBLAS_CORETYPE"}
        command = [sys.executable, "-c", asks]
        run = subprocess.run(command, env=environ | variable, capture_output=True, text=True, check=True)
        told.append(run.stdout.splitlines())
    assert told[0][0] == told[1][0]
    if "openblas" not in told[0][1] or told[0][1] == told[1][1]:
        pytest.skip("NumPy's BLAS is no OpenBLAS with several kernels")


def test_only_a_variable_of_numpys_own_blas_makes_another_process_look(monkeypatch):
    looked = []

    def run(*command, **options):
        looked.append(options["env"])
        raise OSError("not started here")

    monkeypatch.setattr(versions.subprocess, "run", run)
    monkeypatch.setattr(versions, "numpy_blas", lambda: ["openblas 0.3.29 SkylakeX"])
    assert versions.own_blas({"KMP_DUPLICATE_LIB_OK": "True", "MKL_CBWR": "AVX2"}) == versions.numpy_blas()
    assert versions.own_blas({"OPENBLAS_NUM_THREADS": "1"}) == versions.numpy_blas()
    assert looked == []
    assert versions.own_blas({"OPENBLAS_CORETYPE": "Nehalem", "HOME": "/"}) == versions.numpy_blas()
    assert ["OPENBLAS_CORETYPE" in environment for environment in looked] == [False]
