"""What a project needs, by its lock and its ``pyproject.toml``, and whether that is installed here."""

from __future__ import annotations

import hashlib
import importlib.metadata
import platform
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

LOCKS = ("uv.lock", "pylock.toml", "poetry.lock")
"""Files that say with which version of each package a project is to be used, the first found counting."""
PLAIN = "requirements.txt"

Installed = Callable[[str], str | None]
"""The version of a package that is installed; None if it is not."""


class Unreadable(ValueError):
    """A file of the project that can't be read, in one line."""


@dataclass(frozen=True)
class Requirements:
    """What a project needs to run."""

    lines: tuple[str, ...] = ()
    """One package each, as pip takes them; those alone that concern this Python and system."""
    pinned: Mapping[str, str] | None = None
    """Versions by its lock; None where it has none."""
    python: str = ""
    """Which Python it asks for, as in ``>=3.11``."""

    @property
    def digest(self) -> str:
        """Names the environment that they make, with this build of Python: one version may have several."""
        pins = sorted((self.pinned or {}).items())
        whole = repr((sys.version, platform.machine(), sorted(self.lines), pins))
        return hashlib.sha256(whole.encode()).hexdigest()[:16]

    @property
    def constraints(self) -> list[str]:
        """The lock's versions, as pip takes them."""
        return [f"{name}=={version}" for name, version in sorted((self.pinned or {}).items())]


def requirements_of(folder: Path) -> Requirements:
    """Read a project's; none where it says nothing. Raises Unreadable."""
    project: Mapping[str, Any] = _toml(folder / "pyproject.toml").get("project", {})
    lines = list(project.get("dependencies", ()))
    if not lines and (folder / PLAIN).exists():
        lines = _plain_lines((folder / PLAIN).read_text(encoding="utf-8", errors="replace"))
    concerned = [line for line in lines if _concerns(line, folder)]
    lock = next((folder / name for name in LOCKS if (folder / name).exists()), None)
    own = str(project.get("name", ""))
    pinned = None if lock is None else _pins(_toml(lock), own)
    return Requirements(tuple(concerned), pinned, str(project.get("requires-python", "")))


def unmet(needs: Requirements, installed: Installed | None = None) -> list[str]:
    """What of it the present environment does not meet, a phrase each; nothing where it can serve.

    Of a lock's versions those of packages that are installed count: it names others' systems and tools, too.
    """
    version_of = installed or installed_version
    told = []
    if needs.python and not _fits(platform.python_version(), needs.python):
        told.append(f"Python {needs.python}")
    for line in needs.lines:
        wanted = Requirement(line)
        have = version_of(wanted.name)
        if have is None or not _fits(have, wanted.specifier):
            told.append(f"{line} ({'not installed' if have is None else f'{have} is installed'})")
    for name, version in (needs.pinned or {}).items():
        have = version_of(name)
        if have is not None and not _same(have, version):
            told.append(f"{name}=={version} ({have} is installed)")
    return told


def installed_version(name: str) -> str | None:
    """Of the present environment."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Unreadable(f"{path.name}: {str(error).splitlines()[0]}") from error


def _plain_lines(text: str) -> list[str]:
    """Of a ``requirements.txt``; options of pip's, and files that it names besides, are left out."""
    stripped = (re.sub(r"(^|\s)#.*", "", line).strip() for line in text.replace("\\\n", " ").splitlines())
    return [re.split(r"\s--", line)[0].strip() for line in stripped if line and not line.startswith("-")]


def _concerns(line: str, folder: Path) -> bool:
    """Whether a requirement holds for this Python and system. Raises Unreadable."""
    try:
        wanted = Requirement(line)
    except InvalidRequirement as error:
        raise Unreadable(f"{line!r} of {folder.name} is no requirement") from error
    return wanted.marker is None or wanted.marker.evaluate()


def _pins(lock: Mapping[str, Any], own: str) -> dict[str, str]:
    """Versions of a lock's packages, in whichever of the formats; none of those that it has twice."""
    packages: Iterable[Mapping[str, Any]] = lock.get("package", lock.get("packages", ()))
    found = [(canonicalize_name(str(p["name"])), p.get("version")) for p in packages if "name" in p]
    count = Counter(name for name, _ in found)
    return {
        name: str(version)
        for name, version in found
        if version is not None and count[name] == 1 and name != canonicalize_name(own or "-")
    }


def _fits(version: str, specifier: str | SpecifierSet) -> bool:
    try:
        wanted = SpecifierSet(specifier) if isinstance(specifier, str) else specifier
        return wanted.contains(version, prereleases=True)
    except (InvalidSpecifier, InvalidVersion):
        return False


def _same(one: str, other: str) -> bool:
    try:
        return Version(one) == Version(other)
    except InvalidVersion:
        return one == other
