"""A git repository made by a test."""

from __future__ import annotations

import subprocess
from pathlib import Path


def git(folder: Path, *arguments: str) -> str:
    """Run git there, as nobody in particular; what it prints."""
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main")
    command = ["git", "-C", str(folder), *who, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def commits(folder: Path, count: int) -> list[str]:
    """A repository with so many commits on ``main``; their names, the oldest first."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q")
    made = []
    for number in range(1, count + 1):
        (folder / "code.py").write_text(f"NUMBER = {number}\n")
        git(folder, "add", "-A")
        git(folder, "commit", "-qm", f"commit {number}")
        made.append(git(folder, "rev-parse", "HEAD"))
    return made
