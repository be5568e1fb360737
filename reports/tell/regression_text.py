"""What ``--against`` prints."""

from __future__ import annotations

from collections.abc import Sequence

from tabulate import tabulate

from likeforlike.reports.judge.joint_regressions import JointCheck
from likeforlike.reports.judge.regressions import Check, Outcome
from likeforlike.reports.sort.call_times import compared_statistic
from likeforlike.reports.sort.measured.measurements import Measurement
from likeforlike.reports.statistics.ratios import LEAST_PAIRS
from likeforlike.reports.statistics.summaries import NOT_SAVED
from likeforlike.reports.statistics.verdicts import Verdict
from likeforlike.reports.tell.formatting import count_text, more_rounds_text, percent, ratio_text
from likeforlike.reports.tell.wording.accuracy_text import seeds_text
from likeforlike.reports.tell.wording.tails_text import asked_time_text

MOST_REMARKS = 20


def outcome_text(outcome: Outcome) -> str:
    """A short table: what fails, what could not be judged or is unclear, what else changed; then the sums."""
    told = sorted(outcome.checks, key=lambda c: (not c.fails, not c.hindrance, -c.verdict.estimate.ratio))
    rows = [_row(check) for check in told if check.hindrance or check.trained_worse or check.word != "same"]
    rows += [_joint_row(check) for check in outcome.together if check.word != "same"]
    parts = []
    if rows:
        headers = ("cell", "before", "now", "rounds", "ratio", "verdict")
        parts.append(tabulate(rows, headers=headers, tablefmt="pipe", disable_numparse=True))
    parts.append(_sums(outcome))
    unclear = [check for check in outcome.checks if check.unclear]
    if unclear:
        parts.append(f"warning: {len(unclear)} unclear: too noisy to tell; {_remedy(unclear)}.")
    parts += [f"warning: {_accuracy_text(check)}." for check in outcome.checks if check.trained_worse]
    own = (
        _summary_remark(outcome),
        _few_rounds_remark(outcome),
        _widening_remark(outcome),
        _crowded_remark(outcome),
    )
    notes = [remark for remark in (*own, *outcome.remarks) if remark]
    parts += [f"note: {remark}." for remark in notes[:MOST_REMARKS]]
    if len(notes) > MOST_REMARKS:
        parts.append(f"note: and {len(notes) - MOST_REMARKS} more.")
    return "\n".join(parts)


def _remedy(unclear: Sequence[Check]) -> str:
    """What would settle them: two runs at different times seldom do."""
    if any(check.verdict.more_rounds is not None for check in unclear):
        return "measure more rounds"
    if any(check.verdict.more_launches is not None for check in unclear):
        return "measure more launches of each, or both sides in one run"
    return "measure both sides in one run, on a quieter machine"


def _widening_remark(outcome: Outcome) -> str:
    """By what intervals were widened that rest on one launch of either side; empty if none does."""
    alone = [c for c in outcome.checks if c.verdict.estimate.assumed and c.verdict.estimate.has_interval]
    if not alone:
        return ""
    shares = sorted({percent(check.verdict.estimate.spread) for check in alone})
    by = shares[0] if len(shares) == 1 else f"{shares[0]} to {shares[-1]}"
    return (
        f"{count_text(alone, 'cell')} measured in one launch, or by another tool: intervals are widened "
        f"by what launches and runs at different times differ by ({by} in a ratio)"
    )


def _crowded_remark(outcome: Outcome) -> str:
    """What others took of the machine while cells were measured; empty if nothing."""
    crowded = [c.now.crowded or c.before.crowded for c in outcome.checks]
    told = [text for text in crowded if text]
    if len(set(told)) > 1:
        return f"{count_text(told, 'cell')} measured while others used the machine (the first: {told[0]})"
    return f"{count_text(told, 'cell')} measured while {told[0]}" if told else ""


def nothing_judged_text(outcome: Outcome) -> str:
    """Why a check that could judge nothing is none: one line."""
    cells = count_text(outcome.checks, "cell")
    none = "the only cell" if len(outcome.checks) == 1 else f"none of the {cells}"
    could = "could not be judged" if len(outcome.checks) == 1 else "could be judged"
    return f"--against: {none} {could}: {_hindrances(outcome)}"


def lost_text(outcome: Outcome) -> str:
    """Which cells of the base gave no figure, and why the first of them: one line; empty if all did."""
    if not outcome.lost:
        return ""
    first, more = outcome.lost[0], len(outcome.lost) - 1
    others = f" (and {count_text(more, 'more cell')})" if more else ""
    why = f"{first.outcome}, {first.reason}"
    return f"--fail-if-slower: {first.cell} has a figure in the base and none now: {why}{others}"


def _row(check: Check) -> tuple[str, ...]:
    before, now = check.before, check.now
    return (
        check.name,
        *(asked_time_text(item, compared_statistic(before, now)) for item in (before, now)),
        _rounds_text(before, now),
        ratio_text(check.verdict.estimate),
        _word(check),
    )


def _joint_row(check: JointCheck) -> tuple[str, ...]:
    """Without times: of a small size and a large one no mean says anything."""
    estimate = check.verdict.estimate
    missing = _what_is_missing(check.verdict) if check.word == "unclear" else ""
    word = check.word + missing
    if check.fails:
        word = "SLOWER" if word == "slower" else f"TAKES LONGER; {word}"
    word += _not_sure(check)
    return (f"{check.name}, its {len(check.cells)} cells", "", "", "", ratio_text(estimate), word)


def _rounds_text(before: Measurement, now: Measurement) -> str:
    counts = ["?" if item.rounds is None else f"{item.rounds:,}" for item in (before, now)]
    return counts[0] if counts[0] == counts[1] else " and ".join(counts)


def _sums(outcome: Outcome) -> str:
    """How many cells were judged and with what result, and why the others were not."""
    judged, every = outcome.judged, outcome.checks
    words = [check.word for check in judged]
    four = ("faster", "same", "slower", "unclear")
    counts = ", ".join(f"{words.count(word)} {word}" for word in dict.fromkeys((*four, *words)))
    limits = sorted({check.limit for check in every})
    ends = [percent(share) for share in (limits[0], limits[-1])]
    limit = ends[0] if len(limits) == 1 else f"the limit of the cell ({ends[0]} to {ends[1]})"
    slower = "taking longer" if any(check.barred for check in outcome.failing) else "slower"
    told = f"{len(judged)} of {count_text(every, 'cell')} judged: {counts}; " if judged else ""
    unsure = [check for check in outcome.failing if check.unsure]
    told += f"{len(outcome.failing)} {slower} by more than {limit}" if judged else ""
    if unsure:
        told += ", not sure" if len(unsure) == len(outcome.failing) else f", {len(unsure)} of them not sure"
    told += "." if judged else ""
    for check in outcome.failing_only_together:
        told += (
            f" {check.name} takes longer over its {len(check.cells)} cells together: "
            f"{ratio_text(check.verdict.estimate)}, more than {percent(check.limit)}{_not_sure(check)}."
        )
    left = len(every) - len(judged)
    if left:
        told += f"{' ' if told else ''}{count_text(left, 'cell')} not judged: {_hindrances(outcome)}."
    return told


def _hindrances(outcome: Outcome, most: int = 4) -> str:
    reasons = sorted(outcome.hindrances.items(), key=lambda item: -item[1])
    several = len(reasons) > 1
    told = [f"{count} × {reason}" if several else reason for reason, count in reasons[:most]]
    more = sum(count for _, count in reasons[most:])
    return "; ".join([*told, *([f"{more} for other reasons"] if more else [])])


def _word(check: Check) -> str:
    if check.hindrance:
        more = "" if check.doubt else more_rounds_text(check.verdict)
        return f"no verdict: {check.hindrance}{more}"
    if check.fails:
        return (f"TAKES LONGER; {check.word}" if check.barred else "SLOWER") + _not_sure(check)
    told = check.word + (_what_is_missing(check.verdict) if check.unclear else "")
    told += _not_sure(check)
    return f"{told}; trained worse" if check.trained_worse and not check.barred else told


def _not_sure(check: Check | JointCheck) -> str:
    """Why a clear verdict is not to be relied on, where it is not."""
    clear = check.verdict.word in ("slower", "faster")
    return f"; not sure: {check.unsure}" if clear and check.unsure else ""


def _what_is_missing(unclear: Verdict) -> str:
    """The rounds that would settle an unclear verdict; where none would, what is in the way."""
    return more_rounds_text(unclear) or f": {unclear.reason}"


def _accuracy_text(check: Check) -> str:
    """To what a training comes now that comes less far than it did."""
    accuracy = None if check.quality is None else check.quality.accuracy
    if accuracy is None:
        return f"{check.name} trained worse, by its validation loss"
    return (
        f"{check.name} trains to {accuracy.other * 100:.1f} %, before to {accuracy.base * 100:.1f} % "
        f"({seeds_text(accuracy)}): trained worse"
    )


def _few_rounds_remark(outcome: Outcome) -> str:
    """Why some ratios are not those of the medians beside them; empty if all are."""
    few = [c for c in outcome.checks if not c.from_summaries and 1 < c.verdict.estimate.pairs < LEAST_PAIRS]
    if not few:
        return ""
    cells = count_text(few, "cell")
    return (
        f"{cells} with fewer than {LEAST_PAIRS} rounds on a side: the ratio is the median of all ratios "
        "of a round now to a round before"
    )


def _summary_remark(outcome: Outcome) -> str:
    """What is to be said of cells whose samples a file did not save; empty if there are none."""
    told = [check for check in outcome.checks if check.from_summaries]
    if not told:
        return ""
    tools = {run.file.tool.name for c in told for item in (c.before, c.now) for run in item.runs}
    remedy = (
        " (--benchmark-save leaves them out; use --benchmark-save-data or --benchmark-json)"
        if tools & {"pytest-benchmark", "likeforlike"}
        else ""
    )
    judged = sum(not check.hindrance for check in told)
    basis = ": judged by median, quartiles and number of rounds, which is rougher" if judged else ""
    return f"{NOT_SAVED} of {count_text(told, 'cell')}{remedy}{basis}"
