"""Result files as the harness would write them, made from a seed: documents to alter, write and report."""

from __future__ import annotations

import json
import math
import statistics
from pathlib import Path

import numpy as np

CPU = {"model": "Intel(R) Xeon(R) Processor", "usable_cores": 2, "vector": "avx512f", "hertz": 2.0e9}
A100 = {
    "name": "NVIDIA A100-SXM4-80GB",
    "uuid": "GPU-0",
    "memory_bytes": 85_899_345_920,
    "driver": "550.1",
    "compute_capability": [8, 0],
}
RECIPE = {
    "name": "matched",
    "batch_size": 64,
    "bias": True,
    "dropout_rate": 0.2,
    "dropout_at_evaluation": False,
    "learning_rate": 0.001,
    "beta_1": 0.9,
    "beta_2": 0.999,
    "epsilon": 1e-7,
    "epochs": 7,
    "shuffle": "every-epoch",
    "remainder": "keep",
    "seed": 2020,
    "logging": "none",
    "execution": "default",
    "precision": "float32",
    "published_with": None,
}
KERAS_2020 = RECIPE | {
    "name": "keras-2020",
    "batch_size": 32,
    "logging": "histograms",
    "published_with": "keras-fit",
}
MANUAL_2020 = RECIPE | {
    "name": "manual-2020",
    "bias": False,
    "dropout_at_evaluation": True,
    "logging": "scalars",
    "published_with": "eager-loop",
}
TERMS = {
    "keras-fit": {"execution": "graph", "jit_compile": False},
    "keras-fit-tuned": {"execution": "graph", "jit_compile": False, "steps_per_execution": 64},
    "eager-loop": {"execution": "eager", "jit_compile": False},
    "graph-loop": {"execution": "graph", "jit_compile": False},
    "tf-epoch": {"execution": "graph", "jit_compile": True},
    "torch-loop": {"execution": "eager"},
    "floor": {"execution": "matrix products only"},
}
FRAMEWORKS = {"torch": "torch", "numpy": "numpy", "jax": "jax", "floor": "numpy"}
SECONDS = {  # an epoch under ``matched``
    "keras-fit": 4.7,
    "eager-loop": 23.0,
    "graph-loop": 4.6,
    "torch-loop": 4.5,
    "keras-fit-tuned": 2.6,
    "tf-epoch": 1.25,
    "floor": 0.7,
}
DATA = {
    "name": "fashion-mnist",
    "source": "/usr/share/datasets/fashion-mnist",
    "train_samples": 60000,
    "validation_samples": 10000,
}
SYNTHETIC = DATA | {"name": "synthetic", "source": "generated"}


OWN = "9f1c2d3e4a5b"
"""The sample machine's id."""


def fingerprint(identity=OWN, cpu=None, gpus=(), **more):
    """A machine's ``machine_info.likeforlike``; of another id, another machine, by its BLAS."""
    return {
        "id": identity,
        "cpu": CPU | (cpu or {}),
        "memory_bytes": 25_000_000_000,
        "gpus": list(gpus),
        "cuda": None,
        "versions": {"python": "3.11.7", "tensorflow": "2.21.0", "keras": "3.15.1", "numpy": "2.4.6"},
        "blas": [f"openblas 0.3.29 {'SkylakeX' if identity == OWN else identity}"],
        "threads": 2,
        "precision_mode": "ieee",
    } | more


def framework_of(implementation):
    """The framework an implementation's name tells."""
    return FRAMEWORKS.get(implementation.split("-")[0], "tensorflow")


def stats(data):
    """Pytest-benchmark's statistics, as far as readers use them."""
    return {
        "min": min(data),
        "max": max(data),
        "mean": statistics.fmean(data),
        "median": statistics.median(data),
        "stddev": statistics.pstdev(data),
        "rounds": len(data),
        "iterations": 1,
        "data": list(data),
    }


LAUNCHES = 5
"""In which a cell's rounds are measured; a training's launches are its runs."""


def launches_of(workload, rounds):
    """``launch_numbers`` and ``launches`` of a cell."""
    if workload in ("training", "noise"):
        return {}
    numbers = [LAUNCHES * number // rounds for number in range(rounds)]
    told = [{"launch": n, "rounds": numbers.count(n)} for n in dict.fromkeys(numbers)]
    return {"launch_numbers": numbers, "launches": told}


def cell(workload, implementation, device, axes, samples, **extra):
    """One benchmark of ours."""
    place = " ".join(str(value) for name, value in axes.items() if name != "run")
    group = extra.pop("group", f"{workload} {device} {place}")
    name = f"{workload}-{implementation}-{device}-" + "-".join(str(value) for value in axes.values())
    info = {
        "cell": name,
        "workload": workload,
        "implementation": implementation,
        "framework": framework_of(implementation),
        "division": "tuned" if implementation in ("keras-fit-tuned", "tf-epoch", "tf-xla") else "default",
        "device": device,
        "axes": axes,
        "group": group,
        "cold_seconds": samples[0] * 3,
        "setup_seconds": 0.01,
        "flop": None,
        "verified": {"error": 1e-7, "tolerance": 1e-5},
        "timing": "synchronised",
        "round_numbers": list(range(len(samples))),
        **launches_of(workload, len(samples)),
        "disturbed": [],
        "stop": {"reason": "precision", "median_interval": [0.99, 1.01], "rounds": len(samples)},
        "plausible": {"ok": True, "reasons": []},
    } | extra
    return {
        "name": f"test_{workload}[{name}]",
        "fullname": f"bench/test_{workload}.py::test_{workload}[{name}]",
        "group": group,
        "params": None,
        "param": None,
        "extra_info": info,
        "options": {},
        "stats": stats(samples),
    }


class Noise:
    """Times of cells measured in turns on a machine that drifts."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.drifts = {}

    def times(self, seconds, rounds, group, spread=0.015):
        """Samples around ``seconds``; the cells of one group share its drift."""
        if group not in self.drifts:
            self.drifts[group] = np.cumsum(self.rng.normal(0, 0.02, 500))
        drift = self.drifts[group][:rounds]
        return [float(x) for x in seconds * np.exp(drift + self.rng.normal(0, spread, rounds))]


def curve(epochs, noise, lift=0.0):
    """Losses and accuracies of a run, with overfitting from about the tenth epoch."""
    rows = []
    for epoch in range(1, epochs + 1):
        shake = noise.rng.normal(0, 0.003, 2)
        loss = 0.11 + 0.39 * epoch**-0.45
        val_loss = 0.30 + 0.14 * math.exp(-epoch / 3) + 0.0028 * max(0, epoch - 9) + shake[0]
        rows.append(
            {
                "epoch": epoch,
                "loss": loss,
                "accuracy": 0.965 - 0.145 * epoch**-0.5,
                "val_loss": val_loss,
                "val_accuracy": min(0.90, 0.895 + lift - 0.05 * math.exp(-epoch / 4) + shake[1]),
            }
        )
    return rows


def training(implementation, recipe, run, noise, seconds, epochs, **extra):
    """One training cell."""
    group = extra.pop("group", f"training {recipe['name']} run {run}")
    device = extra.pop("device", "cpu:0")
    times = noise.times(seconds, epochs, f"{group}{device}", 0.01)
    times[0] *= 1.3
    rows = [
        {"train_seconds": time, "evaluation_seconds": time / 12, "logging_seconds": 0.0} | row
        for time, row in zip(times, curve(epochs, noise), strict=True)
    ]
    for row in rows:
        if recipe["logging"] == "histograms":
            row["logging_seconds"] = seconds / 5
    reached = next((row for row in rows if row["val_accuracy"] >= 0.88), None)
    best = min(rows, key=lambda row: row["val_loss"])
    info = {
        "group": group,
        "cold_seconds": times[0],
        "setup_seconds": 1.2,
        "round_numbers": list(range(epochs - 1)),
        "flop": 1.466e11,
        "total_seconds": 1.2
        + sum(sum(row[f"{part}_seconds"] for part in ("train", "evaluation", "logging")) for row in rows),
        "epochs": rows,
        "recipe": recipe | {"epochs": epochs},
        "terms": TERMS.get(implementation, {}),
        "data": DATA,
        "parameters": 407050 if recipe["bias"] else 406528,
        "peak_memory_bytes": 900_000_000,
        "time_to_accuracy": {
            "target": 0.88,
            "epoch": reached and reached["epoch"],
            "seconds": reached and sum(row["train_seconds"] for row in rows[: reached["epoch"]]),
        },
        "best_epoch": {key: best[key] for key in ("epoch", "val_loss", "val_accuracy")},
        "tensorboard": None,
    } | extra
    if implementation == "floor":
        for key in ("epochs", "verified", "time_to_accuracy", "best_epoch"):
            info[key] = [] if key == "epochs" else None
    axes = {"recipe": recipe["name"], "run": run}
    return cell("training", implementation, device, axes, times[1:], **info)


def trainers(noise, factor=1.0, epochs=9, runs=2, **extra):
    """The notebook's pair and the trainers under ``matched``."""
    cells = []
    for run in range(runs):
        pair = f"training published run {run}"
        cells += [
            training("keras-fit", KERAS_2020, run, noise, 9.0 * factor, epochs, group=pair, **extra),
            training("eager-loop", MANUAL_2020, run, noise, 22.0 * factor, epochs, group=pair, **extra),
        ]
        for name, seconds in SECONDS.items():
            cells.append(training(name, RECIPE, run, noise, seconds * factor, epochs, **extra))
    return cells


CPU_RATE, GPU_RATE = 9.0e10, 1.1e13
"""FLOP/s of the sample machines' large products."""


def product_seconds(device, size, implementation):
    """How long a product takes: overhead and work."""
    overhead = {"numpy": 5e-6, "tf-eager": 4e-5, "tf-graph": 9e-5, "tf-xla": 6e-5}.get(implementation, 4e-5)
    if device.startswith("gpu"):
        return overhead * 2 + 2 * size**3 / GPU_RATE
    return overhead + 2 * size**3 / (CPU_RATE * (1.0 if implementation != "tf-xla" else 1.02))


def products(noise, factor=1.0, devices=("cpu:0",), sizes=(500, 1000, 2000), rounds=25, transfer=False):
    """Products of all implementations, devices and sizes."""
    cells = []
    for device in devices:
        for size in sizes:
            group = f"matmul {device} {size} float32"
            for name in ("tf-eager", "tf-graph", "numpy", "tf-xla"):
                if device.startswith("gpu") and name == "numpy":
                    continue
                data = noise.times(product_seconds(device, size, name) * factor, rounds, group)
                extra = {"flop": 2.0 * size**3, "group": group}
                if transfer and device.startswith("gpu"):
                    moved = 4.0 * size * size / 1.0e10
                    extra["transfer"] = {
                        "to_device_seconds": [2 * moved + 2e-5] * rounds,
                        "to_host_seconds": [moved + 2e-5] * rounds,
                    }
                cells.append(cell("matmul", name, device, {"size": size, "dtype": "float32"}, data, **extra))
    return cells


def checks(noise):
    """Jacobian and eigen cells."""
    cells = []
    for size in (2, 1000):
        for name, error in (("tf-gradient-tape", 0.0), ("finite-differences", 2.1e-9)):
            data = noise.times(4e-4 * size**0.3, 15, f"jacobian {size}")
            verified = {"error": error, "tolerance": 1e-6}
            axes = {"size": size, "dtype": "float64"}
            cells.append(cell("jacobian", name, "cpu:0", axes, data, verified=verified))
    for size in (2, 200):
        for name, error in (("numpy-eigh", 1.3e-15), ("tf-eigh", 8.9e-16)):
            data = noise.times(2e-5 * size**0.8, 15, f"eigen {size}")
            verified = {"error": error, "tolerance": 1e-10}
            axes = {"size": size, "dtype": "float64"}
            cells.append(cell("eigen", name, "cpu:0", axes, data, verified=verified))
    return cells


LADDER = (
    (None, "keras-fit", 9.0, {}),
    (("logging", "histograms", "scalars"), "keras-fit", 7.6, {"logging": "scalars"}),
    (("logging", "scalars", "none"), "keras-fit", 7.5, {"logging": "none"}),
    (("batch_size", 32, 64), "keras-fit", 4.7, {"batch_size": 64}),
    (("implementation", "keras-fit", "graph-loop"), "graph-loop", 4.6, {}),
    (("implementation", "graph-loop", "eager-loop"), "eager-loop", 23.0, {}),
    (("bias", True, False), "eager-loop", 21.5, {"bias": False}),
    (("dropout_at_evaluation", False, True), "eager-loop", 21.6, {"dropout_at_evaluation": True}),
    (("logging", "none", "scalars"), "eager-loop", 22.0, {"logging": "scalars"}),
)


def ladder(noise, epochs=9):
    """The rungs' cells and the header's ladder."""
    cells, rungs, recipe = [], [], dict(KERAS_2020)
    for number, (change, name, seconds, fields) in enumerate(LADDER):
        recipe = recipe | fields | {"name": f"ladder-{number:02d}", "published_with": None}
        place = {"group": "training ladder run 0"}
        place |= {"launch_numbers": [3 * epoch // (epochs - 1) for epoch in range(epochs - 1)]}
        cells.append(training(name, recipe, 0, noise, seconds, epochs, **place))
        told = change and dict(zip(("field", "before", "after"), change, strict=True))
        rungs.append({"rung": number, "change": told, "recipe": recipe["name"], "implementation": name})
    ends = [f"{rungs[0]['implementation']}@ladder-00", f"{rungs[-1]['implementation']}@{recipe['name']}"]
    return cells, {"ends": ends, "rungs": rungs}


UNMEASURED = [
    {
        "cell": "training-torch-compiled-cpu:0-matched-0",
        "outcome": "skipped",
        "reason": "torch not installed: pip install 'likeforlike[torch]'",
        "workload": "training",
        "implementation": "torch-compiled",
        "device": "cpu:0",
        "axes": {"recipe": "matched", "run": 0},
    },
    {
        "cell": "matmul-jax-cpu:0-10000-float32",
        "outcome": "out-of-memory",
        "reason": "killed at 14.2 GiB of 14.0 GiB",
        "workload": "matmul",
        "implementation": "jax",
        "device": "cpu:0",
        "axes": {"size": 10000, "dtype": "float32"},
    },
    {"cell": "eigen-mine-cpu:0-2-float64", "outcome": "wrong-answer", "reason": "error 0.3, tolerance 1e-10"},
]


def document(cells, machine=None, run_id="20261123-213000-1a2b3c", **header):
    """A whole result file."""
    return {
        "machine_info": {"node": "vm", "system": "Linux", "likeforlike": machine or fingerprint()},
        "commit_info": {"id": "c" * 40, "dirty": False},
        "benchmarks": cells,
        "datetime": "2026-11-23T21:30:00+00:00",
        "version": "5.3.1",
        "likeforlike": {
            "schema_version": 1,
            "run_id": run_id,
            "unmeasured": [],
            "noise": {
                "aa_interval": [0.994, 1.006],
                "aa_ratio": 1.001,
                "aa_pairs": 40,
                "harness_seconds_per_sample": 1.1e-7,
            },
            "preset": "quick",
            "command": "pytest bench --benchmark-json=results/quick.json",
            "timing": "synchronised",
        }
        | header,
    }


def quick_run(seed=1, factor=1.0, gpu=False, with_ladder=False, machine=None, **header):
    """A run of the ``quick`` preset with everything in it."""
    noise = Noise(seed)
    gpus = [A100] if gpu else []
    devices = ("cpu:0", "gpu:0") if gpu else ("cpu:0",)
    sizes = (100, 500, 1000, 2000, 5000) if gpu else (500, 1000, 2000)
    cells = trainers(noise, factor) + products(noise, factor, devices, sizes, transfer=gpu) + checks(noise)
    if with_ladder:
        rungs, header["ladder"] = ladder(noise)
        cells += rungs
    machine = machine or fingerprint("aaaa00000001" if gpu else "9f1c2d3e4a5b", gpus=gpus)
    return document(cells, machine, run_id=f"run-{seed}", **({"unmeasured": UNMEASURED} | header))


def plain_run(times, version="5.3.1", **machine):
    """A file of plain pytest-benchmark: ``{fullname: samples}``."""
    return {
        "machine_info": {
            "node": "host",
            "machine": "x86_64",
            "system": "Linux",
            "python_version": "3.12.1",
            "cpu": {"brand_raw": "AMD EPYC 7763 64-Core Processor", "count": 8},
        }
        | machine,
        "commit_info": {},
        "benchmarks": [
            {
                "name": name.split("::")[-1],
                "fullname": name,
                "group": None,
                "params": None,
                "param": None,
                "extra_info": {"device": 7, "colour": [1, 2]},
                "options": {},
                "stats": stats(data),
            }
            for name, data in times.items()
        ],
        "datetime": "2026-01-01T00:00:00",
        "version": version,
    }


def write(path, value):
    """Write a document as JSON and return its path."""
    Path(path).write_text(json.dumps(value), encoding="utf-8")
    return Path(path)


def twins(noise, seconds=0.005, rounds=40):
    """The A/A pair."""
    return [
        cell("noise", name, "cpu:0", {}, noise.times(seconds, rounds, "noise"), group="noise")
        for name in ("twin-a", "twin-b")
    ]
