"""``likeforlike peak``: search for the best product rate of a device, kept by the machine's fingerprint."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from likeforlike.devices.process.measured_ceilings import Measured, Rate, Wanted
    from likeforlike.devices.vendors.device import Device

    Measure = Callable[[Wanted, int, float], tuple[list[Measured], list[str]]]
    """Measures one framework, given threads and seconds a precision; rates, and why some lack."""

NOTHING_FOUND, BAD_INPUT, INTERRUPTED = 1, 2, 130
FOUND_BY = "likeforlike peak"
WORKER = "likeforlike.devices.peak.worker"
"""Started by name: nothing of it is imported here."""


class _Parser(argparse.ArgumentParser):
    """Complains in one line."""

    def error(self, message: str) -> NoReturn:
        """Exit with status 2."""
        self.exit(BAD_INPUT, f"{self.prog}: {message}\n")


def main(arguments: Sequence[str] | None = None, prog: str = FOUND_BY, measure: Measure | None = None) -> int:
    """Search, tell and keep; 1 if nothing was found, 2 for bad input.

    ``measure`` stands in for the processes that multiply.
    """
    parser = _parser(prog)
    options = parser.parse_args(arguments)
    # from here on: what the help does not need
    from likeforlike.devices.limits.ceilings import PRECISIONS
    from likeforlike.devices.machine.discovery import DeviceError, find_devices, parse_devices
    from likeforlike.devices.machine.fingerprint import machine_fingerprint
    from likeforlike.devices.machine.topology import usable_physical_cores
    from likeforlike.devices.process.measured_ceilings import Wanted, installed_frameworks, kept_file

    devices = find_devices()
    try:
        chosen = parse_devices(options.devices.split(","), devices)
    except DeviceError as error:
        parser.error(f"--devices: {error}")
    precisions = _names(parser, "--dtypes", options.dtypes, PRECISIONS)
    installed = installed_frameworks()
    frameworks = _names(parser, "--frameworks", options.frameworks or ",".join(installed), installed)
    if not 0 < options.seconds < math.inf:
        parser.error(f"--seconds {options.seconds:g}: expected more than 0")
    fingerprint = machine_fingerprint(devices, usable_physical_cores())
    path = Path(options.output) if options.output else kept_file(fingerprint["id"])
    wanted = [
        Wanted(device, framework, (precision,))
        for device in chosen
        for precision in precisions
        for framework in frameworks
        if device.kind == "cpu" or framework != "numpy"
    ]
    if not wanted:
        parser.error("--frameworks numpy: it multiplies on cpu:0 only; expected another, or --devices cpu:0")
    try:
        found = _search(wanted, fingerprint["threads"], options.seconds, measure or _measure)
    except KeyboardInterrupt:
        print(f"{prog}: interrupted; nothing kept", file=sys.stderr)
        return INTERRUPTED
    if not found:
        print(f"{prog}: nothing found, nothing kept", file=sys.stderr)
        return NOTHING_FOUND
    return _keep_and_tell(prog, path, found, chosen, fingerprint)


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = _Parser(
        prog,
        description="Search over shapes of matrix products for the best rate of a device, and keep it with "
        "the machine's fingerprint: runs hold their figures against it, and reports tell it as a ceiling.",
    )
    parser.add_argument(
        "--dtypes", "--dtype", default="float32", help="precisions, comma-separated (default: float32)"
    )
    parser.add_argument("--devices", "--device", default="all", help="cpu:0, gpu:0, gpu, all (default: all)")
    parser.add_argument("--frameworks", help="comma-separated (default: all that are installed)")
    parser.add_argument(
        "--seconds",
        type=float,
        default=20.0,
        help="of multiplying, for each framework and precision; compiling comes on top (default: 20)",
    )
    parser.add_argument(
        "--output", metavar="FILE", help="keep it in this file instead of ~/.cache/likeforlike/ceilings"
    )
    return parser


def _names(parser: argparse.ArgumentParser, option: str, text: str, known: Sequence[str]) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    for name in names:
        if name not in known:
            parser.error(f"{option} {name!r}: expected {', '.join(known)}")
    if not names:
        parser.error(
            f"{option}: expected one or more of {', '.join(known) or 'numpy, tensorflow, torch, jax'}"
        )
    return names


def _measure(wanted: Wanted, threads: int, seconds: float) -> tuple[list[Measured], list[str]]:
    from likeforlike.devices.process.measured_ceilings import measure

    return measure([wanted], threads, seconds, module=WORKER)


def _search(wanted: Sequence[Wanted], threads: int, seconds: float, measure: Measure) -> list[Rate]:
    """Framework by framework, each told as it ends."""
    from dataclasses import replace

    from likeforlike.devices.limits.units import format_rate
    from likeforlike.devices.process.measured_ceilings import Rate

    found: list[Rate] = []
    for want in wanted:
        measured, faults = measure(want, threads, seconds)
        for fault in faults:
            print(f"not measured: {fault}", file=sys.stderr)
        rates = [replace(rate, found_by=FOUND_BY) for rate in measured if isinstance(rate, Rate)]
        place = f"{want.device.id} {' '.join(want.precisions)} {want.framework}"
        told = ", ".join(
            f"{format_rate(r.flop_per_second)} at {' x '.join(map(str, r.shape))}" for r in rates
        )
        print(f"{place}: {told or 'nothing'}", flush=True)
        found += rates
    return found


def _keep_and_tell(
    prog: str, path: Path, found: Sequence[Rate], devices: Sequence[Device], fingerprint: dict[str, object]
) -> int:
    """Keep what is better than what is kept, and tell the best of each device and precision."""
    from likeforlike.devices.limits.ceilings import device_ceiling
    from likeforlike.devices.limits.units import format_rate
    from likeforlike.devices.process.measured_ceilings import best_of, better_of, read_kept, write_kept

    every = better_of((*read_kept(path), *found))
    try:
        write_kept(path, every)
    except OSError as error:
        print(f"{prog}: cannot write {path}: {error.strerror}; try --output FILE", file=sys.stderr)
        return BAD_INPUT
    asked = {(rate.device, rate.precision) for rate in found}
    named = {device.id: device.name for device in devices}
    own = [item for item in every if named.get(item.device) == item.device_name]
    for (device, precision), best in best_of(own).items():
        if (device, precision) not in asked:
            continue
        ceiling = device_ceiling(fingerprint, device, precision)
        share = ""
        if ceiling is not None and ceiling.of_device:
            of = best.flop_per_second / ceiling.flop_per_second
            share = f"; {of * 100:.1f} % of {format_rate(ceiling.flop_per_second)} ({ceiling.source})"
        told = f"{format_rate(best.flop_per_second)}, {best.reached.source}{share}"
        print(f"{device} reaches at {precision}: {told}")
    print(f"kept in {path}, for the fingerprint {fingerprint['id']}")
    return 0
