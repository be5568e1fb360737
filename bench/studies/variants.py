"""What was tried and did not help: trainers with one thing done another way, beside the originals.

``python -m bench.studies.variants`` measures each in turns with what it varies, under ``matched``, and prints
the ratio of their epochs. As a plug-in (``--plugin bench.studies.variants``) it joins them to any run.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from likeforlike.bench.studies.staging.account import Account, StudyFailed, heading, ratio_text, table
from likeforlike.bench.studies.training_speed import (
    Trained,
    epoch_ratio,
    known,
    measure_training,
    read_trained,
)
from likeforlike.models.contract.implementation import Implementation
from likeforlike.models.contract.training.trainer import Run, Trainer
from likeforlike.models.tasks.mlp import implementations as trainers
from likeforlike.models.tasks.mlp.implementations import HUGE_PAGES
from likeforlike.models.tasks.mlp.workload import TRAINING


def with_generator_bits(run: Run) -> Trainer:
    """``tf-epoch`` with dropout by TensorFlow's own counter-based generator, a float32 a unit."""
    import tensorflow as tf

    from likeforlike.models.tasks.mlp.loops.tensorflow_epoch import TensorFlowEpoch, xorshift

    class GeneratorBits(TensorFlowEpoch):
        @property
        def terms(self) -> Mapping[str, object]:
            return {**super().terms, "dropout": "a float32 a unit, tf.random.stateless_uniform"}

        def _keep(self, lanes: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor | None]:
            lanes = xorshift(lanes)
            seed = tf.bitcast(lanes[0, :2], tf.int32)
            drawn = tf.random.stateless_uniform([lanes.shape[0], 512], seed)
            return lanes, drawn >= self.run.recipe.dropout_rate if self.run.recipe.dropout_rate else None

    return GeneratorBits(run)


def without_xla(run: Run) -> Trainer:
    """``tf-epoch`` as a plain graph."""
    from likeforlike.models.tasks.mlp.loops.tensorflow_epoch import TensorFlowEpoch

    return TensorFlowEpoch(replace(run, recipe=replace(run.recipe, execution="graph")))


def with_small_pages(run: Run) -> Trainer:
    """``tf-epoch`` with its arrays in pages of 4 KiB."""
    from likeforlike.models.tasks.mlp.loops.tensorflow_epoch import TensorFlowEpoch

    return TensorFlowEpoch(run)


def with_tape(run: Run) -> Trainer:
    """``tf-epoch`` with gradients by GradientTape instead of by hand."""
    import tensorflow as tf

    from likeforlike.models.tasks.mlp.loops.tensorflow_epoch import TensorFlowEpoch

    class Taped(TensorFlowEpoch):
        @property
        def terms(self) -> Mapping[str, object]:
            return {**super().terms, "gradients": "tf.GradientTape"}

        def _gradients(self, weights: Any, images: tf.Tensor, labels: tf.Tensor, keep: Any) -> Any:
            with tf.GradientTape() as tape:
                tape.watch(weights)
                logits = self._layers(weights, images, keep)[1]
                losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
                mean = tf.reduce_mean(losses)
            return tape.gradient(mean, weights), self._sums(logits, labels)

    return Taped(run)


def keras_with_xla(run: Run) -> Trainer:
    """``keras-fit`` with ``jit_compile=True`` and nothing else."""
    from likeforlike.models.loops.keras_fit import KerasFit

    return KerasFit(replace(run, recipe=replace(run.recipe, execution="xla")))


def keras_without_autotuning(run: Run) -> Trainer:
    """``keras-fit`` from the dataset that Keras makes of arrays, with tf.data's autotuner off."""
    from likeforlike.models.loops.keras_fit import KerasFit

    return KerasFit(replace(run, recipe=replace(run.recipe, feeding="arrays-untuned")))


def keras_with_own_dropout(run: Run) -> Trainer:
    """``keras-fit-tuned``'s way of feeding and executing, with Keras's own dropout layer."""
    from likeforlike.models.loops.keras_fit import KerasFit
    from likeforlike.models.tasks.mlp.loops.keras_fit_tuned import KerasFitTuned

    class OwnDropout(KerasFitTuned):
        dropout = KerasFit.dropout

        @property
        def terms(self) -> Mapping[str, object]:
            return {**super().terms, "dropout": "Dropout"}

    return OwnDropout(run)


def torch_with_fused_adam(run: Run) -> Trainer:
    """``torch-loop`` with PyTorch's fused Adam."""
    import torch

    from likeforlike.models.loops.torch_loop import TorchLoop

    class Fused(TorchLoop):
        def __init__(self, run: Run) -> None:
            super().__init__(run)
            group = self.optimizer.optimizer.param_groups[0]
            self.optimizer.optimizer = torch.optim.Adam(
                group["params"], group["lr"], betas=group["betas"], eps=group["eps"], fused=True
            )

    return Fused(run)


VARIES = {
    "tf-epoch-generator-bits": ("tf-epoch", with_generator_bits),
    "tf-epoch-without-xla": ("tf-epoch", without_xla),
    "tf-epoch-small-pages": ("tf-epoch", with_small_pages),
    "tf-epoch-with-tape": ("tf-epoch", with_tape),
    "keras-fit-with-xla": ("keras-fit", keras_with_xla),
    "keras-fit-no-autotune": ("keras-fit", keras_without_autotuning),
    "keras-fit-tuned-own-dropout": ("keras-fit-tuned", keras_with_own_dropout),
    "torch-loop-fused-adam": ("torch-loop", torch_with_fused_adam),
}
"""Name: what it varies, and how."""


def _environment(name: str, original: Implementation) -> tuple[tuple[str, str], ...]:
    """The original's; where the pages are what is varied, without the variable that sets them."""
    small_pages = name == "tf-epoch-small-pages"
    return tuple(pair for pair in original.environment if pair != HUGE_PAGES or not small_pages)


def _entry(name: str) -> Implementation:
    original_name, factory = VARIES[name]
    (original,) = (entry for entry in trainers.IMPLEMENTATIONS if entry.name == original_name)
    framework = "torch" if original_name.startswith("torch") else "tensorflow"
    return Implementation(
        name,
        TRAINING,
        framework,
        (factory.__doc__ or "").strip(),
        f"{__name__}:{factory.__name__}",
        network=original.network,
        division="tuned",
        needs=(framework,),
        environment=_environment(name, original),
    )


IMPLEMENTATIONS = [_entry(name) for name in VARIES]


def variants_table(trained: Sequence[Trained]) -> str:
    """Each variant's time over the original's, epochs of the same round."""
    by_name = {one.implementation: one for one in trained}
    rows = []
    for name, (original, factory) in VARIES.items():
        if name not in by_name or original not in by_name:
            continue
        base, other = by_name[original], by_name[name]
        accuracy = f"{other.accuracies[-1]:.4f}"
        what = (factory.__doc__ or "").strip().rstrip(".").replace("``", "`")
        rows.append([what, f"{other.median_seconds:.3f}", ratio_text(epoch_ratio(base, other)), accuracy])
    return table(["what", "seconds per epoch", "time / original", "validation accuracy"], rows)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.studies.variants", description=__doc__)
    parser.add_argument("--epochs", type=int, default=7, help="the first one cold")
    parser.add_argument("--data", default="fashion-mnist", help="as for likeforlike bench")
    parser.add_argument("--train-samples", type=int, default=20000)
    asked = parser.parse_args()
    print(heading("Variants", "variants"), end="\n\n", flush=True)
    account = Account()
    originals = known(list(dict.fromkeys(original for original, _ in VARIES.values())))
    plugin = (f"--plugin={__spec__.name}", f"--train-samples={asked.train_samples}")
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result.json"
        measure_training([*originals, *VARIES], asked.epochs, asked.data, result, 1, plugin)
        trained, lost = read_trained(result.read_bytes())
    print(f"### One thing done another way, {asked.data}\n\n{variants_table(trained)}\n")
    print("\n".join([*lost, account.closing()]))


if __name__ == "__main__":
    try:
        main()
    except StudyFailed as error:
        sys.exit(f"error: {error}")
