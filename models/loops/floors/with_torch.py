"""PyTorch's products and convolutions, recorded while a step runs, call by call into buffers used again."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._python_dispatch import TorchDispatchMode

from likeforlike.models.frameworks.on_torch import captured
from likeforlike.models.loops.floors.by_numpy import convolution, gradient_error, relative_error
from likeforlike.models.loops.floors.floor import TracedFloor
from likeforlike.models.loops.floors.ways import Way
from likeforlike.models.loops.on_torch.network import TorchNetwork, refuse

_aten = torch.ops.aten
_PRODUCTS: Mapping[Any, int] = {
    _aten.mm.default: 0,
    _aten.addmm.default: 1,
    _aten.bmm.default: 0,
    _aten.baddbmm.default: 1,
}
"""Where in the arguments the first of two matrices stands; before it, what is added, which is left out."""
_CONVOLUTIONS = (_aten.convolution.default, _aten.convolution_backward.default)


@dataclass(frozen=True)
class Product:
    """One product or convolution that was called, with operands of its own."""

    kind: Any
    """The operator; of a sum and product the product alone."""
    arguments: tuple[Any, ...]

    @property
    def told(self) -> str:
        """In words."""
        shapes = ["x".join(map(str, a.shape)) for a in self.arguments if isinstance(a, torch.Tensor)]
        return f"{self.kind} {' by '.join(shapes)}"

    def call(self) -> Callable[[], Any]:
        """To be called again and again."""
        kind, arguments = self.kind, self.arguments
        if kind in _CONVOLUTIONS:
            return lambda: kind(*arguments)
        multiply = torch.mm if kind is _aten.mm.default else torch.bmm
        left, right = arguments
        buffer = torch.empty((*left.shape[:-1], right.shape[-1]), dtype=left.dtype, device=left.device)
        return lambda: multiply(left, right, out=buffer)

    @property
    def flop(self) -> float:
        """Two for each product of two numbers; a convolution's zeros beyond the edge among them."""
        if self.kind not in _CONVOLUTIONS:
            left, right = self.arguments
            return 2.0 * left.numel() * right.shape[-1]
        backward = self.kind is _CONVOLUTIONS[1]
        first, inputs, kernel = self.arguments[:3] if backward else (None, *self.arguments[:2])
        transposed = self.arguments[7 if backward else 6]
        maps = first if first is not None else self.call()()
        once = 2.0 * (inputs if transposed else maps).numel() * kernel[0].numel()
        return once * (sum(self.arguments[10][:2]) if backward else 1)

    def error(self) -> float:
        """Against NumPy; gradients of a convolution by their products with the convolution of others."""
        found = self.call()()
        if self.kind not in _CONVOLUTIONS:
            left, right = map(_host, self.arguments)
            return relative_error(_host(found), np.matmul(left, right))
        if self.kind is _CONVOLUTIONS[0]:
            inputs, kernel, _, *rest = self.arguments
            return relative_error(_host(found), _convolved(_host(inputs), _host(kernel), rest))
        slopes, inputs, kernel, _, *rest = self.arguments
        return max(self._slope_errors(found, _host(slopes), _host(inputs), _host(kernel), rest[:-1]))

    def _slope_errors(
        self, found: Any, slopes: np.ndarray, inputs: np.ndarray, kernel: np.ndarray, rest: Sequence[Any]
    ) -> list[float]:
        by: list[Callable[[np.ndarray], np.ndarray]] = [
            lambda other: _convolved(other, kernel, rest),
            lambda other: _convolved(inputs, other, rest),
        ]
        pairs = zip(found, by, strict=False)  # the bias's, the third, is left out
        return [gradient_error(_host(own), slopes, convolved) for own, convolved in pairs if own is not None]


def _host(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().cpu().double().numpy()


def _convolved(inputs: np.ndarray, kernel: np.ndarray, rest: Sequence[Any]) -> np.ndarray:
    """By NumPy. ``rest``: strides, padding, dilation, whether transposed, output padding, groups."""
    strides, padding, dilation, transposed, beyond, groups = rest
    ones = [1] * len(strides)
    if not transposed:
        return convolution(inputs, kernel, strides, [(p, p) for p in padding], ones, dilation, groups)
    # the kernel, [channels, features / groups, ...], turned around, its first axes exchanged by group
    parts = np.split(np.flip(kernel, tuple(range(2, kernel.ndim))), groups)
    turned = np.concatenate([part.swapaxes(0, 1) for part in parts])
    edges = [
        (step * (size - 1) - pad, step * (size - 1) - pad + more)
        for step, size, pad, more in zip(dilation, kernel.shape[2:], padding, beyond, strict=True)
    ]
    return convolution(inputs, turned, ones, edges, strides, dilation, groups)


class Recorder(TorchDispatchMode):
    """Keeps the products and convolutions that are called, each with copies of its operands."""

    def __init__(self) -> None:
        super().__init__()
        self.products: list[Product] = []

    def __torch_dispatch__(
        self, function: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Run it, and keep it if it is one of them."""
        found = function(*args, **(kwargs or {}))
        if function in _PRODUCTS:
            first = _PRODUCTS[function]
            batched = function in (_aten.bmm.default, _aten.baddbmm.default)
            kind = _aten.bmm.default if batched else _aten.mm.default
            self.products.append(Product(kind, tuple(map(_copied, args[first : first + 2]))))
        elif function in _CONVOLUTIONS:
            self.products.append(Product(function, _without_bias(function, tuple(map(_copied, args)))))
        return found


def _copied(argument: Any) -> Any:
    """With its layout in memory: whether a matrix is transposed matters to a library."""
    if not isinstance(argument, torch.Tensor):
        return list(argument) if isinstance(argument, (list, tuple)) else argument
    own = argument.detach()
    if 0 in own.stride():  # one number expanded to many
        own = own.contiguous()
    copy = torch.empty_strided(own.shape, own.stride(), dtype=own.dtype, device=own.device)
    # other numbers: a step's first gradients may be zeros, and denormals slow a product
    return copy.copy_(torch.empty_like(own).uniform_(-1, 1))


def _without_bias(function: Any, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    if function is _CONVOLUTIONS[0]:
        return (*arguments[:2], None, *arguments[3:])
    return (*arguments[:3], None, *arguments[4:10], [*arguments[10][:2], False])


def products_of(network: TorchNetwork, samples: int, training: bool = True) -> list[Product]:
    """Those of a step, forward and backward, over a batch of so many samples.

    Attention and recurrent layers come in their products, not as the one call that a library has for them.
    Not ``training``: those of its outputs alone, as in inference.
    """
    data = network.run.data
    rows = np.arange(samples) % len(data.train_labels)
    inputs = network.inputs(data.train_images[rows])
    targets = network.host_targets(data.train_labels[rows]).to(network.device)
    state = {name: buffer.clone() for name, buffer in network.module.named_buffers()}
    network.module.train(training)
    with (
        sdpa_kernel(SDPBackend.MATH),
        _attention_apart(),
        _recurrences_apart(network.module),
        Recorder() as recorder,
    ):
        if training:
            losses = network.losses(targets, network.outputs(inputs))
            torch.autograd.grad(losses.mean(), network.trained, allow_unused=True)
        else:
            with torch.no_grad():
                network.outputs(inputs)
    with torch.no_grad():
        for name, buffer in network.module.named_buffers():
            buffer.copy_(state[name])
    return recorder.products


@contextmanager
def _attention_apart() -> Iterator[None]:
    """Without the one call that PyTorch has in inference for attention, or a whole layer of a transformer."""
    switch = torch.backends.mha
    before = switch.get_fastpath_enabled()
    switch.set_fastpath_enabled(False)
    try:
        yield
    finally:
        switch.set_fastpath_enabled(before)


@contextmanager
def _recurrences_apart(module: torch.nn.Module) -> Iterator[None]:
    """Without the libraries that do a recurrent layer at once, if there is one."""
    if not any(isinstance(part, torch.nn.RNNBase) for part in module.modules()):
        yield
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that no Intel GPU is there to round to TF32
        with torch.backends.mkldnn.flags(enabled=False), torch.backends.cudnn.flags(enabled=False):
            yield


class FloorTorch(TracedFloor):
    """One call after the other; convolutions with channels last, too, and on a GPU each captured as well."""

    name = "floor-torch"
    library = "PyTorch"

    def prepare(self) -> None:
        """Trace a whole batch, and the smaller last one."""
        refuse(self.name, self.run, ())
        torch.set_flush_denormal(True)
        self.network = TorchNetwork(self.name, self.run)
        sizes = [self.run.recipe.batch_size, *([self.rest] if self.rest else [])]
        self.traces = {"as they are": [products_of(self.network, size) for size in sizes]}
        if any(product.kind in _CONVOLUTIONS for product in self.traces["as they are"][0]):
            last = TorchNetwork(self.name, self.run, channels_last=True)
            self.traces["channels last"] = [products_of(last, size) for size in sizes]

    @property
    def products(self) -> Sequence[str]:
        """The products of a whole batch, in words."""
        return [product.told for product in self.traces["as they are"][0]]

    def flop(self, samples: int) -> float:
        """Operations of the products of a batch."""
        return sum(product.flop for product in products_of(self.network, samples))

    def make_ways(self) -> Sequence[Way]:
        """Each layout in memory; on a GPU, where calls take longer than small products, captured, too."""
        calls = {name: [[p.call() for p in of] for of in traces] for name, traces in self.traces.items()}
        ways = [Way(name, self._pass(*map(_in_turn, batches))) for name, batches in calls.items()]
        if self.network.device.type == "cpu":
            return ways
        for name, batches in calls.items():
            with suppress(RuntimeError):  # an operator that can't be captured
                ways.append(Way(f"{name}, captured", self._pass(*map(self._captured, batches))))
        return ways

    def errors(self) -> Sequence[float]:
        """Each product of each way against NumPy."""
        return [product.error() for whole, *_ in self.traces.values() for product in whole]

    def forward(self, images: np.ndarray, training: bool) -> np.ndarray:
        """Class probabilities by the weights it was given."""
        return self.network.probabilities(images, training)

    def _captured(self, calls: Sequence[Callable[[], Any]]) -> Callable[[], Any]:
        with torch.no_grad():
            return captured(self.network.device, _in_turn(calls))

    def _pass(self, whole: Callable[[], Any], rest: Callable[[], Any] | None = None) -> Callable[[], None]:
        device, batches = self.network.device, self.whole

        @torch.no_grad()
        def once() -> None:
            for _ in range(batches):
                whole()
            if rest is not None:
                rest()
            if device.type != "cpu":
                torch.cuda.synchronize(device)

        return once


def _in_turn(calls: Sequence[Callable[[], Any]]) -> Callable[[], None]:
    """A batch's products, one after the other."""

    def batch() -> None:
        for call in calls:
            call()

    return batch
