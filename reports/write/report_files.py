"""All files of a report, as bytes, before any is written."""

from __future__ import annotations

from concurrent.futures import Executor

from likeforlike.reports.draw.process_pool import draw_all
from likeforlike.reports.tell.document import Report
from likeforlike.reports.write.csv_tables import to_csv
from likeforlike.reports.write.html_page import to_page
from likeforlike.reports.write.markdown import PLOTS, to_markdown

TABLES = "tables"


def render_files(report: Report, helpers: Executor | None = None) -> dict[str, bytes]:
    """``{relative name: content}``: report.md, report.html, plots/*.png and tables/*.csv.

    ``helpers``: processes that share the drawing, of :func:`likeforlike.reports.draw.process_pool.helpers`.
    """
    files = {"report.md": to_markdown(report).encode("utf-8")}
    drawings = {}
    plots = draw_all([figure.data for figure in report.figures], helpers)
    for figure, rendered in zip(report.figures, plots, strict=True):
        files[f"{PLOTS}/{figure.name}.png"] = rendered.png
        drawings[figure.name] = rendered
    files["report.html"] = to_page(report, drawings).encode("utf-8")
    for table in report.tables:
        files[f"{TABLES}/{table.name}.csv"] = to_csv(table).encode("utf-8")
    return files
