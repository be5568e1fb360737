"""The fixed list of variables that change speed or results, each with what it does.

Sources: the documentation of OpenBLAS, oneMKL, BLIS, oneDNN, TensorFlow, XLA, JAX, PyTorch, CUDA, cuBLAS,
cuDNN, libgomp, Intel's OpenMP, glibc and CPython. Not on it are variables that only say where things lie
(``CUDA_HOME``, ``TORCH_HOME``), without which a program may not run at all, and what images for GPUs say of
themselves (``NCCL_VERSION``; ``TORCH_CUDA_ARCH_LIST``, for which extensions are built).
"""

from __future__ import annotations

from dataclasses import dataclass

SPEED = "changes speed"
RESULTS = "changes results"
BOTH = "changes speed and results"


@dataclass(frozen=True)
class Variable:
    """A name, or a prefix that ends in ``*``, and what variables of that name do."""

    pattern: str
    affects: str
    does: str
    """Completes ``NAME=value ...``."""
    frameworks: tuple[str, ...] = ()
    """Whose figures depend on it, beside NumPy's through ``blas``."""
    blas: str = ""
    """The library it sets, as threadpoolctl names it: NumPy's figures depend on it where that is its BLAS."""
    packages: tuple[str, ...] = ()
    """Figures of implementations that need one of these depend on it, and no others."""
    gpu_alone: bool = False

    @property
    def exact(self) -> bool:
        """Whether it is known by its whole name."""
        return not self.pattern.endswith("*")

    @property
    def every(self) -> bool:
        """Whether the figures of all frameworks depend on it."""
        return not (self.frameworks or self.blas or self.packages)

    def fits(self, name: str) -> bool:
        """Whether this is the row of a name."""
        return name == self.pattern if self.exact else name.startswith(self.pattern[:-1])


def _numpy_blas() -> tuple[Variable, ...]:
    """Libraries that multiply for NumPy; oneMKL for PyTorch as well."""
    torch = ("torch",)
    return (
        Variable(
            "OPENBLAS_CORETYPE", BOTH, "makes OpenBLAS use the kernels of another processor", (), "openblas"
        ),
        Variable("OPENBLAS_VERBOSE", SPEED, "makes OpenBLAS print what it does", (), "openblas"),
        Variable("OPENBLAS_*", BOTH, "sets OpenBLAS, with which NumPy computes", (), "openblas"),
        Variable("GOTO_*", SPEED, "sets OpenBLAS, with which NumPy computes", (), "openblas"),
        Variable("MKL_CBWR", BOTH, "holds oneMKL to one code path, for equal results", torch, "mkl"),
        Variable("MKL_ENABLE_INSTRUCTIONS", BOTH, "limits oneMKL's vector instructions", torch, "mkl"),
        Variable("MKL_DEBUG_CPU_TYPE", BOTH, "makes oneMKL use another processor's kernels", torch, "mkl"),
        Variable("MKL_VERBOSE", SPEED, "makes oneMKL print every call", torch, "mkl"),
        Variable("MKL_DYNAMIC", SPEED, "lets oneMKL use fewer threads than asked for", torch, "mkl"),
        Variable("MKL_*", BOTH, "sets oneMKL", torch, "mkl"),
        Variable("BLIS_ARCH_TYPE", BOTH, "makes BLIS use the kernels of another processor", (), "blis"),
        Variable("BLIS_*", BOTH, "sets BLIS", (), "blis"),
        Variable("VECLIB_*", SPEED, "sets Apple's Accelerate", (), "accelerate"),
        Variable("NPY_DISABLE_CPU_FEATURES", BOTH, "forbids NumPy vector instructions", ("numpy",)),
        Variable("NPY_*", BOTH, "sets NumPy, such as the vector instructions it may use", ("numpy",)),
        Variable("NUMPY_*", BOTH, "sets NumPy", ("numpy",)),
        Variable("NUMEXPR_*", SPEED, "sets NumExpr", ("numexpr",)),
    )


def _frameworks() -> tuple[Variable, ...]:
    tensorflow, jax, torch = ("tensorflow",), ("jax",), ("torch",)
    onednn = ("tensorflow", "torch")
    xla = ("tensorflow", "jax")
    return (
        Variable("ONEDNN_MAX_CPU_ISA", BOTH, "limits oneDNN's vector instructions", onednn),
        Variable("ONEDNN_DEFAULT_FPMATH_MODE", BOTH, "lets oneDNN compute in a lower precision", onednn),
        Variable("ONEDNN_VERBOSE", SPEED, "makes oneDNN print every call", onednn),
        Variable("ONEDNN_*", BOTH, "sets oneDNN", onednn),
        Variable("DNNL_*", BOTH, "sets oneDNN", onednn),
        Variable("TF_ENABLE_ONEDNN_OPTS", BOTH, "turns TensorFlow's oneDNN kernels on or off", tensorflow),
        Variable("TF_XLA_FLAGS", BOTH, "sets how TensorFlow uses XLA", tensorflow),
        Variable("TF_DETERMINISTIC_OPS", BOTH, "makes TensorFlow use reproducible kernels", tensorflow),
        Variable("TF_USE_LEGACY_KERAS", BOTH, "replaces Keras 3 by tf-keras", tensorflow),
        Variable("TF_FUNCTION_JIT_COMPILE_DEFAULT", BOTH, "compiles every tf.function by XLA", tensorflow),
        Variable("TF_ENABLE_AUTO_MIXED_PRECISION*", BOTH, "lets TensorFlow compute in 16 bits", tensorflow),
        Variable("TF_AUTO_MIXED_PRECISION*", BOTH, "lets TensorFlow compute in 16 bits", tensorflow),
        Variable("TF_CPP_MAX_VLOG_LEVEL", SPEED, "makes TensorFlow log what it does", tensorflow),
        Variable("TF_CPP_VMODULE", SPEED, "makes TensorFlow log what it does", tensorflow),
        Variable("TF_ONEDNN_*", BOTH, "sets TensorFlow's oneDNN kernels", tensorflow),
        Variable("TF_ENABLE_CU*", BOTH, "sets TensorFlow's use of tensor cores", tensorflow, gpu_alone=True),
        Variable("TF_CUDNN_*", BOTH, "sets TensorFlow's use of cuDNN", tensorflow, gpu_alone=True),
        Variable("TF_CUBLAS_*", BOTH, "sets TensorFlow's use of cuBLAS", tensorflow, gpu_alone=True),
        Variable("TF_GPU_*", SPEED, "sets TensorFlow's GPU threads and memory", tensorflow, gpu_alone=True),
        Variable("XLA_FLAGS", BOTH, "sets XLA's compiler", xla),
        Variable("XLA_PYTHON_CLIENT_*", SPEED, "sets JAX's memory on the GPU", jax, gpu_alone=True),
        Variable("XLA_*", BOTH, "sets XLA", xla),
        Variable("JAX_DEBUG_NANS", SPEED, "makes JAX look for NaN after every operation", jax),
        Variable("JAX_DISABLE_JIT", BOTH, "makes JAX compile nothing", jax),
        Variable("JAX_ENABLE_COMPILATION_CACHE", SPEED, "lets JAX take compiled code from a cache", jax),
        Variable("JAX_COMPILATION_CACHE_DIR", SPEED, "lets JAX take compiled code from a cache", jax),
        Variable("JAX_*", BOTH, "sets JAX", jax),
        Variable("TORCH_ALLOW_TF32_CUBLAS_OVERRIDE", BOTH, "lets PyTorch use TF32", torch, gpu_alone=True),
        Variable("TORCHDYNAMO_DISABLE", BOTH, "turns torch.compile off", torch),
        Variable("TORCH_COMPILE_DISABLE", BOTH, "turns torch.compile off", torch),
        Variable("TORCH_LOGS", SPEED, "makes PyTorch log what it does", torch),
        Variable("TORCHINDUCTOR_*", BOTH, "sets torch.compile", torch),
        Variable("TORCH*", BOTH, "sets PyTorch", torch),
        Variable("PYTORCH_ALLOC_CONF", SPEED, "sets how PyTorch allocates memory", torch),
        Variable("PYTORCH_CUDA_ALLOC_CONF", SPEED, "sets PyTorch's memory on the GPU", torch, gpu_alone=True),
        Variable("PYTORCH_*", BOTH, "sets PyTorch", torch),
        Variable("TRITON_*", BOTH, "sets Triton, which compiles for PyTorch", torch, gpu_alone=True),
        Variable("KERAS_MAX_*", BOTH, "ends Keras's training early", packages=("keras",)),
        Variable("KERAS_BACKEND", BOTH, "chooses what Keras computes with", packages=("keras",)),
        Variable("KERAS_*", BOTH, "sets Keras", packages=("keras",)),
    )


def _gpus() -> tuple[Variable, ...]:
    def gpu(pattern: str, affects: str, does: str) -> Variable:
        return Variable(pattern, affects, does, gpu_alone=True)

    return (
        gpu("NVIDIA_TF32_OVERRIDE", BOTH, "switches TF32 whatever a program asks for"),
        gpu("CUDA_LAUNCH_BLOCKING", SPEED, "makes every kernel wait for the one before"),
        gpu("CUDA_DEVICE_MAX_CONNECTIONS", SPEED, "sets how many kernels are queued side by side"),
        gpu("CUDA_MODULE_LOADING", SPEED, "sets when kernels are loaded"),
        gpu("CUDA_CACHE_*", SPEED, "sets the driver's cache of compiled kernels"),
        gpu("CUDA_FORCE_PTX_JIT", SPEED, "makes the driver compile every kernel"),
        gpu("CUDA_DISABLE_PTX_JIT", RESULTS, "forbids the driver to compile kernels"),
        gpu("CUDA_MPS_*", SPEED, "shares the GPU among processes"),
        gpu("CUBLAS_WORKSPACE_CONFIG", BOTH, "sets cuBLAS's workspace, and so its kernels"),
        gpu("CUBLAS_*", BOTH, "sets cuBLAS"),
        gpu("CUBLASLT_*", BOTH, "sets cuBLASLt"),
        gpu("CUDNN_*", BOTH, "sets cuDNN"),
        gpu("NCCL_*", SPEED, "sets how GPUs talk to each other"),
    )


def _process() -> tuple[Variable, ...]:
    openmp = ("torch",)
    return (
        Variable("OMP_PROC_BIND", SPEED, "binds OpenMP's threads", openmp, "mkl"),
        Variable("OMP_PLACES", SPEED, "binds OpenMP's threads", openmp, "mkl"),
        Variable("OMP_WAIT_POLICY", SPEED, "sets whether idle OpenMP threads spin", openmp, "mkl"),
        Variable("OMP_*", SPEED, "sets OpenMP", openmp, "mkl"),
        Variable("KMP_AFFINITY", SPEED, "binds OpenMP's threads", openmp, "mkl"),
        Variable("KMP_*", SPEED, "sets Intel's OpenMP", openmp, "mkl"),
        Variable("GOMP_CPU_AFFINITY", SPEED, "binds OpenMP's threads", openmp, "mkl"),
        Variable("GOMP_*", SPEED, "sets GNU's OpenMP", openmp, "mkl"),
        Variable("GLIBC_TUNABLES", SPEED, "tunes the C library, such as its huge pages"),
        Variable("MALLOC_CONF", SPEED, "sets how jemalloc allocates memory"),
        Variable("MALLOC_*", SPEED, "sets how memory is allocated"),
        Variable("TCMALLOC_*", SPEED, "sets how memory is allocated"),
        Variable("MIMALLOC_*", SPEED, "sets how memory is allocated"),
        Variable("LD_PRELOAD", BOTH, "puts other code before the libraries'"),
        Variable("LD_AUDIT", SPEED, "watches every call between libraries"),
        Variable("LD_BIND_NOW", SPEED, "resolves all symbols at the start: first calls are faster"),
    )


def _python() -> tuple[Variable, ...]:
    rows = {
        "PYTHONHASHSEED": (BOTH, "fixes the order of Python's sets"),
        "PYTHONOPTIMIZE": (BOTH, "leaves assertions out"),
        "PYTHONDEVMODE": (SPEED, "turns on Python's checks for developers"),
        "PYTHONMALLOC": (SPEED, "changes how Python allocates memory"),
        "PYTHONTRACEMALLOC": (SPEED, "traces every allocation of Python's"),
        "PYTHONASYNCIODEBUG": (SPEED, "turns on asyncio's checks"),
        "PYTHONDUMPREFS": (SPEED, "keeps track of all Python objects"),
        "PYTHONPROFILEIMPORTTIME": (SPEED, "times every import"),
        "PYTHONVERBOSE": (SPEED, "prints every import"),
        "PYTHONPERFSUPPORT": (SPEED, "lets perf see Python's functions"),
        "PYTHON_PERF_JIT_SUPPORT": (SPEED, "lets perf see Python's functions"),
        "PYTHON_JIT": (SPEED, "turns Python's compiler on or off"),
        "PYTHON_GIL": (SPEED, "turns Python's global lock on or off"),
        "PYTHON_CPU_COUNT": (SPEED, "changes how many cores Python sees"),
    }
    return tuple(Variable(name, *told) for name, told in rows.items())


VARIABLES: tuple[Variable, ...] = (*_numpy_blas(), *_frameworks(), *_gpus(), *_process(), *_python())
"""In order: the first row that fits a name counts."""


def sets_nothing(name: str) -> bool:
    """Whether a name only says where things lie, which version is there, or for what extensions are built."""
    return name.endswith(("_HOME", "_ROOT", "_VERSION")) or name == "TORCH_CUDA_ARCH_LIST"
