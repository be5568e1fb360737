"""All files of a report, as bytes, before any is written."""

from __future__ import annotations

from concurrent.futures import Executor

from reports.document import Report
from reports.drawing import draw_all
from reports.markdown import PLOTS, to_markdown
from reports.page import to_page
from reports.tables import to_csv

TABLES = "tables"


def render_files(report: Report, helpers: Executor | None = None) -> dict[str, bytes]:
    """``{relative name: content}``: report.md, report.html, plots/*.png and tables/*.csv.

    ``helpers``: processes that share the drawing, of :func:`reports.drawing.helpers`.
    """
    files = {"report.md": to_markdown(report).encode("utf-8")}
    drawings = {}
    plots = draw_all([figure.draw for figure in report.figures], helpers)
    for figure, rendered in zip(report.figures, plots, strict=True):
        files[f"{PLOTS}/{figure.name}.png"] = rendered.png
        drawings[figure.name] = rendered.svg
    files["report.html"] = to_page(report, drawings).encode("utf-8")
    for table in report.tables:
        files[f"{TABLES}/{table.name}.csv"] = to_csv(table).encode("utf-8")
    return files
