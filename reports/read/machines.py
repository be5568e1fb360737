"""What a machine is: its fingerprint, a short label for it, and in what two machines differ."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from likeforlike.reports.read.schema.runs import Fingerprint

GPUS = "GPUs"
"""The fact that tells how many there are."""


@dataclass(frozen=True)
class Machine:
    """A machine as the reports know it."""

    id: str
    label: str
    fingerprint: Mapping[str, Any] | None
    """The fingerprint as it stands in the file; None for plain pytest-benchmark's."""
    facts: tuple[tuple[str, str], ...]
    """What is known of it, as rows of a table."""

    @property
    def fact(self) -> dict[str, str]:
        """The facts by name."""
        return dict(self.facts)


def machine_of(info: Mapping[str, Any], fingerprint: Fingerprint | None) -> Machine:
    """The machine of a file's ``machine_info``; without a fingerprint, from what pytest-benchmark saw."""
    if fingerprint is None:
        return _plain_machine(info)
    label = fingerprint.label or _label(fingerprint)
    return Machine(fingerprint.id, label, info.get("likeforlike"), _facts(fingerprint))


def differences(machines: list[Machine]) -> list[tuple[str, list[str]]]:
    """Facts in which the machines differ, each with one value a machine; ``not known`` where it is not."""
    names = list(dict.fromkeys(name for machine in machines for name, _ in machine.facts))
    rows = [(name, [_fact(machine, name) for machine in machines]) for name in names]
    return [(name, values) for name, values in rows if len(set(values)) > 1]


def _fact(machine: Machine, name: str) -> str:
    """A GPU that a machine surely lacks is no unknown one."""
    lacking = name.startswith("GPU ") and GPUS in machine.fact
    return machine.fact.get(name, "none" if lacking else "not known")


def _label(fingerprint: Fingerprint) -> str:
    cpu = fingerprint.cpu or {}
    model = _short(str(cpu.get("model") or "unknown CPU"))
    cores = cpu.get("usable_cores")
    parts = [f"{cores} x {model}" if cores else model]
    names = [_short(str(gpu.get("name") or "GPU")) for gpu in fingerprint.gpus or ()]
    parts += [
        f"{names.count(name)} x {name}" if names.count(name) > 1 else name for name in dict.fromkeys(names)
    ]
    return " + ".join(parts)


def _short(model: str) -> str:
    """A model's name without trade marks and filler."""
    for noise in ("(R)", "(TM)", "(r)", "(tm)", " CPU", " Processor", "NVIDIA "):
        model = model.replace(noise, "")
    return " ".join(model.split()) or "unknown"


def _facts(fingerprint: Fingerprint) -> tuple[tuple[str, str], ...]:
    cpu = fingerprint.cpu or {}
    rows: list[tuple[str, Any]] = [("CPU", cpu.get("model")), ("usable cores", cpu.get("usable_cores"))]
    vector = [str(cpu["vector"])] if cpu.get("vector") else []
    if isinstance(cpu.get("amx"), list) and cpu["amx"]:
        vector.append(f"AMX {' '.join(str(kind) for kind in cpu['amx'])}")
    rows += [("vector unit", ", ".join(vector)), ("memory", _gibibytes(fingerprint.memory_bytes))]
    if fingerprint.gpus is not None:
        rows.append((GPUS, len(fingerprint.gpus) or "none"))
    for number, gpu in enumerate(fingerprint.gpus or ()):
        rows += [
            (f"GPU {number}", gpu.get("name")),
            (f"GPU {number} memory", _gibibytes(gpu.get("memory_bytes"))),
            (f"GPU {number} driver", gpu.get("driver")),
            (f"GPU {number} untested", gpu.get("untested")),
        ]
    rows += [("CUDA", _plain(fingerprint.cuda)), ("BLAS", _plain(fingerprint.blas))]
    rows += [("threads", fingerprint.threads), ("precision mode", fingerprint.precision_mode)]
    rows += sorted(fingerprint.versions.items())
    return tuple((name, str(value)) for name, value in rows if value not in (None, ""))


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_plain(item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{key} {_plain(item)}" for key, item in value.items())
    return "" if value is None else str(value)


def _gibibytes(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    return f"{value / 2**30:.1f} GiB"


def _plain_machine(info: Mapping[str, Any]) -> Machine:
    cpu = info.get("cpu")
    cpu = cpu if isinstance(cpu, Mapping) else {}
    node = info.get("node")
    rows = [
        ("CPU", cpu.get("brand_raw") or cpu.get("brand")),  # before py-cpuinfo 6 it was "brand"
        ("cores", cpu.get("count")),
        ("architecture", info.get("machine")),
        ("system", info.get("system")),
        ("python", info.get("python_version")),
    ]
    return machine_from_facts(rows, node if isinstance(node, str) else "")


def machine_from_facts(rows: Iterable[tuple[str, Any]], node: str = "") -> Machine:
    """A machine of which only some facts are known; what is neither text nor a number is not known.

    ``node`` is what tells it from others where no processor is named: one such machine is not all of them.
    """
    facts = tuple(
        (name, str(value))
        for name, value in rows
        if isinstance(value, str | int | float) and value not in ("", "unknown")
    )
    known = dict(facts)
    unnamed = [] if "CPU" in known else [node]
    digest = hashlib.sha256(json.dumps([*facts, *unnamed]).encode()).hexdigest()[:12]
    return Machine(digest, _plain_label(known), None, facts)


def _plain_label(known: Mapping[str, str]) -> str:
    if "CPU" in known:
        model = _short(known["CPU"])
        return f"{known['cores']} x {model}" if "cores" in known else model
    gpus = [value for name, value in known.items() if re.fullmatch(r"GPU \d+", name)]
    if gpus:
        return " + ".join(_short(name) for name in dict.fromkeys(gpus))
    return f"unknown machine with {known['cores']} cores" if "cores" in known else "unknown machine"
