"""The interpreter of a side that is a source: this one or another, with that source first on its path."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from likeforlike.bench.plan.sides import Asked
from likeforlike.bench.sides.commits import Source
from likeforlike.bench.sides.harness_folder import foreign, our_folder
from likeforlike.devices.process.interpreter import Interpreter, present
from likeforlike.models.registry import OURS


def interpreter_of(asked: Asked, source: Source, python: str | None, folder: Path) -> Interpreter:
    """Python of an environment made for it, None: this one; with the source before what is installed.

    Whatever this process finds in the repository itself is looked for in the source, and not found where that
    lacks it. ``folder`` is an empty one, to be kept until the run has ended. Raises OptionError.
    """
    models = own_models(source)
    if python is None:
        found = present()
        if models is not None:
            found = replace(found, before=(str(our_folder(folder, models)), *found.before))
    else:
        found = foreign(asked, python, folder)
        if models is not None:
            found = replace(found, before=(str(our_folder(folder / "mixed", models)),))
    if source.folder != source.repository:
        found = replace(
            found,
            before=tuple(moved(found.before, source)),
            behind=tuple(moved(found.behind, source)),
            without=(str(source.repository),),
        )
    return replace(found, amid=tuple(import_folders(source.folder)))


def own_models(source: Source) -> Path | None:
    """The built-in implementations of a source that is our own; None where it is another project."""
    package = source.folder / OURS
    ours = (package / "bench" / "worker" / "__main__.py").exists()
    return package / "models" if ours and (package / "models" / "registry.py").exists() else None


def import_folders(folder: Path) -> list[str]:
    """Where a project's modules lie: as it says itself, in ``src``, or at its top."""
    where: list[str] = []
    try:
        told = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
        where = list(told["tool"]["setuptools"]["packages"]["find"]["where"])
    except (OSError, ValueError, KeyError, TypeError):
        pass  # it says nothing
    found = [folder / name for name in (*where, "src") if (folder / name).is_dir()]
    return list(dict.fromkeys(map(str, (*found, folder))))


def moved(paths: Iterable[str], source: Source) -> list[str]:
    """Folders of the repository as the source has them, without those that it lacks; others as they are."""
    kept = []
    for path in paths:
        whole = Path(path).resolve()
        if not whole.is_relative_to(source.repository) or whole.is_relative_to(Path(sys.prefix).resolve()):
            kept.append(path)
            continue
        there = source.folder / whole.relative_to(source.repository)
        kept += [str(there)] if there.exists() else []
    return kept
