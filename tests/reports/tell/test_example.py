"""The documents' examples: what their commands print today, and the README's figures among them."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from likeforlike.reports.read.files import published_names, read_named
from likeforlike.reports.tell.report import build_report
from likeforlike.reports.write.markdown import to_markdown
from likeforlike.reports.write.report_folder import check_output

ROOT = Path(__file__).resolve().parents[3]
README = (ROOT / "README.md").read_text(encoding="utf-8")
if "## What it found" not in README:
    pytest.skip("the notebook's repetition is not shipped yet", allow_module_level=True)
SECTIONS = ("What it found", "On a GPU")


@pytest.fixture(scope="module", params=SECTIONS)
def section(request):
    return README.split(f"## {request.param}\n")[1].split("\n## ")[0]


def command_of(section):
    """The one command that a section of the README gives for its example, as words."""
    (line,) = (line for line in section.splitlines() if line.startswith("likeforlike report "))
    return shlex.split(line, comments=True)


@pytest.fixture(scope="module")
def command(section):
    return command_of(section)


@pytest.fixture(scope="module")
def example(command):
    return (ROOT / command[command.index("--output") + 1] / "report.md").read_text(encoding="utf-8")


def test_the_command_still_prints_it(command, example):
    files = command[2 : command.index("--output")]
    assert to_markdown(build_report([read_named(name) for name in files])) == example


def test_the_command_may_replace_its_example(command):
    """A folder that holds anything else, were it another example, is refused."""
    check_output(ROOT / command[command.index("--output") + 1])


def test_every_published_file_is_in_one():
    commands = [command_of(README.split(f"## {name}\n")[1].split("\n## ")[0]) for name in SECTIONS]
    named = [name for command in commands for name in command[2 : command.index("--output")]]
    assert sorted(named) == sorted(published_names())


def test_every_figure_of_the_readme_is_in_it(section, example):
    text = re.sub(r"`[^`]*`|```.*?```|\]\([^)]*\)", " ", section, flags=re.DOTALL)
    figures = re.findall(r"[×+-]?\d[\d,.]*\d(?: (?:%|s|ms|µs|GFLOP/s|PFLOP/s))|×\d[\d,.]*\d", text)
    figures += re.findall(r"\((\d[\d,.]* to \d[\d,.]*\d)\)", text)
    assert len(figures) > 5
    assert [figure for figure in figures if figure not in example] == []
