"""All files of a report, as bytes, before any is written."""

from __future__ import annotations

from reports.document import Report
from reports.markdown import PLOTS, to_markdown


def render_files(report: Report) -> dict[str, bytes]:
    """``{relative name: content}`` of report.md and its plots."""
    files = {"report.md": to_markdown(report).encode("utf-8")}
    if report.figures:
        from reports.plots import render

        for figure in report.figures:
            files[f"{PLOTS}/{figure.name}.png"] = render(figure.draw).png
    return files
