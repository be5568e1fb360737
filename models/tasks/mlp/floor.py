"""The floor: the matrix products of a training run alone, which no trainer can do without.

Forward and backward of a batch take five products. Each is fed by the one before it, so that no compiler
can move one out of the loop; there is no activation, no loss and no update between them.
"""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from likeforlike.models.contract.recipe import Recipe, RecipeRefused
from likeforlike.models.contract.trainer import Between, Parameters, Phases, Run
from likeforlike.models.contract.workload import Verification

TRIAL_BATCHES = 64
TOLERANCES = {"float32": 1e-4, "float64": 1e-10, "tf32": 1e-2}

Pass = Callable[[], tuple[Any, Any]]
"""All batches once; the last batch's two kernel gradients, on the device, done when it returns."""


@dataclass(frozen=True)
class Job:
    """Batches in the data's own order, the last one smaller if the recipe keeps it."""

    images: np.ndarray
    hidden_kernel: np.ndarray
    output_kernel: np.ndarray
    batch_size: int
    keep: bool
    device: str
    tf32: bool

    @property
    def whole(self) -> int:
        """Whole batches."""
        return len(self.images) // self.batch_size

    @property
    def rest(self) -> slice | None:
        """Rows of the last, smaller batch, if there is one to multiply."""
        rows = self.whole * self.batch_size
        return slice(rows, None) if self.keep and rows < len(self.images) else None


def with_numpy(job: Job) -> Pass:
    """NumPy's BLAS, into buffers that are used again."""
    first, second = job.hidden_kernel, job.output_kernel
    batches = [job.images[i * job.batch_size : (i + 1) * job.batch_size] for i in range(job.whole)]
    sizes = ((job.batch_size, 512), (job.batch_size, 10), (512, 10), (job.batch_size, 512), (784, 512))
    hidden, logits, second_gradient, d_hidden, first_gradient = (np.empty(s, first.dtype) for s in sizes)

    def once() -> tuple[np.ndarray, np.ndarray]:
        for batch in batches:
            np.matmul(batch, first, out=hidden)
            np.matmul(hidden, second, out=logits)
            np.matmul(hidden.T, logits, out=second_gradient)
            np.matmul(logits, second.T, out=d_hidden)
            np.matmul(batch.T, d_hidden, out=first_gradient)
        return (
            (first_gradient, second_gradient)
            if job.rest is None
            else products(job.images[job.rest], first, second)
        )

    return once


def with_torch(job: Job) -> Pass:
    """PyTorch's BLAS, into buffers that are used again."""
    import torch

    torch.set_float32_matmul_precision("high" if job.tf32 else "highest")
    device = job.device.replace("gpu", "cuda") if job.device.startswith("gpu") else "cpu"
    images, first, second = (
        torch.tensor(array, device=device) for array in (job.images, job.hidden_kernel, job.output_kernel)
    )
    batches = images[: job.whole * job.batch_size].split(job.batch_size)
    sizes = ((job.batch_size, 512), (job.batch_size, 10), (512, 10), (job.batch_size, 512), (784, 512))
    buffers = [torch.empty(size, dtype=first.dtype, device=device) for size in sizes]
    hidden, logits, second_gradient, d_hidden, first_gradient = buffers

    def once() -> tuple[Any, Any]:
        for batch in batches:
            torch.mm(batch, first, out=hidden)
            torch.mm(hidden, second, out=logits)
            torch.mm(hidden.T, logits, out=second_gradient)
            torch.mm(logits, second.T, out=d_hidden)
            torch.mm(batch.T, d_hidden, out=first_gradient)
        last = first_gradient, second_gradient
        if job.rest is not None:
            last = products(images[job.rest], first, second)
        if device != "cpu":
            torch.cuda.synchronize(device)
        return last

    return once


def with_tensorflow(job: Job) -> Pass:
    """TensorFlow's products in one graph, not through XLA."""
    import tensorflow as tf

    tf.config.experimental.enable_tensor_float_32_execution(job.tf32)
    kind, _, index = job.device.partition(":")
    place = f"/{kind.upper()}:{index or 0}"
    with tf.device(place):
        images, first, second = map(tf.constant, (job.images, job.hidden_kernel, job.output_kernel))

    def multiply(batch: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        hidden = tf.matmul(batch, first)
        logits = tf.matmul(hidden, second)
        d_hidden = tf.matmul(logits, second, transpose_b=True)
        return tf.matmul(batch, d_hidden, transpose_a=True), tf.matmul(hidden, logits, transpose_a=True)

    def graph() -> tuple[tf.Tensor, tf.Tensor]:
        size = job.batch_size
        batches = tf.reshape(images[: job.whole * size], (job.whole, size, 784))
        start = (tf.constant(0), tf.zeros_like(first), tf.zeros_like(second))
        _, *last = tf.while_loop(
            lambda i, *_: i < job.whole,
            lambda i, *_: (i + 1, *multiply(batches[i])),
            start,
            parallel_iterations=1,
        )
        if job.rest is None:
            return tuple(last)
        with tf.control_dependencies(last):
            return multiply(images[job.rest])

    function = tf.function(graph, autograph=False)

    def once() -> tuple[Any, Any]:
        with tf.device(place):
            last = function()
        tf.test.experimental.sync_devices()
        return last

    return once


def with_jax(job: Job) -> Pass:
    """JAX's products in one ``lax.scan``."""
    import jax
    import jax.numpy as jnp

    kind, _, index = job.device.partition(":")
    device = jax.devices("cuda" if kind == "gpu" else kind)[int(index or 0)]
    images, first, second = (
        jax.device_put(array, device) for array in (job.images, job.hidden_kernel, job.output_kernel)
    )

    def graph(images: Any, first: Any, second: Any) -> tuple[Any, ...]:
        batches = images[: job.whole * job.batch_size].reshape(job.whole, job.batch_size, 784)
        start = jnp.zeros_like(first), jnp.zeros_like(second)
        last, _ = jax.lax.scan(lambda _, batch: (products(batch, first, second), None), start, batches)
        # XLA leaves out what is not returned, a whole scan too
        return last if job.rest is None else (*products(images[job.rest], first, second), *last)

    with jax.default_matmul_precision("tensorfloat32" if job.tf32 else "highest"):
        function = jax.jit(graph).lower(images, first, second).compile()
    return lambda: jax.block_until_ready(function(images, first, second))[:2]


LIBRARIES: Mapping[str, Callable[[Job], Pass]] = {
    "numpy": with_numpy,
    "torch": with_torch,
    "tensorflow": with_tensorflow,
    "jax": with_jax,
}


def products(batch: Any, first: Any, second: Any) -> tuple[Any, Any]:
    """The five products of one batch; the gradients' stand-ins, [784, 512] and [512, 10]."""
    hidden = batch @ first
    logits = hidden @ second
    return batch.T @ (logits @ second.T), hidden.T @ logits


def candidates(recipe: Recipe, device: str) -> tuple[str, ...]:
    """Installed libraries that can do the products there, at that precision."""
    names = [name for name in LIBRARIES if importlib.util.find_spec(name) is not None]
    if device != "cpu:0":
        names.remove("numpy")
    if device.startswith("cpu") and device != "cpu:0" and "torch" in names:
        names.remove("torch")
    if recipe.precision == "float64" and "jax" in names:
        names.remove("jax")  # its x64 switch is for a process of its own
    return tuple(names)


@cache
def fastest(recipe: Recipe, device: str) -> dict[str, float]:
    """Seconds a batch of every library at hand, fastest first: the best of five short passes in turns."""
    job = make_job(recipe, np.random.default_rng(0).random((TRIAL_BATCHES * recipe.batch_size, 784)), device)
    passes = {name: LIBRARIES[name](job) for name in candidates(recipe, device)}
    best = dict.fromkeys(passes, float("inf"))
    for once in passes.values():
        once()
    for _ in range(5):
        for name, once in passes.items():
            once()  # untimed: another library's idle threads may still spin
            start = time.perf_counter()
            once()
            best[name] = min(best[name], (time.perf_counter() - start) / TRIAL_BATCHES)
    return dict(sorted(best.items(), key=lambda pair: pair[1]))


def make_job(recipe: Recipe, images: np.ndarray, device: str, initial: Parameters | None = None) -> Job:
    """The products of a recipe over these images; kernels of its own where none are given."""
    dtype = np.dtype("float64" if recipe.precision == "float64" else "float32")
    generator = np.random.default_rng(recipe.seed)
    first = generator.uniform(-0.05, 0.05, (784, 512)) if initial is None else initial.hidden_kernel
    second = generator.uniform(-0.05, 0.05, (512, 10)) if initial is None else initial.output_kernel
    pixels, hidden, output = (np.ascontiguousarray(array, dtype) for array in (images, first, second))
    keep = recipe.remainder == "keep"
    return Job(pixels, hidden, output, recipe.batch_size, keep, device, recipe.precision == "tf32")


class Floor:
    """Timed like a trainer, with no loss and no accuracy.

    Of the recipe it takes what shapes the products: batch size, remainder, epochs, precision. The rest
    is work that a trainer adds to them.
    """

    def __init__(self, run: Run) -> None:
        refuse(run.recipe, run.device)
        self.run = run
        self.trial = fastest(_shape(run.recipe), run.device)
        self.library = next(iter(self.trial))
        build = LIBRARIES[self.library]
        self.once = build(make_job(run.recipe, run.data.train_images, run.device, run.initial))
        few = np.resize(run.data.train_images[:1], (run.recipe.batch_size, 784))
        self.wake = build(make_job(run.recipe, few, run.device, run.initial))

    @property
    def terms(self) -> Mapping[str, object]:
        """The library chosen and the trial's microseconds a batch."""
        return {
            "execution": "matrix products alone",
            "library": self.library,
            "library_trial": {name: round(1e6 * seconds, 1) for name, seconds in self.trial.items()},
            "products_per_batch": 5,
            "shuffle": "none",
            "residence": "on the device",
            "remainder": self.run.recipe.remainder,
        }

    def train(self, between: Between) -> None:
        """Multiply for the recipe's epochs."""
        for number in range(1, self.run.recipe.epochs + 1):
            phases = Phases(self.run.clock)
            with phases.phase("train"):
                self.once()
            if not between(phases.epoch(number, None, None)):
                break

    def forward(self, images: np.ndarray, training: bool) -> np.ndarray:
        """Softmax of the two forward products, by NumPy; the library's own threads are woken first."""
        self.wake()
        initial = self.run.initial
        powers = np.exp((images @ initial.hidden_kernel) @ initial.output_kernel)
        return powers / powers.sum(axis=1, keepdims=True)

    def parameters(self) -> Parameters:
        """The weights it was given: nothing learns."""
        return self.run.initial

    @staticmethod
    def verify(recipe: Recipe, device: str) -> Verification:
        """The products of the chosen library against NumPy in float64, a last smaller batch included."""
        refuse(recipe, device)
        library = next(iter(fastest(_shape(recipe), device)))
        images = np.random.default_rng(1).random((2 * recipe.batch_size + (recipe.batch_size + 1) // 2, 784))
        errors = []
        for keep in (True, False):
            job = make_job(recipe, images, device)
            job = Job(
                job.images, job.hidden_kernel, job.output_kernel, job.batch_size, keep, device, job.tf32
            )
            rows = job.rest or slice((job.whole - 1) * job.batch_size, job.whole * job.batch_size)
            exact = (a.astype(np.float64) for a in (job.images[rows], job.hidden_kernel, job.output_kernel))
            for answer, truth in zip(LIBRARIES[library](job)(), products(*exact), strict=True):
                errors.append(float(np.abs(_host(answer) - truth).max() / np.abs(truth).max()))
        return Verification(max(errors), TOLERANCES[recipe.precision])


def refuse(recipe: Recipe, device: str) -> None:
    """Raise :class:`RecipeRefused` for what products alone can't do."""
    if recipe.execution != "default":
        raise RecipeRefused("floor", "execution", recipe.execution, "products alone have no other way to run")
    if recipe.precision == "tf32" and device.startswith("cpu"):
        raise RecipeRefused("floor", "precision", recipe.precision, "a CPU has no TF32")


def _shape(recipe: Recipe) -> Recipe:
    """A recipe reduced to what shapes the products, so that a trial is made once."""
    return Recipe("floor", batch_size=recipe.batch_size, precision=recipe.precision)


def _host(array: Any) -> np.ndarray:
    return np.asarray(array.cpu() if hasattr(array, "cpu") else array)
