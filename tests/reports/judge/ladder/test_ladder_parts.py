"""Of what the difference between a ladder's ends is made: against the seconds that the files were made of."""

from __future__ import annotations

import numpy as np
import pytest
from report_hostile import read
from report_ladders import ladder_file
from report_studies import study_of

from likeforlike.reports.judge.ladder.parts import parts_of
from likeforlike.reports.read.result_file import ResultFile
from likeforlike.reports.sort.baselines import ladders_of, orders_of
from likeforlike.reports.tell.report import build_report
from likeforlike.reports.write.markdown import to_markdown

CHANGES = {
    "implementation": ("keras-fit", "graph-loop"),
    "feeding": ("arrays", "tf.data"),
    "logs_read": ("in-background", "each-epoch"),
}
THERE = ("feeding", "logs_read", "implementation")
BOTH = (THERE, THERE[::-1])
STEPS = 938
"""60,000 images in batches of 64."""


def additive(done):
    """Seconds of an epoch."""
    return 4.7 + 0.4 * ("feeding" in done) - 1.5 * ("logs_read" in done) - 1.2 * ("implementation" in done)


def entangled(done):
    """What the loop is worth depends on how it is fed."""
    return additive(done) - 0.6 * ({"feeding", "implementation"} <= done)


def ladder(orders=BOTH, worth=additive, changes=CHANGES, **how):
    return ladder_file(orders, worth=worth, changes=changes, **how)


def parts_in(*documents):
    study = study_of(*documents)
    (climbed,) = ladders_of(study, study.baseline)
    (orders,) = orders_of(climbed, study.of("training")).values()
    return parts_of(orders)


def by_field(parts):
    return {part.change.field: part for part in parts.parts}


def finding(document):
    return [
        found.text
        for found in build_report([read(document, "a.json")]).findings
        if "takes over" in found.text or "explains" in found.text or "the changes" in found.text
    ]


def first_seconds(document):
    """Median over launches of the medians over rounds of the first rung."""
    samples = np.array([e["train_seconds"] for e in document["benchmarks"][0]["extra_info"]["epochs"][1:]])
    return float(np.median(np.median(samples.reshape(3, 3), axis=1)))


def test_parts_are_what_the_rungs_were_made_of_in_seconds_a_step():
    document = ladder(spread=0.0)
    parts, scale = parts_in(document), first_seconds(document) / 4.7 / STEPS
    found = by_field(parts)
    assert parts.per_step
    assert (parts.slow.implementation, parts.fast.implementation) == ("keras-fit", "graph-loop")
    assert parts.whole.seconds == pytest.approx(2.3 * scale)
    assert found["logs_read"].amount.seconds == pytest.approx(1.5 * scale)
    assert found["implementation"].amount.seconds == pytest.approx(1.2 * scale)
    assert found["feeding"].amount.seconds == pytest.approx(-0.4 * scale), "the slow end is fed faster"
    assert (parts.launches, parts.orders) == (3, 2)


@pytest.mark.parametrize("worth", [additive, entangled])
@pytest.mark.parametrize("orders", [(THERE,), BOTH])
def test_parts_add_up_to_the_whole_whatever_the_noise(worth, orders):
    parts = parts_in(ladder(orders, worth, spread=0.05))
    assert sum(p.amount.seconds for p in parts.parts) == pytest.approx(parts.whole.seconds)
    told = sum(p.amount.seconds for p in parts.told) + (parts.rest.seconds if parts.rest else 0.0)
    assert told == pytest.approx(parts.whole.seconds)


def in_pairs(document, later=()):
    """Rungs that took turns with the first alone: no round is common to two; ``later``: cells of which a launch
    was taken up again."""
    for n, cell in enumerate(document["benchmarks"]):
        told = cell["extra_info"]
        last = max(told["launch_numbers"])
        moved = [10**8 * (n in later and launch == last) for launch in told["launch_numbers"]]
        rows = zip(told["round_numbers"], moved, strict=True)
        told["round_numbers"] = [number + 10_000 * n + more for number, more in rows]
    return document


def test_rungs_that_went_in_pairs_have_launches_in_common():
    document = ladder(spread=0.0)
    together, apart = parts_in(document), parts_in(in_pairs(document))
    assert (apart.launches, apart.orders, apart.per_step) == (3, 2, True)
    assert (together.in_pairs, apart.in_pairs) == (False, True)
    text = to_markdown(build_report([read(document, "a.json")]))
    assert (
        "Rungs took turns with the first alone, so that they have launches in common and no rounds;" in text
    )
    for part, other in zip(together.parts, apart.parts, strict=True):
        assert other.amount.seconds == pytest.approx(part.amount.seconds)


def test_a_launch_that_was_taken_up_again_for_some_rungs_is_not_in_common():
    document = ladder((THERE,), spread=0.0)
    assert parts_in(in_pairs(document, later=(1,))).launches == 2
    assert parts_in(in_pairs(ladder((THERE,), spread=0.0), later=range(9))).launches == 3


def test_what_is_worth_more_in_one_order_is_averaged():
    document = ladder(worth=entangled, spread=0.0)
    scale = first_seconds(document) / 4.7 / STEPS
    found = by_field(parts_in(document))
    assert found["implementation"].amount.seconds == pytest.approx((1.8 + 1.2) / 2 * scale)
    assert found["feeding"].amount.seconds == pytest.approx((-0.4 + 0.2) / 2 * scale)


def test_intervals_hold_what_is_true_as_often_as_they_say():
    held = []
    for seed in range(40):
        document = ladder((THERE,), spread=0.02, seed=seed)
        scale = first_seconds(document) / 4.7 / STEPS
        for part, truth in zip(parts_in(document).parts, (-0.4, 1.5, 1.2), strict=True):
            # the first rung's own median is the unit, not part of what is estimated
            held.append(part.amount.low <= truth * scale <= part.amount.high)
    assert np.mean(held) > 0.9


def test_one_rung_that_was_held_up_in_a_launch_spoils_no_change_but_its_own():
    document = ladder((THERE,), spread=0.002)
    plain = by_field(parts_in(document))
    for epoch in document["benchmarks"][0]["extra_info"]["epochs"][1:4]:
        epoch["train_seconds"] *= 3
    held_up = by_field(parts_in(document))
    assert not held_up["feeding"].sure, "it begins at that rung"
    for field in ("logs_read", "implementation"):
        assert held_up[field].sure
        assert held_up[field].amount.seconds == pytest.approx(plain[field].amount.seconds, rel=0.01)


def test_disturbed_rounds_are_left_out_where_quiet_ones_leave_two_launches():
    def disturbed(*rounds):
        document = ladder((THERE,), spread=0.002)
        cell = document["benchmarks"][1]["extra_info"]
        cell["disturbed"] = [{"round": number, "reason": "others ran"} for number in rounds]
        for number in rounds:
            cell["epochs"][1 + number]["train_seconds"] *= 1.5
        return parts_in(document)

    plain = by_field(parts_in(ladder((THERE,), spread=0.002)))["feeding"].amount.seconds
    few = disturbed(0, 3)
    assert few.launches == 3
    assert by_field(few)["feeding"].amount.seconds == pytest.approx(plain, rel=0.02)
    assert disturbed(*range(3)).launches == 2, "the first launch has no quiet round"
    assert disturbed(*range(6)).launches == 3, "one quiet launch says nothing: all rounds count"


def test_a_change_worth_nothing_is_never_called_something():
    def idle(done):
        return 4.7 - 2.0 * ("implementation" in done)

    parts = parts_in(ladder(worth=idle, spread=0.01))
    assert [part.change.field for part in parts.told] == ["implementation"]
    assert sorted(part.change.field for part in parts.untold) == ["feeding", "logs_read"]
    assert parts.rest.low < 0 < parts.rest.high


def test_ends_alike_are_no_difference_to_take_apart():
    document = ladder(worth=lambda done: 4.7, spread=0.01)
    assert not parts_in(document).sure
    assert finding(document) == []


def test_one_launch_takes_nothing_apart():
    assert parts_in(ladder(launches=1)) is None


def test_an_order_that_lacks_a_rung_is_left_out_and_without_any_there_is_nothing():
    parts = parts_in(ladder(lost=("ladder-04",)))
    assert parts.orders == 1
    assert sum(p.amount.seconds for p in parts.parts) == pytest.approx(parts.whole.seconds)
    assert parts_in(ladder(lost=("ladder-01", "ladder-04"))) is None


def test_what_is_not_proven_is_not_taken_apart():
    document = ladder()
    document["benchmarks"][1]["extra_info"]["verified"] = {"error": 1.0, "tolerance": 0.001}
    assert parts_in(document).orders == 1
    document["benchmarks"][0]["extra_info"]["unproven"] = "nobody knows"
    assert parts_in(document) is None


@pytest.mark.parametrize(("field", "pair"), [("logging", ("none", "scalars")), ("batch_size", (32, 64))])
def test_a_ladder_whose_steps_are_not_the_same_is_told_by_epochs(field, pair):
    changes = {"implementation": ("keras-fit", "graph-loop"), field: pair}
    orders = ((field, "implementation"),)
    parts = parts_in(ladder(orders, lambda done: 5.0 - len(done), changes, spread=0.0))
    assert not parts.per_step
    assert parts.whole.seconds == pytest.approx(2.0 * first_seconds(ladder(spread=0.0)) / 4.7)


def test_evaluation_is_no_part_of_a_step():
    document = ladder(spread=0.0)
    plain = parts_in(document).whole.seconds
    for number, cell in enumerate(document["benchmarks"]):
        for epoch in cell["extra_info"]["epochs"]:
            epoch["evaluation_seconds"] = 3.0 + number
    assert parts_in(document).whole.seconds == pytest.approx(plain)


def test_a_change_that_only_whole_epochs_show_is_told_where_no_part_of_the_training_is_sure():
    """The training's whole difference is sure and no part of it; the first change saves the evaluation's."""
    made = ladder((THERE,), lambda done: 10.0 - 0.1 * len(done), spread=0.01, launches=9, rounds=9, seed=3)
    for number, cell in enumerate(made["benchmarks"]):
        for epoch in cell["extra_info"]["epochs"]:
            epoch["evaluation_seconds"] = 5.0 if number == 0 else 1.0
    text = to_markdown(build_report([read(made, "a.json")]))
    findings, rest = text.split("## Findings")[1].split("## ", 1)
    assert "no change's share can be told from nothing" in rest
    assert "no change's share can be told from nothing" not in findings
    assert "One change at a time on cpu:0, in one order, a whole epoch takes ×0.7" in findings


def test_figures_are_of_one_file_alone():
    """A second file, of a slower hour, is not averaged in; the one with more launches is taken."""
    longer = ladder(spread=0.0)
    slower = ladder(spread=0.0, launches=2, worth=lambda done: 3.0 * additive(done))
    slower["likeforlike"]["run_id"] = "other"
    both, alone = parts_in(longer, slower), parts_in(longer)
    assert both.launches == 3
    assert both.whole.seconds == pytest.approx(alone.whole.seconds)


def test_the_sentence():
    (told,) = finding(ladder(spread=0.001))
    assert told.startswith("The 2."), told
    assert " ms (" in told
    assert (
        " a step that keras-fit takes over graph-loop on cpu:0, the changes averaged over 2 orders, " in told
    )
    assert "logs read each step in the background instead of once an epoch" in told
    assert "the loop itself (keras-fit instead of graph-loop)" in told
    assert "and -0." in told, "what the fast end loses is told as such"
    (plain,) = finding(ladder(((*THERE[1:],),), changes={n: CHANGES[n] for n in THERE[1:]}, spread=0.001))
    assert plain.startswith("Of the 3."), plain
    assert ") are logs read each step in the background instead of once an epoch and 1." in plain


def test_the_sentence_names_what_can_t_be_told_from_nothing():
    def idle(done):
        return 4.7 - 2.0 * ("implementation" in done)

    (told,) = finding(ladder(worth=idle, spread=0.01))
    assert "can't be told from nothing: feeding by Keras's dataset of arrays instead of tf.data, logs" in told


def test_what_one_change_costs_and_another_saves_is_told_though_the_ends_are_alike():
    def cancelling(done):
        return 4.7 - 2.0 * ("implementation" in done) + 2.0 * ("logs_read" in done)

    document = ladder((THERE,), worth=cancelling, spread=0.002)
    assert not parts_in(document).sure
    (told,) = finding(document)
    assert told.startswith(("From keras-fit to graph-loop on cpu:0", "From graph-loop to keras-fit on cpu:0"))
    assert ", a step, the changes made in one order: " in told
    assert "can't be told from nothing." in told
    assert "feeding" not in told


def test_interactions_are_told_behind_it():
    (told,) = finding(ladder(worth=entangled, spread=0.001))
    assert "In seconds of a whole epoch, the change " in told
    assert " is worth " in told


def test_the_table_holds_every_part_and_the_whole():
    report = build_report([read(ladder(spread=0.001), "a.json")])
    (table,) = (table for table in report.tables if table.name == "parts")
    assert table.columns[1] == "ms a step"
    *rows, whole = [row.entries for row in table.rows]
    assert sum(row[1].value for row in rows) == pytest.approx(whole[1].value)
    assert sum(row[3].value for row in rows) == pytest.approx(1.0)


def test_a_crowded_machine_makes_nothing_sure():
    document = ladder()
    for cell in document["benchmarks"]:
        cell["extra_info"]["state"] = {"disturbances": ["other processes took 60 % of the processors"]}
    parts = parts_in(document)
    assert not parts.sure
    assert not parts.told
    assert finding(document) == []
    assert isinstance(read(document, "a.json"), ResultFile)


def test_epochs_that_may_have_been_left_out_make_nothing_sure():
    document = ladder()
    assert parts_in(document).sure
    document["benchmarks"][0]["extra_info"]["timed_calls"] = "not proven: the trainer tells no steps"
    parts = parts_in(document)
    assert not parts.sure
    assert not parts.told


def of_network(name, **how):
    """The cells of a ladder as climbed with a network of that name."""
    document = ladder(**how)
    for cell in document["benchmarks"]:
        extra = cell["extra_info"]
        extra["workload"] = name
        for field in ("cell", "group"):
            extra[field] = str(extra[field]).replace("training", name)
        cell["name"] = cell["fullname"] = f"cell[{extra['cell']}]"
    return document


def of_two_networks():
    """On the convnet every change is worth twice as much."""
    document = ladder(spread=0.001)
    twice = of_network("convnet", worth=lambda done: 2.0 * additive(done), spread=0.001)
    document["benchmarks"] += twice["benchmarks"]
    document["likeforlike"]["workloads"] = {
        name: {"name": name, "kind": "task", "summary": name, "axes": []} for name in ("training", "convnet")
    }
    return document


def test_each_network_has_its_own_parts():
    study = study_of(of_two_networks())
    (climbed,) = ladders_of(study, study.baseline)
    found = orders_of(climbed, study.measurements)
    assert set(found) == {("training", "cpu:0"), ("convnet", "cpu:0")}
    whole = {network: parts_of(orders).whole.seconds for (network, _), orders in found.items()}
    assert whole["convnet"] == pytest.approx(2.0 * whole["training"], rel=0.05)


def test_each_network_has_its_sentence_and_its_tables():
    document = of_two_networks()
    told = finding(document)
    assert sum("on cpu:0 with training, the changes averaged" in text for text in told) == 1
    assert sum("on cpu:0 with convnet, the changes averaged" in text for text in told) == 1
    report = build_report([read(document, "a.json")])
    captions = [table.caption for table in report.tables]
    for name in ("training", "convnet"):
        assert f"Where the difference goes on cpu:0 with {name}" in captions
        assert f"The ladder on cpu:0 with {name}" in captions
    assert len({table.name for table in report.tables}) == len(report.tables)
    assert "with training" not in finding(ladder(spread=0.001))[0]


def test_a_rung_that_one_network_lacks_is_missing_there_alone():
    document = of_two_networks()
    kept = [
        cell
        for cell in document["benchmarks"]
        if not (
            cell["extra_info"]["workload"] == "convnet"
            and cell["extra_info"]["axes"]["recipe"] == "ladder-01"
        )
    ]
    (gone,) = [cell for cell in document["benchmarks"] if cell not in kept]
    extra = gone["extra_info"]
    lost = {
        "cell": extra["cell"],
        "outcome": "failed",
        "reason": "out of memory",
        "workload": "convnet",
        "implementation": extra["implementation"],
        "device": "cpu:0",
        "axes": extra["axes"],
    }
    document["benchmarks"] = kept
    document["likeforlike"]["unmeasured"] = [lost]
    text = to_markdown(build_report([read(document, "a.json")]))
    assert text.count("under ladder-01 has no figure (out of memory)") == 1
