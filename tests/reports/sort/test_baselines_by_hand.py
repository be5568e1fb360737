"""What each is compared with: machines, trainers, pairs, rungs, sides and workers, one by one."""

from __future__ import annotations

import re

import pytest
from report_by_hand import cell, epoch, file, head, machine, measured, plain, plain_file, training

from likeforlike.reports.read.schema.cells import CallTimes, Verified
from likeforlike.reports.read.schema.runs import Ladder, Rung, Side
from likeforlike.reports.sort.baselines import (
    base_machine,
    base_of,
    detailed_machines,
    equal_terms,
    ladders_of,
    orders_of,
    published_pair,
    scaled_from,
    sets_with_common_cells,
    side_pairs,
    whole_pair,
)
from likeforlike.reports.sort.measured.measurements import Run
from likeforlike.reports.sort.measured.study import Study

XEON, EPYC = machine("1a", "Xeon box"), machine("2b", "EPYC box")
PUBLISHED = {"published": {"figure": 1}}
WRONG = {"verified": Verified(error=1.0, tolerance=0.5)}


def of(one, **fields):
    """A cell measured alone in a file with these fields."""
    return measured(Run(file(one, **fields), one))


def study(*measurements, machines=(XEON,), baseline=XEON, files=()):
    return Study(tuple(files), measurements, tuple(machines), {}, baseline)


class TestMachines:
    FILES = (file(of=XEON, name="first.json"), file(of=EPYC, name="second.json"))
    SORT = plain_file(plain("test_sort"), name="third.json", of=EPYC)

    @staticmethod
    def chosen(wanted, files=FILES, machines=(XEON, EPYC), ids=None):
        titles = {one.id: one.label for one in machines}
        return base_machine(tuple(machines), titles, list(files), wanted, ids)

    def test_without_a_name_the_first_that_is_unpublished(self):
        published = [file(of=one, header=head(**PUBLISHED)) for one in (XEON, EPYC)]
        assert self.chosen(None) is XEON
        assert self.chosen(None, [published[0], self.FILES[1]]) is EPYC
        assert self.chosen(None, [published[0], file(of=EPYC, header=None)]) is EPYC
        assert self.chosen(None, published) is XEON

    @pytest.mark.parametrize(
        ("wanted", "ids", "found"),
        [
            ("epyc", None, EPYC),
            ("2B", {"2b": "2b"}, EPYC),
            ("OLD", {"older": "2b", "1a": "1a"}, EPYC),
            ("1", None, XEON),
            ("SECOND", {}, EPYC),
        ],
    )
    def test_by_its_title_its_id_the_id_in_a_file_or_a_file_s_name(self, wanted, ids, found):
        assert self.chosen(wanted, ids=ids) is found

    def test_a_whole_name_means_that_alone(self):
        files = (file(of=XEON, name="new-run.json"), file(of=EPYC, name="run.json"))
        assert self.chosen("Run.json", files) is EPYC
        boxes = (machine("1a", "A100 80GB"), machine("2b", "A100"))
        assert self.chosen("a100", machines=boxes) is boxes[1]

    def test_a_plain_benchmark_s_name_leaves_the_machine_as_it_is(self):
        assert self.chosen("SORT", [self.FILES[0], self.SORT]) is XEON
        own = plain_file(plain("test_epyc"), of=XEON)
        assert self.chosen("epyc", [own, self.FILES[1]]) is EPYC

    @pytest.mark.parametrize(
        ("wanted", "files", "problem"),
        [
            ("box", FILES, "fits several machines"),
            (".json", FILES, "fits several machines"),
            ("nothing", FILES, "fits no machine"),
            ("nothing", (FILES[0], SORT), "fits no machine, file or plain benchmark"),
            ("box", (FILES[0], SORT), "fits several machines"),
        ],
    )
    def test_what_fits_none_or_several_is_refused(self, wanted, files, problem):
        told = f"--baseline {wanted!r} {problem}; known: Xeon box; EPYC box"
        with pytest.raises(ValueError, match=f"^{re.escape(told)}$"):
            self.chosen(wanted, files)

    def test_eight_are_named(self):
        many = [machine(f"id{n}", f"box {n}") for n in range(10)]
        for wanted in ("box", "nothing"):
            with pytest.raises(ValueError, match="known: box 0; .*box 7$"):
                self.chosen(wanted, [file(of=one) for one in many], many)
        with pytest.raises(ValueError, match="known: box 8; box 9$"):
            self.chosen("odd", [file(of=one, name=f"odd{n}") for n, one in enumerate(many) if n > 7], many)

    def test_four_are_shown_in_detail_and_those_of_published_figures(self):
        many = [machine(f"id{n}", f"box {n}") for n in range(8)]
        files = [
            *(file(of=many[n], header=head(**PUBLISHED)) for n in (0, 5)),
            file(of=many[4]),
            file(of=many[6], header=None),
        ]
        found = detailed_machines(study(machines=many, baseline=many[1], files=files))
        assert [one.id for one in found] == ["id1", "id0", "id2", "id3", "id5"]
        assert detailed_machines(study()) == (XEON,)


class TestBaseOf:
    @staticmethod
    def called(name, seconds, calls=None, **extra):
        told = {} if calls is None else {"call_times": (CallTimes(seconds=(calls,) * 40),)}
        return measured(cell(name, (seconds,), **{"statistic": "p50"} | told | extra))

    def test_keras_where_it_takes_part(self):
        items = [self.called("numpy", 1.0), self.called("keras-fit", 9.0), self.called("jax", 0.5)]
        assert base_of(items) is items[1]

    def test_else_the_fastest_that_can_be_true(self):
        wrong = self.called("wrong", 0.1, **WRONG)
        unproven = self.called("unproven", 0.2, unproven="no proof")
        slow, fast = self.called("slow", 2.0), self.called("fast", 1.0)
        assert base_of([slow, wrong, fast, unproven]) is fast
        assert base_of([unproven, wrong]) is wrong

    def test_by_the_quantile_asked_for_where_all_have_calls(self):
        quick = self.called("quick", 1.0, 5.0)
        steady = self.called("steady", 2.0, 3.0)
        slow = self.called("slow", 3.0, 4.0)
        without = self.called("without", 4.0)
        assert base_of([quick, steady, slow]) is steady
        assert base_of([quick, steady, without]) is quick
        wrong = self.called("wrong", 0.1, **WRONG)
        assert base_of([wrong, quick, steady]) is steady


def trained(name, recipe, ladder=None, **more):
    epochs = tuple(epoch(n, 1.0, evaluation_seconds=1.0, logging_seconds=0.5) for n in range(4))
    told = {"axes": {"recipe": recipe}, "epochs": epochs} | more
    return of(training(name, **told), header=head(ladder=ladder))


LADDER = Ladder(
    ("keras-fit@l0", "eager-loop@l2"),
    (Rung(0, "l0", "keras-fit"), Rung(1, "l1", "keras-fit"), Rung(2, "l2", "eager-loop")),
    ((Rung(0, "l0", "keras-fit"), Rung(1, "x1", "eager-loop"), Rung(2, "l2", "eager-loop")),),
)


class TestTerms:
    KERAS, MANUAL = trained("keras-fit", "keras-2020"), trained("eager-loop", "manual-2020")

    def test_the_published_pair_needs_both(self):
        other = trained("keras-fit", "matched")
        assert published_pair([other, self.MANUAL, self.KERAS]) == (self.KERAS, self.MANUAL)
        assert published_pair([other, self.KERAS]) is published_pair([self.MANUAL]) is None

    def test_a_complete_pair_is_set_aside_but_for_a_recipe_that_others_ran_under(self):
        other, shared = trained("graph-loop", "matched"), trained("torch-loop", "keras-2020")
        assert equal_terms([self.KERAS, other, self.MANUAL]) == [other]
        assert equal_terms([self.KERAS, other, self.MANUAL, shared]) == [self.KERAS, other, shared]
        assert equal_terms([self.KERAS, other]) == [self.KERAS, other]

    def test_places_have_their_own_pairs(self):
        elsewhere = trained("eager-loop", "manual-2020", device="gpu:0")
        aside = trained("eager-loop", "manual-2020", axes={"recipe": "manual-2020", "side": "new"})
        assert equal_terms([self.KERAS, elsewhere, aside]) == [self.KERAS, elsewhere, aside]

    def test_rungs_are_set_aside_whichever_order_has_them(self):
        rungs = [trained("keras-fit", recipe, LADDER) for recipe in ("l0", "x1", "matched")]
        assert equal_terms(rungs) == rungs[2:]
        without = trained("keras-fit", "l0")
        two = measured(without.runs[0], rungs[0].runs[0])
        assert equal_terms([without, two]) == [without]

    def test_a_pair_has_whole_epochs_where_both_tell_their_phases(self):
        assert [item.whole for item in whole_pair((self.KERAS, self.MANUAL))] == [True, True]
        silent = trained("eager-loop", "manual-2020", epochs=())
        assert whole_pair((self.KERAS, silent)) == (self.KERAS, silent)


class TestLadders:
    def test_a_machine_s_ladders_each_once(self):
        other = Ladder(("a", "b"), ())
        told = ((XEON, LADDER), (XEON, LADDER), (XEON, None), (EPYC, other), (XEON, other))
        files = [file(of=one, header=head(ladder=ladder)) for one, ladder in told]
        assert ladders_of(study(files=files), XEON) == [LADDER, other]
        assert ladders_of(study(files=files), EPYC) == [other]

    def test_every_order_has_its_rungs_and_none_where_one_has_no_figure(self):
        first = trained("keras-fit", "l0", LADDER)
        last = trained("eager-loop", "l2", LADDER)
        others = [trained("eager-loop", "l0", LADDER), trained("keras-fit", "l1")]
        found = orders_of(LADDER, [first, *others, last])
        assert list(found) == [("training", "cpu:0")]
        (orders,) = found.values()
        names = [[item and item.key.implementation for _, item in steps] for steps in orders]
        assert names == [["keras-fit", None, "eager-loop"]] * 2
        assert [rung for rung, _ in orders[1]] == list(LADDER.orders[1])
        assert all(item.whole for steps in orders for _, item in steps if item is not None)

    def test_a_rung_of_whose_runs_one_climbed_it_is_one(self):
        climbed, other = trained("keras-fit", "l0", LADDER), trained("keras-fit", "l0")
        two = measured(other.runs[0], climbed.runs[0])
        assert list(orders_of(LADDER, [two])) == [("training", "cpu:0")]
        assert orders_of(LADDER, [other]) == {}

    def test_one_that_does_not_tell_its_phases_keeps_all_to_the_training_alone(self):
        items = [trained("keras-fit", "l0", LADDER), trained("eager-loop", "l2", LADDER, epochs=())]
        (orders,) = orders_of(LADDER, items).values()
        assert [item.whole for _, item in orders[0] if item is not None] == [False, False]

    def test_places_are_told_with_their_set_and_side(self):
        axes = ({}, {"file": "b.json"}, {"side": "new"}, {"file": "b.json", "side": "new"})
        items = [trained("keras-fit", "l0", LADDER, axes={"recipe": "l0"} | more) for more in axes]
        assert [place for _, place in orders_of(LADDER, items)] == [
            "cpu:0",
            "cpu:0 of b.json",
            "cpu:0, side new",
            "cpu:0 of b.json, side new",
        ]


def test_what_a_further_side_has_stands_behind_the_first_side_s():
    header = head(sides=(Side(name="old"), Side(name="new")))
    items = [
        of(cell(name, axes={"size": 8, "side": side}), header=header)
        for name, side in (("numpy", "new"), ("numpy", "old"), ("jax", "new"), ("torch", "old"))
    ]
    elsewhere = of(cell("jax", axes={"size": 8, "side": "old"}), header=header, of=EPYC)
    plain_one = of(cell("jax"))
    assert side_pairs(study(*items, elsewhere, plain_one)) == [(items[1], items[0])]


def test_several_workers_are_held_against_one():
    def item(workers, name="tf", of_machine=XEON, axes=None, **more):
        told = {"workers": workers, "recipe": "r"} | (axes or {})
        return of(training(name, axes=told, **{"workload": "distributed"} | more), of=of_machine)

    four = item(4)
    others = [
        item(2),
        item(1, "jax"),
        item(1, of_machine=EPYC),
        item(1, device="gpu:0"),
        item(1, axes={"recipe": "x"}),
        item(1, workload="distributed-text"),
        item(0),
    ]
    one = item(1)
    assert scaled_from([*others, one], four) is one
    assert scaled_from(others, four) is None


def test_files_that_share_no_cell_with_another_don_t_stand_side_by_side():
    def item(name, file):
        return of(cell(name, axes={"size": 8, "file": file}))

    a, b, c = [item("numpy", "a")], [item("numpy", "b"), item("jax", "b")], [item("torch", "c")]
    assert sets_with_common_cells([*c, *a, *b]) == {"a": a, "b": b}
    assert sets_with_common_cells([*a, *c]) == {}
    assert sets_with_common_cells([]) == {}
