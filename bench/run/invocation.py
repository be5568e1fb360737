"""How a run was asked for: by ``likeforlike bench``, which hands it to pytest, or by ``pytest bench``."""

from __future__ import annotations

from dataclasses import dataclass

import pytest


@dataclass(frozen=True)
class Invocation:
    """The words that ask for the same run again; a plug-in of pytest's."""

    command: tuple[str, ...]
    arguments: tuple[str, ...]

    def pytest_addoption(self, parser: pytest.Parser) -> None:
        """Let what pytest complains of begin with the command that was typed."""
        parser.prog = " ".join(self.command)

    def words(self, *further: str) -> list[str]:
        """The whole command, with further options."""
        return [*self.command, *self.arguments, *(word for word in further if word not in self.arguments)]


def invocation_of(config: pytest.Config) -> Invocation:
    """What the user typed."""
    return _handed(config) or Invocation(("pytest",), tuple(map(str, config.invocation_params.args)))


def check_no_paths(config: pytest.Config) -> None:
    """Refuse what ``likeforlike bench`` would take for a further folder of tests. Raises UsageError."""
    if _handed(config) is not None and len(config.args) > 1:
        raise pytest.UsageError(
            f"{config.args[1]!r} is no option, and only options are taken: see likeforlike bench --help"
        )


def _handed(config: pytest.Config) -> Invocation | None:
    plugins = config.invocation_params.plugins or ()
    return next((plugin for plugin in plugins if isinstance(plugin, Invocation)), None)
