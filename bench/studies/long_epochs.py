"""Why do some epochs of ``Model.fit`` take far longer at the same processor time: is it the autotuner?

``python -m likeforlike.bench.studies.long_epochs`` trains 784-512-10 by ``fit`` in fresh processes, the
ways to feed it in turns, ten epochs a process, and counts the long epochs of each:

- ``arrays``: NumPy arrays, as users hand them over;
- ``dataset``: the dataset that Keras makes of arrays, handed over as such;
- ``no-autotune``: the same with ``options.autotune.enabled = False``;
- ``private-threads``: the same with a thread pool of its own, as large as there are cores.

An epoch is long if it takes more than 1.3 times the median of its way's, and idle if its processor time is no
more than 1.1 times the median: then it waited. The first epoch of a process traces, and is left out. To be
run where nothing else runs: an epoch that others held up counts as well.

The way without autotuning is a rung, too: ``likeforlike bench --workloads training --ladder
keras-fit@matched:keras-fit@matched+feeding=arrays-untuned``.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from scipy.stats import fisher_exact

from likeforlike.bench.studies.staging.account import Account, StudyFailed, heading, table
from likeforlike.devices.machine.resources import usable_cores

LONG = 1.3
"""Times the median of its way."""
SAME_PROCESSOR_TIME = 1.1
_BATCH = 64
_MODULE = "likeforlike.bench.studies.long_epochs"


class EpochTimes(NamedTuple):
    """One epoch of training, its evaluation left out."""

    seconds: float
    processor_seconds: float
    """Of all threads of the process."""


Launches = Sequence[Sequence[EpochTimes]]
"""Of one way: the epochs of each process, without its first."""


class Counted(NamedTuple):
    """What was counted of one way."""

    epochs: int
    median_seconds: float
    long: int
    idle: int
    """Of the long ones those at the usual processor time."""
    longest_seconds: float
    processes: int
    waiting: int
    """Processes with an idle long epoch."""


def counted(launches: Launches) -> Counted:
    """Count the long epochs. Raises StudyFailed where there is none at all."""
    every = [epoch for epochs in launches for epoch in epochs]
    if not every:
        raise StudyFailed("no epoch was measured beside each process's first: ask for 2 at least")
    usual = statistics.median(epoch.seconds for epoch in every)
    work = statistics.median(epoch.processor_seconds for epoch in every)

    def idle(epoch: EpochTimes) -> bool:
        return epoch.seconds > LONG * usual and epoch.processor_seconds <= SAME_PROCESSOR_TIME * work

    return Counted(
        epochs=len(every),
        median_seconds=usual,
        long=sum(epoch.seconds > LONG * usual for epoch in every),
        idle=sum(map(idle, every)),
        longest_seconds=max(epoch.seconds for epoch in every),
        processes=len(launches),
        waiting=sum(any(map(idle, epochs)) for epochs in launches),
    )


def chance(one: Counted, other: Counted) -> float:
    """Fisher's exact test, two-sided: processes with an idle long epoch, of all, one way against another.

    Of processes, not of epochs: those of one process may have their cause in common.
    """
    odds = [[found.waiting, found.processes - found.waiting] for found in (one, other)]
    return float(fisher_exact(odds).pvalue)


def counts_table(found: Mapping[str, Counted], against: str = "arrays") -> str:
    """A row for each way."""
    rows = [
        [
            name,
            f"{one.median_seconds:.3f}",
            f"{one.longest_seconds:.3f}",
            f"{one.long} of {one.epochs}",
            one.idle,
            f"{one.waiting} of {one.processes}",
            "–" if name == against or against not in found else f"{chance(one, found[against]):.3f}",
        ]
        for name, one in found.items()
    ]
    idle = "of these idle"
    headers = ["fed by", "median (s)", "longest (s)", "long epochs", idle, "processes with one", "p"]
    return table(headers, rows)


def arrays(images: Any, labels: Any) -> dict[str, Any]:
    """What ``fit`` is given: the arrays."""
    return {"x": images, "y": labels, "batch_size": _BATCH}


def keras_dataset(images: Any, labels: Any, batch: int, shuffled: bool) -> Any:
    """The dataset that Keras makes of arrays, told its own length."""
    from likeforlike.models.loops.on_tensorflow.feeding import keras_dataset as made

    return made(images, labels, batch, shuffled)


def _with_options(dataset: Any, change: Callable[[Any], None]) -> Any:
    import tensorflow as tf

    options = tf.data.Options()
    change(options)
    return dataset.with_options(options)


def _without_autotuning(options: Any) -> None:
    options.autotune.enabled = False


def _with_threads_of_its_own(options: Any) -> None:
    options.threading.private_threadpool_size = usable_cores()


def _datasets(change: Callable[[Any], None] | None) -> Callable[[Any, Any], dict[str, Any]]:
    def given(images: Any, labels: Any) -> dict[str, Any]:
        made = keras_dataset(images, labels, _BATCH, shuffled=True)
        return {"x": made if change is None else _with_options(made, change), "shuffle": False}

    return given


WAYS: Mapping[str, Callable[[Any, Any], dict[str, Any]]] = {
    "arrays": arrays,
    "dataset": _datasets(None),
    "no-autotune": _datasets(_without_autotuning),
    "private-threads": _datasets(_with_threads_of_its_own),
}
"""What ``fit`` is given to train on, of images and labels."""


def train(way: str, epochs: int, data: str, samples: int) -> list[EpochTimes]:
    """Train in this process; every epoch, the first one too. Evaluation is done and not counted."""
    import keras
    import psutil

    from likeforlike.models.contract.training.recipe import MATCHED
    from likeforlike.models.tasks.fashion_mnist import load_data
    from likeforlike.models.tasks.mlp.networks.with_keras import build

    told: list[EpochTimes] = []
    process = psutil.Process()

    class Watch(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
            self.begin = _now(process)

        def on_test_begin(self, logs: object = None) -> None:
            told.append(EpochTimes(*(b - a for a, b in zip(self.begin, _now(process), strict=True))))

    images = load_data(data, train_samples=samples)
    model = build(MATCHED)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(), loss, metrics=["accuracy"])
    model.fit(
        **WAYS[way](images.train_images, images.train_labels),
        epochs=epochs,
        validation_data=(images.validation_images, images.validation_labels),
        callbacks=[Watch()],
        verbose=0,
    )
    return told


def _now(process: Any) -> tuple[float, float]:
    times = process.cpu_times()
    return time.perf_counter(), times.user + times.system


def launched(way: str, asked: argparse.Namespace) -> list[EpochTimes]:
    """The epochs of one fresh process but its first. Raises StudyFailed with the last line that it wrote."""
    command = [sys.executable, "-m", _MODULE, "--train", way, f"--epochs={asked.epochs}"]
    command += [f"--data={asked.data}", f"--train-samples={asked.train_samples}"]
    environment = os.environ | {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        why = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise StudyFailed(f"the process that trains by {way} ended with status {done.returncode}: {why}")
    return [EpochTimes(*epoch) for epoch in json.loads(done.stdout.splitlines()[-1])][1:]


def turns(ways: Sequence[str], launches: int) -> list[str]:
    """Every way once a round, each round beginning with the next one."""
    return [ways[(at + number) % len(ways)] for number in range(launches) for at in range(len(ways))]


def study(asked: argparse.Namespace) -> dict[str, list[list[EpochTimes]]]:
    """All processes, one after the other; a line of progress for each goes to standard error."""
    found: dict[str, list[list[EpochTimes]]] = {way: [] for way in asked.ways}
    for way in turns(asked.ways, asked.launches):
        epochs = launched(way, asked)
        found[way].append(epochs)
        seconds = " ".join(f"{epoch.seconds:.2f}" for epoch in epochs)
        print(f"{way}: {seconds} s", file=sys.stderr, flush=True)
    return found


def _ways(text: str) -> list[str]:
    ways = text.split(",")
    for way in ways:
        if way not in WAYS:
            raise argparse.ArgumentTypeError(f"unknown way {way!r}, expected some of {', '.join(WAYS)}")
    return list(dict.fromkeys(ways))


def _at_least(least: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r}, expected a whole number of at least {least}")
        return int(text)

    return number


def arguments() -> argparse.ArgumentParser:
    """The options."""
    parser = argparse.ArgumentParser(prog=f"python -m {_MODULE}", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--launches", type=_at_least(1), default=10, help="processes a way")
    parser.add_argument("--epochs", type=_at_least(2), default=11, help="in each process, the first left out")
    parser.add_argument("--ways", type=_ways, default=list(WAYS), help=f"some of {','.join(WAYS)}")
    parser.add_argument("--data", default="auto", help="as for likeforlike bench")
    parser.add_argument("--train-samples", type=_at_least(_BATCH), default=60_000)
    parser.add_argument("--output", type=Path, help="a JSON file for the seconds of every epoch")
    parser.add_argument("--train", choices=list(WAYS), help=argparse.SUPPRESS)
    return parser


def main() -> None:
    """Measure and print; with ``--train`` be one of the processes."""
    asked = arguments().parse_args()
    if asked.train:
        print(json.dumps(train(asked.train, asked.epochs, asked.data, asked.train_samples)))
        return
    print(heading("Long epochs of fit", "long_epochs"), end="\n\n", flush=True)
    account = Account()
    found = study(asked)
    if asked.output:
        asked.output.write_text(json.dumps(found))
    print(counts_table({way: counted(launches) for way, launches in found.items()}))
    print(
        f"\nLong: more than {LONG} times the median of its way. Idle: at no more than {SAME_PROCESSOR_TIME} "
        "times its median processor time. p: of processes with an idle long epoch, against those of arrays "
        "(Fisher's exact test).\n"
    )
    print(account.closing())


if __name__ == "__main__":
    try:
        main()
    except StudyFailed as error:
        sys.exit(f"error: {error}")
