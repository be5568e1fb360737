"""The network in plain NumPy: forward, backward by hand, and its loop. In float64 it is the oracle."""

from __future__ import annotations

import math

import numpy as np

from likeforlike.models.contract.training.recipe import Recipe
from likeforlike.models.contract.training.trainer import Dataset, Parameters, Run
from likeforlike.models.tasks.oracle.arithmetic import (
    Arrays,
    affine,
    affine_backward,
    logits_of,
    mean_loss_backward,
    score_sums,
)
from likeforlike.models.tasks.oracle.network import Oracle, gate_output, graded_images
from likeforlike.models.tasks.oracle.numpy_loop import OracleLoop


def initial_parameters(recipe: Recipe) -> Parameters:
    """Glorot-uniform kernels drawn by NumPy from the recipe's seed, biases zero; float32.

    Glorot and Bengio 2010: uniform within sqrt(6 / (inputs + outputs)).
    """
    generator = np.random.default_rng(recipe.seed)

    def kernel(inputs: int, outputs: int) -> np.ndarray:
        limit = math.sqrt(6 / (inputs + outputs))
        return generator.uniform(-limit, limit, (inputs, outputs)).astype(np.float32)

    hidden, output = kernel(784, 512), kernel(512, 10)
    if not recipe.bias:
        return Parameters(hidden, None, output, None)
    return Parameters(hidden, np.zeros(512, np.float32), output, np.zeros(10, np.float32))


def hidden_layer(weights: Arrays, images: np.ndarray) -> np.ndarray:
    """ReLU units before dropout, [n, 784] to [n, 512]."""
    hidden = affine(weights, "hidden", images)
    return np.maximum(hidden, 0, out=hidden)


def gradients_of(
    weights: Arrays, images: np.ndarray, labels: np.ndarray, scale: np.ndarray | None
) -> tuple[Arrays, float, float]:
    """Gradients of the mean loss by the chain rule, the sum of losses and the right answers.

    d loss / d logits is (softmax - one-hot) / n; the rest is two transposed products and ReLU's mask.
    ``scale`` is the dropout mask over 1 - rate, None for no dropout.
    """
    hidden = hidden_layer(weights, images)
    if scale is not None:
        hidden *= scale
    logits = logits_of(weights, hidden)
    loss, right = score_sums(logits, labels)
    gradients: Arrays = {}
    d_hidden = affine_backward(weights, "output", hidden, mean_loss_backward(logits, labels), gradients)
    if scale is not None:
        d_hidden *= scale
    d_hidden *= hidden > 0
    gradients["hidden_kernel"] = images.T @ d_hidden
    if "hidden_bias" in weights:
        gradients["hidden_bias"] = d_hidden.sum(axis=0)
    return gradients, loss, right


def graded_problem(batch_size: int) -> Dataset:
    """Three batches and a half, their pixels graded from 1 down to 1e-6.

    The gradients of faint pixels are near Adam's epsilon, so that a wrong epsilon can't hide.
    """
    return graded_images(batch_size, np.logspace(0, -6, 784).astype(np.float32))


def gate_image() -> np.ndarray:
    """One bright pixel."""
    image = np.zeros(784, np.float32)
    image[0] = 1
    return image


def gate_parameters(recipe: Recipe) -> Parameters:
    """All units 1 for :func:`gate_image`; unit k < 10 leads to class k, others nowhere."""
    hidden = np.zeros((784, 512), np.float32)
    hidden[0] = 1
    bias = {"hidden_bias": np.zeros(512, np.float32)} if recipe.bias else {}
    return Parameters.of({"hidden_kernel": hidden} | bias | gate_output(512, recipe.bias))


ORACLE = Oracle(
    initial=initial_parameters,
    wrap=Parameters.of,
    width=512,
    units=hidden_layer,
    logits=logits_of,
    gradients=gradients_of,
    graded=graded_problem,
    proof_start=initial_parameters,
    gate_input=gate_image(),
    gate_weights=gate_parameters,
    kinked=("hidden",),
)


class NumpyLoop(OracleLoop):
    """A plain loop over batches; the recipe's precision is its dtype."""

    def __init__(self, run: Run) -> None:
        super().__init__(run, ORACLE)
