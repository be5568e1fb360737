"""The harness in another interpreter: a folder with our own package, and what that one lacks to run it."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from likeforlike.bench.plan.asked.options import OptionError
from likeforlike.bench.plan.sides import KINDS, Asked
from likeforlike.devices.process.interpreter import Interpreter
from likeforlike.models.registry import OURS

OLDEST = (3, 11)
"""The Python that our own code needs."""
NEEDED = ("numpy", "msgspec", "psutil", "threadpoolctl")
"""What a worker imports beside what it measures."""
NOT_LENT = ("numpy",)
"""What is measured, and so must be the side's own."""
_LOOK_SECONDS = 60.0
_LOOK = (
    "import importlib.util, json, sys, sysconfig; "
    "print(json.dumps([sys.version_info[:2], sys.implementation.name, sysconfig.get_config_var('SOABI'), "
    f"[name for name in {NEEDED!r} if importlib.util.find_spec(name) is None]]))"
)


@dataclass(frozen=True)
class Look:
    """What an interpreter is, before anything of ours runs in it."""

    version: tuple[int, int]
    abi: str
    """Extension modules built for one interpreter work in another of the same."""
    lacking: tuple[str, ...]
    """Of what a worker needs."""


def found_interpreter(asked: Asked) -> str:
    """The whole path of the interpreter that a side names. Raises OptionError."""
    path = shutil.which(os.path.expanduser(asked.what))
    if path is None:
        kinds = ", ".join(f"{kind}:" for kind in KINDS)
        told = f"{asked.what!r} is no program that can be run; WHAT is an interpreter, or begins with {kinds}"
        raise OptionError(f"{asked.option}: {told}")
    return os.path.abspath(path)  # not resolved: a virtual environment's is a link


def look_at(asked: Asked, executable: str, empty: Path) -> Look:
    """Ask an interpreter what it is, started in an empty folder. Raises OptionError."""
    shield = Interpreter(executable).environment()
    try:
        told = subprocess.run(
            [executable, "-c", _LOOK],
            env=shield,
            cwd=empty,
            capture_output=True,
            text=True,
            timeout=_LOOK_SECONDS,
            check=True,
        )
        version, name, abi, lacking = json.loads(told.stdout)
        return Look((int(version[0]), int(version[1])), f"{name} {abi}", tuple(lacking))
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        why = str(error).splitlines()[0]
        raise OptionError(f"{asked.option}: {executable} does not work as a Python: {why}") from error


def check_look(asked: Asked, executable: str, look: Look) -> None:
    """Raise OptionError where our worker can't run in an interpreter."""
    if look.version < OLDEST:
        have, need = (".".join(map(str, version)) for version in (look.version, OLDEST))
        raise OptionError(f"{asked.option}: {executable} is Python {have}; the harness needs {need} or newer")
    lent = look.abi == own_abi()
    absent = [name for name in look.lacking if name in NOT_LENT or not lent]
    if absent:
        how = f"{executable} -m pip install {' '.join(absent)}"
        raise OptionError(f"{asked.option}: {executable} has no {', '.join(absent)}: {how}")


def own_abi() -> str:
    """Of the interpreter that runs this."""
    return f"{sys.implementation.name} {sysconfig.get_config_var('SOABI')}"


def foreign(asked: Asked, executable: str, folder: Path) -> Interpreter:
    """Another interpreter that finds our package first, and the user's own modules last.

    ``folder`` is an empty one, to be kept until the run has ended. Raises OptionError.
    """
    empty = folder / "empty"
    empty.mkdir(parents=True)
    look = look_at(asked, executable, empty)
    check_look(asked, executable, look)
    lent = folder / "lent"
    lent.mkdir()
    for name in look.lacking:
        _lend(name, lent)
    return Interpreter(executable, (str(our_folder(folder)),), (), (*own_modules(), str(lent)))


def our_folder(folder: Path, models: Path | None = None) -> Path:
    """A folder below ``folder`` that holds our package alone; with another ``models``, if given."""
    ours, package = folder / "ours", Path(str(sys.modules[OURS].__file__)).resolve().parent
    ours.mkdir(parents=True)
    if models is None:
        (ours / OURS).symlink_to(package, target_is_directory=True)
        return ours
    (ours / OURS).mkdir()
    for part in package.iterdir():
        if part.name not in ("models", "__pycache__"):
            (ours / OURS / part.name).symlink_to(part.resolve())
    (ours / OURS / "models").symlink_to(models.resolve(), target_is_directory=True)
    return ours


def _lend(name: str, folder: Path) -> None:
    """Link a package or module of this interpreter's into a folder; what it is itself is found there."""
    spec = importlib.util.find_spec(name)
    assert spec is not None  # this process has imported it
    assert spec.origin is not None
    source = Path(spec.origin)
    source = source.parent if source.name.startswith("__init__.") else source
    (folder / source.name).symlink_to(source)


def package_folders() -> list[str]:
    """Folders on this process's path that hold what is installed."""
    return [path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")]


def own_modules() -> list[str]:
    """Folders on this path that belong to no interpreter: the working directory, the user's own."""
    standard = [os.path.realpath(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib")]
    return [
        path
        for path in filter(None, sys.path)
        if path not in package_folders()
        and not path.endswith(".zip")
        and not any((os.path.realpath(path) + os.sep).startswith(home + os.sep) for home in standard)
    ]
