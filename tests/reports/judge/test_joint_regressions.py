"""``--against``: an implementation's cells together tell what none of them tells alone."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import report_samples as samples
from report_hostile import read

from likeforlike.reports.command import main
from likeforlike.reports.judge.joint_regressions import joint_checks
from likeforlike.reports.judge.limits import parse_limits
from likeforlike.reports.judge.regressions import check_against
from likeforlike.reports.statistics.geometric_mean import geometric_mean_ratio
from likeforlike.reports.tell.regression_text import outcome_text

SIZES = (250, 500, 1000, 1500, 2000)


def cell(size, logs, name="numpy", **axes):
    """A product of that size: one row of logs a launch."""
    launches, rounds = logs.shape
    extra = {"group": f"g{size}{axes}", "flop": 2.0 * size**3, "launches": []}
    extra["launch_numbers"] = [launch for launch in range(launches) for _ in range(rounds)]
    times = [float(t) for t in 1e-11 * size**3 * np.exp(logs).ravel()]
    return samples.cell("matmul", name, "cpu:0", {"size": size, "dtype": "float32"} | axes, times, **extra)


def run(seed, factors=(1.0,) * 5, apart=0.02, moved=0.015, sizes=SIZES, name="numpy", spoiled=0.0):
    """All sizes in three launches; ``apart``: how far launches lie from each other, ``moved``: runs.

    ``spoiled``: the share of launches in which the machine takes 1.7 times as long.
    """
    rng = np.random.default_rng(4000 + seed)
    now = rng.normal(0.0, moved)
    cells = []
    for size, factor in zip(sizes, factors, strict=True):
        launched = rng.normal(0.0, apart, (3, 1)) + rng.normal(0.0, 0.004, (3, 8))
        launched += math.log(1.7) * (rng.random((3, 1)) < spoiled)
        cells.append(cell(size, math.log(factor) + now + launched, name))
    return samples.document(cells, noise=None, run_id=f"run-{seed}")


def held(before, now, *limits):
    files = [[read(one, f"{name}.json")] for one, name in ((before, "before"), (now, "now"))]
    return check_against(*files, parse_limits(limits or ("5%",)))


class TestFiveNoisySizes:
    def test_a_slow_down_of_all_is_found_more_often_together(self):
        pairs = [(run(seed, apart=0.09), run(100 + seed, [1.15] * 5, apart=0.09)) for seed in range(40)]
        outcomes = [held(before, now) for before, now in pairs]
        alone = sum(bool(outcome.failing) for outcome in outcomes)
        assert sum(outcome.fails for outcome in outcomes) >= alone + 4

    def test_where_the_machine_spoils_a_launch_in_eight(self):
        outcomes = [
            held(run(seed, spoiled=0.12), run(100 + seed, [1.2] * 5, spoiled=0.12)) for seed in range(20)
        ]
        assert sum(outcome.fails for outcome in outcomes) >= 17

    @pytest.mark.parametrize("how", [{"apart": 0.02}, {"apart": 0.06}, {"spoiled": 0.12}])
    def test_the_same_code_does_not_fail(self, how):
        runs = [run(seed, **how) for seed in range(30)]
        assert not any(held(a, b).fails for a, b in pairwise(runs))

    def test_a_machine_that_is_found_slower_as_a_whole_does_not(self):
        """Quiet launches, so that what runs differ by is all that is in the way: 4 % are within two of 2.5."""
        slower = [
            held(run(seed, apart=0.003, moved=0.0), run(60 + seed, [1.04] * 5, 0.003, 0.0)) for seed in (1, 2)
        ]
        assert not any(outcome.fails or outcome.failing_together for outcome in slower)
        assert [outcome.together[0].word for outcome in slower] == ["unclear"] * 2


def test_it_is_the_geometric_mean_of_the_cells_ratios():
    """Of cells that are known alike: one launch with the same rounds each."""
    logs = np.random.default_rng(5).normal(0.0, 0.01, (1, 8))
    files = [
        samples.document([cell(size, math.log(factor) + logs) for size, factor in rows], run_id=name)
        for name, rows in (("one", [(500, 1.0), (1000, 1.0)]), ("two", [(500, 1.1), (1000, 1.3)]))
    ]
    (together,) = held(*files).together
    assert together.verdict.estimate.ratio == pytest.approx(math.sqrt(1.1 * 1.3))
    assert together.name == "matmul numpy cpu:0"


def test_its_interval_is_that_of_the_cells_whose_limit_it_must_exceed():
    outcome = held(run(1), run(2, [1.2] * 5))
    (together,) = outcome.together
    estimates = [check.verdict.estimate for check in outcome.checks]
    # either run is worth the eight degrees of freedom of what is assumed
    assert together.verdict.estimate == geometric_mean_ratio(estimates, 16.0)
    assert together.fails
    at_the_limit = replace(together, limit=together.verdict.estimate.ratio - 1.0)
    assert not at_the_limit.fails


def test_one_cell_beside_others_makes_nothing_sure_of_them_all_and_they_fail():
    """What became slower is found beside a busy neighbour, too; only is that to be said."""
    first, *others = held(run(1), run(2, [1.2] * 5)).together[0].cells
    (together,) = joint_checks([first, *others])
    assert together.unsure == ""
    (together,) = joint_checks([*others, replace(first, unsure="others used the machine: 47 %")])
    assert (together.unsure, together.fails) == ("others used the machine: 47 %", True)


def test_files_that_stand_apart_are_judged_apart():
    """Two commits held against one base: what one of them lost the other may have won."""

    def of(name, cell):
        key = replace(cell.now.key, axes=(*cell.now.key.axes, ("file", name)))
        return replace(cell, now=replace(cell.now, key=key))

    cells = held(run(1), run(2, [1.2] * 5)).together[0].cells
    found = joint_checks([of(name, cell) for name, cell in zip("aaabb", cells, strict=True)])
    assert [(check.name, len(check.cells)) for check in found] == [
        ("matmul numpy cpu:0 of a", 3),
        ("matmul numpy cpu:0 of b", 2),
    ]
    assert joint_checks([of(name, cell) for name, cell in zip("abcde", cells, strict=True)]) == []


def test_two_sides_are_judged_apart_and_called_by_their_names():
    def of(side, cell):
        key = replace(cell.now.key, axes=(*cell.now.key.axes, ("side", side)))
        return replace(cell, now=replace(cell.now, key=key))

    cells = held(run(1), run(2, [1.2] * 5)).together[0].cells
    found = joint_checks([of(side, cell) for side, cell in zip("aaabb", cells, strict=True)])
    assert [(check.name, len(check.cells)) for check in found] == [
        ("matmul numpy cpu:0, side a", 3),
        ("matmul numpy cpu:0, side b", 2),
    ]


def test_the_largest_threshold_of_the_cells_is_that_of_all():
    first, *others = held(run(1), run(2, [1.2] * 5)).together[0].cells
    wide = replace(first, verdict=replace(first.verdict, threshold=0.4))
    (together,) = joint_checks([*others, wide])
    assert (together.verdict.threshold, together.verdict.word) == (0.4, "unclear")


def test_each_implementation_by_itself_and_none_of_a_single_cell():
    files = []
    for seed, factor in ((1, 1.0), (2, 1.5)):
        made = run(seed, apart=0.01)
        made["benchmarks"] += run(seed + 10, [factor] * 5, 0.01, name="jax")["benchmarks"]
        made["benchmarks"] += run(seed + 20, [1.0], 0.01, sizes=SIZES[:1], name="torch")["benchmarks"]
        files.append(made)
    outcome = held(*files)
    assert {check.name for check in outcome.together} == {"matmul numpy cpu:0", "matmul jax cpu:0"}
    assert [check.name for check in outcome.failing_together] == ["matmul jax cpu:0"]
    assert outcome.failing_only_together == []  # each of its cells fails, too


def test_cells_with_a_limit_of_their_own_are_judged_apart():
    """Two that may double do, beside three that are as they were."""
    before, now = run(1, apart=0.004, moved=0.0), run(2, [1.0, 1.0, 1.0, 1.9, 1.9], 0.004, 0.0)
    outcome = held(before, now, "5%", "* 1500 *=100%", "* 2000 *=100%")
    assert [(len(check.cells), check.limit, check.fails) for check in outcome.together] == [
        (3, 0.05, False),
        (2, 1.0, False),
    ]
    assert not outcome.fails
    assert held(before, now).fails


def test_a_cell_in_doubt_does_not_count():
    before, now = run(1, apart=0.01), run(2, apart=0.01)
    now["benchmarks"][0] = cell(SIZES[0], np.zeros((1, 1)))
    outcome = held(before, now)
    assert sum(bool(check.hindrance) for check in outcome.checks) == 1
    assert len(outcome.together[0].cells) == 4


def test_what_copies_differ_by_in_one_of_the_cells_holds_for_all():
    """A twin that takes 30 % more in one size: nothing less is told of any."""
    files = []
    for seed, factor in ((1, 1.0), (2, 1.2)):
        made = run(seed, [factor] * 5, 0.004, 0.0)
        twin = run(seed, [1.3 * factor], 0.004, 0.0, SIZES[:1], "numpy-twin")["benchmarks"]
        twin[0]["extra_info"] |= {"role": "twin", "twin_of": "numpy"}
        made["benchmarks"] += twin
        files.append(made)
    outcome = held(*files)
    assert outcome.together[0].word == "unclear"
    assert not outcome.fails


def test_trainings_that_end_worse_are_not_called_faster_together():
    def trained(run_number, seconds, accuracy):
        noise = samples.Noise(3)
        recipes = (samples.RECIPE, samples.RECIPE | {"name": "other", "batch_size": 256})
        cells = [
            samples.training("keras-fit", recipe, number, noise, seconds, 7)
            for recipe in recipes
            for number in range(3)
        ]
        for made in cells:
            for row in made["extra_info"]["epochs"]:
                row["val_accuracy"] = accuracy + 0.001 * row["epoch"]
        return samples.document(cells, run_id=f"run-{run_number}")

    worse = held(trained(1, 5.0, 0.88), trained(2, 3.0, 0.60))
    assert [check.word for check in worse.together] == ["trained worse"]
    better = held(trained(1, 3.0, 0.60), trained(2, 5.0, 0.88))
    assert [(check.word, check.fails) for check in better.together] == [("base trained worse", True)]
    assert "training keras-fit cpu:0, its 2 cells" in outcome_text(better)
    assert "TAKES LONGER; base trained worse" in outcome_text(better)
    assert [check.word for check in held(trained(1, 5.0, 0.88), trained(2, 3.0, 0.88)).together] == ["faster"]


def failing_only_together():
    for seed in range(40):
        files = run(seed, apart=0.09), run(100 + seed, [1.15] * 5, apart=0.09)
        if held(*files).failing_only_together:
            return files
    raise AssertionError("none of forty")


def test_the_command_fails_by_it_and_says_so(tmp_path, capsys):
    before, now = (
        str(samples.write(tmp_path / name, made))
        for name, made in zip(("before.json", "now.json"), failing_only_together(), strict=True)
    )
    assert main([now, "--against", before]) == 0
    capsys.readouterr()
    assert main([now, "--against", before, "--fail-if-slower", "5%"]) == 1
    out = capsys.readouterr().out
    assert "| matmul numpy cpu:0, its 5 cells" in out
    assert (
        "0 slower by more than 5.0 %. matmul numpy cpu:0 takes longer over its 5 cells together: ×1." in out
    )
