"""Beside ``--model`` the names of built-in networks' workloads mean what was brought."""

from __future__ import annotations

from typing import Any

import pytest

from likeforlike.bench.plan.asked.options import Options
from likeforlike.bench.run.own_models import with_own_named

NOTHING: dict[str, Any] = dict.fromkeys(Options.__dataclass_fields__) | {"axes": {}, "sizes": {}}
NAMES = {"training": "net", "inference": "net-inference", "feeding": "net-feeding"}


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (None, ("net",)),
        (("matmul",), ("matmul", "net")),
        (("training",), ("net",)),
        (("inference",), ("net-inference",)),
        (("feeding", "training", "matmul"), ("net-feeding", "net", "matmul")),
        (("net-inference", "inference"), ("net-inference",)),
    ],
)
def test_what_is_measured(asked: Any, found: Any) -> None:
    assert with_own_named(Options(**NOTHING | {"workloads": asked}), NAMES).workloads == found


def test_axes_and_sizes_are_of_what_was_brought() -> None:
    given = {
        "workloads": ("inference",),
        "axes": {"inference.batch": ("8",), "matmul.size": ("5",)},
        "sizes": {"inference": ("1", "8"), "": ("3",)},
    }
    options = Options(**NOTHING | given)
    named = with_own_named(options, NAMES)
    assert named.axes == {"net-inference.batch": ("8",), "matmul.size": ("5",)}
    assert named.sizes == {"net-inference": ("1", "8"), "": ("3",)}
