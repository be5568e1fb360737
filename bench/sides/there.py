"""Runs in a side's own interpreter: what its registry offers, what is installed, what source is measured."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import platform
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import msgspec

from likeforlike.bench.keep.source_code import code_digests
from likeforlike.devices.machine.versions import numpy_blas
from likeforlike.models.contract.implementation import Implementation
from likeforlike.models.registry import load_registry

_INSTALLED = ("site-packages", "dist-packages")
"""The folders that installers fill."""


def account(plugins: Iterable[str], further: Sequence[Implementation] = ()) -> dict[str, Any]:
    """What a side is, in plain JSON types.

    ``plugins`` are the modules that the command line names, ``further`` implementations of no registry.
    """
    registry = load_registry(tuple(plugins))
    registry = replace(registry, entries=(*registry.entries, *further))
    return {
        "python": platform.python_version(),
        "packages": packages(),
        "blas": numpy_blas(),
        "entries": [asdict(entry) for entry in registry.entries],
        "missing": [
            [entry.workload, entry.name, missing]
            for entry in registry.entries
            if (missing := entry.missing()) is not None
        ],
        "faults": [f"{fault.name}: {fault.error}" for fault in registry.faults],
        "code": code_digests(registry.entries, registry.declared.values()),
        "origins": origins(registry.entries),
    }


def packages() -> dict[str, str]:
    """Every installed distribution and its version; of two of one name the one that is imported.

    What a build has left in the folder that one stands in (``*.egg-info``) is not installed.
    """
    found: dict[str, str] = {}
    installed = [entry for entry in sys.path if Path(entry).name in _INSTALLED]
    for distribution in importlib.metadata.distributions(path=installed):
        name = distribution.metadata["Name"]
        if name:
            found.setdefault(name.lower().replace("_", "-"), distribution.version)
    return dict(sorted(found.items()))


def origins(entries: Iterable[Implementation]) -> dict[str, str]:
    """From which file the top-level package of each implementation comes."""
    found = {}
    for name in dict.fromkeys(entry.target.partition(":")[0].partition(".")[0] for entry in entries):
        with suppress(ImportError, ValueError):
            spec = importlib.util.find_spec(name)
            if spec is not None and spec.origin is not None:
                found[name] = str(Path(spec.origin).resolve())
    return found


def main() -> None:
    """``python -m likeforlike.bench.sides.there FILE FURTHER [PLUGIN ...]``: the account goes into FILE."""
    further = msgspec.json.decode(Path(sys.argv[2]).read_bytes(), type=list[Implementation])
    Path(sys.argv[1]).write_text(json.dumps(account(sys.argv[3:], further)), encoding="utf-8")


if __name__ == "__main__":
    main()
