"""From what was asked for to sides that are ready: their interpreters, and what each of them offers."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import psutil
from packaging.requirements import InvalidRequirement, Requirement

from likeforlike.bench.keep.source_code import digest_of
from likeforlike.bench.plan.asked.options import OptionError
from likeforlike.bench.plan.sides import Asked, Side, asked_side, variables_of
from likeforlike.bench.sides.commits import Source, files_of, source_of_commit, source_of_tree
from likeforlike.bench.sides.environments import Say, environment_with
from likeforlike.bench.sides.harness_folder import foreign, found_interpreter, package_folders
from likeforlike.bench.sides.requirements import Requirements, Unreadable, requirements_of, unmet
from likeforlike.bench.sides.sources import interpreter_of
from likeforlike.bench.sides.there import packages
from likeforlike.devices.process.interpreter import Interpreter, present
from likeforlike.models.contract.implementation import Implementation
from likeforlike.models.registry import OURS

THERE = "likeforlike.bench.sides.there"
FURTHER = ".further.json"
"""Read by all sides, beside what each of them writes under its own name; no side's begins with a point."""
_SECONDS = 300.0
_MOST_CHARACTERS = 300
WHOLE = "tree"
"""Under which name a folder's whole source has its digest."""
_OWN, _ANSWERS = "likeforlike-sides-", "likeforlike-answers-"


@dataclass(frozen=True)
class Made:
    """A side's interpreter, and what is known of it before it is asked."""

    asked: Asked
    interpreter: Interpreter
    variables: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    source: Source | None = None
    """Where the source of a commit lies."""


@dataclass(frozen=True)
class Prepared:
    """All sides of a run, in the order of asking."""

    sides: tuple[Side, ...] = ()
    folder: tempfile.TemporaryDirectory[str] | None = None
    """What their workers need; gone with this."""
    answers: tempfile.TemporaryDirectory[str] | None = None
    """Where they keep answers for each other meanwhile, in memory where the system has such a place."""

    def left_out(self, declared: Collection[str]) -> list[str]:
        """A line for each side that has implementations of workloads that are not ``declared`` here."""
        told = []
        for side in self.sides:
            unknown = sorted({entry.workload for entry in side.entries} - set(declared))
            if unknown:
                names = ", ".join(unknown)
                told.append(f"side {side.name}: left out, since they are declared there alone: {names}")
        return told

    def close(self) -> None:
        """Remove the folders; no worker runs any more."""
        for folder in (self.folder, self.answers):
            if folder is not None:
                folder.cleanup()

    @property
    def answers_folder(self) -> Path | None:
        """The same as a path."""
        return None if self.answers is None else Path(self.answers.name)

    @property
    def code(self) -> dict[str, str]:
        """Digests of what is measured in all of them, under names that tell them apart."""
        return {name: digest for side in self.sides for name, digest in side.code_by_name.items()}

    @property
    def conditions(self) -> dict[str, str]:
        """What a resumed run must share with the one it takes up, beside the source that it measures."""
        told = {}
        for side in self.sides:
            told[f"side {side.name} python"] = str(side.facts["python"])
            if side.facts["kind"] == "git":
                told[f"side {side.name} revision"] = side.facts["revision"]
            for name, version in side.facts["packages"].items():
                told[f"side {side.name} package {name}"] = version
        return told


def prepare_sides(
    asked: Mapping[str, str],
    plugins: Sequence[str],
    say: Say = print,
    further: Sequence[Implementation] = (),
) -> Prepared:
    """Make the interpreters, and ask each for its registry. Raises OptionError.

    ``further``: implementations that every side has, such as loops with a model of the user's own.
    """
    if not asked:
        return Prepared()
    folder = _passing_folder(_OWN, Path(tempfile.gettempdir()))
    try:
        made = _made([asked_side(name, what) for name, what in asked.items()], Path(folder.name), say)
        (Path(folder.name) / FURTHER).write_bytes(msgspec.json.encode(list(further)))
        with ThreadPoolExecutor(len(made)) as threads:
            told = list(threads.map(lambda one: _account(one, plugins, Path(folder.name)), made))
        return Prepared(tuple(map(_side, made, told)), folder, _passing_folder(_ANSWERS, _memory()))
    except BaseException:
        folder.cleanup()
        raise


def _passing_folder(prefix: str, home: Path) -> tempfile.TemporaryDirectory[str]:
    """A folder of this run's, named by its process; those of runs that were killed go first."""
    for left in home.glob(f"{prefix}*"):
        owner = left.name.removeprefix(prefix).partition("-")[0]
        if owner.isdigit() and not psutil.pid_exists(int(owner)):
            shutil.rmtree(left, ignore_errors=True)
    return tempfile.TemporaryDirectory(prefix=f"{prefix}{os.getpid()}-", dir=home)


def _memory() -> Path:
    """Where answers lie: what is written to a disk is written while others are measured."""
    memory = Path("/dev/shm")
    return memory if os.access(memory, os.W_OK) else Path(tempfile.gettempdir())


def _made(asked: Sequence[Asked], folder: Path, say: Say) -> list[Made]:
    """Interpreters of all sides: first what can be refused at once, then what takes time to make."""
    here = Path.cwd()
    find = {"git": source_of_commit, "tree": source_of_tree}
    variables = {one.name: variables_of(one) for one in asked if one.kind == "env"}
    programs = {one.name: found_interpreter(one) for one in asked if one.kind == "interpreter"}
    lines = {one.name: packages_of(one) for one in asked if one.kind == "pip"}
    sources = {one.name: find[one.kind](one, here) for one in asked if one.kind in find}
    pythons = _pythons_of([(one, sources[one.name]) for one in asked if one.kind in find], say)
    made = []
    for number, one in enumerate(asked):
        own = folder / str(number)
        if one.kind == "env":
            made.append(Made(one, present(), variables[one.name]))
        elif one.kind in find:
            source = sources[one.name]
            found = interpreter_of(one, source, pythons[one.name], own)
            facts: dict[str, Any] = {"revision": source.revision, "source": source.about}
            made.append(Made(one, found, {}, facts, source))
        else:
            program = programs[one.name] if one.kind == "interpreter" else _on_top(one, lines[one.name], say)
            made.append(Made(one, foreign(one, program, own)))
    return made


def _pythons_of(asked: Sequence[tuple[Asked, Source]], say: Say) -> dict[str, str | None]:
    """For each source the interpreter of an environment of its own; None where this one serves them all."""
    needs = {one.name: _requirements(one, source) for one, source in asked}
    lacking = {name: unmet(found) for name, found in needs.items()}
    if not any(lacking.values()):
        return dict.fromkeys(needs)
    for name, told in lacking.items():
        if told:
            more = f" and {len(told) - 1} more" if len(told) > 1 else ""
            say(f"side {name}: needs {told[0]}{more}: each commit gets an environment of its own")
    return {
        one.name: environment_with(
            one, needs[one.name].digest, [*needs[one.name].lines, "numpy"], needs[one.name].constraints, say
        )
        for one, _ in asked
    }


def _requirements(asked: Asked, source: Source) -> Requirements:
    try:
        return requirements_of(source.folder)
    except Unreadable as error:
        raise OptionError(f"{asked.option}: {error}") from error


def packages_of(asked: Asked) -> list[str]:
    """What is to be installed on top of the present environment. Raises OptionError."""
    lines = shlex.split(asked.what)
    for line in lines:
        try:
            Requirement(line)
        except InvalidRequirement as error:
            raise OptionError(f"{asked.option}: {line!r} is no package as in numpy==2.1") from error
    if not lines:
        raise OptionError(f"{asked.option}: pip: names no package, as in pip:numpy==2.1")
    return lines


def _on_top(asked: Asked, lines: Sequence[str], say: Say) -> str:
    """The interpreter of the present environment with packages on top of it. Raises OptionError."""
    whole = repr((sys.executable, sys.version, sorted(lines), sorted(packages().items())))
    digest = hashlib.sha256(whole.encode()).hexdigest()[:16]
    return environment_with(asked, digest, lines, (), say, on_top=package_folders())


def _account(made: Made, plugins: Sequence[str], folder: Path) -> dict[str, Any]:
    """What a side's own interpreter says of itself. Raises OptionError."""
    path = folder / f"{made.asked.name}.json"
    command = made.interpreter.command(THERE, str(path), str(folder / FURTHER), *plugins)
    environment = {**made.interpreter.environment(), **made.variables}
    try:
        subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_SECONDS,
            check=True,
        )
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except subprocess.CalledProcessError as error:
        lines = [line for line in error.stderr.splitlines() if line.strip()]
        why = lines[-1].strip()[:_MOST_CHARACTERS] if lines else f"exit status {error.returncode}"
        raise OptionError(f"{made.asked.option}: its interpreter does not run our harness: {why}") from error
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        why = str(error).splitlines()[0][:_MOST_CHARACTERS]
        raise OptionError(f"{made.asked.option}: its interpreter does not run our harness: {why}") from error


def _side(made: Made, told: Mapping[str, Any]) -> Side:
    asked = made.asked
    code = dict(told["code"])
    if made.source is not None and asked.kind == "tree":
        code |= {WHOLE: digest_of(files_of(made.source.folder))}
    facts = {
        "name": asked.name,
        "kind": asked.kind,
        "what": asked.what,
        "python": told["python"],
        "packages": told["packages"],
        "blas": told["blas"],
        "variables": dict(made.variables),
        "code": code,
        **made.facts,
    }
    strangers = _strangers(made.source, told["origins"])
    entries = [
        entry
        for entry in msgspec.convert(told["entries"], list[Implementation])
        if _package(entry.target) not in strangers
    ]
    return Side(
        asked.name,
        made.interpreter,
        made.variables,
        tuple(entries),
        {(workload, name): why for workload, name, why in told["missing"]},
        (*told["faults"], *strangers.values()),
        code,
        facts,
    )


def _package(target: str) -> str:
    return target.partition(":")[0].partition(".")[0]


def _strangers(source: Source | None, origins: Mapping[str, str]) -> dict[str, str]:
    """Packages that a commit's side would take from the repository as it stands, each with a sentence."""
    if source is None or source.folder == source.repository:
        return {}
    inside, prefix = source.repository, Path(sys.prefix).resolve()
    return {
        name: f"{name} is not in the commit"
        for name, origin in origins.items()
        if name != OURS
        and Path(origin).is_relative_to(inside)
        and not Path(origin).is_relative_to(source.folder)
        and not Path(origin).is_relative_to(prefix)
    }
