"""What was asked for: kinds and jobs, the terms they share, the record on disk."""

import re
from argparse import ArgumentTypeError
from dataclasses import dataclass

import pytest

from likeforlike.bench.fleet.command import _minutes, told_anywhere
from likeforlike.bench.fleet.manifest import (
    FleetError,
    Manifest,
    Terms,
    merge,
    plan_jobs,
    read_manifest,
    write_manifest,
)
from likeforlike.bench.fleet.status import JobState
from likeforlike.bench.fleet.submit import parameters, submit_missing

TERMS = Terms("slurm", ("--preset", "smoke"), "/home/me", 240)


def fleet(*constraints, nodes_each=1, terms=TERMS):
    return Manifest(1, terms, plan_jobs([], [], constraints, nodes_each))


def test_one_job_for_each_kind_and_node():
    jobs = plan_jobs(["gpu"], ["gpu:a100:1", "gpu:l4:1"], [], 2)
    assert [job.name for job in jobs] == [
        "gpu-gpu-a100-1-1",
        "gpu-gpu-a100-1-2",
        "gpu-gpu-l4-1-1",
        "gpu-gpu-l4-1-2",
    ]
    assert jobs[2].kind.gres == "gpu:l4:1"
    assert jobs[2].kind.partition == "gpu"
    assert jobs[3].file == "gpu-gpu-l4-1-2.json"


def test_no_kind_asked_for_is_any_machine():
    assert [job.name for job in plan_jobs([], [], [], 1)] == ["any-1"]


def test_kinds_of_one_name_are_refused():
    with pytest.raises(FleetError, match="'a-b'"):
        plan_jobs([], [], ["a|b", "a&b"], 1)


def test_further_kinds_join_a_fleet_on_the_same_terms(tmp_path):
    both = merge(fleet("v100"), fleet("v100", "a100"), tmp_path)
    assert [job.name for job in both.jobs] == ["v100-1", "a100-1"]


def test_another_kind_under_a_known_name_is_refused(tmp_path):
    with pytest.raises(FleetError, match="'a-b-1' was constraint a|b, is constraint a&b".replace("|", r"\|")):
        merge(fleet("a|b"), fleet("a&b"), tmp_path)


def test_jobs_keep_what_the_scheduler_called_them(tmp_path):
    before = fleet("v100")
    before = before.with_job(type(before.jobs[0])("v100-1", before.jobs[0].kind, "v100-1.json", ("17",)))
    assert merge(before, fleet("v100"), tmp_path).jobs[0].scheduler_ids == ("17",)


def test_other_options_are_another_fleet(tmp_path):
    other = fleet("v100", terms=Terms("slurm", ("--preset", "quick"), "/home/me", 240))
    with pytest.raises(
        FleetError, match=r"options was '--preset smoke', is '--preset quick'.*another --output"
    ):
        merge(fleet("v100"), other, tmp_path)


def test_more_wall_time_may_be_given_later(tmp_path):
    longer = fleet("v100", terms=Terms("slurm", ("--preset", "smoke"), "/home/me", 600))
    assert merge(fleet("v100"), longer, tmp_path).terms.minutes == 600


def test_the_record_comes_back_as_it_was(tmp_path):
    write_manifest(tmp_path / "new", fleet("v100", "a100", nodes_each=2))
    assert read_manifest(tmp_path / "new") == fleet("v100", "a100", nodes_each=2)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "missing; is .* the --output"),
        ("{", "no fleet of ours"),
        ('{"schema_version": 1}', "no fleet of ours"),
        ('{"jobs": [{"name": "\xff"}]}', "no fleet of ours"),
    ],
)
def test_a_folder_that_is_no_fleet(tmp_path, content, told):
    if content is not None:
        (tmp_path / "fleet.manifest").write_text(content, encoding="latin-1")  # no UTF-8
    with pytest.raises(FleetError, match=told) as caught:
        read_manifest(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_newer_record_is_refused(tmp_path):
    write_manifest(tmp_path, fleet("v100"))
    path = tmp_path / "fleet.manifest"
    path.write_text(re.sub(r'"schema_version": 1', '"schema_version": 2', path.read_text()))
    with pytest.raises(FleetError, match="newer"):
        read_manifest(tmp_path)


@dataclass
class Sent:
    names: list

    def __call__(self, job):
        self.names.append(job.name)
        return str(100 + len(self.names))


def test_only_what_is_missing_is_submitted_and_the_record_is_kept_after_each(tmp_path):
    manifest = fleet("a", "b", "c", "d", "e", "f")
    words = ("complete", "running", "waiting", "ended early", "torn", "not started")
    states = [JobState(job, word, 0, None) for job, word in zip(manifest.jobs, words, strict=True)]
    sent = Sent([])
    after, jobs = submit_missing(tmp_path, manifest, states, sent)
    assert sent.names == ["d-1", "e-1", "f-1"] == [job.name for job in jobs]
    assert read_manifest(tmp_path) == after
    assert {job.name: job.scheduler_ids for job in after.jobs}["e-1"] == ("102",)


def test_a_job_that_is_not_taken_leaves_the_earlier_ones_on_record(tmp_path):
    manifest = fleet("a", "b")
    states = [JobState(job, "not started", 0, None) for job in manifest.jobs]

    def refuse_the_second(job):
        if job.name == "b-1":
            raise FleetError("no such constraint")
        return "7"

    with pytest.raises(FleetError):
        submit_missing(tmp_path, manifest, states, refuse_the_second)
    assert [job.scheduler_ids for job in read_manifest(tmp_path).jobs] == [("7",), ()]


def test_what_slurm_is_asked_for():
    terms = Terms("slurm", (), "/", 90, exclusive=True, cpus=8)
    job = plan_jobs(["gpu"], ["gpu:1"], ["hbm3"], 1)[0]
    asked = parameters(terms, job)
    assert asked["slurm_partition"] == "gpu"
    assert asked["slurm_gres"] == "gpu:1"
    assert asked["slurm_constraint"] == "hbm3"
    assert asked["slurm_exclusive"] is True
    assert asked["timeout_min"] == 90
    assert asked["cpus_per_task"] == 8
    assert asked["slurm_additional_parameters"] == {"requeue": True}


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("90", 90),
        ("90:30", 91),
        ("1:30:00", 90),
        ("1-12:00", 2160),
        ("2-6", 3240),
        ("0:00:30", 1),
        ("1-0:0:1", 1441),
    ],
)
def test_times_as_slurm_writes_them(text, minutes):
    assert _minutes(text) == minutes


@pytest.mark.parametrize("text", ["", "1:2:3:4", "x", "-5", "1-", "0", "1.5"])
def test_no_times(text):
    with pytest.raises(ArgumentTypeError, match="time"):
        _minutes(text)


def test_what_devices_jobs_are_to_measure_on_the_machine_that_submits_can_not_judge():
    """A login node has no GPU, and would refuse a job that asks for one."""
    options = ["--devices", "gpu:0,gpu:1", "--concurrent", "--sizes=8", "--devices=gpu", "--plugin", "mine"]
    assert told_anywhere(options) == ["--sizes=8", "--plugin", "mine"]
    assert told_anywhere(["--sizes", "8", "--devices"]) == ["--sizes", "8", "--devices"]
    assert told_anywhere([]) == []
