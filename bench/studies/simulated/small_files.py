"""How often our verdict is wrong, and what it finds, in made-up files of few rounds."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from likeforlike.bench.studies.simulated.noise import (
    BEYOND,
    BURSTS,
    INDEPENDENT,
    PAIRED,
    TWO_LEVELS,
    UNPAIRED,
    Draw,
    recorded,
)
from likeforlike.bench.studies.staging.account import required, table
from likeforlike.reports.statistics.ratios import RatioEstimate, few_pairs_ratio, unpaired_ratio
from likeforlike.reports.statistics.summaries import summary_of, summary_ratio
from likeforlike.reports.statistics.verdicts import verdict, with_false_discovery_rate

ROUNDS = (5, 6, 10, 30)

EFFECTS = (0.025, 0.05, 0.1, 0.5, 1.0)
"""By so much the other is slower in truth."""

AT_MOST = 0.05
"""Share of false verdicts."""

FAMILY, FAMILY_EFFECT = 20, 0.5
"""Comparisons read together, one of them with this slow-down."""

POWER_SHARE = 10
"""Power is told from a tenth of the trials: it needs no second digit."""

Rule = Callable[[np.ndarray, np.ndarray], RatioEstimate]


def from_summaries(base: np.ndarray, other: np.ndarray) -> RatioEstimate:
    """As if the samples had not been saved."""
    return summary_ratio(summary_of(base), summary_of(other))


RULES: Mapping[str, tuple[Rule, Mapping[str, Draw]]] = {
    "two files, samples": (unpaired_ratio, UNPAIRED),
    "two files, samples not saved": (from_summaries, UNPAIRED),
    "one file, in turns": (few_pairs_ratio, PAIRED),
}
"""What is compared: by which rule, under which noise."""


@dataclass
class Tally:
    """False verdicts of one rule under one noise and number of rounds."""

    false: int
    trials: int
    power: list[float] = field(default_factory=list)

    @property
    def share(self) -> float:
        """Of verdicts *faster* or *slower* on two that do the same."""
        return self.false / self.trials

    @property
    def holds(self) -> bool:
        """Whether it is at most 5 %, as far as so many trials can tell (two standard errors)."""
        return self.share <= AT_MOST + 2.0 * math.sqrt(AT_MOST * (1.0 - AT_MOST) / self.trials)


def called_different(
    rule: Rule, noise: Draw, rounds: int, effect: float, trials: int, seed: str
) -> tuple[int, int]:
    """How often the other, slower by ``effect`` in truth, is called slower, and how often faster."""
    draw = _generator(seed, rounds, effect)
    words = []
    for _ in range(trials):
        base, other = noise(draw, rounds)
        words.append(verdict(rule(np.exp(base), np.exp(other + math.log1p(effect)))).word)
    return words.count("slower"), words.count("faster")


def tally(rule: Rule, noise: Draw, rounds: int, trials: int, seed: str, power: bool = True) -> Tally:
    """False verdicts, and the share of slow-downs that are found, effect by effect."""
    found = Tally(sum(called_different(rule, noise, rounds, 0.0, trials, seed)), trials)
    fewer = max(trials // POWER_SHARE, 1)
    if power:
        found.power = [
            called_different(rule, noise, rounds, effect, fewer, seed)[0] / fewer for effect in EFFECTS
        ]
    return found


@dataclass(frozen=True)
class Family:
    """What became of comparisons that were read together, one of them slower."""

    false_shares: tuple[float, ...]
    """In each trial, of what was called different; 0 where nothing was."""
    found: int

    @property
    def rate(self) -> float:
        """The false discovery rate."""
        return float(np.mean(self.false_shares))

    @property
    def holds(self) -> bool:
        """Whether it is at most 5 %, as far as so many trials can tell (two standard errors)."""
        error = float(np.std(self.false_shares)) / math.sqrt(len(self.false_shares))
        return self.rate <= AT_MOST + 2.0 * error


def family(noise: Draw, rounds: int, trials: int, seed: str) -> Family:
    """Judge many comparisons of two files together, trial by trial."""
    draw = _generator(seed, rounds, FAMILY_EFFECT)
    false_shares, found = [], 0
    for _ in range(trials):
        judged = []
        for number in range(FAMILY):
            base, other = noise(draw, rounds)
            shift = math.log1p(FAMILY_EFFECT) if number == 0 else 0.0
            judged.append(verdict(unpaired_ratio(np.exp(base), np.exp(other + shift))))
        different = [item.different for item in with_false_discovery_rate(judged)]
        false_shares.append(sum(different[1:]) / max(sum(different), 1))
        found += different[0]
    return Family(tuple(false_shares), found)


def report(trials: int, seed: int, recordings: Sequence[Path]) -> str:
    """All tables and requirements, as Markdown."""
    parts: list[str] = []
    every: list[Tally] = []
    for name, (rule, noises) in RULES.items():
        own = dict(noises)
        if recordings and rule is not few_pairs_ratio:
            own["recorded, shuffled"] = recorded(recordings, shuffled=True)
        rows = []
        for told, noise in own.items():
            tallies = {n: tally(rule, noise, n, trials, f"{seed} {name} {told}") for n in ROUNDS}
            every += tallies.values()
            rows += [_row(told, rounds, found) for rounds, found in tallies.items()]
        headers = ["noise", "rounds", "false verdicts", *(f"{100 * effect:g} % found" for effect in EFFECTS)]
        parts.append(f"### {name[0].upper()}{name[1:]}\n\n{table(headers, rows)}\n")
    together, controlled = _together(trials, seed)
    parts += [together, _beyond(trials, seed, recordings)]
    worst = max(found.share for found in every)
    told = f"false verdicts at most {AT_MOST:.0%} in the first three tables (the worst row {worst:.1%})"
    parts.append(required(told, all(found.holds for found in every)))
    parts.append(required(f"false discoveries at most {AT_MOST:.0%} of independent rounds", controlled))
    return "\n".join(parts)


def _row(noise: str, rounds: int, found: Tally) -> list[str]:
    return [noise, str(rounds), f"{found.share:.1%}", *(f"{share:.0%}" for share in found.power)]


def _together(trials: int, seed: int) -> tuple[str, bool]:
    """The table of families, and whether the rate holds where rounds are independent."""
    trials = max(trials // FAMILY, 1)
    rows, holds = [], True
    for told in (INDEPENDENT, BURSTS):
        for rounds in ROUNDS:
            judged = family(UNPAIRED[told], rounds, trials, f"{seed} family")
            holds = holds and (judged.holds or told == BURSTS)
            rows.append([told, str(rounds), f"{judged.rate:.1%}", f"{judged.found / trials:.0%}"])
    headers = ["noise", "rounds", "false discoveries", f"{100 * FAMILY_EFFECT:g} % found"]
    slower = f"one of them {100 * FAMILY_EFFECT:g} % slower"
    title = f"### {FAMILY} comparisons of two files read together, {slower}"
    return f"{title}\n\n{table(headers, rows)}\n", holds


def _beyond(trials: int, seed: int, recordings: Sequence[Path]) -> str:
    noises = dict(BEYOND)
    if recordings:
        noises["recorded, one window after the other"] = recorded(recordings, shuffled=False)
    rows, fewer = [], max(trials // POWER_SHARE, 1)
    for told, noise in noises.items():
        shares = [tally(unpaired_ratio, noise, n, fewer, f"{seed} {told}", False).share for n in ROUNDS]
        rows.append([told, *(f"{share:.0%}" for share in shares)])
    headers = ["noise", *(f"false with {rounds} rounds" for rounds in ROUNDS)]
    title = "### Where it ends: what lasts as long as a file, and what quartiles don't show"
    unseen = [
        f"{tally(from_summaries, UNPAIRED[TWO_LEVELS], n, fewer, f'{seed} unseen', False).share:.0%} with {n}"
        for n in (40, 200)
    ]
    told = (
        f"Of {TWO_LEVELS} quartiles show nothing; without samples, false are {' and '.join(unseen)} rounds."
    )
    return f"{title}\n\n{table(headers, rows)}\n\n{told}\n"


def _generator(seed: str, rounds: int, effect: float) -> np.random.Generator:
    return np.random.default_rng(list(f"{seed} {rounds} {effect}".encode()))
