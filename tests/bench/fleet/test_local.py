"""``--cluster local``: submitit's own executor on this machine, from submitting to the report."""

import json
import shutil

import pytest
from fleet import GRID, journalled, run

pytest.importorskip("submitit", reason="submitit is not installed: pip install 'likeforlike[fleet]'")


@pytest.fixture(scope="module")
def submitted(tmp_path_factory):
    """The folder of a job that has ended, and what its submission said."""
    folder = tmp_path_factory.mktemp("local") / "fleet"
    sent = run("submit", "--cluster", "local", "--output", str(folder), "--time", "10", "--wait", "--", *GRID)
    assert sent.returncode == 0, sent.stdout + sent.stderr
    return folder, sent.stdout


def test_submitted_watched_collected_and_not_submitted_twice(submitted):
    folder, said = submitted
    assert "submitted any-1 as local job" in said
    assert "1 jobs: 1 complete" in said
    result = folder / "any-1.json"
    cells = journalled(result)
    assert len(cells) == len(set(cells)) == len(json.loads(result.read_text())["benchmarks"])

    status = run("status", "--output", str(folder))
    assert status.returncode == 0
    assert f"{len(cells)} of {len(cells)}" in status.stdout

    again = run("submit", "--cluster", "local", "--output", str(folder), "--", *GRID)
    assert again.returncode == 0
    assert "not submitted again" in again.stdout
    assert "submitted any-1" not in again.stdout

    collected = run("collect", "--output", str(folder))
    assert collected.returncode == 0, collected.stdout + collected.stderr
    assert "1 file, 1 machine" in (folder / "report" / "report.md").read_text()


def test_an_interrupted_job_goes_on_where_it_was(submitted, tmp_path):
    """A journal with one cell of an earlier session: the job measures the others alone."""
    folder = shutil.copytree(submitted[0], tmp_path / "fleet")
    result = folder / "any-1.json"
    journal = result.with_name(result.name + ".journal.jsonl")
    lines = journal.read_text().splitlines(keepends=True)
    before = journalled(result)
    journal.write_text("".join(lines[:5]))  # the header, one launch of either twin, their ends
    result.unlink()
    kept = journalled(result)
    again = run("submit", "--cluster", "local", "--output", str(folder), "--wait", "--", *GRID)
    assert again.returncode == 0, again.stdout + again.stderr
    after = journalled(result)
    assert after[: len(kept)] == kept
    assert len(kept) == 2
    assert len(after) == len(set(after)) == len(before)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("submit", "--cluster", "local", "--exclusive"), "--exclusive: --cluster local is this one machine"),
        (("submit", "--cluster", "local", "--", "--preset=huge"), "unknown 'huge'; known: smoke"),
        (("submit", "--cluster", "local", "--", "--benchmark-json=x"), "a result file of its own"),
        (("status",), "missing; is"),
        (("collect",), "missing; is"),
    ],
)
def test_wrong_input_is_one_line_and_status_2(tmp_path, arguments, told):
    command, *rest = arguments
    done = run(command, "--output", str(tmp_path / "fleet"), *rest)
    assert done.returncode == 2
    assert told in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "fleet").exists()


def test_a_cluster_that_is_not_there_is_said(tmp_path):
    done = run("submit", "--output", str(tmp_path / "fleet"), "--", *GRID, PATH="/nonexistent")
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
