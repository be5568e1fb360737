"""Against a real Slurm of one node: one job killed midway, one given notice, both requeued, every cell once."""

import os
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import msgspec
import pytest
from fleet import journalled, run

pytest.importorskip("submitit", reason="submitit is not installed: pip install 'likeforlike[fleet]'")

NEEDED = ("slurmctld", "slurmd", "sbatch", "munged")
CLUSTER = Path(__file__).parent / "cluster.sh"
GRID = ("--preset", "smoke", "--workloads", "matmul", "--implementations", "numpy", "--sizes")
GRID += ("256,512,768", "--benchmark-max-time", "1", "--benchmark-precision", "0.000001")
CELLS = 6
"""The three of the noise floor, and one of each size."""


@pytest.fixture(scope="module")
def slurm(tmp_path_factory):
    """A cluster's environment."""
    absent = [name for name in NEEDED if shutil.which(name) is None]
    if absent:
        pytest.skip(f"not installed: {', '.join(absent)} (Debian: slurmctld slurmd slurm-client munge)")
    if os.geteuid() != 0:
        pytest.skip("Slurm's daemons are started as root, and this is another user")
    folder = tmp_path_factory.mktemp("slurm")
    started = subprocess.run([CLUSTER, "start", folder], capture_output=True, text=True)
    if started.returncode != 0:
        pytest.fail(f"Slurm does not start: {started.stderr}")
    yield {"SLURM_CONF": started.stdout.strip()}
    subprocess.run([CLUSTER, "stop", folder], check=False)


def ask(environment, *command):
    """What a command of Slurm says; one that gets no answer has said nothing of the job."""
    done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def job_ids(folder):
    manifest = msgspec.json.decode((folder / "fleet.manifest").read_bytes())
    return {job["name"]: job["scheduler_ids"][-1] for job in manifest["jobs"]}


def signal_midway(environment, folder, name, signal):
    """Wait for the job's second cell, then signal, until it has stopped; the cells journalled by then."""
    result, number = folder / f"{name}.json", job_ids(folder)[name]
    while len(journalled(result)) < 2:
        assert ask(environment, "squeue", "-h", "-j", number), "the job ended before it could be signalled"
    ask(environment, "scancel", f"--signal={signal}", number)
    while ask(environment, "squeue", "-h", "-j", number, "-t", "R,CG"):
        pass
    return journalled(result)


def start_now(environment, number):
    """Slurm lets a requeued job wait for two minutes."""
    ask(environment, "scontrol", "update", f"JobId={number}", "StartTime=now")


def test_three_kinds_one_killed_one_given_notice_every_cell_once(slurm, tmp_path):
    folder = tmp_path / "fleet"
    kinds = [word for kind in "abc" for word in ("--constraint", f"kind-{kind}")]
    submit = ("submit", *kinds, "--exclusive", "--time", "20", "--output", str(folder), "--", *GRID)
    sent = run(*submit, **slurm)
    assert sent.returncode == 0, sent.stderr
    assert len(job_ids(folder)) == 3

    killed = signal_midway(slurm, folder, "kind-a-1", "KILL")
    status = run("status", "--output", str(folder), **slurm)
    assert status.returncode == 1
    assert f"ended early  {len(killed)} of {CELLS}" in status.stdout

    # the notice that Slurm gives before a time limit or a preemption: the job requeues itself
    noticed = signal_midway(slurm, folder, "kind-b-1", "USR2")
    assert ask(slurm, "squeue", "-h", "-j", job_ids(folder)["kind-b-1"], "-o", "%T").strip() == "PENDING"
    assert "waiting" in run("status", "--output", str(folder), **slurm).stdout

    ask(slurm, "scontrol", "requeue", job_ids(folder)["kind-a-1"])
    for kind in "ab":
        start_now(slurm, job_ids(folder)[f"kind-{kind}-1"])
    done = run("collect", "--wait", "--output", str(folder), **slurm)
    assert done.returncode == 0, done.stdout + done.stderr
    for kind in "abc":
        cells = journalled(folder / f"kind-{kind}-1.json")
        assert set(Counter(cells).values()) == {1}
        assert len(cells) == CELLS
        document = msgspec.json.decode((folder / f"kind-{kind}-1.json").read_bytes())
        found = [benchmark["extra_info"]["cell"] for benchmark in document["benchmarks"]]
        assert sorted(found) == sorted(cells)
    assert journalled(folder / "kind-a-1.json")[: len(killed)] == killed
    assert journalled(folder / "kind-b-1.json")[: len(noticed)] == noticed
    assert "3 files" in (folder / "report" / "report.md").read_text()

    again = run(*submit, **slurm)
    assert "submitted" not in again.stdout.replace("not submitted again", "")


def test_a_kind_that_the_cluster_does_not_have(slurm, tmp_path):
    grid = ("--preset", "smoke", "--workloads", "matmul", "--sizes", "32")
    done = run("submit", "--constraint", "tpu", "--output", str(tmp_path / "f"), "--", *grid, **slurm)
    assert done.returncode == 2
    assert "tpu-1: slurm does not take the job" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
