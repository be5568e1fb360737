"""Workloads, axes and kernels as they are declared: what stands where nothing is said, and what follows."""

from __future__ import annotations

import numpy as np
import pytest

from likeforlike.models.contract.axis import PRECISION, READABLE, Axis, precision_axis, readable
from likeforlike.models.contract.kernel import SKETCHED_ROWS, Kernel, each, place_of, widened
from likeforlike.models.contract.problem import Problem, Verification
from likeforlike.models.contract.workload import Wording, Workload, without_problem

OWN = np.array([[2.0, 4.0]])
PROBLEM = Problem((OWN,), "float64", "cpu:0", {"size": 2})


class TestWorkload:
    def test_what_stands_where_nothing_is_said(self):
        plain = Workload("name", "summary")
        assert (plain.flop({}), plain.fewest_flop({}), plain.bytes_moved({}), plain.items({})) == (None,) * 4
        assert (plain.memory_bytes({}), plain.tolerance, plain.order) == (0, 0.0, 50)
        assert [plain.rows_alike, plain.multiplies, plain.feeds, plain.transfers] == [False] * 4
        assert (plain.reference, plain.settled, plain.probe, plain.task) == (None,) * 4
        assert (plain.axes, plain.distributions, plain.idle, plain.target) == ((), (), (), "")
        assert (plain.precision, plain.kind) == ("float32", "kernel")
        assert plain.presets == ("smoke", "quick", "published")
        assert plain.problem is without_problem
        with pytest.raises(NotImplementedError, match="has no problem"):
            plain.problem({}, "cpu:0")
        with pytest.raises(NotImplementedError, match="neither verify nor reference"):
            plain.verify({}, PROBLEM, None)

    def test_a_reference_stands_for_a_check_and_a_probe(self):
        """Twice the operand; an answer that is off by 1 is off by an eighth of the largest, as is allowed."""
        made = Workload("x", "", reference=lambda problem: 2 * problem.operands[0], tolerance=0.125)
        assert made.verify({}, PROBLEM, [[4.0, 8.0]]) == Verification(0.0, 0.125)
        assert made.verify({}, PROBLEM, [[5.0, 8.0]]) == Verification(0.125, 0.125)
        probe = made.probe({}, PROBLEM, np.random.default_rng(0))
        assert probe(Kernel(call=lambda: None), [[2.0, 4.0]], np.array([0.5])) == Verification(0.0, 0.125)
        assert not probe(Kernel(call=lambda: None), [[4.0, 8.0]], np.array([0.5])).ok

    def test_what_is_declared_beside_a_reference_stays(self):
        def verify(axes, problem, answer):
            return Verification(3.0, 4.0)

        def probe(axes, problem, random):
            return None

        checked = Workload("x", "", reference=lambda problem: OWN, verify=verify)
        assert checked.verify is verify
        assert checked.probe is not None
        probed = Workload("x", "", reference=lambda problem: OWN, probe=probe)
        assert probed.probe is probe
        assert probed.verify({}, PROBLEM, OWN) == Verification(0.0, 0.0)
        assert Workload("x", "", verify=verify).probe is None
        assert Workload("x", "", probe=probe).probe is probe

    AXES = (Axis("rows", (1,)), Axis("size", (2,), size=True), Axis("dtype", ("float32",), type="str"))

    def test_its_axes_by_name_and_the_one_of_sizes(self):
        made = Workload("x", "", axes=self.AXES)
        assert made.size_axis is self.AXES[1]
        assert (made.axis("rows"), made.axis("size"), made.axis("other")) == (*self.AXES[:2], None)
        assert Workload("x", "", axes=self.AXES[:1]).size_axis is None

    def test_its_precision_is_its_axis_s_or_its_own(self):
        made = Workload("x", "", precision="float64")
        assert made.precision_of({"dtype": "bfloat16"}) == "bfloat16"
        assert made.precision_of({"size": 2}) == "float64"

    def test_what_presets_measure_alone(self):
        made = Workload("x", "", smoke_only=("a",), quick_only=("b", "c"))
        assert [made.only_in(preset) for preset in ("smoke", "quick", "published")] == [
            ("a",),
            ("b", "c"),
            (),
        ]

    def test_what_a_result_file_says(self):
        wording = Wording(title="T", noun="n")
        made = Workload("x", "s", axes=self.AXES[1:2], multiplies=True, kind="task", wording=wording)
        assert made.as_json() == {
            "name": "x",
            "kind": "task",
            "summary": "s",
            "axes": [{"name": "size", "type": "int", "unit": "", "label": "", "size": True}],
            "multiplies": True,
            "feeds": False,
            "wording": {"title": "T", "noun": "n"},
        }


class TestAxis:
    @pytest.mark.parametrize(
        ("quick", "published", "expected"),
        [
            ((), (), [(1,), (1,), (1,)]),
            ((2,), (), [(1,), (2,), (2,)]),
            ((), (3,), [(1,), (1,), (3,)]),
            ((2,), (3,), [(1,), (2,), (3,)]),
        ],
    )
    def test_a_preset_without_values_has_those_of_the_one_before(self, quick, published, expected):
        axis = Axis("x", (1,), quick, published)
        assert [axis.values(preset) for preset in ("smoke", "quick", "published")] == expected

    @pytest.mark.parametrize(
        ("axis", "values"),
        [
            (Axis("x", (1,)), {"1": 1, "12": 12, "0": None, "-3": None, "2.5": None, "x": None}),
            (Axis("x", (1,), least=2), {"1": None, "2": 2}),
            (Axis("x", (1,), least=None), {"0": 0, "-3": -3, "1" + 400 * "0": 10**400}),
            (
                Axis("x", (1.0,), type="float", least=None),
                {"-0.5": -0.5, "nan": None, "inf": None, "-inf": None},
            ),
            (Axis("x", (1.0,), type="float"), {"1": 1.0, "nan": None, "inf": None, "1e999": None}),
            (Axis("x", (1.0,), type="float", least=0.5), {"0.5": 0.5, "0.4": None, "1e3": 1000.0, "x": None}),
            (
                Axis("x", ("a",), type="str"),
                {"a": "a", "b-1.x_+": "b-1.x_+", "-b": None, "a,b": None, "": None},
            ),
            (Axis("x", ("a",), type="str", choices=("a", "b")), {"a": "a", "b": "b", "c": None}),
        ],
    )
    def test_values_on_a_command_line(self, axis, values):
        assert {text: axis.parsed(text) for text in values} == values

    @pytest.mark.parametrize(
        ("axis", "expected"),
        [
            (Axis("x", (1,)), "a whole number of at least 1"),
            (Axis("x", (1,), least=None), "a whole number"),
            (Axis("x", (1.0,), type="float", least=0.5), "a number of at least 0.5"),
            (Axis("x", ("a",), type="str"), READABLE),
            (Axis("x", ("a",), type="str", choices=("a", "b")), "one of a, b"),
        ],
    )
    def test_what_can_be_asked_for(self, axis, expected):
        assert axis.expected == expected

    def test_what_stands_where_nothing_is_said(self):
        axis = Axis("x", (1,))
        assert (axis.type, axis.size, axis.least, axis.choices) == ("int", False, 1, ())
        assert axis.as_json() == {"name": "x", "type": "int", "unit": "", "label": "", "size": False}
        told = Axis("x", (1,), unit="u", label="l", size=True, type="float").as_json()
        assert told == {"name": "x", "type": "float", "unit": "u", "label": "l", "size": True}

    def test_the_axis_of_precision_modes(self):
        axis = precision_axis(("float64", "float32"))
        assert axis == Axis(PRECISION, ("float32",), (), (), type="str", choices=("float64", "float32"))
        told = precision_axis(("float64",), ("float64",), ("tf32",), ("float16",))
        values = (told.smoke, told.quick, told.published)
        assert (PRECISION, values) == ("dtype", (("float64",), ("tf32",), ("float16",)))

    def test_names_that_can_stand_anywhere(self):
        assert [name for name in ("a", "7", "a-", "a_b.c+1", "ab") if not readable(name)] == []
        assert [name for name in ("", "-", "-a", ".a", "a b", "a/b", "a,", ",a") if readable(name)] == []


class TestKernel:
    def test_a_function_of_a_result_or_of_each_of_its_parts(self):
        assert each(lambda part: part + 1, (1, 2)) == (2, 3)
        assert each(lambda part: [*part, 1], [0]) == [0, 1]

    def test_places_are_told_once_in_order(self):
        assert place_of(lambda part: part, "gpu:0") == "gpu:0"
        assert place_of(lambda part: part, ("gpu:0", "cpu:0", "gpu:0")) == "cpu:0,gpu:0"
        assert place_of(lambda part: part, ("gpu:0", "gpu:0")) == "gpu:0"

    def test_numbers_of_16_bits_are_widened_alone(self):
        narrow = np.array([1.5, -2.0], np.float16)
        assert widened(narrow).dtype == np.float32
        assert widened(narrow).tolist() == [1.5, -2.0]
        for dtype in (np.float32, np.float64, np.int8):
            array = np.zeros(2, dtype)
            assert widened(array) is array

    def test_without_more_it_waits_for_nothing_and_is_read_by_numpy(self):
        kernel = Kernel(call=lambda: 1)
        assert kernel.wait(1) is None
        assert kernel.to_numpy([1, 2]).tolist() == [1, 2]
        others = (kernel.device_of, kernel.upload, kernel.download, kernel.change, kernel.sketch)
        assert others == (None,) * 5
        assert (kernel.on_gpu, kernel.supply, kernel.calls) == (None,) * 3
        assert SKETCHED_ROWS == 1024
