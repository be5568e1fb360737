"""From what was asked for to sides that are ready: their interpreters, and what each of them offers."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from likeforlike.bench.plan.options import OptionError
from likeforlike.bench.plan.sides import Asked, Side, asked_side, variables_of
from likeforlike.bench.sides.harness_folder import foreign, found_interpreter
from likeforlike.devices.process.interpreter import Interpreter, present
from likeforlike.models.contract.implementation import Implementation

THERE = "likeforlike.bench.sides.there"
_SECONDS = 300.0
_MOST_CHARACTERS = 300


@dataclass(frozen=True)
class Made:
    """A side's interpreter, and what is known of it before it is asked."""

    asked: Asked
    interpreter: Interpreter
    variables: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Prepared:
    """All sides of a run, in the order of asking."""

    sides: tuple[Side, ...] = ()
    folder: tempfile.TemporaryDirectory[str] | None = None
    """What their workers need; gone with this."""

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
            for name, version in side.facts["packages"].items():
                told[f"side {side.name} package {name}"] = version
        return told


def prepare_sides(asked: Mapping[str, str], plugins: Sequence[str]) -> Prepared:
    """Make the interpreters, and ask each for its registry. Raises OptionError."""
    if not asked:
        return Prepared()
    folder = tempfile.TemporaryDirectory(prefix="likeforlike-sides-")
    try:
        made = [
            _made(asked_side(name, what), Path(folder.name) / str(number))
            for number, (name, what) in enumerate(asked.items())
        ]
        with ThreadPoolExecutor(len(made)) as threads:
            told = list(threads.map(lambda one: _account(one, plugins, Path(folder.name)), made))
        return Prepared(tuple(map(_side, made, told)), folder)
    except BaseException:
        folder.cleanup()
        raise


def _made(asked: Asked, folder: Path) -> Made:
    if asked.kind == "env":
        return Made(asked, present(), variables_of(asked))
    return Made(asked, foreign(asked, found_interpreter(asked), folder))


def _account(made: Made, plugins: Sequence[str], folder: Path) -> dict[str, Any]:
    """What a side's own interpreter says of itself. Raises OptionError."""
    path = folder / f"{made.asked.name}.json"
    command = made.interpreter.command(THERE, str(path), *plugins)
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
    facts = {
        "name": asked.name,
        "kind": asked.kind,
        "what": asked.what,
        "python": told["python"],
        "packages": told["packages"],
        "blas": told["blas"],
        "variables": dict(made.variables),
        "code": told["code"],
        **made.facts,
    }
    return Side(
        asked.name,
        made.interpreter,
        made.variables,
        tuple(msgspec.convert(told["entries"], list[Implementation])),
        {(workload, name): why for workload, name, why in told["missing"]},
        tuple(told["faults"]),
        told["code"],
        facts,
    )
