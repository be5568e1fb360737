"""Sections, curves and crossovers follow from what a file declares; older files' workloads from their names."""

from __future__ import annotations

import importlib.metadata
import re
import sys
from types import SimpleNamespace

import pytest
import report_samples as samples
from report_hostile import read

from likeforlike.models.registry import built_in_workloads
from likeforlike.reports.read.result_file import ResultError
from likeforlike.reports.read.schema.declarations import declared, of_older_files
from likeforlike.reports.tell.plot_data import RateAgainstSize, RelativeTimes
from likeforlike.reports.tell.report import build_report
from likeforlike.reports.tell.sections import own
from likeforlike.reports.write.markdown import to_markdown

SOFT = {
    "name": "soft",
    "kind": "kernel",
    "summary": "softmax of rows",
    "axes": [
        {"name": "columns", "type": "int", "unit": "numbers", "size": True},
        {"name": "rows", "type": "int"},
    ],
    "wording": {"noun": "row", "title": "Softmax, row by row"},
}
SECONDS = {"plain": {100: 1e-4, 400: 8e-4}, "fused": {100: 2e-4, 400: 4e-4}}
"""By hand: fused is half as fast at 100 and twice as fast at 400; they cross halfway, in logarithms: at 200."""


def soft_cells(flop=None):
    cells = []
    for rows in (8, 16):
        for name, by_size in SECONDS.items():
            for columns, seconds in by_size.items():
                axes = {"columns": columns, "rows": rows}
                data = [seconds * rows / 8] * 9
                extra = {"flop": None if flop is None else flop * columns * rows}
                numbers = [number // 3 for number in range(9)]
                cells.append(samples.cell("soft", name, "cpu:0", axes, data, launch_numbers=numbers, **extra))
    return cells


def report_of(cells, **header):
    return build_report([read(samples.document(cells, **header), "a.json")])


def lines_of(report):
    return [[part.strip() for part in line.split("|")[1:-1]] for line in to_markdown(report).splitlines()]


@pytest.fixture
def soft():
    return report_of(soft_cells(flop=5.0), workloads={"soft": SOFT})


class TestADeclaredKernel:
    def test_has_a_section_by_its_wording(self, soft):
        text = to_markdown(soft)
        assert "## Softmax, row by row" in text
        assert "Softmax of rows; a sample is one call." in text
        assert "**Time and rate of the rows**" in text
        assert "**Implementations of the row, compared**" in text
        assert "dtype" not in text.split("## Softmax")[1].split("## The machine")[0]

    def test_its_cells_stand_by_size_and_further_axes(self, soft):
        rows = [line for line in lines_of(soft) if line[:2] == ["fused", "400"]]
        assert [line[2] for line in rows] == ["rows=16", "rows=8"]
        assert rows[1][3].startswith("400 µs")

    def test_one_overtakes_another_from_the_size_by_hand(self, soft):
        found = [line for line in lines_of(soft) if line[:2] == ["fused", "plain"]]
        assert [line[2:] for line in found] == [
            ["cpu:0", f"rows={rows}", "about 200"] for rows in (16, 8)
        ] or [line[2:] for line in found] == [["cpu:0", f"rows={rows}", "about 200"] for rows in (8, 16)]

    def test_its_findings_name_size_and_further_axes(self, soft):
        found = [finding.text for finding in soft.findings if "row" in finding.text]
        assert any(
            re.match(r"At the largest row on cpu:0 \(rows=8, columns 400\) plain takes ×2.00", s)
            for s in found
        )

    @pytest.mark.parametrize(("flop", "kind"), [(5.0, RateAgainstSize), (None, RelativeTimes)])
    def test_its_curves_are_over_its_size(self, flop, kind):
        report = report_of(soft_cells(flop), workloads={"soft": SOFT})
        (figure,) = [
            b for s in report.sections for b in s.blocks if getattr(b, "name", "") == "soft-over-size"
        ]
        assert isinstance(figure.data, kind)
        assert figure.data.size_label == "columns (numbers)"
        assert figure.data.curves[0].x == (100.0, 400.0)
        assert "rows=8" in figure.caption

    def test_with_an_answer_by_hand_errors_stand_beside_times(self):
        by_hand = SOFT | {"wording": {"by_hand": "By hand it is 1."}}
        text = to_markdown(report_of(soft_cells(), workloads={"soft": by_hand}))
        assert "## Workload soft\n\nBy hand it is 1." in text
        assert "Error against the answer by hand, and time" in text

    def test_without_a_size_it_is_ranked_alone(self):
        flat = SOFT | {"axes": [], "wording": {}}
        text = to_markdown(report_of(soft_cells(), workloads={"soft": flat}))
        assert "## Workload soft" in text
        assert "Implementations of soft" in text

    def test_undeclared_it_is_ranked_as_older_plug_ins_are(self):
        assert "Implementations of soft" in to_markdown(report_of(soft_cells()))

    def test_two_have_tables_of_names_of_their_own(self):
        cells = soft_cells(5.0) + samples.products(samples.Noise(1), rounds=9)
        report = report_of(cells, workloads={"soft": SOFT})
        names = [b.name for s in report.sections for b in s.blocks if hasattr(b, "name")]
        assert len(names) == len(set(names))
        assert {"products", "growth", "soft", "soft-growth", "soft-overtaking"} <= set(names)


class TestWhatFilesDeclare:
    def test_older_files_mean_what_the_names_meant(self):
        assert set(of_older_files()) == {"training", "distributed", "matmul", "jacobian", "eigen", "noise"}
        for name, workload in of_older_files().items():
            assert (workload.name, workload.kind) == (name, built_in_workloads()[name].kind)
        assert declared("matmul", {}).size_axis.name == "size"
        assert declared("other", {}).kind == ""

    def test_a_file_s_own_word_goes_before(self):
        file = read(samples.document(soft_cells(), workloads={"soft": SOFT, "matmul": SOFT}), "a.json")
        assert file.declared("matmul").name == "soft"

    def test_a_declaration_is_checked_like_any_field(self):
        with pytest.raises(ResultError, match=r"likeforlike.workloads.*expected `?object"):
            read(samples.document(soft_cells(), workloads={"soft": 7}), "a.json")

    def test_every_built_in_declaration_reads_back(self):
        told = {name: workload.as_json() for name, workload in built_in_workloads().items()}
        file = read(samples.document(soft_cells(), workloads=told), "a.json")
        for name, workload in built_in_workloads().items():
            found = file.declared(name)
            assert [axis.name for axis in found.axes] == [axis.name for axis in workload.axes]
            assert found.wording.title == workload.wording.title


class TestSectionsOfOnesOwn:
    @pytest.fixture
    def installed(self, monkeypatch, tmp_path):
        """Register modules of these texts as another package's sections."""
        monkeypatch.syspath_prepend(tmp_path)
        before = set(sys.modules)

        def install(**texts):
            points = []
            for name, text in texts.items():
                (tmp_path / f"{name}.py").write_text(text)
                value = f"{name}:made" if "def made" in text else name
                point = importlib.metadata.EntryPoint(name, value, own.GROUP)
                points.append(point)
            known = SimpleNamespace(entry_points=lambda group: points)
            monkeypatch.setattr(own, "importlib", SimpleNamespace(metadata=known))
            own.offers.cache_clear()

        yield install
        own.offers.cache_clear()
        for name in set(sys.modules) - before:
            del sys.modules[name]

    MODULE = """
from likeforlike.reports.tell.document import Section, Text, section

def sections(context):
    return [section("mine", "A section of mine", [Text(f"{len(context.study.measurements)} cells")])]

def findings(context):
    return [["Mine says so."]]
"""

    def test_a_module_s_and_a_function_s_are_taken(self, installed):
        function = self.MODULE.replace("def sections", "def made").replace("of mine", "made")
        installed(whole=self.MODULE, single=function)
        report = report_of(soft_cells())
        text = to_markdown(report)
        assert "## A section of mine\n\n8 cells" in text
        assert "## A section made" in text
        assert "Mine says so." in [finding.text for finding in report.findings]

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("1 / 0", "broken: import of broken failed: ZeroDivisionError: division by zero"),
            ("x = 1", "broken: broken is no function and no module with sections(context)"),
            (
                "def sections(context):\n    return context.nothing",
                "broken: AttributeError: 'Context' object has",
            ),
            ("def sections(context):\n    return ['x']", "broken: TypeError: gave a str, expected sections"),
        ],
    )
    def test_what_fails_costs_itself_alone_and_is_told(self, installed, text, told):
        installed(broken=text, whole=self.MODULE)
        shown = to_markdown(report_of(soft_cells()))
        assert "## Sections left out" in shown
        assert told in shown
        assert "## A section of mine" in shown
