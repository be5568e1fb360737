"""Verdicts asked on a quantile: launch by launch, from enough calls or not at all; older files by the median."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import report_samples as samples
from report_hostile import read
from report_studies import SIZE, only_comparison, study_of
from scipy import stats

import likeforlike
from likeforlike.reports.judge.limits import Limits
from likeforlike.reports.judge.regressions import check_against
from likeforlike.reports.read.result_file import ResultError
from likeforlike.reports.sort.call_times import quantiles_of, statistic_of
from likeforlike.reports.statistics.quantiles import as_told, kept
from likeforlike.reports.tell.regression_text import outcome_text
from likeforlike.reports.tell.report import build_report

LAUNCHES = 3
ROUNDS = 5
GROUP = {"group": "matmul cpu:0 1000 float32", "flop": 2e6}


def calls_of(seed, body, tail, calls=600, share=0.03):
    """Calls of three launches: most take ``body`` seconds, 3 in 100 ``tail``; a launch moves all by 1 %."""
    draw = np.random.default_rng(seed)
    found = []
    for _ in range(LAUNCHES):
        slow = draw.random(calls) < share
        times = np.where(slow, tail, body) * np.exp(draw.normal(0, 0.01, calls) + draw.normal(0, 0.002))
        found.append([float(time) for time in times])
    return found


def cell(name, launches, statistic="p99", most=2048, **extra):
    """An entrant whose samples are the last calls of its turns."""
    data = [time for calls in launches for time in calls[-ROUNDS:]]
    told = [{"launch": number, **as_told(kept(calls, most=most))} for number, calls in enumerate(launches)]
    numbers = [number for number in range(LAUNCHES) for _ in range(ROUNDS)]
    parts = {"launch_numbers": numbers, "launches": [{"launch": n} for n in range(LAUNCHES)]}
    asked = {"statistic": statistic, "call_times": told}
    return samples.cell("matmul", name, "cpu:0", SIZE, data, **{**GROUP, **parts, **asked, **extra})


STEADY, TAILED = calls_of(1, 1.1e-3, 1.2e-3), calls_of(2, 1.0e-3, 5.0e-3)
"""The second is faster by its median, and five times as slow in 3 calls of 100."""


def document(*cells, **more):
    return samples.document(list(cells), **more)


def text_of(*documents):
    report = build_report([read(item, f"{n}.json") for n, item in enumerate(documents)])
    return report, {section.anchor: section for section in report.sections}


def test_the_fastest_by_p99_is_the_base_and_the_verdict_is_on_p99():
    item = only_comparison(study_of(document(cell("tf-eager", TAILED), cell("numpy", STEADY))))
    assert item.base.key.implementation == "numpy"
    assert item.word == "slower"
    estimate = item.verdict.estimate
    logs = [
        math.log(np.sort(mine)[593] / np.sort(base)[593])  # ⌈600 × 0.99⌉ = 594
        for mine, base in zip(TAILED, STEADY, strict=True)
    ]
    assert math.log(estimate.ratio) == pytest.approx(np.mean(logs), abs=1e-3)
    assert estimate.launches == LAUNCHES
    assert estimate.paired


def test_asked_on_p50_the_other_is_the_faster_one():
    cells = [cell("tf-eager", TAILED, "p50"), cell("numpy", STEADY, "p50")]
    item = only_comparison(study_of(document(*cells)))
    assert item.base.key.implementation == "tf-eager"
    assert item.word == "slower"
    assert item.verdict.estimate.ratio == pytest.approx(1.1, abs=0.01)


def test_without_a_statistic_it_is_the_median_of_samples_as_ever():
    older = [cell("tf-eager", TAILED), cell("numpy", STEADY)]
    for one in older:
        del one["extra_info"]["statistic"], one["extra_info"]["call_times"]
    study = study_of(document(*older))
    item = only_comparison(study)
    assert {statistic_of(one) for one in study.measurements} == {"median"}
    assert item.base.key.implementation == "tf-eager"
    assert "tails" not in text_of(document(*older))[1]


def test_a_launch_slower_as_a_whole_moves_no_ratio():
    """Both in the same launch by the same factor: pairing by launch takes it out."""
    factors = (1.0, 1.8, 0.7)
    moved = [
        [[time * factor for time in calls] for calls, factor in zip(launches, factors, strict=True)]
        for launches in (STEADY, TAILED)
    ]
    still, shaken = (
        only_comparison(study_of(document(cell("numpy", base), cell("tf-eager", other)))).verdict.estimate
        for base, other in ((STEADY, TAILED), moved)
    )
    assert shaken.ratio == pytest.approx(still.ratio, rel=1e-5)
    assert shaken.high / shaken.low == pytest.approx(still.high / still.low, rel=1e-3)


def test_too_few_calls_give_no_figure_and_say_what_is_needed():
    few = [calls[:300] for calls in STEADY]
    given = document(cell("numpy", few), cell("tf-eager", TAILED))
    item = only_comparison(study_of(given))
    assert item.word == "no verdict"
    assert item.doubt == "p99 needs 368 calls a launch, 300 were timed"
    report, sections = text_of(given)
    rows = {row.entries[0].text: row for row in sections["tails"].blocks[1].rows}
    shown = [entry.text for entry in rows["tf-eager"].entries]
    assert "×" not in " ".join(shown)
    assert "no verdict" in shown
    assert "too few calls in a launch (p99 needs 368)" in sections["tails"].blocks[0].text
    assert not any("×" in finding.text for finding in report.findings)


def test_fewer_calls_than_all_launches_together_need_give_no_quantile():
    few = [calls[:100] for calls in STEADY]
    study = study_of(document(cell("numpy", few), cell("tf-eager", TAILED)))
    found = quantiles_of(next(item for item in study.measurements if item.key.implementation == "numpy"))
    assert found["p99"] is None
    assert found["p50"] is not None
    _, sections = text_of(document(cell("numpy", few), cell("tf-eager", TAILED)))
    assert any("needs 368 calls" in e.text for row in sections["tails"].blocks[1].rows for e in row.entries)


def test_the_table_has_the_quantiles_of_all_calls_with_exact_intervals():
    _, sections = text_of(document(cell("numpy", STEADY), cell("tf-eager", TAILED)))
    table = sections["tails"].blocks[1]
    rows = {row.entries[0].text: row for row in table.rows}
    every = np.sort(np.concatenate(TAILED))
    entry = rows["tf-eager"].entries[table.columns.index("p99")]
    assert entry.value == pytest.approx(every[math.ceil(0.99 * every.size) - 1], rel=1e-6)
    told = stats.quantile_test(every, q=1.0, p=0.99).confidence_interval(0.95)
    assert f"{told.low * 1e3:.3g} to {told.high * 1e3:.3g} ms" in entry.text
    verdict = table.columns.index("verdict")
    assert rows["numpy"].entries[verdict].text == "–"
    assert rows["numpy"].entries[verdict - 1].text == "base"
    assert rows["tf-eager"].entries[verdict].text == "slower"


def test_findings_and_tables_say_that_the_ratio_is_of_p99():
    report, sections = text_of(document(cell("numpy", STEADY), cell("tf-eager", TAILED)))
    told = " ".join(finding.text for finding in report.findings)
    assert "of numpy's p99" in told
    assert "numpy's time" not in told
    notes = [
        block.note for section in sections.values() for block in section.blocks if hasattr(block, "note")
    ]
    assert any("Asked on p99: ratios and verdicts are of that, times are medians." in note for note in notes)
    assert report.picture is None or "(p99)" in report.picture.alternative


def two_files(**other):
    """The same cell before and after, as files of two commits."""
    now = document(cell("numpy", TAILED), run_id="another", **other)
    now["commit_info"] = {"id": "d" * 40, "dirty": False}
    return document(cell("numpy", STEADY)), now


def test_between_files_too_the_ratio_is_said_to_be_of_p99():
    report, sections = text_of(*two_files())
    (told,) = [finding.text for finding in report.findings if " of 0.json" in finding.text]
    assert " the time of 0.json on cpu:0 at matmul by p99 (numpy 1000 float32)." in told
    notes = [getattr(block, "note", "") for block in sections["files"].blocks]
    assert any(note.startswith("Asked on p99: ratios and verdicts are of that") for note in notes)


def test_between_machines_it_is_too():
    other = samples.fingerprint("b" * 12)
    report, sections = text_of(*two_files(machine=other))
    assert any(" on cpu:0 at matmul by p99 (numpy 1000 float32)." in found.text for found in report.findings)
    notes = [getattr(block, "note", "") for block in sections["machines"].blocks]
    assert any(note.startswith("Asked on p99: ratios and verdicts are of that") for note in notes)


def test_calls_in_classes_say_how_wide_these_are():
    many = [cell(name, calls, most=50) for name, calls in (("numpy", STEADY), ("tf-eager", TAILED))]
    _, sections = text_of(document(*many))
    assert "kept in classes" in sections["tails"].blocks[0].text
    assert only_comparison(study_of(document(*many))).word == "slower"


def against(before, now):
    files = [read(item, f"{name}.json") for name, item in (("before", before), ("now", now))]
    return check_against(files[:1], files[1:], Limits(0.05))


def test_a_tail_that_grew_fails_the_gate_although_the_median_did_not():
    before = document(cell("numpy", calls_of(1, 1.0e-3, 1.5e-3)), run_id="a")
    now = document(cell("numpy", calls_of(2, 1.0e-3, 4.5e-3)), run_id="b")
    outcome = against(before, now)
    assert [check.fails for check in outcome.checks] == [True]
    assert outcome.checks[0].verdict.estimate.ratio == pytest.approx(3, rel=0.05)
    text = outcome_text(outcome)
    assert "p99 1.5" in text
    assert "p99 4.5" in text
    for given in (before, now):
        given["benchmarks"][0]["extra_info"]["statistic"] = "p50"
    assert not against(before, now).failing


def test_a_gate_of_too_few_calls_is_no_check():
    before = document(cell("numpy", STEADY), run_id="a")
    now = document(cell("numpy", [calls[:200] for calls in STEADY]), run_id="b")
    outcome = against(before, now)
    assert outcome.judged == []
    assert list(outcome.hindrances) == ["p99 needs 368 calls a launch, 200 were timed"]


def test_a_base_that_was_not_asked_for_it_is_compared_by_the_median_and_that_is_said():
    older = cell("numpy", STEADY)
    del older["extra_info"]["statistic"], older["extra_info"]["call_times"]
    outcome = against(document(older, run_id="a"), document(cell("numpy", TAILED), run_id="b"))
    assert outcome.checks[0].word == "faster"
    assert "asked on median and on p99, compared by median in 1 cell" in outcome.remarks


def test_one_launch_is_never_sure():
    alone = [cell("numpy", STEADY), cell("tf-eager", TAILED)]
    for one in alone:
        info = one["extra_info"]
        info |= {"launch_numbers": [0] * LAUNCHES * ROUNDS, "launches": [{"launch": 0}]}
        info["call_times"] = info["call_times"][:1]
    item = only_comparison(study_of(document(*alone)))
    assert item.verdict.estimate.assumed
    assert item.verdict.estimate.spread == 0.02
    assert item.word == "slower"
    assert not item.sure


def test_beside_a_partner_the_calls_of_those_turns_count():
    """Of a group that took turns in pairs: the base's calls beside the other are ten times as long."""
    base = cell("numpy", STEADY)
    longer = [[10 * time for time in calls] for calls in STEADY]
    other = cell("tf-eager", [[10 * time for time in calls] for calls in TAILED])
    turns = {key: base["extra_info"][key] for key in ("round_numbers", "launch_numbers")}
    told = [{"launch": n, **as_told(kept(calls))} for n, calls in enumerate(longer)]
    beside = {"seconds": [10 * time for time in base["stats"]["data"]], "call_times": told, **turns}
    base["extra_info"]["beside"] = {other["extra_info"]["cell"]: beside}
    plain = only_comparison(study_of(document(cell("numpy", STEADY), cell("tf-eager", TAILED))))
    paired = only_comparison(study_of(document(base, other)))
    assert paired.verdict.estimate.ratio == pytest.approx(plain.verdict.estimate.ratio, rel=1e-5)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"seconds": [2.0, 1.0]}, r"call_times\[0\].seconds: .*expected them sorted"),
        ({"counts": [1]}, r"call_times\[0\].counts: .*expected 600"),
        ({"calls": 7}, r"call_times\[0\].calls: 7; expected 600"),
        ({"seconds": [-1.0]}, r"call_times\[0\].seconds\[0\]"),
    ],
)
def test_calls_that_contradict_themselves_are_refused_in_a_line(change, expected):
    wrong = cell("numpy", STEADY)
    wrong["extra_info"]["call_times"][0] |= change
    with pytest.raises(ResultError, match=expected) as error:
        read(document(wrong), "wrong.json")
    assert "\n" not in str(error.value)


def test_every_call_is_in_the_quantiles_of_the_frame(tmp_path):
    file = tmp_path / "run.json"
    file.write_text(json.dumps(document(cell("numpy", STEADY), cell("tf-eager", [c[:40] for c in TAILED]))))
    frame = likeforlike.read(file, samples=False).set_index("implementation")
    assert list(frame["statistic"]) == ["p99", "p99"]
    assert list(frame["call_count"]) == [1800, 120]
    every = np.sort(np.concatenate(STEADY))
    assert frame.loc["numpy", "p95_seconds"] == pytest.approx(every[1709], rel=1e-6)
    assert frame.loc["numpy", "p99_low_seconds"] < frame.loc["numpy", "p99_high_seconds"]
    assert math.isnan(frame.loc["tf-eager", "p99_seconds"])
    assert not math.isnan(frame.loc["tf-eager", "p50_seconds"])
    assert len(likeforlike.read(file)) == 2 * LAUNCHES * ROUNDS
