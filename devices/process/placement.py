"""Where a worker runs: its environment, set before any import, and the cores it may use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from likeforlike.devices.machine.environment import Inherited, inherited, renamed
from likeforlike.devices.process.pinning import pinning
from likeforlike.devices.vendors.device import Device
from likeforlike.devices.vendors.makers import MAKERS, maker_of, placement

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
    "NUMBA_NUM_THREADS",
    "POLARS_MAX_THREADS",
    "RAYON_NUM_THREADS",
    # The size of JAX's pool on the CPU: measured, neither XLA_FLAGS nor OMP_NUM_THREADS moves it.
    "NPROC",
)
HOST_DEVICES_FLAG = "--xla_force_host_platform_device_count"


def worker_environment(
    device: Device,
    threads: int,
    logical_cpus: int = 1,
    inherited_xla_flags: str = "",
    beside: Sequence[Device] = (),
    pinned: Sequence[int] = (),
) -> dict[str, str]:
    """Variables for a worker on this device, to be set before it imports any framework.

    A CPU worker sees no GPU; a GPU worker sees that one alone, as its gpu:0, and those ``beside`` it that
    work with it, as gpu:1 and so on, by the variables that their maker's module names. ``logical_cpus`` is
    raised to what the device itself needs (cpu:1 needs two). XLA flags of the caller are kept.
    ``pinned`` are the logical processors that it holds itself to.
    """
    environment = {name: str(threads) for name in THREAD_VARIABLES} | pinning(pinned)
    environment |= placement((device, *beside))
    maker = maker_of(device)
    environment.update(
        JAX_PLATFORMS="cpu" if device.kind == "cpu" or maker is None else f"{maker.jax_platform},cpu",
        TF_CPP_MIN_LOG_LEVEL="2",
        TF_FORCE_GPU_ALLOW_GROWTH="true",
        XLA_PYTHON_CLIENT_PREALLOCATE="false",
    )
    needed = max(logical_cpus, device.index + 1 if device.kind == "cpu" else 1)
    flags = host_device_flags(inherited_xla_flags, needed)
    if flags:
        environment["XLA_FLAGS"] = flags
    return environment


def inherited_by_workers(environ: Mapping[str, str]) -> tuple[Inherited, ...]:
    """Variables that change speed or results and reach a worker started with this environment."""
    found = []
    for item in inherited(environ, SET_FOR_WORKERS):
        if item.name == "XLA_FLAGS":
            kept = host_device_flags(environ["XLA_FLAGS"], 1)
            if not kept:
                continue
            item = renamed(item, kept)
        found.append(item)
    return tuple(found)


def host_device_flags(xla_flags: str, logical_cpus: int) -> str:
    """XLA_FLAGS with the number of logical CPUs that JAX splits the processor into, others kept."""
    kept = [flag for flag in xla_flags.split() if not flag.startswith(HOST_DEVICES_FLAG)]
    if logical_cpus > 1:
        kept.append(f"{HOST_DEVICES_FLAG}={logical_cpus}")
    return " ".join(kept)


def local_device(device: Device) -> str:
    """The device's id as its worker sees it: any GPU is the only one, ``gpu:0``; ``cpu:1`` stays."""
    return "gpu:0" if device.kind == "gpu" else device.id


SET_FOR_WORKERS = frozenset(
    {
        *worker_environment(Device("cpu", 0, ""), 1),
        *(name for maker in MAKERS for name in maker.variables),
        # switched by the frameworks' own calls in `runtime`, whatever the variables say
        "JAX_ENABLE_X64",
        "JAX_DEFAULT_MATMUL_PRECISION",
        # OPENBLAS_NUM_THREADS comes before it
        "GOTO_NUM_THREADS",
        # threadpoolctl sets it in every process that imports it, ours and the workers'
        "KMP_DUPLICATE_LIB_OK",
    }
)
"""Variables whose inherited value reaches no worker; XLA_FLAGS are merged, and so are not among them."""
