"""The search for the first slower commit, against every place where it can be."""

from __future__ import annotations

import math
import sys
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from report_hostile import read
from report_sides import sided

from likeforlike.commits.ab import main as ab
from likeforlike.commits.bisect import BAD, GOOD, SKIP, Judged, main, search


@pytest.mark.parametrize("count", range(1, 12))
def test_the_first_bad_commit_is_found_in_few_steps(count):
    for first in range(count):
        asked = []

        def judge(commit, first=first, asked=asked):
            asked.append(commit)
            return Judged(BAD if int(commit) >= first else GOOD, "")

        found = search([str(n) for n in range(count)], judge, lambda *_: None)
        assert found.first == str(first)
        assert found.candidates == [str(first)]
        assert len(asked) == len(set(asked)) <= count.bit_length()


@pytest.mark.parametrize("skipped", list(product([False, True], repeat=6)))
def test_where_commits_must_be_skipped_the_range_holds_the_first(skipped):
    skipped = (*skipped, False)  # the bad end has been judged
    for first in range(7):

        def judge(commit, first=first):
            return Judged(SKIP if skipped[int(commit)] else BAD if int(commit) >= first else GOOD, "")

        found = search([str(n) for n in range(7)], judge, lambda *_: None)
        # by hand: from the last good one that could be judged to the first bad one that could
        low = max((n for n in range(first) if not skipped[n]), default=-1)
        high = min(n for n in range(first, 7) if not skipped[n])
        assert found.candidates == [str(n) for n in range(low + 1, high + 1)]
        assert found.first == (str(high) if high - low == 1 else "")


@pytest.fixture
def ten(tmp_path, monkeypatch):
    """A repository of ten commits, and a measuring of it of which the seventh is 10 % slower."""
    repository = sys.modules.get("commits_repository")
    if repository is None:
        import importlib.util

        path = Path(__file__).with_name("repository.py")
        spec = importlib.util.spec_from_file_location("commits_repository", path)
        repository = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = repository
        spec.loader.exec_module(repository)
    names = repository.commits(tmp_path / "r", 10)
    monkeypatch.chdir(tmp_path / "r")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def measure(sides, file, here):
        ends = [names.index(side.removeprefix("git:")) for side in (sides.base, sides.new)]
        slower = (1.1 if ends[1] >= 6 else 1.0) / (1.1 if ends[0] >= 6 else 1.0)
        return read(sided(slower=slower), "r.json")

    return names, measure


def test_bisect_names_the_seventh(ten, capsys):
    names, measure = ten
    arguments = ["--good", names[0], "--cell", "matmul-numpy-cpu:0-500-float32"]
    assert main(arguments, measure=measure) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"The first commit that is surely slower is {names[6][:10]} (commit 7): ×1.1")


def blurred(document):
    """Times of the new side scattered so far that they can't be told from the base's."""
    rng = np.random.default_rng(5)
    for cell in document["benchmarks"]:
        if cell["extra_info"]["axes"].get("side") == "new":
            data = cell["stats"]["data"]
            cell["stats"]["data"] = [float(s * math.exp(rng.normal(0.0, 0.2))) for s in data]
    return document


def test_what_is_not_told_from_the_good_commit_is_held_against_the_bad_one(ten, capsys):
    """Equal commits stay unclear, however often they are launched; all would be skipped."""
    names, measure = ten
    runs = []

    def unsure(sides, file, here):
        ends = [names.index(side.removeprefix("git:")) for side in (sides.base, sides.new)]
        runs.append((*ends, sides.options))
        alike = (ends[0] >= 6) == (ends[1] >= 6)
        return read(blurred(sided(slower=1.0)), "r.json") if alike else measure(sides, file, here)

    assert main(["--good", names[0], "--cell", "matmul-numpy-cpu:0-500-float32"], measure=unsure) == 0
    told = capsys.readouterr()
    assert told.out.startswith(f"The first commit that is surely slower is {names[6][:10]} (commit 7): ×1.1")
    assert "(commit 5): good, " in told.err
    assert "and the bad commit takes ×1.1" in told.err
    assert all(options == () for *_, options in runs)
    assert (4, 9, ()) in runs


def test_an_unknown_cell_and_a_bad_end_that_is_good_are_one_line(ten, capsys):
    names, measure = ten
    assert main(["--good", names[0], "--cell", "x"], measure=measure) == 2
    assert "--cell 'x' is the id of no cell that was measured; known: matmul-" in capsys.readouterr().err
    arguments = ["--good", names[0], "--bad", names[3], "--cell", "matmul-numpy-cpu:0-500-float32"]
    assert main(arguments, measure=measure) == 2
    assert "is not surely slower than --good: good" in capsys.readouterr().err.splitlines()[-1]


def test_ab_fails_on_the_seventh_and_on_no_other(ten, tmp_path, capsys):
    names, measure = ten
    for number in range(1, 10):
        arguments = ["--base", names[number - 1], "--new", names[number]]
        arguments += ["--markdown", str(tmp_path / "c.md"), "--junit", str(tmp_path / "j.xml")]
        assert ab(arguments, measure=measure) == (1 if number == 6 else 0)
        assert (tmp_path / "c.md").read_text().startswith("### ❌" if number == 6 else "### ✅")
        assert b"<testsuites>" in (tmp_path / "j.xml").read_bytes()
