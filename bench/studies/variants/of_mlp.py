"""The notebook's network: its trainers with one thing done another way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from likeforlike.models.contract.training.trainer import Run, Trainer


def with_generator_bits(run: Run) -> Trainer:
    """``tf-epoch`` with dropout by TensorFlow's own counter-based generator, a float32 a unit."""
    import tensorflow as tf

    from likeforlike.models.tasks.mlp.loops.tensorflow_epoch import TensorFlowEpoch, xorshift

    class GeneratorBits(TensorFlowEpoch):
        @property
        def terms(self) -> Mapping[str, object]:
            return {**super().terms, "dropout": "a float32 a unit, tf.random.stateless_uniform"}

        def _keep(self, lanes: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor | None]:
            lanes = xorshift(lanes)
            seed = tf.bitcast(lanes[0, :2], tf.int32)
            drawn = tf.random.stateless_uniform([lanes.shape[0], 512], seed)
            return lanes, drawn >= self.run.recipe.dropout_rate if self.run.recipe.dropout_rate else None

    return GeneratorBits(run)


def without_xla(run: Run) -> Trainer:
    """``tf-epoch`` as a plain graph."""
    from likeforlike.models.tasks.mlp.loops.tensorflow_epoch import TensorFlowEpoch

    return TensorFlowEpoch(replace(run, recipe=replace(run.recipe, execution="graph")))


def with_small_pages(run: Run) -> Trainer:
    """``tf-epoch`` with its arrays in pages of 4 KiB."""
    from likeforlike.models.tasks.mlp.loops.tensorflow_epoch import TensorFlowEpoch

    return TensorFlowEpoch(run)


def with_tape(run: Run) -> Trainer:
    """``tf-epoch`` with gradients by GradientTape instead of by hand."""
    import tensorflow as tf

    from likeforlike.models.tasks.mlp.loops.tensorflow_epoch import TensorFlowEpoch

    class Taped(TensorFlowEpoch):
        @property
        def terms(self) -> Mapping[str, object]:
            return {**super().terms, "gradients": "tf.GradientTape"}

        def _gradients(self, weights: Any, images: tf.Tensor, labels: tf.Tensor, keep: Any) -> Any:
            with tf.GradientTape() as tape:
                tape.watch(weights)
                logits = self._layers(weights, images, keep)[1]
                losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
                mean = tf.reduce_mean(losses)
            return tape.gradient(mean, weights), self._sums(logits, labels)

    return Taped(run)


def keras_with_xla(run: Run) -> Trainer:
    """``keras-fit`` with ``jit_compile=True`` and nothing else."""
    from likeforlike.models.loops.keras_fit import KerasFit

    return KerasFit(replace(run, recipe=replace(run.recipe, execution="xla")))


def keras_without_autotuning(run: Run) -> Trainer:
    """``keras-fit`` from the dataset that Keras makes of arrays, with tf.data's autotuner off."""
    from likeforlike.models.loops.keras_fit import KerasFit

    return KerasFit(replace(run, recipe=replace(run.recipe, feeding="arrays-untuned")))


def keras_with_own_dropout(run: Run) -> Trainer:
    """``keras-fit-tuned``'s way of feeding and executing, with Keras's own dropout layer."""
    from likeforlike.models.loops.keras_fit import KerasFit
    from likeforlike.models.tasks.mlp.loops.keras_fit_tuned import KerasFitTuned

    class OwnDropout(KerasFitTuned):
        dropout = KerasFit.dropout

        @property
        def terms(self) -> Mapping[str, object]:
            return {**super().terms, "dropout": "Dropout"}

    return OwnDropout(run)


def torch_with_fused_adam(run: Run) -> Trainer:
    """``torch-loop`` with PyTorch's fused Adam."""
    import torch

    from likeforlike.models.loops.torch_loop import TorchLoop

    class Fused(TorchLoop):
        def __init__(self, run: Run) -> None:
            super().__init__(run)
            group = self.optimizer.optimizer.param_groups[0]
            self.optimizer.optimizer = torch.optim.Adam(
                group["params"], group["lr"], betas=group["betas"], eps=group["eps"], fused=True
            )

    return Fused(run)
