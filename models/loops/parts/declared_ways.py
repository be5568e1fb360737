"""What each loop can do otherwise than it does by itself; imports no framework.

A field's first value is the loop's own way. A ladder leads from loop to loop through what they have in
common.
"""

from __future__ import annotations

Ways = tuple[tuple[str, tuple[str, ...]], ...]

_COUNTS = ("1", "N", "epoch")
_READ = ("each-step", "each-epoch")

KERAS_FIT: Ways = (
    ("feeding", ("arrays", "arrays-untuned", "tf.data", "gathered")),
    ("steps_per_call", _COUNTS),
    ("logs_read", _READ),
    ("metrics", ("keras", "none")),
    ("layers", ("keras",)),
)
KERAS_FIT_ELSEWHERE: Ways = (
    ("feeding", ("arrays",)),
    ("steps_per_call", ("1",)),
    ("logs_read", ("in-background", "each-step", "each-epoch")),
    ("metrics", ("keras", "none")),
    ("layers", ("keras",)),
)
"""On JAX and PyTorch."""
KERAS_FIT_TUNED: Ways = (
    ("feeding", ("gathered",)),
    ("steps_per_call", ("epoch",)),
    ("logs_read", _READ),
    ("metrics", ("keras", "none")),
    ("layers", ("keras",)),
)
TRAIN_ON_BATCH: Ways = (
    ("feeding", ("numpy",)),
    ("steps_per_call", ("1",)),
    ("logs_read", ("each-step",)),
    ("metrics", ("keras", "none")),
    ("layers", ("keras",)),
)
EAGER_LOOP: Ways = (
    ("feeding", ("tf.data", "arrays", "arrays-untuned", "gathered")),
    ("steps_per_call", ("1",)),
    ("logs_read", ("each-epoch", "each-step")),
    ("metrics", ("sums", "keras", "none")),
    ("layers", ("by-hand", "keras")),
)
GRAPH_LOOP: Ways = (
    ("feeding", ("tf.data", "arrays", "arrays-untuned", "gathered")),
    ("steps_per_call", _COUNTS),
    ("logs_read", ("each-epoch", "each-step")),
    ("metrics", ("sums", "keras", "none")),
    ("layers", ("by-hand", "keras")),
)
TF_EPOCH: Ways = (
    ("feeding", ("gathered",)),
    ("steps_per_call", ("epoch",)),
    ("logs_read", ("each-epoch",)),
    ("metrics", ("sums", "none")),
    ("layers", ("by-hand", "keras")),
)
TF_EPOCH_OF_MLP: Ways = (
    ("feeding", ("gathered",)),
    ("steps_per_call", ("epoch",)),
    ("logs_read", ("each-epoch",)),
    ("metrics", ("sums",)),
    ("layers", ("by-hand",)),
)
TORCH_LOOP: Ways = (
    ("feeding", ("loader", "workers")),
    ("steps_per_call", ("1",)),
    ("logs_read", ("each-epoch", "each-step")),
    ("metrics", ("sums", "none")),
)
TORCH_COMPILED: Ways = (
    ("feeding", ("gathered",)),
    ("steps_per_call", ("1",)),
    ("logs_read", ("each-epoch",)),
    ("metrics", ("sums", "none")),
)
TORCH_COMPILED_OF_MLP: Ways = (*TORCH_COMPILED[:3], ("metrics", ("sums",)))
JAX_STEP: Ways = (
    ("feeding", ("numpy",)),
    ("steps_per_call", ("1",)),
    ("logs_read", ("each-epoch", "each-step")),
    ("metrics", ("sums", "none")),
)
JAX_SCAN: Ways = (
    ("feeding", ("gathered",)),
    ("steps_per_call", ("epoch",)),
    ("logs_read", ("each-epoch",)),
    ("metrics", ("sums", "none")),
)
JAX_SCAN_OF_MLP: Ways = (*JAX_SCAN[:3], ("metrics", ("sums",)))
