"""Environments of sides, made once and kept: by ``uv`` where that is installed, by ``venv`` and pip else."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from likeforlike.bench.plan.asked.options import OptionError
from likeforlike.bench.plan.sides import Asked
from likeforlike.bench.sides.commits import held
from likeforlike.devices.machine.kept import kept_folder

Say = Callable[[str], None]
_MAKING_SECONDS = 7200.0
_READY = ".likeforlike-ready"
_SAFELY = ("-P", "-m")
"""A module of Python's own: of the working directory none is found, such as a repository's ``random.py``."""


def environment_with(
    asked: Asked,
    digest: str,
    lines: Sequence[str],
    constraints: Sequence[str],
    say: Say,
    on_top: Sequence[str] | None = None,
) -> str:
    """The interpreter of an environment with these requirements. Raises OptionError.

    ``digest`` names it among those kept. ``on_top``: folders of packages that are there besides.
    """
    folder = kept_folder("sides") / "environments" / digest
    python = folder / "bin" / "python"
    with held(folder.with_name(f"{digest}.lock")):
        if (folder / _READY).exists() and python.exists():
            return str(python)
        shutil.rmtree(folder, ignore_errors=True)  # of a run that was killed meanwhile
        say(f"side {asked.name}: making its environment, once, in {folder}")
        try:
            _make(asked, folder, lines, constraints, on_top)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        (folder / _READY).touch()
    return str(python)


def _make(
    asked: Asked, folder: Path, lines: Sequence[str], constraints: Sequence[str], on_top: Sequence[str] | None
) -> None:
    uv, python = shutil.which("uv"), str(folder / "bin" / "python")
    if (
        uv is not None and on_top is None
    ):  # uv does not see packages besides, and so would bring them all again
        _run(asked, [uv, "venv", "--quiet", "--python", sys.executable, str(folder)])
        install = [uv, "pip", "install", "--quiet", "--python", python]
    else:
        _run(asked, [sys.executable, *_SAFELY, "venv", str(folder)])
        install = [python, *_SAFELY, "pip", "install", "--quiet"]
        install += ["--disable-pip-version-check", "--no-input"]
    if on_top:
        added = "".join(f"import site; site.addsitedir({path!r})\n" for path in on_top)
        (packages,) = (folder / "lib").glob("python*/site-packages")
        (packages / "zz_likeforlike_on_top.pth").write_text(added, encoding="utf-8")
    if not lines:
        return
    wanted, bounds = folder / "requirements.txt", folder / "constraints.txt"
    wanted.write_text("\n".join(lines) + "\n", encoding="utf-8")
    bounds.write_text("\n".join(constraints) + "\n", encoding="utf-8")
    _run(asked, [*install, "-r", str(wanted), *(["-c", str(bounds)] if constraints else [])])


def _run(asked: Asked, command: Sequence[str]) -> None:
    """Raises OptionError with the last line of what was complained of."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_MAKING_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise OptionError(f"{asked.option}: no environment can be made: {error}") from error
    if done.returncode:
        raise OptionError(
            f"{asked.option}: no environment can be made: {complaint(done.stderr or done.stdout)}"
        )


def complaint(text: str) -> str:
    """The line of an installer's complaint that says most: the last error, else the last line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith(("error", "× ", "╰─▶"))]
    told = (errors or lines or ["no reason told"])[-1]
    return re.sub(r"^(error:|[×╰─▶ ]+)\s*", "", told, flags=re.IGNORECASE)[:300]
