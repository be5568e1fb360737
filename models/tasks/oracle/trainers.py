"""Every loop over a task's networks, for the registry; importing this imports no framework."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from likeforlike.models.contract.implementation import Division, Implementation, Role

HUGE_PAGES = ("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1")
"""Large arrays in pages of 2 MiB where Linux has them to give: fewer page faults, fewer misses."""
_WITHOUT_CACHES = (
    ("TORCHINDUCTOR_COMPILE_THREADS", "1"),
    ("TORCHINDUCTOR_FORCE_DISABLE_CACHES", "1"),
)
"""The first epoch's compiling is to be seen, whatever was compiled before it."""
_LOOPS = "likeforlike.models.loops"
_Environment = tuple[tuple[str, str], ...]


def trainers(workload: str, package: str) -> tuple[Implementation, ...]:
    """What a task offers whose package has its networks in ``with_keras``, ``with_tensorflow`` and so on."""

    def entry(
        name: str, framework: str, network: str, target: str, summary: str, *,
        needs: Sequence[str] = (), environment: _Environment = (), division: Division = "default",
        role: Role = "contestant",
    ) -> Implementation:  # fmt: skip
        return Implementation(
            name=name,
            workload=workload,
            framework=framework,
            summary=summary,
            target=f"{_LOOPS}.{target}",
            network=f"{package}.with_{network}:NETWORK",
            division=division,
            needs=(framework, *needs),
            environment=environment,
            role=role,
        )

    def keras(
        name: str, framework: str, target: str, summary: str, backend: str, **more: Any
    ) -> Implementation:
        environment = (("KERAS_BACKEND", backend), *more.pop("environment", ()))
        return entry(
            name, framework, "keras", target, summary,
            needs=("keras",), environment=environment, **more,
        )  # fmt: skip

    def tensorflow(name: str, target: str, summary: str, **more: Any) -> Implementation:
        return entry(name, "tensorflow", "tensorflow", target, summary, **more)

    return (
        keras(
            "keras-fit", "tensorflow", "keras_fit:KerasFit",
            "Model.fit as Keras comes, with its TensorBoard callback", "tensorflow",
        ),
        keras(
            "train-on-batch", "tensorflow", "train_on_batch:TrainOnBatch",
            "a Keras model, Model.train_on_batch for each batch", "tensorflow",
        ),
        tensorflow(
            "eager-loop", "tensorflow_loop:EagerLoop",
            "hand-written layers and metrics, GradientTape and tf.data, each step eager",
            needs=("keras",), environment=(("KERAS_BACKEND", "tensorflow"),),
        ),
        tensorflow(
            "graph-loop", "tensorflow_loop:GraphLoop",
            "the eager loop with its step compiled by tf.function",
            needs=("keras",), environment=(("KERAS_BACKEND", "tensorflow"),),
        ),
        entry(
            "torch-loop", "torch", "torch", "torch_loop:TorchLoop",
            "nn.Module, DataLoader and torch.optim.Adam, step by step",
        ),
        entry(
            "jax-step", "jax", "jax", "jax_step:JaxStep",
            "functions and jax.value_and_grad, each step one jax.jit",
        ),
        entry(
            "flax-step", "jax", "flax", "jax_step:JaxStep",
            "a module of flax.linen, each step one jax.jit",
            needs=("flax",),
        ),
        keras(
            "keras-fit-jax", "jax", "keras_fit:KerasFitJax",
            "Model.fit on Keras's JAX backend", "jax",
        ),
        keras(
            "keras-fit-torch", "torch", "keras_fit:KerasFitTorch",
            "Model.fit on Keras's PyTorch backend", "torch",
        ),
        keras(
            "keras-fit-tuned", "tensorflow", "keras_fit_tuned:KerasFitTuned",
            "Model.fit with several steps an execution, and XLA, where trials say so", "tensorflow",
            environment=(HUGE_PAGES,), division="tuned",
        ),
        tensorflow(
            "tf-epoch", "tensorflow_epoch:TensorFlowEpoch",
            "the whole epoch in one compiled TensorFlow function",
            needs=("keras",), environment=(("KERAS_BACKEND", "tensorflow"), HUGE_PAGES), division="tuned",
        ),
        entry(
            "torch-compiled", "torch", "torch", "torch_compiled:TorchCompiled",
            "resident data, each step one torch.compile function",
            environment=(*_WITHOUT_CACHES, HUGE_PAGES), division="tuned",
        ),
        entry(
            "jax-scan", "jax", "jax", "jax_scan:JaxScan",
            "the whole epoch in one lax.scan",
            environment=(HUGE_PAGES,), division="tuned",
        ),
        entry(
            "floor-torch", "torch", "torch", "floors.with_torch:FloorTorch",
            "no trainer: products and convolutions of a traced step alone, by PyTorch",
            environment=(HUGE_PAGES,), role="floor",
        ),
        entry(
            "floor-jax", "jax", "jax", "floors.with_jax:FloorJax",
            "no trainer: products and convolutions of a traced step alone, by JAX",
            environment=(HUGE_PAGES,), role="floor",
        ),
    )  # fmt: skip
