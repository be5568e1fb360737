"""Of what an identity is made, field by field, and the id of it."""

from __future__ import annotations

import hashlib

import pytest

from likeforlike.devices.limits.identity import identify, identity

GIB = 1_073_741_824
NOTHING = {
    "cpu.model": None,
    "cpu.usable_cores": None,
    "cpu.vector": None,
    "cpu.amx": None,
    "memory_gibibytes": None,
    "cuda": None,
    "blas": None,
    "threads": None,
    "precision_mode": None,
}
MACHINE = {
    "cpu": {"model": "m", "usable_cores": 2, "vector": "avx2", "amx": ("a", "b"), "max_hertz": 4e9},
    "memory_bytes": 7 * GIB + 400_000_000,
    "gpus": [
        {"name": "one", "driver": "1.2", "compute_capability": (8, 0), "memory_bytes": 80 * GIB, "uuid": "x"},
        {"name": "two"},
    ],
    "versions": {"numpy": "2", "jax": None},
    "cuda": "12.4",
    "blas": "openblas",
    "threads": 4,
    "precision_mode": "ieee",
    "host": "not part of it",
}


def test_every_field_and_no_other():
    """7 GiB and 400 MB are 7.37 GiB, told as 7."""
    assert identity(MACHINE) == {
        "cpu.model": "m",
        "cpu.usable_cores": 2,
        "cpu.vector": "avx2",
        "cpu.amx": ["a", "b"],
        "memory_gibibytes": 7,
        "gpus[0].name": "one",
        "gpus[0].driver": "1.2",
        "gpus[0].compute_capability": [8, 0],
        "gpus[0].memory_gibibytes": 80,
        "gpus[1].name": "two",
        "gpus[1].driver": None,
        "gpus[1].compute_capability": None,
        "gpus[1].memory_gibibytes": None,
        "versions.numpy": "2",
        "versions.jax": None,
        "cuda": "12.4",
        "blas": "openblas",
        "threads": 4,
        "precision_mode": "ieee",
    }


@pytest.mark.parametrize(
    "machine",
    [
        {},
        {"cpu": "x", "memory_bytes": "8", "gpus": {"0": 1}, "versions": [1]},
        {"gpus": None},
        {"gpus": "text"},
    ],
)
def test_what_is_not_told_or_nonsense_is_none(machine):
    assert identity(machine) == NOTHING


def test_a_gpu_of_another_type_still_counts():
    assert identity({"gpus": ("x",)}) == NOTHING | {
        "gpus[0].name": None,
        "gpus[0].driver": None,
        "gpus[0].compute_capability": None,
        "gpus[0].memory_gibibytes": None,
    }


@pytest.mark.parametrize(
    ("size", "gibibytes"),
    [(GIB // 2 + 1, 1), (GIB // 2 - 1, 0), (1.4 * GIB, 1), (1.6 * GIB, 2), (None, None)],
)
def test_memory_is_told_to_the_nearest_gibibyte(size, gibibytes):
    assert identity({"memory_bytes": size})["memory_gibibytes"] == gibibytes


def test_the_id_is_the_beginning_of_a_digest_in_the_order_of_names():
    text = (
        '{"blas":null,"cpu.amx":null,"cpu.model":null,"cpu.usable_cores":null,"cpu.vector":null,"cuda":null,'
        '"memory_gibibytes":null,"precision_mode":null,"threads":2}'
    )
    found = identify({"threads": 2})
    assert found == hashlib.sha256(text.encode()).hexdigest()[:12]
    assert len(found) == 12
    versions = {"a": "1", "b": "2"}
    assert identify({"versions": versions}) == identify({"versions": dict(reversed(versions.items()))})
