"""The Markdown report as golden text, and its escaping.

``LIKEFORLIKE_GOLDEN=1 pytest tests/reports/write/test_markdown.py`` writes the golden text anew, to be read as a diff.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
import report_samples as samples
from report_hostile import EVIL, evil_document, golden_files, read

from likeforlike.reports.tell.document import Points, Report, Table, Text, row, section
from likeforlike.reports.tell.report import build_report
from likeforlike.reports.write import markdown
from likeforlike.reports.write.markdown import escape, to_markdown

GOLDEN = Path(__file__).parents[1].joinpath("data") / "golden.md"


def test_golden():
    text = to_markdown(build_report(golden_files()))
    if os.environ.get("LIKEFORLIKE_GOLDEN"):
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


class TestWhatTheGoldenTextHolds:
    """The golden text can be written anew by mistake; these lines can't."""

    text = GOLDEN.read_text(encoding="utf-8") if GOLDEN.exists() else ""

    def lines(self, *parts):
        return [line for line in self.text.splitlines() if all(part in line for part in parts)]

    def test_outcomes_and_reasons(self):
        assert self.lines(
            "torch-compiled", "skipped", "torch not installed: pip install 'likeforlike[torch]'"
        )
        assert self.lines("jax", "10000", "out-of-memory", "killed at 14.2 GiB of 14.0 GiB")
        assert self.lines("wrong-answer", "error 0.3, tolerance 1e-10")

    def test_struck_figures(self):
        assert self.lines(
            "~~matmul tf-eager gpu:0 1000 float32~~", "implausible", "TFLOP/s, above the device's"
        )
        assert self.lines("~~matmul tf-xla cpu:0 1000 float32~~", "disturbed", "8 of 12 samples disturbed")
        assert self.lines("| tf-eager", "~~×1,990", "no verdict")

    def test_one_launch_is_marked(self):
        assert self.lines("| eager-loop", ")° |")
        assert self.lines("° Not sure: measured in one launch", "(5.0 %, which is assumed)")

    def test_words(self):
        assert self.lines("| tf-graph", "×1.25", "slower")
        assert self.lines("| tf-eager", "×1.00", "same")
        assert self.lines("| jax", "unclear: 3 pairs, too few (1 more round)")
        assert self.lines("| numpy", "unclear: the interval holds 1", "more launches")

    def test_a_warning_stands_above_accuracies_of_generated_data(self):
        before, _, after = self.text.partition(
            "Each trainer under its own recipe, on cpu:0 of 8 x Intel Xeon"
        )
        assert after
        assert "Trained on generated data" in before[-400:]

    def test_unlike_work_is_named(self):
        assert self.lines("Not compared: matmul tf-eager", "operations 2,000,000,000 and 4,000,000,000")
        assert self.lines("Not compared: training keras-fit", "data fashion-mnist and synthetic")

    def test_the_floor_is_no_trainer(self):
        (told,) = self.lines("The floor on cpu:0")
        assert "is no trainer" in told
        assert not self.lines("| floor")


def wide_table(rows=2, **more):
    """Eight columns, wider than a page: a name, a place that all share, an empty one, two minor, three needed."""
    columns = ("name", "device", "empty", "a", "b", "c", "d", "e")
    made = tuple(
        row(f"{n}" + "n" * 16, "cpu:0", None, *(f"{n}" + name * 19 for name in "abcde")) for n in range(rows)
    )
    return Table("wide", "Wide", columns, made, **more)


def told_of(table):
    report = Report("t", "s", (), (section("x", "X", [Text("Words."), table]),))
    return to_markdown(report)


class TestWideTables:
    def header(self, text):
        return [
            part.strip() for part in next(ln for ln in text.splitlines() if ln.startswith("|")).split("|")
        ]

    def test_what_a_page_has_room_for_stays(self):
        columns = ("name", "device", "a", "b")
        text = told_of(Table("t", "T", columns, (row("n", "cpu:0", 1, 2),) * 2, minor=("a", "b")))
        assert self.header(text)[1:-1] == list(columns)
        assert ".csv" not in text

    def test_columns_go_empty_ones_first_then_shared_places_then_the_least_needed(self):
        """By hand: 17 + 3, 6 + 3, 5 + 3 and five of 20 + 3 are 152; without the second and third 135."""
        assert self.header(told_of(wide_table(minor=("b", "a"))))[1:-1] == ["name", "a", "b", "c", "d", "e"]
        text = told_of(wide_table(minor=("b", "a"), note="As it is."))
        assert text.rstrip().endswith("As it is. In all rows: device cpu:0. Not known: empty.")

    def test_what_is_left_out_is_named_with_its_file(self, monkeypatch):
        monkeypatch.setattr(markdown, "WIDEST", 100)
        text = told_of(wide_table(minor=("b", "a")))
        assert self.header(text)[1:-1] == ["name", "c", "d", "e"]
        assert "Also in tables/wide.csv: a, b." in text
        monkeypatch.setattr(markdown, "WIDEST", 10)
        assert self.header(told_of(wide_table(minor=("b", "a"))))[1:-1] == ["name", "c", "d", "e"]

    def test_a_place_of_one_row_is_no_shared_one(self):
        assert "device" in self.header(told_of(wide_table(rows=1)))


def test_a_folded_table_that_is_all_of_a_section_is_open():
    table = wide_table(folded=True)
    assert "<details open>" in told_of(table)
    both = Report("t", "s", (), (section("x", "X", [table, Points(("a",))]),))
    assert "<details>" in to_markdown(both)


class TestEscape:
    @pytest.mark.parametrize(
        ("text", "escaped"),
        [
            ("keras-fit@matched", "keras-fit@matched"),
            ("batch_size [64] (ok) 2 x 3!", "batch_size [64] (ok) 2 x 3!"),
            ("a|b", "a\\|b"),
            ("`code`", "\\`code\\`"),
            ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
            ("&lt;", "&amp;lt;"),
            ("[x](javascript:y)", "[x\\](javascript:y)"),
            ("![x](y)", "\\![x\\](y)"),
            ("[a]: b", "[a\\]: b"),
            ("*bold* _it_ ~~no~~", "\\*bold\\* \\_it\\_ \\~\\~no\\~\\~"),
            ("$x$", "\\$x\\$"),
            ("- item", "\\- item"),
            ("# head", "\\# head"),
            ("1. one", "1\\. one"),
            ("+ plus", "\\+ plus"),
            ("-1.5 s", "-1.5 s"),
            ("see @someone", "see &#64;someone"),
            ("https://x.y www.x.y", "https<!-- -->://x.y www<!-- -->.x.y"),
            ("back\\slash", "back\\\\slash"),
        ],
    )
    def test_renders_as_itself(self, text, escaped):
        assert escape(text) == escaped


class TestHostileNames:
    text = to_markdown(build_report([read(evil_document(), EVIL[2] + EVIL[5] + EVIL[0])]))

    def test_tables_keep_their_columns(self):
        pipes = None
        for line in self.text.splitlines():
            if not line.startswith("|"):
                pipes = None
                continue
            count = len(re.findall(r"(?<!\\)(?:\\\\)*\|", line))
            assert pipes in (None, count), line
            pipes = count

    def test_nothing_hides_and_no_html_is_left(self):
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u200b\u202a-\u202e\u2066-\u2069]", self.text)
        ours = ("<details>", "<summary>", "</summary>", "</details>", "<!-- -->")
        rest = self.text
        for tag in ours:
            rest = rest.replace(tag, "")
        assert "<" not in rest
        assert "](javascript" not in rest.replace("\\](javascript", "")


def test_a_lone_bracket_does_not_end_a_pictures_alternative():
    one, other = (samples.quick_run(1, machine=samples.fingerprint(c * 12, label=f"box [{c}")) for c in "ab")
    text = to_markdown(build_report([read(one, "a.json"), read(other, "b.json")]))
    pictures = [line for line in text.splitlines() if line.startswith("![")]
    assert any("box" in line for line in pictures)
    for line in pictures:
        inside = re.fullmatch(r"!\[(.*)\]\(plots/[\w-]+\.png\)", line)[1]
        assert re.search(r"(?<!\\)[\[\]]", inside) is None
