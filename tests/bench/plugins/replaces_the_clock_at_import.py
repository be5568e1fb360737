"""Imported by workers alone: from then on ``time.perf_counter`` runs ten times too slowly."""

from __future__ import annotations

import time

from deceives import honest as product  # noqa: F401

_true_clock = time.perf_counter
time.perf_counter = lambda: _true_clock() / 10
