"""JAX's products and convolutions, read off the jaxpr of a step's gradients, in one ``lax.scan``."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.extend.core import ClosedJaxpr, Jaxpr, JaxprEqn

from likeforlike.models.loops.floors.by_numpy import convolution, relative_error
from likeforlike.models.loops.floors.floor import TracedFloor, drawn
from likeforlike.models.loops.floors.ways import Way
from likeforlike.models.loops.on_jax.network import Arrays, JaxNetwork
from likeforlike.models.loops.on_jax.products import as_products

_TRACED = ("dot_general", "conv_general_dilated")

Operands = list[tuple[jax.Array, ...]]
Batches = Callable[[int, Sequence["Product"], Operands, list[jax.Array]], list[jax.Array]]
"""So many batches of products: the last one's results."""


@dataclass(frozen=True, eq=False)
class Product:
    """One product or convolution of a traced step."""

    primitive: Any
    params: Mapping[str, Any]
    operands: tuple[Any, ...]
    """Of both shape and dtype."""
    result: Any
    """Shape and dtype of what comes out."""

    @classmethod
    def of(cls, equation: JaxprEqn) -> Product:
        """As it was traced."""
        operands = tuple(variable.aval for variable in equation.invars)
        return cls(equation.primitive, equation.params, operands, equation.outvars[0].aval)

    @property
    def is_convolution(self) -> bool:
        """Whether it has windows."""
        return bool(self.primitive.name == "conv_general_dilated")

    @property
    def told(self) -> str:
        """In words."""
        shapes = " by ".join("x".join(map(str, aval.shape)) for aval in self.operands)
        return f"{self.primitive.name} {shapes}"

    def __call__(self, *operands: jax.Array) -> jax.Array:
        """The product of operands of those shapes."""
        return self.primitive.bind(*operands, **self.params)

    def channels_first(self) -> Product:
        """The same convolution, each array in the order batch, channels, places; a product as it is.

        In that order a GPU's library convolves float32: XLA would transpose each array to it and back.
        """
        if not self.is_convolution:
            return self
        layout = self.params["dimension_numbers"]
        specs = (layout.lhs_spec, layout.rhs_spec, layout.out_spec)
        left, right, result = (
            jax.ShapeDtypeStruct(tuple(aval.shape[axis] for axis in spec), aval.dtype)
            for aval, spec in zip((*self.operands, self.result), specs, strict=True)
        )
        in_order = lax.ConvDimensionNumbers(*(tuple(range(len(spec))) for spec in specs))
        return Product(self.primitive, {**self.params, "dimension_numbers": in_order}, (left, right), result)

    @property
    def flop(self) -> float:
        """Two for each product of two numbers; a convolution's zeros beyond the edge among them."""
        left, right = self.operands
        made = math.prod(self.result.shape)
        params = self.params
        if not self.is_convolution:
            (contracted, _), _ = params["dimension_numbers"]
            return 2.0 * made * math.prod(left.shape[axis] for axis in contracted)
        features = right.shape[params["dimension_numbers"].rhs_spec[0]]
        # of zeros between values of a transposed one none is counted
        return 2.0 * made * math.prod(right.shape) / features / math.prod(params["lhs_dilation"])

    def exact(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """By NumPy."""
        params = self.params
        if not self.is_convolution:
            return _dot_general(left, right, params["dimension_numbers"])
        layout = params["dimension_numbers"]
        # the gradient by a kernel of several groups: groups of the batch, each with its part of the features
        groups = params["batch_group_count"]
        sides = left.transpose(layout.lhs_spec), right.transpose(layout.rhs_spec)
        parts = [
            convolution(
                inputs,
                kernel,
                params["window_strides"],
                params["padding"],
                params["lhs_dilation"],
                params["rhs_dilation"],
                params["feature_group_count"],
            )
            for inputs, kernel in zip(*(np.split(side, groups) for side in sides), strict=True)
        ]
        maps = np.concatenate(parts, axis=1)
        return maps.transpose(np.argsort(layout.out_spec))


def _dot_general(left: np.ndarray, right: np.ndarray, numbers: Any) -> np.ndarray:
    """JAX's layout: batch axes, then the left's other ones, then the right's."""
    (left_summed, right_summed), (left_batch, right_batch) = numbers
    left_axes = list(range(left.ndim))
    right_axes = list(range(left.ndim, left.ndim + right.ndim))
    for mine, other in zip((*left_summed, *left_batch), (*right_summed, *right_batch), strict=True):
        right_axes[other] = left_axes[mine]
    shared = {left_axes[axis] for axis in (*left_summed, *left_batch)}
    out = [left_axes[axis] for axis in left_batch]
    out += [axis for axis in (*left_axes, *right_axes) if axis not in shared]
    return np.einsum(left, left_axes, right, right_axes, out)


def products_of(network: JaxNetwork, samples: int, training: bool = True) -> list[Product]:
    """Those of a step's gradients over a batch of so many samples; those in a scan once for each turn.

    Not ``training``: those of its outputs alone, as in inference.
    """
    data = network.run.data

    def gradients(
        weights: Arrays, state: Arrays, inputs: jax.Array, targets: jax.Array, key: jax.Array
    ) -> Any:
        def mean_loss(weights: Arrays) -> jax.Array:
            outputs, _ = network.outputs(weights, state, inputs, True, key)
            return network.losses(targets, outputs).mean()

        return jax.grad(mean_loss)(weights)

    def outputs(weights: Arrays, state: Arrays, inputs: jax.Array, targets: jax.Array, key: jax.Array) -> Any:
        return network.outputs(weights, state, inputs, False, key)[0]

    rows = np.arange(samples) % len(data.train_labels)
    inputs, targets = (
        network.host_inputs(data.train_images[rows]),
        network.host_targets(data.train_labels[rows]),
    )
    # compiled once by its tracer: what gives nothing to the gradients is left out
    closed = jax.make_jaxpr(jax.jit(gradients if training else outputs))(
        network.weights, network.state, inputs, targets, jax.random.key(0)
    )
    return [Product.of(equation) for equation in _equations(closed.jaxpr)]


def _equations(jaxpr: Jaxpr, times: int = 1) -> Iterator[JaxprEqn]:
    for equation in jaxpr.eqns:
        if equation.primitive.name in _TRACED:
            yield from [equation] * times
            continue
        length = equation.params.get("length", 1) if equation.primitive.name == "scan" else 1
        for inner in _inner(equation):
            yield from _equations(inner, times * length)


def _inner(equation: JaxprEqn) -> Iterator[Jaxpr]:
    """The functions within: the first of several choices, the body of a loop of unknown length once."""
    params = equation.params
    found = params.get("branches", (None,))[:1] if equation.primitive.name == "cond" else params.values()
    for value in found:
        if isinstance(value, ClosedJaxpr):
            yield value.jaxpr
        elif isinstance(value, Jaxpr):
            yield value


class FloorJax(TracedFloor):
    """An epoch's products in one compiled call; on a CPU convolutions as ``jax-scan`` has them."""

    name = "floor-jax"
    library = "JAX"

    def prepare(self) -> None:
        """Trace a whole batch, and the smaller last one."""
        rewrite = as_products if self.run.device.startswith("cpu") else None
        self.network = JaxNetwork(self.name, self.run, rewrite)
        self.outputs = jax.jit(self.network.outputs, static_argnums=3)
        self.compiled: dict[str, Callable[..., Any]] = {}
        self.of_whole = products_of(self.network, self.run.recipe.batch_size)
        self.of_rest = products_of(self.network, self.rest) if self.rest else []

    @property
    def products(self) -> Sequence[str]:
        """The products of a whole batch, in words."""
        return [product.told for product in self.of_whole]

    def flop(self, samples: int) -> float:
        """Operations of the products of a batch."""
        sizes = {self.run.recipe.batch_size: self.of_whole, self.rest: self.of_rest}
        found = sizes[samples] if samples in sizes else products_of(self.network, samples)
        return sum(product.flop for product in found)

    def make_ways(self) -> Sequence[Way]:
        """Compiled ahead: as traced and, where there are convolutions, with their channels first.

        On a GPU the batches have the same operands: to change a number of each took a third of the time.
        """
        as_traced = self._way("one scan", self.of_whole, self.of_rest)
        if not any(product.is_convolution for product in (*self.of_whole, *self.of_rest)):
            return [as_traced]
        turned = ([product.channels_first() for product in of] for of in (self.of_whole, self.of_rest))
        return [as_traced, self._way("one scan, channels first", *turned)]

    def _way(self, name: str, whole: Sequence[Product], rest: Sequence[Product]) -> Way:
        operands = self._placed(whole), self._placed(rest)
        batches = changed_batches if self.run.device.startswith("cpu") else same_batches
        run = jax.jit(partial(self._epoch, batches, whole, rest)).lower(*operands).compile()
        self.compiled[name] = run
        return Way(name, lambda: jax.block_until_ready(run(*operands)))

    def errors(self) -> Sequence[float]:
        """Each product, compiled by itself, against NumPy; convolutions in both orders."""
        of_all = [*self.of_whole, *(p.channels_first() for p in self.of_whole if p.is_convolution)]
        found = []
        for product, operands in zip(of_all, self._placed(of_all), strict=True):
            exact = product.exact(*(np.asarray(operand).astype(np.float64) for operand in operands))
            found.append(relative_error(np.asarray(jax.jit(product)(*operands)).astype(np.float64), exact))
        return found

    def forward(self, images: np.ndarray, training: bool) -> np.ndarray:
        """Class probabilities by the weights it was given."""
        network = self.network
        batch = jax.device_put(network.host_inputs(images), network.device)
        outputs, _ = self.outputs(network.weights, network.state, batch, training, jax.random.key(0))
        return network.probabilities(outputs)

    def _placed(self, products: Sequence[Product]) -> list[tuple[jax.Array, ...]]:
        device = self.network.device
        return [
            tuple(
                jax.device_put(drawn(aval.shape, 2 * number + side).astype(aval.dtype), device)
                for side, aval in enumerate(product.operands)
            )
            for number, product in enumerate(products)
        ]

    def _epoch(
        self,
        batches: Batches,
        of_whole: Sequence[Product],
        of_rest: Sequence[Product],
        whole: list[tuple[jax.Array, ...]],
        rest: list[tuple[jax.Array, ...]],
    ) -> Any:
        """All batches; gives back the last products and the smaller batch's: XLA leaves out others."""
        last: list[jax.Array] = []
        if self.whole:
            start = [jnp.zeros(p.result.shape, p.result.dtype) for p in of_whole]
            last = batches(self.whole, of_whole, whole, start)
        return last, [product(*pair) for product, pair in zip(of_rest, rest, strict=True)]


def changed_batches(
    count: int, products: Sequence[Product], operands: Operands, start: list[jax.Array]
) -> list[jax.Array]:
    """A number of each first operand changes from batch to batch, else XLA would multiply once for all."""

    def body(carry: Any, number: jax.Array) -> tuple[Any, None]:
        changed = [(_touched(left, number), *others) for left, *others in carry[0]]
        return (changed, [product(*pair) for product, pair in zip(products, changed, strict=True)]), None

    (_, last), _ = lax.scan(body, (operands, start), jnp.arange(count, dtype=jnp.float32) / count)
    return last


def same_batches(
    count: int, products: Sequence[Product], operands: Operands, start: list[jax.Array]
) -> list[jax.Array]:
    """No operand changes; XLA may move nothing of a batch before the products of the last one."""

    def body(last: list[jax.Array], _: None) -> tuple[list[jax.Array], None]:
        held, _ = lax.optimization_barrier((operands, last))
        return [product(*pair) for product, pair in zip(products, held, strict=True)], None

    last, _ = lax.scan(body, start, length=count)
    return last


def _touched(operand: jax.Array, number: jax.Array) -> jax.Array:
    return operand.at[(0,) * operand.ndim].set(number.astype(operand.dtype))
