"""What the registry knows of an implementation before it is loaded."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Division = Literal["default", "tuned"]

Role = Literal["contestant", "floor"]
"""What others are compared with is either measured for its own sake, or as a bound that none can pass."""

Threading = Literal["intra-op", "inter-op"]
"""Whether all threads work on one operation after the other, or each on operations of its own."""
THREADED_BETWEEN = ("tensorflow",)
"""Frameworks that can be told the second."""

_EXTRAS = {"tensorflow": "tensorflow", "tensorboard": "tensorflow", "torch": "torch", "jax": "jax"}
"""Which extra of ours brings an importable name."""
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
    network: str = ""
    """``module:attribute`` of the ``contract.training.network.Network`` that a loop is to
    train; empty: the trainer brings its own."""
    division: Division = "default"
    needs: tuple[str, ...] = ()
    """Importable names that must be installed, beside the framework itself."""
    install: str = ""
    """What to type when one of them is missing; empty: our extra that brings it, or its own name."""
    environment: tuple[tuple[str, str], ...] = ()
    """Set in the worker before any import, such as ``KERAS_BACKEND``."""
    device_kinds: tuple[str, ...] = ("cpu", "gpu")
    dtypes: tuple[str, ...] = ()
    """Precision modes it can do, where the workload has them as an axis; empty: all of the workload's."""
    dtypes_reason: str = ""
    """Why it can do no others; shown where it is asked for one."""
    threading: Threading = "intra-op"
    """What its framework's threads are for; ``inter-op`` of TensorFlow alone."""
    role: Role = "contestant"
    """``floor``: alone that part of the work that none can do without; the fastest of a round bounds it."""
    origin: str = "likeforlike"
    """The distribution or module that registered it."""
    modules: tuple[str, ...] = ()
    """Further modules whose source it is made of, beside that of ``target``."""
    ways: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Of a trainer: of each field of a recipe in ``contract.training.ways.WAYS`` the values
    that it honours, its own way first. It is never given another one, nor a field that it leaves out."""
    keras_network: str = ""
    """``module:attribute`` of the same network in Keras, for a recipe with ``layers="keras"``; empty: the
    trainer has it itself, or has none."""

    def missing(self) -> str | None:
        """Say what is not installed and how to install it; None if nothing is missing. Imports nothing."""
        own = (self.framework,) if self.framework in _EXTRAS else ()
        return missing(tuple(dict.fromkeys((*own, *self.needs))), self.install)

    def load(self) -> Any:
        """Import and return the factory that ``target`` names."""
        module, _, attribute = self.target.partition(":")
        return getattr(importlib.import_module(module), attribute)


def missing(needs: Sequence[str], install: str = "") -> str | None:
    """Say which of these importable names are not installed and how to install them; None if all are.

    ``install`` is what to type, where it is known better. Imports nothing.
    """
    absent = [name for name in needs if not importable(name)]
    return (
        f"{', '.join(absent)} not installed: {install or install_command(absent, needs)}" if absent else None
    )


def install_command(absent: Sequence[str], needs: Sequence[str] = ()) -> str:
    """``pip install`` of our extras that bring these names, and of the others by their own."""
    extras = {name: _EXTRAS[name] for name in absent if name in _EXTRAS}
    if "keras" in absent and "tensorflow" in needs:  # it brings Keras
        extras["keras"] = "tensorflow"
    ours = ",".join(dict.fromkeys(extras.values()))
    words = [f"'likeforlike[{ours}]'"] if ours else []
    return " ".join(["pip install", *words, *(name for name in absent if name not in extras)])


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
    if kind == "gpu" and entry.framework == "numpy":
        return f"{entry.name} runs on cpu only, not on {device}: NumPy knows no other device"
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


def importable(name: str) -> bool:
    """Whether a top-level or dotted name could be imported; a missing parent package means no.

    A folder without code of its own, such as a repository's ``torch/`` with experiments, does not count.
    """
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return False
    return spec is not None and spec.origin is not None
