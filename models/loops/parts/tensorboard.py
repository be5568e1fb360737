"""TensorBoard event files without TensorFlow, with the tags that Keras's own callback writes."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from likeforlike.models.contract.training.trainer import Run, Score, Weights


class EventFile:
    """One event file, appended to; its records follow TensorBoard's own event writer."""

    def __init__(self, folder: Path) -> None:
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.summary.writer.record_writer import RecordWriter

        folder.mkdir(parents=True, exist_ok=True)
        name = f"events.out.tfevents.{time.time_ns()}.{socket.gethostname()}.{os.getpid()}.v2"
        self._event = Event
        self._file = (folder / name).open("wb")
        self._records = RecordWriter(self._file)
        self._add(Event(wall_time=time.time(), file_version="brain.Event:2"))

    def write(self, step: int, scalars: Mapping[str, float], histograms: Mapping[str, Any]) -> None:
        """Append values of one step and flush them."""
        from tensorboard.plugins.histogram.summary_v2 import histogram_pb
        from tensorboard.plugins.scalar.summary_v2 import scalar_pb

        summaries = [scalar_pb(tag, value) for tag, value in scalars.items()]
        summaries += [histogram_pb(tag, values) for tag, values in histograms.items()]
        for summary in summaries:
            self._add(self._event(wall_time=time.time(), step=step, summary=summary))
        self._records.flush()

    def close(self) -> None:
        """Close the file."""
        self._records.close()

    def _add(self, event: Any) -> None:
        self._records.write(event.SerializeToString())


class EventLog:
    """The curves of one run, ``train`` and ``validation`` apart; silent where the recipe logs nothing."""

    def __init__(self, folder: Path | None, histograms: bool, open_file: Callable[[Path], Any]) -> None:
        self._histograms = histograms
        self._files = [] if folder is None else [open_file(folder / part) for part in ("train", "validation")]

    def write(self, step: int, training: Score, validation: Score, weights: Callable[[], Weights]) -> None:
        """Losses and accuracies of an epoch and, if the recipe asks for them, all weights.

        Steps count from 0, as Keras's do, so that the curves of all trainers lie over one another.
        """
        scores = (training, validation)
        for index, (file, (loss, accuracy)) in enumerate(zip(self._files, scores, strict=False)):
            arrays = weights().named() if self._histograms and index == 0 else {}
            named = {f"{name.replace('_', '/')}/histogram": array for name, array in arrays.items()}
            rates = {} if accuracy is None else {"epoch_accuracy": accuracy}
            file.write(step, {"epoch_loss": loss, **rates}, named)

    def close(self) -> None:
        """Close both files."""
        for file in self._files:
            file.close()


def log_folder(run: Run) -> Path | None:
    """Where the run's event files go; None if it logs nothing. Raises ValueError if it has no folder."""
    if run.recipe.logging == "none":
        return None
    if run.log_dir is None:
        raise ValueError(f"recipe {run.recipe.name} has logging={run.recipe.logging!r}: it needs a log_dir")
    return run.log_dir


@contextmanager
def open_event_log(run: Run, open_file: Callable[[Path], Any] = EventFile) -> Iterator[EventLog]:
    """The run's log, closed at the end; the files are made at once."""
    log = EventLog(log_folder(run), run.recipe.logging == "histograms", open_file)
    try:
        yield log
    finally:
        log.close()
