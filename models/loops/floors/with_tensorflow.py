"""TensorFlow's products and convolutions, recorded while a step runs eagerly, then done in one function."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.python.framework import op_callbacks  # there is no public way

from likeforlike.models.contract.training.recipe import refuse_precision
from likeforlike.models.contract.training.trainer import Run
from likeforlike.models.loops.floors.by_numpy import convolution, gradient_error, relative_error
from likeforlike.models.loops.floors.floor import TracedFloor, drawn
from likeforlike.models.loops.floors.ways import Way
from likeforlike.models.loops.on_tensorflow.network import LoadedNetwork, named_variables
from likeforlike.models.loops.parts.naming import network_of
from likeforlike.models.loops.tensorflow_loop import ALL, place

_OF_MAPS = ("strides", "padding", "explicit_paddings", "data_format", "dilations")
_FORWARD, _TO_INPUT, _TO_KERNEL = (
    ("input", "filter"),
    ("input_sizes", "filter", "out_backprop"),
    ("input", "filter_sizes", "out_backprop"),
)
_TRACED: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "MatMul": (("a", "b"), ("transpose_a", "transpose_b")),
    "BatchMatMul": (("x", "y"), ("adj_x", "adj_y")),
    "BatchMatMulV2": (("x", "y"), ("adj_x", "adj_y")),
    "Einsum": (("inputs", "inputs"), ("equation",)),
    "Conv2D": (_FORWARD, _OF_MAPS),
    "Conv2DBackpropInput": (_TO_INPUT, _OF_MAPS),
    "Conv2DBackpropFilter": (_TO_KERNEL, _OF_MAPS),
    "Conv3D": (_FORWARD, _OF_MAPS),
    "Conv3DBackpropInputV2": (_TO_INPUT, _OF_MAPS),
    "Conv3DBackpropFilterV2": (_TO_KERNEL, _OF_MAPS),
    "DepthwiseConv2dNative": (_FORWARD, _OF_MAPS),
    "DepthwiseConv2dNativeBackpropInput": (_TO_INPUT, _OF_MAPS),
    "DepthwiseConv2dNativeBackpropFilter": (_TO_KERNEL, _OF_MAPS),
}
"""What each operation calls its inputs, and those of its attributes that say what it computes."""


@dataclass(frozen=True)
class Product:
    """One product or convolution of a step."""

    kind: str
    attributes: Mapping[str, Any]
    shapes: tuple[tuple[int, ...], ...]
    """Of what is multiplied."""
    result: tuple[int, ...]
    dtype: tf.DType

    @property
    def told(self) -> str:
        """In words."""
        return f"{self.kind} {' by '.join('x'.join(map(str, shape)) for shape in self.shapes)}"

    def __call__(self, *operands: tf.Tensor) -> tf.Tensor:
        """The product of operands of those shapes."""
        work = getattr(tf.raw_ops, self.kind)
        if self.kind == "Einsum":
            return work(inputs=list(operands), **self.attributes)
        left = iter(operands)
        given = {
            name: tf.constant(self.result, tf.int32) if name.endswith("_sizes") else next(left)
            for name in _TRACED[self.kind][0]
        }
        return work(**given, **self.attributes)

    @property
    def flop(self) -> float:
        """Two for each product of two numbers; a convolution's zeros beyond the edge among them."""
        if self.kind == "Einsum":
            return 2.0 * math.prod(self.result) * self._summed_in_einsum()
        if "MatMul" in self.kind:
            turned = self.attributes.get("transpose_a") or self.attributes.get("adj_x")
            return 2.0 * math.prod(self.result) * self.shapes[0][-2 if turned else -1]
        maps, kernel = self._maps_and_kernel()
        window = kernel[:2] if "Depthwise" in self.kind else kernel[:-1]
        return 2.0 * math.prod(maps) * math.prod(window)

    def exact_error(self, operands: Sequence[np.ndarray], found: np.ndarray) -> float:
        """Of what was found, relative, against NumPy in float64; ``operands`` as they were multiplied."""
        if self.kind == "Einsum":
            return relative_error(found, np.einsum(_text(self.attributes["equation"]), *operands))
        if "MatMul" in self.kind:
            turned = [self._turned(side) for side in (0, 1)]
            pair = [a.swapaxes(-1, -2) if t else a for a, t in zip(operands, turned, strict=True)]
            return relative_error(found, np.matmul(*pair))
        if "Backprop" not in self.kind:
            return relative_error(self._channels_first(found), self._convolved(*operands))
        own, slopes = operands[0], self._channels_first(operands[1])
        if self.kind.partition("Backprop")[2].startswith("Input"):
            return gradient_error(found, slopes, lambda inputs: self._convolved(inputs, own))
        return gradient_error(found, slopes, lambda kernel: self._convolved(own, kernel))

    def _turned(self, side: int) -> bool:
        return bool(
            self.attributes.get(("transpose_a", "transpose_b")[side])
            or self.attributes.get(("adj_x", "adj_y")[side])
        )

    def _summed_in_einsum(self) -> int:
        """Terms of each sum: the sizes of what both have and the result lacks."""
        inputs, _, result = _text(self.attributes["equation"]).partition("->")
        left, right = inputs.replace("...", "").split(",")
        sizes = dict(zip(left, self.shapes[0][-len(left) :], strict=True)) if left else {}
        if "..." in inputs.split(",")[0]:  # its axes come first, last or between: told from both ends
            before, _, after = inputs.split(",")[0].partition("...")
            ends = self.shapes[0][: len(before)], self.shapes[0][len(self.shapes[0]) - len(after) :]
            sizes = dict(zip(before + after, [*ends[0], *ends[1]], strict=True))
        return math.prod(sizes[label] for label in left if label in right and label not in result)

    def _maps_and_kernel(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Shapes of what the convolution itself gives and of its kernel, whichever of them is derived."""
        if "Backprop" not in self.kind:
            return self.result, self.shapes[1]
        to_input = self.kind.partition("Backprop")[2].startswith("Input")
        return self.shapes[1], self.shapes[0] if to_input else self.result

    def _channels_first(self, maps: np.ndarray) -> np.ndarray:
        return np.moveaxis(maps, -1, 1) if self._channels_last else maps

    @property
    def _channels_last(self) -> bool:
        return _text(self.attributes["data_format"]).endswith("C")

    def _convolved(self, inputs: np.ndarray, kernel: np.ndarray) -> np.ndarray:
        """By NumPy, [n, channels, ...]; the kernel as TensorFlow has it, [..., channels, features]."""
        maps = self._channels_first(inputs)
        spatial = tuple(range(kernel.ndim - 2))
        if "Depthwise" in self.kind:
            turned = kernel.transpose(2, 3, 0, 1).reshape(-1, 1, *kernel.shape[:2])
        else:
            turned = kernel.transpose(kernel.ndim - 1, kernel.ndim - 2, *spatial)
        strides, reach = (self._of_space(name) for name in ("strides", "dilations"))
        edges = self._edges(maps.shape[2:], kernel.shape[: len(spatial)], strides, reach)
        groups = maps.shape[1] // turned.shape[1]
        return convolution(maps, turned, strides, edges, [1] * len(spatial), reach, groups)

    def _of_space(self, name: str) -> list[int]:
        values = list(self.attributes.get(name) or [1] * len(self.result))
        return values[1:-1] if self._channels_last else values[2:]

    def _edges(
        self, sizes: Sequence[int], window: Sequence[int], strides: Sequence[int], reach: Sequence[int]
    ) -> list[tuple[int, int]]:
        """Zeros before and after, by axis; see ``tf.nn.convolution``."""
        padding = _text(self.attributes["padding"])
        if padding == "EXPLICIT":
            pairs = list(zip(*[iter(self.attributes["explicit_paddings"])] * 2, strict=True))
            return pairs[1:-1] if self._channels_last else pairs[2:]
        if padding == "VALID":
            return [(0, 0)] * len(sizes)
        edges = []
        for size, wide, stride, step in zip(sizes, window, strides, reach, strict=True):
            lacking = max((math.ceil(size / stride) - 1) * stride + (wide - 1) * step + 1 - size, 0)
            edges.append((lacking // 2, lacking - lacking // 2))
        return edges


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


class Recorder:
    """Every operation that is called, and which of them is a product; each turn of a loop by itself."""

    def __init__(self) -> None:
        self._called: list[tuple[tuple[Any, ...], tuple[Any, ...], Product | None]] = []

    def __enter__(self) -> Recorder:
        """Begin."""
        op_callbacks.add_op_callback(self._keep)
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        op_callbacks.remove_op_callback(self._keep)

    def _keep(self, kind: Any, inputs: Any, attrs: Any, outputs: Any, *_: Any) -> None:
        # tensors are kept, so that no other one is at their place in memory
        self._called.append((tuple(inputs), tuple(outputs), _product(_text(kind), inputs, attrs, outputs)))

    def needed(self, results: Sequence[Any]) -> list[Product]:
        """The products on which any of the results depends.

        Called eagerly TensorFlow computes the gradient by a convolution's input where nobody needs it, too.
        """
        wanted = {id(result) for result in results}
        found = []
        for inputs, outputs, product in reversed(self._called):
            if any(id(output) in wanted for output in outputs):
                wanted |= {id(tensor) for tensor in inputs}
                found += [product] if product else []
        return found[::-1]


def _product(kind: str, inputs: Any, attrs: Any, outputs: Any) -> Product | None:
    if kind not in _TRACED:
        return None
    named = dict(zip(map(_text, attrs[::2]), attrs[1::2], strict=True))
    attributes = {name: named[name] for name in _TRACED[kind][1] if name in named}
    parts = [tensor for tensor in inputs if not tensor.dtype.is_integer]
    if len(parts) != 2:  # of one array alone einsum makes no product
        return None
    shapes = tuple(tuple(part.shape.as_list()) for part in parts)
    return Product(kind, attributes, shapes, tuple(outputs[0].shape.as_list()), parts[0].dtype)


def products_of(network: LoadedNetwork, run: Run, samples: int, training: bool = True) -> list[Product]:
    """Those of a step, forward and backward, over a batch of so many samples; the network's state stays.

    Not ``training``: those of its outputs alone, as in inference.
    """
    rows = np.arange(samples) % len(run.data.train_labels)
    given, labels = network.as_inputs(run.data.train_images[rows]), tf.constant(run.data.train_labels[rows])
    trained = {id(variable) for variable in network.trainable}
    state = [v for _, v in named_variables(network.call) if id(v) not in trained]
    before = [variable.numpy() for variable in state]
    if not training:
        with Recorder() as recorder:
            outputs = network.outputs(given, training=False)
        return recorder.needed([outputs])
    with Recorder() as recorder:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(network.losses(labels, network.outputs(given, training=True)))
        gradients = tape.gradient(loss, network.trainable)
    for variable, array in zip(state, before, strict=True):
        variable.assign(array)
    return recorder.needed([part for g in gradients if g is not None for part in _parts(g)])


def _parts(gradient: Any) -> list[Any]:
    """A gradient, or the rows and numbers of an embedding's."""
    return [gradient.values] if isinstance(gradient, tf.IndexedSlices) else [gradient]


class FloorTensorFlow(TracedFloor):
    """All products of a batch in one function, plain and compiled by XLA, called for each batch."""

    name = "floor-tf"
    library = "TensorFlow"

    def prepare(self) -> None:
        """Record a whole batch, and the smaller last one."""
        run = self.run
        refuse_precision(self.name, run.recipe, run.device, ALL)
        tf.config.experimental.enable_tensor_float_32_execution(run.recipe.precision == "tf32")
        self.device = place(run.device)
        with tf.device(self.device):
            self.network = LoadedNetwork(self.name, run, network_of(self.name, run.network))
        self.of_whole = self._recorded(run.recipe.batch_size)
        self.of_rest = self._recorded(self.rest) if self.rest else []
        self.functions = {
            name: [_function(products, name == "xla") for products in (self.of_whole, self.of_rest)]
            for name in ("graph", "xla")
        }

    @property
    def products(self) -> Sequence[str]:
        """The products of a whole batch, in words."""
        return [product.told for product in self.of_whole]

    def flop(self, samples: int) -> float:
        """Operations of the products of a batch."""
        sizes = {self.run.recipe.batch_size: self.of_whole, self.rest: self.of_rest}
        found = sizes[samples] if samples in sizes else self._recorded(samples)
        return sum(product.flop for product in found)

    def make_ways(self) -> Sequence[Way]:
        """A graph, and the same compiled."""
        operands = [self._placed(products) for products in (self.of_whole, self.of_rest)]
        return [Way(name, self._pass(*functions, *operands)) for name, functions in self.functions.items()]

    def errors(self) -> Sequence[float]:
        """Each product of each way against NumPy."""
        operands = self._placed(self.of_whole)
        exact = [[_host(operand) for operand in pair] for pair in operands]
        found = []
        for whole, _ in self.functions.values():
            with tf.device(self.device):
                results = [_host(result) for result in whole(operands)]
            found += [
                product.exact_error(pair, result)
                for product, pair, result in zip(self.of_whole, exact, results, strict=True)
            ]
        return found

    def forward(self, images: np.ndarray, training: bool) -> np.ndarray:
        """Class probabilities by the weights it was given."""
        with tf.device(self.device):
            return self.network.answers(self.network.as_inputs(images), training)

    def _recorded(self, samples: int) -> list[Product]:
        with tf.device(self.device):
            return products_of(self.network, self.run, samples)

    def _placed(self, products: Sequence[Product]) -> list[tuple[tf.Tensor, ...]]:
        with tf.device(self.device):
            return [
                tuple(
                    tf.cast(tf.constant(drawn(shape, 2 * number + side)), product.dtype)
                    for side, shape in enumerate(product.shapes)
                )
                for number, product in enumerate(products)
            ]

    def _pass(self, whole: Any, rest: Any, operands: Any, of_rest: Any) -> Callable[[], None]:
        batches = self.whole

        def once() -> None:
            with tf.device(self.device):
                for _ in range(batches):
                    whole(operands)
                if of_rest:
                    rest(of_rest)
            tf.test.experimental.sync_devices()

        return once


def _function(products: Sequence[Product], xla: bool) -> Any:
    """All of them, of operands that it is given: no compiler multiplies once for all batches."""

    def multiplied(operands: Any) -> Any:
        return [product(*pair) for product, pair in zip(products, operands, strict=True)]

    return tf.function(multiplied, autograph=False, jit_compile=xla)


def _host(tensor: tf.Tensor) -> np.ndarray:
    return np.asarray(tf.cast(tensor, tf.float64).numpy())
