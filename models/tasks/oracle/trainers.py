"""Every loop over a task's networks, for the registry; importing this imports no framework."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from likeforlike.models.contract.implementation import Implementation
from likeforlike.models.loops.parts import declared_ways

HUGE_PAGES = ("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1")
"""Large arrays in pages of 2 MiB where Linux has them to give: fewer page faults, fewer misses."""
_WITHOUT_CACHES = (
    ("TORCHINDUCTOR_COMPILE_THREADS", "1"),
    ("TORCHINDUCTOR_FORCE_DISABLE_CACHES", "1"),
)
"""The first epoch's compiling is to be seen, whatever was compiled before it."""
_LOOPS = "likeforlike.models.loops"
_ON_TENSORFLOW = ("KERAS_BACKEND", "tensorflow")

# each without its workload, its network named by the module that has it in a task's package
_keras = partial(
    Implementation,
    workload="",
    framework="tensorflow",
    network="with_keras",
    needs=("tensorflow", "keras"),
    environment=(_ON_TENSORFLOW,),
)
_tensorflow = partial(_keras, network="with_tensorflow")
_torch = partial(Implementation, workload="", framework="torch", network="with_torch", needs=("torch",))
_jax = partial(Implementation, workload="", framework="jax", network="with_jax", needs=("jax",))

_LISTED = (
    _keras(
        name="keras-fit",
        summary="Model.fit as Keras comes, with its TensorBoard callback",
        target=f"{_LOOPS}.keras_fit:KerasFit",
        ways=declared_ways.KERAS_FIT,
    ),
    _keras(
        name="train-on-batch",
        summary="a Keras model, Model.train_on_batch for each batch",
        target=f"{_LOOPS}.train_on_batch:TrainOnBatch",
        ways=declared_ways.TRAIN_ON_BATCH,
    ),
    _tensorflow(
        name="eager-loop",
        summary="hand-written layers and metrics, GradientTape and tf.data, each step eager",
        target=f"{_LOOPS}.tensorflow_loop:EagerLoop",
        ways=declared_ways.EAGER_LOOP,
    ),
    _tensorflow(
        name="graph-loop",
        summary="the eager loop with its step compiled by tf.function",
        target=f"{_LOOPS}.tensorflow_loop:GraphLoop",
        ways=declared_ways.GRAPH_LOOP,
    ),
    _torch(
        name="torch-loop",
        summary="nn.Module, DataLoader and torch.optim.Adam, step by step",
        target=f"{_LOOPS}.torch_loop:TorchLoop",
        ways=declared_ways.TORCH_LOOP,
    ),
    _jax(
        name="jax-step",
        summary="functions and jax.value_and_grad, each step one jax.jit",
        target=f"{_LOOPS}.jax_step:JaxStep",
        ways=declared_ways.JAX_STEP,
    ),
    _jax(
        name="flax-step",
        summary="a module of flax.linen, each step one jax.jit",
        target=f"{_LOOPS}.jax_step:JaxStep",
        network="with_flax",
        needs=("jax", "flax"),
        ways=declared_ways.JAX_STEP,
    ),
    _keras(
        name="keras-fit-jax",
        framework="jax",
        summary="Model.fit on Keras's JAX backend",
        target=f"{_LOOPS}.keras_fit:KerasFitJax",
        needs=("jax", "keras"),
        environment=(("KERAS_BACKEND", "jax"),),
        ways=declared_ways.KERAS_FIT_ELSEWHERE,
    ),
    _keras(
        name="keras-fit-torch",
        framework="torch",
        summary="Model.fit on Keras's PyTorch backend",
        target=f"{_LOOPS}.keras_fit:KerasFitTorch",
        needs=("torch", "keras"),
        environment=(("KERAS_BACKEND", "torch"),),
        ways=declared_ways.KERAS_FIT_ELSEWHERE,
    ),
    _keras(
        name="keras-fit-tuned",
        summary="Model.fit with several steps an execution, and XLA, where trials say so",
        target=f"{_LOOPS}.keras_fit_tuned:KerasFitTuned",
        division="tuned",
        environment=(_ON_TENSORFLOW, HUGE_PAGES),
        ways=declared_ways.KERAS_FIT_TUNED,
    ),
    _tensorflow(
        name="tf-epoch",
        summary="the whole epoch in one compiled TensorFlow function",
        target=f"{_LOOPS}.tensorflow_epoch:TensorFlowEpoch",
        division="tuned",
        environment=(_ON_TENSORFLOW, HUGE_PAGES),
        ways=declared_ways.TF_EPOCH,
    ),
    _tensorflow(
        name="tf-epoch-split",
        summary="the whole epoch in one TensorFlow graph, each batch split among the threads",
        target=f"{_LOOPS}.tensorflow_split_epoch:TensorFlowSplitEpoch",
        division="tuned",
        threading="inter-op",
        device_kinds=("cpu",),
        environment=(_ON_TENSORFLOW, HUGE_PAGES),
        ways=declared_ways.TF_EPOCH,
    ),
    _torch(
        name="torch-compiled",
        summary="resident data, each step one torch.compile function",
        target=f"{_LOOPS}.torch_compiled:TorchCompiled",
        division="tuned",
        environment=(*_WITHOUT_CACHES, HUGE_PAGES),
        ways=declared_ways.TORCH_COMPILED,
    ),
    _jax(
        name="jax-scan",
        summary="the whole epoch in one lax.scan",
        target=f"{_LOOPS}.jax_scan:JaxScan",
        division="tuned",
        environment=(HUGE_PAGES,),
        ways=declared_ways.JAX_SCAN,
    ),
    _torch(
        name="floor-torch",
        summary="no trainer: products and convolutions of a traced step alone, by PyTorch",
        target=f"{_LOOPS}.floors.with_torch:FloorTorch",
        environment=(HUGE_PAGES,),
        role="floor",
    ),
    _jax(
        name="floor-jax",
        summary="no trainer: products and convolutions of a traced step alone, by JAX",
        target=f"{_LOOPS}.floors.with_jax:FloorJax",
        environment=(HUGE_PAGES,),
        role="floor",
    ),
)


def trainers(workload: str, package: str) -> tuple[Implementation, ...]:
    """What a task offers whose package has its networks in ``with_keras``, ``with_tensorflow`` and so on."""
    return tuple(
        replace(
            entry,
            workload=workload,
            network=f"{package}.{entry.network}:NETWORK",
            keras_network=f"{package}.with_keras:NETWORK" if entry.network == "with_tensorflow" else "",
        )
        for entry in _LISTED
    )
