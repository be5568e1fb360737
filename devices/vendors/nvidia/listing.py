"""Which of NVIDIA's GPUs there are, whole or as MIG slices, and which of them CUDA_VISIBLE_DEVICES means."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from likeforlike.devices.vendors.device import Device, MigSlice
from likeforlike.devices.vendors.nvidia.nvml import call_named, reading, session

_MEBIBYTES_PER_GIBIBYTE = 1024
_EXCLUSIVE_PROCESS = 3
"""NVML_COMPUTEMODE_EXCLUSIVE_PROCESS, as clusters often set it."""


def find_gpus(nvml: Any | None) -> list[Device]:
    """Every GPU of the machine, by NVML's own numbers; none without a driver or the library.

    A board in MIG mode is its slices: CUDA gives a process one of them, never the board.
    """
    with session(nvml) as library:
        if library is None:
            return []
        driver = reading(library, library.nvmlSystemGetDriverVersion)
        cuda = _cuda_version(library)
        count = reading(library, library.nvmlDeviceGetCount) or 0
        boards = [_gpus_of_board(library, index, driver, cuda) for index in range(count)]
    closed = [index for index, board in enumerate(boards) if board is None]
    gpus = [gpu for board in boards for gpu in board or ()]
    sliced = any(gpu.mig is not None for gpu in gpus) or [] in boards
    return [replace(gpu, unplaceable=_why_not_placed(gpu, closed, sliced)) for gpu in gpus]


def _why_not_placed(gpu: Device, closed: list[int], sliced: bool) -> str:
    """Why CUDA can't be told of a GPU; empty where it can: by uuid, or by a number that surely is its own.

    CUDA's numbers are NVML's while CUDA counts every board, which nobody knows of one that can't be opened.
    """
    if gpu.uuid is not None:
        return ""
    if gpu.mig is not None:
        return "NVML tells no uuid of this MIG slice, and a number would mean its board's first"
    if closed:
        boards = f"board{'s' if len(closed) > 1 else ''} {', '.join(map(str, closed))}"
        return f"NVML tells no uuid of it and can't open {boards}, so that CUDA's number for it isn't known"
    if sliced:
        return "NVML tells no uuid of it, and beside boards in MIG mode CUDA's number for it isn't known"
    return ""


def _gpus_of_board(nvml: Any, index: int, driver: str | None, cuda: str | None) -> list[Device] | None:
    """A board, or its slices; None if it can't be opened, as after it fell off the bus."""
    handle = reading(nvml, nvml.nvmlDeviceGetHandleByIndex, index)
    if handle is None:
        return None
    memory = reading(nvml, nvml.nvmlDeviceGetMemoryInfo, handle)
    capability = reading(nvml, nvml.nvmlDeviceGetCudaComputeCapability, handle)
    megahertz = reading(nvml, nvml.nvmlDeviceGetMaxClockInfo, handle, nvml.NVML_CLOCK_SM)
    board = Device(
        kind="gpu",
        index=index,
        name=reading(nvml, nvml.nvmlDeviceGetName, handle) or "unknown GPU",
        memory_bytes=None if memory is None else int(memory.total),
        uuid=reading(nvml, nvml.nvmlDeviceGetUUID, handle),
        driver=driver,
        compute_capability=None if capability is None else (int(capability[0]), int(capability[1])),
        sm_clock_max_hertz=None if megahertz is None else megahertz * 1e6,
        cores=call_named(nvml, ("nvmlDeviceGetNumGpuCores",), handle),
        cuda=cuda,
        nvml_index=index,
        maker="nvidia",
        exclusive=call_named(nvml, ("nvmlDeviceGetComputeMode",), handle) == _EXCLUSIVE_PROCESS,
    )
    mode = call_named(nvml, ("nvmlDeviceGetMigMode",), handle)
    return list(_slices(nvml, handle, board)) if mode is not None and mode[0] == 1 else [board]


def _slices(nvml: Any, handle: Any, board: Device) -> Iterator[Device]:
    """The MIG devices of a board, each with its own memory; its share of the board where NVML tells it."""
    for number in range(call_named(nvml, ("nvmlDeviceGetMaxMigDeviceCount",), handle) or 0):
        own = reading(nvml, nvml.nvmlDeviceGetMigDeviceHandleByIndex, handle, number)
        if own is None:  # numbers have gaps
            continue
        memory = reading(nvml, nvml.nvmlDeviceGetMemoryInfo, own)
        told = call_named(nvml, ("nvmlDeviceGetAttributes_v2", "nvmlDeviceGetAttributes"), own)
        ids = [
            call_named(nvml, (name,), own)
            for name in ("nvmlDeviceGetGpuInstanceId", "nvmlDeviceGetComputeInstanceId")
        ]
        yield replace(
            board,
            name=_slice_name(board.name, reading(nvml, nvml.nvmlDeviceGetName, own), told),
            memory_bytes=None if memory is None else int(memory.total),
            uuid=reading(nvml, nvml.nvmlDeviceGetUUID, own),
            cores=None,
            mig=MigSlice(
                board.uuid,
                None if None in (board.uuid, *ids) else f"MIG-{board.uuid}/{ids[0]}/{ids[1]}",
                None if told is None else int(told.multiprocessorCount),
                board.cores,
            ),
        )


def _slice_name(board: str, own: str | None, told: Any | None) -> str:
    """As newer drivers name a slice, ``NVIDIA A100-SXM4-40GB MIG 1g.5gb``; older give the board's name."""
    if own is not None and " MIG " in own:
        return own
    if told is None:
        return f"{board} MIG slice"
    gibibytes = math.ceil(told.memorySizeMB / _MEBIBYTES_PER_GIBIBYTE)
    return f"{board} MIG {told.gpuInstanceSliceCount}g.{gibibytes}gb"


def _cuda_version(nvml: Any) -> str | None:
    """NVML gives 1000 x major + 10 x minor."""
    number = call_named(nvml, ("nvmlSystemGetCudaDriverVersion_v2", "nvmlSystemGetCudaDriverVersion"))
    return None if number is None else f"{number // 1000}.{number % 1000 // 10}"


def visible(gpus: list[Device], variable: str | None, order: str | None = None) -> list[Device]:
    """Those that CUDA_VISIBLE_DEVICES lets through, in its order; ``order`` is CUDA_DEVICE_ORDER.

    As in CUDA, the first invalid entry ends the list, and an index or a board's uuid means the first slice
    of a board in MIG mode. Of several slices, from which CUDA takes the first alone, each is kept: every
    worker is given one by its uuid.
    """
    if variable is None:
        return gpus
    chosen: list[Device] = []
    for entry in (part.strip() for part in variable.split(",")):
        match = _meant_by(entry, gpus, order)
        if match is None or match in chosen:
            break
        chosen.append(match)
    return chosen


def _meant_by(entry: str, gpus: list[Device], order: str | None) -> Device | None:
    """The GPU of an entry: an index, the beginning of a board's uuid, or a MIG device's uuid."""
    boards = list({gpu.nvml_index: gpu for gpu in reversed(gpus)}.values())[::-1]
    if entry.isascii() and entry.isdigit():
        # by its place among those that can be opened, as CUDA counts: NVML's own numbers count the others too
        counted = boards if order == "PCI_BUS_ID" else _fastest_first(boards)
        return counted[int(entry)] if int(entry) < len(counted) else None
    if entry.startswith("MIG-"):
        names = [gpu for gpu in gpus if gpu.mig is not None and entry in (gpu.uuid, gpu.mig.old_name)]
        return names[0] if len(names) == 1 else None
    found = [board for board in boards if entry.startswith("GPU-") and _board_uuid(board).startswith(entry)]
    return found[0] if len(found) == 1 else None


def _board_uuid(gpu: Device) -> str:
    return (gpu.uuid if gpu.mig is None else gpu.mig.board_uuid) or ""


def _fastest_first(boards: list[Device]) -> list[Device]:
    """As CUDA counts unless told otherwise: the fastest is 0, by cores and clock; the others by bus.

    CUDA C++ Programming Guide, CUDA_DEVICE_ORDER: FASTEST_FIRST, which leaves the order of the rest open.
    """
    if not boards:
        return boards
    first = max(boards, key=_speed)
    return [first, *(board for board in boards if board is not first)]


def _speed(board: Device) -> float:
    cores = board.cores if board.mig is None else board.mig.board_cores
    return float(cores or 0) * (board.sm_clock_max_hertz or 0.0)
