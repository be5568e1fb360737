"""What ``--against`` prints."""

from __future__ import annotations

from tabulate import tabulate

from likeforlike.devices.limits.units import format_seconds
from likeforlike.reports.judge.regressions import Check, Outcome
from likeforlike.reports.tell.formatting import more_rounds_text, ratio_text


def outcome_text(outcome: Outcome, limit: float) -> str:
    """A short table: what fails, what is unclear, what else changed; then a line of sums."""
    told = sorted(outcome.checks, key=lambda check: (not check.fails(limit), -check.verdict.estimate.ratio))
    shown = [check for check in told if check.doubt or check.verdict.word != "same"]
    rows = [
        (
            check.name,
            format_seconds(check.before.median_seconds),
            format_seconds(check.now.median_seconds),
            ratio_text(check.verdict.estimate),
            _word(check, limit),
        )
        for check in shown
    ]
    parts = []
    if rows:
        headers = ("cell", "before", "now", "ratio", "verdict")
        parts.append(tabulate(rows, headers=headers, tablefmt="pipe", disable_numparse=True))
    words = [check.verdict.word for check in outcome.checks if not check.doubt]
    failing = sum(check.fails(limit) for check in outcome.checks)
    counts = ", ".join(f"{words.count(word)} {word}" for word in ("faster", "same", "slower", "unclear"))
    parts.append(f"{len(outcome.checks)} cells: {counts}; {failing} slower by more than {limit:.1%}.")
    if words.count("unclear"):
        parts.append(
            f"warning: {words.count('unclear')} unclear: too noisy or too few samples to tell; "
            "measure more rounds."
        )
    parts += [f"note: {remark}." for remark in outcome.remarks[:20]]
    if len(outcome.remarks) > 20:
        parts.append(f"note: and {len(outcome.remarks) - 20} more.")
    return "\n".join(parts)


def _word(check: Check, limit: float) -> str:
    if check.doubt:
        return f"no verdict: {check.doubt}"
    if check.fails(limit):
        return "SLOWER"
    return check.verdict.word + (more_rounds_text(check.verdict) if check.verdict.word == "unclear" else "")
