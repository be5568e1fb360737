"""The network of characters in Keras, on any backend."""

from __future__ import annotations

from typing import Any

import keras

from likeforlike.models.contract.training.network import Network
from likeforlike.models.contract.training.recipe import Recipe
from likeforlike.models.tasks.blocks.with_keras import Positions, blocks, dense, norm
from likeforlike.models.tasks.oracle.keras_layers import dropout, options_of
from likeforlike.models.tasks.text.names import KERAS, TAKES
from likeforlike.models.tasks.text.oracle import WIDTHS


class LookUp(keras.layers.Embedding):
    """Rows of the table by their numbers, as a product with one-hot rows.

    The gradient of ``Embedding`` on TensorFlow is a list of slices, of which Keras's Adam squares each by
    itself before it adds those of one row: of a character that comes twice in a batch the second moment is
    another one. That of a product is whole, and the optimizer's step the same on all backends.
    """

    def call(self, inputs: Any) -> Any:
        """[n, tokens] to [n, tokens, width]."""
        chosen = keras.ops.one_hot(inputs, self.input_dim, dtype=self.compute_dtype)
        return keras.ops.matmul(chosen, keras.ops.cast(self.embeddings, self.compute_dtype))


def build(recipe: Recipe) -> keras.Model:
    """The untrained network, from the numbers of characters to the logits of those that follow each."""
    options = options_of(recipe)
    numbers = keras.Input((WIDTHS.context,), dtype="int32")
    stream = LookUp(WIDTHS.characters, 64, name="embedding", **options)(numbers)
    stream = blocks(recipe, Positions(name="positions", **options)(stream), causal=True)
    units = dropout(recipe)(norm(recipe, "norm")(stream))
    return keras.Model(numbers, dense(recipe, "output", WIDTHS.characters)(units), name="characters")


NETWORK = Network("text-keras", "keras", build, KERAS, TAKES)
