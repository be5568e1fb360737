"""Inherited variables that change speed or results: a fixed list, and what of them may be recorded.

Nothing but what :data:`VARIABLES` names is looked at. A value is recorded without folders and hosts; that of
a variable known by its prefix alone only where it looks like a setting; and one whose name looks like a
secret's never.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from likeforlike.devices.machine.known_variables import VARIABLES, Variable, sets_nothing

MOST_CHARACTERS = 80
"""A longer value is cut."""

_SECRET = re.compile("TOKEN|SECRET|PASSW|CREDENTIAL|AUTH|KEY(?!WORD)", re.IGNORECASE)

_SETTING = re.compile(r"[+-]?[A-Za-z]{0,12}|[0-9.,:-]{1,16}")
"""Words and figures, as settings are: ``true``, ``4096``, ``0,1``."""

_PLACE = re.compile(r"(?P<scheme>\w+:)//[^\s,;]*|(?:~[\w.-]*|\.{0,2})/[^\s:;,='\"]*")
"""An address, or a path."""


@dataclass(frozen=True)
class Inherited:
    """A variable of the list that is set, with as much of its value as may be recorded."""

    name: str
    value: str
    variable: Variable

    @property
    def effect(self) -> str:
        """What it does: ``binds OpenMP's threads (changes speed)``."""
        return f"{self.variable.does} ({self.variable.affects})"

    @property
    def sentence(self) -> str:
        """``OMP_PLACES=cores binds OpenMP's threads (changes speed)``."""
        return f"{self.name}={self.value} {self.effect}"

    def touches(
        self, framework: str, device_kind: str, packages: Collection[str] = (), blas: Collection[str] = ()
    ) -> bool:
        """Whether figures of a framework on a kind of device, ``cpu`` or ``gpu``, depend on it.

        ``packages`` are those that an implementation needs beside its framework; ``blas`` describes the
        libraries that NumPy calls, as in a fingerprint. Where they are not known, any may be.
        """
        variable = self.variable
        if variable.gpu_alone and device_kind != "gpu":
            return False
        if framework == "numpy" and variable.blas:
            return not blas or any(name.startswith(variable.blas) for name in blas)
        if variable.packages:
            return any(name in variable.packages for name in packages)
        return variable.every or framework in variable.frameworks


def inherited(environ: Mapping[str, str], replaced: Collection[str] = ()) -> tuple[Inherited, ...]:
    """Variables of the list that are set, by name; without those ``replaced`` before anything measures."""
    found = []
    for name in sorted(environ):
        variable = known(name)
        # set to nothing is not set, to all who read these
        if variable is not None and environ[name].strip() and name not in replaced:
            found.append(Inherited(name, shown(environ[name], exact=variable.exact), variable))
    return tuple(found)


def renamed(item: Inherited, value: str) -> Inherited:
    """The variable with another value, of which as much as may be recorded."""
    return replace(item, value=shown(value, exact=item.variable.exact))


def without_known(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment without the variables of the list."""
    return {name: value for name, value in environ.items() if known(name) is None}


def known(name: str) -> Variable | None:
    """The list's first row that fits a name; None if none does, it sets nothing, or it may hold a secret."""
    if _SECRET.search(name) or sets_nothing(name):
        return None
    return next((variable for variable in VARIABLES if variable.fits(name)), None)


def shown(value: str, exact: bool) -> str:
    """As much of a value as may be recorded; ``exact``: the variable is known by its whole name."""
    text = " ".join("".join(c if c.isprintable() else " " for c in value).split())
    if not exact and not _SETTING.fullmatch(text):
        return f"(not shown, {len(value)} characters)"
    text = _PLACE.sub(_shortened, text)
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1] + "…"


def _shortened(place: re.Match[str]) -> str:
    """An address by its scheme, a path by its last part."""
    if place["scheme"]:
        return f"{place['scheme']}//…"
    return "…/" + place[0].rstrip("/").rpartition("/")[2]
