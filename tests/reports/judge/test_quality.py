"""Who may be called faster: accuracies over seeds against SciPy, and every place where a word is said."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import report_samples as samples
from report_hostile import read
from report_studies import study_of
from report_trainings import EARLIER, document, trainings
from scipy import stats

from likeforlike.reports.command import main
from likeforlike.reports.judge.comparisons import compare
from likeforlike.reports.judge.means import geometric_means
from likeforlike.reports.judge.regressions import check_against
from likeforlike.reports.read.files import read_results
from likeforlike.reports.tell.regression_text import outcome_text
from likeforlike.reports.tell.report import build_report
from likeforlike.reports.write.markdown import to_markdown

CASE = Path(__file__).parents[1] / "data" / "cases" / "own-accuracy.json"
SECONDS = {"keras-fit": 5.0, "graph-loop": 3.0, "eager-loop": 20.0, "torch-loop": 4.0, "tf-epoch": 1.2}
OTHER = samples.fingerprint("b" * 12, cpu={"model": "AMD EPYC"})


def comparisons_of(*documents):
    study = study_of(*documents)
    return compare(study, study.machines)


def by_name(accuracies, **more):
    found = comparisons_of(document(accuracies, SECONDS, **more)).implementations
    return {item.other.key.implementation: item for item in found}


def test_the_case():
    """84.6 % against 99.8 %: it trains worse."""
    study = study_of(json.loads(CASE.read_text()))
    (item,) = compare(study, study.machines).implementations
    assert (item.verdict.word, item.word, item.sure) == ("faster", "trained worse", False)
    assert item.barred == "trained to 84.6 % against keras-fit's 99.8 % (one seed each)"
    findings = [finding.text for finding in build_report([read_results(CASE)]).findings]
    assert findings[0].startswith("graph-loop trains to 84.6 %, keras-fit to 99.8 %: not compared as faster")
    assert not any("is faster" in text for text in findings)


@pytest.mark.parametrize("seeds", [3, 5, 10])
@pytest.mark.parametrize(("gap", "word"), [(-0.02, "lower"), (0.02, "higher"), (0.0, "same")])
def test_over_seeds_the_interval_is_students_on_pairs(seeds, gap, word):
    rng = np.random.default_rng(seeds)
    base = np.round(0.88 + 0.01 * rng.standard_normal(seeds), 4)
    other = np.round(base + gap + 0.0008 * rng.standard_normal(seeds), 4)
    item = by_name({"keras-fit": base.tolist(), "graph-loop": other.tolist()})["graph-loop"]
    reference = stats.ttest_rel(other, base)
    interval = reference.confidence_interval(0.95)
    told = item.quality.accuracy
    assert (told.low, told.high) == pytest.approx((interval.low, interval.high))
    assert told.p_value == pytest.approx(reference.pvalue)
    assert (told.word, told.seeds, told.paired) == (word, seeds, True)
    assert item.word == ("trained worse" if word == "lower" else "faster")


def test_other_seeds_are_no_pairs():
    base, other = [0.884, 0.880, 0.887], [0.869, 0.864, 0.873, 0.871]
    cells = trainings({"keras-fit": base}, SECONDS)
    cells += trainings({"graph-loop": other}, SECONDS, first_seed=3)
    study = study_of(samples.document(cells))
    (item,) = compare(study, study.machines).implementations
    interval = stats.ttest_ind(other, base, equal_var=False).confidence_interval(0.95)
    told = item.quality.accuracy
    assert (told.low, told.high) == pytest.approx((interval.low, interval.high))
    assert not told.paired


def test_from_one_seed_nothing_is_concluded_but_a_gap_beyond_chance_bars():
    """At 88 % of 10,000 images two binomial errors are 0.92 points; with the margin 1.42."""
    items = by_name({"keras-fit": [0.88], "graph-loop": [0.866], "torch-loop": [0.8655]})
    assert {name: item.word for name, item in items.items()} == {
        "graph-loop": "faster",
        "torch-loop": "trained worse",
    }
    assert all(item.quality.accuracy.word == "unclear" for item in items.values())


def test_who_misses_by_what_seeds_alone_make_is_called_faster():
    """Keras 82.9 % against 84.2 %, two seeds each that lie 1.6 points apart: unclear, not worse."""
    told = {"keras-fit": [0.835, 0.823], "graph-loop": [0.838, 0.846], "torch-loop": [0.849, 0.833]}
    items = by_name(told | {"eager-loop": [0.829, 0.845]})
    assert {name: item.word for name, item in items.items()} == {
        "graph-loop": "faster",
        "torch-loop": "faster",
        "eager-loop": "slower",
    }
    fault = by_name(told | {"eager-loop": [0.70, 0.74]})["eager-loop"]
    assert fault.quality.base_faster.allowed  # the slower one is worse besides
    assert by_name(told | {"graph-loop": [0.70, 0.74]})["graph-loop"].word == "trained worse"


def test_false_discoveries_of_accuracies_are_controlled():
    """As scipy.stats.false_discovery_control has it, over the comparisons that are read together."""
    rng = np.random.default_rng(7)
    names = [f"t{number:02}" for number in range(20)]
    base = 0.88 + 0.008 * rng.standard_normal(4)
    values = {"keras-fit": base} | {name: 0.88 + 0.008 * rng.standard_normal(4) for name in names}
    values |= {"t00": base - 0.04 + 0.001 * rng.standard_normal(4)}
    told = {name: [round(float(v), 4) for v in column] for name, column in values.items()}
    document_ = document(told, dict.fromkeys(told, 5.0), epochs=8)
    found = comparisons_of(document_).implementations
    p_values = [stats.ttest_rel(told[i.other.key.implementation], told["keras-fit"]).pvalue for i in found]
    discovered = stats.false_discovery_control(p_values) <= 0.05
    assert 0 < sum(discovered) < sum(np.array(p_values) < 0.05)
    for item, is_one in zip(found, discovered, strict=True):
        beyond = abs(item.quality.accuracy.difference) > 0.005
        assert (item.quality.accuracy.word in ("higher", "lower")) == bool(is_one and beyond)


def test_who_misses_what_a_third_reaches_is_not_faster_than_his_like():
    items = by_name({"keras-fit": [0.846] * 3, "graph-loop": [0.845] * 3, "torch-loop": [0.998] * 3})
    assert items["graph-loop"].word == "trained worse"
    assert items["graph-loop"].barred.startswith("trained to 84.5 % against torch-loop's 99.8 %")
    assert items["torch-loop"].word == "faster"


def test_nor_where_the_third_is_of_another_division():
    items = by_name({"keras-fit": [0.84] * 3, "graph-loop": [0.84] * 3, "tf-epoch": [0.9] * 3})
    assert items["graph-loop"].word == "trained worse"


def test_a_third_whose_answer_is_wrong_bars_nobody():
    cells = trainings({"keras-fit": [0.846] * 3, "graph-loop": [0.845] * 3}, SECONDS)
    cells += trainings({"torch-loop": [0.998] * 3}, SECONDS, verified={"error": 1.0, "tolerance": 1e-3})
    found = comparisons_of(samples.document(cells)).implementations
    assert {i.other.key.implementation: i.word for i in found} == {
        "graph-loop": "faster",
        "torch-loop": "no verdict",
    }


def test_a_slower_one_that_trains_better_does_not_make_the_base_faster():
    items = by_name({"keras-fit": [0.84] * 3, "eager-loop": [0.9] * 3})
    assert (items["eager-loop"].verdict.word, items["eager-loop"].word) == ("slower", "base trained worse")


def test_generated_data_bar_too():
    items = by_name({"keras-fit": [0.998], "graph-loop": [0.5]}, data=samples.SYNTHETIC)
    assert items["graph-loop"].word == "trained worse"


def test_an_accuracy_that_is_not_told():
    cells = trainings({"keras-fit": [0.88], "graph-loop": [0.88]}, SECONDS)
    for row in cells[-1]["extra_info"]["epochs"]:
        row["val_accuracy"] = None
    (item,) = comparisons_of(samples.document(cells)).implementations
    assert (item.word, item.barred) == ("accuracy unknown", "the accuracy of graph-loop isn't known")


def test_what_does_not_train_has_no_quality():
    items = comparisons_of(samples.document(samples.products(samples.Noise(1)))).implementations
    assert items
    assert all(item.quality is None and item.barred == "" for item in items)


def test_machines_are_compared_where_both_train_alike():
    first = document({"keras-fit": [0.88] * 3, "graph-loop": [0.88] * 3}, SECONDS)
    halves = {name: seconds / 2 for name, seconds in SECONDS.items()}
    second = document({"keras-fit": [0.88] * 3, "graph-loop": [0.6] * 3}, halves, OTHER)
    study = study_of(first, second)
    machines = compare(study, study.machines).machines
    assert {i.other.key.implementation: i.word for i in machines} == {
        "keras-fit": "faster",
        "graph-loop": "trained worse",
    }
    (mean,) = geometric_means(study, machines)
    assert [key.implementation for key in mean.keys] == ["keras-fit"]


def test_runs_of_one_trainer_of_unlike_length_are_compared_where_both_have_an_epoch():
    """After the sixth epoch both are at ``EARLIER``; at the longer one's end it would be 38 points apart."""
    short = document({"keras-fit": [EARLIER] * 3}, SECONDS, epochs=6)
    (item,) = comparisons_of(short, document({"keras-fit": [0.88] * 3}, {"keras-fit": 2.0}, OTHER)).machines
    assert (item.quality.accuracy.difference, item.quality.accuracy.word) == (0.0, "same")


def against(before, now):
    files = [[read(one, f"{name}.json")] for one, name in ((before, "before"), (now, "now"))]
    return check_against(*files)


def test_against_a_quicker_training_that_trains_worse_is_not_faster():
    before = document({"keras-fit": [0.88] * 3}, {"keras-fit": 5.0})
    now = document({"keras-fit": [0.80] * 3}, {"keras-fit": 3.0})
    outcome = against(before, now)
    (check,) = outcome.checks
    assert (check.verdict.word, check.word, check.fails) == ("faster", "trained worse", False)
    text = outcome_text(outcome)
    assert "0 faster" in text
    assert (
        "warning: training keras-fit cpu:0 matched trains to 80.0 %, before to 88.0 % (3 seeds each)" in text
    )


def test_against_a_training_that_takes_longer_fails_however_well_it_trains():
    before = document({"keras-fit": [0.80] * 3}, {"keras-fit": 3.0})
    now = document({"keras-fit": [0.88] * 3}, {"keras-fit": 5.0})
    outcome = against(before, now)
    (check,) = outcome.checks
    assert (check.word, check.fails) == ("base trained worse", True)
    text = outcome_text(outcome)
    assert "TAKES LONGER; base trained worse" in text
    assert "0 slower" in text
    assert "1 taking longer by more than" in text


def test_against_the_gate_fails_still(tmp_path, capsys):
    paths = []
    for name, value, seconds in (("before", 0.80, 3.0), ("now", 0.88, 5.0)):
        one = document({"keras-fit": [value] * 3}, {"keras-fit": seconds})
        paths.append(str(samples.write(tmp_path / f"{name}.json", one)))
    assert main([paths[1], "--against", paths[0], "--fail-if-slower", "5%"]) == 1
    assert "TAKES LONGER" in capsys.readouterr().out


def test_a_ladder_tells_seconds_and_does_not_call_worse_training_faster():
    """Its sixth change saves seconds for sure; if it spoils the training, that is said instead."""
    made = samples.quick_run(with_ladder=True)
    for one in made["benchmarks"]:
        if one["extra_info"]["axes"].get("recipe") == "ladder-06":
            one["extra_info"]["epochs"][-1]["val_accuracy"] = 0.2
    report = build_report([read(made, "a.json")])
    (table,) = (table for table in report.tables if table.name == "ladder")
    rungs = {row.entries[table.columns.index("rung")].text: row.entries for row in table.rows}
    verdicts = {number: row[table.columns.index("verdict")].text for number, row in rungs.items()}
    assert verdicts["6"] == "trained worse"
    (told,) = (finding.text for finding in report.findings if " takes over " in finding.text)
    assert "the loop itself (eager-loop instead of graph-loop)" in told


def regressions(losses, seconds=SECONDS):
    """Trainings that tell a validation loss after each epoch, and no accuracy."""
    cells = trainings({name: [0.5] * len(values) for name, values in losses.items()}, seconds)
    told = iter(value for values in losses.values() for value in values)
    for cell in cells:
        for row in cell["extra_info"]["epochs"]:
            row["accuracy"] = row["val_accuracy"] = None
            row["val_loss"] = 9.0
        cell["extra_info"]["epochs"][-1]["val_loss"] = next(told)
    return samples.document(cells)


class TestByValidationLoss:
    def test_who_reaches_the_loss_is_faster(self):
        made = regressions({"keras-fit": [0.30, 0.32, 0.31], "graph-loop": [0.31, 0.31, 0.31]})
        (item,) = comparisons_of(made).implementations
        assert (item.word, item.barred, item.sure) == ("faster", "", True)
        text = to_markdown(build_report([read(made, "a.json")]))
        assert "validation loss |" in text
        assert "0.31 (0.31 to 0.31, 3 seeds)" in text
        assert "validation accuracy |" not in text

    def test_who_misses_it_is_not(self):
        made = regressions({"keras-fit": [0.30, 0.32, 0.31], "graph-loop": [0.40, 0.42, 0.41]})
        (item,) = comparisons_of(made).implementations
        assert (item.verdict.word, item.word) == ("faster", "trained worse")
        assert item.barred == "trained to a validation loss of 0.41 against keras-fit's 0.31"
        (finding, *_) = [finding.text for finding in build_report([read(made, "a.json")]).findings]
        assert finding.startswith(
            "graph-loop trained to a validation loss of 0.41 against keras-fit's 0.31: not compared as faster"
        )

    def test_a_third_is_to_be_reached_too(self):
        losses = {"keras-fit": [0.41] * 3, "graph-loop": [0.415] * 3, "torch-loop": [0.30, 0.31, 0.32]}
        found = {i.other.key.implementation: i for i in comparisons_of(regressions(losses)).implementations}
        assert found["graph-loop"].barred == "trained to a validation loss of 0.415 against torch-loop's 0.31"

    def test_an_accuracy_beside_it_is_not_replaced(self):
        made = regressions({"keras-fit": [0.30], "graph-loop": [0.30]})
        for row in made["benchmarks"][0]["extra_info"]["epochs"]:
            row["val_accuracy"] = 0.5
        (item,) = comparisons_of(made).implementations
        assert item.word == "accuracy unknown"

    def test_of_what_was_and_is_the_loss_is_told(self):
        before = regressions({"graph-loop": [0.30, 0.31, 0.32]})
        now = regressions({"graph-loop": [0.40, 0.41, 0.42]})
        outcome = check_against([read(before, "before.json")], [read(now, "now.json")])
        (check,) = outcome.checks
        assert check.trained_worse
        assert "graph-loop cpu:0 matched trained worse, by its validation loss" in outcome_text(outcome)
