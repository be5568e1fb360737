"""Which fields of a fingerprint make a machine the machine it is, and the id made from them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

GIBIBYTE = 2**30


def identify(fingerprint: Mapping[str, Any]) -> str:
    """Twelve hexadecimal digits that are the same for the same kind of machine in the same set-up."""
    text = json.dumps(identity(fingerprint), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def identity(fingerprint: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that make the identity, flat.

    Not a GPU's uuid, so that two machines of one kind are one; not clocks, which the driver may change, nor
    caches, which older files don't tell; memory in whole GiB, since the kernel keeps a little for itself.
    """
    flat: dict[str, Any] = {}
    cpu = _mapping(fingerprint.get("cpu"))
    for name in ("model", "usable_cores", "vector", "amx"):
        flat[f"cpu.{name}"] = cpu.get(name)
    flat["memory_gibibytes"] = _gibibytes(fingerprint.get("memory_bytes"))
    gpus = fingerprint.get("gpus")
    for position, gpu in enumerate(gpus if isinstance(gpus, list | tuple) else ()):
        described = _mapping(gpu)
        for name in ("name", "driver", "compute_capability"):
            flat[f"gpus[{position}].{name}"] = described.get(name)
        flat[f"gpus[{position}].memory_gibibytes"] = _gibibytes(described.get("memory_bytes"))
    for name, version in _mapping(fingerprint.get("versions")).items():
        flat[f"versions.{name}"] = version
    for name in ("cuda", "blas", "threads", "precision_mode"):
        flat[name] = fingerprint.get(name)
    return {name: list(value) if isinstance(value, tuple) else value for name, value in flat.items()}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _gibibytes(value: Any) -> int | None:
    return round(value / GIBIBYTE) if isinstance(value, int | float) else None
