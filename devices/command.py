"""``likeforlike devices``: this machine's fingerprint, its devices and what they can do at most."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from tabulate import tabulate

from likeforlike.devices.limits.bandwidths import MEMORY, memory_ceiling
from likeforlike.devices.limits.ceilings import PRECISIONS, device_ceiling
from likeforlike.devices.limits.units import format_bandwidth, format_rate
from likeforlike.devices.machine.discovery import find_devices
from likeforlike.devices.machine.fingerprint import machine_fingerprint
from likeforlike.devices.machine.setup import read_setup
from likeforlike.devices.machine.topology import usable_physical_cores
from likeforlike.devices.machine.versions import numpy_blas
from likeforlike.devices.process.measured_ceilings import (
    Measured,
    Wanted,
    best_bandwidths,
    best_of,
    installed_frameworks,
    keep,
    kept_file,
    measure,
    read_kept,
)
from likeforlike.devices.process.placement import inherited_by_workers
from likeforlike.devices.vendors.device import Device, NotMeasurable
from likeforlike.devices.vendors.makers import opened, untested


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
    parser.add_argument(
        "--measure",
        action="store_true",
        help="measure what products and memory reach here, in every installed framework, and keep it",
    )
    options = parser.parse_args(arguments)
    devices = find_devices()
    fingerprint = machine_fingerprint(devices, usable_physical_cores())
    path = kept_file(fingerprint["id"])
    if options.measure:
        every = installed_frameworks()
        places = [device for device in devices if not device.unplaceable]
        wanted = [Wanted(place, framework, (*PRECISIONS, MEMORY)) for place in places for framework in every]
        rates, faults = measure(wanted, fingerprint["threads"])
        faults = [*faults, *(f"{one.id}: {one.unplaceable}" for one in devices if one.unplaceable)]
        for fault in faults:
            print(f"not measured: {fault}", file=sys.stderr)
        keep(path, rates)
    reached = read_kept(path)
    environment = inherited_by_workers(os.environ)
    setup = read_setup(numpy_blas(), fingerprint["cpu"]["vector"])
    described = [_describe(device, fingerprint, reached) for device in devices]
    if options.json:
        told = {
            "fingerprint": fingerprint,
            "setup": setup,
            "environment": {item.name: item.value for item in environment},
            "devices": described,
        }
        print(json.dumps(told, indent=2, allow_nan=False))
    else:
        print(_as_text(fingerprint, setup, [item.sentence for item in environment], described))
    return 0


def _describe(device: Device, fingerprint: Mapping[str, Any], reached: Sequence[Measured]) -> dict[str, Any]:
    own = [item for item in reached if (item.device, item.device_name) == (device.id, device.name)]
    best = {precision: rate for (_, precision), rate in best_of(own).items()}
    ceilings = {precision: device_ceiling(fingerprint, device.id, precision) for precision in PRECISIONS}
    return {
        "id": device.id,
        "name": device.name,
        "memory_bytes": device.memory_bytes,
        "maker": device.maker,
        "untested": untested(device),
        "energy": _energy(device),
        "ceilings": {
            precision: {"flop_per_second": ceiling.flop_per_second, "source": ceiling.source}
            for precision, ceiling in ceilings.items()
            if ceiling is not None
        },
        "reached": {
            name: {"flop_per_second": rate.flop_per_second, "source": rate.reached.source}
            for name, rate in best.items()
        },
        "memory": _memory(device, fingerprint, own),
    }


def _memory(device: Device, fingerprint: Mapping[str, Any], own: Sequence[Measured]) -> dict[str, Any]:
    """The bandwidth of its memory, by data sheet and measured; null where it isn't known."""
    ceiling, best = memory_ceiling(fingerprint, device.id), best_bandwidths(own).get(device.id)
    return {
        "bytes_per_second": ceiling.bytes_per_second if ceiling.of_device else None,
        "source": ceiling.source,
        "cache_bytes": ceiling.cache_bytes,
        "reached": best and {"bytes_per_second": best.bytes_per_second, "source": best.reached.source},
    }


def _energy(device: Device) -> dict[str, str]:
    """By what the device's energy is counted, or why it is not."""
    with opened(device) as readings:
        found = NotMeasurable("nothing reads it") if readings is None else readings.energy()
    if isinstance(found, NotMeasurable):
        return {"not_measurable": found.reason}
    found.close()
    return {"source": found.source}


def _as_text(
    fingerprint: Mapping[str, Any],
    setup: Mapping[str, Any],
    environment: Sequence[str],
    devices: Sequence[Mapping[str, Any]],
) -> str:
    rows = _machine_rows(fingerprint) + _setup_rows(setup)
    blocks = [tabulate(rows, tablefmt="plain", disable_numparse=True)]
    blocks += ["\n".join(environment)] if environment else []
    blocks.append(tabulate(_device_rows(devices), headers="firstrow", disable_numparse=True))
    remarks = dict.fromkeys(device["untested"] for device in devices if device["untested"])
    blocks += [f"Untested: {remark}" for remark in remarks]
    blocks.append(tabulate(_energy_rows(devices), headers="firstrow", disable_numparse=True))
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


def _setup_rows(setup: Mapping[str, Any]) -> list[tuple[str, str]]:
    smt = {True: "active", False: "not active", None: "unknown"}[setup["smt_active"]]
    nodes = (
        "unknown"
        if setup["numa_nodes"] is None
        else f"{setup['numa_nodes']}, {setup['numa_nodes_used']} used"
    )
    rows = [
        ("Huge pages", setup["transparent_huge_pages"] or "unknown"),
        ("Governor", setup["governor"] or "unknown"),
        ("SMT", smt),
        ("NUMA nodes", nodes),
    ]
    return rows + ([("Note", setup["blas_remark"])] if setup["blas_remark"] else [])


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


def _energy_rows(devices: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    rows = [["Device", "Energy"]]
    for device in devices:
        told = device["energy"]
        rows.append([device["id"], told.get("source") or f"not measurable: {told['not_measurable']}"])
    return rows


def _source_rows(devices: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """The ceiling by data sheet, and beside it the best rate measured (``--measure``)."""
    rows = [["Device", "Precision", "Where the ceiling comes from", "Measured at most", "Measured with"]]
    for device in devices:
        for name in PRECISIONS:
            best = device["reached"].get(name)
            measured = (format_rate(best["flop_per_second"]), best["source"]) if best else ("–", "–")
            rows.append([device["id"], name, device["ceilings"][name]["source"], *measured])
        memory = device["memory"]
        best = memory["reached"]
        measured = (format_bandwidth(best["bytes_per_second"]), best["source"]) if best else ("–", "–")
        rows.append([device["id"], MEMORY, memory["source"], *measured])
    return rows
