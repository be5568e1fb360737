"""AMD's GPUs through amdsmi, which ROCm brings: written from its documentation, run on a stand-in alone.

Clock, heat and load are read from the kernel's own files, which costs less than amdsmi's and needs no right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from likeforlike.devices.vendors.device import Device, EnergyCounter, NotMeasurable, Pace, Readings
from likeforlike.devices.vendors.integrated_power import integrated

MEBIBYTE = 2**20
SYS_PCI = Path("/sys/bus/pci/devices")
HEAT = ("edge", "junction")
"""Sensors of a GPU's heat, the first of which is told; a data centre's GPU has no ``edge``."""
HELD_BACK = {
    "active_prochot_thrm": "too hot, held back by the hardware",
    "active_socket_thrm": "too hot, held back by the driver",
    "active_vr_thrm": "too hot, held back by the voltage regulator",
    "active_hbm_thrm": "too hot, held back by its memory",
}
"""amdsmi's violations in words. A power limit (``active_ppt_pwr``) is none, as of NVIDIA's boards."""


def load(library: Any | None = None) -> Any | None:
    """The ``amdsmi`` module or the stand-in given; None where it isn't installed or finds no ROCm."""
    if library is not None:
        return library
    try:
        import amdsmi
    except Exception:  # without ROCm's library its import raises what ctypes raises
        return None
    return amdsmi


@contextmanager
def session(library: Any | None = None) -> Iterator[Any | None]:
    """Open amdsmi for the block; yields None without the library, the driver or permission."""
    module = load(library)
    if module is not None and _told(module, "amdsmi_init") is Refused:
        module = None
    try:
        yield module
    finally:
        if module is not None:
            _told(module, "amdsmi_shut_down")


class Refused:
    """What a reading gives that the library or the driver refuses."""


def _told(smi: Any, function: str, *arguments: Any) -> Any:
    """One reading; :class:`Refused` where the library lacks the function, or anything at all is raised."""
    try:
        return getattr(smi, function)(*arguments)
    except Exception:
        return Refused


def _field(smi: Any, function: str, handle: Any, *names: str) -> Any | None:
    """The first of these fields that the reading has; amdsmi writes ``N/A`` for what it doesn't know."""
    answer = _told(smi, function, handle)
    if not isinstance(answer, Mapping):
        return None
    values = (answer.get(name) for name in names)
    return next((value for value in values if value not in (None, "", "N/A")), None)


class DriverFiles:
    """What the kernel's driver tells of one GPU in its folder below ``SYS_PCI``; None for what isn't there.

    Files: Linux, Documentation/gpu/amdgpu/thermal.rst.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sensors = next(iter(sorted(folder.glob("hwmon/hwmon*"))), folder / "hwmon")

    def clock_hertz(self, name: str = "sclk") -> float | None:
        """Of the shaders (``sclk``) or the memory (``mclk``): the sensor's, else the level that is marked."""
        hertz = _number(self._labelled("freq", (name,)))
        if hertz is not None:
            return hertz
        marked = re.search(r"(\d+)\s*MHz\s*\*", _text(self._folder / f"pp_dpm_{name}"), re.IGNORECASE)
        return None if marked is None else float(marked[1]) * 1e6

    def celsius(self) -> float | None:
        """The files have thousandths of a degree."""
        thousandths = _number(self._labelled("temp", HEAT)) or _number(self._sensors / "temp1_input")
        return None if thousandths is None else thousandths / 1e3

    def busy_share(self) -> float | None:
        """Of the time, how much the GPU worked lately, from 0 to 1."""
        percent = _number(self._folder / "gpu_busy_percent")
        return None if percent is None else percent / 100

    def _labelled(self, kind: str, labels: Sequence[str]) -> Path | None:
        """The reading of the first of these labels that a sensor of this kind has."""
        told = {_text(path): path for path in self._sensors.glob(f"{kind}*_label")}
        found = (told[label] for label in labels if label in told)
        path = next(found, None)
        return None if path is None else path.with_name(path.name.replace("_label", "_input"))


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""


def _number(path: Path | None) -> float | None:
    try:
        return None if path is None else float(_text(path))
    except ValueError:
        return None


class AmdReadings:
    """One GPU while amdsmi is open."""

    def __init__(self, smi: Any, handle: Any, sys_pci: Path | None = None) -> None:
        self._smi, self._handle = smi, handle
        address = _told(smi, "amdsmi_get_gpu_device_bdf", handle)
        known = isinstance(address, str) and bool(address)
        self._files = DriverFiles((sys_pci or SYS_PCI) / (str(address).lower() if known else "no address"))

    def state(self) -> dict[str, Any]:
        """Clocks, heat, load, power, energy, company, and why it is held back; None for what isn't told."""
        watts = _watts(self._smi, self._handle)
        counted = _joules(self._smi, self._handle)
        processes = _told(self._smi, "amdsmi_get_gpu_process_list", self._handle)
        files = self._files
        return {
            "clock_hertz": files.clock_hertz(),
            "memory_clock_hertz": files.clock_hertz("mclk"),
            "temperature_celsius": files.celsius(),
            "busy_share": files.busy_share(),
            "power_watts": watts,
            "energy_joules": counted,
            "held_back": self._violations(),
            "processes": None if processes is Refused else sorted({each["pid"] for each in processes}),
        }

    def held_back(self) -> list[str]:
        """What amdsmi calls violations, of heat alone."""
        return self._violations() or []

    def _violations(self) -> list[str] | None:
        """The same; None where amdsmi tells of none, which is not to say that there are none."""
        status = _told(self._smi, "amdsmi_get_violation_status", self._handle)
        if not isinstance(status, Mapping):
            return None
        return [words for name, words in HELD_BACK.items() if status.get(name) is True]

    def pace(self) -> Pace:
        """The shaders' clock, the GPU's heat, and what amdsmi calls violations."""
        held = self._violations()
        return Pace(self._files.clock_hertz(), self._files.celsius(), None if held is None else tuple(held))

    def energy(self) -> EnergyCounter | NotMeasurable:
        """The energy accumulator; where it stands still or is refused, the socket's power integrated."""
        smi, handle = self._smi, self._handle
        step = _field(smi, "amdsmi_get_energy_count", handle, "counter_resolution")
        if _joules(smi, handle) and step:
            return EnergyCounter(
                "amdsmi's energy accumulator of the GPU (the host's energy is not in it)",
                lambda: _required(_joules(smi, handle)),
                step_joules=float(step) / 1e6,
            )
        if _watts(smi, handle) is None:
            return NotMeasurable("amdsmi gives neither the energy nor the power of this GPU")
        source = "the GPU's power by amdsmi, integrated (the host's energy is not in it)"
        return integrated(source, lambda: _required(_watts(smi, handle)))


def _required(value: float | None) -> float:
    if value is None:
        raise OSError("amdsmi refuses the reading")
    return value


def _joules(smi: Any, handle: Any) -> float | None:
    """Accumulator times resolution in microjoules; versions before 6.2.1 call the accumulator ``power``."""
    count = _field(smi, "amdsmi_get_energy_count", handle, "energy_accumulator", "power")
    step = _field(smi, "amdsmi_get_energy_count", handle, "counter_resolution")
    return None if count is None or step is None else count * step / 1e6


def _watts(smi: Any, handle: Any) -> float | None:
    names = ("current_socket_power", "average_socket_power", "socket_power")
    watts = _field(smi, "amdsmi_get_power_info", handle, *names)
    return float(watts) if isinstance(watts, int | float) else None


class Amd:
    """Through amdsmi and the kernel's files; ``library`` and ``sys_pci`` stand in for them."""

    name = "amd"
    untested = "AMD's GPUs: written from amdsmi's documentation, never run on one"
    jax_platform = "rocm"
    builds: Mapping[str, str] = {
        "tensorflow": "pip install tensorflow-rocm",
        "torch": "install PyTorch's build for ROCm, as its page Get Started says",
        "jax": "install JAX's plugin for ROCm, as its page Installation says",
    }
    variables = frozenset({"HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "CUDA_VISIBLE_DEVICES"})

    def __init__(self, library: Any | None = None, sys_pci: Path | None = None) -> None:
        self._library, self._sys_pci = library, sys_pci

    def find(self, environ: Mapping[str, str]) -> list[Device]:
        """Those that ROCR_VISIBLE_DEVICES lets through and, of these, HIP_VISIBLE_DEVICES (or CUDA's)."""
        with session(self._library) as smi:
            handles = [] if smi is None else _told(smi, "amdsmi_get_processor_handles")
            gpus = [] if handles is Refused else [_describe(smi, i, each) for i, each in enumerate(handles)]
        gpus.sort(key=lambda gpu: gpu.nvml_index if gpu.nvml_index is not None else gpu.index)
        gpus = _visible(gpus, environ.get("ROCR_VISIBLE_DEVICES"))
        return _visible(gpus, environ.get("HIP_VISIBLE_DEVICES", environ.get("CUDA_VISIBLE_DEVICES")))

    @contextmanager
    def opened(self, device: Device) -> Iterator[Readings | None]:
        """Amdsmi is open for the block."""
        with session(self._library) as smi:
            handles = [] if smi is None else _told(smi, "amdsmi_get_processor_handles")
            known = [] if handles is Refused else list(enumerate(handles))
            found = [each for place, each in known if _is_of(smi, place, each, device)]
            yield AmdReadings(smi, found[0], self._sys_pci) if found else None

    def placement(self, devices: Sequence[Device]) -> dict[str, str]:
        """ROCr by uuid, and HIP's numbers within; HIP reads CUDA's variable too, so both say the same.

        Without devices HIP's own is set alone: CUDA's is NVIDIA's to set then.
        """
        if not devices:
            return {"HIP_VISIBLE_DEVICES": "-1"}
        numbers = ",".join(str(number) for number in range(len(devices)))
        names = ",".join(str(device.nvml_index) if device.uuid is None else device.uuid for device in devices)
        shown = {"ROCR_VISIBLE_DEVICES": names, "HIP_VISIBLE_DEVICES": numbers}
        return shown | {"CUDA_VISIBLE_DEVICES": numbers}


def _uuid(smi: Any, handle: Any) -> str | None:
    """As HIP and ROCr call it; ``amdsmi_get_gpu_device_uuid`` gives another."""
    return _field(smi, "amdsmi_get_gpu_enumeration_info", handle, "hip_uuid")


def _hip_number(smi: Any, position: int, handle: Any) -> int:
    """HIP's own; the place in amdsmi's list where that doesn't tell."""
    number = _field(smi, "amdsmi_get_gpu_enumeration_info", handle, "hip_id")
    return position if number is None else int(number)


def _is_of(smi: Any, position: int, handle: Any, device: Device) -> bool:
    """Whether a handle is the device's: by uuid; by number where there is none, as of an older amdsmi."""
    if device.uuid is not None:
        return bool(_uuid(smi, handle) == device.uuid)
    return _hip_number(smi, position, handle) == device.nvml_index


def _describe(smi: Any, position: int, handle: Any) -> Device:
    mebibytes = _field(smi, "amdsmi_get_gpu_vram_info", handle, "vram_size")
    return Device(
        kind="gpu",
        index=position,
        name=_field(smi, "amdsmi_get_gpu_asic_info", handle, "market_name") or "unknown AMD GPU",
        memory_bytes=None if mebibytes is None else int(mebibytes) * MEBIBYTE,
        uuid=_uuid(smi, handle),
        driver=_field(smi, "amdsmi_get_gpu_driver_info", handle, "driver_version"),
        nvml_index=_hip_number(smi, position, handle),
        maker="amd",
    )


def _visible(gpus: list[Device], variable: str | None) -> list[Device]:
    """Those that a list of numbers or uuids lets through, in its order; the first invalid entry ends it."""
    if variable is None:
        return gpus
    chosen: list[Device] = []
    for entry in (part.strip() for part in variable.split(",")):
        number = int(entry) if entry.isascii() and entry.isdigit() else None
        named = [gpu for gpu in gpus if gpu.uuid is not None and gpu.uuid == entry]
        found = gpus[number : number + 1] if number is not None else named
        if not found or found[0] in chosen:
            break
        chosen.append(found[0])
    return chosen
