"""``likeforlike bisect --good REV --bad REV --cell ID -- BENCH_OPTIONS``: the first commit that is slower."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from likeforlike.commits import revisions
from likeforlike.commits.ab import BAD_INPUT, INTERRUPTED, Measure, split
from likeforlike.commits.judging import Effect, outcome_of
from likeforlike.commits.measuring import BASE, NEW, TwoSides, check_options
from likeforlike.commits.measuring import measure as measure_sides
from likeforlike.reports.judge.limits import Limits, parse_limits
from likeforlike.reports.read.result_file import ResultError
from likeforlike.reports.tell.formatting import ratio_entry

GOOD, BAD, SKIP, UNCLEAR = "good", "bad", "skip", "unclear"
MORE_LAUNCHES = ("5", "10")
"""Asked for one after the other where a step is unclear."""


@dataclass(frozen=True)
class Judged:
    """What one commit is, beside the good one."""

    word: str
    about: str
    """The ratio with its interval, or why there is none."""
    ratio: str = ""
    """The former alone."""


Judge = Callable[[str], Judged]
"""Of a commit: good, bad, or skip where it can't be measured or stays unclear."""


@dataclass
class Found:
    """What the search came to."""

    first: str = ""
    """The first commit that is surely slower; empty where only a range is known."""
    candidates: list[str] = field(default_factory=list)
    """Where commits had to be skipped: those among which the first slower one is."""
    steps: dict[str, Judged] = field(default_factory=dict)


def search(commits: Sequence[str], judge: Judge, tell: Callable[[str, Judged], None]) -> Found:
    """The first bad commit among ``commits``, the oldest first, of which the last is bad.

    As ``git bisect`` does: halves the range; where the middle has to be skipped the nearest to it that
    was not tried; where none is left, the range.
    """
    found, low, high = Found(), -1, len(commits) - 1
    skipped: set[int] = set()
    while True:
        open_ones = [n for n in range(low + 1, high) if n not in skipped]
        if not open_ones:
            break
        middle = (low + high) / 2
        at = min(open_ones, key=lambda n: (abs(n - middle), n))
        judged = judge(commits[at])
        found.steps[commits[at]] = judged
        tell(commits[at], judged)
        if judged.word == BAD:
            high = at
        elif judged.word == GOOD:
            low = at
        else:
            skipped.add(at)
    if high - low == 1:
        found.first = commits[high]
    found.candidates = list(commits[low + 1 : high + 1])
    return found


@dataclass(frozen=True)
class Steps:
    """Judges commits by runs of two sides: the one in question beside the good one, or beside the bad one."""

    good: str
    bad: str
    cell: str
    limits: Limits
    options: tuple[str, ...]
    here: Path
    measure: Measure = measure_sides

    def judge(self, commit: str) -> Judged:
        """Good, bad, or skip: more launches where it is unclear, unless their number was asked for.

        What is not told from the good commit is good, too, if the bad one is surely slower than it.
        """
        fixed = any(word.partition("=")[0] == "--launches" for word in self.options)
        judged = Judged(SKIP, "not measured")
        for launches in (None,) if fixed else (None, *MORE_LAUNCHES):
            options = self.options if launches is None else (*self.options, f"--launches={launches}")
            judged = self._once(self.good, commit, options)
            if judged.word != UNCLEAR:
                return judged
            if commit != self.bad and (slower := self._once(commit, self.bad, options)).word == BAD:
                return Judged(GOOD, f"{judged.ratio}, and the bad commit takes {slower.ratio} of its time")
        return Judged(SKIP, f"unclear, {judged.about}")

    def _once(self, base: str, new: str, options: tuple[str, ...]) -> Judged:
        sides = TwoSides(f"git:{base}", f"git:{new}", options)
        try:
            with tempfile.TemporaryDirectory(prefix="likeforlike-") as folder:
                file = self.measure(sides, Path(folder) / "results.json", self.here)
                outcome = outcome_of(file, self.limits)
        except (ValueError, ResultError) as error:
            return Judged(SKIP, " ".join(str(error).split()))
        mine = [effect for effect in outcome.effects if self.cell in (effect.cell, effect.name)]
        if mine:
            return _judged(mine[0])
        lost = [one for one in (*outcome.broken, *outcome.skipped) if one.cell in self._names()]
        if lost:
            return Judged(SKIP, lost[0].reason)
        known = ", ".join(effect.cell for effect in outcome.effects[:8]) or "none"
        raise UnknownCell(f"--cell {self.cell!r} is the id of no cell that was measured; known: {known}")

    def _names(self) -> set[str]:
        return {f"{self.cell}-{side}" for side in (BASE, NEW)}


class UnknownCell(Exception):
    """No run has the cell that is looked for."""


def _judged(effect: Effect) -> Judged:
    ratio = ratio_entry(effect.comparison).text
    if effect.fails:
        return Judged(BAD, ratio, ratio)
    if effect.word in ("unclear", "no verdict"):
        return Judged(UNCLEAR, f"{ratio}: {effect.why_unsure}", ratio)
    return Judged(GOOD, ratio, ratio)


def main(
    arguments: Sequence[str] | None = None,
    prog: str = "likeforlike bisect",
    measure: Measure = measure_sides,
) -> int:
    """Search, print each step and what was found; 0 if a commit or a range was, 2 for what can't run."""
    own, options = split(list(sys.argv[1:] if arguments is None else arguments))
    asked = _parser(prog).parse_args(own)
    try:
        top = revisions.top_of(Path.cwd())
        kept, named = check_options(options)
        if named is not None:
            raise ValueError("--benchmark-json: every step has a file of its own; leave it out")
        good, bad = (
            revisions.commit_of(option, revision, top)
            for option, revision in (("--good", asked.good), ("--bad", asked.bad))
        )
        commits = revisions.between(top, good, bad)
        limits = parse_limits(asked.fail_if_slower or [])
        steps = Steps(good, bad, asked.cell, limits, kept, Path.cwd(), measure)
        ends = steps.judge(bad)
        _told(top, bad, ends)
        if ends.word != BAD:
            raise ValueError(
                f"--bad {bad[: revisions.DIGITS]} is not surely slower than --good: {ends.word}, {ends.about}"
            )
        found = search(commits, steps.judge, lambda commit, judged: _told(top, commit, judged))
        found.steps.setdefault(bad, ends)
    except KeyboardInterrupt:
        print(f"\n{prog}: ended before its time", file=sys.stderr)
        return INTERRUPTED
    except (ValueError, UnknownCell, OSError) as error:
        print(f"{prog}: {' '.join(str(error).split())}", file=sys.stderr)
        return BAD_INPUT
    print(_found_text(found, top))
    return 0


def _told(top: Path, commit: str, judged: Judged) -> None:
    name = f"{commit[: revisions.DIGITS]} ({revisions.subject_of(top, commit)})"
    print(f"{name}: {judged.word}, {judged.about}", file=sys.stderr)


def _found_text(found: Found, top: Path) -> str:
    def named(commit: str) -> str:
        return f"{commit[: revisions.DIGITS]} ({revisions.subject_of(top, commit)})"

    if found.first:
        about = found.steps[found.first].about
        return f"The first commit that is surely slower is {named(found.first)}: {about}."
    listed = "\n".join(f"  {named(commit)}" for commit in found.candidates)
    return f"The first slower commit is one of these; those before the last could not be judged:\n{listed}"


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=prog,
        usage=f"{prog} --good REV --bad REV --cell ID [options] [-- BENCH_OPTIONS]",
        description="Find the first commit in which a cell is surely slower than in a good one. Each step "
        "measures the good commit and another in turns; where that is unclear, this one and the bad one, and "
        "then with more launches.",
        epilog=f"Example: {prog} --good v1.2 --bad HEAD --cell sums-mine-cpu:0-1000 -- --plugin my_kernels",
    )
    parser.add_argument("--good", metavar="REV", required=True, help="a commit that is fast enough")
    parser.add_argument("--bad", metavar="REV", default="HEAD", help="one that is not (HEAD)")
    parser.add_argument("--cell", metavar="ID", required=True, help="the cell's id, without the side")
    parser.add_argument(
        "--fail-if-slower", action="append", metavar="SHARE", help="how much slower is bad (5%%)"
    )
    return parser
