"""``likeforlike devices``: this machine's fingerprint, its devices and what they can do at most."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from tabulate import tabulate

from likeforlike.devices.limits.ceilings import PRECISIONS, device_ceiling
from likeforlike.devices.limits.units import format_rate
from likeforlike.devices.machine.discovery import find_devices
from likeforlike.devices.machine.fingerprint import machine_fingerprint
from likeforlike.devices.machine.resources import usable_cores
from likeforlike.devices.vendors.device import Device


class _Parser(argparse.ArgumentParser):
    """Complains in one line."""

    def error(self, message: str) -> NoReturn:
        """Exit with status 2."""
        self.exit(2, f"{self.prog}: {message}\n")


def main(arguments: Sequence[str] | None = None, prog: str = "likeforlike devices") -> int:
    """Print the machine, as text or as one JSON object; the exit status.

    ``prog`` is how the command was called, for what it tells.
    """
    parser = _Parser(prog, description="Print this machine's fingerprint and devices.")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    devices = find_devices()
    fingerprint = machine_fingerprint(devices, usable_cores())
    described = [_describe(device, fingerprint) for device in devices]
    if options.json:
        print(json.dumps({"fingerprint": fingerprint, "devices": described}, indent=2, allow_nan=False))
    else:
        print(_as_text(fingerprint, described))
    return 0


def _describe(device: Device, fingerprint: Mapping[str, Any]) -> dict[str, Any]:
    ceilings = {precision: device_ceiling(fingerprint, device.id, precision) for precision in PRECISIONS}
    return {
        "id": device.id,
        "name": device.name,
        "memory_bytes": device.memory_bytes,
        "ceilings": {
            precision: {"flop_per_second": ceiling.flop_per_second, "source": ceiling.source}
            for precision, ceiling in ceilings.items()
            if ceiling is not None
        },
    }


def _as_text(fingerprint: Mapping[str, Any], devices: Sequence[Mapping[str, Any]]) -> str:
    blocks = [tabulate(_machine_rows(fingerprint), tablefmt="plain", disable_numparse=True)]
    blocks.append(tabulate(_device_rows(devices), headers="firstrow", disable_numparse=True))
    blocks.append(tabulate(_source_rows(devices), headers="firstrow", disable_numparse=True))
    return "\n\n".join(blocks)


def _machine_rows(fingerprint: Mapping[str, Any]) -> list[tuple[str, str]]:
    cpu = fingerprint["cpu"]
    rows = [
        ("Fingerprint", fingerprint["id"]),
        ("Processor", cpu["model"] or "unknown"),
        ("Usable cores", str(cpu["usable_cores"])),
        ("Vectors", ", ".join(filter(None, [cpu["vector"], *(f"amx {kind}" for kind in cpu["amx"])]))),
        ("Clock", _clock(cpu)),
        ("Memory", _gibibytes(fingerprint["memory_bytes"])),
        ("BLAS", ", ".join(fingerprint["blas"]) or "unknown"),
        ("CUDA", fingerprint["cuda"] or "none"),
        ("Threads", str(fingerprint["threads"])),
    ]
    return rows + [(name.capitalize(), version) for name, version in fingerprint["versions"].items()]


def _clock(cpu: Mapping[str, Any]) -> str:
    nominal = f"{cpu['hertz'] / 1e9:g} GHz" if cpu["hertz"] else "unknown"
    turbo = f"{cpu['max_hertz'] / 1e9:g} GHz" if cpu["max_hertz"] else "unknown"
    return f"{nominal} nominal, turbo {turbo}"


def _gibibytes(count: int | None) -> str:
    return "unknown" if count is None else f"{count / 2**30:.1f} GiB"


def _device_rows(devices: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    rows = [["Device", "Name", "Memory", *(f"{precision} at most" for precision in PRECISIONS)]]
    for device in devices:
        ceilings = [format_rate(device["ceilings"][name]["flop_per_second"]) for name in PRECISIONS]
        rows.append([device["id"], device["name"], _gibibytes(device["memory_bytes"]), *ceilings])
    return rows


def _source_rows(devices: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    rows = [["Device", "Precision", "Where the ceiling comes from"]]
    for device in devices:
        rows += [[device["id"], name, device["ceilings"][name]["source"]] for name in PRECISIONS]
    return rows
