"""From what size something pays, by pairs whose verdicts are given: who takes as long is not faster."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from report_by_hand import cell, machine, measured

from likeforlike.reports.judge.comparisons import Comparison
from likeforlike.reports.read.schema.cells import Transfer, Verified
from likeforlike.reports.statistics.ratios import RatioEstimate
from likeforlike.reports.statistics.verdicts import Verdict
from likeforlike.reports.tell.sections.over_size.crossings import device_crossovers, overtaking_table

SURE = Verified(error=0.0, tolerance=1.0)


def one(name, device, size, seconds, **extra):
    return measured(cell(name, (seconds,) * 3, {"size": size}, device=device, verified=SURE, **extra))


def compared(kind, base, other, word, ratio=None):
    ratio = ratio or other.median_seconds / base.median_seconds
    estimate = RatioEstimate(ratio, ratio / 1.01, ratio * 1.01, 9, True, 0.001, launches=3)
    return Comparison(kind, base, other, Verdict(word, estimate, 0.02, "given"))


def context_of(*pairs):
    """The report of these pairs alone, on one machine."""
    found = {kind: [pair for pair in pairs if pair.kind == kind] for kind in ("devices", "implementations")}
    return SimpleNamespace(
        comparisons=SimpleNamespace(**found),
        detailed=[machine()],
        detailed_of=lambda workload: [item for pair in pairs for item in (pair.base, pair.other)],
        study=SimpleNamespace(titles={"m1": "Xeon"}),
        several=False,
    )


def on_gpu(*rows, **extra):
    """What is told of rows of size, seconds on the CPU and the GPU, and the verdict on the latter."""
    pairs = []
    for size, cpu, gpu, *verdict in rows:
        sides = one("tf", "cpu:0", size, cpu), one("tf", "gpu:0", size, gpu, **extra)
        pairs.append(compared("devices", *sides, *verdict))
    declared = pairs[0].base.declared
    found = device_crossovers(context_of(*pairs), declared, with_transfers=bool(extra))
    return [crossed.text for crossed in found.values()]


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ([(100, 1.0, 0.99, "same"), (400, 1.0, 0.99, "same")], "not up to 400"),
        ([(100, 1.0, 0.99, "same"), (400, 1.0, 0.5, "faster")], "about 100"),
        ([(100, 1.0, 0.9, "faster"), (400, 1.0, 0.5, "faster")], "100 or less"),
        ([(100, 1.0, 2.0, "slower"), (400, 1.0, 0.5, "faster")], "about 200"),  # halfway, in logarithms
        ([(100, 1.0, 2.0, "slower"), (400, 1.0, 1.01, "same")], "not up to 400"),
    ],
)
def test_a_device_that_takes_as_long_does_not_pay(rows, text):
    assert on_gpu(*rows) == [text]


def test_copying_adds_to_what_takes_as_long():
    """1 s there and back: twice as long as the CPU at 100, half as long at 400."""
    copied = Transfer(to_device_seconds=(0.75,) * 3, to_host_seconds=(0.25,) * 3)
    assert on_gpu((100, 1.0, 0.99, "same"), (400, 8.0, 3.0, "faster"), transfer=copied) == ["about 200"]


def overtaken(*rows):
    """The rows of the table, of size, seconds of a and b, and the verdict on b."""
    pairs = [
        compared("implementations", one("a", "cpu:0", size, a), one("b", "cpu:0", size, b), word, *ratio)
        for size, a, b, word, *ratio in rows
    ]
    context = context_of(*pairs)
    table = overtaking_table(context, pairs[0].base.declared, context.detailed_of("matmul"))
    return [] if table is None else [[entry.text for entry in row.entries] for row in table.rows]


def test_one_overtakes_another_that_is_surely_faster_below():
    assert overtaken((100, 1.0, 2.0, "slower"), (400, 2.0, 1.0, "faster")) == [
        ["b", "a", "cpu:0", "about 200"]
    ]
    assert overtaken((100, 2.0, 1.0, "faster"), (400, 1.0, 2.0, "slower")) == [
        ["a", "b", "cpu:0", "about 200"]
    ]


@pytest.mark.parametrize("small", [0.99, 1.01])
def test_nobody_overtakes_whom_he_is_level_with(small):
    assert overtaken((100, 1.0, small, "same"), (400, 1.0, 0.5, "faster")) == []
    assert overtaken((100, 1.0, 1.5, "slower"), (400, 1.0, small, "same")) == []


def test_where_medians_contradict_a_sure_verdict_it_goes_by_the_ratio_of_that():
    """Round by round b takes half as long at 400, though by the medians of all rounds 1 % more: no finding
    may say that it is faster and that it never pays."""
    rows = (100, 1.0, 2.0, "slower"), (400, 1.0, 1.01, "faster", 0.5)
    assert on_gpu(*rows) == ["about 200"]
    assert overtaken(*rows) == [["b", "a", "cpu:0", "about 200"]]
    assert on_gpu((100, 1.0, 0.5, "faster"), (400, 1.0, 0.99, "slower", 1.02)) == ["only below 400"]
    assert on_gpu((100, 1.0, 2.0, "slower"), (400, 1.0, 1.0, "faster", 0.5)) == ["about 200"]
