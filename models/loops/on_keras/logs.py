"""When ``fit`` reads its logs, loss and metrics of each call, to the host: by a recipe's ``logs_read``.

By itself it reads them and calls the callbacks after each call, on TensorFlow before it goes on; on JAX and
PyTorch it leaves that to another thread, unless a callback wants to be called after each batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras

from likeforlike.models.contract.training.recipe import Recipe, RecipeRefused


class WatchesBatches(keras.callbacks.Callback):
    """What a progress bar or a callback of one's own does at least: to be called after each batch."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Count."""
        self.calls += 1


class ReadOnceAnEpoch(keras.callbacks.CallbackList):
    """The callbacks, of which none is called after a batch: no logs are read before the epoch's end."""

    def on_train_batch_begin(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Call nobody."""

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Read nothing, call nobody."""

    def on_test_batch_begin(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Call nobody."""

    def on_test_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Read nothing, call nobody."""


def own_way() -> str:
    """What ``fit`` does by itself on the backend that is loaded; Keras has no public word for it."""
    return (
        "in-background" if getattr(keras.callbacks.CallbackList([]), "_async_train", False) else "each-step"
    )


def with_logs_read(recipe: Recipe, model: Any, callbacks: Sequence[Any]) -> Any:
    """What ``fit`` is given as callbacks, those of the harness last."""
    if recipe.logs_read == "each-step" and own_way() != "each-step":
        return [WatchesBatches(), *callbacks]
    if recipe.logs_read == "each-epoch":
        return ReadOnceAnEpoch(
            list(callbacks), add_history=True, model=model, epochs=recipe.epochs, verbose=0
        )
    return list(callbacks)


def refuse_logs_unread(trainer: str, recipe: Recipe) -> None:
    """Raise :class:`RecipeRefused` for TensorBoard's callback where no callback is called after a batch."""
    if recipe.logs_read == "each-epoch" and recipe.logging != "none":
        why = "Keras's TensorBoard callback is called after each batch"
        raise RecipeRefused(trainer, "logs_read", recipe.logs_read, why)
