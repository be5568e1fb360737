"""Cells over commits: the step that a commit made is marked, the machine's own are not."""

from __future__ import annotations

import shlex
from dataclasses import replace

import numpy as np
import pytest
import report_histories as histories

pytest.importorskip("pyarrow")

from likeforlike.reports.history import machine_factor, store
from likeforlike.reports.history.command import main
from likeforlike.reports.history.confirming import confirming_command, confirming_commands
from likeforlike.reports.history.report import history_report
from likeforlike.reports.history.rows import rows_of
from likeforlike.reports.history.series import history_of
from likeforlike.reports.history.steps import family_level, judge
from likeforlike.reports.read.decoding import parse
from likeforlike.reports.read.files import read_named
from likeforlike.reports.read.recognition import read_document


def history(documents):
    """The history of documents, without a folder."""
    import json

    files = [read_document(parse(json.dumps(made).encode(), f"{n}.json")) for n, made in enumerate(documents)]
    return history_of(row for file in files for row in rows_of(file))


def steps_of(judged):
    return {
        cell.series.implementation: [(s.position, cell.sure(s)) for s in cell.found.steps]
        for cell in judged.cells
        if cell.found.steps
    }


def test_the_seventh_of_ten_commits_is_marked():
    judged = judge(history(histories.documents(10)))
    assert steps_of(judged) == {"mine": [(6, True)]}
    (cell,) = [cell for cell in judged.cells if cell.found.steps]
    (step,) = cell.found.steps
    before, after = cell.commits(step)
    assert (before.commit, after.commit) == (histories.commit(5), histories.commit(6))
    assert step.log_ratio == pytest.approx(np.log(1.10), abs=0.01)
    assert cell.runs(step) == (6, 4)


def test_what_moves_the_copies_is_the_machine():
    """A walk and a lasting step of the machine: without the copies' factor other commits are blamed."""
    machine = np.cumsum(np.random.default_rng(4).normal(0, 0.02, 16)) + np.r_[np.zeros(5), np.full(11, 0.2)]
    made = history(histories.documents(16, slowed_from=10, machine=machine))
    assert steps_of(judge(made)) == {"mine": [(10, True)]}
    as_measured = steps_of(judge(made, adjust=False))
    assert set(as_measured) >= {"numpy", "torch"}
    (moves,) = judge(made).machines
    assert [step.position for step in moves.found.steps] == [5]


def test_the_factor_is_the_median_of_the_copies_votes():
    machine = np.array([0.0, 0.1, 0.2, 0.1, 0.0, -0.1, 0.0])
    made = history(histories.documents(7, slowed_from=9, machine=machine, noise=0.0, rounds=60))
    (factor,) = machine_factor.factors(made.series).values()
    found = np.array([factor.logs[f"run-{n}"] for n in range(7)])
    assert found == pytest.approx(machine - np.median(machine), abs=0.01)
    assert factor.by_copies
    assert "2 copies" in factor.basis


def test_a_slower_entrant_with_a_twin_is_not_taken_for_the_machine():
    documents = histories.documents(10, slowed_from=99)
    for document in documents[6:]:
        for cell in document["benchmarks"]:
            if cell["extra_info"]["implementation"].startswith("numpy"):
                cell["stats"] = {"data": [seconds * 1.1 for seconds in cell["stats"]["data"]]}
    assert steps_of(judge(history(documents))) == {"numpy": [(6, True)]}


def test_a_change_that_slows_all_entrants_and_their_twins_is_not_taken_for_the_machine():
    """A twin is its entrant's code once more; of three workloads they would outvote the noise floor's product."""
    documents = histories.documents(10, slowed_from=99, noise=0.0)
    for document in documents[6:]:
        for cell in document["benchmarks"]:
            if cell["extra_info"]["workload"] != "noise":
                cell["stats"] = {"data": [seconds * 1.1 for seconds in cell["stats"]["data"]]}
    made = history(documents)
    further = [
        replace(item, workload=f"{item.workload}-{n}")
        for n in (2, 3)
        for item in made.series
        if item.workload != "noise"
    ]
    (factor,) = machine_factor.factors([*made.series, *further]).values()
    assert factor.by_copies
    assert max(map(abs, factor.logs.values())) < 0.01


def test_a_twin_s_launches_are_further_ones_of_its_entrant():
    """By hand: as many launches of each, so that the point lies in the middle of the two medians' logs."""
    (document,) = histories.documents(1)
    cells = {cell["extra_info"]["implementation"]: cell for cell in document["benchmarks"]}
    cells["numpy"]["stats"] = {"data": [0.020] * 9}
    cells["numpy-twin"]["stats"] = {"data": [0.022] * 9}
    found = {item.implementation: item.logs for item in history([document]).series}
    assert found["numpy"] == pytest.approx([np.log(0.020 * 0.022) / 2])
    assert found["numpy-twin"] == pytest.approx([np.log(0.022)])


def test_a_twin_alone_is_no_point_of_its_entrant():
    documents = histories.documents(8, slowed_from=99)
    documents[3]["benchmarks"] = [
        cell for cell in documents[3]["benchmarks"] if cell["extra_info"]["implementation"] != "numpy"
    ]
    found = {item.implementation: len(item.logs) for item in history(documents).series}
    assert (found["numpy"], found["numpy-twin"]) == (7, 8)


def slowed(documents, implementation, logs):
    """The documents with an implementation's samples times e to the power of each run's log."""
    for document, log in zip(documents, logs, strict=True):
        for cell in document["benchmarks"]:
            if cell["extra_info"]["implementation"] == implementation:
                cell["stats"] = {"data": [seconds * np.exp(log) for seconds in cell["stats"]["data"]]}
    return documents


def test_a_cell_that_stays_while_its_machine_moves_has_no_step():
    """Its time does not follow the processor's: divided by the factor it would seem to step the other way."""
    machine = np.r_[np.zeros(8), np.full(8, 0.1)]
    documents = slowed(histories.documents(16, slowed_from=99, machine=machine), "torch", -machine)
    judged = judge(history(documents))
    assert steps_of(judged) == {}
    assert [cell.series.implementation for cell in judged.cells if not cell.adjusted] == ["torch"]


def test_the_step_of_a_cell_that_does_not_follow_its_machine_is_found():
    """Divided by what moves its machine it would be hidden."""
    machine = np.tile([0.0, 0.2], 7)
    documents = histories.documents(14, slowed_from=99, machine=machine)
    documents = slowed(documents, "torch", np.r_[np.zeros(8), np.full(6, 0.1)] - machine)
    assert steps_of(judge(history(documents))) == {"torch": [(8, True)]}


def test_a_lone_outlier_does_not_make_a_cell_one_that_does_not_follow():
    """By hand: of Σf² = 0.15, Σdf would be 0.05 instead of 0.15 by an outlier of 0.5 where the machine is fast."""
    machine = np.tile([0.0, 0.1], 8)
    outlying = np.where(np.arange(16) == 6, 0.5, 0.0)
    documents = slowed(histories.documents(16, slowed_from=99, machine=machine), "torch", outlying)
    judged = judge(history(documents))
    (torch,) = [cell for cell in judged.cells if cell.series.implementation == "torch"]
    assert torch.adjusted
    assert torch.found.outliers == {6}


def test_a_cell_that_steps_when_its_machine_does_is_not_sure_though_it_does_not_follow_elsewhere():
    rough = np.tile([0.0, 0.1], 8)
    machine = rough + np.r_[np.zeros(8), np.full(8, 0.1)]
    documents = slowed(histories.documents(16, slowed_from=99, machine=machine), "torch", -rough)
    judged = judge(history(documents))
    assert steps_of(judged) == {"torch": [(8, False)]}
    told = [finding.text for finding in history_report(judged).findings]
    assert any("No cell has surely stepped" in text for text in told)
    assert any("1 step at which the machine itself moved" in text for text in told)


def test_a_cell_that_follows_its_machine_is_sure_even_where_that_moves_the_other_way():
    walk = np.cumsum(np.random.default_rng(3).normal(0, 0.03, 20))
    machine = walk - np.r_[np.zeros(12), np.full(8, 0.1 + walk[12] - walk[11])]
    judged = judge(history(histories.documents(20, slowed_from=12, machine=machine)))
    assert steps_of(judged) == {"mine": [(12, True)]}


def test_runs_of_one_commit_stand_together_and_are_not_parted():
    documents = histories.documents(12, slowed_from=6)
    for number, document in enumerate(documents):
        document["commit_info"] |= {
            "id": histories.commit(number // 4),
            "time": f"2026-03-0{number // 4 + 1}",
        }
    judged = judge(history(documents))
    for cell in judged.cells:
        assert {step.position for step in cell.found.steps} <= {4, 8}


def test_commits_are_ordered_by_their_time_not_by_when_they_were_measured():
    documents = histories.documents(10)
    for number, document in enumerate(documents):
        document["datetime"] = f"2026-04-{10 - number:02}T00:00:00+00:00"
    assert steps_of(judge(history(documents[::-1]))) == {"mine": [(6, True)]}


def test_where_nothing_but_the_code_differs_it_is_said():
    (table,) = [
        block
        for section in history_report(judge(history(histories.documents(10)))).sections
        for block in section.blocks
        if getattr(block, "name", "") == "steps"
    ]
    told = dict(zip(table.columns, table.rows[0].entries, strict=True))
    assert told["differs beside the code"].text == "nothing"


def test_a_new_version_is_the_same_machine_and_is_told():
    documents = histories.documents(10)
    for document in documents[6:]:
        machine = document["machine_info"]["likeforlike"]
        machine["versions"] = machine["versions"] | {"numpy": "3.0.0"}
        machine["id"] = "aaaa00000001"
    judged = judge(history(documents))
    assert len(judged.history.machines) == 1
    (told, *_) = history_report(judged).findings
    assert "numpy 2.4.6 to 3.0.0" in told.text


def test_other_work_under_the_same_name_is_another_series():
    documents = histories.documents(8, slowed_from=99)
    for document in documents[4:]:
        for cell in document["benchmarks"]:
            cell["extra_info"]["flop"] = 1.0e9
            cell["stats"] = {"data": [seconds * 3.0 for seconds in cell["stats"]["data"]]}
    judged = judge(history(documents))
    assert steps_of(judged) == {}
    assert max(len(cell.logs) for cell in judged.cells) == 4


def test_the_command_measures_the_cell_and_nothing_else():
    from likeforlike.bench.plan.asked.values import parse_axes

    judged = judge(history(histories.documents(10)))
    (cell,) = [cell for cell in judged.cells if cell.found.steps]
    words = shlex.split(confirming_command(cell, cell.found.steps[0]))
    cut = words.index("--")
    assert words[:cut] == [
        *("likeforlike", "ab", "--base", histories.commit(5)[:12], "--new", histories.commit(6)[:12])
    ]
    options = dict(zip(words[cut + 1 :: 2], words[cut + 2 :: 2], strict=True))
    assert options.pop("--axis") == "matmul.size=500"
    assert parse_axes(["matmul.size=500"]) == {"matmul.size": ("500",)}
    assert options == {
        "--workloads": "matmul",
        "--implementations": "mine",
        "--devices": "cpu:0",
        "--dtypes": "float32",
    }


def test_steps_between_the_same_commits_are_confirmed_together():
    documents = histories.documents(10)
    for document in documents:
        document["likeforlike"]["options"] = {"plugins": ["my_kernels"]}
    for document in documents[6:]:
        for cell in document["benchmarks"]:
            if cell["extra_info"]["implementation"] == "torch":
                cell["stats"] = {"data": [seconds * 0.8 for seconds in cell["stats"]["data"]]}
    judged = judge(history(documents))
    found = [(cell, step) for cell in judged.cells for step in cell.found.steps]
    (command,) = confirming_commands(found)
    assert command.endswith(
        "--workloads matmul --implementations torch,mine --devices cpu:0 --axis matmul.size=500 "
        "--dtypes float32 --plugin my_kernels"
    )


def test_many_cells_are_judged_together_by_holm():
    from scipy import stats

    values = [0.001, 0.02, 0.04, 0.012, 0.9]
    ordered = sorted(values)
    kept = 0.0
    for rank, p_value in enumerate(ordered):
        if p_value > 0.05 / (len(values) - rank):
            break
        kept = p_value
    assert family_level(values) == kept == 0.012
    assert family_level([0.5, 0.2]) == 0.0
    assert stats.false_discovery_control(values)[2] <= 0.05  # which would have let 0.04 pass


def test_the_report_is_written_and_read(write, tmp_path, capsys):
    for number, document in enumerate(histories.documents(10)):
        store.add(read_named(write(f"{number}.json", document)), tmp_path / "history")
    torn = next((tmp_path / "history").glob("*/*/*.parquet"))
    torn.with_name("torn.parquet").write_bytes(torn.read_bytes()[:500])
    out = tmp_path / "report"
    assert main(["report", "--folder", str(tmp_path / "history"), "--output", str(out)]) == 0
    printed = capsys.readouterr()
    assert "matmul mine cpu:0 500 float32 became slower: ×1.09" in printed.out
    assert "torn.parquet is left out" in printed.err
    page = (out / "report.md").read_text()
    assert "torn.parquet" in page
    assert histories.commit(6)[:9] in page
    assert "likeforlike ab --base" in page
    assert (out / "plots" / "history.png").stat().st_size > 5000
    assert (out / "tables" / "steps.csv").exists()


def test_only_some_cells(write, tmp_path, capsys):
    for number, document in enumerate(histories.documents(7)):
        store.add(read_named(write(f"{number}.json", document)), tmp_path / "history")
    folder = ["--folder", str(tmp_path / "history")]
    assert main(["report", *folder, "--only", "*torch*"]) == 0
    assert "1 cell with runs enough" in capsys.readouterr().out
    assert main(["report", *folder, "--only", "nothing"]) == 2
    assert "fits no cell" in capsys.readouterr().err
