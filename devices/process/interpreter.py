"""Further Python processes that find what this one finds, whatever lies where they are started."""

from __future__ import annotations

import os
import sys

from likeforlike.devices.machine.environment import without_known


def module_command(module: str, *arguments: str) -> list[str]:
    """``python -m MODULE``, without the working directory on its path.

    Python would look there first, before the standard library and before us: a repository's own
    ``random.py`` or ``models`` must not be taken for another one.
    """
    return [sys.executable, "-P", "-m", module, *arguments]


def import_path() -> str:
    """The PYTHONPATH with which a process imports what this one does, in the same order."""
    return os.pathsep.join(filter(None, sys.path))


def same_imports(clean: bool = False) -> dict[str, str]:
    """This process's environment, for a further Python process that imports what this one does.

    ``clean`` leaves out every variable that changes speed or results.
    """
    return {**(without_known(os.environ) if clean else os.environ), "PYTHONPATH": import_path()}
