"""``python -m likeforlike.bench.studies.functions``: see the package's docstring; prints Markdown."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any

from likeforlike.bench.functions.asked import Asked
from likeforlike.bench.functions.document import document_of
from likeforlike.bench.functions.measuring import measure
from likeforlike.bench.keep.result_file import plain as plain_json
from likeforlike.bench.run.screen.progress import Progress
from likeforlike.bench.studies.functions import slowed
from likeforlike.bench.studies.staging.account import Account, StudyFailed, heading, required, table
from likeforlike.bench.studies.staging.busy_neighbour import BURSTY, competing
from likeforlike.devices.process.interpreter import module_command, same_imports
from likeforlike.reports.judge.comparisons import Comparison, compare_pairs
from likeforlike.reports.read.recognition import read_content
from likeforlike.reports.sort.pooling import build_study
from likeforlike.reports.tell.formatting import ratio_text

FOUND, NOT_FOUND_WRONGLY = 0.9, 0.98
"""Of different functions, how often slower is to be said; of one with itself, how often no difference."""
ANSWER_SECONDS, PROGRESS_SECONDS = 5.0, 1.0
WORDS = ("slower", "faster", "same", "unclear", "no verdict")


def compared(functions: Mapping[str, Callable[..., Any]], args: Any, asked: argparse.Namespace) -> Comparison:
    """One comparison of two functions, judged as ``likeforlike.compare`` judges it."""
    how = {"seconds": asked.seconds, "patience_seconds": asked.patience}
    wanted = Asked(functions, args, launches=asked.launches, **how)
    measured = measure(wanted, Progress(lambda text: None, None))
    content = json.dumps(plain_json(document_of(measured)), allow_nan=False).encode()
    study = build_study([read_content(content, "a comparison")])
    found = {item.key.implementation: item for item in study.measurements}
    if set(found) != set(functions):
        raise StudyFailed(f"no figure of {', '.join(set(functions) - set(found))}")
    (pair,) = compare_pairs(study, [tuple(found[name] for name in functions)])  # type: ignore[list-item]
    return pair


def series(name: str, share: float, runs: int, elements: int, asked: argparse.Namespace) -> list[Comparison]:
    """So many comparisons, each told on the error stream."""
    other = slowed.slowed if share else slowed.plain
    found = []
    for number in range(runs):
        began = time.monotonic()
        functions = {"plain": slowed.plain, "other": other}
        pair = compared(functions, slowed.Maker(elements, share or 0.0), asked)
        found.append(pair)
        told = f"{pair.word}{'' if pair.sure else ' (not sure)'} {ratio_text(pair.verdict.estimate)}"
        took = f"{pair.verdict.estimate.launches} launches, {time.monotonic() - began:.0f} s"
        print(f"{name} {number + 1} of {runs}: {told}; {took}", file=sys.stderr, flush=True)
    return found


def row_of(name: str, found: Sequence[Comparison]) -> list[str]:
    """How often each word was said."""
    words = Counter(pair.word for pair in found)
    sure = sum(pair.sure for pair in found)
    launches = sum(pair.verdict.estimate.launches for pair in found) / len(found)
    return [name, str(len(found)), *(str(words[word]) for word in WORDS), str(sure), f"{launches:.1f}"]


def own_cost() -> tuple[float, float]:
    """Seconds until the first sign of progress, and the answer, of two functions that do nothing."""
    import subprocess

    target = "likeforlike.bench.studies.functions.slowed"
    command = module_command("likeforlike", "compare", f"{target}:nothing", f"{target}:nothing_too")
    began = time.monotonic()
    with subprocess.Popen(
        command, env=same_imports(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stderr is not None
        process.stderr.read(1)
        first = time.monotonic() - began
        process.communicate()
    if process.returncode:
        raise StudyFailed(f"likeforlike compare left with exit status {process.returncode}")
    return first, time.monotonic() - began


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m likeforlike.bench.studies.functions")
    parser.add_argument("--slowed", type=int, default=10, help="comparisons with the slowed function (10)")
    parser.add_argument("--same", type=int, default=50, help="comparisons of a function with itself (50)")
    parser.add_argument("--share", type=float, default=0.05, help="by which it is slowed (0.05)")
    parser.add_argument("--call-seconds", type=float, default=0.005, help="of one call, about (0.005)")
    parser.add_argument("--quiet", action="store_true", help="without a competing process")
    parser.add_argument("--launches", type=int, nargs=2, default=(3, 10), metavar=("LEAST", "MOST"))
    parser.add_argument(
        "--seconds", type=float, help="begin no further launch after so long (by default's rule)"
    )
    parser.add_argument("--patience", type=float, default=0.0, help="wait so long for others to pause (0)")
    parser.add_argument("--seed", type=int, default=2026)
    asked = parser.parse_args(given)
    asked.launches = tuple(asked.launches)
    return asked


def main() -> None:
    """Measure and print."""
    asked = arguments()
    print(heading("Two functions", "functions"), end="\n\n", flush=True)
    account = Account()
    costs = [own_cost() for _ in range(3)]
    elements = slowed.elements_for(asked.call_seconds)
    beside = nullcontext() if asked.quiet else competing(BURSTY, asked.seed)
    with beside:
        slower = series(f"slowed by {asked.share:.0%}", asked.share, asked.slowed, elements, asked)
        same = series("the same", 0.0, asked.same, elements, asked)
    rows = [
        row_of(name, found)
        for name, found in ((f"slowed by {asked.share:.0%}", slower), ("itself", same))
        if found
    ]
    print(table(["compared with", "times", *WORDS, "of these sure", "launches"], rows), end="\n\n")
    first, whole = max(cost[0] for cost in costs), max(cost[1] for cost in costs)
    lines = [
        required(
            f"a pair that does nothing answers within {ANSWER_SECONDS:.0f} s ({whole:.1f} s)",
            whole <= ANSWER_SECONDS,
        ),
        required(
            f"and shows progress within {PROGRESS_SECONDS:.0f} s ({first:.2f} s)", first <= PROGRESS_SECONDS
        ),
    ]
    if slower:
        found = sum(pair.word == "slower" for pair in slower) / len(slower)
        lines.append(required(f"slowed by {asked.share:.0%}: called slower in {found:.0%}", found >= FOUND))
    if same:
        alike = sum(pair.word in ("same", "unclear") for pair in same) / len(same)
        lines.append(required(f"itself: same or unclear in {alike:.0%}", alike >= NOT_FOUND_WRONGLY))
    print("\n".join(lines))
    print(f"\n{account.closing()}")


if __name__ == "__main__":
    try:
        main()
    except StudyFailed as error:
        sys.exit(f"error: {error}")
