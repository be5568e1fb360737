"""Whose the loaded libraries are, how far they go, and how many threads a group can share."""

from __future__ import annotations

import itertools

import pytest
import threadpoolctl

from likeforlike.devices.process import thread_pools
from likeforlike.devices.process.runtime import runtime, thread_complaint
from likeforlike.devices.process.thread_pools import built_for, default_threads, libraries_of, most_threads

SITE = "/venv/lib/python3.12/site-packages"
NUMPY = f"{SITE}/numpy.libs/libscipy_openblas64_-1.so"
SCIPY = f"{SITE}/scipy.libs/libscipy_openblas-2.so"
TORCH = f"{SITE}/torch/lib/libgomp.so.1"
SYSTEM = "/usr/lib/x86_64-linux-gnu/openblas-pthread/libopenblasp-r0.3.26.so"


def library(path: str, threads: int) -> dict:
    openmp = "gomp" in path
    return {
        "filepath": path,
        "user_api": "openmp" if openmp else "blas",
        "internal_api": "openmp" if openmp else "openblas",
        "num_threads": threads,
    }


def on_256_cores(*paths: str) -> list[dict]:
    """As threadpoolctl tells of them where 256 threads were asked for: OpenBLAS was built for 64."""
    return [library(path, 256 if "gomp" in path else 64) for path in paths]


@pytest.mark.parametrize(
    ("framework", "loaded", "own"),
    [
        ("numpy", [NUMPY, SCIPY, TORCH], [NUMPY]),
        ("torch", [NUMPY, SCIPY, TORCH], [TORCH]),
        ("tensorflow", [NUMPY, SCIPY, TORCH], []),
        ("jax", [NUMPY, SCIPY], []),
        # Debian's NumPy brings none; SciPy's wheel beside it does not become NumPy's
        ("numpy", [SYSTEM, SCIPY, TORCH], [SYSTEM]),
        ("numpy", ["/usr/lib/python3/dist-packages/numpy/linalg/lib.so"], ["/usr/lib/python3/dist-packages/numpy/linalg/lib.so"]),
        ("torch", [SYSTEM], []),
    ],
)  # fmt: skip
def test_whose_a_library_is(framework: str, loaded: list[str], own: list[str]) -> None:
    assert [one["filepath"] for one in libraries_of(framework, on_256_cores(*loaded))] == own


@pytest.mark.parametrize("framework", ["nobody", "torch", "tensorflow", "jax", "numpy"])
def test_on_256_cores_only_numpy_complains_of_numpy_s_blas(
    monkeypatch: pytest.MonkeyPatch, framework: str
) -> None:
    monkeypatch.setattr(threadpoolctl, "threadpool_info", lambda: on_256_cores(NUMPY, SCIPY, TORCH))
    switches = runtime(framework)
    if framework != "numpy":
        monkeypatch.setattr(type(switches), "threads", lambda self: 256)
    complaint = thread_complaint(switches, 256)
    if framework == "numpy":
        assert complaint == "256 threads asked for, but these use another number: numpy 64, openblas 64"
    else:
        assert complaint is None
        monkeypatch.setattr(type(switches), "threads", lambda self: 255)
        assert complaint != thread_complaint(switches, 256)


def test_an_entrant_s_own_pool_still_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threadpoolctl, "threadpool_info", lambda: [library(TORCH, 2), library(NUMPY, 9)])
    monkeypatch.setattr(type(runtime("torch")), "threads", lambda self: 4)
    told = thread_complaint(runtime("torch"), 4)
    assert told == "4 threads asked for, but these use another number: openmp 2"


@pytest.mark.parametrize(
    ("configuration", "bound"),
    [
        ("OpenBLAS 0.3.31.188.0  USE64BITINT DYNAMIC_ARCH NO_AFFINITY SkylakeX MAX_THREADS=64", 64),
        ("OpenBLAS 0.3.26 DYNAMIC_ARCH NO_AFFINITY Haswell MAX_THREADS=128", 128),
        ("OpenBLAS 0.3.26 DYNAMIC_ARCH NO_AFFINITY Haswell SINGLE_THREADED", None),
        ("", None),
    ],
)
def test_what_openblas_was_built_for(configuration: str, bound: int | None) -> None:
    assert built_for(configuration) == bound


def test_numpy_s_bound_is_where_its_blas_stops() -> None:
    """The library's word against its deed: asked for far more threads, it takes that many."""
    bound = most_threads("numpy")
    if bound is None:
        pytest.skip("this NumPy's BLAS names no bound")
    before = thread_pools.blas_threads(libraries=libraries_of("numpy"))
    try:
        threadpoolctl.threadpool_limits(limits=bound + 7)
        assert set(thread_pools.blas_threads(libraries=libraries_of("numpy")).values()) == {bound}
    finally:
        threadpoolctl.threadpool_limits(limits=max(before.values()))


def test_a_group_s_default_is_the_most_that_all_can_do() -> None:
    """Against every number of threads, tried."""
    most = {"numpy": 64, "jax": 256, "torch": None, "tensorflow": None}
    for count in range(1, len(most) + 1):
        for entrants in itertools.combinations(most, count):
            for usable in (1, 2, 63, 64, 65, 256, 257, 384):
                able = [n for n in range(1, usable + 1) if all((most[e] or n) >= n for e in entrants)]
                threads, by = default_threads(entrants, usable, most)
                assert threads == max(able)
                assert (by is None) == (threads == usable)
                assert by is None or most[by] == threads
