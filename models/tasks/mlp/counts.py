"""How many weights 784-512-10 has, and how many operations an epoch of it takes."""

from __future__ import annotations

from likeforlike.models.contract.training.recipe import Recipe

FLOP_OF_A_SAMPLE = 4 * 784 * 512 + 6 * 512 * 10


def parameter_count(recipe: Recipe) -> int:
    """Trainable parameters: 407,050 with bias, 406,528 without."""
    return 784 * 512 + 512 * 10 + (512 + 10 if recipe.bias else 0)


def flop(recipe: Recipe, samples: int) -> int:
    """Floating-point operations of the matrix products of one epoch of training over that many samples.

    Two for each weight and sample in forward, two in each weight's gradient, and two in the gradient
    of the hidden layer's activations; the images need none. Everything else is linear in the layers.
    """
    return recipe.trained_samples(samples) * FLOP_OF_A_SAMPLE
