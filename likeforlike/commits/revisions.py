"""The commits of the repository that one stands in, asked of git."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

_SECONDS = 60.0
_DEFAULT_BRANCHES = ("origin/HEAD", "origin/main", "origin/master", "main", "master")
"""Where a change is to go, the first of them that there is."""
DIGITS = 10


def top_of(here: Path) -> Path:
    """The top of the working tree around a folder. Raises ValueError where there is none."""
    found = git(here, "rev-parse", "--show-toplevel")
    if found is None:
        raise ValueError(f"{here} is in no git repository; go into the one whose commits are to be compared")
    return Path(found)


def commit_of(option: str, revision: str, top: Path) -> str:
    """The whole name of a commit. Raises ValueError, naming the option, for what names none."""
    found = git(top, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if not found:
        raise ValueError(f"{option}: {revision!r} names no commit of {top.name}; git log shows them")
    return found


def merge_base(top: Path) -> str:
    """The last commit that HEAD and the default branch have in common. Raises ValueError without either."""
    for branch in _DEFAULT_BRANCHES:
        found = git(top, "merge-base", "HEAD", branch)
        if found:
            return found
    raise ValueError(
        f"--base: {top.name} has none of the branches {', '.join(_DEFAULT_BRANCHES)}; name a commit"
    )


def is_changed(top: Path) -> bool:
    """Whether the working tree differs from its commit, in what is under version control or could be."""
    return bool(git(top, "status", "--porcelain"))


def subject_of(top: Path, commit: str) -> str:
    """The first line of a commit's message."""
    return git(top, "log", "-1", "--format=%s", commit) or ""


def between(top: Path, good: str, bad: str) -> list[str]:
    """The commits after ``good`` up to ``bad``, the oldest first, along first parents.

    Raises ValueError where ``good`` is no ancestor of ``bad``, and where they are one.
    """
    if git(top, "merge-base", good, bad) != good:
        names = f"{good[:DIGITS]} is no ancestor of {bad[:DIGITS]}"
        raise ValueError(f"--good: {names}; swap them, or name another")
    listed = git(top, "rev-list", "--reverse", "--first-parent", f"{good}..{bad}") or ""
    if not listed:
        raise ValueError(f"--good and --bad are both {good[:DIGITS]}; there is nothing between them")
    return listed.split()


def git(folder: Path, *arguments: str) -> str | None:
    """What git prints, stripped; None where it fails. Raises ValueError where there is no git."""
    command: Sequence[str] = ("git", "-C", str(folder), *arguments)
    try:
        told = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    except FileNotFoundError:
        raise ValueError("git is not installed; install it") from None
    return told.stdout.strip() if told.returncode == 0 else None
