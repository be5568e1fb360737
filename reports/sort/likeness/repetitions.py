"""Which files are repetitions of one run, so that their samples are one measurement.

Only what says so itself is: machine, set-up, commit, options and schema are the same. That a file does not
tell is no proof.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from likeforlike.reports.read.result_file import Cell, Commit, ResultFile
from likeforlike.reports.sort.likeness.setup_differences import setup_differences

ASKED_FOR = frozenset(
    {
        *(
            "workloads",
            "implementations",
            "devices",
            "sizes",
            "axes",
            "dtypes",
            "recipes",
            "ladder",
            "ladder_ways",
            "workers",
        ),
        *("strategies", "repeats", "plugins", "preset_name", "order_seed", "result_file"),
        *("data_dir", "text_file"),
        *("min_rounds", "max_seconds", "precision", "confidence", "resume", "retry_failed"),
        *("cell_timeout_seconds", "cell_memory_bytes"),
        *("epochs", "train_samples", "data", "timing"),  # each cell tells these itself, as its work
    }
)
"""Options that say which cells a run measured and how long, not how: two runs may differ in them."""

SHORT = 7
"""Digits of a commit that are shown."""


def unlike_files(first: ResultFile, second: ResultFile) -> str:
    """Why two files of one machine are no repetitions; empty if they are."""
    if first is second:
        return ""
    if first.plain or second.plain:
        told = dict.fromkeys(str(file.tool.name) for file in (first, second) if file.plain)
        return f"files of {' and '.join(told)} are never pooled"
    schemas = [file.header.schema_version if file.header else None for file in (first, second)]
    if schemas[0] != schemas[1]:
        return f"schema version {schemas[0]} and {schemas[1]}"
    sides = _unlike_sides(first, second)
    return (
        sides
        or _unlike_commits(first, second)
        or _unlike_options(first, second)
        or _unlike_setups(first, second)
    )


def _unlike_commits(first: ResultFile, second: ResultFile) -> str:
    mine, theirs = first.commit, second.commit
    if mine and theirs and mine.id != theirs.id:
        return f"commit {mine.id[:SHORT]} and {theirs.id[:SHORT]}"
    if first.run_id and first.run_id == second.run_id:
        return ""  # parts of one run
    codes = [file.header.code if file.header else {} for file in (first, second)]
    if all(codes):
        return _unlike_code(*codes)
    if mine is None or theirs is None:
        return "no commit says that the code is the same"
    if mine.dirty or theirs.dirty:
        return f"the code was changed since commit {mine.id[:SHORT]}"
    return ""


def _unlike_sides(first: ResultFile, second: ResultFile) -> str:
    """Which side of theirs is not the same in both, and in what."""
    mine, theirs = ({s.name: s for s in file.header.sides} if file.header else {} for file in (first, second))
    for name in {**mine, **theirs}:
        one, other = mine.get(name), theirs.get(name)
        if one is None or other is None:
            return f"side {name} is in one of them alone"
        told = [
            field
            for field in ("python", "packages", "variables", "revision", "code")
            if getattr(one, field) != getattr(other, field)
        ]
        if told:
            return f"side {name} has other {' and '.join(told)}"
    return ""


def _unlike_code(mine: Mapping[str, str], theirs: Mapping[str, str]) -> str:
    """Whose source differs, by the digests that both files tell."""
    unlike = [name for name in sorted({**mine, **theirs}) if mine.get(name) != theirs.get(name)]
    return f"the source code of {', '.join(unlike)}" if unlike else ""


def commit_text(commit: Commit | None) -> str:
    """``aaaaaaa``, ``aaaaaaa and changes since``; empty if not known."""
    if commit is None:
        return ""
    return commit.id[:SHORT] + (" and changes since" if commit.dirty else "")


def _unlike_options(first: ResultFile, second: ResultFile) -> str:
    mine, theirs = (_options(file) for file in (first, second))
    if (mine is None) != (theirs is None):
        return "one of them does not tell its options"
    names = sorted({**(mine or {}), **(theirs or {})})
    return _unlike(mine or {}, theirs or {}, names)


def _options(file: ResultFile) -> Mapping[str, Any] | None:
    options = file.header.options if file.header else None
    if options is None:
        return None
    return {name: value for name, value in options.items() if name not in ASKED_FOR}


def _unlike(mine: Mapping[str, Any], theirs: Mapping[str, Any], names: list[str]) -> str:
    return "; ".join(
        f"{name} {mine.get(name, 'not told')} and {theirs.get(name, 'not told')}"
        for name in names
        if mine.get(name) != theirs.get(name)
    )


def _unlike_setups(first: ResultFile, second: ResultFile) -> str:
    return "; ".join(
        f"{name} {values[0]} and {values[1]}" for name, values in setup_differences([first, second])
    )


def unlike_cells(first: Cell, second: Cell) -> str:
    """Why two cells of one key and the same work are no repetitions by their set-up; empty if they are."""
    if first.plain or second.plain:
        return "nothing says that two of one name are the same work"
    mine, theirs = (
        {
            "framework": cell.extra.framework_version,
            "threads": cell.extra.threads,
            "device": cell.extra.device_name,
            "division": cell.extra.division,
            "beside others": cell.extra.concurrent,
            "calls a round": cell.iterations,
        }
        for cell in (first, second)
    )
    return _unlike(mine, theirs, list(mine))
