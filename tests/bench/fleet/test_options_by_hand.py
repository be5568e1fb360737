"""Options of bench that no job can have are refused before anything is read, submitted or written."""

from __future__ import annotations

import pytest

from likeforlike.bench.fleet import command
from likeforlike.bench.fleet.manifest import FleetError

NOTHING = "it measures nothing, and so the job would never be complete"
ENDS = "a job that ends before its last cell is never complete, however often it is submitted"
EARLIER = "it goes by what the run before left, and a job taken up again would have other cells"
ASKS = "nobody sits at a job to answer it"


@pytest.fixture(autouse=True)
def no_run(monkeypatch):
    """The options are read by a process of its own: here it says so instead."""

    def read(options):
        raise FleetError(f"read {' '.join(options)}")

    monkeypatch.setattr(command, "_dry_run", read)


def told(tmp_path, capsys, *options):
    words = ["submit", "--cluster", "local", "--output", str(tmp_path / "fleet"), "--", *options]
    assert command.main(words) == 2
    assert not (tmp_path / "fleet").exists()
    return capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "why"),
    [
        ("--benchmark-json=x", "each job has a result file of its own in --output"),
        ("--resume", "a job resumes by itself"),
        *((option, NOTHING) for option in ("--collect-only", "--co", "--setup-only", "--setup-plan")),
        *((option, NOTHING) for option in ("--benchmark-skip", "--benchmark-disable", "--cache-show=x")),
        *((option, NOTHING) for option in ("--help", "-h", "--version", "-V", "--markers")),
        *((option, NOTHING) for option in ("--fixtures", "--funcargs", "--fixtures-per-test")),
        *((option, ENDS) for option in ("--exitfirst", "-x", "--maxfail=2")),
        *((option, ENDS) for option in ("--stepwise", "--sw", "--stepwise-skip", "--sw-skip")),
        *((option, EARLIER) for option in ("--last-failed", "--lf")),
        *((option, ASKS) for option in ("--pdb", "--trace")),
    ],
)
def test_in_one_line_with_the_reason_wherever_it_stands(tmp_path, capsys, option, why):
    name = option.partition("=")[0]
    line = f"likeforlike fleet: {name}: {why}; leave it out\n"
    assert told(tmp_path, capsys, option) == line
    assert told(tmp_path, capsys, "--sizes", "8", option, "--plugin", "mine") == line


LETTERS = [("-qx", "-x"), ("-xk=matmul", "-x"), ("-vVq", "-V"), ("-qh", "-h")]


@pytest.mark.parametrize(("word", "name"), LETTERS)
def test_among_several_letters_in_one_word(tmp_path, capsys, word, name):
    assert told(tmp_path, capsys, word).startswith(f"likeforlike fleet: {name}: ")


@pytest.mark.parametrize(
    "options",
    [
        ["-k", "x"],
        ["-kx"],  # the rest of the word is what -k asks for
        ["-mhVx"],
        ["-qqk", "help"],
        ["--order-seed", "-1"],
        ["--resume-anyway"],
        ["--plugin", "pdb"],
        ["-"],
        ["-q", "-s", "--setup-show", "--ff"],
    ],
)
def test_others_are_left_to_bench(tmp_path, capsys, options):
    assert told(tmp_path, capsys, *options) == f"likeforlike fleet: read {' '.join(options)}\n"


@pytest.mark.parametrize("name", ["status", "collect"])
def test_where_nothing_is_submitted_they_would_have_no_effect(tmp_path, capsys, name):
    assert command.main([name, "--output", str(tmp_path), "--", "--preset", "smoke"]) == 2
    line = f"likeforlike fleet: {name}: takes no options of bench, which are the jobs' own; leave out --\n"
    assert capsys.readouterr().err == line
    assert command.main([name, "--output", str(tmp_path), "--"]) == 2
    assert "missing; is" in capsys.readouterr().err
