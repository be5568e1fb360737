from __future__ import annotations

import pytest

from likeforlike.bench.plan.asked.ladder_options import read_ways
from likeforlike.bench.plan.asked.options import OptionError
from likeforlike.models.contract.training.ways import WAYS


def test_all_none_and_some_by_name() -> None:
    assert read_ways(None) is None
    assert read_ways("all") == WAYS
    assert read_ways("none") == ()
    assert read_ways("feeding, metrics,feeding") == ("feeding", "metrics")


@pytest.mark.parametrize("text", ["", "all,none", "fed", "feeding,"])
def test_what_is_none_is_refused_with_those_that_are(text: str) -> None:
    with pytest.raises(OptionError, match="--ladder-ways: unknown .*; known: all, none, feeding, "):
        read_ways(text)
