"""Which machines of several files are one, by what is known of them, and what each is called.

The id in a file is no proof: it was made from exact figures, of which the kernel keeps a little more or less
for itself after each start. Nor is a host's name, of which every container has another or the same one.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

from likeforlike.reports.read.machines import Machine, differences
from likeforlike.reports.read.result_file import ResultFile
from likeforlike.reports.sort.measured.measurements import grouped

MEMORY_TOLERANCE = 0.02
"""Machines whose memory differs by less than this share are not told apart by it."""

LEAST_TOLERANCE_BYTES = 0.1 * 2**30
"""Or by less than what the shown figure, in tenths of a GiB, can tell apart."""

MEMORY = re.compile(r"(GPU \d+ )?memory")
"""Names of the facts that are amounts of memory."""

TELLING = (
    r"memory",
    r"usable cores|cores",
    r"GPU.*",
    r"threads",
    r"CUDA",
    r"precision mode",
    r"vector unit",
    r"python|tensorflow|torch|jax|keras|numpy",
    r"BLAS",
)
"""Facts by which machines of one label are named, those that a reader knows a machine by first."""

MOST_FACTS = 2
"""So many facts at most stand in a title; where they don't suffice, the id does."""


def with_known_machines(files: Iterable[ResultFile]) -> list[ResultFile]:
    """The files, with one and the same ``machine`` wherever all that is known of two says that they are one.

    Each machine keeps the id that its first file gives it, unless another machine has it.
    """
    known: dict[tuple[Any, ...], list[ResultFile]] = {}
    taken: dict[str, Machine] = {}
    result = []
    for file in files:
        alike = known.setdefault(_described(file.machine), [])
        first = next((other for other in alike if _one_machine(other, file)), None)
        if first is None:
            made = file
            if file.machine.id in taken:
                made = replace(file, machine=replace(file.machine, id=_other_id(file)))
            taken[made.machine.id] = made.machine
            alike.append(made)
            result.append(made)
        else:
            result.append(replace(file, machine=first.machine))
    return result


def _described(machine: Machine) -> tuple[Any, ...]:
    """All that is known of a machine but its amounts of memory."""
    return machine.label, frozenset(fact for fact in machine.facts if not MEMORY.fullmatch(fact[0]))


def _one_machine(first: ResultFile, second: ResultFile) -> bool:
    """Whether two whose other facts are the same are one machine."""
    if first.digest == second.digest or (first.run_id and first.run_id == second.run_id):
        return _memory_alike(first.machine, second.machine)
    if not names_processor(first.machine) and not (_gpu_uuids(first.machine) & _gpu_uuids(second.machine)):
        return False
    return _memory_alike(first.machine, second.machine)


def names_processor(machine: Machine) -> bool:
    """Whether the file says what machine it is: of those that don't, two with equal facts need not be one."""
    return "CPU" in machine.fact or bool((machine.fingerprint or {}).get("label"))


def _memory_alike(first: Machine, second: Machine) -> bool:
    mine, theirs = _memory_bytes(first), _memory_bytes(second)
    return mine.keys() == theirs.keys() and all(_near(mine[name], theirs[name]) for name in mine)


def _near(first: Any, second: Any) -> bool:
    if isinstance(first, str) or isinstance(second, str):
        return bool(first == second)
    return abs(first - second) <= max(MEMORY_TOLERANCE * max(first, second), LEAST_TOLERANCE_BYTES)


def _memory_bytes(machine: Machine) -> dict[str, Any]:
    """Amounts of memory by the fact's name: bytes, or the text where a file holds no bytes."""
    fingerprint = machine.fingerprint or {}
    told: dict[str, Any] = {name: value for name, value in machine.facts if MEMORY.fullmatch(name)}
    exact = {"memory": fingerprint.get("memory_bytes")}
    exact |= {f"GPU {n} memory": gpu.get("memory_bytes") for n, gpu in enumerate(_gpus(fingerprint))}
    return {name: value if exact.get(name) is None else exact[name] for name, value in told.items()}


def _gpus(fingerprint: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    gpus = fingerprint.get("gpus")
    return [gpu for gpu in gpus if isinstance(gpu, Mapping)] if isinstance(gpus, Sequence) else []


def _gpu_uuids(machine: Machine) -> set[str]:
    """GPUs that there is only one of each in the world."""
    return {str(gpu["uuid"]) for gpu in _gpus(machine.fingerprint or {}) if gpu.get("uuid")}


def _other_id(file: ResultFile) -> str:
    """An id for a machine whose own is another machine's; of one that isn't named, by its file."""
    told = [file.machine.label, *file.machine.facts]
    if not names_processor(file.machine):
        told.append(file.run_id or file.digest)
    return hashlib.sha256(json.dumps([file.machine.id, *told]).encode()).hexdigest()[:12]


def machine_titles(machines: Sequence[Machine], files: Sequence[ResultFile]) -> dict[str, str]:
    """A name for each machine id, unlike all others: the label, and what tells alike ones apart."""
    labels = {file.machine.id: file.label for file in reversed(files)}
    titles: dict[str, str] = {}
    for label, alike in grouped((machine.label, machine) for machine in machines).items():
        names = [""] if len(alike) == 1 else _telling_names(alike, labels)
        titles |= {m.id: f"{label}, {name}" if name else label for m, name in zip(alike, names, strict=True)}
    return titles


def _telling_names(machines: Sequence[Machine], labels: Mapping[str, str]) -> list[str]:
    """The fewest facts by which all of these differ; else the file of those not named, else the id."""
    facts = sorted(differences(list(machines)), key=lambda fact: _rank(fact[0]))
    for count in range(1, MOST_FACTS + 1):
        for chosen in combinations(facts, count):
            names = [
                ", ".join(fact_text(name, values[i]) for name, values in chosen) for i in range(len(machines))
            ]
            if len(set(names)) == len(names):
                return names
    return [m.id[:8] if names_processor(m) else f"of {labels.get(m.id, m.id[:8])}" for m in machines]


def _rank(name: str) -> int:
    return next((n for n, known in enumerate(TELLING) if re.fullmatch(known, name)), len(TELLING))


def fact_text(name: str, value: str) -> str:
    """A fact inside a title: ``31.3 GiB memory``, ``1 thread``, ``python 3.12.1``."""
    if value == "not known":
        return f"{name} not known"
    if name == "threads":
        return f"{value} thread{'' if value == '1' else 's'}"
    if name in ("BLAS", "CPU", "vector unit", "system", "architecture"):
        return value
    if MEMORY.fullmatch(name):
        return f"{value} {name}"
    return f"{name} {value}"
