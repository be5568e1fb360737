"""What is said of accuracies and of the time to reach one."""

from __future__ import annotations

import pytest
import report_samples as samples
from report_hostile import read
from report_studies import study_of
from report_trainings import document, trainings

from likeforlike.reports.judge.comparisons import compare
from likeforlike.reports.sort.epochs import whole_epochs
from likeforlike.reports.tell.report import build_report
from likeforlike.reports.tell.wording.accuracy_text import (
    accuracies_text,
    accuracy_over_seeds,
    time_column,
    time_to_accuracy_entry,
)

SECONDS = {"keras-fit": 5.0, "graph-loop": 3.0, "eager-loop": 20.0}
NAMES = ("Keras", "loop")


def only(base, other, **more):
    study = study_of(document({"keras-fit": base, "graph-loop": other}, SECONDS, **more))
    (item,) = compare(study, study.machines).implementations
    return item


@pytest.mark.parametrize(
    ("base", "other", "told"),
    [
        ([0.88], [0.882], "Keras 88.0 % and loop 88.2 %, one seed each: no conclusion on accuracy"),
        (
            [0.88],
            [0.98],
            "Keras 88.0 % and loop 98.0 %, one seed each: 10.00 points apart, more than chance explains, but "
            "no seed repeats it",
        ),
        (  # by hand: of 0.879, 0.880, 0.881 the error is 0.001 / √3, Student's factor 4.303
            [0.879, 0.880, 0.881],
            [0.879, 0.880, 0.881],
            "Keras 88.00 % (87.75 to 88.25) and loop 88.00 % (87.75 to 88.25), 3 seeds each: the same within "
            "0.5 points",
        ),
        (  # pairs differ by 0.020, 0.019, 0.021
            [0.879, 0.880, 0.881],
            [0.899, 0.899, 0.902],
            "Keras 88.0 % (87.8 to 88.2) and loop 90.0 % (89.6 to 90.4), 3 seeds each: loop's is higher by "
            "2.00 (1.75 to 2.25) points",
        ),
        (  # differences scatter by 0.01: with 18 seeds 2.110 · 0.01 / √18 is below 0.005, with 17 it isn't
            [0.87, 0.88, 0.89],
            [0.88, 0.88, 0.88],
            "Keras 88.00 % (85.52 to 90.48) and loop 88.00 % (87.99 to 88.01), 3 seeds each: unclear whether "
            "they differ (15 more seeds each)",
        ),
    ],
)
def test_accuracies_and_the_verdict_on_them(base, other, told):
    assert accuracies_text(only(base, other), NAMES) == f"; validation accuracy {told}"


def test_of_generated_data_nothing_is_said():
    assert accuracies_text(only([0.88], [0.88], data=samples.SYNTHETIC), NAMES) == ""


def test_unequal_numbers_of_seeds_are_told():
    cells = trainings({"keras-fit": [0.88]}, SECONDS) + trainings({"graph-loop": [0.88] * 3}, SECONDS)
    study = study_of(samples.document(cells))
    (item,) = compare(study, study.machines).implementations
    assert "one seed against 3: no conclusion on accuracy" in accuracies_text(item, NAMES)


@pytest.mark.parametrize(
    ("base", "other", "told"),
    [
        ([0.88], [0.882], "88.20 % (1 seed): no conclusion"),
        ([0.88], [0.84], "84.00 % (1 seed): far lower"),
        ([0.879, 0.880, 0.881], [0.899, 0.899, 0.902], "90.00 % (89.57 to 90.43, 3 seeds): higher"),
        (
            [0.87, 0.88, 0.89],
            [0.88, 0.88, 0.88],
            "88.00 % (87.99 to 88.01, 3 seeds): unclear (15 more seeds each)",
        ),
    ],
)
def test_an_accuracy_in_a_table(base, other, told):
    item = only(base, other)
    assert accuracy_over_seeds(item.other, item).text == told


def arriving(*courses):
    """Runs of two-second epochs, one second of them evaluation, with these accuracies."""
    cells = trainings({"keras-fit": [0.5] * len(courses)}, SECONDS, epochs=len(courses[0]))
    for cell, course in zip(cells, courses, strict=True):
        for row, accuracy in zip(cell["extra_info"]["epochs"], course, strict=True):
            row |= {"train_seconds": 1.0, "evaluation_seconds": 1.0, "val_accuracy": accuracy}
    (item,) = study_of(samples.document(cells)).measurements
    return item


def at(epoch, of=7):
    """A course of accuracies that arrives in an epoch; 0 for never."""
    return tuple(0.9 if epoch and number >= epoch else 0.5 for number in range(1, of + 1))


@pytest.mark.parametrize(
    ("epochs", "told"),
    [
        ((3,), "88 %: 3.00 s (1 run)"),
        ((0,), "88 %: never reached"),
        ((3, 4, 6), "88 %: 4.00 s (range 3.00 to 6.00, 3 runs)"),
        ((3, 4, 0), "88 %: 4.00 s (from 3.00 s on, not reached by 1 of 3 runs)"),
        ((3, 0, 0), "88 %: not reached by 2 of 3 runs, quickest 3.00 s"),
        ((0, 0, 0), "88 %: never reached in 3 runs"),
        # of eight the second and the seventh bound the median with 93 % only, the first and the last with 99 %
        ((1, 2, 3, 4, 4, 5, 6, 7), "88 %: 4.00 s (1.00 to 7.00, 8 runs)"),
    ],
)
def test_time_to_accuracy_counts_the_runs_that_never_arrive(epochs, told):
    assert time_to_accuracy_entry(arriving(*map(at, epochs))).text == told


def test_left_out_they_would_make_it_look_fast():
    """The median of the two that arrive is 2.5 s; of all five the third arrival, which is none."""
    entry = time_to_accuracy_entry(arriving(at(2), at(3), at(0), at(0), at(0)))
    assert (entry.text, entry.value) == ("88 %: not reached by 3 of 5 runs, quickest 2.00 s", None)


def test_its_basis_is_named():
    alone = arriving(at(3))
    assert time_to_accuracy_entry(whole_epochs(alone)).text == "88 %: 6.00 s (1 run)"
    assert time_column([alone]) == "time to accuracy (training alone)"
    assert time_column([whole_epochs(alone)]) == "time to accuracy (whole epochs)"
    assert time_column([alone, whole_epochs(alone)]) == "time to accuracy (as the seconds per epoch)"


def findings(*accuracies, **more):
    told = document(dict(zip(SECONDS, accuracies, strict=False)), SECONDS, **more)
    return [finding.text for finding in build_report([read(told, "a.json")]).findings]


def test_a_finding_on_who_is_not_faster():
    told = findings([0.998], [0.846])
    assert told[0].startswith(
        "graph-loop trains to 84.6 %, keras-fit to 99.8 %: not compared as faster (matched on cpu:0, one seed "
        "each), though graph-loop takes ×0.6"
    )
    assert not any("is faster" in text for text in told)


def test_a_finding_on_who_trains_better_and_slower():
    told = findings([0.846] * 3, [0.846] * 3, [0.998] * 3)
    assert told[0].startswith("keras-fit trains to 84.60 % (84.59 to 84.61), eager-loop to 99.80 %")
    assert "though eager-loop takes ×4.0" in told[0]
    assert told[0].endswith("So with 1 more comparison in that table.")


def test_findings_on_the_published_pair():
    more = {"noise": samples.Noise(2), "group": "g", "launch_numbers": [0, 0, 0, 1, 1, 1, 2, 2, 2]}

    def pair(keras, manual):
        cells = trainings({"keras-fit": keras}, {"keras-fit": 9.0}, samples.KERAS_2020, **more)
        cells += trainings({"eager-loop": manual}, SECONDS, samples.MANUAL_2020, **more)
        report = build_report([read(samples.document(cells), "a.json")])
        return report.findings[0].text, next(b.text for b in report.sections[0].blocks if hasattr(b, "text"))

    finding, text = pair([0.88], [0.998])
    assert finding.startswith(
        "Keras trains to 88.0 %, the hand-written trainer to 99.8 %: not compared as faster"
    )
    assert (
        ": no verdict, since keras-fit trained to 88.0 % against eager-loop's 99.8 % (one seed each)." in text
    )
    finding, text = pair([0.88], [0.88])
    assert "is slower than Keras under its own" in finding
    assert "one seed each: no conclusion on accuracy. Their recipes differ" in finding
    assert ": slower; validation accuracy Keras" in text
