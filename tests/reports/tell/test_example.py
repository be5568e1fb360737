"""The documents' example: what its command prints today, and the README's figures among them."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from likeforlike.reports.read.files import published_names, read_named
from likeforlike.reports.tell.report import build_report
from likeforlike.reports.write.markdown import to_markdown

ROOT = Path(__file__).resolve().parents[3]
README = (ROOT / "README.md").read_text(encoding="utf-8")
if "## What it found" not in README:
    pytest.skip("the notebook's repetition is not shipped yet", allow_module_level=True)
FINDINGS = README.split("## What it found")[1].split("\n## ")[0]


@pytest.fixture(scope="module")
def command():
    """The one command that the README gives for the example, as words."""
    (line,) = (line for line in FINDINGS.splitlines() if line.startswith("likeforlike report "))
    return shlex.split(line, comments=True)


@pytest.fixture(scope="module")
def example(command):
    return (ROOT / command[command.index("--output") + 1] / "report.md").read_text(encoding="utf-8")


def test_the_command_still_prints_it(command, example):
    files = command[2 : command.index("--output")]
    assert set(files) == set(published_names())
    assert to_markdown(build_report([read_named(name) for name in files])) == example


def test_every_figure_of_the_readme_is_in_it(example):
    text = re.sub(r"`[^`]*`|```.*?```|\]\([^)]*\)", " ", FINDINGS, flags=re.DOTALL)
    figures = re.findall(r"[×+-]?\d[\d,.]*\d(?: (?:%|s|ms|µs|GFLOP/s|PFLOP/s))|×\d[\d,.]*\d", text)
    assert len(figures) > 15
    assert [figure for figure in figures if figure not in example] == []
