"""Which code a run measured: digests of our own source and of each plug-in's, the same wherever it lies."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from likeforlike.models.contract.implementation import Implementation
from likeforlike.models.contract.workload import Workload
from likeforlike.models.registry import OURS

ROOMS = ("bench", "devices", "models", "reports/statistics")
"""Of our own packages those that a figure depends on; telling it otherwise changes none."""

DIGITS = 16


def code_digests(entries: Iterable[Implementation], workloads: Iterable[Workload] = ()) -> dict[str, str]:
    """``{"likeforlike": digest, module: digest, ...}``: ours, and the modules that plug-ins' offers name.

    A plug-in is its top-level package, whole, or its one module. One whose source can't be found is left out.
    """
    digests = {OURS: digest_of(_our_files())}
    every = list(entries)
    targets = [entry.target for entry in every if entry.origin != OURS]
    targets += [module for entry in every for module in entry.modules]
    targets += [workload.target for workload in workloads]
    for target in targets:
        name = target.partition(":")[0].partition(".")[0]
        if name != OURS and name not in digests:
            files = _files_of(name)
            if files:
                digests[name] = digest_of(files)
    return digests


def digest_of(files: Mapping[str, Path]) -> str:
    """Hexadecimal digits of SHA-256 over names and contents, in the order of names."""
    whole = hashlib.sha256()
    for name in sorted(files):
        content = files[name].read_bytes()
        whole.update(f"{name}\0{len(content)}\0".encode() + content)
    return whole.hexdigest()[:DIGITS]


def _our_files() -> dict[str, Path]:
    home = Path(str(sys.modules[OURS].__file__)).parent
    return {name: path for room in ROOMS for name, path in _below(home / room, room).items()}


def _files_of(module: str) -> dict[str, Path]:
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return {}
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return {}
    source = Path(spec.origin)
    if source.name != "__init__.py":
        return {source.name: source}
    return _below(source.parent, module)


def _below(folder: Path, name: str) -> dict[str, Path]:
    """Python files below a folder, links followed, by their names within it."""
    folder = folder.resolve()
    return {f"{name}/{path.relative_to(folder)}": path for path in sorted(folder.rglob("*.py"))}
