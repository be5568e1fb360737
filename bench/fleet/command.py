"""``likeforlike fleet submit|status|collect``: the grid on machines of a scheduler, and home again."""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from tabulate import tabulate

from likeforlike.bench.fleet.manifest import (
    FILE,
    SCHEMA_VERSION,
    FleetError,
    Manifest,
    Terms,
    merge,
    plan_jobs,
    read_manifest,
)
from likeforlike.bench.fleet.status import JobState, fleet_states
from likeforlike.bench.fleet.submit import submit_missing, submitter
from likeforlike.devices.process.interpreter import module_command, same_imports

INCOMPLETE = 1
BAD_INPUT = 2
POLL_SECONDS = (1.0, 15.0)
"""Between two looks at first and at last."""
_OWN = {
    "--benchmark-json": "each job has a result file of its own in --output",
    "--resume": "a job resumes by itself",
}
_OF_PYTEST = {
    "it measures nothing, and so the job would never be complete": (
        *("--collect-only", "--co", "--setup-only", "--setup-plan"),
        *("--benchmark-skip", "--benchmark-disable"),
        *("--help", "-h", "--version", "-V", "--markers", "--cache-show"),
        *("--fixtures", "--funcargs", "--fixtures-per-test"),
    ),
    "a job that ends before its last cell is never complete, however often it is submitted": (
        *("--exitfirst", "-x", "--maxfail"),
        *("--stepwise", "--sw", "--stepwise-skip", "--sw-skip"),
    ),
    "it goes by what the run before left, and a job taken up again would have other cells": (
        "--last-failed",
        "--lf",
    ),
    "nobody sits at a job to answer it": ("--pdb", "--trace"),
}
FORBIDDEN = _OWN | {name: why for why, names in _OF_PYTEST.items() for name in names}
"""Options of bench that no job can have, and why."""
_WITH_VALUE = "kmcporW"
"""Letters of pytest's after which the rest of a word is a value, as in ``-xkmatmul``."""


def main(arguments: Sequence[str] | None = None, prog: str = "likeforlike fleet") -> int:
    """Run a command: 0 if all is well, 1 if the fleet is not complete, 2 for bad input.

    ``prog`` is how the commands were called, for what is told of them.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    cut = given.index("--") if "--" in given else len(given)
    options = _parser(prog).parse_args(given[:cut])
    options.prog = prog
    options.bench_options = given[cut + 1 :]
    try:
        if options.bench_options and options.run is not _submit:
            what = "takes no options of bench, which are the jobs' own"
            raise FleetError(f"{options.command}: {what}; leave out --")
        return options.run(options)
    except FleetError as error:
        print(f"{prog}: {error}", file=sys.stderr)
        return BAD_INPUT


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=prog, description="Measure the same grid on machines of a scheduler."
    )
    commands = parser.add_subparsers(required=True, dest="command", metavar="submit|status|collect")
    submit = commands.add_parser(
        "submit",
        help="submit what is missing of a fleet",
        usage=f"{prog} submit [options] --output DIR [-- BENCH_OPTIONS]",
    )
    submit.set_defaults(run=_submit)
    submit.add_argument("--cluster", choices=("slurm", "local"), default="slurm", help="default slurm")
    kind = "repeatable: every combination is one kind of machine"
    for name in ("partition", "gres", "constraint"):
        submit.add_argument(f"--{name}", action="append", default=[], metavar="NAME", help=kind)
    submit.add_argument("--nodes-each", type=_count, default=1, metavar="N", help="machines of each kind")
    submit.add_argument(
        "--time",
        type=_minutes,
        default=240,
        metavar="TIME",
        help="wall time as Slurm takes it: M, H:M:S, D-H:M; default 240",
    )
    submit.add_argument("--exclusive", action="store_true", help="whole nodes, shared with nobody")
    submit.add_argument("--cpus-per-task", type=_count, metavar="N", help="cores of a node that is not whole")
    status = commands.add_parser("status", help="say how far each job is")
    status.set_defaults(run=_status)
    collect = commands.add_parser("collect", help="report what is there, and say what is missing")
    collect.set_defaults(run=_collect)
    collect.add_argument("--report", type=Path, metavar="DIR", help="default OUTPUT/report")
    collect.add_argument("--baseline", metavar="NAME", help="machine to compare with")
    for command in (submit, status, collect):
        command.add_argument("--output", type=Path, required=True, metavar="DIR", help="the fleet's folder")
        command.add_argument("--wait", action="store_true", help="until all jobs have ended")
    return parser


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def _minutes(text: str) -> int:
    """A time as Slurm takes it (sbatch(1)): M, M:S, H:M:S, D-H, D-H:M or D-H:M:S, in minutes, rounded up."""
    days, dash, clock = text.rpartition("-")
    parts = clock.split(":")
    if len(parts) > 3 or not all(part.isdigit() for part in (*parts, *([days] if dash else []))):
        raise argparse.ArgumentTypeError(f"{text!r} is not a time such as 90, 1:30:00 or 1-12:00")
    numbers = [int(part) for part in parts]
    if not dash and len(numbers) < 3:  # hours come first only after days, or with both others
        numbers.insert(0, 0)
    hours, minutes, seconds = numbers + [0] * (3 - len(numbers))
    total = int(days or 0) * 1440 + hours * 60 + minutes + (seconds > 0)
    if total < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no time at all")
    return total


def _submit(options: argparse.Namespace) -> int:
    folder = options.output.resolve()
    _check(options)
    terms = Terms(
        options.cluster,
        tuple(options.bench_options),
        str(Path.cwd()),
        options.time,
        options.exclusive,
        options.cpus_per_task,
    )
    jobs = plan_jobs(options.partition, options.gres, options.constraint, options.nodes_each)
    known = read_manifest(folder) if (folder / FILE).exists() else None
    manifest = merge(known, Manifest(SCHEMA_VERSION, terms, jobs), folder)
    _dry_run(options.bench_options if options.cluster == "local" else told_anywhere(options.bench_options))
    send = submitter(folder, terms)
    manifest, sent = submit_missing(folder, manifest, fleet_states(folder, manifest), send)
    for job in sent:
        print(f"submitted {job.name} as {options.cluster} job {job.scheduler_ids[-1]}")
    left = len(manifest.jobs) - len(sent)
    if left:
        print(f"{left} of {len(manifest.jobs)} jobs are complete or under way: not submitted again")
    print(f"how far it is: {options.prog} status --output {shlex.quote(str(options.output))}")
    return _tell(_states(options, manifest)) if options.wait else 0


def _check(options: argparse.Namespace) -> None:
    for name in (name for word in options.bench_options for name in _names_in(word)):
        if name in FORBIDDEN:
            raise FleetError(f"{name}: {FORBIDDEN[name]}; leave it out")
    if options.cluster == "local":
        given = [name for name in ("partition", "gres", "constraint") if getattr(options, name)]
        given += ["exclusive"] if options.exclusive else []
        given += ["cpus-per-task"] if options.cpus_per_task else []
        given += ["nodes-each"] if options.nodes_each > 1 else []
        if given:
            raise FleetError(f"--{given[0]}: --cluster local is this one machine; leave it out")


def _names_in(word: str) -> list[str]:
    """The options that a word gives: itself without its value, or several letters in one."""
    if word.startswith("--") or not word.startswith("-"):
        return [word.partition("=")[0]]
    own = next((n for n, letter in enumerate(word) if letter in _WITH_VALUE), len(word))
    return [f"-{letter}" for letter in word[1 : own + 1]]


def told_anywhere(bench_options: Sequence[str]) -> list[str]:
    """The options but for those that ask for devices: a machine that submits need not have them."""
    kept, words = list[str](), iter(bench_options)
    for word in words:
        name, equals, _ = word.partition("=")
        if name == "--devices" and not equals and next(words, None) is None:
            return [*kept, word]  # it names nothing, wherever it is read
        if name not in ("--devices", "--concurrent"):
            kept.append(word)
    return kept


def _dry_run(bench_options: Sequence[str]) -> None:
    """Let the options be read here, so that a wrong one costs no job. Raises FleetError."""
    command = module_command("likeforlike", "bench", *bench_options, "--collect-only", "-qq")
    told = subprocess.run(command, env=same_imports(), capture_output=True, text=True, check=False)
    if told.returncode not in (0, 5):
        lines = [line for line in told.stderr.splitlines() if line.strip()]
        raise FleetError(lines[-1] if lines else f"likeforlike bench refuses {shlex.join(bench_options)}")


def _status(options: argparse.Namespace) -> int:
    return _tell(_states(options, read_manifest(options.output)))


def _tell(states: Sequence[JobState] | None, shown: Callable[[JobState], bool] = lambda state: True) -> int:
    """Print the jobs; 0 if all are complete."""
    if states is None:
        return INCOMPLETE
    rows = [
        (
            state.job.name,
            state.job.scheduler_ids[-1] if state.job.scheduler_ids else "–",
            state.word,
            f"{state.ended} of {state.cells or '?'}",
            state.why,
        )
        for state in states
        if shown(state)
    ]
    if rows:
        print(tabulate(rows, ("job", "id", "state", "cells", ""), disable_numparse=True))
    counts = Counter(state.word for state in states)
    print(f"{len(states)} jobs: " + ", ".join(f"{count} {word}" for word, count in counts.items()))
    return 0 if counts["complete"] == len(states) else INCOMPLETE


def _states(options: argparse.Namespace, manifest: Manifest) -> list[JobState] | None:
    """Every job's state, with ``--wait`` once none runs or waits, the changes told meanwhile.

    None when Ctrl-C ends the waiting, which leaves the jobs alone.
    """
    before: dict[str, tuple[str, int]] = {}
    poll_seconds, longest = POLL_SECONDS
    try:
        while True:
            states = fleet_states(options.output.resolve(), manifest)
            if not options.wait:
                return states
            for state in states:
                now = (state.word, state.ended)
                if before.get(state.job.name) != now:
                    print(f"{state.job.name}: {state.word}, {state.ended} of {state.cells or '?'} cells")
                    before[state.job.name] = now
            if not any(state.word in ("running", "waiting") for state in states):
                return states
            time.sleep(poll_seconds)
            poll_seconds = min(longest, poll_seconds * 1.5)
    except KeyboardInterrupt:
        folder = shlex.quote(str(options.output))
        print(f"\nthe jobs go on; to come back: {options.prog} status --output {folder} --wait")
        return None


def _collect(options: argparse.Namespace) -> int:
    states = _states(options, read_manifest(options.output))
    if states is None:
        return INCOMPLETE
    folder = options.output.resolve()
    told = _tell(states, lambda state: state.word != "complete" or bool(state.why))
    files = [folder / state.job.file for state in states if (folder / state.job.file).exists()]
    if not files:
        raise FleetError(f"{options.output}: no job has left a result file yet; nothing to report")
    report = options.report or options.output / "report"
    words = ["report", *map(str, files), "--keep-going", "--output", str(report)]
    words += ["--baseline", options.baseline] if options.baseline else []
    ended = subprocess.run(module_command("likeforlike", *words), env=same_imports(), check=False).returncode
    return ended or told
