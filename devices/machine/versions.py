"""Versions of what is installed, read without importing it, and the BLAS behind NumPy."""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import threadpoolctl

from likeforlike.devices.machine.environment import inherited, without_known

FRAMEWORK_DISTRIBUTIONS: Mapping[str, tuple[str, ...]] = {
    "tensorflow": ("tensorflow", "tensorflow-cpu", "tf-nightly"),
    "torch": ("torch",),
    "jax": ("jax",),
    "numpy": ("numpy",),
}
"""Names under which each framework is installed, the usual one first."""

OTHER_DISTRIBUTIONS = ("keras", "jaxlib", "scipy")
"""Distributions beside the frameworks that figures depend on."""


def installed_versions() -> dict[str, str]:
    """Python and every framework installed, read from their metadata without importing them."""
    found = {name: installed_version(names) for name, names in FRAMEWORK_DISTRIBUTIONS.items()}
    found |= {name: installed_version((name,)) for name in OTHER_DISTRIBUTIONS}
    versions = {name: version for name, version in sorted(found.items()) if version is not None}
    return {"python": platform.python_version(), **versions}


def numpy_blas() -> list[str]:
    """The BLAS that NumPy calls: name, version and the kernels it chose for this processor."""
    import numpy as np

    loaded = [library for library in threadpoolctl.threadpool_info() if library["user_api"] == "blas"]
    # Other packages load a BLAS of their own in time; the fingerprint must not change with that.
    home = Path(np.__file__).parent
    beside = [library for library in loaded if Path(library["filepath"]).parent.name == f"{home.name}.libs"]
    inside = [library for library in loaded if home in Path(library["filepath"]).parents]
    chosen = beside or inside or loaded
    return sorted({_describe_blas(library) for library in chosen})


def own_blas(environ: Mapping[str, str] | None = None) -> list[str]:
    """The BLAS that NumPy calls on this machine when no variable tells it otherwise.

    Kernels are chosen when the library is loaded: where a variable that sets this library is there, another
    process looks.
    """
    environment, found = os.environ if environ is None else environ, numpy_blas()
    settings = [item for item in inherited(environment) if item.variable.blas]
    if not any(
        item.touches("numpy", "cpu", blas=found) for item in settings if "_NUM_THREADS" not in item.name
    ):
        return found
    looks = f"import json; from {__name__} import numpy_blas; print(json.dumps(numpy_blas()))"
    clean = without_known(environment) | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-P", "-c", looks]
    with contextlib.suppress(OSError, subprocess.SubprocessError, ValueError):
        told = subprocess.run(command, env=clean, capture_output=True, text=True, timeout=60, check=True)
        return list(json.loads(told.stdout))
    return found


def _describe_blas(library: Mapping[str, Any]) -> str:
    parts = (library["internal_api"], library.get("version"), library.get("architecture"))
    return " ".join(str(part) for part in parts if part)


def installed_version(distributions: tuple[str, ...]) -> str | None:
    """The version of the first of these distributions that is installed; imports nothing."""
    for name in distributions:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            return importlib.metadata.version(name)
    return None
