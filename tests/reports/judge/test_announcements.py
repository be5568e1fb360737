"""What accuracies allow to be said of given pairs of trainers, and who misses what others reach."""

from __future__ import annotations

import numpy as np
import pytest
import report_samples as samples
from report_studies import study_of
from report_trainings import trainings

from likeforlike.reports.judge.quality import qualities

SECONDS = dict.fromkeys(("keras-fit", "graph-loop", "torch-loop", "jax-scan"), 1.0)
GOOD, FAIR, POOR = [0.90] * 3, [0.85] * 3, [0.80] * 3


def trained(*more, epochs=4, **accuracies):
    """Measurements of these trainers by name, each with its accuracies seed by seed."""
    told = {name.replace("_", "-"): values for name, values in accuracies.items()}
    cells = trainings(told, SECONDS, epochs=epochs)
    study = study_of(samples.document([*cells, *more]))
    return {item.key.implementation: item for item in study.measurements}


def spoken(quality):
    return quality.spoken("faster"), quality.spoken("slower")


def reasons(quality):
    return quality.barred("faster"), quality.barred("slower")


def test_of_two_the_one_that_trains_worse_is_not_called_faster():
    items = trained(keras_fit=GOOD, graph_loop=POOR)
    worse, better = qualities(
        [
            (items["keras-fit"], items["graph-loop"]),
            (items["graph-loop"], items["keras-fit"]),
        ]
    )
    assert spoken(worse) == ("trained worse", "slower")
    assert reasons(worse)[0] == "trained to 80.0 % against keras-fit's 90.0 % (3 seeds each: lower)"
    assert spoken(better) == ("faster", "base trained worse")
    assert reasons(better)[1] == "trained to 80.0 % against keras-fit's 90.0 % (3 seeds each: lower)"
    assert worse.accuracy.difference == pytest.approx(-0.1)


def test_only_two_that_train_have_a_quality():
    product = samples.cell("matmul", "numpy", "cpu:0", {"size": 9}, [0.01] * 4)
    items = trained(product, keras_fit=GOOD, graph_loop=POOR)
    pairs = [
        (items["keras-fit"], items["numpy"]),
        (items["numpy"], items["keras-fit"]),
        (items["keras-fit"], items["graph-loop"]),
    ]
    found = qualities(pairs)
    assert found[:2] == [None, None]
    assert found[2].accuracy.word == "lower"


class TestUnknown:
    @staticmethod
    def silent(name, epochs=4):
        (made,) = trainings({name: [0.9]}, SECONDS, epochs=epochs)
        for row in made["extra_info"]["epochs"]:
            row["val_accuracy"] = None
        return made

    @pytest.mark.parametrize("turned", [False, True])
    def test_who_tells_no_accuracy(self, turned):
        items = trained(self.silent("graph-loop"), keras_fit=GOOD)
        pair = items["keras-fit"], items["graph-loop"]
        (quality,) = qualities([pair[::-1] if turned else pair])
        assert quality.accuracy is None
        assert spoken(quality) == ("accuracy unknown", "accuracy unknown")
        assert reasons(quality) == ("the accuracy of graph-loop isn't known",) * 2
        assert not quality.other_faster.allowed
        assert not quality.base_faster.allowed

    @pytest.mark.parametrize("turned", [False, True])
    def test_who_tells_none_of_the_last_epoch_that_both_have(self, turned):
        """One tells its fourth epoch alone, at which the other of three had ended."""
        longer, shorter = (
            trainings({name: [0.9]}, SECONDS, epochs=epochs)[0]
            for name, epochs in (("keras-fit", 4), ("graph-loop", 3))
        )
        for row in longer["extra_info"]["epochs"][:-1]:
            row["val_accuracy"] = None
        study = [study_of(samples.document([one])) for one in (longer, shorter)]
        pair = tuple(one.measurements[0] for one in study)
        (quality,) = qualities([pair[::-1] if turned else pair])
        assert reasons(quality) == ("the accuracy of keras-fit isn't known",) * 2


class TestCompeting:
    def test_who_misses_what_a_third_reaches_is_not_called_faster_than_his_like(self):
        items = trained(keras_fit=POOR, graph_loop=POOR, torch_loop=FAIR, jax_scan=GOOD)
        pair = items["keras-fit"], items["graph-loop"]
        assert [spoken(one) for one in qualities([pair])] == [("faster", "slower")]
        (quality,) = qualities([pair], items.values())
        assert spoken(quality) == ("trained worse", "base trained worse")
        best = "trained to 80.0 % against jax-scan's 90.0 % (3 seeds each: lower)"
        assert reasons(quality) == (best, best)

    def test_what_bars_the_two_themselves_comes_first(self):
        items = trained(keras_fit=FAIR, graph_loop=POOR, jax_scan=GOOD)
        (quality,) = qualities([(items["keras-fit"], items["graph-loop"])], items.values())
        assert spoken(quality) == ("trained worse", "base trained worse")
        assert reasons(quality)[0] == "trained to 80.0 % against keras-fit's 85.0 % (3 seeds each: lower)"
        assert reasons(quality)[1] == "trained to 85.0 % against jax-scan's 90.0 % (3 seeds each: lower)"

    def test_who_misses_nothing_may_be_called_faster(self):
        items = trained(keras_fit=POOR, graph_loop=GOOD, torch_loop=GOOD)
        (quality,) = qualities([(items["keras-fit"], items["graph-loop"])], items.values())
        assert spoken(quality) == ("faster", "base trained worse")

    def test_whose_answer_is_wrong_bars_nobody(self):
        wrong = trainings({"jax-scan": GOOD}, SECONDS, epochs=4, verified={"error": 1.0, "tolerance": 1e-3})
        items = trained(*wrong, keras_fit=POOR, graph_loop=POOR)
        (quality,) = qualities([(items["keras-fit"], items["graph-loop"])], items.values())
        assert spoken(quality) == ("faster", "slower")

    def test_nor_does_who_tells_no_accuracy(self):
        items = trained(TestUnknown.silent("jax-scan"), keras_fit=POOR, graph_loop=POOR)
        (quality,) = qualities([(items["keras-fit"], items["graph-loop"])], items.values())
        assert spoken(quality) == ("faster", "slower")

    def test_nor_a_floor_or_what_does_not_train(self):
        floor = samples.training("floor", samples.RECIPE, 0, samples.Noise(1), 1.0, 4)
        items = trained(floor, keras_fit=POOR, graph_loop=POOR)
        (quality,) = qualities([(items["keras-fit"], items["graph-loop"])], items.values())
        assert spoken(quality) == ("faster", "slower")

    def test_nor_one_at_another_place(self):
        other = trainings({"jax-scan": GOOD}, SECONDS, epochs=4, device="gpu:0")
        items = trained(*other, keras_fit=POOR, graph_loop=POOR)
        (quality,) = qualities([(items["keras-fit"], items["graph-loop"])], items.values())
        assert spoken(quality) == ("faster", "slower")


def test_how_far_seeds_move_accuracies_is_that_of_all_who_train_there():
    """Of two trainers no more is known than the geometric mean of their variances, corrected for its bias.

    Of variances s² with d degrees of freedom log s² is too small by log(d / 2) - ψ(d / 2), here γ.
    """
    values = {
        "keras_fit": [0.88, 0.90, 0.89],
        "graph_loop": [0.88, 0.92, 0.90],
        "torch_loop": [0.85, 0.8502, 0.8501],
    }
    items = trained(**{name: values[name] for name in ("keras_fit", "graph_loop")})
    pair = items["keras-fit"], items["graph-loop"]
    expected = np.exp(
        np.mean([np.log(np.var(v, ddof=1)) for v in list(values.values())[:2]]) + np.euler_gamma
    )
    (quality,) = qualities([pair])
    assert quality.scatter.alone.variance == pytest.approx(expected)
    three = trained(**values)
    quiet = qualities([(three["keras-fit"], three["graph-loop"])], three.values())[0].scatter
    assert quiet.alone.variance < quality.scatter.alone.variance
    assert quiet.paired is not None
    assert quality.scatter.paired is None
