"""What a fleet was asked for: kinds of machine, jobs and options, kept beside their result files."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any, Literal

import msgspec

from likeforlike.bench.keep.result_file import write_whole

FILE = "fleet.manifest"
"""JSON, but named apart: ``likeforlike report DIR/*.json`` takes the result files alone."""
SCHEMA_VERSION = 1

Cluster = Literal["slurm", "local"]


class FleetError(Exception):
    """Why a fleet can't be submitted or looked at; one line."""


class Kind(msgspec.Struct, frozen=True):
    """One kind of machine, as the scheduler is asked for it."""

    name: str
    partition: str | None = None
    gres: str | None = None
    constraint: str | None = None

    @property
    def text(self) -> str:
        """What is asked for, in words."""
        asked = {"partition": self.partition, "gres": self.gres, "constraint": self.constraint}
        return ", ".join(f"{name} {value}" for name, value in asked.items() if value) or "any"


class Job(msgspec.Struct, frozen=True):
    """One machine's run: the ordinary command, its journal and result file in the fleet's folder."""

    name: str
    kind: Kind
    file: str
    scheduler_ids: tuple[str, ...] = ()
    """What the scheduler called it, each time it was submitted; the last one counts."""


class Terms(msgspec.Struct, frozen=True):
    """What all jobs share."""

    cluster: Cluster
    options: tuple[str, ...]
    """Of ``pytest bench``."""
    directory: str
    """Where the command was given: relative paths among the options start there."""
    minutes: int
    """A job's wall time, after which it is requeued and resumes."""
    exclusive: bool = False
    cpus: int | None = None


class Manifest(msgspec.Struct, frozen=True):
    """A fleet."""

    schema_version: int
    terms: Terms
    jobs: tuple[Job, ...]

    def with_job(self, job: Job) -> Manifest:
        """The same fleet with one job's record replaced, or added."""
        others = {other.name: other for other in self.jobs} | {job.name: job}
        return msgspec.structs.replace(self, jobs=tuple(others.values()))


def plan_jobs(
    partitions: Sequence[str], gres: Sequence[str], constraints: Sequence[str], nodes_each: int
) -> tuple[Job, ...]:
    """One job for each kind of machine and each of its nodes.

    Each option may be given several times; a kind is every combination of what was given.
    """
    asked = {"partition": partitions, "gres": gres, "constraint": constraints}
    kinds = []
    for values in product(*(values or (None,) for values in asked.values())):
        chosen = dict(zip(asked, values, strict=True))
        name = "-".join(_plain(value) for value in chosen.values() if value) or "any"
        kinds.append(Kind(name, **chosen))
    names = [kind.name for kind in kinds]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise FleetError(f"two kinds of machine would be called {twice[0]!r}: give each kind once")
    return tuple(
        Job(f"{kind.name}-{number}", kind, f"{kind.name}-{number}.json")
        for kind in kinds
        for number in range(1, nodes_each + 1)
    )


def _plain(text: str) -> str:
    """A scheduler's word as part of a file's name: ``gpu:a100:1`` becomes ``gpu-a100-1``."""
    return re.sub(r"[^A-Za-z0-9_.]+", "-", text).strip("-.") or "kind"


def merge(before: Manifest | None, now: Manifest, folder: Path) -> Manifest:
    """The fleet with the jobs of both. Raises FleetError if they were not asked for on the same terms."""
    if before is None:
        return now
    changed = [name for name, was, new in differing(before.terms, now.terms) if name != "minutes"]
    if changed:
        name = changed[0]
        was, new = getattr(before.terms, name), getattr(now.terms, name)
        raise FleetError(
            f"{folder / FILE}: {name} was {_shown(was)}, is {_shown(new)}; "
            "the jobs of a fleet share it: restore it, or name another --output"
        )
    known = {job.name: job for job in before.jobs}
    for job in now.jobs:
        kind = known.get(job.name, job).kind
        if kind != job.kind:
            raise FleetError(f"{job.name!r} was {kind.text}, is {job.kind.text}: name another --output")
    return Manifest(SCHEMA_VERSION, now.terms, tuple((known | _missing(known, now.jobs)).values()))


def differing(before: Terms, now: Terms) -> list[tuple[str, Any, Any]]:
    """Name and both values of each field in which two terms differ."""
    names = Terms.__struct_fields__
    values = [(name, getattr(before, name), getattr(now, name)) for name in names]
    return [triple for triple in values if triple[1] != triple[2]]


def _missing(known: Mapping[str, Job], jobs: Sequence[Job]) -> dict[str, Job]:
    return {job.name: job for job in jobs if job.name not in known}


def _shown(value: Any) -> str:
    return repr(" ".join(value)) if isinstance(value, tuple) else repr(value)


def read_manifest(folder: Path) -> Manifest:
    """The fleet of a folder. Raises FleetError."""
    path = folder / FILE
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except FileNotFoundError:
        raise FleetError(f"{path}: missing; is {folder} the --output of likeforlike fleet submit?") from None
    except OSError as error:
        raise FleetError(f"{path}: cannot be read: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise FleetError(f"{path}: no fleet of ours ({error}); name the folder given to submit") from error
    if manifest.schema_version > SCHEMA_VERSION:
        raise FleetError(
            f"{path}: schema_version {manifest.schema_version} is newer than {SCHEMA_VERSION}: update"
        )
    return manifest


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the fleet's record whole or not at all. Raises FleetError."""
    path = folder / FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(path, msgspec.json.format(msgspec.json.encode(manifest)).decode() + "\n")
    except OSError as error:
        raise FleetError(f"{path}: cannot be written: {error.strerror}; name another --output") from error
