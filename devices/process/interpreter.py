"""Further Python processes that find what this one finds, whatever lies where they are started."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

from likeforlike.devices.machine.environment import without_known

_OF_ANOTHER = ("PYTHONHOME", "PYTHONEXECUTABLE", "__PYVENV_LAUNCHER__", "VIRTUAL_ENV", "PYTHONPATH")
"""Variables that tell a Python where its own packages are, and would tell another one wrongly."""

_WITH_FOLDERS_BEHIND = (
    "import os, runpy, sys; "
    "folders, module, *sys.argv[1:] = sys.argv[1:]; "
    "sys.path.extend(filter(None, folders.split(os.pathsep))); "
    "runpy.run_module(module, run_name='__main__', alter_sys=True)"
)
"""Runs a module with further folders behind all that the interpreter looks through by itself."""


@dataclass(frozen=True)
class Interpreter:
    """A Python in which something is to be measured, and where it looks for modules."""

    executable: str
    before: tuple[str, ...] = ()
    """Folders that it looks through first, before its own."""
    behind: tuple[str, ...] = ()
    """Folders that it looks through last."""

    def command(self, module: str, *arguments: str) -> list[str]:
        """``python -m MODULE``, without the working directory on its path."""
        if not self.behind:
            return [self.executable, "-P", "-m", module, *arguments]
        folders = os.pathsep.join(self.behind)
        return [self.executable, "-P", "-c", _WITH_FOLDERS_BEHIND, folders, module, *arguments]

    def environment(self, clean: bool = False) -> dict[str, str]:
        """This process's environment without what tells it where its own packages are.

        ``clean`` leaves out every variable that changes speed or results.
        """
        given = without_known(os.environ) if clean else os.environ
        kept = {name: value for name, value in given.items() if name not in _OF_ANOTHER}
        return {**kept, **({"PYTHONPATH": os.pathsep.join(self.before)} if self.before else {})}


def present(*before: str) -> Interpreter:
    """The one that runs this, which finds what this process finds, but first in the folders ``before``."""
    return Interpreter(sys.executable, (*before, *filter(None, sys.path)))


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
