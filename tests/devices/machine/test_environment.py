"""Inherited variables: which are on the list, what of them is recorded, and whose figures they touch."""

from __future__ import annotations

import pytest

from likeforlike.devices.machine.environment import MOST_CHARACTERS, inherited, known, shown, without_known
from likeforlike.devices.machine.known_variables import VARIABLES


def values(environ, replaced=()):
    return {item.name: item.value for item in inherited(environ, replaced)}


@pytest.mark.parametrize(
    "name",
    [
        "OPENBLAS_CORETYPE",
        "MKL_CBWR",
        "BLIS_ARCH_TYPE",
        "GOTO_THREADING",
        "VECLIB_MAXIMUM_THREADS",
        "ONEDNN_MAX_CPU_ISA",
        "DNNL_VERBOSE",
        "TF_ENABLE_ONEDNN_OPTS",
        "TF_XLA_FLAGS",
        "XLA_FLAGS",
        "XLA_PYTHON_CLIENT_ALLOCATOR",
        "JAX_DISABLE_JIT",
        "TORCH_COMPILE_DISABLE",
        "TORCHINDUCTOR_MAX_AUTOTUNE",
        "PYTORCH_CUDA_ALLOC_CONF",
        "NVIDIA_TF32_OVERRIDE",
        "CUDA_LAUNCH_BLOCKING",
        "CUBLAS_WORKSPACE_CONFIG",
        "CUDNN_LOGINFO_DBG",
        "OMP_PLACES",
        "KMP_BLOCKTIME",
        "GOMP_SPINCOUNT",
        "GLIBC_TUNABLES",
        "MALLOC_ARENA_MAX",
        "LD_PRELOAD",
        "PYTHONHASHSEED",
        "PYTHONMALLOC",
        "KERAS_MAX_EPOCHS",
    ],
)
def test_what_changes_speed_or_results_is_recorded_and_left_out_of_a_clean_environment(name):
    assert values({name: "1"}) == {name: "1"}
    assert without_known({name: "1", "HOME": "/h"}) == {"HOME": "/h"}


@pytest.mark.parametrize(
    "name",
    [
        "HOME",
        "PATH",
        "LD_LIBRARY_PATH",
        "CUDA_HOME",
        "AWS_SECRET_ACCESS_KEY",
        "TF_CONFIG",
        "PYTHONPATH",
        # on the list by their prefix, but they say what is there, as images for GPUs do
        "NCCL_VERSION",
        "CUDNN_VERSION",
        "PYTORCH_VERSION",
        "TORCH_CUDA_ARCH_LIST",
        "TORCH_HOME",
        "KERAS_HOME",
        # on the list by their prefix, but for what they may hold
        "JAX_API_TOKEN",
        "TORCH_HUB_PASSWORD",
        "PYTORCH_SIGNING_KEY",
    ],
)
def test_nothing_else_is_recorded_or_taken_away(name):
    assert values({name: "x"}) == {}
    assert without_known({name: "x"}) == {name: "x"}


def test_set_to_nothing_is_not_set():
    assert values({"LD_PRELOAD": "", "OMP_PLACES": " "}) == {}


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("/opt/someone/lib/libtcmalloc.so.4", "…/libtcmalloc.so.4"),
        ("/a/b.so:/c/d.so", "…/b.so:…/d.so"),
        (
            "--xla_dump_to=/home/someone/dump --xla_gpu_autotune_level=0",
            "--xla_dump_to=…/dump --xla_gpu_autotune_level=0",
        ),
        ("~someone/lib.so", "…/lib.so"),
        ("https://user:word@host/x", "https://…"),
        ("two\nlines\x1b[31m", "two lines [31m"),
        ("a" * 500, "a" * (MOST_CHARACTERS - 1) + "…"),
    ],
)
def test_a_value_is_shown_without_folders_hosts_and_control_characters(value, told):
    assert shown(value, exact=True) == told


def test_of_a_name_known_by_its_prefix_only_settings_are_shown():
    environ = {"JAX_LEVEL": "3", "JAX_MODE": "fast", "JAX_OTHER": "hunter2-hunter2", "JAX_LIST": "0,1"}
    assert values(environ) == {
        "JAX_LEVEL": "3",
        "JAX_LIST": "0,1",
        "JAX_MODE": "fast",
        "JAX_OTHER": "(not shown, 15 characters)",
    }


def of(name, value="1"):
    (item,) = inherited({name: value})
    return item


@pytest.mark.parametrize(
    ("name", "framework", "kind", "packages", "blas", "touches"),
    [
        ("OPENBLAS_CORETYPE", "numpy", "cpu", (), ["openblas 0.3.29 Haswell"], True),
        ("OPENBLAS_CORETYPE", "numpy", "cpu", (), ["mkl 2024.2"], False),
        ("OPENBLAS_CORETYPE", "numpy", "cpu", (), [], True),
        ("OPENBLAS_CORETYPE", "torch", "cpu", (), ["openblas 0.3.29 Haswell"], False),
        ("OPENBLAS_CORETYPE", "jax", "cpu", (), ["openblas 0.3.29 Haswell"], False),
        ("MKL_CBWR", "torch", "cpu", (), ["openblas 0.3.29 Haswell"], True),
        ("MKL_CBWR", "numpy", "cpu", (), ["openblas 0.3.29 Haswell"], False),
        ("XLA_FLAGS", "tensorflow", "cpu", (), [], True),
        ("XLA_FLAGS", "numpy", "cpu", (), [], False),
        ("CUBLAS_WORKSPACE_CONFIG", "torch", "cpu", (), [], False),
        ("CUBLAS_WORKSPACE_CONFIG", "torch", "gpu", (), [], True),
        ("KERAS_BACKEND", "tensorflow", "cpu", ("tensorflow", "keras"), [], True),
        ("KERAS_BACKEND", "tensorflow", "cpu", ("tensorflow",), [], False),
        ("LD_PRELOAD", "some-plug-in", "cpu", (), [], True),
    ],
)
def test_a_variable_touches_the_figures_that_depend_on_it(name, framework, kind, packages, blas, touches):
    assert of(name).touches(framework, kind, packages, blas) is touches


def test_a_row_that_an_earlier_row_hides_would_never_be_told():
    for position, variable in enumerate(VARIABLES):
        name = variable.pattern.removesuffix("*") + ("" if variable.exact else "X")
        first = next(row for row in VARIABLES if row.fits(name))
        assert first == VARIABLES[position], variable.pattern
        assert known(name) is variable, f"{variable.pattern} looks like a secret's name"


def test_the_sentence_says_what_the_variable_does():
    assert of("OPENBLAS_CORETYPE", "Haswell").sentence == (
        "OPENBLAS_CORETYPE=Haswell makes OpenBLAS use the kernels of another processor "
        "(changes speed and results)"
    )
