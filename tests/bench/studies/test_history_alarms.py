"""The study of the history's alarms: deterministic, and able to tell a bad judgement from a good one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from likeforlike.bench.studies import history_alarms as study
from likeforlike.bench.studies.simulated.histories import CELLS, NATURES, Nature, Truth, made_up
from likeforlike.reports.history.steps import RULE, judge
from likeforlike.reports.statistics.change_points import HUNTER


@pytest.fixture(scope="module")
def on_a_machine_that_steps():
    nature = Nature(jumps=2)
    return study.tally(nature, 12, 8, 2, study.JUDGES)


def test_what_takes_the_machine_for_the_code_is_seen(on_a_machine_that_steps):
    ours, bare = (on_a_machine_that_steps[name] for name in (study.OURS, study.HUNTERS))
    assert ours.with_false == 0
    assert bare.with_false >= 4
    assert bare.false_steps > 20


def test_a_step_of_ten_percent_is_found_the_right_way_round(on_a_machine_that_steps):
    ours = on_a_machine_that_steps[study.OURS]
    assert all(ours.found[0.10])
    assert ours.wrong_way == 0
    assert len(ours.held) == sum(map(sum, ours.found.values()))


def test_the_same_seed_gives_the_same_histories_and_another_others():
    def made(seed):
        draw = np.random.default_rng(seed)
        return made_up(NATURES["all of these at once"], 8, draw, Truth(0, 4, 0.1)).series

    assert made(1) == made(1)
    assert made(1) != made(2)


def test_a_false_step_in_the_right_cell_at_the_wrong_commit_is_counted():
    def blames_the_second_commit(history):
        judged = judge(history, rule=replace(HUNTER, threshold=RULE.threshold), many=False)
        cells = tuple(
            replace(
                cell,
                found=replace(
                    cell.found,
                    steps=tuple(replace(s, earliest=1, latest=1) for s in cell.found.steps),
                ),
            )
            for cell in judged.cells
        )
        return replace(judged, cells=cells)

    told = study.tally(Nature(), 12, 3, 1, {"wrong": blames_the_second_commit})["wrong"]
    assert not any(map(any, told.found.values()))
    assert told.false_steps >= 1


def test_where_no_code_stepped_each_step_is_false():
    truth = Truth(0, 6, 0.3)
    judged = judge(made_up(Nature(), 12, np.random.default_rng(1), truth, cells=2))
    with_truth, without = study.Tally(), study.Tally()
    with_truth.add(judged, truth, 0.10)
    without.add(judged, None, 0.0)
    assert (with_truth.with_false, with_truth.found[0.10]) == (0, [True])
    assert (without.with_false, without.false_steps) == (1, 1)
    assert not any(without.found.values())


def test_half_of_the_cells_may_stay_while_the_machine_moves():
    draw = np.random.default_rng(1)
    history = made_up(Nature(walk=1.0, apart=0.5), 40, draw)
    spread = {item.implementation: np.std(item.logs) for item in history.series}
    stay = [name for name, value in spread.items() if value < 0.1]
    assert 4 <= len(stay) <= 16
    assert all(name.startswith("cell-") for name in stay)


def test_cells_and_copies_are_as_many_as_it_says():
    history = made_up(Nature(), 6, np.random.default_rng(1))
    assert sum(not item.reference for item in history.series) == CELLS
    assert sum(item.reference for item in history.series) == 5


def test_its_table_has_a_row_for_each_judgement(on_a_machine_that_steps):
    rows = study.rows_of("steps", 12, on_a_machine_that_steps)
    assert [row[3] for row in rows] == list(study.JUDGES)
    assert rows[0][4] == "0 of 8"
    assert rows[0][1:3] == [CELLS, 12]
