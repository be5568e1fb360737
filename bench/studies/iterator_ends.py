"""What ends an epoch late: does dropping a ``tf.data`` iterator wait for the autotuner's next turn?

``python -m likeforlike.bench.studies.iterator_ends`` takes batches from the dataset that Keras makes of
arrays for some time, drops the iterator, as every loop does at the end of its epoch, and times the drop: with
the autotuner and without it, in turns.

The autotuner sleeps between its turns, 10 ms at first and twice as long each time (``Model::OptimizeLoop`` in
TensorFlow's ``core/framework/model.cc``): so it wakes 10, 30, 70, 150, 310, 630, 1270, 2550, ... ms after the
iterator's first batch. Who drops the iterator wakes it, but marks it as cancelled only after that
(``CancellationManager::StartCancelWithStatus``); if it looks before, it sleeps on, and the drop waits for it.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from likeforlike.bench.studies.staging.account import Account, heading, table

FIRST_PERIOD_SECONDS = 0.01
"""``kOptimizationPeriodMinMs``."""
WAITED_SECONDS = 0.01
"""A drop that takes longer waited; others take about a millisecond."""
LATE_SECONDS = 0.05
"""So much later than planned the autotuner may wake: its own work shifts all turns after it."""
_BATCH = 64
_SAMPLES = 6400


class Drop(NamedTuple):
    """One iterator, dropped."""

    age: float
    """Seconds from its first batch to the drop."""
    seconds: float
    """What the drop took."""


class Counted(NamedTuple):
    """What was counted of iterators dropped at one age."""

    drops: int
    waited: int
    ended_at: float | None
    """The median age at which a drop that waited was done; None of none."""
    at_a_turn: int
    """Of those that waited, the ones that ended at a turn of the autotuner."""
    longest_other: float | None
    """Of those that did not wait; None of none."""


def next_turn(age: float) -> float:
    """When the autotuner wakes next: the sum of its periods so far, the first above ``age``."""
    turn = period = FIRST_PERIOD_SECONDS
    while turn <= age:
        period *= 2
        turn += period
    return turn


def counted(drops: Sequence[Drop]) -> Counted:
    """Which waited, and until when."""
    waited = [drop for drop in drops if drop.seconds > WAITED_SECONDS]
    ends = [drop.age + drop.seconds for drop in waited]
    late = [end - next_turn(drop.age) for drop, end in zip(waited, ends, strict=True)]
    others = [drop.seconds for drop in drops if drop.seconds <= WAITED_SECONDS]
    return Counted(
        drops=len(drops),
        waited=len(waited),
        ended_at=statistics.median(ends) if ends else None,
        at_a_turn=sum(-WAITED_SECONDS < seconds < LATE_SECONDS for seconds in late),
        longest_other=max(others, default=None),
    )


def dropped(dataset: Any, age: float, clock: Callable[[], float] = time.perf_counter) -> Drop:
    """Take batches until the iterator is so old, then drop it."""
    iterator = iter(dataset)
    next(iterator)
    begin = clock()
    while clock() - begin < age:
        next(iterator)
    before = clock()
    del iterator
    return Drop(before - begin, clock() - before)


def datasets(samples: int = _SAMPLES) -> dict[str, Any]:
    """The dataset that Keras makes of arrays, over and over, with the autotuner and without."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import numpy as np

    from likeforlike.models.loops.on_tensorflow.feeding import keras_dataset, untuned

    images, labels = np.zeros((samples, 784), np.float32), np.zeros(samples, np.int32)
    makers = {"as it comes": keras_dataset, "no autotuner": untuned}
    return {name: made(images, labels, _BATCH, True).repeat() for name, made in makers.items()}


def study(ages: Sequence[float], count: int, feeds: Mapping[str, Any]) -> dict[tuple[str, float], list[Drop]]:
    """Every feed and age once a round."""
    found: dict[tuple[str, float], list[Drop]] = {(name, age): [] for name in feeds for age in ages}
    for _ in range(count):
        for (name, age), drops in found.items():
            drops.append(dropped(feeds[name], age))
    return found


def counts_table(found: Mapping[tuple[str, float], Sequence[Drop]]) -> str:
    """A row for each feed and age."""
    headers = ["fed by", "dropped after (s)", "waited", "done after (s)", "the autotuner's turn (s)"]
    headers += ["ended at a turn", "longest other drop (ms)"]
    rows = []
    for (name, age), drops in found.items():
        one = counted(drops)
        rows.append(
            [
                name,
                f"{age:g}",
                f"{one.waited} of {one.drops}",
                "–" if one.ended_at is None else f"{one.ended_at:.3f}",
                f"{next_turn(age):.2f}",
                f"{one.at_a_turn} of {one.waited}" if one.waited else "–",
                "–" if one.longest_other is None else f"{1e3 * one.longest_other:.2f}",
            ]
        )
    return table(headers, rows)


def _ages(text: str) -> list[float]:
    try:
        ages = [float(age) for age in text.split(",")]
    except ValueError:
        ages = []
    if not ages or min(ages) <= 0:
        raise argparse.ArgumentTypeError(f"{text!r}, expected seconds above 0, comma-separated")
    return list(dict.fromkeys(ages))


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}, expected a whole number of at least 1")
    return int(text)


def arguments() -> argparse.ArgumentParser:
    """The options."""
    parser = argparse.ArgumentParser(
        prog="python -m likeforlike.bench.studies.iterator_ends", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument(
        "--ages", type=_ages, default=[0.2, 0.4, 0.8], help="when iterators are dropped, seconds"
    )
    parser.add_argument("--count", type=_count, default=20, help="iterators dropped at each age")
    return parser


def main() -> None:
    """Measure and print."""
    asked = arguments().parse_args()
    print(heading("Where iterators of tf.data end", "iterator_ends"), end="\n\n", flush=True)
    account = Account()
    print(counts_table(study(asked.ages, asked.count, datasets())))
    print(f"\nWaited: the drop took more than {1e3 * WAITED_SECONDS:g} ms.\n")
    print(account.closing())


if __name__ == "__main__":
    main()
