"""``python -m likeforlike.bench.studies.variants``: see the package's docstring; prints Markdown."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from likeforlike.bench.studies.staging.account import Account, StudyFailed, heading, ratio_text, table
from likeforlike.bench.studies.training_speed import (
    Trained,
    epoch_ratio,
    known,
    measure_training,
    read_trained,
)
from likeforlike.bench.studies.variants.entries import VARIES, Variant
from likeforlike.models.tasks.mlp.workload import TRAINING


def variants_table(trained: Sequence[Trained], variants: Mapping[str, Variant]) -> str:
    """Each variant's time over the original's, epochs of the same round."""
    by_name = {one.implementation: one for one in trained}
    rows = []
    for name, variant in variants.items():
        if name not in by_name or variant.original not in by_name:
            continue
        base, other = by_name[variant.original], by_name[name]
        accuracy = f"{other.accuracies[-1]:.4f}"
        what = variant.what.replace("``", "`")
        rows.append([what, f"{other.median_seconds:.3f}", ratio_text(epoch_ratio(base, other)), accuracy])
    return table(["what", "seconds per epoch", "time / original", "validation accuracy"], rows)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m likeforlike.bench.studies.variants", description=__doc__)
    parser.add_argument("--workload", choices=VARIES, default=TRAINING, help="whose trainers")
    parser.add_argument("--epochs", type=int, default=7, help="the first one cold")
    parser.add_argument("--data", default="fashion-mnist", help="as for likeforlike bench")
    parser.add_argument("--train-samples", type=int, default=20000)
    asked = parser.parse_args()
    variants = VARIES[asked.workload]
    print(heading("Variants", "variants"), end="\n\n", flush=True)
    account = Account()
    originals = known(list(dict.fromkeys(one.original for one in variants.values())), asked.workload)
    plugin = (f"--plugin={__package__}", f"--train-samples={asked.train_samples}")
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result.json"
        names = [*originals, *variants]
        measure_training(names, asked.epochs, asked.data, result, 1, plugin, asked.workload)
        trained, lost = read_trained(result.read_bytes(), asked.workload)
    print(f"### One thing done another way, {asked.workload}, {asked.data}", end="\n\n")
    print(variants_table(trained, variants), end="\n\n")
    print("\n".join([*lost, account.closing()]))


if __name__ == "__main__":
    try:
        main()
    except StudyFailed as error:
        sys.exit(f"error: {error}")
