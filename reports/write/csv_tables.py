"""Tables as CSV: bare numbers in base units, and text that no spreadsheet takes for a formula."""

from __future__ import annotations

import csv
import io

from likeforlike.reports.tell.document import Entry, Table

STRUCK = "not to be believed"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def to_csv(table: Table) -> str:
    """The table with a header; figures in doubt are named by column in a last one."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    doubtful = any(entry.struck for row in table.rows for entry in row.entries)
    writer.writerow([*(_text(column) for column in table.columns), *([STRUCK] if doubtful else [])])
    for row in table.rows:
        values = [_value(entry) for entry in row.entries]
        if doubtful:
            pairs = zip(table.columns, row.entries, strict=True)
            values.append("; ".join(_text(column) or "cell" for column, entry in pairs if entry.struck))
        writer.writerow(values)
    return buffer.getvalue()


def _value(entry: Entry) -> str:
    if entry.value is not None:
        return f"{entry.value:.10g}"
    return "" if entry.text == "–" else _text(entry.text)


def _text(text: str) -> str:
    """Spreadsheets run what starts like a formula; an apostrophe tells them that it is text."""
    return f"'{text}" if text.startswith(_FORMULA) else text
