"""What a change is worth, over several orders: against brute force over all of them."""

from __future__ import annotations

from itertools import pairwise, permutations
from math import factorial

import numpy as np
import pytest
from report_hostile import read
from report_ladders import CHANGES, ladder_file, worth
from report_studies import study_of

from likeforlike.reports.judge.comparisons import compare
from likeforlike.reports.judge.ladder.effects import effects
from likeforlike.reports.sort.baselines import equal_terms, ladders_of, orders_of
from likeforlike.reports.tell.report import build_report
from likeforlike.reports.tell.sections.training import ladder as ladder_section
from likeforlike.reports.write.markdown import to_markdown


def found_in(document):
    study = study_of(document)
    (ladder,) = ladders_of(study, study.baseline)
    (orders,) = orders_of(ladder, study.of("training")).values()
    return {e.change.field: e for e in effects(orders, compare(study, study.machines).ladder)}


THERE = ("implementation", "bias", "batch_size")
BOTH = (THERE, THERE[::-1])
EVERY = tuple(permutations(THERE))


def shapley(change: str) -> float:
    """By the sum over subsets, with n = 3."""
    others = [c for c in CHANGES if c != change]
    total = 0.0
    for subset in (frozenset(s) for s in ((), others[:1], others[1:], others)):
        weight = factorial(len(subset)) * factorial(2 - len(subset)) / factorial(3)
        total += weight * (worth(subset | {change}) - worth(subset))
    return total


def test_over_all_orders_the_mean_is_the_shapley_value():
    found = found_in(ladder_file(EVERY, spread=0.0))
    middle = np.median(np.exp(np.cumsum(np.random.default_rng(1).normal(0, 0.05, 9))))
    for change, effect in found.items():
        assert effect.seconds == pytest.approx(shapley(change) * middle)
        assert len(effect.steps) == effect.orders == 6


@pytest.mark.parametrize("orders", [BOTH, EVERY, (THERE,)])
def test_the_means_add_up_to_the_whole_difference(orders):
    document = ladder_file(orders)
    found = found_in(document)
    ends = [
        next(c for c in document["benchmarks"] if c["extra_info"]["recipe"]["name"] == name)["stats"][
            "median"
        ]
        for name in (
            document["likeforlike"]["ladder"]["rungs"][0]["recipe"],
            document["likeforlike"]["ladder"]["rungs"][-1]["recipe"],
        )
    ]
    assert sum(effect.seconds for effect in found.values()) == pytest.approx(ends[1] - ends[0])


def test_the_range_over_orders_and_where_changes_interact():
    found = found_in(ladder_file(BOTH))
    bias = found["bias"]
    assert (bias.least.order, bias.most.order) == (1, 2)
    assert bias.least.seconds < -3
    assert abs(bias.most.seconds) < 0.3
    assert bias.interacts
    assert found["implementation"].interacts
    assert not found["batch_size"].interacts


def test_a_sign_is_sure_only_if_it_is_in_every_order():
    found = found_in(ladder_file(BOTH))
    assert found["batch_size"].sure
    assert found["implementation"].sure
    assert not found["bias"].sure, "in the way back it is worth nothing"
    assert found_in(ladder_file((THERE,)))["bias"].sure


def test_noise_is_no_interaction():
    def additive(done):
        return 10.0 + 5.0 * ("implementation" in done) - 2.0 * ("batch_size" in done) - 1.0 * ("bias" in done)

    for spread in (0.002, 0.05):
        found = found_in(ladder_file(EVERY, spread=spread, worth=additive))
        assert not any(effect.interacts for effect in found.values())


def test_one_launch_shows_no_interaction():
    assert not any(effect.interacts for effect in found_in(ladder_file(BOTH, launches=1)).values())


def test_steps_that_orders_share_are_judged_once():
    study = study_of(ladder_file(EVERY))
    steps = compare(study, study.machines).ladder
    assert len(steps) == len({(item.base.key, item.other.key) for item in steps}) == 12  # edges of a cube


def test_rungs_of_every_order_are_no_trainers_on_equal_terms():
    study = study_of(ladder_file(BOTH))
    assert equal_terms(study.of("training")) == []


def told(document):
    return to_markdown(build_report([read(document, "a.json")]))


def test_the_finding_names_what_is_sure_in_every_order_and_the_interaction():
    broken = told(ladder_file(BOTH, lost=("ladder-02", "ladder-04")))  # no order has all its rungs
    (finding,) = (line for line in broken.splitlines() if "What changes of the ladder add" in line)
    assert (
        "in seconds per whole epoch on cpu:0, averaged over 2 orders: graph-loop to eager-loop +" in finding
    )
    assert "batch size 32 to 64 -" not in finding
    assert "bias on to off" not in finding
    assert "graph-loop to eager-loop is worth +" in finding
    text = told(ladder_file(BOTH))
    assert "What changes of the ladder add" not in text
    (interaction,) = (line for line in text.splitlines() if line.startswith("The change bias on to off"))
    assert " s in graph-loop, but -" in interaction
    assert interaction.endswith(" s in eager-loop.")


def test_sure_changes_are_told_where_the_whole_difference_can_not_be_taken_apart(monkeypatch):
    """Rungs of whole epochs may be sure where a step of the training alone is not."""
    monkeypatch.setattr(ladder_section, "sentence", lambda parts, where: "")
    text = told(ladder_file((THERE,)))
    (finding,) = (line for line in text.splitlines() if "One change at a time on cpu:0" in line)
    rows = [line.split("|") for line in text.splitlines() if line.startswith("| graph-loop to eager-loop")]
    ratio = next(cell.strip() for cell in rows[0] if cell.strip().startswith("×"))
    assert (
        f", in one order, a whole epoch takes {ratio} of the time by graph-loop to eager-loop, ×" in finding
    )
    assert finding.endswith(
        "; how the whole difference between the ends divides among the changes can't be told."
    )
    (both,) = (line for line in told(ladder_file(BOTH)).splitlines() if "One change at a time on" in line)
    assert ", in each of 2 orders, a whole epoch takes ×" in both
    assert " and ×" in both


def test_the_effects_are_a_table_and_a_plot_and_every_order_is_shown():
    text = told(ladder_file(BOTH))
    assert "The same changes were made in 2 orders" in text
    rows = [[part.strip() for part in line.split("|")] for line in text.splitlines()]
    (row,) = (row for row in rows if row[1:2] == ["batch size 32 to 64"] and "2 of 2" in row)
    assert "faster in every order" in row
    assert "Order 2 on cpu:0: the way back" in text
    assert "plots/effects.png" in text
    assert "plots/ladder.png" in text


def test_an_order_that_lacks_a_rung_is_told():
    """With the middle rung of the way back refused, its changes have the other order alone."""
    document = ladder_file(BOTH, lost=("ladder-04",))
    reason = "graph-loop refuses bias=False: it has no other"
    document["likeforlike"]["unmeasured"] = [
        {
            "cell": "x",
            "outcome": "skipped",
            "reason": reason,
            "workload": "training",
            "implementation": "graph-loop",
            "device": "cpu:0",
            "axes": {"recipe": "ladder-04", "run": 0},
        }
    ]
    found = found_in(document)
    assert [len(found[name].steps) for name in ("batch_size", "bias", "implementation")] == [1, 1, 2]
    assert not found["batch_size"].sure
    text = told(document)
    assert f"graph-loop under ladder-04 has no figure ({reason}): the changes" in text
    assert "missing in order 2." in text


def test_an_older_ladder_has_one_order():
    document = ladder_file((THERE,))
    del document["likeforlike"]["ladder"]["other_orders"]
    text = told(document)
    assert "The changes were made in one order" in text
    assert " takes over eager-loop on cpu:0, the changes made in one order, are the sum of " in text
    assert "What each change is worth" not in text
    for before, after in pairwise(document["likeforlike"]["ladder"]["rungs"]):
        assert f"ladder-{after['rung']:02d}" == after["recipe"] != before["recipe"]
