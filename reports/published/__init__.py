"""Published figures as result files; ``python -m reports NAME`` reads one by its name."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from reports.results import ResultFile, parse_results, read_results


def names() -> tuple[str, ...]:
    """The published files, by name."""
    folder = resources.files(__package__)
    return tuple(sorted(Path(item.name).stem for item in folder.iterdir() if item.name.endswith(".json")))


def read_named(name: str) -> ResultFile:
    """A result file by path, or a published one by name where there is no such path. Raises ResultError."""
    if name in names() and not Path(name).exists():
        content = resources.files(__package__).joinpath(f"{name}.json").read_bytes()
        return parse_results(content, name, name)
    return read_results(name)
