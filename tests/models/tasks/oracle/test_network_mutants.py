"""The proof with an oracle sees what can be wrong with a network: PyTorch's, each with one fault put in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from threadpoolctl import threadpool_limits

torch = pytest.importorskip("torch")
from torch.nn import functional  # noqa: E402

from likeforlike.models.contract.training.recipe import MATCHED, Recipe  # noqa: E402
from likeforlike.models.contract.training.trainer import Run, Score  # noqa: E402
from likeforlike.models.loops.parts.epoch_loop import run_epochs  # noqa: E402
from likeforlike.models.tasks.convnet.names import TORCH as CONVNET_NAMES  # noqa: E402
from likeforlike.models.tasks.convnet.oracle import ORACLE as CONVNET  # noqa: E402
from likeforlike.models.tasks.convnet.with_torch import ConvNet  # noqa: E402
from likeforlike.models.tasks.oracle import proof  # noqa: E402
from likeforlike.models.tasks.oracle.numpy_loop import Update  # noqa: E402
from likeforlike.models.tasks.text.names import TORCH as CHARACTERS_NAMES  # noqa: E402
from likeforlike.models.tasks.text.oracle import ORACLE as CHARACTERS  # noqa: E402
from likeforlike.models.tasks.text.with_torch import Characters  # noqa: E402
from likeforlike.models.tasks.transformer.names import TORCH as TRANSFORMER_NAMES  # noqa: E402
from likeforlike.models.tasks.transformer.oracle import ORACLE as TRANSFORMER  # noqa: E402
from likeforlike.models.tasks.transformer.with_torch import Transformer  # noqa: E402

QUIET = replace(MATCHED, batch_size=8, dropout_rate=0.0)


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Such small products take twenty times as long where several threads wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    with threadpool_limits(1):
        yield
    torch.set_num_threads(before)


class Plain:
    """Batches in order, autograd, Adam by NumPy: as little as a trainer can be."""

    def __init__(self, run: Run, build: Callable[[Recipe], Any], names: tuple[Any, ...]) -> None:
        self.run, self.module = run, build(run.recipe)
        start = run.initial.named()
        self.matches = [match for match in names if match.name in start]
        arrays = {match.own: torch.tensor(match.to_own(start[match.name])) for match in self.matches}
        self.module.load_state_dict(arrays)
        self.weights = dict(start)
        self.optimizer = Update(run.recipe, start, run.recipe.total_steps(len(run.data.train_labels)))

    def train(self, between: Any) -> None:
        run_epochs(self.run, self, between)

    def train_epoch(self) -> Score:
        self.module.train()
        data, size, sums = self.run.data, self.run.recipe.batch_size, [0.0, 0.0]
        for first in range(0, len(data.train_labels), size):
            rows = slice(first, first + size)
            self.module.zero_grad(set_to_none=True)
            loss, right = self.score(data.train_images[rows], data.train_labels[rows])
            count = len(data.train_labels[rows])
            (loss / count).backward()
            self.update()
            sums = [sums[0] + float(loss.detach()), sums[1] + float(right)]
        return sums[0] / len(data.train_labels), sums[1] / len(data.train_labels)

    def update(self) -> None:
        own = dict(self.module.named_parameters())
        gradients = {
            m.name: m.to_canonical(own[m.own].grad.numpy()).copy()
            for m in self.matches
            if own[m.own].grad is not None
        }
        self.weights = {name: array.copy() for name, array in self.weights.items()}
        self.optimizer.update(self.weights, gradients)
        with torch.no_grad():
            for match in self.matches:
                own[match.own].copy_(torch.tensor(match.to_own(self.weights[match.name])))

    def score(self, images: Any, labels: Any) -> tuple[Any, Any]:
        logits, classes = self.module(torch.tensor(images)), torch.tensor(labels, dtype=torch.int64)
        logits, classes = logits.reshape(classes.numel(), -1), classes.flatten()
        right, each = (logits.argmax(1) == classes).sum(), len(classes) / len(labels)
        return functional.cross_entropy(logits, classes, reduction="sum") / each, right / each

    def evaluate(self) -> Score:
        self.module.eval()
        data = self.run.data
        with torch.no_grad():
            loss, right = self.score(data.validation_images, data.validation_labels)
        return float(loss) / len(data.validation_labels), float(right) / len(data.validation_labels)

    def parameters(self) -> Any:
        return TRANSFORMER.wrap(self.weights)


def without_bias(*names: str) -> Callable[[Any], None]:
    """The layers forget theirs; they still have it."""

    def fault(module: Any) -> None:
        for name in names:
            layer = module.get_submodule(name)
            forward = layer.forward
            shape = (-1, 1, 1) if isinstance(layer, torch.nn.Conv2d) else (-1,)
            layer.forward = lambda x, f=forward, b=layer.bias, s=shape: f(x) - b.view(s)

    return fault


def replaced(**functions: Any) -> Callable[[Any], None]:
    """The module's own methods, each ``f(module, ...)``."""

    def fault(module: Any) -> None:
        for name, function in functions.items():
            setattr(module, name, partial(function, module))

    return fault


def layer_of(name: str, function: Callable[[Any, Any], Any]) -> Callable[[Any], None]:
    """One layer computes ``function(layer, inputs)``."""

    def fault(module: Any) -> None:
        layer = module.get_submodule(name)
        layer.forward = partial(function, layer)

    return fault


def maps(module: Any, images: Any, pool: Any = functional.max_pool2d, act: Any = functional.relu) -> Any:
    below = pool(act(module.conv1(images.view(-1, 1, 28, 28))), 2)
    return pool(act(module.conv2(below)), 2)


def ending(module: Any, below: Any) -> Any:
    return module.output(functional.relu(module.hidden(below.permute(0, 2, 3, 1).flatten(1))))


def shifted_pool(below: Any, size: int) -> Any:
    """Windows that begin one pixel later."""
    return functional.max_pool2d(functional.pad(below, (0, 1, 0, 1))[..., 1:, 1:], size)


def convolved(layer: Any, inputs: Any, kernel: Any, padding: Any = "same") -> Any:
    return functional.conv2d(inputs, kernel, layer.bias, padding=padding)


CONVNET_FAULTS = {
    "first convolution's bias forgotten": without_bias("conv1"),
    "second convolution's bias forgotten": without_bias("conv2"),
    "dense layer's bias forgotten": without_bias("hidden"),
    "last layer's bias forgotten": without_bias("output"),
    "kernel's rows and columns swapped": layer_of(
        "conv2", lambda layer, x: convolved(layer, x, layer.weight.transpose(2, 3))
    ),
    "kernel flipped": layer_of("conv1", lambda layer, x: convolved(layer, x, layer.weight.flip(2, 3))),
    "padded with what lies at the edge": layer_of(
        "conv2",
        lambda layer, x: convolved(
            layer, functional.pad(x, (1, 1, 1, 1), "replicate"), layer.weight, "valid"
        ),
    ),
    "moved by a pixel": layer_of(
        "conv2", lambda layer, x: convolved(layer, functional.pad(x, (2, 0, 2, 0)), layer.weight, "valid")
    ),
    "pooling by means": replaced(forward=lambda m, x: ending(m, maps(m, x, functional.avg_pool2d))),
    "pooling one pixel later": replaced(forward=lambda m, x: ending(m, maps(m, x, shifted_pool))),
    "ReLU forgotten": replaced(forward=lambda m, x: ending(m, maps(m, x, act=lambda below: below))),
    "leaky ReLU": replaced(forward=lambda m, x: ending(m, maps(m, x, act=functional.leaky_relu))),
    "channels first when flattened": replaced(
        forward=lambda m, x: m.output(functional.relu(m.hidden(maps(m, x).flatten(1))))
    ),
}


def attention(block: Any, rows: Any, heads: int = 4, **options: Any) -> Any:
    parts = [
        layer(rows).unflatten(2, (heads, 64 // heads)).transpose(1, 2)
        for layer in (block.query, block.key, block.value)
    ]
    mixed = functional.scaled_dot_product_attention(*parts, **options)
    return block.attended(mixed.transpose(1, 2).flatten(2))


def over_queries(block: Any, rows: Any) -> Any:
    query, key, value = (
        layer(rows).unflatten(2, (4, 16)).transpose(1, 2) for layer in (block.query, block.key, block.value)
    )
    shares = torch.softmax(query @ key.transpose(2, 3) / 4, dim=2)
    return block.attended((shares @ value).transpose(1, 2).flatten(2))


def dense(block: Any, rows: Any, form: str = "none") -> Any:
    return block.outer(functional.gelu(block.inner(rows), approximate=form))


def in_block(function: Callable[[Any, Any], Any], name: str = "forward") -> Callable[[Any], None]:
    """The second block computes ``function(block, stream)``, or only its attention does."""
    return lambda module: setattr(module.block2, name, partial(function, module.block2))


def ended(module: Any, stream: Any, norm: bool = True) -> Any:
    units = module.block2(module.block1(stream)).mean(dim=1)
    return module.output(module.norm(units) if norm else units)


def embedded(module: Any, images: Any) -> Any:
    return module.embedding(images.view(-1, 28, 28)) + module.positions


def epsilon(value: float, *names: str) -> Callable[[Any], None]:
    return lambda module: [setattr(module.get_submodule(name), "eps", value) for name in names]


NORMS = ("block1.norm1", "block1.norm2", "block2.norm1", "block2.norm2", "norm")
TRANSFORMER_FAULTS = {
    **{f"bias of {name} forgotten": without_bias(name) for name in ("embedding", "block1.inner", "block2.outer", "norm", "output")},
    "key's kernel transposed": layer_of("block1.key", lambda layer, x: x @ layer.weight),
    "attention's scale forgotten": in_block(partial(attention, scale=1.0), "attention"),
    "attention scaled by the whole width": in_block(partial(attention, scale=1 / 8), "attention"),
    "attention to earlier rows alone": in_block(partial(attention, is_causal=True), "attention"),
    "eight heads": in_block(partial(attention, heads=8, scale=1 / 4), "attention"),
    "shares summed over the queries": in_block(over_queries, "attention"),
    "heads of the values in reverse": layer_of("block2.value", lambda layer, x: (x @ layer.weight.T).flip(2)),
    **{f"epsilon of {value:g}": epsilon(value, *NORMS) for value in (1e-3, 1e-6)},
    "epsilon of 1e-6 in one normalisation": epsilon(1e-6, "block1.norm1"),
    "variance by n - 1": layer_of(
        "block2.norm2",
        lambda layer, x: (x - x.mean(-1, True)) / (x.var(-1, keepdim=True) + 1e-5).sqrt() * layer.weight
        + layer.bias,
    ),
    "scale of a normalisation forgotten": layer_of(
        "block1.norm2", lambda layer, x: functional.layer_norm(x, (64,), None, layer.bias, 1e-5)
    ),
    "GELU by tanh": in_block(
        lambda b, s: (s := s + b.attention(b.norm1(s))) + dense(b, b.norm2(s), "tanh")
    ),
    "attention's residual forgotten": in_block(
        lambda b, s: (s := b.attention(b.norm1(s))) + dense(b, b.norm2(s))
    ),
    "dense layers' residual forgotten": in_block(
        lambda b, s: dense(b, b.norm2(s + b.attention(b.norm1(s))))
    ),
    "normalised after, not before": in_block(
        lambda b, s: b.norm2((s := b.norm1(s + b.attention(s))) + dense(b, s))
    ),
    "dense layers beside attention": in_block(
        lambda b, s: s + b.attention(b.norm1(s)) + dense(b, b.norm2(s))
    ),
    "positions forgotten": replaced(forward=lambda m, x: ended(m, m.embedding(x.view(-1, 28, 28)))),
    "positions reversed": replaced(
        forward=lambda m, x: ended(m, m.embedding(x.view(-1, 28, 28)) + m.positions.flip(0))
    ),
    "columns as rows": replaced(
        forward=lambda m, x: ended(m, m.embedding(x.view(-1, 28, 28).transpose(1, 2)) + m.positions)
    ),
    "last normalisation forgotten": replaced(forward=lambda m, x: ended(m, embedded(m, x), norm=False)),
    "normalised before the mean": replaced(
        forward=lambda m, x: m.output(m.norm(m.block2(m.block1(embedded(m, x)))).mean(dim=1))
    ),
    "the last row for the mean": replaced(
        forward=lambda m, x: m.output(m.norm(m.block2(m.block1(embedded(m, x)))[:, -1]))
    ),
}  # fmt: skip


def continued(module: Any, numbers: Any, stream: Any = None, norm: bool = True) -> Any:
    if stream is None:
        stream = module.embedding(numbers) + module.positions
    units = module.block2(module.block1(stream))
    return module.output(module.norm(units) if norm else units)


def late(places: Any) -> Any:
    """Each place has what belongs to the one before it, the first one its own."""
    return torch.cat([places[:, :1], places[:, :-1]], dim=1)


class NotShifted(Plain):
    """Learns the characters themselves, not those that follow."""

    def score(self, images: Any, labels: Any) -> tuple[Any, Any]:
        return super().score(images, images)


CHARACTERS_FAULTS = {
    **{f"bias of {name} forgotten": without_bias(name) for name in ("block1.inner", "block2.outer", "norm", "output")},
    "causal mask forgotten": in_block(attention, "attention"),
    "causal mask forgotten in both blocks": lambda m: [setattr(b, "causal", False) for b in (m.block1, m.block2)],
    "the own character hidden, too": in_block(
        partial(attention, attn_mask=(torch.ones(32, 32).tril(-1) + torch.eye(32, 1) @ torch.eye(1, 32)).bool()),
        "attention",
    ),
    "attention's scale forgotten": in_block(partial(attention, scale=1.0, is_causal=True), "attention"),
    "attention scaled by the whole width": in_block(partial(attention, scale=1 / 8, is_causal=True), "attention"),
    "eight heads": in_block(partial(attention, heads=8, scale=1 / 4, is_causal=True), "attention"),
    **{f"epsilon of {value:g}": epsilon(value, *NORMS) for value in (1e-3, 1e-6)},
    "epsilon of 1e-6 in one normalisation": epsilon(1e-6, "block1.norm1"),
    "GELU by tanh": in_block(
        lambda b, s: (s := s + b.attention(b.norm1(s))) + dense(b, b.norm2(s), "tanh")
    ),
    "attention's residual forgotten": in_block(
        lambda b, s: (s := b.attention(b.norm1(s))) + dense(b, b.norm2(s))
    ),
    "positions forgotten": replaced(forward=lambda m, x: continued(m, x, m.embedding(x))),
    "positions reversed": replaced(
        forward=lambda m, x: continued(m, x, m.embedding(x) + m.positions.flip(0))
    ),
    "last normalisation forgotten": replaced(forward=lambda m, x: continued(m, x, norm=False)),
    "characters one place late": replaced(forward=lambda m, x: continued(m, late(x))),
    "logits one place late": replaced(forward=lambda m, x: late(continued(m, x))),
    "the last place for all": replaced(forward=lambda m, x: continued(m, x)[:, -1:].expand(-1, 32, -1)),
    "rows of the table by other numbers": replaced(forward=lambda m, x: continued(m, (x + 1) % 96)),
}  # fmt: skip

NETWORKS = {
    ConvNet: (CONVNET, CONVNET_NAMES),
    Transformer: (TRANSFORMER, TRANSFORMER_NAMES),
    Characters: (CHARACTERS, CHARACTERS_NAMES),
}


def strayed(
    build: Callable[[Recipe], Any], fault: Callable[[Any], Any] | None, recipe: Recipe = QUIET
) -> float:
    """The proof's error over its tolerance."""
    oracle, names = NETWORKS[build]  # type: ignore[index]

    def faulty(recipe: Recipe) -> Any:
        module = build(recipe)
        if fault is not None:
            fault(module)
        return module

    found = proof.verify(oracle, partial(Plain, build=faulty, names=names), recipe, "cpu:0")
    return found.error / found.tolerance


@pytest.mark.parametrize("build", NETWORKS)
@pytest.mark.parametrize("bias", [True, False])
def test_a_right_network_passes(build: Callable[[Recipe], Any], bias: bool) -> None:
    assert strayed(build, None, replace(QUIET, bias=bias)) < 0.2


@pytest.mark.parametrize("name", CONVNET_FAULTS)
def test_a_fault_of_the_convolutional_network_is_seen(name: str) -> None:
    assert strayed(ConvNet, CONVNET_FAULTS[name]) > 2


@pytest.mark.parametrize("name", TRANSFORMER_FAULTS)
def test_a_fault_of_the_transformer_is_seen(name: str) -> None:
    assert strayed(Transformer, TRANSFORMER_FAULTS[name]) > 2


@pytest.mark.parametrize("name", CHARACTERS_FAULTS)
def test_a_fault_of_the_network_of_characters_is_seen(name: str) -> None:
    assert strayed(Characters, CHARACTERS_FAULTS[name]) > 2


def test_targets_that_are_not_shifted_are_seen() -> None:
    factory = partial(NotShifted, build=Characters, names=CHARACTERS_NAMES)
    found = proof.verify(CHARACTERS, factory, QUIET, "cpu:0")
    assert found.error > 2 * found.tolerance
