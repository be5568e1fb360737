"""What ``ab`` found, on the terminal and as a comment for a pull request."""

from __future__ import annotations

from collections.abc import Sequence

from tabulate import tabulate

from likeforlike.commits.judging import Effect, Outcome
from likeforlike.reports.read.schema.runs import Side, Unmeasured
from likeforlike.reports.sort.side_differences import side_differences
from likeforlike.reports.tell.document import Block, Points, Row, Table, Text, row
from likeforlike.reports.tell.formatting import (
    comparison_words,
    count_text,
    listed,
    percent,
    ratio_entry,
    time_entry,
)
from likeforlike.reports.write.markdown import blocks_to_markdown, escape

_ORDER = ("slower", "faster", "same", "unclear", "no verdict")
_MOST_REASONS = 12
_DIGITS = 10


def verdict_sentence(outcome: Outcome) -> str:
    """The result in a sentence."""
    if not outcome.effects:
        return "Nothing was compared: no cell was measured on both sides."
    failing, cells = outcome.failing, count_text(outcome.effects, "cell")
    if failing:
        most = f"{failing[0].name} {ratio_entry(failing[0].comparison).text}"
        limit = _limits(outcome.effects)
        return f"Slower: {len(failing)} of {cells} by more than {limit}, the most {most}."
    if outcome.broken:
        return f"Broken: {count_text(outcome.broken, 'cell')} could not be measured."
    told = f"Nothing is surely slower by more than {_limits(outcome.effects)}, in {cells}."
    if outcome.unclear:
        told += f" {len(outcome.unclear)} {'is' if len(outcome.unclear) == 1 else 'are'} unclear."
    return told


def terminal_text(outcome: Outcome) -> str:
    """The verdict, a table of what changed or is unclear, the sums, what could not be measured."""
    shown = [effect for effect in outcome.effects if effect.word != "same"]
    parts = [verdict_sentence(outcome)]
    if shown:
        rows = [[entry.text for entry in _row(effect).entries] for effect in shown]
        parts.append(tabulate(rows, headers=_columns(outcome), tablefmt="pipe", disable_numparse=True))
    if outcome.effects:
        parts.append(_sums(outcome.effects))
    lost = [f"not measured: {one}" for one in _lost(outcome.broken) + _lost(outcome.skipped)]
    parts += ["\n".join(lost)] if lost else []
    return "\n\n".join(parts)


def comment(outcome: Outcome, command: str) -> str:
    """GitHub-flavoured Markdown: verdict, what changed, the rest folded, how to repeat it."""
    mark = "❌" if outcome.failing else "⚠️" if outcome.status else "✅"
    changed = [effect for effect in outcome.effects if effect.word in ("slower", "faster") or effect.fails]
    rest = [effect for effect in outcome.effects if effect not in changed]
    blocks: list[Block] = [Text(" against ".join(_side_text(side) for side in reversed(outcome.sides)) + ".")]
    if changed:
        blocks.append(_table(outcome, "changed", "What changed", changed))
    if rest:
        blocks.append(_table(outcome, "rest", f"The same or unclear: {_sums(rest)}", rest, folded=True))
    for title, lost in (("Broken", outcome.broken), ("Not measured", outcome.skipped)):
        if lost:
            blocks += [Text(f"{title}:"), Points(tuple(_lost(lost)))]
    differing = side_differences(outcome.sides)
    if differing:
        rows = tuple(row(name, *values) for name, values in differing)
        columns = ("what differs", *(side.name for side in outcome.sides))
        blocks.append(Table("differences", "What differs between the sides", columns, rows, folded=True))
    head = f"### {mark} {escape(verdict_sentence(outcome))}"
    about = (
        "Measured in turns on one machine, launch by launch; ratios are of times, below 1 is faster. "
        "Repeat it with:"
    )
    return "\n\n".join([head, blocks_to_markdown(blocks), about, f"```console\n{command}\n```"]) + "\n"


def _side_text(side: Side) -> str:
    named = " ".join(part for part in (side.revision[:_DIGITS], side.source) if part)
    return f"{side.name} ({named})" if named else side.name


def _table(
    outcome: Outcome, name: str, caption: str, effects: Sequence[Effect], folded: bool = False
) -> Table:
    return Table(name, caption, _columns(outcome), tuple(map(_row, effects)), folded=folded)


def _columns(outcome: Outcome) -> tuple[str, ...]:
    return ("cell", *(side.name for side in outcome.sides), "ratio", "verdict")


def _row(effect: Effect) -> Row:
    item = effect.comparison
    return row(effect.name, time_entry(item.base), time_entry(item.other), ratio_entry(item), _words(effect))


def _words(effect: Effect) -> str:
    if effect.word in ("unclear", "no verdict"):
        return f"{effect.word}: {effect.why_unsure}" if effect.why_unsure else effect.word
    told = comparison_words(effect.comparison)
    if effect.comparison.verdict.word == "slower" and not effect.fails:
        told += f", within the limit of {percent(effect.limit)}"
    return told.upper() if effect.fails else told


def _sums(effects: Sequence[Effect]) -> str:
    words = [effect.word for effect in effects]
    order = [word for word in dict.fromkeys((*_ORDER, *words)) if word in words]
    return f"{count_text(effects, 'cell')}: {listed([f'{words.count(word)} {word}' for word in order])}."


def _limits(effects: Sequence[Effect]) -> str:
    limits = sorted({effect.limit for effect in effects})
    ends = [percent(limits[0]), percent(limits[-1])]
    return ends[0] if len(limits) == 1 else f"the limit of the cell ({ends[0]} to {ends[1]})"


def _lost(lost: Sequence[Unmeasured]) -> list[str]:
    told = [f"{one.cell}: {one.reason}" for one in lost[:_MOST_REASONS]]
    left = len(lost) - _MOST_REASONS
    return told + ([f"and {left} more"] if left > 0 else [])
