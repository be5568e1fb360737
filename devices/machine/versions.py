"""Versions of what is installed, read without importing it, and the BLAS behind NumPy."""

from __future__ import annotations

import contextlib
import importlib.metadata
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import threadpoolctl

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


def _describe_blas(library: Mapping[str, Any]) -> str:
    parts = (library["internal_api"], library.get("version"), library.get("architecture"))
    return " ".join(str(part) for part in parts if part)


def installed_version(distributions: tuple[str, ...]) -> str | None:
    """The version of the first of these distributions that is installed; imports nothing."""
    for name in distributions:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            return importlib.metadata.version(name)
    return None
