"""All files of a report, as bytes, before any is written."""

from __future__ import annotations

from reports.document import Report
from reports.markdown import PLOTS, to_markdown
from reports.page import to_page
from reports.tables import to_csv

TABLES = "tables"


def render_files(report: Report) -> dict[str, bytes]:
    """``{relative name: content}``: report.md, report.html, plots/*.png and tables/*.csv."""
    files = {"report.md": to_markdown(report).encode("utf-8")}
    drawings = {}
    if report.figures:
        from reports.plots import render  # matplotlib, half a second: only where something is drawn

        for figure in report.figures:
            rendered = render(figure.draw)
            files[f"{PLOTS}/{figure.name}.png"] = rendered.png
            drawings[figure.name] = rendered.svg
    files["report.html"] = to_page(report, drawings).encode("utf-8")
    for table in report.tables:
        files[f"{TABLES}/{table.name}.csv"] = to_csv(table).encode("utf-8")
    return files
