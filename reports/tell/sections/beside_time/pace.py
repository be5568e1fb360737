"""At what clock and temperature devices worked, what held them back, and how they were loaded before."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence

from likeforlike.reports.read.schema.cells import Sustained
from likeforlike.reports.sort.measured.measurements import Measurement, grouped
from likeforlike.reports.tell.context import Context, Kinds
from likeforlike.reports.tell.document import Entry, Row, Section, Table, row, section
from likeforlike.reports.tell.formatting import count_text

ENDED = {
    "asked": "as long as asked",
    "level": "until clock and temperature were level",
    "longest": "without coming to be level",
    "not readable": "neither clock nor temperature being told",
}
"""Why loading ended, as a reader says it."""
NOTE = (
    "Read right after each sample. Held back counts the samples at which the driver gave a reason, a power "
    "limit too, at which large kernels always run on many boards."
)
_IDLE = "idle"
"""NVML's reason of a board that has nothing to do: it holds nothing back."""


def sections(context: Context) -> list[Section | None]:
    """One, where any file tells of it."""
    places = grouped(
        ((context.study.titles[item.machine.id], item.key.device), item)
        for item in context.study.measurements
        if _told(item)
    )
    if not places:
        return []
    machine = ("machine",) if context.several else ()
    columns = ("device", *machine, "clock", "temperature", "held back", "loaded before the rounds")
    rows = tuple(_row(context, title, device, items) for (title, device), items in sorted(places.items()))
    table = Table("pace", "Clock and temperature", columns, rows, NOTE)
    return [section("pace", "Clock, temperature and what held devices back", [table])]


def findings(context: Context) -> Kinds:
    """None: nothing is compared."""
    return ()


def _told(item: Measurement) -> bool:
    return any(run.cell.extra.pace is not None for run in item.runs) or bool(_loads(item))


def _loads(item: Measurement) -> list[Sustained]:
    told = (launch.sustained for run in item.runs for launch in run.cell.extra.launches)
    return [load for load in told if load is not None]


def _row(context: Context, title: str, device: str, items: Sequence[Measurement]) -> Row:
    paces = [pace for item in items for run in item.runs if (pace := run.cell.extra.pace) is not None]
    clocks = [hertz / 1e6 for pace in paces for hertz in pace.clock_hertz if hertz is not None]
    heat = [celsius for pace in paces for celsius in pace.celsius if celsius is not None]
    held = [reasons for pace in paces for reasons in pace.held_back if reasons is not None]
    return row(
        device,
        *((title,) if context.several else ()),
        _spread(clocks, "MHz"),
        _spread(heat, "°C"),
        _held_text(held),
        _load_text([load for item in items for load in _loads(item)]),
        machine=title,
    )


def _spread(values: Sequence[float], unit: str) -> Entry:
    """``1,410 MHz (1,095 to 1,410)``: median, least and most."""
    if not values:
        return Entry("not told")
    middle, least, most = (f"{v:,.0f}" for v in (statistics.median(values), min(values), max(values)))
    between = "" if least == most else f" ({least} to {most})"
    return Entry(f"{middle} {unit}{between}", statistics.median(values))


def _held_text(held: Sequence[Sequence[str]]) -> str:
    if not held:
        return "not told"
    counts = Counter(reason for reasons in held for reason in reasons if reason != _IDLE)
    of = count_text(len(held), "sample")
    return "; ".join(f"{reason}: {count} of {of}" for reason, count in counts.most_common()) or "never"


def _load_text(loads: Sequence[Sustained]) -> str:
    """``for 37 to 52 s, until clock and temperature were level``, from what to what."""
    if not loads:
        return "no"
    seconds = sorted(load.seconds for load in loads)
    ends = dict.fromkeys(f"{seconds[0]:.0f} {seconds[-1]:.0f}".split())
    why = "; ".join(ENDED.get(ended, ended) for ended in dict.fromkeys(load.ended for load in loads))
    return f"for {' to '.join(ends)} s, {why}{_course(loads)}"


def _course(loads: Sequence[Sustained]) -> str:
    """The clock and the temperature at both ends, their medians over launches."""
    told = []
    for name, factor, unit in (("clock_hertz", 1e-6, "MHz"), ("celsius", 1.0, "°C")):
        ends = [(getattr(load.first, name), getattr(load.last, name)) for load in loads]
        known = [pair for pair in ends if None not in pair]
        if known:
            first, last = (statistics.median(pair[i] for pair in known) * factor for i in (0, 1))
            told.append(f"{first:,.0f} to {last:,.0f} {unit}")
    return f" ({', '.join(told)})" if told else ""
