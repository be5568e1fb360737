"""What around a measurement disturbs it."""

from __future__ import annotations

import pytest

from likeforlike.devices.check import surroundings
from likeforlike.devices.check.rows import Place
from likeforlike.devices.process.placement import inherited_by_workers

HERE = Place()
SETUP = {"governor": "performance", "blas_remark": None, "blas": "openblas", "numa_nodes_used": 1}


def environment(environ, frameworks=("numpy", "torch"), kinds=("cpu",)):
    variables = inherited_by_workers(environ)
    return surroundings.environment_rows(HERE, variables, frameworks, kinds, ["openblas 0.3"])


def test_a_variable_that_changes_figures_is_told():
    (row,) = environment({"OPENBLAS_CORETYPE": "Nehalem", "HOME": "/root"})
    assert row.verdict == "warn"
    assert row.found.startswith("OPENBLAS_CORETYPE=Nehalem makes OpenBLAS use")
    assert row.remedy == "unset OPENBLAS_CORETYPE, or likeforlike bench --clean-environment"


def test_a_variable_of_a_gpu_or_of_another_framework_is_none_here():
    environ = {"NVIDIA_TF32_OVERRIDE": "1", "XLA_FLAGS": "--xla_cpu_enable_fast_math=true"}
    (row,) = environment(environ)
    assert row.verdict == "good"
    assert len(environment(environ, ("jax",), ("gpu",))) == 2


@pytest.mark.parametrize(
    ("changed", "verdicts"),
    [
        ({}, ["good", "good"]),
        ({"governor": "powersave"}, ["warn", "good"]),
        ({"governor": None, "blas": None}, ["not measurable", "good"]),
        ({"blas_remark": "NumPy's OpenBLAS uses its kernels for Nehalem"}, ["good", "warn"]),
        ({"numa_nodes_used": 2}, ["good", "good", "warn"]),
    ],
)
def test_the_set_up(changed, verdicts):
    assert [row.verdict for row in surroundings.setup_rows(HERE, SETUP | changed)] == verdicts


def test_memory_and_company():
    assert surroundings.memory_row(HERE, 3 * 2**30).verdict == "good"
    assert surroundings.memory_row(HERE, 2**30).verdict == "warn"
    assert surroundings.quiet_row(HERE, None, []).verdict == "good"
    row = surroundings.quiet_row(HERE, "gpu:0 is busy: 1 other process on the GPU", ["20 % stolen"])
    assert (row.verdict, row.found) == ("warn", "busy: 1 other process on the GPU; 20 % stolen")
    assert surroundings.quiet_row(HERE, None, ["GPU throttled: hot"]).verdict == "good"
