"""``python launch.py MACHINE FOLDER likeforlike's arguments``: the product on a named machine.

Only the edges are replaced: the makers' libraries, PyTorch, the powercap tree, affinity and ``os.cpu_count``. Workers
find the stand-ins by their path.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import SimpleNamespace

HERE = Path(__file__).parent
UPDATE_SECONDS = 0.001
PRODUCT_SECONDS = 0.005
RANGE_JOULES = 4000.0
"""Of the processor's counter, which goes round soon after the first turns."""
SINCE_BOOT_JOULES = RANGE_JOULES - 40.0


def main() -> int:
    """Set the machine up and run the command."""
    name, folder = sys.argv[1], Path(sys.argv[2])
    os.environ |= {"NAMED_MACHINE": name, "NAMED_MACHINE_FOLDER": str(folder)}
    for place in ("cpu", "gpu"):
        (folder / f"{place}-products").touch()
    sys.path[:0] = [str(HERE / "stand_ins"), str(HERE)]
    from named import MACHINES, REST_WATTS, NamedMachine
    from stand_in_amdsmi import AmdStandIn
    from stand_in_nvml import NVMLError, StandIn

    machine: NamedMachine = MACHINES[name]

    slept = [0.0]

    def products(place: str) -> int:
        return (folder / f"{place}-products").stat().st_size

    def now() -> float:
        """Time that passes by products and by rest alone, however fast or busy this machine is."""
        return slept[0] + PRODUCT_SECONDS * (products("cpu") + products("gpu"))

    def sleep(seconds: float) -> None:
        slept[0] += seconds

    def joules(place: str = "gpu", update_seconds: float = UPDATE_SECONDS) -> float:
        """Of a device up to the counter's last update: at rest, and each product's own."""
        updated = int(now() / update_seconds) * update_seconds
        return SINCE_BOOT_JOULES + REST_WATTS * updated + products(place) * machine.joules_per_product

    class Nvml(StandIn):
        def nvmlDeviceGetTotalEnergyConsumption(self, gpu):  # noqa: N802
            if gpu in machine.nvidia:
                return int(joules() * 1e3)
            raise NVMLError("Not Supported")

    class Amdsmi(AmdStandIn):
        def amdsmi_get_energy_count(self, gpu):
            told = super().amdsmi_get_energy_count(gpu)
            return {**told, "energy_accumulator": int(joules() / told["counter_resolution"] * 1e6)}

    nvml = Nvml(*machine.nvidia, driver=bool(machine.nvidia))
    sys.modules["pynvml"] = nvml  # type: ignore[assignment]
    sys.modules["amdsmi"] = Amdsmi(*machine.amd)  # type: ignore[assignment]
    if machine.processors > 2:
        os.cpu_count = lambda: machine.processors
        os.sched_getaffinity = lambda pid: set(range(machine.processors))  # type: ignore[assignment]

    read_text = Path.read_text

    def kernel_file(self: Path, *arguments: str, **named: str) -> str:
        """As the kernel writes it when it is read."""
        if self.name != "energy_uj":
            return read_text(self, *arguments, **named)
        if machine.rapl == "denied":
            raise PermissionError(13, "Permission denied", str(self))
        coarse = machine.rapl == "coarse"
        counted = joules("cpu", 1000.0) if coarse else joules("cpu")
        return f"{int(counted * 1e6) % int(RANGE_JOULES * 1e6)}\n"

    Path.read_text = kernel_file  # type: ignore[method-assign]
    if machine.rapl:
        zone = folder / "class/powercap/intel-rapl:0"
        zone.mkdir(parents=True, exist_ok=True)
        (zone / "name").write_text("package-0")
        (zone / "max_energy_range_uj").write_text(str(int(RANGE_JOULES * 1e6)))
        (zone / "constraint_0_power_limit_uw").write_text("20000000")

    from likeforlike.bench.measure.watch import energy
    from likeforlike.command import main as command
    from likeforlike.devices.vendors import amd, cpu_maker

    cpu_maker.SYS_CLASS = folder / "class"
    amd.SYS_PCI = folder / "pci"
    for gpu in machine.amd:
        sensors = amd.SYS_PCI / gpu.address.lower() / "hwmon/hwmon3"
        sensors.mkdir(parents=True, exist_ok=True)
        told = {
            "freq1_label": "sclk",
            "freq1_input": 1_700_000_000,
            "temp2_label": "junction",
            "temp2_input": 67_000,
        }
        for file, text in told.items():
            (sensors / file).write_text(f"{text}\n")
    energy.time = SimpleNamespace(monotonic=now, sleep=sleep)  # type: ignore[assignment]
    return command(sys.argv[3:])


if __name__ == "__main__":
    sys.exit(main())
