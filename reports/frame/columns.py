"""The columns of the DataFrame and their types: what a row is of, its sample, its cell, its judgement."""

from __future__ import annotations

from likeforlike.reports.sort.epochs import PHASES
from likeforlike.reports.statistics.quantiles import QUANTILES

TEXT, WHOLE, FIGURE, FLAG = "string", "Int64", "float64", "boolean"
"""Types of columns; all but ``float64``, which has NaN, have ``pandas.NA`` for what is not known."""

TIME = "datetime64[us, UTC]"

SCALAR = "scalar"
"""The type of an axis: that of its values, see :func:`_typed`."""

PLACE = {
    "file": TEXT,
    "file_datetime": TIME,
    "machine": TEXT,
    "machine_id": TEXT,
    "host": TEXT,
    "workload": TEXT,
    "implementation": TEXT,
    "framework": TEXT,
    "framework_version": TEXT,
    "division": TEXT,
    "device": TEXT,
    "device_name": TEXT,
    "axes": TEXT,
    "recipe": SCALAR,
    "run": SCALAR,
    "cell": TEXT,
    "group": TEXT,
}
"""What a row is of; the columns of the axes follow. Never missing: file, machine and its id, workload,
implementation, device, axes, run, cell."""

SAMPLE = {"sample": WHOLE, "launch": WHOLE, "round": WHOLE, "epoch": WHOLE, "seconds": FIGURE}

SUMMARY = {
    "outcome": TEXT,
    "reason": TEXT,
    "sample_count": WHOLE,
    "disturbed_count": WHOLE,
    "epoch_count": WHOLE,
    "median_seconds": FIGURE,
    "median_low_seconds": FIGURE,
    "median_high_seconds": FIGURE,
    "mean_seconds": FIGURE,
    "min_seconds": FIGURE,
    "max_seconds": FIGURE,
    "statistic": TEXT,
    "call_count": WHOLE,
    **dict.fromkeys((f"{name}{end}_seconds" for name in QUANTILES for end in ("", "_low", "_high")), FIGURE),
    "flop_per_second": FIGURE,
    "bytes_per_second": FIGURE,
    "items_per_second": FIGURE,
    "target_accuracy": FIGURE,
    "seconds_to_accuracy": FIGURE,
}

EITHER = {
    "epoch_seconds": FIGURE,
    **dict.fromkeys(PHASES.values(), FIGURE),
    "to_device_seconds": FIGURE,
    "to_host_seconds": FIGURE,
    "waited_seconds": FIGURE,
    "disturbed": FLAG,
    "disturbed_reason": TEXT,
    "accuracy": FIGURE,
    "val_accuracy": FIGURE,
    "loss": FIGURE,
    "val_loss": FIGURE,
}
"""Of the sample, or of all the cell's samples: a median, the last epoch, most of them."""

JUDGED = {"implausible": FLAG, "implausible_reason": TEXT, "verified": FLAG}

CELL = {
    "twin_of": TEXT,
    "launch_count": WHOLE,
    **dict.fromkeys(("import_seconds", "cold_seconds", "setup_seconds", "total_seconds"), FIGURE),
    "peak_memory_bytes": WHOLE,
    "device_peak_memory_bytes": WHOLE,
    "joules_per_sample": FIGURE,
    "waiting_seconds": FIGURE,
    **dict.fromkeys(("back_to_back_seconds", "events_seconds", "replayed_seconds"), FIGURE),
    "flop": FIGURE,
    "bytes_moved": FIGURE,
    "data": TEXT,
    "train_samples": WHOLE,
    "timing": TEXT,
    "concurrent": FLAG,
}
"""What is told of a cell as a whole; in a frame of samples, the same in each of its rows."""
