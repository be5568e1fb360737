"""What the registry knows of an implementation before it is loaded."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Division = Literal["default", "tuned"]

Role = Literal["contestant", "floor"]
"""What others are compared with is either measured for its own sake, or as a bound that none can pass."""

_INSTALL = {"torch": "pip install 'likeforlike[torch]'", "jax": "pip install 'likeforlike[jax]'"}
_SPLIT_THE_CPU = ("tensorflow", "jax")
"""Frameworks that can be given further logical CPUs; the others have ``cpu:0`` alone."""
_TF32_CAPABILITY = (8, 0)
"""Ampere, the first with TF32: NVIDIA, CUDA C++ Programming Guide, arithmetic by compute capability."""


@dataclass(frozen=True)
class Implementation:
    """One interchangeable way to do a workload; loaded only when it runs.

    A plug-in module offers its own as a module attribute ``IMPLEMENTATIONS``, a sequence of these.
    """

    name: str
    workload: str
    framework: str
    """The package whose threads, devices and memory it uses: tensorflow, torch, jax or numpy."""
    summary: str
    target: str
    """``module:attribute`` of the factory; imported only inside the worker."""
    division: Division = "default"
    needs: tuple[str, ...] = ()
    """Importable names that must be installed."""
    install: str = ""
    """What to type when one of them is missing; empty: the extra or package of its framework."""
    environment: tuple[tuple[str, str], ...] = ()
    """Set in the worker before any import, such as ``KERAS_BACKEND``."""
    device_kinds: tuple[str, ...] = ("cpu", "gpu")
    dtypes: tuple[str, ...] = ()
    """Precision modes it can do, where the workload has them as an axis; empty: all of the workload's."""
    dtypes_reason: str = ""
    """Why it can do no others; shown where it is asked for one."""
    role: Role = "contestant"
    """``floor``: alone that part of the work that none can do without; the fastest of a round bounds it."""
    origin: str = "likeforlike"
    """The distribution or module that registered it."""

    def missing(self) -> str | None:
        """Say what is not installed and how to install it; None if nothing is missing. Imports nothing."""
        absent = [name for name in self.needs if not _importable(name)]
        if not absent:
            return None
        remedy = self.install or _INSTALL.get(self.framework) or f"pip install {' '.join(absent)}"
        return f"{', '.join(absent)} not installed: {remedy}"

    def load(self) -> Any:
        """Import and return the factory that ``target`` names."""
        module, _, attribute = self.target.partition(":")
        return getattr(importlib.import_module(module), attribute)


def unsupported(
    entry: Implementation,
    device: str,
    axes: Mapping[str, Any],
    compute_capability: tuple[int, int] | None = None,
) -> str | None:
    """Say why an implementation can't do a cell at all, in one line; None if it can. Imports nothing.

    ``device`` is a kind or a device of it: ``cpu``, ``cpu:1``, ``gpu:0``. ``compute_capability`` is the
    GPU's, where it is known.
    """
    kind, _, number = device.partition(":")
    if kind not in entry.device_kinds:
        return f"{entry.name} runs on {' and '.join(entry.device_kinds)} only, not on {device}"
    if kind == "cpu" and int(number or 0) > 0 and entry.framework not in _SPLIT_THE_CPU:
        return f"{entry.framework} can't split the processor: it has cpu:0 only, not {device}"
    return _unsupported_dtype(entry, kind, axes.get("dtype"), compute_capability)


def _unsupported_dtype(
    entry: Implementation, kind: str, dtype: str | None, compute_capability: tuple[int, int] | None
) -> str | None:
    if dtype is None:
        return None
    if dtype == "tf32" and kind != "gpu":
        return f"tf32 is a precision mode of GPUs: there is none on {kind}"
    if entry.dtypes and dtype not in entry.dtypes:
        reason = f": {entry.dtypes_reason}" if entry.dtypes_reason else ""
        return f"{entry.name} has no {dtype}, only {', '.join(entry.dtypes)}{reason}"
    if dtype == "tf32" and compute_capability is not None and compute_capability < _TF32_CAPABILITY:
        found = ".".join(map(str, compute_capability))
        return f"tf32 needs a GPU of compute capability 8.0 or newer, this one has {found}"
    return None


def _importable(name: str) -> bool:
    """Whether a top-level or dotted name could be imported; a missing parent package means no."""
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False
