"""What is said below the table of disturbed samples."""

from __future__ import annotations

import pytest

from likeforlike.reports.tell.sections.caveats import WAITED_NOTE, disturbed_note

WAITED = "waited 16 % of its time for a processor"


@pytest.mark.parametrize(
    ("reasons", "left", "note"),
    [
        ([], 0, ""),
        (["17% of processor time stolen"], 0, ""),
        (["17% of processor time stolen"], -3, ""),
        (["17% of processor time stolen"], 1, "1 more row not shown."),
        ([WAITED], 0, WAITED_NOTE),
        ([f"throttled; {WAITED}, while others used 12 % of a core", "throttled"], -1, WAITED_NOTE),
        ([WAITED], 2, f"2 more rows not shown. {WAITED_NOTE}"),
    ],
)
def test_a_wait_is_explained_where_there_is_one(reasons: list[str], left: int, note: str) -> None:
    assert disturbed_note(reasons, left) == note
