"""Tables of peaks and rates behind the ceilings, with their sources. Dense: never counting sparsity.

Datasheets since Ampere print tensor-core peaks "with sparsity", twice the dense ones; those are halved here.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class GpuPeaks:
    """Dense peaks of one GPU model in TFLOP/s, by tensor cores where it has them; None: not tabulated."""

    words: tuple[str, ...]
    """All of them are words of the name NVML gives, in lower case."""
    source: str
    float64: float | None
    float32: float | None
    tf32: float | None
    bfloat16: float | None
    float16: float | None

    def teraflop(self, precision: str) -> float | None:
        """The peak at a precision; a precision the tensor cores lack falls to float32's."""
        value: float | None = getattr(self, precision)
        if value is None and precision in ("tf32", "bfloat16"):
            return self.float32
        return value


def _row(words: str, source: str, *teraflop: float | None) -> GpuPeaks:
    return GpuPeaks(tuple(words.split()), source, *teraflop)


_LAPTOPS = "NVIDIA, GeForce RTX 40 Laptop GPUs compared: cores x highest boost clock, Ada's rates"


def _laptop(words: str, cores: int, gigahertz: float) -> GpuPeaks:
    """Of a GeForce of the Ada architecture, whose rates stand to float32's as the RTX 4090's do."""
    float32 = round(2 * cores * gigahertz / 1e3, 2)
    return _row(words, _LAPTOPS, round(float32 / 64, 3), float32, float32, 2 * float32, 4 * float32)


GPU_PEAKS = (
    # words of the name,      source,                                     float64 float32  tf32   bf16   fp16
    _row("b300", "NVIDIA HGX B300 datasheet, an eighth, half of sparse", 1.3, 77.0, 1125.0, 2250.0, 2250.0),
    _row("gb300", "NVIDIA GB300 NVL72 datasheet, half of sparse", 1.4, 80.0, 1250.0, 2500.0, 2500.0),
    _row("gb200", "NVIDIA GB200 NVL72 datasheet, half of sparse", 40.0, 80.0, 1250.0, 2500.0, 2500.0),
    _row("b200", "NVIDIA HGX B200 datasheet, an eighth, half of sparse", 37.0, 75.0, 1125.0, 2250.0, 2250.0),
    _row("b100", "NVIDIA HGX B100 datasheet, an eighth, half of sparse", 30.0, 60.0, 900.0, 1800.0, 1800.0),
    _row("gh200", "NVIDIA GH200 datasheet, half of sparse", 67.0, 67.0, 494.7, 989.4, 989.4),
    _row("h200 nvl", "NVIDIA H200 datasheet (NVL), half of sparse", 60.0, 60.0, 417.5, 835.5, 835.5),
    _row("h200", "NVIDIA H200 datasheet (SXM), half of sparse", 67.0, 67.0, 494.7, 989.4, 989.4),
    _row("h100 pcie", "NVIDIA H100 PCIe datasheet, half of sparse", 51.2, 51.2, 378.0, 756.5, 756.5),
    _row("h100 nvl", "NVIDIA H100 datasheet (NVL), half of sparse", 60.0, 60.0, 417.5, 835.5, 835.5),
    _row("h100", "NVIDIA H100 datasheet (SXM), half of sparse", 67.0, 67.0, 494.7, 989.4, 989.4),
    _row("a100", "NVIDIA A100 datasheet (PCIe and SXM, 40 and 80 GB)", 19.5, 19.5, 156.0, 312.0, 312.0),
    _row("a30", "NVIDIA A30 datasheet", 10.3, 10.3, 82.0, 165.0, 165.0),
    _row("a40", "NVIDIA A40 datasheet", 0.585, 37.4, 74.8, 149.7, 149.7),
    _row("a10g", "NVIDIA A10G as AWS G5 states it; A10's tensor rates", 0.55, 35.0, 62.5, 125.0, 125.0),
    _row("a10", "NVIDIA A10 datasheet", 0.49, 31.2, 62.5, 125.0, 125.0),
    _row("rtx a6000", "NVIDIA RTX A6000 datasheet, half of sparse", 0.61, 38.7, 77.4, 154.8, 154.8),
    _row("l40s", "NVIDIA L40S datasheet", 1.43, 91.6, 183.0, 362.05, 362.05),
    _row("l40", "NVIDIA L40 datasheet", 1.42, 90.5, 90.5, 181.05, 181.05),
    _row("l4", "NVIDIA L4 datasheet, half of sparse", 0.49, 30.3, 60.0, 121.0, 121.0),
    _row("t4", "NVIDIA T4 datasheet", 0.254, 8.1, None, None, 65.0),
    _row("v100s", "NVIDIA V100S datasheet", 8.2, 16.4, None, None, 130.0),
    _row("v100", "NVIDIA V100 datasheet (SXM2)", 7.8, 15.7, None, None, 125.0),
    # Laptops of the series 30 and 50 have no row: NVIDIA's own figures of them were not at hand.
    _laptop("rtx 4090 laptop", 9728, 2.040),
    _laptop("rtx 4080 laptop", 7424, 2.280),
    _laptop("rtx 4070 laptop", 4608, 2.175),
    _laptop("rtx 4060 laptop", 3072, 2.370),
    _laptop("rtx 4050 laptop", 2560, 2.370),
    _row("rtx 5090", "NVIDIA RTX Blackwell whitepaper, dense", 1.64, 104.8, 104.8, 209.5, 419.0),
    _row("rtx 4090", "NVIDIA Ada whitepaper, dense", 1.29, 82.6, 82.6, 165.2, 330.3),
    _row("rtx 3090 ti", "NVIDIA GA102 whitepaper rates at 1.86 GHz", 0.63, 40.0, 40.0, 80.0, 160.0),
    _row("rtx 3090", "NVIDIA GA102 whitepaper, dense", 0.56, 35.6, 35.6, 71.0, 142.0),
    _row("rtx 2080 ti", "NVIDIA Turing whitepaper (Founders Edition)", 0.45, 14.2, None, None, 113.8),
    _row("p100", "NVIDIA P100 datasheet (SXM2)", 5.3, 10.6, None, 10.6, 21.2),
    _row("k80", "NVIDIA K80 datasheet, half a board, which is one GPU", 1.46, 4.37, None, None, 4.37),
)
"""Rows with more words come before those with fewer of the same, as the first match counts."""

MOBILE = frozenset({"laptop", "mobile"})
"""Words of the names of laptops' GPUs."""

EMULATION = {
    "float32": "CUBLAS_EMULATE_SINGLE_PRECISION",
    "float64": "CUBLAS_EMULATE_DOUBLE_PRECISION",
}
"""The variables that switch cuBLAS's emulation on, by precision (cuBLAS, environment variables)."""
EMULATED_FLOAT32_PRODUCTS = 9
"""Products of bfloat16 for one of float32: NVIDIA calls it BF16x9 (cuBLAS 12.9).

How many of int8 stand for one of float64 depends on the mantissas that cuBLAS finds: no rate can be told."""

CORES_PER_MULTIPROCESSOR = {
    (7, 0): 64,
    (7, 2): 64,
    (7, 5): 64,
    (8, 0): 64,
    (8, 6): 128,
    (8, 7): 128,
    (8, 9): 128,
    (9, 0): 128,
    (10, 0): 128,
    (10, 3): 128,
    (12, 0): 128,
    (12, 1): 128,
}
"""FP32 cores of a streaming multiprocessor by compute capability (CUDA programming guide)."""

_AMPERE_SMALL = {"float16": 1024.0, "bfloat16": 1024.0, "tf32": 512.0}
TENSOR_FLOP_PER_CYCLE: dict[tuple[int, int], dict[str, float]] = {
    (7, 0): {"float16": 1024.0, "bfloat16": 128.0, "tf32": 128.0},
    (7, 2): {"float16": 1024.0, "bfloat16": 128.0, "tf32": 128.0},
    (7, 5): {"float16": 1024.0, "bfloat16": 128.0, "tf32": 128.0},
    (8, 0): {"float16": 2048.0, "bfloat16": 2048.0, "tf32": 1024.0, "float64": 128.0},
    (8, 6): _AMPERE_SMALL,
    (8, 7): {"float16": 2048.0, "bfloat16": 2048.0, "tf32": 1024.0},
    (8, 9): _AMPERE_SMALL,
    (9, 0): {"float16": 4096.0, "bfloat16": 4096.0, "tf32": 2048.0, "float64": 256.0},
    (10, 0): {"float16": 8192.0, "bfloat16": 8192.0, "tf32": 4096.0, "float64": 128.0},
    (10, 3): {"float16": 8192.0, "bfloat16": 8192.0, "tf32": 4096.0},
    (12, 0): _AMPERE_SMALL,
    (12, 1): _AMPERE_SMALL,
}
"""Dense FLOP per multiprocessor and cycle: twice the fused multiply-adds of NVIDIA's architecture whitepapers
(Volta to Blackwell). Without tensor cores for a precision, the plain float32 rate."""

FLOAT64_SHARE = {
    (3, 5): 1 / 3,
    (3, 7): 1 / 3,
    (5, 0): 1 / 32,
    (5, 2): 1 / 32,
    (6, 0): 1 / 2,
    (6, 1): 1 / 32,
    (7, 0): 1 / 2,
    (7, 5): 1 / 32,
    (8, 0): 1 / 2,
    (8, 6): 1 / 64,
    (8, 7): 1 / 64,
    (8, 9): 1 / 64,
    (9, 0): 1 / 2,
    (10, 0): 1 / 2,
    (10, 3): 1 / 64,
    (12, 0): 1 / 64,
    (12, 1): 1 / 64,
}
"""float64 units for each float32 unit, by compute capability (CUDA programming guide)."""

HIGHEST_PEAKS = {
    "float64": (163.4, "AMD Instinct MI300X (datasheet, matrix)"),
    "float32": (163.4, "AMD Instinct MI300X (datasheet)"),
    "tf32": (1250.0, "NVIDIA GB200 (datasheet, half of sparse)"),
    "bfloat16": (2516.6, "AMD Instinct MI355X (datasheet)"),
    "float16": (2516.6, "AMD Instinct MI355X (datasheet)"),
}
"""TFLOP/s and whose: the highest dense single-device peaks sold."""

CPU_FLOP_PER_CYCLE = {
    # Two 512-bit fused multiply-add units: 2 units x 16 floats x 2.
    "avx512f": 64.0,
    "avx2": 32.0,
    # Before FMA: a multiplication and an addition a cycle.
    "avx": 16.0,
    "sse2": 8.0,
    # The widest built: two 512-bit units (A64FX).
    "sve2": 64.0,
    "sve": 64.0,
    # Four 128-bit units (Neoverse V, Apple).
    "asimd": 32.0,
    # FMOPA of 512-bit vectors, 16 x 16 x 2, one a cycle: measured of Apple's M4 (Remke and Breuer,
    # Hello SME!, arXiv 2409.18779). Its units are shared by a cluster's cores; each core is taken to have
    # one. float64 a quarter (8 x 8 x 2), sums of two 16-bit products twice.
    "sme": 512.0,
    # TDPBF16PS: 16 x 16 sums of 32 products, one every 16 cycles (Intel optimisation manual).
    "amx": 1024.0,
}
"""float32 FLOP a core and cycle by vector extension (uops.info, Arm's optimisation guides); amx: 16-bit."""

HIGHEST_CLOCK_HERTZ = 6.2e9
"""The highest turbo clock of any processor sold (Core i9-14900KS); taken where nothing tells the real one."""
