"""Which machines are one, fact by fact and byte by byte, and by what their titles tell them apart."""

from __future__ import annotations

import pytest
from report_by_hand import file, machine

from likeforlike.reports.read.machines import Machine
from likeforlike.reports.sort.likeness.machine_identity import (
    fact_text,
    machine_titles,
    names_processor,
    with_known_machines,
)

TENTH = 107_374_182
"""Whole bytes of a tenth of a GiB, 0.1 · 1,073,741,824."""
TERA = 1_000_000_000_000


def ids(*files):
    return [one.machine.id for one in with_known_machines(files)]


def holding(memory_bytes, text="1 GiB", identity="m1", gpus=()):
    """A machine of so much memory, and with GPUs of so much."""
    facts = {"memory": text} | {f"GPU {n} memory": f"{text} {told}" for n, told in enumerate(gpus)}
    fingerprint = {"memory_bytes": memory_bytes, "gpus": [{"memory_bytes": told} for told in gpus]}
    return machine(identity, facts=facts, fingerprint=fingerprint)


def nameless(identity="m1", label="unknown machine", fingerprint=None, facts=(("cores", "4"),)):
    return Machine(identity, label, fingerprint, facts)


def pair(first, second, **fields):
    """Files of two machines, by default of two runs."""
    return file(of=first, name="a.json", **fields), file(of=second, name="b.json", **fields)


class TestOneMachine:
    def test_of_equal_facts_the_first_id_is_kept(self):
        found = with_known_machines(pair(machine("m1"), machine("m2")))
        assert found[0].machine is found[1].machine
        assert found[0].machine.id == "m1"

    def test_other_facts_are_of_another(self):
        assert ids(*pair(machine("m1"), machine("m2", facts={"usable cores": "4"}))) == ["m1", "m2"]
        assert ids(*pair(machine("m1"), machine("m2", label="other"))) == ["m1", "m2"]

    def test_an_id_that_another_has_gives_way(self):
        others = [machine(facts={"usable cores": number}) for number in ("2", "4", "8", "4")]
        files = [file(of=one, name=f"{n}.json") for n, one in enumerate(others)]
        first, second, third, again = ids(*files)
        assert first == "m1"
        assert second == again
        assert len({first, second, third}) == 3
        assert [len(second), len(third)] == [12, 12]
        assert ids(*files) == [first, second, third, again]

    @pytest.mark.parametrize(
        ("first", "second", "same"),
        [
            (TERA, TERA - TERA // 50, True),
            (TERA - TERA // 50, TERA, True),
            (TERA, TERA - TERA // 50 - 1, False),
            (TERA // 1000, TERA // 1000 + TENTH, True),
            (TERA // 1000, TERA // 1000 + TENTH + 1, False),
            (TERA // 1000 + TENTH + 1, TERA // 1000, False),
        ],
    )
    def test_memory_may_differ_by_a_fiftieth_or_a_tenth_of_a_gibibyte(self, first, second, same):
        one, other = holding(first, "x"), holding(second, "y", "m2")
        assert (ids(*pair(one, other))[1] == "m1") is same
        one, other = holding(TERA, gpus=[5, first]), holding(TERA, gpus=[5, second], identity="m2")
        assert (ids(*pair(one, other))[1] == "m1") is same

    def test_memory_of_which_only_a_text_is_told_is_the_same_text(self):
        assert ids(*pair(holding(None, "x"), holding(None, "x", "m2"))) == ["m1", "m1"]
        assert ids(*pair(holding(None, "x"), holding(None, "y", "m2"))) == ["m1", "m2"]
        assert ids(*pair(holding(None, "x"), holding(TERA, "x", "m2"))) == ["m1", "m2"]
        assert ids(*pair(holding(TERA, "x"), machine("m2"))) == ["m1", "m2"]
        assert ids(*pair(machine("m1"), holding(TERA, "x", "m2"))) == ["m1", "m2"]

    def test_every_amount_is_looked_at(self):
        assert ids(*pair(holding(TERA, gpus=[TERA]), holding(TERA, gpus=[5], identity="m2"))) == ["m1", "m2"]
        assert ids(*pair(holding(5, gpus=[TERA]), holding(TERA, gpus=[TERA], identity="m2"))) == ["m1", "m2"]


class TestNameless:
    def test_a_machine_is_named_by_its_processor_or_its_own_label(self):
        assert names_processor(machine())
        assert names_processor(nameless(fingerprint={"label": "mine"}))
        assert not names_processor(nameless())
        assert not names_processor(nameless(fingerprint={"label": ""}))

    def test_two_that_nothing_names_are_two_though_their_facts_agree(self):
        first, second = ids(*pair(nameless(), nameless()))
        assert (first, first != second) == ("m1", True)
        assert ids(*pair(nameless(), nameless("m2"))) == ["m1", "m2"]

    def test_unless_they_are_of_one_run_or_one_file(self):
        assert ids(*pair(nameless(), nameless("m2"), run_id="one")) == ["m1", "m1"]
        assert ids(*pair(nameless(), nameless("m2"), run_id="")) == ["m1", "m2"]
        assert ids(*pair(nameless(), nameless("m2"), digest="one")) == ["m1", "m1"]

    def test_of_one_run_memory_tells_nodes_apart_all_the_same(self):
        one, other = (nameless(name, facts=(("memory", name),)) for name in ("m1", "m2"))
        assert ids(*pair(one, other, run_id="one")) == ["m1", "m2"]

    def test_or_have_a_gpu_of_which_there_is_but_one(self):
        def with_gpus(identity, *uuids, gpus=None):
            told = [{"uuid": uuid} for uuid in uuids] if gpus is None else gpus
            return nameless(identity, fingerprint={"gpus": told})

        both = pair(with_gpus("m1", "A", "B"), with_gpus("m2", "B"))
        assert ids(*both) == ["m1", "m1"]
        for other in (
            with_gpus("m2", "C"),
            with_gpus("m2", None),
            with_gpus("m2", gpus=[{}, "no GPU"]),
            with_gpus("m2", gpus=7),
            nameless("m2"),
        ):
            assert ids(*pair(with_gpus("m1", "A"), other)) == ["m1", "m2"]
        assert ids(*pair(with_gpus("m1", None), with_gpus("m2", None))) == ["m1", "m2"]

    def test_ids_of_those_without_a_name_are_of_their_run_or_file(self):
        def second(**fields):
            return ids(file(of=machine(), name="0.json"), file(of=nameless(), **fields))[1]

        assert second(run_id="r", digest="a") == second(run_id="r", digest="b")
        assert second(run_id="r", digest="a") != second(run_id="s", digest="a")
        assert second(run_id="", digest="a") != second(run_id="", digest="b")


class TestTitles:
    @staticmethod
    def titles(*machines, files=()):
        return list(machine_titles(machines, files).values())

    def alike(self, *facts, label="box"):
        return [machine(f"m{n}0123456789", label, told) for n, told in enumerate(facts)]

    def test_labels_that_differ_suffice(self):
        assert self.titles(machine("a", "x"), machine("b", "y", {"memory": "1 GiB"})) == ["x", "y"]

    def test_the_one_fact_by_which_a_reader_knows_machines_first(self):
        both = self.alike(
            {"python": "3.11", "threads": "1", "usable cores": "2", "memory": "1 GiB", "system": "a"},
            {"python": "3.12", "threads": "2", "usable cores": "4", "memory": "2 GiB", "system": "b"},
        )
        assert self.titles(*both) == ["box, 1 GiB memory", "box, 2 GiB memory"]
        both = self.alike(
            {"system": "a", "python": "3.11", "threads": "1"},
            {"system": "b", "python": "3.12", "threads": "2"},
        )
        assert self.titles(*both) == ["box, 1 thread", "box, 2 threads"]
        both = self.alike({"system": "a", "numpy": "1"}, {"system": "b", "numpy": "2"})
        assert self.titles(*both) == ["box, numpy 1", "box, numpy 2"]

    def test_two_facts_where_one_does_not_suffice(self):
        three = self.alike(
            {"memory": "1 GiB", "threads": "1"},
            {"memory": "1 GiB", "threads": "2"},
            {"memory": "2 GiB", "threads": "2"},
        )
        assert self.titles(*three) == [
            "box, 1 GiB memory, 1 thread",
            "box, 1 GiB memory, 2 threads",
            "box, 2 GiB memory, 2 threads",
        ]

    def test_but_never_three(self):
        bits = [{"a": a, "b": b, "c": c} for a in "01" for b in "01" for c in "01"]
        assert self.titles(*self.alike(*bits)) == [f"box, m{n}012345" for n in range(8)]

    def test_of_a_nameless_one_its_first_file_where_facts_agree(self):
        one, other = nameless("m1", "box"), nameless("m2", "box")
        files = [file(of=one, name="first.json"), file(of=one, name="second.json")]
        assert self.titles(one, other, files=files) == ["box, of first.json", "box, of m2"]

    @pytest.mark.parametrize(
        ("name", "value", "text"),
        [
            ("BLAS", "not known", "BLAS not known"),
            ("threads", "1", "1 thread"),
            ("threads", "12", "12 threads"),
            ("CPU", "Xeon", "Xeon"),
            ("memory", "1 GiB", "1 GiB memory"),
            ("GPU 0 memory", "1 GiB", "1 GiB GPU 0 memory"),
            ("python", "3.12.1", "python 3.12.1"),
            ("GPU 0", "H100", "GPU 0 H100"),
        ],
    )
    def test_a_fact_in_words(self, name, value, text):
        assert fact_text(name, value) == text
