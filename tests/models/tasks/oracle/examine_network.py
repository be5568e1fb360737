"""Holds networks of a framework against their oracles, in float64: ``examine_network.py MODULE:ATTRIBUTE ...``.

Prints as JSON, network by network, the relative errors of logits and of each weight's gradient, with biases and without, and what
dropout keeps. Uses no loop: each framework's plain gradients.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from likeforlike.models.contract.training.network import Match, Network
from likeforlike.models.contract.training.recipe import MATCHED, Recipe
from likeforlike.models.tasks.oracle.arithmetic import in_precision
from likeforlike.models.tasks.oracle.network import GATES, Oracle

QUIET = replace(MATCHED, dropout_rate=0.0, precision="float64")
Pass = Callable[[np.ndarray, bool], np.ndarray]
Arrays = dict[str, np.ndarray]


def matches_of(network: Network, weights: Arrays) -> list[Match]:
    every = network.matches or tuple(Match(name, name) for name in weights)
    found = [match for match in every if match.name in weights]
    assert [match.name for match in found] == list(weights), "matches are not in canonical order"
    return found


def keras(network: Network, recipe: Recipe, weights: Arrays) -> tuple[Pass, Any]:
    model = network.build(recipe)
    return keras_like(model, {v.path: v for v in model.trainable_variables}, network, weights)


def tensorflow(network: Network, recipe: Recipe, weights: Arrays) -> tuple[Pass, Any]:
    model = network.build(recipe)
    return keras_like(model, {v.name[:-2]: v for v in model.trainable_variables}, network, weights)


def keras_like(model: Any, variables: dict[str, Any], network: Network, weights: Arrays) -> tuple[Pass, Any]:
    matches = matches_of(network, weights)
    assert {match.own for match in matches} == set(variables)
    for match in matches:
        variables[match.own].assign(match.to_own(weights[match.name]))
    if os.environ.get("KERAS_BACKEND", "tensorflow") != "tensorflow":
        from keras import ops

        return lambda inputs, training: ops.convert_to_numpy(model(inputs, training=training)), None
    import tensorflow as tf

    def gradients(inputs: np.ndarray, labels: np.ndarray) -> Arrays:
        with tf.GradientTape() as tape:
            logits = model(tf.constant(inputs), training=True)
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
        own = [variables[match.own] for match in matches]
        found = tape.gradient(loss, [v.value for v in own] if network.family == "keras" else own)
        return {m.name: m.to_canonical(np.asarray(g)) for m, g in zip(matches, found, strict=True)}

    return lambda inputs, training: np.asarray(model(tf.constant(inputs), training=training)), gradients


def torch(network: Network, recipe: Recipe, weights: Arrays) -> tuple[Pass, Any]:
    import torch

    module = network.build(recipe).double()
    matches = matches_of(network, weights)
    arrays = {match.own: torch.tensor(match.to_own(weights[match.name])) for match in matches}
    module.load_state_dict(arrays)  # names and shapes, all of them

    def logits(inputs: np.ndarray, training: bool) -> np.ndarray:
        return module.train(training)(torch.tensor(inputs)).detach().numpy()

    def gradients(inputs: np.ndarray, labels: np.ndarray) -> Arrays:
        outputs = module.train()(torch.tensor(inputs))
        classes = torch.tensor(labels, dtype=torch.int64).flatten()
        torch.nn.functional.cross_entropy(outputs.reshape(len(classes), -1), classes).backward()
        named = dict(module.named_parameters())
        return {match.name: match.to_canonical(named[match.own].grad.numpy()) for match in matches}

    return logits, gradients


def jax(network: Network, recipe: Recipe, weights: Arrays) -> tuple[Pass, Any]:
    import jax
    from jax import numpy as jnp

    jax.config.update("jax_enable_x64", True)
    init, apply = network.build(recipe)
    key = jax.random.key(0)
    matches = matches_of(network, weights)
    flat, form = jax.tree_util.tree_flatten_with_path(init(key))
    paths = ["/".join(str(step.key) for step in path) for path, _ in flat]
    own = {match.own: match.to_own(weights[match.name]) for match in matches}
    assert own.keys() == set(paths)
    assert [own[path].shape for path in paths] == [leaf.shape for _, leaf in flat]
    tree = jax.tree_util.tree_unflatten(form, [jnp.asarray(own[path]) for path in paths])

    def loss(tree: Any, inputs: Any, labels: Any) -> Any:
        logits = apply(tree, inputs, True, key)
        return -jnp.take_along_axis(jax.nn.log_softmax(logits), labels[..., None], -1).mean()

    def gradients(inputs: np.ndarray, labels: np.ndarray) -> Arrays:
        found = dict(zip(paths, jax.tree.leaves(jax.grad(loss)(tree, inputs, labels)), strict=True))
        return {match.name: match.to_canonical(np.asarray(found[match.own])) for match in matches}

    return lambda inputs, training: np.asarray(apply(tree, jnp.asarray(inputs), training, key)), gradients


FAMILIES = {"keras": keras, "tensorflow": tensorflow, "torch": torch, "jax": jax}


def relative(found: np.ndarray, exact: np.ndarray) -> float:
    return float(np.linalg.norm(found - exact) / np.linalg.norm(exact))


def exact(arrays: Any) -> Arrays:
    return {name: array.astype(np.float64) for name, array in arrays.named().items()}


def errors(oracle: Oracle, network: Network, recipe: Recipe) -> dict[str, float]:
    weights, data = exact(oracle.proof_start(recipe)), oracle.graded(2)
    inputs, labels = in_precision(data.train_images, np.dtype("float64")), data.train_labels
    logits, gradients = FAMILIES[network.family](network, recipe, weights)
    found = {"logits": relative(logits(inputs, False), oracle.dropped_logits(weights, inputs, None))}
    if gradients is None:
        return found
    truth, _, _ = oracle.gradients(weights, inputs, labels, None)
    return found | {name: relative(array, truth[name]) for name, array in gradients(inputs, labels).items()}


def kept(oracle: Oracle, network: Network, recipe: Recipe, training: bool) -> list[float]:
    """Of gates that each are 1, times 4: the mean logit over 4, and how many other values than two there are."""
    gates = in_precision(oracle.gate_input, np.dtype("float64"))
    inputs = np.tile(gates, (401, 1))  # three quarters of 4010 is no whole number
    logits, _ = FAMILIES[network.family](network, recipe, exact(oracle.gate_weights(recipe)))
    every = logits(inputs, training)
    assert not every[..., GATES:].any(), "nothing leads to further classes"
    found = every.reshape(len(every), -1, every.shape[-1])[:, -1, :GATES] / 4
    scale = 1 / (1 - recipe.dropout_rate)
    known = np.isclose(found, 0, atol=1e-9) | np.isclose(found, scale) | np.isclose(found, 1)
    return [float(found.mean()), int((~known).sum())]


def examined(target: str) -> dict[str, Any]:
    module, _, attribute = target.partition(":")
    oracle = importlib.import_module(f"{module.rpartition('.')[0]}.oracle").ORACLE
    network = getattr(importlib.import_module(module), attribute)
    drops = replace(QUIET, dropout_rate=0.25)
    always = replace(drops, dropout_at_evaluation=True)
    return {
        "bias": errors(oracle, network, QUIET),
        "no bias": errors(oracle, network, replace(QUIET, bias=False)),
        "kept": [
            kept(oracle, network, drops, True),
            kept(oracle, network, drops, False),
            kept(oracle, network, always, False),
        ],
    }


if __name__ == "__main__":
    print(json.dumps({target: examined(target) for target in sys.argv[1:]}))
