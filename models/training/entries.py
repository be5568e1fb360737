"""The trainers that the registry lists; importing this imports no framework."""

from __future__ import annotations

from functools import partial

from models.entry import Entry

HUGE_PAGES = ("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1")
"""Large arrays in pages of 2 MiB where Linux has them to give: fewer page faults, fewer misses."""
_KERAS = ("KERAS_BACKEND", "tensorflow")

_tensorflow = partial(
    Entry,
    workload="training",
    framework="tensorflow",
    needs=("tensorflow", "keras"),
    install="pip install tensorflow",
    environment=(_KERAS,),
)
_torch = partial(Entry, workload="training", framework="torch", needs=("torch",))
_jax = partial(Entry, workload="training", framework="jax", needs=("jax",))

ENTRIES = (
    _tensorflow(
        name="keras-fit",
        summary="Model.fit as Keras comes, with its TensorBoard callback",
        target="models.training.with_keras:KerasFit",
    ),
    _tensorflow(
        name="eager-loop",
        summary="hand-written layers and metrics, GradientTape and tf.data, each step eager",
        target="models.training.with_tensorflow:EagerLoop",
    ),
    _tensorflow(
        name="graph-loop",
        summary="the eager loop with its step compiled by tf.function",
        target="models.training.with_tensorflow:GraphLoop",
    ),
    _torch(
        name="torch-loop",
        summary="nn.Module, DataLoader and torch.optim.Adam, step by step",
        target="models.training.with_torch:TorchLoop",
    ),
    _jax(
        name="keras-fit-jax",
        summary="Model.fit on Keras's JAX backend",
        target="models.training.with_keras:KerasFitJax",
        needs=("jax", "keras"),
        environment=(("KERAS_BACKEND", "jax"),),
    ),
    _torch(
        name="keras-fit-torch",
        summary="Model.fit on Keras's PyTorch backend",
        target="models.training.with_keras:KerasFitTorch",
        needs=("torch", "keras"),
        environment=(("KERAS_BACKEND", "torch"),),
    ),
    Entry(
        "numpy-loop",
        "training",
        "numpy",
        "plain NumPy, gradients by hand; in float64 it is the oracle",
        "models.training.with_numpy:NumpyLoop",
        device_kinds=("cpu",),
        dtypes=("float32", "float64"),
    ),
    Entry(
        "floor",
        "training",
        "numpy",
        "no trainer: the run's matrix products alone, by the fastest library at hand",
        "models.training.floor:Floor",
        environment=(HUGE_PAGES,),
    ),
    _tensorflow(
        name="keras-fit-tuned",
        summary="Model.fit with one execution an epoch, cheap dropout, XLA if a trial says so",
        target="models.training.with_keras_tuned:KerasFitTuned",
        division="tuned",
        environment=(_KERAS, HUGE_PAGES),
    ),
    _tensorflow(
        name="tf-epoch",
        summary="the whole epoch in one compiled TensorFlow function",
        target="models.training.with_tensorflow_epoch:TensorFlowEpoch",
        division="tuned",
        environment=(_KERAS, HUGE_PAGES),
    ),
    _torch(
        name="torch-compiled",
        summary="resident data, gradients by hand, each step one torch.compile function",
        target="models.training.torch_compiled:TorchCompiled",
        division="tuned",
        # without caches: the first epoch's compiling is to be seen, whatever was compiled before it
        environment=(
            ("TORCHINDUCTOR_COMPILE_THREADS", "1"),
            ("TORCHINDUCTOR_FORCE_DISABLE_CACHES", "1"),
            HUGE_PAGES,
        ),
    ),
    _jax(
        name="jax-scan",
        summary="the whole epoch in one lax.scan",
        target="models.training.jax_scan:JaxScan",
        division="tuned",
        environment=(HUGE_PAGES,),
    ),
)
