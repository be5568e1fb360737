"""What runs on the machine: the ordinary command, deaf to the scheduler's notice, ended in order."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from likeforlike.bench.fleet.job import BenchJob, command, deaf_to_notice
from likeforlike.bench.fleet.submit import out_of_reach


def test_the_command_is_the_ordinary_one_and_resumes():
    words = command(("--preset", "smoke"), Path("/fleet/a-1.json"))
    assert words[:5] == [sys.executable, "-P", "-m", "likeforlike", "bench"]
    assert words[5:] == ["--preset", "smoke", "--benchmark-json=/fleet/a-1.json", "--resume-elsewhere"]


def test_a_job_imports_what_its_submitter_did_wherever_it_runs():
    job = BenchJob((), Path("a.json"), Path("/"))
    assert job.path.split(os.pathsep) == [folder for folder in sys.path if folder]


TELL = "import signal, subprocess, sys\nprint(*(signal.getsignal(n).name for n in {signals}), flush=True)\n"


def told_by(signals, **how):
    code = TELL.format(signals=[int(number) for number in signals])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, **how)
    return done.stdout.split()


def test_programs_of_a_job_ignore_the_notice_that_slurm_sends_to_all():
    assert told_by([signal.SIGUSR2]) == ["SIG_DFL"]
    assert told_by([signal.SIGUSR2], preexec_fn=deaf_to_notice) == ["SIG_IGN"]


def test_local_jobs_ignore_what_ends_the_terminal_and_ours_does_not():
    before = signal.getsignal(signal.SIGINT)
    with out_of_reach():
        assert told_by([signal.SIGINT, signal.SIGHUP]) == ["SIG_IGN", "SIG_IGN"]
    assert signal.getsignal(signal.SIGINT) is before


class Running:
    def __init__(self, obedient):
        self.obedient, self.calls = obedient, []

    def poll(self):
        return None

    def terminate(self):
        self.calls.append("terminate")

    def wait(self, timeout):
        self.calls.append("wait")
        if not self.obedient:
            raise subprocess.TimeoutExpired("pytest", timeout)

    def kill(self):
        self.calls.append("kill")


@pytest.mark.parametrize("obedient", [True, False])
def test_before_a_requeue_the_run_is_ended_in_order(obedient):
    pytest.importorskip("submitit", reason="submitit is not installed: pip install 'likeforlike[fleet]'")
    job = BenchJob(("--preset", "smoke"), Path("a.json"), Path("/"), "/where/it/was/submitted")
    job._process = running = Running(obedient)
    again = job.checkpoint().function
    assert running.calls == ["terminate", "wait", "kill"]
    assert (again.options, again.result_file, again.directory, again.path) == (
        job.options,
        job.result_file,
        job.directory,
        "/where/it/was/submitted",
    )
    assert again._process is None
