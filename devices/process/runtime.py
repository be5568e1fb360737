"""A framework's own switches, thrown inside a worker. Frameworks are imported in the calls, never above.

What limits threads, found by looking: TensorFlow by its own setting before its first operation; PyTorch by
its own setting at any time; JAX on the CPU only by the variable NPROC, read when its client is made
(XLA_FLAGS and OMP_NUM_THREADS change nothing, affinity only if set on every thread), and never below one
thread for each logical CPU; NumPy through its BLAS.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from likeforlike.devices.machine.bookkeeping import told
from likeforlike.devices.machine.versions import FRAMEWORK_DISTRIBUTIONS, installed_version
from likeforlike.devices.process.placement import host_device_flags
from likeforlike.devices.process.thread_pools import blas_threads, libraries_of, limit_blas_threads
from likeforlike.devices.vendors.makers import MAKERS

THREADS_OF_THIS_PROCESS = Path("/proc/self/task")
AS_IT_IS = ""
"""For a precision mode: the framework's switches stay as its user has set them."""
XLA_POOL = "tf_XLAEigen"
"""What the kernel calls the threads of XLA's CPU client."""


@dataclass(frozen=True)
class Runtime:
    """One framework's switches. This base is the neutral one: a BLAS, no device of its own."""

    framework: str
    distributions: tuple[str, ...] = ()
    """Names under which the framework is installed, the usual one first."""
    threading: str = "intra-op"
    """``inter-op``: each thread works on operations of its own, where the framework can be told so."""
    logical_cpus: bool = False
    """Whether it can split the processor, so that cpu:1 means something to it."""

    def configure(self, local_device: str, threads: int, precision: str) -> None:
        """Set threads, logical CPUs and precision; the first time before any work of the framework's.

        ``precision``: a precision mode, or ``AS_IT_IS``, which moves no switch.
        """
        limit_blas_threads(threads)

    def threads(self) -> int | None:
        """How many threads it works with by its own account; None if it can't tell."""
        return None

    def synchronise(self, local_device: str) -> None:
        """Return when all work queued on the device is done; nothing is copied to the host."""

    def device_peak_bytes(self, local_device: str) -> int | None:
        """The allocator's high-water mark on a GPU; None on a CPU, or where the framework keeps none."""
        return None

    def reset_device_peak(self, local_device: str) -> None:
        """Start that mark afresh, where the framework can."""

    def asynchronous(self, enabled: bool) -> None:
        """Let calls return before their work is done; for frameworks that leave one the choice."""

    def gpus(self) -> int | None:
        """How many GPUs it sees here; None if it can't tell. May raise whatever the framework raises."""
        return None

    def version(self) -> str | None:
        """The installed version, read without importing the framework; None if it isn't installed."""
        return installed_version(self.distributions)


class NumpyRuntime(Runtime):
    """NumPy: its BLAS does the work, and is done when the call returns."""

    def threads(self) -> int | None:
        """The threads of its BLAS; None if it has none that tells."""
        return max(blas_threads("blas", libraries_of("numpy")).values(), default=None)


class TensorflowRuntime(Runtime):
    """TensorFlow, and Keras upon it."""

    def configure(self, local_device: str, threads: int, precision: str) -> None:
        """Also: inter-op threads, memory growth, TF32 off unless it is the precision asked for.

        With ``threading="inter-op"`` an operation has one thread, and so many operations run at once.

        Raises RuntimeError if another number of logical CPUs is in use already.
        """
        import tensorflow as tf

        super().configure(local_device, threads, precision)
        threading = tf.config.threading
        # Once TensorFlow has worked these can't be moved any more; what then holds, `threads` tells.
        with contextlib.suppress(RuntimeError):
            threading.set_intra_op_parallelism_threads(1 if self.threading == "inter-op" else threads)
            threading.set_inter_op_parallelism_threads(threads)
        _split_tensorflow_cpu(logical_cpus_of(local_device))
        for gpu in tf.config.list_physical_devices("GPU"):
            with contextlib.suppress(RuntimeError):
                tf.config.experimental.set_memory_growth(gpu, True)
        if precision != AS_IT_IS:
            tf.config.experimental.enable_tensor_float_32_execution(precision == "tf32")

    def threads(self) -> int | None:
        """The setting of those that work at once; None where TensorFlow chose by itself."""
        import tensorflow as tf

        within = tf.config.threading.get_intra_op_parallelism_threads()
        between = tf.config.threading.get_inter_op_parallelism_threads()
        return (within * between if self.threading == "inter-op" else within) or None

    def gpus(self) -> int | None:
        """By ``list_physical_devices``: empty where CUDA's libraries are missing."""
        import tensorflow as tf

        return len(tf.config.list_physical_devices("GPU"))

    def synchronise(self, local_device: str) -> None:
        """Wait for every device's streams and for asynchronous eager execution."""
        import tensorflow as tf

        tf.test.experimental.sync_devices()

    def device_peak_bytes(self, local_device: str) -> int | None:
        """By ``get_memory_info``."""
        if not local_device.startswith("gpu"):
            return None
        import tensorflow as tf

        return int(tf.config.experimental.get_memory_info(local_device.upper())["peak"])

    def reset_device_peak(self, local_device: str) -> None:
        """By ``reset_memory_stats``."""
        if local_device.startswith("gpu"):
            import tensorflow as tf

            tf.config.experimental.reset_memory_stats(local_device.upper())

    def asynchronous(self, enabled: bool) -> None:
        """Eager operations return at once, as the notebook's did on its GPU, or when done, the default."""
        import tensorflow as tf

        tf.config.experimental.set_synchronous_execution(not enabled)


def _split_tensorflow_cpu(logical_cpus: int) -> None:
    """Give TensorFlow at least this many logical CPUs; RuntimeError if it has begun with fewer."""
    import tensorflow as tf

    if logical_cpus < 2:
        return
    processor = tf.config.list_physical_devices("CPU")[0]
    try:
        shares = [tf.config.LogicalDeviceConfiguration() for _ in range(logical_cpus)]
        tf.config.set_logical_device_configuration(processor, shares)
    except RuntimeError as error:
        there = len(tf.config.list_logical_devices("CPU"))
        if there < logical_cpus:
            message = f"cpu:{logical_cpus - 1} asked for after TensorFlow had begun with {there} logical CPUs"
            raise RuntimeError(message) from error


class TorchRuntime(Runtime):
    """PyTorch: asynchronous on GPUs alone."""

    def configure(self, local_device: str, threads: int, precision: str) -> None:
        """Also: TF32 for products and convolutions only if it is the precision asked for."""
        import torch

        super().configure(local_device, threads, precision)
        torch.set_num_threads(threads)
        # Refused once parallel work has begun, when the number set before holds.
        with contextlib.suppress(RuntimeError):
            torch.set_num_interop_threads(threads)
        if precision != AS_IT_IS:
            torch.set_float32_matmul_precision("high" if precision == "tf32" else "highest")
            torch.backends.cudnn.allow_tf32 = precision == "tf32"

    def threads(self) -> int | None:
        """By ``torch.get_num_threads``."""
        import torch

        return int(torch.get_num_threads())

    def gpus(self) -> int | None:
        """By ``torch.cuda``; a build for the CPU has it too, and sees none."""
        import torch

        return int(torch.cuda.device_count()) if torch.cuda.is_available() else 0

    def synchronise(self, local_device: str) -> None:
        """Wait for the GPU's streams; a CPU's work is done already."""
        if local_device.startswith("gpu"):
            import torch

            torch.cuda.synchronize(_number(local_device))

    def device_peak_bytes(self, local_device: str) -> int | None:
        """By ``max_memory_allocated``."""
        if not local_device.startswith("gpu"):
            return None
        import torch

        return int(torch.cuda.max_memory_allocated(_number(local_device)))

    def reset_device_peak(self, local_device: str) -> None:
        """By ``reset_peak_memory_stats``."""
        if local_device.startswith("gpu"):
            import torch

            # before CUDA is initialised there is no mark, and PyTorch calls the device invalid
            if torch.cuda.is_initialized():
                torch.cuda.reset_peak_memory_stats(_number(local_device))


class JaxRuntime(Runtime):
    """JAX: asynchronous on every device, the CPU too."""

    def configure(self, local_device: str, threads: int, precision: str) -> None:
        """Also: float64 enabled when asked for, products at full precision unless tf32 is asked for."""
        os.environ["NPROC"] = str(threads)
        needed = logical_cpus_of(local_device)
        if needed > 1:
            os.environ["XLA_FLAGS"] = host_device_flags(os.environ.get("XLA_FLAGS", ""), needed)
        import jax

        super().configure(local_device, threads, precision)
        if precision != AS_IT_IS:
            jax.config.update("jax_enable_x64", precision == "float64")
            product = "tensorfloat32" if precision == "tf32" else "highest"
            jax.config.update("jax_default_matmul_precision", product)
        # whether it has a GPU `gpus` tells
        try:
            jax.devices()
        except RuntimeError:
            if not local_device.startswith("gpu"):
                raise

    def gpus(self) -> int | None:
        """Devices of the backend "gpu", which a build for the CPU doesn't know: RuntimeError then."""
        import jax

        return len(jax.devices("gpu"))

    def threads(self) -> int | None:
        """Threads of the CPU client's pool, counted by name, since JAX has no getter; None elsewhere."""
        return _count_threads(XLA_POOL)

    def synchronise(self, local_device: str) -> None:
        """Wait for side effects, every array alive, and a last small task behind them on the device."""
        import jax

        jax.effects_barrier()
        jax.block_until_ready(jax.live_arrays())
        device = _jax_device(local_device)
        jax.block_until_ready(jax.device_put(0.0, device) + 1.0)

    def device_peak_bytes(self, local_device: str) -> int | None:
        """By ``memory_stats``; of the whole process, since JAX can't start it afresh."""
        if not local_device.startswith("gpu"):
            return None
        peak = (_jax_device(local_device).memory_stats() or {}).get("peak_bytes_in_use")
        return None if peak is None else int(peak)


def _jax_device(local_device: str) -> Any:
    import jax

    kind, _, number = local_device.partition(":")
    return jax.devices(kind)[int(number)]


_RUNTIMES: dict[str, tuple[type[Runtime], bool]] = {
    "tensorflow": (TensorflowRuntime, True),
    "torch": (TorchRuntime, False),
    "jax": (JaxRuntime, True),
    "numpy": (NumpyRuntime, False),
}

FRAMEWORKS = tuple(_RUNTIMES)
"""The frameworks whose switches are known here."""


def runtime(framework: str, threading: str = "intra-op") -> Runtime:
    """The switches of tensorflow, torch, jax or numpy; a neutral set for any other framework."""
    kind, logical_cpus = _RUNTIMES.get(framework, (Runtime, False))
    return kind(framework, FRAMEWORK_DISTRIBUTIONS.get(framework, (framework,)), threading, logical_cpus)


def thread_complaint(runtime_in_use: Runtime, asked: int) -> str | None:
    """One line if the framework, or a BLAS of its own, has other than the threads asked for; None if all do.

    What other packages have loaded beside it (SciPy's BLAS, PyTorch's OpenMP) does none of its work.
    """
    framework = runtime_in_use.framework
    own = told(libraries_of, framework) or []
    holds = {framework: told(runtime_in_use.threads), **blas_threads(libraries=own)}
    wrong = [f"{name} {count}" for name, count in holds.items() if count is not None and count != asked]
    return f"{asked} threads asked for, but these use another number: {', '.join(wrong)}" if wrong else None


def gpu_complaint(runtime_in_use: Runtime, local_device: str, maker: str = "nvidia") -> str | None:
    """One line if the framework can't see the GPU it is asked to work on, and what to type; else None.

    That the driver lists the GPU, and whose it is, is taken as known.
    """
    if not local_device.startswith("gpu"):
        return None
    why = ""
    try:
        count = runtime_in_use.gpus()
    except Exception as error:
        count = 0
        why = f" ({' '.join(str(error).split())[:200]})"
    if count is None or count > _number(local_device):
        return None
    named = " ".join(filter(None, (runtime_in_use.framework, told(runtime_in_use.version))))
    seen = "no GPU" if count == 0 else f"{count} GPU{'' if count == 1 else 's'}"
    builds = next((known.builds for known in MAKERS if known.name == maker), {})
    framework = runtime_in_use.framework
    install = f": {builds[framework]}" if framework in builds else ""
    return f"{named} sees {seen} where the driver lists {local_device}{why}{install}"


def logical_cpus_of(local_device: str) -> int:
    """How many logical CPUs the processor must be split into for this device to be there."""
    return _number(local_device) + 1 if local_device.startswith("cpu") else 1


def _number(local_device: str) -> int:
    return int(local_device.partition(":")[2] or 0)


def _count_threads(name: str) -> int | None:
    """Threads of this process by the kernel's name for them; None if there are none or nobody can say."""
    names = []
    with contextlib.suppress(OSError):
        for task in THREADS_OF_THIS_PROCESS.iterdir():
            with contextlib.suppress(OSError):
                names.append((task / "comm").read_text().strip())
    return names.count(name) or None
