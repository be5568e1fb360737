"""Which runs are one measurement, set by set: keys, labels, pools and remarks of records made directly."""

from __future__ import annotations

import pytest
from report_by_hand import COMMIT, cell, file, head, machine, plain, plain_file

from likeforlike.reports.read.result_file import Commit
from likeforlike.reports.sort.group_by import OWN_GROUPS, GroupBy
from likeforlike.reports.sort.measured.keys import Key
from likeforlike.reports.sort.pooling import build_study, key_of

ALONE = (("size", 8),)
OTHER = Commit("d" * 40, dirty=False)


def beside(label):
    """The axes of a measurement of a set that stands beside others."""
    return (*ALONE, ("file", label))


def measured(study):
    """Axes and number of runs of each measurement."""
    return [(item.key.axes, len(item.runs)) for item in study.measurements]


def works(*flops, name="a.json", **more):
    """A file whose cells of one name do so many operations."""
    return file(*(cell(flop=flop, **more) for flop in flops), name=name)


class TestKeys:
    @pytest.mark.parametrize(
        ("axes", "device", "told", "name"),
        [
            ({"size": 8}, "cpu:0", "whole", "numpy"),
            ({"size": 8}, "", "whole", "numpy"),
            ({}, "cpu:0", "whole", "numpy"),
            ({}, "", "whole", "whole"),
            ({}, "", None, "numpy"),
        ],
    )
    def test_a_cell_of_no_place_is_called_by_its_whole_name(self, axes, device, told, name):
        assert key_of(cell(axes=axes, device=device, cell=told).extra).implementation == name

    def test_the_number_of_a_repetition_is_no_part_of_it(self):
        found = key_of(cell(axes={"run": 3, "size": 8}).extra)
        assert found == Key("matmul", "numpy", "cpu:0", ALONE)


class TestPools:
    def test_of_two_files_that_repeat_each_other_samples_are_put_together(self):
        study = build_study([file(cell()), file(cell(), name="b.json")])
        assert measured(study) == [(ALONE, 2)]
        (pool,) = study.pools
        assert [one.label for one in pool.files] == ["a.json", "b.json"]
        assert (pool.machine.id, pool.workload, pool.name, pool.shared) == ("m1", "matmul", "", True)
        assert study.remarks == ("2 files are repetitions on one machine, 2 x Xeon: a.json, b.json.",)

    def test_one_cell_that_both_hold_is_enough(self):
        study = build_study([file(cell(), cell("jax")), file(cell("torch"), cell(), name="b.json")])
        assert [pool.shared for pool in study.pools] == [True]

    def test_a_cell_twice_in_one_file_is_in_one_file(self):
        study = build_study([file(cell(), cell()), file(cell("torch"), name="b.json")])
        assert [pool.shared for pool in study.pools] == [False]
        assert measured(study) == [(ALONE, 2), (ALONE, 1)]

    def test_a_file_alone_is_no_pool(self):
        study = build_study([file(cell())])
        assert (study.pools, study.remarks, measured(study)) == ((), (), [(ALONE, 1)])

    def test_two_sets_are_two_pools_called_by_their_first_file(self):
        flops = {"a.json": 2.0, "b.json": 4.0, "c.json": 2.0, "d.json": 4.0}
        study = build_study([works(flop, name=name) for name, flop in flops.items()])
        assert measured(study) == [(beside("a.json and 1 more"), 2), (beside("b.json and 1 more"), 2)]
        assert [(pool.name, len(pool.files)) for pool in study.pools] == [
            ("a.json and 1 more", 2),
            ("b.json and 1 more", 2),
        ]
        assert study.remarks == (
            "2 files are repetitions on one machine, 2 x Xeon: a.json, c.json.",
            "2 files are repetitions on one machine, 2 x Xeon: b.json, d.json.",
            "matmul of b.json stands beside a.json: operations 2 and 4.",
        )

    def test_a_second_copy_of_an_entrant_is_measured_and_ranked_with_nobody(self):
        study = build_study([file(cell(), cell("jax", role="twin"))])
        assert [item.key.implementation for item in study.measurements] == ["numpy"]
        assert [item.key.implementation for item in study.twins] == ["jax"]


class TestApart:
    def test_other_work_stands_beside_with_its_files_name(self):
        study = build_study([works(2.0), works(4.0, name="b.json")])
        assert measured(study) == [(beside("a.json"), 1), (beside("b.json"), 1)]
        assert study.pools == ()
        assert study.remarks == ("matmul of b.json stands beside a.json: operations 2 and 4.",)

    def test_files_that_are_no_repetitions_stand_beside_each_other_whatever_their_cells(self):
        dirty = file(cell("jax"), name="b.json", commit=None)
        study = build_study([file(cell()), dirty])
        why = "no commit says that the code is the same"
        assert study.remarks == (f"matmul of b.json stands beside a.json: {why}.",)
        assert measured(study) == [(beside("a.json"), 1), (beside("b.json"), 1)]

    @pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 0, 1)])
    @pytest.mark.parametrize(
        ("told", "why"),
        [
            (
                [{"commit": commit, "header": head(code={"mine": "1"})} for commit in (None, COMMIT, OTHER)],
                {"commit ccccccc and ddddddd", "commit ddddddd and ccccccc"},
            ),
            (
                [{"header": head(code=code)} for code in ({}, {"mine": "1"}, {"mine": "2"})],
                {"the source code of mine"},
            ),
        ],
    )
    def test_a_file_that_tells_less_joins_no_two_that_differ(self, told, why, order):
        """The first agrees with either of the others, which don't with each other, whichever comes first."""
        files = [file(cell(), name=f"{n}.json", **told[n]) for n in order]
        study = build_study(files)
        assert sorted(len(item.runs) for item in study.measurements) == [1, 2]
        (remark,) = (text for text in study.remarks if "stands beside" in text)
        assert remark.rpartition(": ")[2].rstrip(".") in why

    def test_what_a_file_compares_stays_together(self):
        second = file(cell(flop=4.0), cell("jax", flop=2.0), name="b.json")
        study = build_study([works(2.0), second])
        assert measured(study) == [(beside("a.json"), 1), (beside("b.json"), 1), (beside("b.json"), 1)]

    def test_one_file_may_hold_several_works_under_one_name(self):
        study = build_study([works(2.0, 4.0, 8.0, 2.0)])
        assert measured(study) == [
            (beside("a.json"), 2),
            (beside("a.json (2)"), 1),
            (beside("a.json (3)"), 1),
        ]
        assert study.remarks == (
            "a.json holds 1 cell more than once, such as matmul-numpy-cpu:0-8: kept as repetitions.",
            "matmul of a.json (2) stands beside a.json: operations 2 and 4.",
            "matmul of a.json (3) stands beside a.json: operations 2 and 8.",
        )

    def test_a_second_part_joins_the_set_whose_work_it_does_and_its_file_counts_once(self):
        """Of a.json's and b.json's parts each has its like: two sets of two files."""
        study = build_study([works(2.0, 4.0), works(4.0, 2.0, name="b.json")])
        assert [(pool.name, [one.label for one in pool.files]) for pool in study.pools] == [
            ("a.json and 1 more", ["a.json", "b.json"]),
            ("a.json (2) and 1 more", ["a.json", "b.json"]),
        ]
        assert [pool.shared for pool in study.pools] == [True, True]

    def test_what_the_first_file_does_not_tell_joins_no_unlike_works(self):
        files = [works(None), works(2.0, name="b.json"), works(4.0, name="c.json")]
        study = build_study(files)
        assert measured(study) == [(beside("a.json and 1 more"), 2), (beside("c.json"), 1)]
        assert study.remarks[-1] == "matmul of c.json stands beside a.json: operations 2 and 4."

    def test_workloads_of_one_reason_are_told_in_one_sentence(self):
        files = [
            file(cell(flop=flop), cell(workload="eigen", flop=flop), name=name)
            for flop, name in ((2.0, "a.json"), (4.0, "b.json"))
        ]
        assert build_study(files).remarks == (
            "matmul, eigen of b.json stands beside a.json: operations 2 and 4.",
        )

    def test_a_workload_that_agrees_is_pooled_although_another_does_not(self):
        files = [
            file(cell(flop=flop), cell(workload="eigen"), name=name)
            for flop, name in ((2.0, "a.json"), (4.0, "b.json"))
        ]
        study = build_study(files)
        assert [(item.key.workload, len(item.runs)) for item in study.measurements] == [
            ("matmul", 1),
            ("matmul", 1),
            ("eigen", 2),
        ]
        assert [(pool.workload, pool.name) for pool in study.pools] == [("eigen", "")]

    def test_machines_are_never_pooled(self):
        other = file(cell(), name="b.json", of=machine("m2", "8 x EPYC"))
        study = build_study([file(cell()), other])
        assert measured(study) == [(ALONE, 1), (ALONE, 1)]
        assert study.remarks == ()

    @pytest.mark.parametrize(("others", "more"), [(7, 0), (8, 0), (9, 1), (11, 3)])
    def test_eight_are_told_and_the_rest_counted(self, others, more):
        study = build_study([works(2.0**n, name=f"{n}.json") for n in range(others + 1)])
        told = [
            f"matmul of {n}.json stands beside 0.json: operations 1 and {2**n}."
            for n in range(1, others - more + 1)
        ]
        rest = [f"And {more} more stand beside others."] if more else []
        assert list(study.remarks) == told + rest


class TestAsked:
    FILES = (
        file(cell()),
        file(cell("jax"), name="b.json"),
        file(cell(), name="other.json", of=machine("m2", "8 x EPYC")),
    )

    @pytest.mark.parametrize(
        ("wanted", "machine_id", "base_file"),
        [
            (None, "m1", ""),
            ("B.JSON", "m1", "b.json"),
            ("a.json", "m1", "a.json"),
            ("Xeon", "m1", ""),
            ("m2", "m2", ""),
            ("other", "m2", "other.json"),
        ],
    )
    def test_the_baseline_is_a_machine_or_one_file_of_it(self, wanted, machine_id, base_file):
        study = build_study(self.FILES, wanted)
        assert (study.baseline.id, study.base_file, study.base_name) == (machine_id, base_file, wanted or "")

    def test_a_word_that_fits_two_files_of_a_machine_means_none_of_them(self):
        assert build_study(self.FILES[:2], ".json").base_file == ""

    def test_a_word_that_is_a_file_s_whole_name_means_that_file(self):
        files = (file(cell(), name="new-run.json"), file(cell(), name="run.json"))
        assert build_study(files, "Run.json").base_file == "run.json"
        assert build_study(files, "run.js").base_file == ""

    def test_remarks_of_before_come_first(self):
        study = build_study([file(cell()), file(cell())], remarks=("left out",))
        assert study.remarks == (
            "left out",
            "a.json is the same file as a.json, byte for byte, and counts once.",
        )

    def test_groups_are_their_files_own_unless_asked_for(self):
        by = GroupBy(("func",), across_files=True)
        assert build_study([plain_file(plain())], group_by=by).group_by is by
        assert build_study([plain_file(plain())]).group_by is OWN_GROUPS
        with pytest.raises(ValueError, match="--group-by: no file of pytest-benchmark"):
            build_study([file(cell())], group_by=by)

    def test_no_file_is_nothing_to_report(self):
        with pytest.raises(ValueError, match="no result file to report"):
            build_study([])
