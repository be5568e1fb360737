"""Why groups ended before they were as precise as asked: counted by hand from made-up stop records."""

from __future__ import annotations

import pytest
import report_samples as samples
from report_hostile import read

from likeforlike.reports.tell.document import Points, Text
from likeforlike.reports.tell.report import build_report


def product(name, size, reason, interval=None, **stop):
    """A product that took turns with those of its size, and why it ended."""
    told = {"reason": reason, "median_interval": interval, "rounds": 12, **stop}
    return samples.cell("matmul", name, "cpu:0", {"size": size, "dtype": "float32"}, [0.01] * 12, stop=told)


def launched(name, size, reason, width, launches=3):
    return product(name, size, reason, launches=launches, ratio_half_width=width)


def file(*cells, precision=0.02, name="r.json", **header):
    header = {"options": {"precision": precision, "timer": "perf_counter"}} | header
    return read(samples.document(list(cells), run_id=name, **{"noise": None} | header), name)


MANY = "kernels were less precise than asked (±2.0 %) at the end:"
ONE = "kernels was less precise than asked (±2.0 %) at the end:"


def told_of(*files):
    """The sentence, and the lines below it; of several sentences all, so that none is told twice."""
    (reading,) = (part for part in build_report(list(files)).sections if part.anchor == "reading")
    sentences, lines = [], []
    for block, after in zip(reading.blocks, [*reading.blocks[1:], None], strict=True):
        if isinstance(block, Text) and "comparison group" in block.text:
            sentences.append(block.text)
            lines += after.items if isinstance(after, Points) else ()
    return sentences, lines


def test_where_everything_was_precise_one_sentence_says_so():
    cells = [launched(name, size, "precision", 0.015) for name in ("numpy", "torch") for size in (500, 1000)]
    assert told_of(file(*cells)) == (
        ["Every comparison group of kernels came to be as precise as asked: ±2.0 %."],
        [],
    )


@pytest.mark.parametrize(
    "options", [None, {}, {"precision": None}, {"precision": True}, {"precision": "fine"}, {"precision": 0.0}]
)
def test_where_no_precision_was_asked_nothing_is_said(options):
    cells = [launched("numpy", 500, "launches", 0.3), product("numpy", 1000, "max-time", [0.5, 1.5])]
    assert told_of(file(*cells, options=options)) == ([], [])


def test_groups_are_counted_by_reason_the_most_first_and_the_widest_is_named():
    cells = [
        launched("numpy", 500, "precision", 0.019),
        launched("torch", 500, "precision", 0.019),
        launched("numpy", 1000, "launches", 0.031),
        launched("torch", 1000, "launches", 0.031),
        launched("numpy", 2000, "interrupted", None, launches=2),
        launched("numpy", 3000, "launches", 0.148),
    ]
    sentences, lines = told_of(file(*cells))
    assert sentences == [f"3 of 4 comparison groups of {MANY}"]
    assert lines == [
        "2 groups had all launches that were allowed, 3: ±3.1 % to ±14.8 %, the widest matmul cpu:0 3000 "
        "float32 (a larger --launches allows more).",
        "1 group ended early, with the run (--resume goes on).",
    ]


def test_of_one_launch_the_median_s_interval_is_told_where_that_was_too_wide():
    """A cell is held against its ratio to the first, too: that may be what was not precise."""
    cells = [
        product("numpy", 500, "precision", [0.99, 1.01], launches=1),
        product("torch", 500, "max-time", [0.99, 1.01], launches=1),
        product("numpy", 1000, "max-time", [0.9, 1.16], launches=1),
        product("numpy", 2000, "settled", [0.95, 1.05], launches=1),
    ]
    sentences, lines = told_of(file(*cells))
    assert sentences == [f"3 of 3 comparison groups of {MANY}"]
    assert lines == [
        "2 groups used up the time for rounds, in one launch: where it is known ±13.0 %, matmul cpu:0 1000 "
        "float32 (a larger --benchmark-max-time gives more).",
        "1 group became no more precise by further rounds, in one launch: ±5.0 %, matmul cpu:0 2000 float32 "
        "(further launches may tell more).",
    ]


def test_a_group_is_counted_once_though_its_cells_ended_for_several_reasons():
    cells = [
        product("numpy", 500, "settled", [0.95, 1.05]),
        product("torch", 500, "max-time", [0.8, 1.2]),
        product("jax", 500, "precision", [0.99, 1.01]),
    ]
    sentences, lines = told_of(file(*cells))
    assert sentences == [f"1 of 1 comparison group of {ONE}"]
    (line,) = lines
    assert line.startswith("1 group used up the time for rounds, in one launch: ±20.0 %, matmul cpu:0 500 ")


@pytest.mark.parametrize(
    ("reasons", "told"),
    [
        (("precision", "settled"), "became no more precise by further rounds"),
        (("settled", "rounds"), "had all rounds asked for"),
        (("precision", "time"), "used up the time for launches"),
        (("launches", "alone"), "had one entrant left, and nothing to hold it against"),
        (("launches", "interrupted"), "ended early, with the run"),
        (("precision", "zeal"), "ended with 'zeal'"),
        (("zeal", "settled"), "became no more precise by further rounds"),
    ],
)
def test_of_several_reasons_one_is_the_group_s_whichever_cell_comes_first(reasons, told):
    for order in (reasons, reasons[::-1]):
        cells = [product(name, 500, reason) for name, reason in zip(("numpy", "jax"), order, strict=True)]
        _, (line,) = told_of(file(*cells))
        assert line.startswith(f"1 group {told}")


def test_groups_of_one_name_in_two_files_are_two():
    first = file(launched("numpy", 500, "precision", 0.01), name="a.json")
    second = file(launched("numpy", 500, "launches", 0.9, launches=5), precision=0.05, name="b.json")
    sentences, lines = told_of(first, second)
    assert sentences == [
        "1 of 2 comparison groups of kernels was less precise than asked (±2.0 % or ±5.0 %) at the end:"
    ]
    assert lines == [
        "1 group had all launches that were allowed, 5: ±90.0 %, matmul cpu:0 500 float32 "
        "(a larger --launches allows more)."
    ]


def test_of_several_machines_the_widest_s_is_named():
    here = file(launched("numpy", 500, "launches", 0.1), name="a.json")
    there = read(
        samples.document(
            [launched("numpy", 500, "launches", 0.2, launches=4)],
            samples.fingerprint("77aa00000000", {"usable_cores": 8}, threads=8),
            run_id="b.json",
            options={"precision": 0.02},
        ),
        "b.json",
    )
    _, (line,) = told_of(here, there)
    assert line.startswith("2 groups had all launches that were allowed, 3 to 4: ±10.0 % to ±20.0 %, the ")
    assert "matmul cpu:0 500 float32 of 8 x Intel" in line


def test_trainings_and_what_tells_of_the_machine_alone_are_not_counted():
    noise = samples.Noise(3)
    trained = samples.training("keras-fit", samples.RECIPE, 0, noise, 2.0, 5)
    trained["extra_info"]["stop"] = {"reason": "epochs", "median_interval": None, "rounds": 4}
    copies = samples.twins(noise)
    for one in copies:
        one["extra_info"]["stop"] = {"reason": "launches", "ratio_half_width": 0.5, "launches": 3}
    once = product("numpy", 500, "once")
    assert told_of(file(trained, *copies, once)) == ([], [])


def test_a_reason_that_nobody_knows_and_a_width_beyond_all_bounds_are_told_as_such():
    _, (line,) = told_of(file(launched("numpy", 500, "full moon", 1e308)))
    assert line == "1 group ended with 'full moon': more than ±1,000 %, matmul cpu:0 500 float32."


def test_quantiles_are_not_told_the_median_s_interval():
    cell = product("numpy", 500, "max-time", [0.5, 1.5])
    cell["extra_info"]["statistic"] = "p95"
    _, (line,) = told_of(file(cell))
    assert line == (
        "1 group used up the time for rounds, in one launch (a larger --benchmark-max-time gives more)."
    )
