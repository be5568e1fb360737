"""The commits of the repository that one stands in, asked of git."""

from __future__ import annotations

from pathlib import Path

from likeforlike.bench.sides.commits import git

_DEFAULT_BRANCHES = ("origin/HEAD", "origin/main", "origin/master", "main", "master")
"""Where a change is to go, the first of them that there is."""
DIGITS = 10


def top_of(here: Path) -> Path:
    """The top of the working tree around a folder. Raises ValueError where there is none."""
    found = _asked(here, "rev-parse", "--show-toplevel")
    if found is None:
        raise ValueError(f"{here} is in no git repository; go into the one whose commits are to be compared")
    return Path(found)


def commit_of(option: str, revision: str, top: Path) -> str:
    """The whole name of a commit. Raises ValueError, naming the option, for what names none."""
    found = _asked(top, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if not found:
        raise ValueError(f"{option}: {revision!r} names no commit of {top.name}; git log shows them")
    return found


def merge_base(top: Path) -> str:
    """The last commit that HEAD and the default branch have in common. Raises ValueError without either."""
    for branch in _DEFAULT_BRANCHES:
        found = _asked(top, "merge-base", "HEAD", branch)
        if found:
            return found
    raise ValueError(
        f"--base: {top.name} has none of the branches {', '.join(_DEFAULT_BRANCHES)}; name a commit"
    )


def is_changed(top: Path) -> bool:
    """Whether the working tree differs from its commit, in what is under version control or could be."""
    return bool(_asked(top, "status", "--porcelain"))


def subject_of(top: Path, commit: str) -> str:
    """The first line of a commit's message."""
    return _asked(top, "log", "-1", "--format=%s", commit) or ""


def between(top: Path, good: str, bad: str) -> list[str]:
    """The commits after ``good`` up to ``bad``, the oldest first, along first parents.

    Raises ValueError where ``good`` is no ancestor of ``bad``, and where they are one.
    """
    if _asked(top, "merge-base", good, bad) != good:
        names = f"{good[:DIGITS]} is no ancestor of {bad[:DIGITS]}"
        raise ValueError(f"--good: {names}; swap them, or name another")
    listed = _asked(top, "rev-list", "--reverse", "--first-parent", f"{good}..{bad}") or ""
    if not listed:
        raise ValueError(f"--good and --bad are both {good[:DIGITS]}; there is nothing between them")
    return listed.split()


def _asked(folder: Path, *words: str) -> str | None:
    """What git prints, stripped; None where it fails."""
    told = git(folder, *words)
    return told.stdout.strip() if told.returncode == 0 else None
