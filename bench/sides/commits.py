"""Commits as sides: a worktree of each, made once, kept and used again."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from likeforlike.bench.plan.asked.options import OptionError
from likeforlike.bench.plan.sides import Asked
from likeforlike.devices.machine.kept import kept_folder

_GIT_SECONDS = 900.0
_SUBJECT = 60
"""Characters of a commit's subject that are told."""
_OF_ONE_REPOSITORY = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_COMMON_DIR",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_PREFIX",
)
"""Set by git for its hooks (githooks(5)): with them it asks that repository, whatever the folder."""


@dataclass(frozen=True)
class Source:
    """The source that a side measures, as it lies on the disk."""

    repository: Path
    """The top of the working tree in which the run was started."""
    folder: Path
    """Where the side's own source lies."""
    revision: str
    """The whole name of its commit; empty where there is none."""
    about: str
    """The commit's subject, or what is unlike its commit."""


def source_of_commit(asked: Asked, here: Path) -> Source:
    """The worktree of the commit that a side names, of the repository around ``here``. Raises OptionError."""
    repository = _repository(asked, here)
    revision = _told(
        asked, repository, f"names no commit of {repository.name}", *_commit(asked.what or "HEAD")
    )
    common = _told(asked, repository, "", "rev-parse", "--path-format=absolute", "--git-common-dir")
    kept = kept_folder("sides") / "worktrees" / _digest(common)
    worktree = kept / revision
    with held(kept / f"{revision}.lock"):
        _make(asked, repository, worktree, revision)
    subject = _told(asked, worktree, "", "log", "-1", "--format=%s")
    return Source(repository, worktree, revision, subject[:_SUBJECT])


def source_of_tree(asked: Asked, here: Path) -> Source:
    """The source in a folder as it stands, under version control or not. Raises OptionError."""
    folder = (here / Path(asked.what or ".").expanduser()).resolve()
    if not folder.is_dir():
        raise OptionError(f"{asked.option}: {asked.what!r} is no folder")
    told = git(folder, "rev-parse", "--show-toplevel")
    if told.returncode:
        return Source(folder, folder, "", "not under version control")
    top = Path(told.stdout.strip())
    head = git(top, "rev-parse", "--verify", "--quiet", "HEAD").stdout.strip()
    changed = bool(git(top, "status", "--porcelain").stdout.strip())
    about = "working tree, changed since" if changed else "working tree"
    around = git(here, "rev-parse", "--show-toplevel").stdout.strip()
    return Source(Path(around) if around else top, top, head, about)


def files_of(folder: Path) -> dict[str, Path]:
    """The source files of a folder by name: those of version control and new ones, else all Python files."""
    told = git(folder, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    if told.returncode:
        names = [str(path.relative_to(folder)) for path in sorted(folder.rglob("*.py"))]
    else:
        names = sorted(filter(None, told.stdout.split("\0")))
    return {name: folder / name for name in names if (folder / name).is_file()}


def _repository(asked: Asked, here: Path) -> Path:
    told = git(here, "rev-parse", "--show-toplevel")
    if told.returncode:
        raise OptionError(f"{asked.option}: git:{asked.what}: there is no git repository around {here}")
    return Path(told.stdout.strip())


def _commit(revision: str) -> tuple[str, ...]:
    return ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")


def _make(asked: Asked, repository: Path, worktree: Path, revision: str) -> None:
    """Make the worktree, unless it is there, whole and as it was made. Raises OptionError."""
    ready = worktree.with_name(f"{revision}.ready")
    if ready.exists() and worktree.is_dir():
        head = git(worktree, "rev-parse", "HEAD").stdout.strip()
        changed = git(worktree, "status", "--porcelain", "--untracked-files=no").stdout.strip()
        if head == revision and not changed:
            return
        if changed and head == revision:
            told = f"its worktree {worktree} was changed; remove that folder, and it is made anew"
            raise OptionError(f"{asked.option}: {told}")
    ready.unlink(missing_ok=True)
    shutil.rmtree(worktree, ignore_errors=True)  # of a run that was killed meanwhile
    git(repository, "worktree", "prune")
    why = "no worktree can be made"
    _told(asked, repository, why, "worktree", "add", "--detach", "--force", str(worktree), revision)
    if (worktree / ".gitmodules").exists():
        why = "its submodules can't be had"
        _told(asked, worktree, why, "submodule", "update", "--init", "--recursive", "--quiet")
    ready.touch()


def _told(asked: Asked, folder: Path, why: str, *words: str) -> str:
    """What git answers. Raises OptionError."""
    done = git(folder, *words)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        reason = f": {lines[-1].strip()}" if lines else ""
        named = f"git:{asked.what}" if asked.kind == "git" else asked.what
        raise OptionError(f"{asked.option}: {named} {why or 'can not be read'}{reason}")
    return done.stdout.strip()


def git(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Git's answer in a folder, of its repository; status 1 with the reason where it can't be run."""
    command = ["git", "-C", str(folder), *words]
    environment = {name: value for name, value in os.environ.items() if name not in _OF_ONE_REPOSITORY}
    try:
        return subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_GIT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return subprocess.CompletedProcess(command, 1, "", f"git: {error}")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@contextmanager
def held(lock: Path) -> Iterator[None]:
    """Let no other run make the same thing meanwhile. Raises OptionError where it can't be kept."""
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        with open(lock, "a", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
    except OSError as error:
        raise OptionError(f"--side: {lock.parent} can't be written: {error.strerror}") from error
