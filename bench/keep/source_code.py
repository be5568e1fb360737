"""Which code a run measured: digests of our own source and of each plug-in's, the same wherever it lies.

Of what is installed versions tell; of a plug-in that is, its own sources count all the same.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

from likeforlike.models.contract.implementation import Implementation
from likeforlike.models.contract.workload import Workload
from likeforlike.models.registry import OURS

ROOMS = ("bench", "devices", "models", "reports/statistics")
"""Of our own packages those that a figure depends on; telling it otherwise changes none."""

DIGITS = 16

SOURCES = frozenset(["py", "pyx", "pxd", "c", "cc", "cpp", "cxx", "cu", "cuh", "h", "hpp", "rs", "jl", "f90"])
"""Kinds of files that hold code; what is compiled from them is told apart, as it differs between machines."""

_INSTALLED = {"site-packages", "dist-packages"}


def code_digests(entries: Iterable[Implementation], workloads: Iterable[Workload] = ()) -> dict[str, str]:
    """``{"likeforlike": digest, module: digest, ...}``: ours, and the modules that plug-ins' offers name.

    A plug-in is its top-level package, whole, or its one module. Packages and modules beside it that it
    imports have digests of their own, ``helper (imported by mine)``, and so has each compiled module, by its
    bytes. What can't be found is left out.
    """
    digests = {OURS: digest_of(_our_files())}
    every = list(entries)
    targets = [entry.target for entry in every if entry.origin != OURS]
    targets += [module for entry in every for module in entry.modules]
    targets += [workload.target for workload in workloads]
    for target in targets:
        name = target.partition(":")[0].partition(".")[0]
        if name not in digests:
            digests |= {module: digest_of(files) for module, files in _files_by_module(name).items()}
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


def _files_by_module(plugin: str) -> dict[str, dict[str, Path]]:
    """A plug-in's files, and those of all modules of the same folder that they import, theirs too.

    By the names under which they are told; each compiled module is one.
    """
    folders = _homes_of(plugin)
    found: dict[str, dict[str, Path]] = {}
    left, seen = [plugin], {OURS}
    while left:
        module = left.pop()
        if module in seen:
            continue
        seen.add(module)
        for folder in folders:
            files = _files_in(folder, module)
            if files:
                told = plugin if module == plugin else f"{module} (imported by {plugin})"
                found[told] = {**found.get(told, {}), **files}
            if _INSTALLED & set(folder.parts):
                continue  # beside what is installed lies all else that is
            left += _imported(files.values())
            for name, path in _compiled_in(folder, module):
                found[f"{name} (compiled, imported by {plugin})"] = {path.name: path}
    return found


def _homes_of(module: str) -> list[Path]:
    """The folders in which a top-level package or module lies, several if it has no ``__init__.py``."""
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return []
    if spec is None:
        return []
    if spec.submodule_search_locations is not None:
        return [Path(folder).parent for folder in spec.submodule_search_locations]
    origin = Path(spec.origin or "")
    own = origin.suffix == ".py" or (_compiled_name(origin) and module not in sys.stdlib_module_names)
    return [origin.parent] if own else []


def _compiled_in(folder: Path, name: str) -> Iterator[tuple[str, Path]]:
    """Compiled modules of a package in that folder, or the one of that name, by their dotted names."""
    home = folder / name
    for path in sorted(home.rglob("*.*") if home.is_dir() else folder.glob("*.*")):
        own = _compiled_name(path) if path.is_file() else ""
        if own and home.is_dir():
            yield ".".join([*path.relative_to(folder).parent.parts, own]), path
        elif own == name:
            yield own, path


def _compiled_name(path: Path) -> str:
    """By which this Python imports a compiled module; empty of other files, and of another Python's."""
    stems = [path.name.removesuffix(suffix) for suffix in EXTENSION_SUFFIXES if path.name.endswith(suffix)]
    return next((stem for stem in stems if stem.isidentifier()), "")


def _files_in(folder: Path, name: str) -> dict[str, Path]:
    """Of a package or module in that folder; none where it has none of the name."""
    if (folder / name).is_dir():
        return _below(folder / name, name)
    source = folder / f"{name}.py"
    return {source.name: source} if source.is_file() else {}


def _imported(files: Iterable[Path]) -> Iterator[str]:
    """Top-level names that Python files import, wherever they do; of one that can't be read none."""
    for path in files:
        try:
            tree = ast.parse(path.read_bytes()) if path.suffix == ".py" else ast.Module([], [])
        except (SyntaxError, ValueError, OSError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                yield from (alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield node.module.partition(".")[0]


def _below(folder: Path, name: str) -> dict[str, Path]:
    """Files with code below a folder, links followed, by their names within it."""
    folder = folder.resolve()
    paths = (path for path in sorted(folder.rglob("*.*")) if path.suffix[1:] in SOURCES and path.is_file())
    return {f"{name}/{path.relative_to(folder)}": path for path in paths}
