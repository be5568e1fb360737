"""``python -m likeforlike.bench.studies.replication``: measure, judge, print."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from likeforlike.bench.studies.replication import gate, measuring, tables
from likeforlike.bench.studies.replication.collecting import collect
from likeforlike.bench.studies.replication.command_line import arguments
from likeforlike.bench.studies.replication.settings import GATE, found, holds_runs
from likeforlike.bench.studies.staging.account import Account, StudyFailed, heading


def judged(root: Path) -> str:
    """What the runs of a folder show, as Markdown."""
    every = collect(found(root))
    parts = tables.parts_of(every)
    sections = {
        "Copies, and what is slower": tables.verdicts_table(parts),
        "Word by word, as the report says it": tables.words_table(parts),
        "Entrant by entrant, against a fixed base": tables.entrants_table(every),
        "Where the variance lies": tables.variance_table(parts),
    }
    text = "\n\n".join(f"### {title}\n\n{content}" for title, content in sections.items())
    return "\n".join([text, "", *tables.lost_lines(every), *tables.requirements(parts)])


def gate_judged(root: Path) -> str:
    """What the gate says of the runs of a folder, as Markdown."""
    held = gate.hold_all(root)
    return "\n".join(["### The gate\n", gate.gate_table(held), "", *gate.requirements(held)])


def run(asked: argparse.Namespace) -> None:
    """Measure unless files are given; judge and print."""
    print(heading("Replication", "replication"), flush=True)
    account = Account()
    if asked.given is not None:
        print(f"\n{all_judged(asked.given)}")
        return
    left = gate.measure(asked) if asked.gate else measuring.measure(asked)
    print("\n".join(["", *left, gate_judged(asked.folder) if asked.gate else judged(asked.folder)]))
    print(f"\n{account.closing()}")


def all_judged(root: Path) -> str:
    """Whatever lies in a folder: copies, the gate, or both."""
    if not (root / GATE).is_dir():
        return judged(root)
    parts = [gate_judged(root)]
    return "\n\n".join([judged(root), *parts] if holds_runs(root) else parts)


def main(given: Sequence[str] | None = None) -> int:
    """Exit status 2, with a line, for what can't be measured or read."""
    asked = arguments(given)
    try:
        run(asked)
    except StudyFailed as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
