"""What the registry knows of an implementation before it is loaded."""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import dataclass
from typing import Any, Literal

Division = Literal["default", "tuned"]


@dataclass(frozen=True)
class Entry:
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
    """What to type when one of them is missing."""
    environment: tuple[tuple[str, str], ...] = ()
    """Set in the worker before any import, such as ``KERAS_BACKEND``."""
    device_kinds: tuple[str, ...] = ("cpu", "gpu")
    dtypes: tuple[str, ...] = ()
    """Precision modes it can do, where the workload has them as an axis; empty: all of the workload's."""
    origin: str = "likeforlike"
    """The distribution or module that registered it."""

    def missing(self) -> str | None:
        """Say what is not installed and how to install it; None if nothing is missing. Imports nothing."""
        absent = [name for name in self.needs if importlib.util.find_spec(name) is None]
        if not absent:
            return None
        remedy = f": {self.install}" if self.install else ""
        return f"{', '.join(absent)} not installed{remedy}"

    def load(self) -> Any:
        """Import and return the factory that ``target`` names."""
        module, _, attribute = self.target.partition(":")
        return getattr(importlib.import_module(module), attribute)
