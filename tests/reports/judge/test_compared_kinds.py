"""Every kind of comparison: who is the base of whom, what is left out, and what is allowed for."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import report_plain as plain
import report_samples as samples
from report_hostile import read
from report_ladders import ladder_file
from report_launched import cell, document, steady
from report_sides import sided
from report_studies import study_of

from likeforlike.reports.judge.comparisons import Comparisons, compare, compare_pairs
from likeforlike.reports.sort.pooling import build_study

OTHER = samples.fingerprint("b" * 12)
WRONG = {"verified": {"error": 1.0, "tolerance": 0.1}}
TOUCHED = {"environment": {"OMP": "1"}}
NOISY = ([0.99] * 4 + [1.01] * 4, [1.0] * 8, [0.98] * 4 + [1.02] * 4)


def times(seconds):
    """Three launches with some noise."""
    return [[seconds * factor for factor in rounds] for rounds in NOISY]


def found(*documents):
    study = study_of(*documents)
    return compare(study, study.machines)


def names(comparisons):
    """Base and other of each, by implementation, device and axes."""
    return [tuple(side.key.text for side in (item.base, item.other)) for item in comparisons]


def trained(name, seconds=5.0, recipe=samples.RECIPE, device="cpu:0", **extra):
    return samples.training(name, recipe, 0, samples.Noise(1), seconds, 5, device=device, **extra)


class TestImplementations:
    def test_each_with_the_fastest_of_its_place_and_division(self):
        tuned = {"division": "tuned"}
        cells = [
            cell("slow", times(0.02)),
            cell("fast", times(0.01)),
            cell("large", times(0.03), 900),
            cell("larger", times(0.04), 900),
            cell("jit", times(0.005), **tuned),
            cell("jit-b", times(0.006), **tuned),
            cell("twin-a", times(0.01), workload="noise"),
            cell("twin-b", times(0.02), workload="noise"),
        ]
        assert names(found(document(*cells)).implementations) == [
            ("fast cpu:0 500 float32", "slow cpu:0 500 float32"),
            ("large cpu:0 900 float32", "larger cpu:0 900 float32"),
            ("jit cpu:0 500 float32", "jit-b cpu:0 500 float32"),
        ]

    def test_machine_by_machine(self):
        one = document(cell("a", times(0.01)), cell("b", times(0.02)))
        other = document(cell("a", times(0.04)), cell("b", times(0.03)), machine=OTHER)
        pairs = found(one, other).implementations
        assert [(i.base.machine.id, i.base.key.implementation, i.other.machine.id) for i in pairs] == [
            (samples.OWN, "a", samples.OWN),
            ("b" * 12, "b", "b" * 12),
        ]

    def test_trainers_with_keras_by_whole_epochs_and_never_with_the_floor(self):
        slow_evaluation = trained("torch-loop", 3.0)
        for epoch in slow_evaluation["extra_info"]["epochs"]:
            epoch["evaluation_seconds"] = 9.0
        cells = [trained("floor", 1.0, role="floor"), trained("keras-fit", 5.0), slow_evaluation]
        (item,) = found(samples.document(cells)).implementations
        assert (item.base.key.implementation, item.other.key.implementation) == ("keras-fit", "torch-loop")
        assert item.base.whole
        assert item.verdict.word == "slower"  # 12 seconds an epoch, of which 3 are training

    def test_data_parallel_trainings_are_not_ranked(self):
        cells = [scaled(1, 4.0), scaled(1, 5.0, implementation="torch-loop")]
        assert found(samples.document(cells)).implementations == ()

    def test_what_takes_no_time_is_compared_with_nothing(self):
        cells = [cell("a", steady(0.0)), cell("b", times(0.01)), cell("c", times(0.02))]
        assert found(document(*cells)).implementations == ()
        assert found(document(*cells[1:])).implementations != ()

    @pytest.mark.parametrize("entrants", [2, 3, 4, 5])
    def test_where_the_base_is_the_fastest_of_several_that_is_allowed_for(self, entrants):
        """A small p-value becomes that of all pairs over those of one: k / 2 times as large."""
        cells = [cell(f"e{n}", times(0.01 * 3**n)) for n in range(entrants)]
        study = study_of(document(*cells))
        items = compare(study, study.machines).implementations
        unchosen = compare_pairs(study, [(item.base, item.other) for item in items])
        assert len(items) == entrants - 1
        for item, plain_item in zip(items, unchosen, strict=True):
            expected = plain_item.verdict.estimate.p_value * entrants / 2
            assert item.verdict.estimate.p_value == pytest.approx(expected, rel=1e-9, abs=0.0)
            assert plain_item.verdict.estimate.p_value < 1e-6

    def test_where_keras_is_the_base_there_was_no_choice(self):
        cells = [trained(name, seconds) for name, seconds in (("keras-fit", 5.0), ("a", 1.0), ("b", 2.0))]
        study = study_of(samples.document(cells))
        items = compare(study, study.machines).implementations
        unchosen = compare_pairs(study, [(item.base, item.other) for item in items])
        assert [item.verdict.estimate for item in items] == [item.verdict.estimate for item in unchosen]


def scaled(workers, seconds, name="mirrored", implementation="keras-fit"):
    made = trained(implementation, seconds)
    axes = {"recipe": "matched", "strategy": name, "workers": workers, "run": 0}
    told = {
        "workload": "distributed",
        "axes": axes,
        "cell": f"distributed-{implementation}-{name}-{workers}",
        "group": "d",
    }
    made["extra_info"] |= told
    return made


class TestOthers:
    def test_the_published_pair(self):
        cells = [
            trained("keras-fit", 9.0, samples.KERAS_2020),
            trained("eager-loop", 22.0, samples.MANUAL_2020),
        ]
        cells += [cell("a", times(0.01))]
        assert names(found(samples.document(cells)).published) == [
            ("keras-fit cpu:0 keras-2020", "eager-loop cpu:0 manual-2020")
        ]
        assert found(samples.document(cells[:1])).published == ()

    def test_accelerators_with_the_processor(self):
        cells = [
            cell("a", times(0.03), device="cpu:0"),
            cell("a", times(0.01), device="gpu:0"),
            cell("b", times(0.01), device="gpu:0"),
            cell("c", times(0.02), device="cpu:0"),
            cell("c", times(0.01), device="gpu:1"),
            cell("eig", times(0.02), device="cpu:0", workload="jacobian"),
            cell("eig", times(0.01), device="gpu:0", workload="jacobian"),
            trained("keras-fit", 9.0),
            trained("keras-fit", 3.0, device="gpu:0"),
            trained("floor", 1.0),
            trained("floor", 0.5, device="gpu:0"),
        ]
        made = samples.document(cells, samples.fingerprint(gpus=[samples.A100] * 2), noise=None)
        assert names(found(made).devices) == [
            ("a cpu:0 500 float32", "a gpu:0 500 float32"),
            ("c cpu:0 500 float32", "c gpu:1 500 float32"),
            ("keras-fit cpu:0 matched", "keras-fit gpu:0 matched"),
        ]

    def test_rungs_with_those_before_them_where_both_were_measured(self):
        order = ("implementation", "bias", "batch_size")
        whole = found(ladder_file((order,))).ladder
        steps = [(i.base.key.axis["recipe"], i.other.key.axis["recipe"]) for i in whole]
        assert steps == [("ladder-00", "ladder-01"), ("ladder-01", "ladder-02"), ("ladder-02", "ladder-03")]
        broken = found(ladder_file((order,), lost=("ladder-01",))).ladder
        assert [(i.base.key.axis["recipe"], i.other.key.axis["recipe"]) for i in broken] == steps[2:]

    def test_several_workers_with_one(self):
        cells = [
            scaled(1, 4.0),
            scaled(2, 2.5),
            scaled(4, 1.5),
            scaled(2, 2.5, "other"),
            trained("keras-fit"),
        ]
        pairs = found(samples.document(cells)).scaling
        assert [(i.base.key.axis["workers"], i.other.key.axis["workers"]) for i in pairs] == [(1, 2), (1, 4)]
        assert {i.other.key.axis["strategy"] for i in pairs} == {"mirrored"}

    def test_sides(self):
        study = build_study([read(sided(sizes=(500,)), "r.json")])
        assert names(compare(study, study.machines).sides) == [
            (f"{name} cpu:0 500 float32 side=base", f"{name} cpu:0 500 float32 side=new")
            for name in ("numpy", "tf-eager")
        ]

    def test_given_pairs(self):
        study = study_of(document(cell("a", times(0.03)), cell("b", times(0.01)), cell("c", steady(0.0))))
        a, b, c = study.measurements
        (item,) = compare_pairs(study, [(a, b), (a, c)])
        assert (item.base, item.other, item.verdict.word) == (a, b, "faster")


class TestMachines:
    def test_the_same_cell_of_the_baseline_and_none_of_the_noise(self):
        twins = [cell(name, times(0.01), workload="noise") for name in ("twin-a", "twin-b")]
        base = document(cell("a", times(0.01)), cell("b", times(0.01), flop=1e6), *twins)
        other = [cell("b", times(0.02), flop=2e6), cell("c", times(0.01)), cell("a", times(0.02)), *twins]
        compared = found(base, document(*other, machine=OTHER))
        (item,) = compared.machines
        assert names([item]) == [("a cpu:0 500 float32", "a cpu:0 500 float32")]
        assert (item.base.machine.id, item.other.machine.id) == (samples.OWN, "b" * 12)
        ((first, second, why),) = compared.unlike
        assert (first.machine.id, second.machine.id) == (samples.OWN, "b" * 12)
        assert why == "operations 1,000,000 and 2,000,000"

    def test_measured_differently_there_is_no_verdict(self):
        pairs = [
            found(document(cell("a", times(0.01))), document(cell("a", times(0.02), **told), machine=OTHER))
            for told in ({}, TOUCHED)
        ]
        words = [(item.word, item.withheld) for one in pairs for item in one.machines]
        unlike = "measured in unlike environments: OMP not set, then 1"
        assert words == [("slower", ""), ("no verdict", unlike)]

    def test_within_a_machine_it_withholds_nothing(self):
        (item,) = found(document(cell("a", times(0.01)), cell("b", times(0.02), **TOUCHED))).implementations
        assert (item.word, item.withheld) == ("slower", "")

    def test_too_few_calls_for_the_quantile_withhold_it_anywhere(self):
        calls = [[{"launch": 0, "seconds": [seconds] * 400}] for seconds in (0.01, 0.02)]
        few = [{"launch": 0, "seconds": [0.02] * 40}]
        base = cell("a", steady(0.01), statistic="p99", call_times=calls[0])
        for told, withheld in ((calls[1], ""), (few, "p99 needs 368 calls a launch, 40 were timed")):
            other = cell("b", steady(0.02), statistic="p99", call_times=told)
            (item,) = found(document(base, other)).implementations
            assert item.withheld == withheld


class TestFalseDiscoveries:
    def test_what_is_in_doubt_is_none(self):
        """A ratio of one launch, 7 % off: log 1.07 over 0.02 of eight degrees of freedom is p = 0.01."""
        base, other = cell("a", steady(0.01), group="g"), cell("b", steady(0.0107), group="g")
        wrong = [cell(f"w{n}", steady(0.01), size=600 + n, **WRONG) for n in range(20)]
        right = [cell(f"w{n}", steady(0.01), size=600 + n) for n in range(20)]
        like = [cell(f"v{n}", steady(0.01), size=600 + n) for n in range(20)]
        for many, word in ((wrong, "slower"), (right, "unclear")):
            items = found(document(base, other, *many, *like)).implementations
            told = {item.other.key.implementation: item for item in items}
            assert len(told) == 21
            assert told["b"].word == word
            doubted = [item for item in items if item.doubt]
            assert len(doubted) == (20 if many is wrong else 0)


class TestFiles:
    """Two commits on one machine: no repetitions, each with cells of its own."""

    @staticmethod
    def committed(letter, *cells):
        made = document(*cells, run_id=letter)
        made["commit_info"] = {"id": letter * 40, "dirty": False}
        return made

    def twins(self, seconds):
        return [
            cell("twin-a", steady(seconds), workload="noise"),
            cell("twin-b", steady(seconds), workload="noise"),
        ]

    def test_each_cell_with_that_of_the_base_s_file(self):
        first = self.committed(
            "a", cell("x", times(0.01)), cell("y", times(0.01), flop=1e6), *self.twins(0.01)
        )
        second = self.committed(
            "b",
            cell("y", times(0.02), flop=2e6),
            cell("z", times(0.01)),
            cell("x", times(0.02)),
            *self.twins(0.013),
        )
        compared = found(first, second)
        (item,) = compared.files
        assert (item.base.key.apart, item.other.key.apart) == ("0.json", "1.json")
        assert (item.base.key.implementation, item.other.key.implementation) == ("x", "x")
        assert item.verdict.threshold == pytest.approx(0.3)  # by which the twins moved
        ((_, other, why),) = compared.unlike
        assert (other.key.apart, why) == ("1.json", "operations 1,000,000 and 2,000,000")

    def test_twins_of_another_machine_say_nothing_of_it(self):
        first = self.committed("a", cell("x", times(0.01)), *self.twins(0.01))
        second = self.committed("b", cell("x", times(0.02)), *self.twins(0.01))
        elsewhere = []
        for letter, seconds in (("a", 0.01), ("b", 0.05)):
            made = self.committed(letter, cell("x", times(0.01)), *self.twins(seconds))
            made["machine_info"]["likeforlike"] = OTHER
            made["likeforlike"]["run_id"] = f"there-{letter}"
            elsewhere.append(made)
        study = study_of(first, second, *elsewhere)
        thresholds = {
            item.other.machine.id: item.verdict.threshold for item in compare(study, study.machines).files
        }
        assert thresholds == {samples.OWN: pytest.approx(0.02), "b" * 12: pytest.approx(4.0)}

    def test_of_three_files_the_base_is_the_one_that_is_called_for(self):
        made = [self.committed(letter, cell("x", times(0.01))) for letter in "abc"]
        study = study_of(*made, baseline="1.json")
        pairs = compare(study, study.machines).files
        assert [(i.base.key.apart, i.other.key.apart) for i in pairs] == [
            ("1.json", "0.json"),
            ("1.json", "2.json"),
        ]


class TestGroups:
    """Plain benchmarks: of three the fastest is the base by choice, one that is named is not."""

    @staticmethod
    def items(*given):
        seconds = {"test_a": 1.0, "test_b": 3.0, "test_c": 9.0}
        benches = [plain.bench(name, plain.times(seconds[word]), "g") for name, word in given]
        study = study_of(plain.file_of(*benches))
        items = compare(study, study.machines).groups
        return items, compare_pairs(study, [(item.base, item.other) for item in items])

    @pytest.mark.parametrize(("base", "factor"), [("test_a", 1.5), ("test_a_baseline", 1.0)])
    def test_the_choice_is_allowed_for(self, base, factor):
        items, unchosen = self.items(("test_b", "test_b"), (base, "test_a"), ("test_c", "test_c"))
        assert [item.base.runs[0].cell.name for item in items] == [base] * 2
        assert [item.other.runs[0].cell.name for item in items] == ["test_b", "test_c"]
        for item, other in zip(items, unchosen, strict=True):
            p_value = other.verdict.estimate.p_value
            assert p_value < 1e-6
            assert item.verdict.estimate.p_value == pytest.approx(factor * p_value, rel=1e-9, abs=0.0)

    def test_what_takes_no_time_is_compared_with_nothing(self):
        benches = [plain.bench(name, data, "g") for name, data in (("a", [1.0] * 8), ("b", [0.0] * 8))]
        study = study_of(plain.file_of(*benches))
        assert compare(study, study.machines).groups == ()

    def test_plain_benchmarks_are_in_no_other_comparison(self):
        study = study_of(plain.file_of(plain.bench("a", [1.0] * 8, "g"), plain.bench("b", [2.0] * 8, "g")))
        found = compare(study, study.machines)
        assert len(found.every) == len(found.groups) == 1


def test_all_of_them_and_each_by_the_other_s_name():
    kinds = ("implementations", "published", "devices", "ladder", "scaling", "machines", "files", "groups")
    items = {
        kind: SimpleNamespace(other=SimpleNamespace(machine=SimpleNamespace(id=f"on {kind}"), key=kind))
        for kind in (*kinds, "sides")
    }
    found = Comparisons(*((items[kind],) for kind in kinds), (), (items["sides"],))
    assert found.every == tuple(items.values())
    by_key = {
        "implementations": found.against_base,
        "devices": found.across_devices,
        "machines": found.across_machines,
        "files": found.across_files,
        "groups": found.within_groups,
        "sides": found.across_sides,
    }
    for kind, told in by_key.items():
        assert told == {(f"on {kind}", kind): items[kind]}
