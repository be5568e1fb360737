"""Set-ups fact by fact: what is known, what is not, and what one variable changes."""

from __future__ import annotations

from report_by_hand import cell, file, head, measured

from likeforlike.reports.sort.likeness.setup_differences import (
    setup_differences,
    setup_facts,
    unlike_environments,
)

SETUP = {"governor": "performance", "smt_active": True, "numa_nodes": 2, "blas": None, "else": "x"}
FACTS = {"governor": "performance", "SMT": "active", "NUMA nodes": "2", "clean environment": "no"}


def of(**fields):
    return file(header=head(**fields))


class TestFacts:
    def test_what_is_known_is_told_by_its_name(self):
        assert setup_facts(head(setup=SETUP)) == FACTS
        assert setup_facts(head(setup={"smt_active": False}, clean_environment=True)) == {
            "SMT": "not active",
            "clean environment": "yes",
        }
        assert setup_facts(head(setup={"governor": "x"}, environment={"A": "1"})) == {
            "governor": "x",
            "clean environment": "no",
            "A": "1",
        }

    def test_without_a_set_up_nothing_is_known(self):
        assert setup_facts(None) == setup_facts(head(environment={"A": "1"})) == {}

    def test_every_fact_has_a_name(self):
        told = {
            "blas": 1,
            "transparent_huge_pages": 2,
            "governor": 3,
            "smt_active": 4,
            "numa_nodes": 5,
            "numa_nodes_used": 6,
            "pinned_to": 7,
        }
        names = "BLAS loaded, huge pages, governor, SMT, NUMA nodes, NUMA nodes used, workers pinned to"
        facts = {name: str(n) for n, name in enumerate(names.split(", "), 1)}
        assert setup_facts(head(setup=told)) == facts | {"clean environment": "no"}


class TestDifferences:
    def test_values_stand_in_the_files_order_and_equal_ones_are_left_out(self):
        files = [of(setup={"governor": told, "numa_nodes": 1}) for told in ("a", "b", "a")]
        assert setup_differences(files) == [("governor", ["a", "b", "a"])]
        assert setup_differences(files[:1]) == setup_differences([]) == []

    def test_what_one_does_not_tell_is_not_known(self):
        files = [of(setup={"governor": "a"}), of(setup={"numa_nodes": 1})]
        assert setup_differences(files) == [
            ("governor", ["a", "not known"]),
            ("NUMA nodes", ["not known", "1"]),
        ]

    def test_a_variable_that_a_newer_file_does_not_tell_was_not_set_and_of_older_ones_nothing_is_known(self):
        with_one = of(setup={"governor": "a"}, environment={"A": "1"})
        files = [with_one, of(setup={"governor": "a"}), of(), file(header=None)]
        assert setup_differences(files) == [
            ("governor", ["a", "a", "not known", "not known"]),
            ("clean environment", ["no", "no", "not known", "not known"]),
            ("A", ["1", "not set", "not known", "not known"]),
        ]

    def test_a_clean_environment_is_told_where_variables_differ_alone(self):
        clean, untouched = of(setup={"governor": "a"}, clean_environment=True), of(setup={"governor": "a"})
        with_one = of(setup={"governor": "a"}, environment={"A": "1"})
        assert setup_differences([clean, untouched]) == []
        assert setup_differences([clean, with_one]) == [
            ("clean environment", ["yes", "no"]),
            ("A", ["not set", "1"]),
        ]
        other = of(setup={"governor": "b"}, environment={"A": "1"}, clean_environment=True)
        assert setup_differences([with_one, other]) == [("governor", ["a", "b"])]


def test_variables_of_two_figures_in_the_order_of_their_names():
    first = measured(cell(environment={"C": "1", "A": "1", "same": "x"}))
    second = measured(cell(environment={"A": "2", "B": "3", "same": "x"}))
    assert unlike_environments(first, second) == (
        "measured in unlike environments: A 1, then 2; B not set, then 3; C 1, then not set"
    )
    assert unlike_environments(first, first) == ""
