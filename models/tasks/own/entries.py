"""Every loop of a framework as an entrant, for each brought model of it; imports no framework."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from likeforlike.models.contract.implementation import Division, Implementation, Role
from likeforlike.models.contract.network import Family
from likeforlike.models.tasks.own import networks
from likeforlike.models.tasks.own.given import FOLDER_VARIABLE, MODEL_VARIABLE, Brought, ModelTold

_LOOPS = "likeforlike.models.loops"


@dataclass(frozen=True)
class Loop:
    """A loop that takes any network of a family."""

    name: str
    family: Family
    framework: str
    target: str
    summary: str
    needs: tuple[str, ...]
    division: Division = "default"
    environment: tuple[tuple[str, str], ...] = ()
    role: Role = "contestant"


_HUGE_PAGES = ("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1")
"""Large arrays in pages of 2 MiB where Linux has them to give: fewer page faults, fewer misses."""
_KERAS = ("KERAS_BACKEND", "tensorflow")
_ON_TENSORFLOW = ("tensorflow", "keras")
LOOPS = (
    Loop(
        "keras-fit",
        "keras",
        "tensorflow",
        f"{_LOOPS}.keras_fit:KerasFit",
        "Model.fit as Keras comes",
        _ON_TENSORFLOW,
        environment=(_KERAS,),
    ),
    Loop(
        "train-on-batch",
        "keras",
        "tensorflow",
        f"{_LOOPS}.train_on_batch:TrainOnBatch",
        "Model.train_on_batch, batch by batch",
        _ON_TENSORFLOW,
        environment=(_KERAS,),
    ),
    Loop(
        "eager-loop",
        "keras",
        "tensorflow",
        f"{_LOOPS}.tensorflow_loop:EagerLoop",
        "GradientTape and tf.data, each step eager",
        _ON_TENSORFLOW,
        environment=(_KERAS,),
    ),
    Loop(
        "graph-loop",
        "keras",
        "tensorflow",
        f"{_LOOPS}.tensorflow_loop:GraphLoop",
        "the eager loop with its step compiled by tf.function",
        _ON_TENSORFLOW,
        environment=(_KERAS,),
    ),
    Loop(
        "keras-fit-jax",
        "keras",
        "jax",
        f"{_LOOPS}.keras_fit:KerasFitJax",
        "Model.fit on Keras's JAX backend",
        ("jax", "keras"),
        environment=(("KERAS_BACKEND", "jax"),),
    ),
    Loop(
        "keras-fit-torch",
        "keras",
        "torch",
        f"{_LOOPS}.keras_fit:KerasFitTorch",
        "Model.fit on Keras's PyTorch backend",
        ("torch", "keras"),
        environment=(("KERAS_BACKEND", "torch"),),
    ),
    Loop(
        "keras-fit-tuned",
        "keras",
        "tensorflow",
        f"{_LOOPS}.keras_fit_tuned:KerasFitTuned",
        "Model.fit from batches gathered once an epoch, XLA if a trial says so",
        _ON_TENSORFLOW,
        "tuned",
        (_KERAS, _HUGE_PAGES),
    ),
    Loop(
        "tf-epoch",
        "keras",
        "tensorflow",
        f"{_LOOPS}.tensorflow_epoch:TensorFlowEpoch",
        "the whole epoch in one compiled TensorFlow function",
        _ON_TENSORFLOW,
        "tuned",
        (_KERAS, _HUGE_PAGES),
    ),
    Loop(
        "torch-loop",
        "torch",
        "torch",
        f"{_LOOPS}.torch_loop:TorchLoop",
        "DataLoader and torch.optim, step by step",
        ("torch",),
    ),
    Loop(
        "torch-compiled",
        "torch",
        "torch",
        f"{_LOOPS}.torch_compiled:TorchCompiled",
        "resident data, each step one torch.compile function",
        ("torch",),
        "tuned",
        # without caches: the first epoch's compiling is to be seen, whatever was compiled before it
        (
            ("TORCHINDUCTOR_COMPILE_THREADS", "1"),
            ("TORCHINDUCTOR_FORCE_DISABLE_CACHES", "1"),
            _HUGE_PAGES,
        ),
    ),
    Loop(
        "jax-step",
        "jax",
        "jax",
        f"{_LOOPS}.jax_step:JaxStep",
        "jax.grad and the update in one jitted function, batch by batch",
        ("jax",),
    ),
    Loop(
        "jax-scan",
        "jax",
        "jax",
        f"{_LOOPS}.jax_scan:JaxScan",
        "the whole epoch in one lax.scan",
        ("jax",),
        "tuned",
        (_HUGE_PAGES,),
    ),
    Loop(
        "floor-torch",
        "torch",
        "torch",
        f"{_LOOPS}.floors.with_torch:FloorTorch",
        "no trainer: products and convolutions of a traced step alone, by PyTorch",
        ("torch",),
        environment=(_HUGE_PAGES,),
        role="floor",
    ),
    Loop(
        "floor-jax",
        "jax",
        "jax",
        f"{_LOOPS}.floors.with_jax:FloorJax",
        "no trainer: products and convolutions of a traced step alone, by JAX",
        ("jax",),
        environment=(_HUGE_PAGES,),
        role="floor",
    ),
)
"""Every loop that takes any network of its family, and the floors that none can pass."""


def entries_of(brought: Brought, workload: str) -> Iterator[Implementation]:
    """Each loop with each model of its family; those of one family are told apart by the model's name."""
    for number, model in enumerate(brought.models):
        alike = sum(other.family == model.family for other in brought.models) > 1
        for loop in LOOPS:
            if loop.family == model.family:
                yield _entry(brought, number, model, workload, loop, alike)


def _entry(
    brought: Brought, number: int, model: ModelTold, workload: str, loop: Loop, alike: bool
) -> Implementation:
    found = ((FOLDER_VARIABLE, str(brought.folder)), (MODEL_VARIABLE, str(number)))
    modules = [model.target, brought.asked.data, *([model.loss] if ":" in model.loss else [])]
    return Implementation(
        name=f"{loop.name}-{model.name}" if alike else loop.name,
        workload=workload,
        framework=loop.framework,
        summary=f"{loop.summary}, with {model.target}",
        target=loop.target,
        network=networks.TARGET,
        division=loop.division,
        role=loop.role,
        needs=loop.needs,
        environment=(*loop.environment, *found),
        modules=tuple(dict.fromkeys(target.partition(":")[0] for target in modules)),
    )
