"""Files given twice, states of one run, gaps that were filled, labels and what is said of repetitions."""

from __future__ import annotations

import pytest
from report_by_hand import cell, file, head, machine, plain, plain_file

from likeforlike.reports.read.schema.runs import Unmeasured
from likeforlike.reports.sort.duplicates import (
    repetition_remarks,
    some,
    with_labels_of_their_own,
    without_twins,
)
from likeforlike.reports.sort.measured.study import Pool

SHORT, LONG = (1.0, 2.0), (1.0, 2.0, 4.0, 3.0)
TITLES = {"m1": "Xeon", "m2": "EPYC"}


def state(*cells, name="a.json", run_id="one", gaps=(), **fields):
    """A file of a run that has others."""
    unmeasured = tuple(Unmeasured(cell=gap, outcome="failed", reason="why") for gap in gaps)
    return file(*cells, name=name, run_id=run_id, header=head(run_id, unmeasured=unmeasured), **fields)


def kept(*files):
    """Of each file that is kept its name, and the samples of its cells; and what is said."""
    found, remarks = without_twins(files)
    return [(one.path, [each.samples for each in one.cells]) for one in found], remarks


def gaps(*files):
    return [[gap.cell for gap in one.unmeasured] for one in without_twins(files)[0]]


class TestTwins:
    def test_the_same_bytes_count_once_and_that_is_said(self):
        files = [file(cell(), name=name, digest="d") for name in ("a.json", "b.json")]
        told = "b.json is the same file as a.json, byte for byte, and counts once."
        assert kept(*files, file(cell(), name="c.json")) == (
            [("a.json", [(1.0, 2.0, 4.0)]), ("c.json", [(1.0, 2.0, 4.0)])],
            [told],
        )

    def test_figures_that_agree_by_chance_are_two_measurements(self):
        """Of two runs, of two machines, of two cells, or of files that tell no run."""
        for pair in (
            [state(cell()), state(cell(), name="b.json", run_id="two")],
            [state(cell()), state(cell(), name="b.json", of=machine("m2"))],
            [state(cell()), state(cell("jax"), name="b.json")],
            [state(cell(), run_id=""), state(cell(), name="b.json", run_id="")],
            [plain_file(plain()), plain_file(plain(), name="b.json")],
        ):
            found, remarks = without_twins(pair)
            assert found == pair
            assert remarks == []


class TestStates:
    def test_cells_of_an_earlier_state_count_once(self):
        one, jax, torch = cell(samples=LONG), cell("jax", SHORT), cell("torch", SHORT)
        files = [state(one, jax), state(one, jax, torch, name="b.json"), state(jax, name="c.json")]
        assert kept(*files) == (
            [("a.json", [LONG, SHORT]), ("b.json", [SHORT]), ("c.json", [])],
            [
                "b.json and a.json are of one run: 2 cells of both count once.",
                "c.json and a.json are of one run: 1 cell of both count once.",
            ],
        )

    def test_a_cell_that_stands_twice_in_a_file_is_no_state(self):
        assert kept(state(cell(samples=SHORT), cell(samples=SHORT))) == ([("a.json", [SHORT, SHORT])], [])
        assert kept(state(cell(samples=SHORT), cell(samples=LONG))) == ([("a.json", [SHORT, LONG])], [])

    @pytest.mark.parametrize("turned", [False, True])
    def test_one_that_had_fewer_launches_counts_as_it_was_in_the_end(self, turned):
        files = [
            state(cell(samples=SHORT), cell("jax", SHORT)),
            state(cell(samples=LONG), cell("torch", SHORT), name="b.json"),
        ]
        found, remarks = kept(*(files[::-1] if turned else files))
        left = [("a.json", [SHORT]), ("b.json", [LONG, SHORT])]
        assert found == (left[::-1] if turned else left)
        assert remarks == ["a.json and b.json are of one run: 1 cell of both count once."]

    def test_other_samples_are_a_repetition(self):
        files = [state(cell(samples=(1.0, 3.0))), state(cell(samples=LONG), name="b.json")]
        assert kept(*files)[1] == []
        nothing = [state(cell(samples=())), state(cell(samples=LONG), name="b.json")]
        assert kept(*nothing)[1] == []

    def test_files_of_no_run_between_stay(self):
        files = [state(cell()), plain_file(plain()), state(cell(), name="b.json"), plain_file(name="q.json")]
        assert [name for name, _ in kept(*files)[0]] == ["a.json", "p.json", "b.json", "q.json"]


class TestGaps:
    NUMPY = "matmul-numpy-cpu:0-8"

    def test_what_another_state_measured_is_none_and_what_none_did_is_told_once(self):
        files = [
            state(cell("jax"), gaps=[self.NUMPY, "never"]),
            state(cell(), name="b.json", gaps=["never", "later"]),
        ]
        assert gaps(*files) == [["never"], ["later"]]
        assert gaps(*files[::-1]) == [["never", "later"], []]

    def test_one_of_another_run_or_node_or_machine_stays(self):
        for other in ({"run_id": "two"}, {"node": "n2"}, {"of": machine("m2")}):
            files = [state(gaps=[self.NUMPY]), state(cell(), name="b.json", gaps=[self.NUMPY], **other)]
            assert gaps(*files) == [[self.NUMPY], []]

    def test_of_files_that_tell_no_run_all_stay(self):
        files = [state(run_id="", gaps=["x"]), state(run_id="", name="b.json", gaps=["x"])]
        assert gaps(*files) == [["x"], ["x"]]
        assert gaps(state(cell(), run_id="", gaps=[self.NUMPY])) == [[self.NUMPY]]

    def test_a_run_without_a_header_has_none(self):
        assert gaps(file(cell(), header=None), state(cell(), name="b.json", gaps=["x"])) == [[], ["x"]]


class TestLabels:
    @staticmethod
    def told(*paths):
        files = [file(path=path, label=path.rpartition("/")[2], digest=path) for path in paths]
        return [one.label for one in with_labels_of_their_own(files)]

    def test_by_the_folder_and_by_the_whole_path_if_need_be(self):
        assert self.told("x/a/r.json", "x/b/s.json") == ["r.json", "s.json"]
        assert self.told("x/a/r.json", "x/b/r.json", "x/b/s.json") == ["a/r.json", "b/r.json", "s.json"]
        assert self.told("p/x/a/r.json", "q/x/a/r.json") == ["p/x/a/r.json", "q/x/a/r.json"]


class TestRemarks:
    def pool(self, *files, workload="matmul"):
        return Pool(files[0].machine, workload, files, "", True)

    def test_of_one_machine_and_of_several_of_a_kind(self):
        files = [file(name=f"{n}.json", node=f"n{n % 2}") for n in range(3)]
        assert repetition_remarks([self.pool(files[0], files[2])], [], TITLES) == [
            "2 files are repetitions on one machine, Xeon: 0.json, 2.json."
        ]
        assert repetition_remarks([self.pool(*files)], [], TITLES) == [
            "3 files are of 2 machines of one kind, Xeon: 0.json, 1.json, 2.json."
        ]

    def test_the_same_files_of_two_workloads_are_told_once(self):
        files = [file(name="a.json"), file(name="b.json")]
        pools = [self.pool(*files), self.pool(*files, workload="eigen"), self.pool(files[0], files[0])]
        assert repetition_remarks(pools, [], TITLES) == [
            "2 files are repetitions on one machine, Xeon: a.json, b.json.",
            "2 files are repetitions on one machine, Xeon: a.json, a.json.",
        ]

    def test_cells_that_stand_twice_in_a_file(self):
        ours = file(cell(), cell("jax"), cell(), cell("jax"), cell())
        theirs = plain_file(plain(), plain(), plain("test_b"))
        assert repetition_remarks([], [ours, theirs, file(cell())], TITLES) == [
            "a.json holds 2 cells more than once, such as matmul-numpy-cpu:0-8: kept as repetitions.",
            "p.json holds 1 cell more than once, such as test_a: kept apart, since nothing says that they are"
            " the same work.",
        ]


def test_the_first_five_names_are_told():
    assert some(list("abcde")) == "a, b, c, d, e"
    assert some(list("abcdef")) == "a, b, c, d, e and 1 more"
    assert some(list("abcd"), 2) == "a, b and 2 more"
