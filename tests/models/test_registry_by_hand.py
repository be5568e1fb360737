"""The registry on workloads and plug-ins that are made up: what is found, in what order, what is refused."""

from __future__ import annotations

import importlib
import importlib.metadata
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest

from likeforlike.models import registry
from likeforlike.models.contract.axis import READABLE
from likeforlike.models.contract.declaration_check import PluginFault
from likeforlike.models.contract.implementation import Implementation
from likeforlike.models.contract.problem import Problem, Verification
from likeforlike.models.contract.workload import Workload
from likeforlike.models.registry import (
    Plugin,
    Registry,
    UnknownName,
    built_in_workloads,
    find_workload,
    kernel_workloads,
    load_registry,
    task_of,
)


def workload(name, **more):
    return Workload(
        name,
        f"about {name}",
        lambda axes, device: Problem((), "float32", device),
        verify=lambda axes, problem, answer: Verification(0.0, 0.0),
        **more,
    )


def entry(name, of="one", **more):
    return Implementation(name, of, "numpy", "", "module:attribute", **more)


ONE, TWO, TRAINED = workload("one"), workload("two"), workload("trained", kind="task")
DECLARED = {"one": ONE, "two": TWO, "trained": TRAINED}
ENTRIES = (entry("a"), entry("b", "two"), entry("a", "two"), entry("c"))
MADE = Registry(ENTRIES, (), DECLARED)


class TestRegistry:
    def test_workloads_by_name_and_kind_in_order(self):
        assert MADE.workloads == {"one": "about one", "two": "about two", "trained": "about trained"}
        assert MADE.of_kind("kernel") == (ONE, TWO)
        assert (MADE.first("kernel"), MADE.first("task")) == ("one", "trained")

    def test_entries_of_a_workload_and_their_names_each_once(self):
        assert MADE.of("two") == (ENTRIES[1], ENTRIES[2])
        assert MADE.of("trained") == ()
        assert MADE.names("two") == ("b", "a")
        assert MADE.names() == ("a", "b", "c")
        assert MADE.find("two", "a") is ENTRIES[2]

    def test_a_name_that_is_not_there_is_told_with_those_that_are(self):
        with pytest.raises(UnknownName, match=r"^unknown workload 'x'; known: one, two, trained$"):
            MADE.of("x")
        with pytest.raises(UnknownName, match=r"^unknown workload 'x'; known: one, two, trained$"):
            MADE.names("x")
        with pytest.raises(UnknownName, match=r"^unknown implementation of one 'b'; known: a, c$"):
            MADE.find("one", "b")

    def test_without_more_it_has_our_own_workloads(self):
        assert Registry(()).declared is built_in_workloads()


class TestOurs:
    def test_they_stand_by_their_order_and_then_by_name(self):
        ours = built_in_workloads()
        assert list(ours) == sorted(ours, key=lambda name: (ours[name].order, name))
        assert all(name == workload.name for name, workload in ours.items())
        assert ours["gemm"].target == "likeforlike.models.kernels.gemm.workload:WORKLOAD"

    def test_kernels_are_those_whose_sample_is_a_call(self):
        kinds = {workload.kind for workload in kernel_workloads().values()}
        assert kinds == {"kernel", "noise floor"}
        ours = built_in_workloads()
        assert list(kernel_workloads()) == [n for n, w in ours.items() if w.kind in ("kernel", "noise floor")]

    def test_a_folder_without_implementations_is_none(self):
        """Such as that of models of one's own; nor is what is no package."""
        names = [
            package.rpartition(".")[2] for package in registry._workloads_in("likeforlike.models.kernels")
        ]
        assert "gemm" in names
        assert "layouts" not in names
        assert "own" not in [p.rpartition(".")[2] for p in registry._workloads_in("likeforlike.models.tasks")]


@pytest.fixture
def module(monkeypatch):
    """A module of these attributes, which can be imported in this test alone."""

    def made(name, **attributes):
        monkeypatch.setitem(sys.modules, name, SimpleNamespace(__file__=f"/{name}.py", **attributes))
        return name

    return made


class TestFindWorkload:
    def test_alone_or_among_others(self, module):
        module("theirs", WORKLOADS=["x", ONE, TWO], MINE=TWO, TUPLE=(TWO,))
        for target in ("theirs:WORKLOADS", "theirs:MINE", "theirs:TUPLE"):
            assert find_workload("two", target) == replace(TWO, target=target)

    def test_what_is_no_workload_of_that_name_is_not_it(self, module):
        module("theirs", WORKLOADS=[SimpleNamespace(name="two"), ONE])
        with pytest.raises(LookupError, match="theirs:WORKLOADS declares no workload 'two'"):
            find_workload("two", "theirs:WORKLOADS")

    def test_what_is_trained(self, module):
        task = SimpleNamespace()
        module("theirs", MINE=replace(TRAINED, task=task), OTHER=ONE)
        assert task_of("trained", "theirs:MINE") is task
        assert task_of("training") is built_in_workloads()["training"].task
        for name, target in (("one", "theirs:OTHER"), ("gemm", ""), ("nothing", "")):
            with pytest.raises(LookupError, match=f"{name} is no task: it trains nothing"):
                task_of(name, target)


class TestPlugins:
    @pytest.mark.parametrize(
        ("value", "module", "attribute"),
        [
            ("theirs", "theirs", "IMPLEMENTATIONS"),
            ("theirs:OFFER", "theirs", "OFFER"),
            ("theirs : OFFER ", "theirs", "OFFER"),
            ("theirs: ", "theirs", "IMPLEMENTATIONS"),
        ],
    )
    def test_where_entries_are(self, value, module, attribute):
        assert registry._named(value) == Plugin(value, module, attribute)

    def test_installed_ones_by_package_and_name(self, monkeypatch):
        def point(package, name, value):
            return SimpleNamespace(dist=package and SimpleNamespace(name=package), name=name, value=value)

        asked = []
        points = [point("b", "x", "m1"), point("a", "z", "m2"), point("a", "y", "m3:OFFER")]
        points.append(point(None, "w", "m4"))
        monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: asked.append(group) or points)
        assert list(registry._installed()) == [
            Plugin("w", "m4", "IMPLEMENTATIONS"),
            Plugin("a", "m3", "OFFER"),
            Plugin("a", "m2", "IMPLEMENTATIONS"),
            Plugin("b", "m1", "IMPLEMENTATIONS"),
        ]
        assert asked == ["likeforlike.implementations"]


class TestLoading:
    @pytest.fixture(autouse=True)
    def _nothing_installed(self, monkeypatch):
        monkeypatch.setattr(registry, "_installed", lambda: iter(self.installed))

    installed = ()

    def test_ours_alone(self):
        found = load_registry()
        assert found.faults == ()
        assert tuple(found.declared) == tuple(built_in_workloads())
        assert {made.origin for made in found.entries} == {"likeforlike"}
        assert {made.workload for made in found.entries} <= set(found.declared)

    def test_each_is_taken_whole_or_not_at_all_and_once(self, module):
        module("first", WORKLOADS=[ONE], IMPLEMENTATIONS=[entry("a"), entry("g", "gemm")])
        module("second", IMPLEMENTATIONS=[entry("b"), entry("a")])
        module("third", WORKLOADS=[TWO], IMPLEMENTATIONS=(entry("a", "two"), entry("b")))
        self.installed = [Plugin("package", "first", "IMPLEMENTATIONS")]
        found = load_registry(["first", "second", "third", "third"])
        added = [made for made in found.entries if made.origin != "likeforlike"]
        assert [(made.workload, made.name, made.origin) for made in added] == [
            ("one", "a", "package"),
            ("gemm", "g", "package"),
            ("two", "a", "third"),
            ("one", "b", "third"),
        ]
        assert found.faults == (registry.Fault("second", "one has an implementation named 'a' already"),)
        assert tuple(found.declared) == (*built_in_workloads(), "one", "two")
        assert found.declared["one"].target == "first:WORKLOADS"


class TestOffered:
    """What a plug-in brings, or why it is refused."""

    def offered(self, attribute="IMPLEMENTATIONS", declared=DECLARED, taken=()):
        return registry._offered(Plugin("package", "theirs", attribute), declared, set(taken))

    def refused(self, **more):
        with pytest.raises(PluginFault) as fault:
            self.offered(**more)
        return str(fault.value)

    def test_workloads_and_entries_with_their_origin(self, module):
        module("theirs", WORKLOADS=[workload("new")], IMPLEMENTATIONS=[entry("a"), entry("b", "new")])
        found = self.offered()
        assert {name: made.target for name, made in found.workloads.items()} == {"new": "theirs:WORKLOADS"}
        expected = [replace(entry("a"), origin="package"), replace(entry("b", "new"), origin="package")]
        assert found.entries == expected

    def test_declarations_by_a_further_entry_point_of_one_module_are_the_same(self, module):
        module("theirs", WORKLOADS=[ONE, workload("new")], MORE=[entry("m", "new")])
        same = {"one": replace(ONE, target="theirs:WORKLOADS")}
        found = self.offered("MORE", same)
        assert list(found.workloads) == ["new"]
        assert [made.name for made in found.entries] == ["m"]

    def test_names_that_are_taken(self, module):
        module("theirs", WORKLOADS=[ONE])
        assert self.refused() == "there is a workload named 'one' already"
        module("theirs", WORKLOADS=[workload("new"), workload("new")])
        assert self.refused() == "there is a workload named 'new' already"
        module("theirs", IMPLEMENTATIONS=[entry("a")])
        assert self.refused(taken=[("one", "a")]) == "one has an implementation named 'a' already"
        assert [made.name for made in self.offered(taken=[("two", "a")]).entries] == ["a"]
        module("theirs", IMPLEMENTATIONS=[entry("a"), entry("a")])
        assert self.refused() == "one has an implementation named 'a' already"

    def test_one_of_the_two_lists_is_enough(self, module):
        module("theirs", WORKLOADS=(workload("new"),))
        assert self.offered() == ({"new": self.offered().workloads["new"]}, [])
        told = "has no MORE, a tuple of likeforlike.models.contract.Implementation"
        assert told in self.refused(attribute="MORE")
        module("theirs", IMPLEMENTATIONS=())
        assert self.offered() == ({}, [])
        module("theirs", MORE=())
        assert self.refused().startswith("module theirs (/theirs.py) has no IMPLEMENTATIONS")
        assert self.offered("MORE") == ({}, [])

    def test_what_is_no_list(self, module):
        module("theirs", IMPLEMENTATIONS=7)
        assert self.refused() == "IMPLEMENTATIONS is of type int, expected a list or tuple of Implementation"
        module("theirs", WORKLOADS={}, IMPLEMENTATIONS=[])
        assert self.refused() == "WORKLOADS is of type dict, expected a list or tuple of Workload"
        module("theirs", WORKLOADS=[ONE, "x"], IMPLEMENTATIONS=[])
        told = "WORKLOADS[1] is of type str, expected likeforlike.models.contract.Workload"
        assert self.refused(declared={}) == told

    @pytest.mark.parametrize(
        ("error", "told"),
        [
            (ValueError("one\n  two"), "import of theirs failed: ValueError: one two"),
            (SystemExit(), "import of theirs failed: SystemExit"),
            (ModuleNotFoundError("no x"), "import of theirs failed: ModuleNotFoundError: no x"),
        ],
    )
    def test_whatever_an_import_raises(self, error, told, monkeypatch):
        def raises(name):
            raise error

        monkeypatch.setattr(registry.importlib, "import_module", raises)
        assert self.refused() == told

    def test_an_interrupt_is_the_user_s(self, monkeypatch):
        def raises(name):
            raise KeyboardInterrupt

        monkeypatch.setattr(registry.importlib, "import_module", raises)
        with pytest.raises(KeyboardInterrupt):
            self.offered()

    @pytest.mark.parametrize(
        ("made", "told"),
        [
            ("x", "is of type str, expected likeforlike.models.contract.Implementation"),
            (entry("a", device_kinds="cpu"), ".device_kinds is 'cpu', expected a tuple"),
            (entry("a", needs=["x"]), ".needs is ['x'], expected a tuple"),
            (entry("a", install=("x",)), ".install is ('x',), expected a str"),
            (entry("a", "x"), ".workload is 'x', expected one of one, two, trained"),
            (entry("a", division="fast"), ".division is 'fast', expected one of default, tuned"),
            (entry("a", role="judge"), ".role is 'judge', expected one of contestant, floor"),
            (entry("a", threading="inter-op"), ".threading is 'inter-op', expected intra-op with numpy"),
            (
                replace(entry("a", threading="both"), framework="tensorflow"),
                ".threading is 'both', expected intra-op or inter-op with tensorflow",
            ),
            (entry("a,b"), f".name is 'a,b', expected {READABLE}"),
            (replace(entry("a"), target="m"), ".target is 'm', expected module:attribute"),
            (replace(entry("a"), target="m:"), ".target is 'm:', expected module:attribute"),
            (replace(entry("a"), target=":f"), ".target is ':f', expected module:attribute"),
        ],
    )
    def test_a_field_that_does_not_fit_is_named(self, module, made, told):
        module("theirs", IMPLEMENTATIONS=[entry("fits"), made])
        found = self.refused()
        assert found.removeprefix("IMPLEMENTATIONS[1]").strip() == told

    @pytest.mark.parametrize(
        "made",
        [
            replace(entry("a"), framework="tensorflow", threading="inter-op"),
            replace(entry("a"), framework="tensorflow"),
            entry("a", division="tuned", role="floor"),
        ],
    )
    def test_what_fits_is_taken(self, module, made):
        module("theirs", IMPLEMENTATIONS=[made])
        assert self.offered().entries == [replace(made, origin="package")]
