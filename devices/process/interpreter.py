"""Further Python processes that find what this one finds, or what another interpreter finds."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict, dataclass

from likeforlike.devices.machine.environment import without_known

_OF_ANOTHER = ("PYTHONHOME", "PYTHONEXECUTABLE", "__PYVENV_LAUNCHER__", "VIRTUAL_ENV", "PYTHONPATH")
"""Variables that tell a Python where its own packages are, and would tell another one wrongly."""

_WITH_FOLDERS = """
import json, os, runpy, sys
asked, module, *sys.argv[1:] = sys.argv[1:]
asked = json.loads(asked)
def beside(path, folders):
    return any(os.path.realpath(path).startswith(os.path.realpath(f) + os.sep) for f in folders)
def kept(path):
    real = os.path.realpath(path)
    gone = any(real == os.path.realpath(f) for f in asked['without']) or beside(path, asked['without'])
    return not gone or beside(path, [sys.prefix])
found = [path for path in sys.path if kept(path)]
ends = [n for n, path in enumerate(found) if os.path.basename(path) in ('site-packages', 'dist-packages')]
at = ends[0] if ends else len(found)
sys.path[:] = [*found[:at], *asked['amid'], *found[at:], *asked['behind']]
runpy.run_module(module, run_name='__main__', alter_sys=True)
"""
"""Runs a module with further folders on the path, and without some that the interpreter has by itself."""


@dataclass(frozen=True)
class Interpreter:
    """A Python in which something is to be measured, and where it looks for modules."""

    executable: str
    before: tuple[str, ...] = ()
    """Folders that it looks through first, before its own."""
    amid: tuple[str, ...] = ()
    """Folders that it looks through behind the standard library and before what is installed."""
    behind: tuple[str, ...] = ()
    """Folders that it looks through last."""
    without: tuple[str, ...] = ()
    """Folders in which it does not look, nor anywhere below them, but for its own environment."""

    def command(self, module: str, *arguments: str) -> list[str]:
        """``python -m MODULE``, without the working directory on its path."""
        if not (self.amid or self.behind or self.without):
            return [self.executable, "-P", "-m", module, *arguments]
        told = {k: v for k, v in asdict(self).items() if k in ("amid", "behind", "without")}
        return [self.executable, "-P", "-c", _WITH_FOLDERS, json.dumps(told), module, *arguments]

    def environment(self, clean: bool = False) -> dict[str, str]:
        """This process's environment; for another interpreter without what tells this one where packages are.

        ``clean`` leaves out every variable that changes speed or results.
        """
        given = without_known(os.environ) if clean else os.environ
        foreign = _OF_ANOTHER if self.executable != sys.executable else ("PYTHONPATH",)
        kept = {name: value for name, value in given.items() if name not in foreign}
        return {**kept, **({"PYTHONPATH": os.pathsep.join(self.before)} if self.before else {})}


def present() -> Interpreter:
    """The one that runs this, which finds what this process finds."""
    return Interpreter(sys.executable, tuple(filter(None, sys.path)))


def module_command(module: str, *arguments: str) -> list[str]:
    """``python -m MODULE``, without the working directory on its path.

    Python would look there first, before the standard library and before us: a repository's own
    ``random.py`` or ``models`` must not be taken for another one.
    """
    return present().command(module, *arguments)


def import_path() -> str:
    """The PYTHONPATH with which a process imports what this one does, in the same order."""
    return os.pathsep.join(filter(None, sys.path))


def same_imports(clean: bool = False) -> dict[str, str]:
    """This process's environment, for a further Python process that imports what this one does.

    ``clean`` leaves out every variable that changes speed or results.
    """
    return {**(without_known(os.environ) if clean else os.environ), "PYTHONPATH": import_path()}
