"""A report as GitHub-flavoured Markdown. Every string of a file is escaped here, and only here."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tabulate import tabulate

from likeforlike.reports.tell.document import (
    EMPTY,
    Block,
    Entry,
    Figure,
    Points,
    Report,
    Section,
    Table,
    Warn,
)

PLOTS = "plots"
WIDEST = 135
"""Characters of a table's row for which a rendered page has room."""
LONG = 20
"""Longer texts are broken into lines."""
_SPECIAL = re.compile(
    r"[\\`*<>|~$]"  # code, emphasis, HTML, table cells, strike-through, mathematics
    r"|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])"  # emphasis; inside a word it is none
    r"|\](?=[(\[:])|\[(?=\^)|!(?=\[)"  # links, pictures, footnotes
)
_BRACKET = re.compile(r"(?<!\\)[\[\]]")
"""What is left of them, harmless in text, would end a picture's alternative too early."""
_BARE_LINK = re.compile(r"(?i)(https?|ftp|www)(:|\.)")
_MENTION = re.compile(r"(?<![A-Za-z0-9])@(?=[A-Za-z0-9])")
_LINE_START = re.compile(r"^(\s*)(?:([-+]|#+)|(\d+)([.)]))(?=\s|$)")


def to_markdown(report: Report) -> str:
    """The whole report; plots are links to ``plots/NAME.png``."""
    parts = [f"# {escape(report.title)}", escape(report.subtitle), "## Findings"]
    parts.append("" if report.picture is None else _block(report.picture))
    parts.append("\n".join(f"- {escape(f.text)}" for f in report.findings if f.kind == "finding"))
    warnings = [f.text for f in report.findings if f.kind == "warning"]
    if warnings:
        parts.append("> [!WARNING]\n" + "\n".join(f"> - {escape(text)}" for text in warnings))
    parts += [_section(made) for made in report.sections]
    return "\n\n".join(part for part in parts if part) + "\n"


def blocks_to_markdown(blocks: Iterable[Block]) -> str:
    """Texts, tables and points one below the other, for a page that is no report."""
    return "\n\n".join(map(_block, blocks))


def _section(made: Section) -> str:
    blocks = (_block(block, isinstance(block, Table) and made.opens(block)) for block in made.blocks)
    return "\n\n".join([f"## {escape(made.title)}", *blocks])


def _block(block: Block, opened: bool = False) -> str:
    if isinstance(block, Table):
        return _table(block, opened)
    if isinstance(block, Figure):
        alternative = _BRACKET.sub(r"\\\g<0>", escape(block.alternative))
        return f"![{alternative}]({PLOTS}/{block.name}.png)\n\n*{escape(block.caption)}*"
    if isinstance(block, Points):
        return "\n".join(f"- {escape(item)}" for item in block.items)
    if isinstance(block, Warn):
        return f"> [!WARNING]\n> {escape(block.text)}"
    return escape(block.text)


def _table(table: Table, opened: bool) -> str:
    shown, left_out = _fitting(table)
    aligned = ["right" if table.numeric[column] else "left" for column in shown]
    # tabulate pads every cell to the widest; a reader of the source wants that, a folded table does not.
    body = tabulate(
        [[_entry(made.entries[column]) for column in shown] for made in table.rows],
        headers=[escape(table.columns[column]) for column in shown],
        tablefmt="pipe",
        colalign=aligned if table.rows else None,
        disable_numparse=True,
    )
    caption, note = f"**{escape(table.caption)}**", escape(f"{table.note} {left_out}".strip())
    if table.folded:
        state = " open" if opened else ""
        body = f"<details{state}><summary>{len(table.rows)} rows</summary>\n\n{body}\n\n</details>"
    return "\n\n".join(part for part in (caption, body, note) if part)


def _fitting(table: Table) -> tuple[list[int], str]:
    """The columns for which a page has room, and a sentence on those left out."""
    shown = list(range(len(table.columns)))
    widths = [_least_width(table, column) for column in shown]
    left: list[int] = []
    for column in table.foldable:
        if sum(widths[n] for n in shown) <= WIDEST:
            break
        shown.remove(column)
        left.append(column)
    if not left:
        return shown, ""
    same = {n: table.rows[0].entries[n].text for n in left if _is_same(table, n)}
    told = [f"{table.columns[n]} {text}" for n, text in same.items() if text != EMPTY]
    unknown = [table.columns[n] for n, text in same.items() if text == EMPTY]
    others = list(dict.fromkeys(table.columns[n] for n in sorted(left) if n not in same))
    parts = (
        ("In all rows", told),
        ("Not known", unknown),
        (f"Also in tables/{table.name}.csv", others),
    )
    return shown, " ".join(f"{lead}: {', '.join(names)}." for lead, names in parts if names)


def _is_same(table: Table, column: int) -> bool:
    return len({made.entries[column].text for made in table.rows}) == 1


def _least_width(table: Table, column: int) -> int:
    """Characters for which a column must have room: pages break headers at words, intervals at brackets."""
    words = table.columns[column].split()
    pieces = (piece for made in table.rows for piece in made.entries[column].text.split(" ("))
    return 3 + max((*map(len, words), *(min(len(piece), LONG) for piece in pieces)), default=0)


def _entry(item: Entry) -> str:
    text = escape(item.text)
    return f"~~{text}~~" if item.struck and text != "–" else text


def escape(text: str) -> str:
    """Text that renders as itself: no mark-up, no HTML, no table cell's end, no link, no mention.

    Line breaks and other controls were made visible when the file was read; those of our own texts there
    are none.
    """
    escaped = _SPECIAL.sub(r"\\\g<0>", text.replace("&", "&amp;"))
    escaped = escaped.replace("\\<", "&lt;").replace("\\>", "&gt;")
    escaped = _MENTION.sub("&#64;", _BARE_LINK.sub(r"\1<!-- -->\2", escaped))
    return _LINE_START.sub(_defused, " ".join(escaped.split()))


def _defused(match: re.Match[str]) -> str:
    """What would start a list or a heading, with its mark escaped."""
    indent, mark, number, dot = match.groups()
    return f"{indent}\\{mark}" if mark else f"{indent}{number}\\{dot}"
