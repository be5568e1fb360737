"""Does a product take as long in the harness's turns as in a bare loop alone, and what does freezing do?

``python -m likeforlike.bench.studies.frozen_neighbours``: each framework's product in rounds with the others,
idle workers frozen and one untimed call before each sample; the same without freezing. After every few rounds
all workers are stopped and each framework's bare loop, a process of its own, runs alone for a burst: a block
of rounds and the burst after it are a pair, so that a drift of the machine falls on both.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Sequence

from likeforlike.bench.measure.worker_process import Worker
from likeforlike.bench.studies.staging.account import (
    Account,
    StudyFailed,
    heading,
    ratio_text,
    required,
    table,
)
from likeforlike.bench.studies.staging.bare_comparison import (
    Bursts,
    RestlessWorker,
    Turns,
    products_against_bare,
)
from likeforlike.models.kernels.matmul.workload import WORKLOAD as MATMUL
from likeforlike.models.registry import load_registry
from likeforlike.reports.statistics.verdicts import verdict

PRODUCTS = {"numpy": "numpy", "tf-eager": "tensorflow", "torch": "torch", "jax": "jax"}
"""Implementation: the framework whose bare loop makes the same call."""
AGREEMENT = 0.03
_SMALL = 1000


def bursts_for(size: int, blocks: int) -> Bursts:
    """Blocks of about a second: small products drift less within one and more of them are affordable."""
    if size <= _SMALL:
        return Bursts(3 * blocks, rounds=5, untimed=5, timed=25)
    return Bursts(blocks, rounds=3, untimed=1, timed=5)


def rows_of(size: int, frozen: Turns, restless: Turns) -> list[list[str]]:
    """The table's rows for one size."""
    rows = []
    for name, framework in PRODUCTS.items():
        if name not in frozen.in_turns or name not in restless.in_turns:
            reason = frozen.failures.get(name) or restless.failures.get(name) or "not installed"
            rows.append([name, f"{size}²", "", reason, ""])
            continue
        alone = statistics.median(frozen.alone[framework]) * 1e3
        ratios = [ratio_text(turns.ratio(name, framework)) for turns in (frozen, restless)]
        rows.append([name, f"{size}²", f"{alone:.2f}", *ratios])
    return rows


def agreement(size: int, frozen: Turns) -> list[str]:
    """Whether each framework's figure agrees with the bare loop's, in lines; undecided by a wide interval."""
    lines = []
    for name, framework in PRODUCTS.items():
        if name in frozen.in_turns:
            judged = verdict(frozen.ratio(name, framework), threshold=AGREEMENT)
            change = judged.estimate.ratio - 1
            text = f"{name} {size}²: {change:+.1%} against the bare loop, within {AGREEMENT:.0%}"
            lines.append(required(text, {"same": True, "unclear": None}.get(judged.word, False)))
    return lines


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m likeforlike.bench.studies.frozen_neighbours", description=__doc__
    )
    parser.add_argument("--sizes", default="500,2000", help="comma-separated")
    parser.add_argument(
        "--blocks", type=int, default=20, help="pairs above 1000²; three times as many up to it"
    )
    parser.add_argument("--seed", type=int, default=2020)
    return parser.parse_args(given)


def main() -> None:
    """Measure and print."""
    asked = arguments()
    registry = load_registry()
    present = [name for name in PRODUCTS if registry.find(MATMUL.name, name).missing() is None]
    print(heading("Frozen neighbours", "frozen_neighbours"), end="\n\n", flush=True)
    account = Account()
    rows, lines = [], []
    for size in map(int, asked.sizes.split(",")):
        bursts = bursts_for(size, asked.blocks)
        frozen, restless = (
            products_against_bare(present, [PRODUCTS[n] for n in present], size, bursts, kind, asked.seed)
            for kind in (Worker, RestlessWorker)
        )
        rows += rows_of(size, frozen, restless)
        lines += agreement(size, frozen)
        print(f"{size}²: {account.seconds:.0f} s so far", file=sys.stderr, flush=True)
    headers = ["product", "size", "bare, ms", "in turns / bare, frozen", "in turns / bare, not frozen"]
    print(table(headers, rows), end="\n\n")
    print("\n".join(lines))
    print(f"\n{account.closing()}")


if __name__ == "__main__":
    try:
        main()
    except StudyFailed as error:
        sys.exit(f"error: {error}")
