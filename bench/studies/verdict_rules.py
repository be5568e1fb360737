"""How often each tool's rule is right about a product of some 15 ms on a loaded machine.

``python -m likeforlike.bench.studies.verdict_rules``: a product against itself, and against itself with a
spin of 5 % (and 2.5 %) of its time added. Our rule judges rounds in which the three take turns in an order
drawn afresh, with the noise floor of an A/A pair in the same rounds; the published rules of other tools judge
blocks measured back to back, right before or after, in one process.

With ``--simulate`` nothing is timed: our rule alone judges made-up files of 5, 6, 10 and 30 rounds, whose
truth is known, unpaired, in turns, and without their samples; and several files of some launches each.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from likeforlike.bench.studies.replication.copies import spin
from likeforlike.bench.studies.simulated import several_files, small_files
from likeforlike.bench.studies.staging import busy_neighbour
from likeforlike.bench.studies.staging.account import Account, StudyFailed, heading, required, table
from likeforlike.bench.studies.staging.bare_loop import PRODUCTS, random_operands
from likeforlike.bench.studies.staging.tool_rules import OURS, PEERS, Rule, Word, likeforlike
from likeforlike.devices.machine.resources import usable_cores
from likeforlike.devices.process.runtime import runtime
from likeforlike.reports.statistics.ratios import paired_ratio

Clock = Callable[[], float]
Judge = Callable[["Trial", str], Word]

BASE, AGAIN, SLOWED = "base", "the same again", "slowed"
TWINS = ("twin a", "twin b")
"""The same product twice more, in the rounds: the noise floor, as every run of the harness has it."""
BLOCKS = (AGAIN, BASE, SLOWED)
"""In the order of measuring: each is next to the base."""
ROUNDS = (*BLOCKS, *TWINS)
_RECENT = 31
"""Calls of the product whose median time the spin is a share of."""
_FIRST_SIZE = 800
_SIZINGS = 4
_SIZING_CALLS = 40


@dataclass
class Work:
    """A product, and a spin that adds a share of its time, whatever that is at the moment."""

    product: Callable[[], object]
    share: float = 0.0
    spin: Callable[[float], None] = spin
    clock: Clock = time.perf_counter
    recent: deque[float] = field(default_factory=lambda: deque(maxlen=_RECENT))
    """The last times of the product alone, from which the spin's length is taken."""

    def calibrated(self, share: float) -> Work:
        """The work with a spin of this share of the product's median time, which is measured now."""
        work = Work(self.product, share, self.spin, self.clock)
        for _ in range(_RECENT):
            work.sample(BASE, [])
        return work

    def sample(self, name: str, spin_seconds: list[float]) -> float:
        """Seconds of one call; what the spin took of it is noted apart."""
        wanted_seconds = self.share * statistics.median(self.recent) if name == SLOWED else 0.0
        start = self.clock()
        self.product()
        middle = self.clock()
        if name == SLOWED:
            self.spin(wanted_seconds)
            end = self.clock()
            spin_seconds.append(end - middle)
            return end - start
        self.recent.append(middle - start)
        return middle - start


@dataclass
class Trial:
    """Samples of the three and of the twins as rounds, of the three as blocks."""

    rounds: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in ROUNDS})
    blocks: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in BLOCKS})
    spin_seconds: list[float] = field(default_factory=list)

    @property
    def slowed_by(self) -> float:
        """The spin's median time as a share of the base's, by the trial's own samples."""
        return statistics.median(self.spin_seconds) / statistics.median(self.rounds[BASE])

    @property
    def noise_interval(self) -> tuple[float, float]:
        """Of the ratio of the twins, which is 1 in truth."""
        first, second = (self.rounds[name] for name in TWINS)
        twins = paired_ratio(first, second)
        return twins.low, twins.high


def take_trial(work: Work, pairs: int, draw: random.Random, blocks: bool) -> Trial:
    """Measure the three in rounds, and in blocks if asked for, the one first or the other as drawn."""
    trial = Trial()
    steps = [partial(_take_rounds, work, pairs, draw, trial)]
    if blocks:
        steps.append(partial(_take_blocks, work, pairs, trial))
    draw.shuffle(steps)
    for step in steps:
        step()
    return trial


def _take_rounds(work: Work, pairs: int, draw: random.Random, trial: Trial) -> None:
    order = list(ROUNDS)
    for _ in range(pairs):
        draw.shuffle(order)
        for name in order:
            work.product()  # untimed, as before each sample of the harness
            trial.rounds[name].append(work.sample(name, trial.spin_seconds))


def _take_blocks(work: Work, pairs: int, trial: Trial) -> None:
    for name in BLOCKS:
        trial.blocks[name] = [work.sample(name, trial.spin_seconds) for _ in range(pairs)]


@contextmanager
def competing(share: float, seed: int) -> Iterator[None]:
    """A process that competes for the processor while the block runs; none for a share of 0."""
    if share == 0:
        yield
        return
    with busy_neighbour.competing(busy_neighbour.steady(share), seed):
        yield


def sized_work(framework: str, milliseconds: float) -> tuple[int, Work]:
    """A product float32 that takes about so long now, and its size."""
    size = _FIRST_SIZE
    for _ in range(_SIZINGS):
        work = Work(PRODUCTS[framework](random_operands(size)))
        work.product()
        seconds = statistics.median(work.sample(BASE, []) for _ in range(_SIZING_CALLS))
        if abs(seconds * 1e3 / milliseconds - 1) < 0.1:
            break
        size = round(size * (milliseconds / 1e3 / seconds) ** (1 / 3))
    return size, work


def in_turns(trial: Trial, other: str) -> Word:
    """Our verdict on the other against the base, from rounds, beside the noise of the twins."""
    return likeforlike(trial.rounds[BASE], trial.rounds[other], trial.noise_interval)


def back_to_back(rule: Rule) -> Judge:
    """The verdict of a rule that looks at two blocks."""
    return lambda trial, other: rule(trial.blocks[BASE], trial.blocks[other])


def count(judge: Judge, trials: Sequence[Trial], other: str) -> Counter[str]:
    """How often what is said of the other against the base."""
    return Counter(judge(trial, other) for trial in trials)


def judged(trials: Sequence[Trial], share: float, blocks: bool) -> str:
    """The table of all rules over trials with a slow-down of that share."""
    rows = []
    judges: dict[str, Judge] = {f"**{OURS}**": in_turns}
    if blocks:
        judges |= {name: back_to_back(rule) for name, rule in PEERS.items()}
        judges[f"{OURS}'s, on blocks"] = back_to_back(likeforlike)
    for name, judge in judges.items():
        same, slowed = count(judge, trials, AGAIN), count(judge, trials, SLOWED)
        rows.append(
            [
                name,
                "in turns" if judge is in_turns else "back to back",
                f"{same['slower'] + same['faster']} of {len(trials)}",
                f"{same['slower']} / {same['faster']}",
                f"{slowed['slower']} of {len(trials)}",
                slowed["faster"],
            ]
        )
    headers = ["rule", "samples", "the same called different", "slower / faster"]
    return table([*headers, f"{share:.1%} slow-down found", "called faster"], rows)


def setting(trials: Sequence[Trial]) -> str:
    """What the samples were like, in a line."""
    medians = sorted(statistics.median(trial.rounds[BASE]) * 1e3 for trial in trials)
    spreads = [
        statistics.stdev(trial.rounds[BASE]) / statistics.fmean(trial.rounds[BASE]) for trial in trials
    ]
    slowed = sorted(trial.slowed_by for trial in trials)
    return (
        f"Base: median {statistics.median(medians):.1f} ms, "
        f"{medians[0]:.1f} to {medians[-1]:.1f} over trials; "
        f"standard deviation within a trial {statistics.median(spreads):.0%} of the mean at the median. "
        f"The spin took {statistics.median(slowed):.2%} of the base's time, "
        f"{slowed[0]:.2%} to {slowed[-1]:.2%} over trials."
    )


def run_condition(
    asked: argparse.Namespace, share: float, pairs: int, trials: int, blocks: bool
) -> list[Trial]:
    """All trials of one slow-down: the product is sized once, the spin is calibrated before each trial."""
    draw = random.Random(f"{asked.seed} {share} {pairs}")
    taken: list[Trial] = []
    if trials == 0:
        return taken
    size, work = sized_work(asked.framework, asked.milliseconds)
    threads = f"{asked.threads} thread{'s' if asked.threads > 1 else ''}"
    product = f"{asked.framework} product {size}² float32, {threads}"
    print(f"- work with {share:.1%}: {product}, all in one process", flush=True)
    for number in range(trials):
        work = work.calibrated(share)
        taken.append(take_trial(work, pairs, draw, blocks))
        if number % 10 == 9:
            print(f"{share:.1%}: {number + 1} of {trials} trials", file=sys.stderr, flush=True)
    return taken


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m likeforlike.bench.studies.verdict_rules", description=__doc__
    )
    parser.add_argument("--trials", type=int, default=60, help="with a slow-down of 5 %%")
    parser.add_argument("--pairs", type=int, default=60)
    parser.add_argument("--small-trials", type=int, default=20, help="with a slow-down of 2.5 %%")
    parser.add_argument("--small-pairs", type=int, default=200)
    parser.add_argument("--framework", default="tensorflow", choices=tuple(PRODUCTS))
    parser.add_argument("--milliseconds", type=float, default=15.0, help="what the product is to take")
    parser.add_argument("--load", type=float, default=1.0, help="share of a core that the competitor takes")
    threads = max(1, usable_cores() - 1)  # the competitor's core is left to it
    parser.add_argument("--threads", type=int, default=threads, help="of the product")
    parser.add_argument("--seed", type=int, default=2020)
    parser.add_argument("--simulate", action="store_true", help="judge made-up files of few rounds instead")
    parser.add_argument("--simulated-trials", type=int, default=4000, help="of each row; a tenth for power")
    parser.add_argument(
        "--recorded", type=Path, nargs="+", default=[], help="result files whose samples are judged as well"
    )
    return parser.parse_args(given)


def simulate(asked: argparse.Namespace) -> None:
    """Judge made-up files and print; exit status 2 for a recorded file that can't be used."""
    try:
        told = small_files.report(asked.simulated_trials, asked.seed, asked.recorded)
        told += "\n\n" + several_files.report(max(asked.simulated_trials // 2, 1), asked.seed)
    except StudyFailed as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None
    print(f"{heading('Verdict rules, simulated', 'verdict_rules')}\n\n{told}")


def main() -> None:
    """Measure and print."""
    asked = arguments()
    if asked.simulate:
        simulate(asked)
        return
    runtime(asked.framework).configure("cpu:0", asked.threads, "float32")
    print(heading("Verdict rules", "verdict_rules"))
    account = Account()
    with competing(asked.load, asked.seed):
        print(f"- load: {load_text(asked.load)}", flush=True)
        large = run_condition(asked, 0.05, asked.pairs, asked.trials, True)
        small = run_condition(asked, 0.025, asked.small_pairs, asked.small_trials, False)
    if large:
        print(f"### {asked.trials} trials of {asked.pairs} pairs\n\n{judged(large, 0.05, True)}\n")
        print(f"{setting(large)}\n")
    if small:
        print(
            f"### {asked.small_trials} trials of {asked.small_pairs} pairs\n\n{judged(small, 0.025, False)}\n"
        )
        print(f"{setting(small)}\n")
    print("\n".join(requirements(large, small)))
    print(f"\n{account.closing()}")


def requirements(large: Sequence[Trial], small: Sequence[Trial]) -> list[str]:
    """What must hold, and whether it does; for fewer trials in proportion."""
    lines = []
    if large:
        same = count(in_turns, large, AGAIN)
        different = same["slower"] + same["faster"]
        found = count(in_turns, large, SLOWED)["slower"]
        at_most = len(large) / 60
        lines.append(required(f"the same called different at most {at_most:.3g} times", different <= at_most))
        at_least = 57 / 60 * len(large)
        lines.append(required(f"5 % found in at least {at_least:.3g} trials", found >= at_least))
    if small:
        found = count(in_turns, small, SLOWED)["slower"]
        at_least = 0.9 * len(small)
        lines.append(required(f"2.5 % found in at least {at_least:.3g} trials", found >= at_least))
    return lines


def load_text(share: float) -> str:
    """The competing process in words."""
    if share == 0:
        return "none of our own"
    shortest, longest = busy_neighbour.SHORTEST_SECONDS * 1e3, busy_neighbour.LONGEST_SECONDS * 1e3
    return (
        f"one process of one thread that multiplies small matrices for {share:.0%} of the time, "
        f"in bursts of {shortest:.0f} to {longest:.0f} ms"
    )


if __name__ == "__main__":
    main()
