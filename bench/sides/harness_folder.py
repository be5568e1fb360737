"""The harness in another interpreter: a folder with our own package, and what that one lacks to run it."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import site
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from likeforlike.bench.plan.options import OptionError
from likeforlike.bench.plan.sides import Asked
from likeforlike.devices.process.interpreter import Interpreter

OLDEST = (3, 11)
"""The Python that our own code needs."""
NEEDED = ("numpy", "msgspec", "psutil", "threadpoolctl")
"""What a worker imports beside what it measures."""
NOT_LENT = ("numpy",)
"""What is measured, and so must be the side's own."""
_LOOK_SECONDS = 60.0
_ABI = "sysconfig.get_config_var('SOABI')"

_LOOK = (
    "import importlib.util, json, sys, sysconfig; "
    "print(json.dumps([sys.version_info[:2], sys.implementation.name, "
    f"{_ABI}, [n for n in {NEEDED!r} if importlib.util.find_spec(n) is None]]))"
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
        kinds = "an interpreter's path, or begins with env:"
        raise OptionError(f"{asked.option}: {asked.what!r} is no program that can be run; WHAT is {kinds}")
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
    ours, lent = folder / "ours", folder / "lent"
    ours.mkdir()
    (ours / "likeforlike").symlink_to(_our_package(), target_is_directory=True)
    lent.mkdir()
    for name in look.lacking:
        _lend(name, lent)
    return Interpreter(executable, (str(ours),), (*_own_modules(), str(lent)))


def _our_package() -> Path:
    return Path(str(sys.modules["likeforlike"].__file__)).resolve().parent


def _lend(name: str, folder: Path) -> None:
    """Link a package or module of this interpreter's into a folder; what it is itself is found there."""
    spec = importlib.util.find_spec(name)
    assert spec is not None  # this process has imported it
    assert spec.origin is not None
    source = Path(spec.origin)
    source = source.parent if source.name.startswith("__init__.") else source
    (folder / source.name).symlink_to(source)


def _own_modules() -> list[str]:
    """Folders on this process's path that belong to no interpreter: the working directory, the user's own."""
    stdlib = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib")]
    packages = [*site.getsitepackages(), site.getusersitepackages(), *_site_like()]
    own = {os.path.realpath(path) for path in (*stdlib, *packages)}
    inside = [path for path in stdlib if path]
    return [
        path
        for path in filter(None, sys.path)
        if os.path.realpath(path) not in own
        and not any(os.path.realpath(path).startswith(os.path.realpath(s) + os.sep) for s in inside)
        and not path.endswith(".zip")
    ]


def _site_like() -> list[str]:
    return [path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")]
