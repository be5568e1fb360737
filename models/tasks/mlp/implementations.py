"""The trainers that the registry lists; importing this imports no framework."""

from __future__ import annotations

from functools import partial

from likeforlike.models.contract.implementation import Implementation
from likeforlike.models.loops.parts import declared_ways

HUGE_PAGES = ("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1")
"""Large arrays in pages of 2 MiB where Linux has them to give: fewer page faults, fewer misses."""
_KERAS = ("KERAS_BACKEND", "tensorflow")

_tensorflow = partial(
    Implementation,
    workload="training",
    framework="tensorflow",
    needs=("tensorflow", "keras"),
    environment=(_KERAS,),
)
_torch = partial(Implementation, workload="training", framework="torch", needs=("torch",))
_jax = partial(Implementation, workload="training", framework="jax", needs=("jax",))

_floor = partial(Implementation, workload="training", role="floor", environment=(HUGE_PAGES,))

_FLOORS = "likeforlike.models.tasks.mlp.floors"

IMPLEMENTATIONS = (
    _tensorflow(
        name="keras-fit",
        summary="Model.fit as Keras comes, with its TensorBoard callback",
        target="likeforlike.models.loops.keras_fit:KerasFit",
        ways=declared_ways.KERAS_FIT,
    ),
    _tensorflow(
        name="eager-loop",
        summary="hand-written layers and metrics, GradientTape and tf.data, each step eager",
        target="likeforlike.models.loops.tensorflow_loop:EagerLoop",
        ways=declared_ways.EAGER_LOOP,
    ),
    _tensorflow(
        name="graph-loop",
        summary="the eager loop with its step compiled by tf.function",
        target="likeforlike.models.loops.tensorflow_loop:GraphLoop",
        ways=declared_ways.GRAPH_LOOP,
    ),
    _torch(
        name="torch-loop",
        summary="nn.Module, DataLoader and torch.optim.Adam, step by step",
        target="likeforlike.models.loops.torch_loop:TorchLoop",
        network="likeforlike.models.tasks.mlp.networks.with_torch:NETWORK",
        ways=declared_ways.TORCH_LOOP,
    ),
    _jax(
        name="keras-fit-jax",
        summary="Model.fit on Keras's JAX backend",
        target="likeforlike.models.loops.keras_fit:KerasFitJax",
        needs=("jax", "keras"),
        environment=(("KERAS_BACKEND", "jax"),),
        ways=declared_ways.KERAS_FIT_ELSEWHERE,
    ),
    _torch(
        name="keras-fit-torch",
        summary="Model.fit on Keras's PyTorch backend",
        target="likeforlike.models.loops.keras_fit:KerasFitTorch",
        needs=("torch", "keras"),
        environment=(("KERAS_BACKEND", "torch"),),
        ways=declared_ways.KERAS_FIT_ELSEWHERE,
    ),
    Implementation(
        "numpy-loop",
        "training",
        "numpy",
        "plain NumPy, gradients by hand; in float64 it is the oracle",
        "likeforlike.models.tasks.mlp.loops.numpy_loop:NumpyLoop",
        device_kinds=("cpu",),
        dtypes=("float32", "float64"),
    ),
    _floor(
        name="floor-numpy",
        framework="numpy",
        needs=("numpy",),
        summary="no trainer: the run's matrix products alone, by NumPy's BLAS",
        target=f"{_FLOORS}.with_numpy:FloorNumpy",
        device_kinds=("cpu",),
    ),
    _floor(
        name="floor-torch",
        framework="torch",
        needs=("torch",),
        summary="no trainer: the run's matrix products alone, by PyTorch",
        target=f"{_FLOORS}.with_torch:FloorTorch",
    ),
    _floor(
        name="floor-tf",
        framework="tensorflow",
        needs=("tensorflow",),
        summary="no trainer: the run's matrix products alone, by TensorFlow, eager and in one graph",
        target=f"{_FLOORS}.with_tensorflow:FloorTensorFlow",
    ),
    _floor(
        name="floor-tf-xla",
        framework="tensorflow",
        needs=("tensorflow",),
        summary="no trainer: the run's matrix products alone, in one TensorFlow function compiled by XLA",
        target=f"{_FLOORS}.with_tensorflow:FloorXla",
    ),
    _floor(
        name="floor-jax",
        framework="jax",
        needs=("jax",),
        summary="no trainer: the run's matrix products alone, in one lax.scan",
        target=f"{_FLOORS}.with_jax:FloorJax",
    ),
    _tensorflow(
        name="keras-fit-tuned",
        summary="Model.fit with one execution an epoch, cheap dropout, XLA if a trial says so",
        target="likeforlike.models.tasks.mlp.loops.keras_fit_tuned:KerasFitTuned",
        division="tuned",
        environment=(_KERAS, HUGE_PAGES),
        ways=declared_ways.KERAS_FIT_TUNED,
    ),
    _tensorflow(
        name="tf-epoch",
        summary="the whole epoch in one compiled TensorFlow function",
        target="likeforlike.models.tasks.mlp.loops.tensorflow_epoch:TensorFlowEpoch",
        division="tuned",
        environment=(_KERAS, HUGE_PAGES),
        ways=declared_ways.TF_EPOCH_OF_MLP,
    ),
    _torch(
        name="torch-compiled",
        summary="resident data, gradients by hand, each step one torch.compile function",
        target="likeforlike.models.tasks.mlp.loops.torch_compiled:TorchCompiled",
        division="tuned",
        # without caches: the first epoch's compiling is to be seen, whatever was compiled before it
        environment=(
            ("TORCHINDUCTOR_COMPILE_THREADS", "1"),
            ("TORCHINDUCTOR_FORCE_DISABLE_CACHES", "1"),
            HUGE_PAGES,
        ),
        ways=declared_ways.TORCH_COMPILED_OF_MLP,
    ),
    _jax(
        name="jax-scan",
        summary="the whole epoch in one lax.scan",
        target="likeforlike.models.tasks.mlp.loops.jax_scan:JaxScan",
        division="tuned",
        environment=(HUGE_PAGES,),
        ways=declared_ways.JAX_SCAN_OF_MLP,
    ),
)
