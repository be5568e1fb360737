"""Result files and frames as plain Python values: JSON read with ``json``, and nothing of ours."""

from __future__ import annotations

import json
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED = sorted(path.stem for path in (ROOT / "reports/published").glob("*.json"))
DOCUMENT = (ROOT / "docs/data-frame.md").read_text(encoding="utf-8")


def published(name):
    return json.loads((ROOT / f"reports/published/{name}.json").read_text(encoding="utf-8"))


def known(column):
    """A column as Python values, None where it is missing."""
    import pandas as pd

    return [None if pd.isna(value) else value for value in column]


def same(column, expected):
    """Equal, missing where the reference is None; figures exactly."""
    assert known(column) == list(expected)


def warm(cell):
    """The epochs behind a training's samples: all but the first, the cold one, and those that warm up."""
    info = cell["extra_info"]
    epochs, left_out = info.get("epochs") or [], 1 + (info.get("warm_up_epochs") or 0)
    return epochs[left_out:] if len(epochs) == len(cell["stats"]["data"]) + left_out else []


def whole(epoch):
    return sum(epoch[f"{part}_seconds"] or 0.0 for part in ("train", "evaluation", "logging"))


def quiet_epochs(cell):
    """The epochs behind the samples that a training's figure is taken from."""
    return _quiet(cell, warm(cell)) if warm(cell) else []


def quiet(cell):
    """The samples that a cell's figure is taken from."""
    return _quiet(cell, cell["stats"]["data"])


def _quiet(cell, data):
    info = cell["extra_info"]
    bad = {item["round"] for item in info.get("disturbed") or ()}
    numbers = info.get("round_numbers") or range(len(data))
    left = [sample for number, sample in zip(numbers, data, strict=True) if number not in bad]
    return left if 2 * len(left) >= len(data) else data
