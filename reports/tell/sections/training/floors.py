"""How near training is to what bounds it: the products alone, and the best rate of any product."""

from __future__ import annotations

from collections.abc import Sequence

from likeforlike.devices.limits.units import format_rate
from likeforlike.reports.judge.floors import FloorLine, ProductRate, best_product_rate, utilisation
from likeforlike.reports.sort.epochs import PHASES, phase_seconds, tells_phases
from likeforlike.reports.sort.floors import rounds_won
from likeforlike.reports.sort.measured.measurements import Measurement, grouped
from likeforlike.reports.statistics.ratios import LEAST_PAIRS
from likeforlike.reports.tell.context import Context, place, place_columns
from likeforlike.reports.tell.document import Block, Entry, Table, Text, row
from likeforlike.reports.tell.formatting import (
    count_text,
    epoch_entry,
    left_out_text,
    percent,
    ratio_text,
    seconds_per_epoch,
    significant,
    with_launch_mark,
)

ABOUT_PHASES = (
    "The floor and the product rate bound the training alone: evaluation and logging are not counted against "
    "them."
)


def floor_blocks(context: Context, trainers: Sequence[Measurement], suffix: str) -> list[Block | None]:
    """Phases and bounds of trainers, what is to be thought of the bounds, and the candidates for the floor.

    ``trainers`` with training alone for samples, fastest first within a machine and a device.
    """
    lines = list({id(line): line for item in trainers if (line := context.floor_of(item))}.values())
    rates = {_device(item): best_product_rate(context.study, item) for item in trainers}
    blocks: list[Block | None] = [_phases_table(context, trainers, rates, f"phases{suffix}")]
    blocks += [Text(floor_text(context, line)) for line in lines]
    for device, items in grouped((_device(item), item) for item in trainers).items():
        blocks.append(_rate_text(context, items, rates[device]))
    blocks.append(_candidates_table(context, lines, f"floors{suffix}"))
    return blocks


def _device(item: Measurement) -> tuple[str, str]:
    return item.machine.id, item.key.device


def _phases_table(
    context: Context,
    trainers: Sequence[Measurement],
    rates: dict[tuple[str, str], ProductRate | None],
    name: str,
) -> Table | None:
    floors = any(context.floor_of(item) is not None for item in trainers)
    known = any(rates.values())
    phases = any(tells_phases([item]) for item in trainers)
    if not (floors or known or phases):
        return None
    sound = [item for item in trainers if not (item.refuted or item.unproven)]
    no_bound = {_device(i) for i in sound if (utilisation(i, rates[_device(i)]) or 0.0) > 1.0}
    rows = [
        row(
            *place(context, item),
            *_phase_entries(item),
            *([_over_entry(context, item)] if floors else ()),
            *([_share_entry(item, rates[_device(item)], _device(item) in no_bound)] if known else ()),
            workload=item.key.workload,
            machine=context.title(item),
        )
        for item in trainers
    ]
    columns = ("trainer", *place_columns(context), *PHASES)
    columns += ("training over floor",) if floors else ()
    columns += ("training's share of the best product rate (MFU)",) if known else ()
    return Table(
        name,
        "What an epoch consists of, and how near its training is to its bounds",
        columns,
        tuple(rows),
        f"Each a median of its own over the epochs{left_out_text(trainers)}. {ABOUT_PHASES}",
        minor=("logging", "evaluation"),
    )


def _phase_entries(item: Measurement) -> list[Entry]:
    if not tells_phases([item]):
        return [seconds_per_epoch(item), Entry("not told"), Entry("not told")]
    return [epoch_entry(seconds, struck=bool(item.doubt)) for seconds in phase_seconds(item).values()]


def _over_entry(context: Context, item: Measurement) -> Entry:
    line = context.floor_of(item)
    over = None if line is None else line.over(item)
    if line is None or over is None:
        return Entry("–")
    text = with_launch_mark(ratio_text(over.estimate), over.estimate)
    return Entry(text, over.estimate.ratio, struck=bool(line.struck or item.refuted or item.unproven))


def _share_entry(item: Measurement, rate: ProductRate | None, no_bound: bool) -> Entry:
    share = utilisation(item, rate)
    return Entry("–") if share is None else Entry(percent(share), share, struck=bool(no_bound or item.doubt))


def floor_text(context: Context, line: FloorLine) -> str:
    """Whether the floor of a place is one, and what it is."""
    floor = line.fastest
    where = context.where(floor)
    seconds = f"{significant(floor.median_seconds)} s an epoch"
    whose = _whose(line)
    if line.undercut:
        told = "; ".join(
            f"{over.trainer.key.name}'s training, products and all, takes {ratio_text(over.estimate)} of that"
            for over in line.undercut
        )
        surely = "" if line.surely_undercut else ", unless that is chance"
        return (
            f"The floor {where} is none, and struck: the matrix products alone took {seconds} ({whose}), but "
            f"{told}. So they can be done faster than they were{surely}."
        )
    if floor.doubt:
        return f"The floor {where} is struck ({floor.doubt}): {seconds}, {whose}."
    text = (
        f"The floor {where} is no trainer: {seconds} for the matrix products of the training alone, {whose}."
    )
    return text + _nearest_text(line)


def _whose(line: FloorLine) -> str:
    """Of which candidates it is made: wrong ones count only where there are no others."""
    sound = [item for item in line.candidates if not item.refuted] or line.candidates
    if len(sound) == 1:
        return "by one candidate alone"
    if all(run.numbered for item in sound for run in item.runs):
        return f"in each round the fastest of {len(sound)} candidates"
    return f"the fastest of {len(sound)} candidates by its median"


def _nearest_text(line: FloorLine) -> str:
    """Who is nearest to a floor that holds, and whether single rounds were below it."""
    if not line.proven:
        return ""
    nearest = line.proven[0]
    told = f" {nearest.trainer.key.name} is nearest to it: its training takes {ratio_text(nearest.estimate)}."
    below = [over for over in line.proven if over.rounds_below]
    if below:
        rounds = ", ".join(f"{o.trainer.key.name} in {o.rounds_below} of {o.rounds}" for o in below)
        return f"{told} Single rounds were below it: {rounds}."
    every = all(over.rounds for over in line.proven) and not any(o.rounds_below for o in line.trainers)
    return f"{told} No trainer was below it in any round." if every else told


def _rate_text(context: Context, items: Sequence[Measurement], rate: ProductRate | None) -> Text | None:
    """The second line: the epoch's operations at the best rate measured on the device."""
    flop = items[0].extra.flop
    sound = [item for item in items if not (item.refuted or item.unproven)]
    reached = [(share, item) for item in sound if (share := utilisation(item, rate)) is not None]
    if rate is None or not flop or not reached:
        return None
    share, best = max(reached, key=lambda pair: pair[0])
    whose = "the best rate of any product measured" if rate.measured else "what its specification allows"
    line = (
        f"At {format_rate(rate.flop_per_second)}, {whose} "
        f"{context.where(best)} ({rate.source}), an epoch's {significant(flop / 1e9)} GFLOP of products take "
        f"{significant(flop / rate.flop_per_second)} s."
    )
    if share > 1.0:
        return Text(
            f"{line} That is no bound: {best.key.name}'s training reaches {percent(share)} of this rate."
        )
    return Text(
        f"{line} {best.key.name}'s training reaches {percent(share)} of this rate, the most of all: its "
        "model FLOP utilisation, as the field calls it."
    )


def _candidates_table(context: Context, lines: Sequence[FloorLine], name: str) -> Table | None:
    """The candidates, place by place; a single one has nothing to tell."""
    rows = []
    for line in lines:
        if len(line.candidates) < 2:
            continue
        won = rounds_won(line.candidates)
        for item in line.candidates:
            measured = sum(len(run.cell.samples) for run in item.runs)
            rows.append(
                row(
                    *place(context, item),
                    seconds_per_epoch(item),
                    Entry(str(won[item.key.implementation]), won[item.key.implementation]),
                    Entry(str(measured), measured),
                    str(item.extra.terms.get("fastest_way") or "–"),
                    Entry("–")
                    if item.flop_per_second is None
                    else Entry(format_rate(item.flop_per_second), item.flop_per_second, bool(item.doubt)),
                    workload=item.key.workload,
                    machine=context.title(item),
                )
            )
    if not rows:
        return None
    columns = (
        "candidate",
        *place_columns(context),
        "seconds per epoch",
        "rounds in which it was the fastest",
    )
    columns += ("rounds measured", "fastest layout", "rate")
    note = "One far from the fastest gets a few rounds only. A candidate tries every layout in every round."
    return Table(name, "Candidates for the floor", columns, tuple(rows), note)


def above_floor_text(context: Context, item: Measurement) -> str:
    """The end of a finding: how far a trainer's training is from its floor; empty where that says nothing."""
    line = context.floor_of(item)
    over = None if line is None else line.over(item)
    if line is None or over is None or line.struck or item.doubt or over.estimate.pairs < LEAST_PAIRS:
        return ""
    if over.estimate.assumed or line.fastest.crowded:  # nothing of one launch, or beside others, is found
        return ""
    return f"; its training alone takes {ratio_text(over.estimate)} of the floor, the matrix products alone"


def struck_floors(context: Context) -> list[str]:
    """A sentence for each floor that a trainer undercuts, to be warned of."""
    told = []
    for line in context.floors:
        if line.undercut:
            first, more = line.undercut[0], line.undercut[1:]
            others = f" ({count_text(more, 'more trainer')} too)" if more else ""
            told.append(
                f"The floor {context.where(line.fastest)} is none and struck: the training of "
                f"{first.trainer.key.name} takes {ratio_text(first.estimate)} of it{others}."
            )
    return told
