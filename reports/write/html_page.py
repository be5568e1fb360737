"""A report as one HTML file that works offline: plots inline, no request to anywhere."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from importlib import resources

from jinja2 import Environment
from markupsafe import Markup, escape

from likeforlike.reports.tell.document import Figure, Points, Report, Table, Text, Warn
from likeforlike.reports.tell.plot_data import Rendered

TEMPLATES = "templates"
_IDLE_IDS = re.compile(r' id="[A-Za-z0-9.]+_\d+"')


def to_page(report: Report, drawings: Mapping[str, Rendered]) -> str:
    """The page; ``drawings`` holds each figure drawn, by name. All texts are escaped."""
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.tests.update(
        table=lambda block: isinstance(block, Table),
        figure=lambda block: isinstance(block, Figure),
        points=lambda block: isinstance(block, Points),
        warn=lambda block: isinstance(block, Warn),
        paragraph=lambda block: isinstance(block, Text),
    )
    environment.filters["figure"] = _figure
    blocks = [block for made in report.sections for block in made.blocks]
    rows = [row for block in blocks if isinstance(block, Table) for row in block.rows]
    script, style = _asset("report.js"), _asset("report.css")
    digest = base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
    return environment.from_string(_asset("report.html")).render(
        report=report,
        drawings={name: Markup(_drawing(drawn)) for name, drawn in drawings.items()},
        script=Markup(script),
        style=Markup(style),
        script_digest=digest,
        workloads=_choices(row.workload for row in rows),
        machines=_choices(row.machine for row in rows),
        verdicts=_choices(word for row in rows for word in row.verdict),
    )


def _asset(name: str) -> str:
    return resources.files(__package__).joinpath(TEMPLATES, name).read_text(encoding="utf-8")


def _figure(text: str) -> Markup:
    """A figure whose interval stands in the next line where a table has no room for both."""
    value, bracket, interval = text.partition(" (")
    if not bracket:
        return escape(text)
    part = '<span class="interval">{}</span>'
    return Markup(f"{part} {part}").format(value, f"({interval}")


def _choices(values: Iterable[str]) -> list[str]:
    """What rows can be filtered by, each once, in order of appearance."""
    return [value for value in dict.fromkeys(values) if value]


def _drawing(drawn: Rendered) -> str:
    """The plot, and what stands in its place on a phone."""
    if not drawn.narrow:
        return _inline(drawn.svg, "")
    return _inline(drawn.svg, "wide") + _inline(drawn.narrow, "narrow")


def _inline(svg: str, kind: str) -> str:
    """The plot for use inside a page: hidden from screen readers, which get its text; no ids twice."""
    told = f'class="{kind}" ' if kind else ""
    return _IDLE_IDS.sub("", svg).replace("<svg ", f'<svg {told}aria-hidden="true" focusable="false" ', 1)
