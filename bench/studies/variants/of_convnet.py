"""The convolutional network: ``tf-epoch`` with one thing done another way."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from likeforlike.models.contract.training.trainer import Run, Trainer


def with_bias_add(run: Run) -> Trainer:
    """``tf-epoch`` with biases by ``tf.nn.bias_add``, whose gradient oneDNN joins to the kernel's."""
    return _with_units(run, _biased_before_pooling)


def pooled_first(run: Run) -> Trainer:
    """``tf-epoch`` with pooling before bias and ReLU, which then see a quarter of the values."""
    return _with_units(run, _pooled_before_bias)


def with_update_by_xla(run: Run) -> Trainer:
    """``tf-epoch`` with the optimizer's update alone compiled by XLA."""
    import tensorflow as tf

    from likeforlike.models.loops.tensorflow_epoch import TensorFlowEpoch

    class Compiled(TensorFlowEpoch):
        @property
        def terms(self) -> Mapping[str, object]:
            return {**super().terms, "update": "compiled by XLA"}

        def _apply(self, gradients: Sequence[tf.Tensor]) -> None:
            apply = super()._apply
            tf.function(lambda *given: apply(given), jit_compile=True)(*gradients)

    return Compiled(_as_graph(run))


def with_one_operation_adam(run: Run) -> Trainer:
    """``tf-epoch`` with Adam in one operation a weight, ``ResourceApplyAdam``."""
    import tensorflow as tf

    from likeforlike.models.loops.tensorflow_epoch import TensorFlowEpoch

    class OneOperation(TensorFlowEpoch):
        @property
        def terms(self) -> Mapping[str, object]:
            return {**super().terms, "update": "ResourceApplyAdam"}

        def _apply(self, gradients: Sequence[tf.Tensor]) -> None:
            adam = self.optimizer
            number = tf.cast(adam.iterations.value + 1, tf.float32)
            first, second = tf.constant(adam.beta_1), tf.constant(adam.beta_2)
            moments = zip(adam._momentums, adam._velocities, strict=True)  # Keras has no other way to them
            for variable, gradient, (mean, square) in zip(
                self.network.trainable, gradients, moments, strict=True
            ):
                tf.raw_ops.ResourceApplyAdam(
                    var=variable.handle,
                    m=mean.value.handle,
                    v=square.value.handle,
                    beta1_power=first**number,
                    beta2_power=second**number,
                    lr=tf.cast(adam.learning_rate, tf.float32),
                    beta1=first,
                    beta2=second,
                    epsilon=tf.constant(adam.epsilon),
                    grad=gradient,
                )
            adam.iterations.value.assign_add(1)

    return OneOperation(_as_graph(run))


def _with_units(run: Run, units: Callable[[Any, Any], Any]) -> Trainer:
    """``tf-epoch`` of the same weights, its layers written otherwise."""
    from likeforlike.models.loops.tensorflow_epoch import TensorFlowEpoch
    from likeforlike.models.tasks.convnet.oracle import initial_weights
    from likeforlike.models.tasks.convnet.with_tensorflow import NETWORK
    from likeforlike.models.tasks.oracle.tensorflow_layers import HandWritten

    network = replace(NETWORK, build=lambda recipe: HandWritten(recipe, initial_weights(recipe), units))
    return TensorFlowEpoch(replace(_as_graph(run), network=network))


def _as_graph(run: Run) -> Run:
    """What the trial chooses for this network, without the trial."""
    return replace(run, recipe=replace(run.recipe, execution="graph"))


def _biased_before_pooling(layers: Any, images: Any) -> Any:
    import tensorflow as tf

    def layer(name: str, maps: Any) -> Any:
        return tf.nn.max_pool2d(
            tf.nn.relu(_biased(layers, name, _convolved(layers, name, maps))), 2, 2, "VALID"
        )

    return _units(layers, images, layer)


def _pooled_before_bias(layers: Any, images: Any) -> Any:
    import tensorflow as tf

    def layer(name: str, maps: Any) -> Any:
        return tf.nn.relu(
            _biased(layers, name, tf.nn.max_pool2d(_convolved(layers, name, maps), 2, 2, "VALID"))
        )

    return _units(layers, images, layer)


def _units(layers: Any, images: Any, layer: Callable[[str, Any], Any]) -> Any:
    import tensorflow as tf

    maps = layer("conv2", layer("conv1", tf.reshape(images, [-1, 28, 28, 1])))
    flat = tf.reshape(maps, [-1, 7 * 7 * 32])
    return tf.nn.relu(_biased(layers, "hidden", flat @ layers.weight("hidden_kernel", flat)))


def _convolved(layers: Any, name: str, maps: Any) -> Any:
    import tensorflow as tf

    return tf.nn.conv2d(maps, layers.weight(f"{name}_kernel", maps), 1, "SAME")


def _biased(layers: Any, name: str, sums: Any) -> Any:
    import tensorflow as tf

    return tf.nn.bias_add(sums, layers.weight(f"{name}_bias", sums))
