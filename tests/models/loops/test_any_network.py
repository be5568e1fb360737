"""The loops of JAX and PyTorch on a network with convolution, normalisation and dropout, against plain loops."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from likeforlike.models.contract.training.network import Match, NamedWeights, Network
from likeforlike.models.contract.training.recipe import Recipe, RecipeRefused
from likeforlike.models.contract.training.trainer import Dataset, Run, Trainer
from likeforlike.models.contract.training.ways import WAYS
from likeforlike.models.loops.parts.optimizers import UpdateState, update

sys.path.append(str(Path(__file__).parent))
from small_network import CLASSES, DENSE, NETWORKS, PLAIN, Trained, images, train, weights

LOOPS = {
    "torch-loop": ("torch", "torch_loop", "TorchLoop"),
    "torch-compiled": ("torch", "torch_compiled", "TorchCompiled"),
    "jax-step": ("jax", "jax_step", "JaxStep"),
    "jax-scan": ("jax", "jax_scan", "JaxScan"),
}
RECIPES = {
    "adam": PLAIN,
    "sgd": replace(
        PLAIN,
        optimizer="sgd",
        momentum=0.9,
        clip_norm=0.5,
        schedule="cosine",
        warmup_steps=3,
        learning_rate=0.05,
    ),
    "adamw": replace(PLAIN, optimizer="adamw", weight_decay=0.1, learning_rate=0.01, remainder="drop"),
}
CHANGES: dict[str, Any] = {
    "batch_size": 4,
    "dropout_rate": 0.5,
    "learning_rate": 5e-3,
    "beta_1": 0.5,
    "beta_2": 0.9,
    "epsilon": 1e-3,
    "epochs": 3,
    "shuffle": "every-epoch",
    "remainder": "drop",
    "precision": "float32",
    "optimizer": "sgd",
    "clip_norm": 0.01,
    "schedule": "cosine",
    "warmup_steps": 3,
}

OF_THE_LOOP = ("batch_size", "epochs", "shuffle", "remainder", "schedule", "precision")


@pytest.fixture(autouse=True)
def jax_as_it_was() -> Iterator[None]:
    """JAX's switches are the process's."""
    jax = sys.modules.get("jax") or pytest.importorskip("jax")
    torch = pytest.importorskip("torch")
    names = ("jax_enable_x64", "jax_default_matmul_precision")
    before = {name: getattr(jax.config, name) for name in names}
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
    for name, value in before.items():
        jax.config.update(name, value)


def loop_of(name: str) -> tuple[Callable[[Run], Trainer], Network]:
    family, module, attribute = LOOPS[name]
    pytest.importorskip(family)
    found = __import__(f"likeforlike.models.loops.{module}", fromlist=[attribute])
    return getattr(found, attribute), NETWORKS[family]


def not_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """``torch.compile`` takes half a minute; what it is given is held against the reference all the same."""
    import torch

    monkeypatch.setattr(torch, "compile", lambda function, **options: function)


def batches(recipe: Recipe) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    data = images()
    for start in range(0, recipe.trained_samples(len(data.train_labels)), recipe.batch_size):
        rows = slice(start, start + recipe.batch_size)
        yield data.train_images[rows].astype(np.float64), data.train_labels[rows]


def plain_torch(recipe: Recipe) -> tuple[list[float], dict[str, np.ndarray]]:
    """Autograd step by step, the update by NumPy."""
    import torch

    network = NETWORKS["torch"]
    module = network.build(recipe).double()
    state = module.state_dict()
    for match in network.matches:
        state[match.own].copy_(torch.from_numpy(match.to_own(weights().arrays[match.name])))
    trained = dict(module.named_parameters())
    memory, losses = UpdateState(), []
    for _ in range(recipe.epochs):
        sums = 0.0
        for inputs, labels in batches(recipe):
            module.zero_grad()
            loss = torch.nn.functional.cross_entropy(
                module(torch.from_numpy(inputs)), torch.from_numpy(labels).long()
            )
            loss.backward()
            sums += float(loss) * len(labels)
            now = {name: weight.detach().numpy().copy() for name, weight in trained.items()}
            slopes = {name: weight.grad.numpy().copy() for name, weight in trained.items()}
            moved, memory = update(
                recipe, recipe.total_steps(len(images().train_labels)), now, slopes, memory
            )
            for name, weight in trained.items():
                weight.data.copy_(torch.from_numpy(moved[name]))
        losses.append(sums / recipe.trained_samples(len(images().train_labels)))
    own = {name: array.numpy() for name, array in module.state_dict().items()}
    return losses, {match.name: match.to_canonical(own[match.own]) for match in network.matches}


def plain_jax(recipe: Recipe) -> tuple[list[float], dict[str, np.ndarray]]:
    """``jax.grad`` step by step with XLA's own convolutions, the update by NumPy."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    _, apply = NETWORKS["jax"].build(recipe)
    arrays = {name: array.astype(np.float64) for name, array in weights().arrays.items()}

    def mean_loss(arrays: Any, inputs: Any, labels: Any) -> Any:
        norm = {name: arrays[f"norm_{name}"] for name in ("scale", "shift", "mean", "variance")}
        tree = {"conv": arrays["conv_kernel"], "norm": norm}
        tree["dense"] = [arrays["dense_kernel"], arrays["dense_bias"]]
        logits, changed = apply(tree, inputs, True, jax.random.key(0))
        picked = jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], axis=1)
        return -picked.mean(), changed

    slope = jax.jit(jax.value_and_grad(mean_loss, has_aux=True))
    memory, losses = UpdateState(), []
    for _ in range(recipe.epochs):
        sums = 0.0
        for inputs, labels in batches(recipe):
            (loss, changed), found = slope(arrays, inputs, labels)
            sums += float(loss) * len(labels)
            slopes = {n: np.asarray(g) for n, g in found.items() if n not in ("norm_mean", "norm_variance")}
            arrays, memory = update(
                recipe, recipe.total_steps(len(images().train_labels)), arrays, slopes, memory
            )
            arrays |= {f"norm_{name}": np.asarray(array) for name, array in changed["norm"].items()}
        losses.append(sums / recipe.trained_samples(len(images().train_labels)))
    return losses, arrays


def agrees(found: Trained, truth: tuple[list[float], dict[str, np.ndarray]]) -> None:
    assert [epoch.loss for epoch in found.epochs] == pytest.approx(truth[0], rel=1e-10)
    assert found.arrays.keys() == weights().arrays.keys()
    for name, array in truth[1].items():
        assert found.arrays[name].dtype == np.float64
        np.testing.assert_allclose(found.arrays[name], array, rtol=1e-8, atol=1e-10, err_msg=name)
        assert not np.allclose(array, weights().arrays[name]), f"{name} did not move"


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("name", LOOPS)
def test_ten_steps_follow_a_plain_loop_in_float64(
    name: str, recipe: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, network = loop_of(name)
    if name == "torch-compiled":
        not_compiled(monkeypatch)
    found = train(loop, network, RECIPES[recipe])
    agrees(found, {"torch": plain_torch, "jax": plain_jax}[network.family](RECIPES[recipe]))
    assert found.trainer.steps_taken() == RECIPES[recipe].total_steps(len(images().train_labels))


def test_what_torch_compile_makes_of_it_does_too() -> None:
    loop, network = loop_of("torch-compiled")
    found = train(loop, network)
    agrees(found, plain_torch(PLAIN))
    assert found.trainer.terms["compiled"] == "the whole step at once"


def test_jax_and_pytorch_end_with_the_same_weights_by_the_mapping() -> None:
    found = [train(*loop_of(name)) for name in ("torch-loop", "jax-scan")]
    for name, array in found[0].arrays.items():
        np.testing.assert_allclose(array, found[1].arrays[name], rtol=1e-9, atol=1e-11, err_msg=name)
    inputs = images().validation_images
    one, other = (trained.trainer.forward(inputs, training=False) for trained in found)
    np.testing.assert_allclose(one, other, rtol=1e-9)
    np.testing.assert_allclose(one.sum(axis=1), 1)
    held_out = [(e.val_loss, e.val_accuracy) for e in found[0].epochs]
    assert held_out == [pytest.approx((e.val_loss, e.val_accuracy)) for e in found[1].epochs]


def test_a_step_in_which_the_first_weight_has_no_gradient_is_counted() -> None:
    """As of a block that is left out at random; PyTorch counts each weight's own steps."""
    torch = pytest.importorskip("torch")
    from likeforlike.models.loops.on_torch.updates import Stepper

    first, second = (torch.nn.Parameter(torch.ones(1)) for _ in range(2))
    stepper = Stepper(PLAIN, 8, [first, second])
    for number in range(3):
        first.grad = None if number == 1 else torch.ones(1)
        second.grad = torch.ones(1)
        stepper.step()
    assert stepper.steps_taken() == 3


def test_a_module_that_can_t_be_compiled_whole_is_compiled_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    loop, network = loop_of("torch-compiled")
    import torch

    def compiled(function: Any, *, fullgraph: bool = False, dynamic: bool = True) -> Any:
        def refusing(*operands: Any) -> Any:
            raise torch._dynamo.exc.Unsupported("a graph break")

        return refusing if fullgraph else function

    monkeypatch.setattr(torch, "compile", compiled)
    found = train(loop, network)
    agrees(found, plain_torch(PLAIN))
    assert "apart" in found.trainer.terms["compiled"]


@pytest.mark.parametrize("name", ["torch-loop", "torch-compiled", "jax-step", "jax-scan"])
def test_every_field_takes_effect_or_is_refused_by_name(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each change compiles anew: for JAX a small network, for PyTorch nothing."""
    loop, network = loop_of(name)
    if network.family == "jax":
        network = DENSE
    else:
        not_compiled(monkeypatch)

    def outcome(recipe: Recipe) -> tuple[Any, ...]:
        found = train(loop, network, recipe, data=images(2 * 8 + 3))
        losses = [(epoch.loss, epoch.val_loss) for epoch in found.epochs]
        return losses, np.concatenate([array.ravel() for array in found.arrays.values()])

    def same(one: Any, other: Any) -> bool:
        return one[0] == other[0] and one[1].dtype == other[1].dtype and bool((one[1] == other[1]).all())

    before = outcome(PLAIN)
    assert same(outcome(PLAIN), before)
    for field, value in CHANGES.items():
        if name == "jax-step" and field not in OF_THE_LOOP:  # the step is jax-scan's
            continue
        assert not same(outcome(replace(PLAIN, **{field: value})), before), f"{field} is ignored"
    drops = replace(PLAIN, dropout_rate=0.5)
    dropped = outcome(drops)
    assert same(outcome(drops), dropped)
    for change in ({"seed": 7}, {"dropout_at_evaluation": True}):
        assert not same(outcome(replace(drops, **change)), dropped), change
    sgd = replace(PLAIN, optimizer="sgd")
    assert not same(outcome(replace(sgd, momentum=0.9)), outcome(sgd))
    # a way changes nothing that is trained; what a loop can't go, it is never given: contract/test_ways.py
    told = {*CHANGES, *WAYS, "seed", "dropout_at_evaluation", "momentum", "name", "published_with"}
    # the network's own; logging is run_epochs'; adamw has a reference of its own above
    assert {field.name for field in fields(Recipe)} - told == {"bias", "logging", "execution", "weight_decay"}
    way = "xla" if name.startswith("torch") else "eager"
    with pytest.raises(RecipeRefused, match=f"{name} refuses execution='{way}'"):
        loop(Run(replace(PLAIN, execution=way), images(), weights(), "cpu:0", network=network))


@pytest.mark.parametrize("name", ["torch-loop", "jax-step"])
def test_a_way_is_gone_and_changes_nothing_that_is_trained(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, network = loop_of(name)
    module = sys.modules[loop.__module__]
    network = DENSE if network.family == "jax" else network
    read: list[Any] = []
    if name == "torch-loop":
        import torch

        plainly = torch.Tensor.tolist
        monkeypatch.setattr(torch.Tensor, "tolist", lambda sums: (read.append(sums), plainly(sums))[1])
    else:
        original = module.read_back  # type: ignore[attr-defined]
        monkeypatch.setattr(module, "read_back", lambda sums: (read.append(sums), original(sums))[1])

    def outcome(**ways: str) -> tuple[Any, int]:
        read.clear()
        return train(loop, network, replace(PLAIN, **ways)), len(read)  # type: ignore[arg-type]

    plain, seldom = outcome()
    steps = PLAIN.total_steps(len(images().train_labels))
    for ways in ({"logs_read": "each-step"}, {"metrics": "none"}):
        found, often = outcome(**ways)
        for weight, array in plain.arrays.items():
            np.testing.assert_array_equal(found.arrays[weight], array, err_msg=str(ways))
        assert often == seldom + (steps if "logs_read" in ways else 0)
        told = [(epoch.accuracy, epoch.val_accuracy) for epoch in found.epochs]
        assert all(pair == (None, None) for pair in told) == ("metrics" in ways)


def test_bfloat16_and_mixed_stay_near_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    not_compiled(monkeypatch)
    for name in LOOPS:
        loop, network = loop_of(name)
        losses = {}
        for precision in ("float32", "bfloat16", "mixed"):
            recipe = replace(PLAIN, precision=precision, epochs=1)
            if network.family == "jax":
                if precision == "mixed":
                    with pytest.raises(RecipeRefused, match="precision='mixed'"):
                        loop(Run(recipe, images(), weights(), "cpu:0", network=network))
                found = train(loop, DENSE, recipe)
            else:
                found = train(loop, network, recipe)
            losses[precision] = found.epochs[0].loss
            assert all(array.dtype == np.float32 for array in found.arrays.values())
        exact = losses.pop("float32")
        for precision, loss in losses.items():
            assert loss != exact, (name, precision)
            assert loss == pytest.approx(exact, rel=0.02), (name, precision)


# a linear network of tokens: [n, positions] whole numbers to [n, positions, classes] or to one number each

POSITIONS = 3
TABLE = NamedWeights({"table": np.random.default_rng(5).normal(size=(5, CLASSES)).astype(np.float32)})


def tokens(next_token: bool) -> Dataset:
    draw = np.random.default_rng(6)
    read = draw.integers(5, size=(20, POSITIONS)).astype(np.int32)
    targets = draw.integers(CLASSES, size=(20, POSITIONS)).astype(np.int32)
    if not next_token:
        targets = draw.normal(size=20).astype(np.float32)
    return Dataset("tokens", "test", read[:13], targets[:13], read[13:], targets[13:])


def jax_table(noise: bool = False) -> Callable[[Recipe], Any]:
    def build(recipe: Recipe) -> Any:
        import jax

        def apply(tree: Any, read: Any, training: bool, key: Any) -> Any:
            logits = tree["table"][read]
            return logits * jax.random.normal(key) if noise else logits

        return lambda key: {"table": np.zeros((5, CLASSES))}, apply

    return build


def torch_table(recipe: Recipe) -> Any:
    import torch

    return torch.nn.Embedding(5, CLASSES)


def squared(targets: Any, outputs: Any) -> Any:
    """Of the mean over positions and classes."""
    return (outputs.mean((1, 2)) - targets) ** 2


@pytest.mark.parametrize("name", LOOPS)
def test_tokens_and_losses_of_one_s_own(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    loop, _ = loop_of(name)
    not_compiled(monkeypatch)
    table = TABLE.arrays["table"].astype(np.float64)
    build = torch_table if name.startswith("torch") else jax_table()
    match = (Match("table", "weight" if name.startswith("torch") else "table"),)
    for loss in ("sparse-crossentropy", squared):
        data = tokens(loss != squared)
        network = Network("table", LOOPS[name][0], build, match, loss=loss)
        recipe = replace(PLAIN, epochs=1, batch_size=13)
        found: list[Any] = []
        trainer = loop(Run(recipe, data, TABLE, "cpu:0", network=network))
        trainer.train(lambda epoch, found=found: found.append(epoch) or True)
        logits = table[data.train_images]
        if loss == squared:
            expected = ((logits.mean((1, 2)) - data.train_labels) ** 2).mean()
            assert (found[0].accuracy, found[0].val_accuracy) == (None, None)
        else:
            chosen = np.take_along_axis(logits, data.train_labels[..., None], -1)[..., 0]
            expected = (np.log(np.exp(logits).sum(-1)) - chosen).mean()
            assert found[0].accuracy == pytest.approx((logits.argmax(-1) == data.train_labels).mean())
        assert found[0].loss == pytest.approx(expected)


def spread(targets: Any, outputs: Any) -> Any:
    """Of several whole numbers a sample, whatever they count."""
    return ((outputs - targets.reshape(len(targets), -1)[:, :1, None]) ** 2).mean((1, 2))


@pytest.mark.parametrize("shape", [(), (POSITIONS, CLASSES)])
@pytest.mark.parametrize("name", LOOPS)
def test_whole_numbers_that_are_no_classes_have_no_accuracy(
    name: str, shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several labels a sample ended in an error; of one output the share of zeros was told."""
    loop, _ = loop_of(name)
    not_compiled(monkeypatch)
    draw = np.random.default_rng(7)
    labels = [draw.integers(2, size=(count, *shape)).astype(np.int32) for count in (13, 7)]
    data = tokens(True)
    data = replace(data, train_labels=labels[0], validation_labels=labels[1])
    build = torch_table if name.startswith("torch") else jax_table()
    match = (Match("table", "weight" if name.startswith("torch") else "table"),)
    network = Network("table", LOOPS[name][0], build, match, loss=spread)
    found: list[Any] = []
    recipe = replace(PLAIN, epochs=1, batch_size=13)
    loop(Run(recipe, data, TABLE, "cpu:0", network=network)).train(lambda epoch: found.append(epoch) or True)
    assert (found[0].accuracy, found[0].val_accuracy) == (None, None)
    logits = TABLE.arrays["table"].astype(np.float64)[data.train_images]
    expected = ((logits - labels[0].reshape(13, -1)[:, :1, None]) ** 2).mean()
    assert found[0].loss == pytest.approx(expected)


@pytest.mark.parametrize("name", ["jax-step", "jax-scan"])
def test_each_step_of_jax_has_a_key_of_its_own(name: str) -> None:
    """Logits times a number drawn from the key: the same for all samples of a step, another for each step."""
    loop, _ = loop_of(name)
    network = Network("noisy", "jax", jax_table(noise=True), (Match("table", "table"),))
    frozen = replace(PLAIN, learning_rate=1e-12, epochs=2, batch_size=13)
    found: list[Any] = []
    loop(Run(frozen, tokens(True), TABLE, "cpu:0", network=network)).train(lambda e: found.append(e) or True)
    assert found[0].loss != pytest.approx(found[1].loss, rel=1e-3)
    assert found[0].val_loss != pytest.approx(found[1].val_loss, rel=1e-3)


def without(name: str) -> Network:
    """The small network with one match left out."""
    network = NETWORKS["torch"]
    return replace(network, matches=tuple(match for match in network.matches if match.name != name))


def test_weights_that_don_t_match_are_told() -> None:
    loop, network = loop_of("torch-loop")
    swapped = replace(
        network, matches=(*network.matches[:-2], Match("dense_kernel", "dense.weight"), network.matches[-1])
    )
    cases = {
        "starting weight dense_bias has no match": (without("dense_bias"), weights()),
        "dense_kernel is dense.weight": (swapped, weights()),
        "no starting weight is matched to dense.bias": (
            network,
            NamedWeights({n: a for n, a in weights().arrays.items() if n != "dense_bias"}),
        ),
    }
    for message, (wrong, start) in cases.items():
        with pytest.raises(ValueError, match=message):
            loop(Run(PLAIN, images(), start, "cpu:0", network=wrong))
    with pytest.raises(ValueError, match="was given none"):
        loop(Run(PLAIN, images(), weights(), "cpu:0"))
