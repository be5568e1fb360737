"""How far a job is, by the scheduler, its journal and its result file."""

import pytest
from fleet import leave_journal, leave_result

from likeforlike.bench.fleet.manifest import Job, Manifest, Terms, plan_jobs
from likeforlike.bench.fleet.status import fleet_states


@pytest.fixture
def ask(tmp_path):
    def ask(*, active=None, ids=("7",)):
        job = plan_jobs([], [], ["a"], 1)[0]
        job = Job(job.name, job.kind, job.file, ids)
        manifest = Manifest(1, Terms("slurm", (), "/", 60), (job,))
        asked = []

        def scheduler(names):
            asked.extend(names)
            return active or {}

        (state,) = fleet_states(tmp_path, manifest, scheduler)
        return state, asked

    return ask


def test_a_job_that_nobody_submitted(ask):
    state, asked = ask(ids=())
    assert (state.word, state.ended, state.cells) == ("not started", 0, None)
    assert asked == []


def test_progress_is_counted_in_the_journal_without_its_torn_end(ask, tmp_path):
    leave_journal(tmp_path / "a-1.json", ["x", "y", "x"], cells=5)
    state, asked = ask(active={"7": "running"})
    assert (state.word, state.ended, state.cells) == ("running", 2, 5)
    assert asked == ["7"]


def test_a_line_of_the_journal_that_is_no_utf_8_is_not_counted(ask, tmp_path):
    leave_journal(tmp_path / "a-1.json", ["x", "y"], cells=5)
    journal = tmp_path / "a-1.json.journal.jsonl"
    journal.write_bytes(journal.read_bytes().replace(b'"y"', b'"\xff"'))
    assert (ask()[0].ended, ask()[0].cells) == (1, 5)


def test_a_job_that_is_gone_with_cells_to_come_has_ended_early(ask, tmp_path):
    leave_journal(tmp_path / "a-1.json", ["x"], cells=5)
    log = tmp_path / "jobs" / "a-1" / "7_0_log.err"
    log.parent.mkdir(parents=True)
    log.write_text("first\nslurmstepd: error: *** JOB 7 CANCELLED ***\n\n")
    state, _ = ask()
    assert state.word == "ended early"
    assert "CANCELLED" in state.why


def test_a_complete_file_is_complete_and_the_scheduler_is_not_asked(ask, tmp_path):
    leave_result(tmp_path / "a-1.json", cells=3, busy=("gpu:0 is busy: 1 other process on the GPU",))
    state, asked = ask(active={"7": "running"})
    assert (state.word, state.ended, state.cells) == ("complete", 3, 3)
    assert "gpu:0 is busy" in state.why
    assert asked == []


def test_a_file_of_a_run_that_was_ended_is_not_complete(ask, tmp_path):
    leave_result(tmp_path / "a-1.json", cells=1, interrupted=2)
    leave_journal(tmp_path / "a-1.json", ["x"], cells=3)
    state, _ = ask()
    assert (state.word, state.ended, state.cells) == ("ended early", 1, 3)


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_torn_file_is_torn_wherever_it_breaks_off(ask, tmp_path, share):
    path = tmp_path / "a-1.json"
    leave_result(path, cells=3)
    path.write_bytes(path.read_bytes()[: int(len(path.read_bytes()) * share)])
    assert ask()[0].word == "torn"


def test_a_file_that_is_no_utf_8_is_torn(ask, tmp_path):
    path = tmp_path / "a-1.json"
    leave_result(path, cells=3)
    path.write_bytes(path.read_bytes().replace(b"test_cell[1]", b"test_\xff[1]"))
    assert ask()[0].word == "torn"


def test_a_requeued_job_waits_though_a_file_is_there(ask, tmp_path):
    leave_result(tmp_path / "a-1.json", cells=1, interrupted=2)
    assert ask(active={"7": "waiting"})[0].word == "waiting"


def test_the_last_submission_counts(ask):
    assert ask(ids=("7", "9"), active={"7": "running"})[0].word == "not started"
    assert ask(ids=("7", "9"), active={"9": "running"})[0].word == "running"
