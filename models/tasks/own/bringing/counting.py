"""Operations of a model's products and convolutions in training, counted by tracing a step of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from likeforlike.models.contract.training.network import NamedWeights
from likeforlike.models.contract.training.recipe import MATCHED
from likeforlike.models.contract.training.trainer import Dataset, Run
from likeforlike.models.tasks.own.families.open import backend_of
from likeforlike.models.tasks.own.given import ModelTold
from likeforlike.models.tasks.own.networks import network_of

Count = Callable[[int, bool], float]
"""Of a batch of so many samples, of a training step or of the outputs alone."""
_BATCHES = (8, 16)
"""Of two sizes: what a step takes whatever its batch, as products of weights alone, is none of a sample's."""


@dataclass(frozen=True)
class Operations:
    """Of a batch, whatever its size, and of each sample in it; None where it can't be traced here."""

    training: tuple[float, float] | None
    inference: tuple[float, float] | None


def operations_of(told: ModelTold, start: NamedWeights, data: Dataset) -> Operations:
    """Of a training step, and of the outputs alone."""
    try:
        with _switches_kept():
            count = _counter(told, Run(MATCHED, data, start, "cpu:0", network=network_of(told)))
            return Operations(_line(count, True), _line(count, False))
    except Exception:  # whatever a stranger's model raises: it is measured without a count
        return Operations(None, None)


def _line(count: Count, training: bool) -> tuple[float, float]:
    few, many = (count(samples, training) for samples in _BATCHES)
    of_sample = (many - few) / (_BATCHES[1] - _BATCHES[0])
    return max(few - _BATCHES[0] * of_sample, 0.0), of_sample


def _counter(told: ModelTold, run: Run) -> Count:
    """Counts a batch of so many samples, by the framework that has been loaded."""
    name = f"the count of {told.name}"
    if told.family == "torch":
        from likeforlike.models.loops.floors import with_torch
        from likeforlike.models.loops.on_torch.network import TorchNetwork

        module = TorchNetwork(name, run)
        return lambda samples, training: _total(with_torch.products_of(module, samples, training))
    if told.family == "keras" and backend_of(told.family) == "tensorflow":
        from likeforlike.models.loops.floors import with_tensorflow
        from likeforlike.models.loops.on_tensorflow.network import LoadedNetwork

        model = LoadedNetwork(name, run, network_of(told))
        return lambda samples, training: _total(with_tensorflow.products_of(model, run, samples, training))
    from likeforlike.models.loops.floors import with_jax
    from likeforlike.models.loops.on_jax.network import JaxNetwork

    if told.family == "keras":
        from likeforlike.models.loops.floors.with_keras import paired

        run = paired(name, run)
    pair = JaxNetwork(name, run)
    return lambda samples, training: _total(with_jax.products_of(pair, samples, training))


def _total(products: Any) -> float:
    return float(sum(product.flop for product in products))


@contextmanager
def _switches_kept() -> Iterator[None]:
    """Tracing sets JAX's precision and Keras's policy for itself."""
    import sys

    jax, keras = sys.modules.get("jax"), sys.modules.get("keras")
    names = ("jax_enable_x64", "jax_default_matmul_precision")
    before = {name: getattr(jax.config, name) for name in names} if jax else {}
    floats = (keras.config.floatx(), keras.config.dtype_policy()) if keras else ()
    try:
        yield
    finally:
        for name, value in before.items():
            jax.config.update(name, value)  # type: ignore[union-attr]
        if floats:
            keras.config.set_floatx(floats[0])  # type: ignore[union-attr]
            keras.config.set_dtype_policy(floats[1])  # type: ignore[union-attr]
