"""Floors of any network: what is traced, that all of it is multiplied, and that a wrong product is found."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from likeforlike.models.contract.implementation import missing
from likeforlike.models.contract.training.network import Match, NamedWeights, Network
from likeforlike.models.contract.training.recipe import RecipeRefused
from likeforlike.models.contract.training.trainer import Dataset, Epoch, Run
from likeforlike.models.loops.floors.by_numpy import convolution

sys.path.append(str(Path(__file__).parent))
from small_network import CHANNELS, CLASSES, NETWORKS, PLAIN, SAMPLES, SIDE, images, weights

UNITS = (SIDE // 2) ** 2 * CHANNELS
FLOP = 2 * (2 * SIDE * SIDE * 9 * CHANNELS + 3 * UNITS * CLASSES)
"""Of one sample, by hand: forward and the kernel's gradient of the convolution, both and the units' of the dense
layer; the image has no gradient."""


@pytest.fixture(autouse=True)
def jax_as_it_was() -> Iterator[None]:
    """JAX's switches are the process's."""
    jax = pytest.importorskip("jax")
    names = ("jax_enable_x64", "jax_default_matmul_precision")
    before = {name: getattr(jax.config, name) for name in names}
    yield
    for name, value in before.items():
        jax.config.update(name, value)


def floor_of(family: str, **more: Any) -> Any:
    pytest.importorskip(family)
    if family == "jax":
        from likeforlike.models.loops.floors.with_jax import FloorJax as Floor
    else:
        from likeforlike.models.loops.floors.with_torch import FloorTorch as Floor  # type: ignore[assignment]
    given: dict[str, Any] = {
        "recipe": PLAIN,
        "data": images(),
        "initial": weights(),
        "network": NETWORKS[family],
    }
    return Floor(Run(**(given | {"device": "cpu:0"} | more)))


@pytest.mark.parametrize("family", NETWORKS)
def test_what_is_traced_is_what_a_step_needs_and_is_multiplied_right(family: str) -> None:
    floor = floor_of(family)
    assert len(floor.products) == 5
    assert floor.epoch_flop == FLOP * SAMPLES
    dropped = floor_of(family, recipe=replace(PLAIN, remainder="drop"))
    assert dropped.epoch_flop == FLOP * (SAMPLES - SAMPLES % PLAIN.batch_size)
    found = floor.prove()
    assert found.ok
    assert found.error < 1e-14
    epochs: list[Epoch] = []
    floor.train(lambda epoch: epochs.append(epoch) is None)
    assert [(epoch.epoch, epoch.loss) for epoch in epochs] == [(1, None), (2, None)]
    assert floor.terms["flop_per_epoch"] == FLOP * SAMPLES
    assert floor.forward(images().validation_images, training=False).shape == (11, CLASSES)


def test_a_scan_of_jax_multiplies_every_batch() -> None:
    """No product is taken out of the loop as if it were the same for each batch, and none is left out."""
    floor = floor_of("jax")
    (run,) = floor.compiled.values()
    text = run.as_text()
    inside = re.findall(r" dot\(.*op_name=\"[^\"]*while/body", text)
    assert (len(inside), len(re.findall(r" dot\(", text))) == (5, 10)
    operands = [floor._placed(products) for products in (floor.of_whole, floor.of_rest)]
    last, rest = run(*operands)
    for product, (left, right), found in zip(floor.of_rest, operands[1], rest, strict=True):
        np.testing.assert_allclose(found, product.exact(np.asarray(left), np.asarray(right)), atol=1e-13)
    for product, (left, right), found in zip(floor.of_whole, operands[0], last, strict=True):
        changed = np.array(left)
        changed[0, 0] = np.float32(3 / 4)  # in the last of four batches
        np.testing.assert_allclose(found, product.exact(changed, np.asarray(right)), atol=1e-13)


def test_of_the_same_operands_a_scan_of_jax_multiplies_every_batch() -> None:
    """As on a GPU, where no operand is changed: what XLA could do once for all, it does for each."""
    jax = pytest.importorskip("jax")
    from likeforlike.models.loops.floors import with_jax

    floor = floor_of("jax")
    operands = [floor._placed(products) for products in (floor.of_whole, floor.of_rest)]
    epoch = partial(floor._epoch, with_jax.same_batches, floor.of_whole, floor.of_rest)
    run = jax.jit(epoch).lower(*operands).compile()
    text = run.as_text()
    inside = re.findall(r" dot\(.*op_name=\"[^\"]*while/body", text)
    assert (len(inside), len(re.findall(r" dot\(", text))) == (5, 10)
    for products, pairs, found in zip((floor.of_whole, floor.of_rest), operands, run(*operands), strict=True):
        for product, (left, right), one in zip(products, pairs, found, strict=True):
            np.testing.assert_allclose(one, product.exact(np.asarray(left), np.asarray(right)), atol=1e-13)


def test_a_library_that_multiplies_wrong_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    right = torch.mm
    monkeypatch.setattr(torch, "mm", lambda a, b, out: right(a, b, out=out).mul_(1 + 1e-8))
    assert not floor_of("torch").prove().ok
    from likeforlike.models.loops.floors.with_jax import Product

    multiply = Product.__call__
    monkeypatch.setattr(Product, "__call__", lambda self, *pair: multiply(self, *pair) * (1 + 1e-8))
    assert not floor_of("jax").prove().ok


def test_strided_grouped_and_transposed_convolutions_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forward and backward of what PyTorch records, by the plain convolution in NumPy."""
    torch = pytest.importorskip("torch")

    def build(recipe: Any) -> Any:
        return torch.nn.Sequential(
            torch.nn.Conv2d(2, 4, 3, stride=2, padding=1, groups=2, bias=False),
            torch.nn.ConvTranspose2d(4, 6, 3, stride=2, output_padding=1, groups=2, bias=False),
            torch.nn.Conv2d(6, CLASSES, 2, dilation=2, bias=False),
            torch.nn.AdaptiveAvgPool2d(1),
            torch.nn.Flatten(),
        )

    draw = np.random.default_rng(9)
    shapes = {"0.weight": (4, 1, 3, 3), "1.weight": (4, 3, 3, 3), "2.weight": (CLASSES, 6, 2, 2)}
    start = NamedWeights({name: draw.normal(size=shape).astype(np.float32) for name, shape in shapes.items()})
    pixels, labels = (
        draw.normal(size=(10, 2, 7, 7)).astype(np.float32),
        np.arange(10, dtype=np.int32) % CLASSES,
    )
    data = Dataset("maps", "test", pixels, labels, pixels, labels)
    network = Network("maps", "torch", build, tuple(Match(name, name) for name in shapes))
    floor = floor_of("torch", data=data, initial=start, network=network)
    assert len(floor.products) == 6
    assert floor.prove().error < 1e-13
    # by hand: 4x4 places of 4 features by 9 weights, 10x10 inputs spread of 4x4 by 3 x 9, 8x8 of 4 by 24
    forward = 2 * (16 * 4 * 9 + 16 * 4 * 27 + 64 * CLASSES * 24)
    assert floor.flop(1) == forward + 2 * forward - 2 * 16 * 4 * 9


def test_jax_convolves_channels_first_too_where_nothing_is_rewritten(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a GPU: each convolution of a step in two orders, strided, of groups, and one dimensional."""
    jax = pytest.importorskip("jax")
    from likeforlike.models.loops.floors import with_jax

    shapes = {"a": (3, 3, 1, 4), "b": (2, 4, CLASSES)}

    def build(recipe: Any) -> Any:
        def apply(tree: Any, maps: Any, training: bool, key: Any) -> Any:
            maps = jax.lax.conv_general_dilated(
                maps,
                tree["a"],
                (2, 1),
                "SAME",
                feature_group_count=2,
                dimension_numbers=("NHWC", "HWIO", "NHWC"),
            )
            rows = maps.reshape(len(maps), -1, 4)
            return jax.lax.conv_general_dilated(
                rows, tree["b"], (1,), "VALID", rhs_dilation=(2,), dimension_numbers=("NHC", "HIO", "NHC")
            ).sum(1)

        return lambda key: {name: jax.numpy.zeros(shape) for name, shape in shapes.items()}, apply

    draw = np.random.default_rng(9)
    start = NamedWeights({name: draw.normal(size=shape).astype(np.float32) for name, shape in shapes.items()})
    pixels, labels = (
        draw.normal(size=(10, 5, 6, 2)).astype(np.float32),
        np.arange(10, dtype=np.int32) % CLASSES,
    )
    network = Network("maps", "jax", build, tuple(Match(name, name) for name in shapes))
    monkeypatch.setattr(with_jax, "as_products", None)
    floor = floor_of(
        "jax", data=Dataset("maps", "test", *[pixels, labels] * 2), initial=start, network=network
    )
    assert [product.is_convolution for product in floor.of_whole] == [True] * len(floor.of_whole)
    assert len(floor.errors()) == 2 * len(floor.of_whole)
    assert floor.prove().error < 1e-13
    assert list(floor.compiled) == ["one scan", "one scan, channels first"]
    for product in floor.of_whole:
        first = product.channels_first()
        assert first.flop == product.flop
        layout = product.params["dimension_numbers"]
        left, right = (draw.normal(size=aval.shape).astype(aval.dtype) for aval in product.operands)
        turned = first(left.transpose(layout.lhs_spec), right.transpose(layout.rhs_spec))
        np.testing.assert_allclose(turned, product(left, right).transpose(layout.out_spec), atol=1e-12)
    epochs: list[Epoch] = []
    floor.train(lambda epoch: epochs.append(epoch) is None)
    assert set(floor.terms["microseconds_per_batch"]) == set(floor.compiled)


def test_on_a_gpu_pytorch_s_products_are_captured_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each layout's whole batch and its rest are recorded once and launched for every batch."""
    torch = pytest.importorskip("torch")
    from likeforlike.models.loops.floors import with_torch

    floor = floor_of("torch")
    recorded, launched = [], []

    def captured(device: Any, work: Any) -> Any:
        recorded.append(device.type)
        work()
        return lambda: launched.append(len(recorded))

    monkeypatch.setattr(with_torch, "captured", captured)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda device: launched.append("waited"))
    floor.network.device = torch.device("cuda")
    layouts = list(floor.traces)
    ways = floor.make_ways()
    assert [way.name for way in ways] == [*layouts, *(f"{name}, captured" for name in layouts)]
    assert recorded == ["cuda"] * 2 * len(layouts)
    ways[-1].once()
    assert launched == [len(recorded)] * (floor.whole + 1) + ["waited"]

    def refused(device: Any, work: Any) -> Any:
        raise RuntimeError("operation not permitted when stream is capturing")

    monkeypatch.setattr(with_torch, "captured", refused)
    assert [way.name for way in floor.make_ways()] == layouts


def test_a_convolution_of_numpy_by_hand() -> None:
    found = convolution(np.array([[[1.0, 2.0, 3.0]]]), np.array([[[1.0, 10.0]]]), (1,), ((1, 0),), (1,), (1,))
    np.testing.assert_array_equal(found, [[[10.0, 21.0, 32.0]]])
    spread = convolution(np.array([[[1.0, 2.0]]]), np.array([[[1.0, 10.0]]]), (2,), ((0, 1),), (2,), (1,))
    np.testing.assert_array_equal(spread, [[[1.0, 2.0]]])


def test_attention_is_traced_in_its_products_and_jax_in_its_loops() -> None:
    torch, jax = pytest.importorskip("torch"), pytest.importorskip("jax")
    positions, width = 3, 4

    class Attention(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.query = torch.nn.Linear(width, width, bias=False)

        def forward(self, rows: Any) -> Any:
            query = self.query(rows)[:, None]
            return torch.nn.functional.scaled_dot_product_attention(query, query, query).sum((1, 2))

    def pair(recipe: Any) -> Any:
        def apply(tree: Any, rows: Any, training: bool, key: Any) -> Any:
            def twice(rows: Any, _: Any) -> Any:
                return jax.numpy.tanh(rows @ tree["query"]), None

            return jax.lax.scan(twice, rows, None, length=2)[0].sum(1)

        return lambda key: {"query": np.zeros((width, width))}, apply

    draw = np.random.default_rng(1)
    rows, labels = draw.normal(size=(8, positions, width)).astype(np.float32), np.zeros(8, np.int32)
    start = NamedWeights({"query": draw.normal(size=(width, width)).astype(np.float32)})
    given = {"data": Dataset("rows", "test", rows, labels, rows, labels), "initial": start}
    for family, build, own, forward, backward in (
        ("torch", lambda recipe: Attention(), "query.weight", 48 + 36 + 36, 48 + 4 * 36),
        ("jax", pair, "query", 2 * 48, 3 * 48),
    ):
        network = Network("rows", family, build, (Match("query", own),))  # type: ignore[arg-type]
        floor = floor_of(family, network=network, **given)
        # of the rows themselves nothing is derived; a loop of JAX derives both of each turn's
        assert floor.flop(8) == 2 * 8 * (forward + backward + (48 if family == "jax" else 0))
        assert floor.prove().ok


def test_a_recurrent_layer_of_pytorch_is_traced_in_its_products() -> None:
    """A library's own call for an LSTM is no product that could be seen."""
    torch = pytest.importorskip("torch")
    places, inputs, units = 5, 6, 3

    class Recurrent(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm = torch.nn.LSTM(inputs, units, bias=False, batch_first=True)

        def forward(self, rows: Any) -> Any:
            return self.lstm(rows)[0][:, -1]

    draw = np.random.default_rng(1)
    shapes = {"lstm.weight_ih_l0": (4 * units, inputs), "lstm.weight_hh_l0": (4 * units, units)}
    start = NamedWeights({name: draw.normal(size=shape).astype(np.float32) for name, shape in shapes.items()})
    rows, labels = draw.normal(size=(8, places, inputs)).astype(np.float32), np.zeros(8, np.int32)
    network = Network(
        "rows", "torch", lambda recipe: Recurrent(), tuple(Match(name, name) for name in shapes)
    )
    floor = floor_of(
        "torch",
        network=network,
        recipe=replace(PLAIN, precision="float32"),
        data=Dataset("rows", "test", rows, labels, rows, labels),
        initial=start,
    )
    of_inputs, of_units = places * inputs * 4 * units, places * units * 4 * units
    derived = (places - 1) * units * 4 * units  # by the units before; of the first place's zeros nothing is
    assert floor.flop(8) == 2 * 8 * (2 * of_inputs + 2 * of_units + derived)
    assert floor.prove().ok
    assert torch.backends.mkldnn.enabled


def test_in_inference_a_layer_of_a_transformer_of_pytorch_is_traced_in_its_products() -> None:
    """There PyTorch has one call for all of it, in which no product could be seen."""
    torch = pytest.importorskip("torch")
    from likeforlike.models.loops.floors.with_torch import products_of
    from likeforlike.models.loops.on_torch.network import TorchNetwork

    places, width, heads, inner = 3, 4, 2, 6

    def layer(recipe: Any) -> Any:
        return torch.nn.TransformerEncoderLayer(width, heads, inner, dropout=0.0, batch_first=True)

    arrays = {name: array.numpy() for name, array in layer(PLAIN).state_dict().items()}
    rows, labels = np.ones((8, places, width), np.float32), np.zeros(8, np.int32)
    run = Run(
        replace(PLAIN, precision="float32"),
        Dataset("rows", "test", rows, labels, rows, labels),
        NamedWeights(arrays),
        "cpu:0",
        network=Network("rows", "torch", layer, tuple(Match(name, name) for name in arrays)),
    )
    found = products_of(TorchNetwork("some", run), 8, training=False)
    projected = places * width * (3 * width + width)  # queries, keys, values; and what comes out
    attended = 2 * places * places * width  # scores, and values by them, of all heads together
    assert sum(product.flop for product in found) == 2 * 8 * (
        projected + attended + 2 * places * width * inner
    )
    assert torch.backends.mha.get_fastpath_enabled()


@pytest.mark.parametrize("family", NETWORKS)
def test_a_floor_refuses_what_products_cannot_do(family: str) -> None:
    for change in ({"execution": "xla"}, {"precision": "tf32"}):
        with pytest.raises(RecipeRefused, match=f"floor-{family} refuses {next(iter(change))}"):
            floor_of(family, recipe=replace(PLAIN, **change))


@pytest.mark.parametrize("name", ["convnet", "transformer", "text"])
def test_a_trace_counts_the_operations_that_a_task_s_author_counted(name: str) -> None:
    pytest.importorskip("jax")
    pytest.importorskip("torch")
    import importlib

    from likeforlike.models.loops.floors import with_jax, with_torch
    from likeforlike.models.loops.on_jax.network import JaxNetwork
    from likeforlike.models.loops.on_torch.network import TorchNetwork

    package = f"likeforlike.models.tasks.{name}"
    task = getattr(importlib.import_module(f"{package}.task"), name.upper())
    recipe = replace(PLAIN, precision="float32", batch_size=4)
    row, target = (np.zeros((4, 784), np.float32), np.zeros(4, np.int32))
    if name == "text":
        row = target = np.zeros((4, 32), np.int32)
    data = Dataset("rows", "test", *[row, target] * 2)
    run = Run(recipe, data, task.initial(recipe), "cpu:0")
    for family, make, products_of in (
        ("jax", JaxNetwork, with_jax.products_of),
        ("torch", TorchNetwork, with_torch.products_of),
    ):
        network = importlib.import_module(f"{package}.with_{family}").NETWORK
        made: Any = make(family, replace(run, network=network))
        assert sum(product.flop for product in products_of(made, 4)) == task.flop(recipe, 4)


@pytest.fixture(scope="module", params=["tensorflow", "jax"])
def of_keras(request: pytest.FixtureRequest) -> dict[str, Any]:
    """What a process with this backend of Keras has traced; see ``examine_floors``."""
    if lacking := missing(("tensorflow", "keras", request.param)):
        pytest.skip(lacking)
    here = Path(__file__).parent
    environment = {
        **os.environ,
        "KERAS_BACKEND": request.param,
        "CUDA_VISIBLE_DEVICES": "-1",
        "JAX_PLATFORMS": "cpu",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYTHONPATH": os.pathsep.join([str(here.parents[2]), *filter(None, sys.path)]),
    }
    command = [sys.executable, str(here / "examine_floors.py")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr[-4000:]
    return {"backend": request.param, **json.loads(done.stdout.splitlines()[-1])}


def test_of_a_keras_model_the_same_products_are_traced(of_keras: dict[str, Any]) -> None:
    names = ["functional", "subclassed", *(["by hand"] if of_keras["backend"] == "tensorflow" else [])]
    for name in names:
        told = of_keras[name]
        assert len(told["products"]) == 5, name
        assert told["flop_of_a_sample"] == FLOP
        assert told["epoch_flop"] == FLOP * SAMPLES
        assert told["error"] < 1e-14
        assert told["epochs"] == [[1, None], [2, None]]
        assert told["outputs"] == [11, CLASSES]
    assert (
        of_keras["functional"]["ways"]
        == {"tensorflow": ["graph", "xla"], "jax": ["one scan"]}[of_keras["backend"]]
    )


def test_of_a_keras_model_nothing_is_changed_and_what_products_cannot_do_refused(
    of_keras: dict[str, Any],
) -> None:
    assert of_keras["kept"]
    assert "refuses execution='xla'" in of_keras["refused"]
    assert of_keras["mixed"]["float32"] < 1e-6
    assert 1e-4 < of_keras["mixed"]["bfloat16"] < 3e-2
    assert of_keras["wrong"] > 1e-9


def test_every_convolution_of_keras_is_known(of_keras: dict[str, Any]) -> None:
    """By hand: places, features, window, channels; all but the first have a gradient by their input, too."""
    on_jax = of_keras["backend"] == "jax"
    groups = 2 if on_jax else 1
    first = 16 * 8 * 9 * 4
    others = 16 * 16 * 9 + 16 * 16 * 9 * 4 + 36 * 6 * 4 * 4 // groups + 32 * 2 * 27 + 2 * CLASSES
    # XLA's gradient of the unpadded one by its input goes over the edge: 64 places of 4, not 36 of 6
    beyond = 64 * 4 * 4 * 3 - 36 * 6 * 4 * 2 if on_jax else 0
    told = of_keras["convolutions"]
    assert told["flop_of_a_sample"] == 2 * (2 * first + 3 * others + beyond)
    assert told["error"] < 1e-6


def test_attention_and_a_recurrence_of_keras_are_counted_to_the_last_place(of_keras: dict[str, Any]) -> None:
    projected, mixed, out, head = 3 * 5 * 36, 2 * 2 * 25 * 3, 5 * 36, 6 * CLASSES
    told = of_keras["attention"]
    assert told["flop_of_a_sample"] == 2 * (2 * projected + 3 * (mixed + out + head))
    assert told["error"] < 1e-6
    # of the zeros that the first place starts from XLA computes a gradient, too
    inputs, units, head = 5 * 18, 5 * 9, 3 * CLASSES
    further = 5 * 9 if of_keras["backend"] == "jax" else 4 * 9
    told = of_keras["recurrent"]
    assert told["flop_of_a_sample"] == 2 * (2 * inputs + 2 * units + further + 3 * head)
    assert told["error"] < 1e-6
