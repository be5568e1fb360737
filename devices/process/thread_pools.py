"""Pools of threads in this process: which BLAS and OpenMP libraries are loaded, whose, how far they go."""

from __future__ import annotations

import contextlib
import ctypes
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import Any

import threadpoolctl

XLA_MOST_THREADS = 256
"""Threads of JAX's pool on the CPU at most: counted, with NPROC at 300 and at 600."""

_CONFIG_NAMES = tuple(
    f"{prefix}openblas_get_config{suffix}" for prefix in ("scipy_", "") for suffix in ("64_", "_64", "")
)
"""Under which names builds of OpenBLAS tell how they were configured."""


def blas_threads(
    user_api: str | None = None, libraries: Iterable[Mapping[str, Any]] | None = None
) -> dict[str, int]:
    """Threads of each BLAS and OpenMP library loaded, ``{"openblas": 2}``; the most if one is loaded twice.

    ``user_api`` narrows it to "blas" or "openmp", ``libraries`` to some of those that threadpoolctl finds.
    """
    counts: dict[str, int] = {}
    for library in threadpoolctl.threadpool_info() if libraries is None else libraries:
        if user_api in (None, library["user_api"]):
            name = library["internal_api"]
            counts[name] = max(counts.get(name, 0), library["num_threads"])
    return counts


def limit_blas_threads(threads: int) -> None:
    """Hold every BLAS and OpenMP library loaded so far to this many threads, until called again."""
    threadpoolctl.threadpool_limits(limits=threads)


def libraries_of(
    framework: str, libraries: Iterable[Mapping[str, Any]] | None = None
) -> list[Mapping[str, Any]]:
    """Those loaded that the framework calls: in its own folder, or beside it as a wheel's.

    A distribution's NumPy calls the system's BLAS: where none lies in a package's folder, it is NumPy's.
    """
    loaded = list(threadpoolctl.threadpool_info() if libraries is None else libraries)
    own = [library for library in loaded if _package_of(library["filepath"]) == framework]
    if own or framework != "numpy":
        return own
    return [
        library
        for library in loaded
        if library["user_api"] == "blas" and _package_of(library["filepath"]) is None
    ]


def _package_of(path: str) -> str | None:
    """The package that brought a library: ``.../site-packages/numpy.libs/libopenblas.so`` is numpy's."""
    parts = PurePath(path).parts
    for place in ("site-packages", "dist-packages"):
        if place in parts[:-1]:
            return parts[len(parts) - parts[::-1].index(place)].removesuffix(".libs")
    return None


def most_threads(framework: str) -> int | None:
    """Threads that a framework can work with at most, imported here or not; None where nothing bounds it."""
    if framework == "jax":
        return XLA_MOST_THREADS
    return numpy_most_threads() if framework == "numpy" else None


def numpy_most_threads() -> int | None:
    """What NumPy's OpenBLAS was built for; None for another BLAS, which has no such bound."""
    import numpy as np  # noqa: F401 - loads its BLAS

    controllers = threadpoolctl.ThreadpoolController().lib_controllers
    own = {library["filepath"] for library in libraries_of("numpy")}
    for library in controllers:
        if library.filepath in own and library.internal_api == "openblas":
            return built_for(_openblas_configuration(library.dynlib))
    return None


def built_for(configuration: str) -> int | None:
    """The bound in OpenBLAS's account of itself, ``... Haswell MAX_THREADS=64``; None if it names none."""
    found = re.search(r"MAX_THREADS=(\d+)", configuration)
    return int(found.group(1)) if found else None


def _openblas_configuration(library: Any) -> str:
    for name in _CONFIG_NAMES:
        with contextlib.suppress(AttributeError):
            told = getattr(library, name)
            told.restype = ctypes.c_char_p
            return (told() or b"").decode(errors="replace")
    return ""


def default_threads(
    frameworks: Sequence[str], usable: int, most: Mapping[str, int | None]
) -> tuple[int, str | None]:
    """Threads with which all of these frameworks can work, and the one that holds the others back.

    ``usable`` are the cores that may be used; ``most`` each framework's bound, by :func:`most_threads`.
    """
    bounds = {name: bound for name in frameworks if (bound := most.get(name)) is not None}
    least = min(bounds, key=lambda name: bounds[name], default=None)
    if least is None or bounds[least] >= usable:
        return usable, None
    return bounds[least], least
