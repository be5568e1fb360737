"""Benchmarks of pytest-benchmark and other tools, group by group."""

from likeforlike.reports.tell.sections.plain_benchmarks.section import sections
from likeforlike.reports.tell.sections.plain_benchmarks.sentences import findings

__all__ = ["findings", "sections"]
