"""All trainers on equal terms, and above the floor: under each recipe that several of them share."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from likeforlike.reports.judge.comparisons import Comparison
from likeforlike.reports.read.schema.declarations import TASK
from likeforlike.reports.sort.baselines import KERAS, MANUAL, base_of, equal_terms
from likeforlike.reports.sort.beside_time.accuracies import scatter_of, target_of, usual_scatters
from likeforlike.reports.sort.epochs import on_one_basis
from likeforlike.reports.sort.floors import is_floor
from likeforlike.reports.sort.likeness.comparability import recipe_differences
from likeforlike.reports.sort.measured.measurements import Measurement, grouped
from likeforlike.reports.statistics.median_intervals import median_interval
from likeforlike.reports.tell.context import Context, Kinds, place, place_columns
from likeforlike.reports.tell.document import (
    Block,
    Entry,
    Figure,
    Section,
    Table,
    Text,
    Warn,
    numbered,
    row,
    section,
)
from likeforlike.reports.tell.formatting import (
    basis_note,
    comparison_text,
    epoch_words,
    marked,
    more_rounds_text,
    percent,
    ratio_entry,
    resource_columns,
    resource_entries,
    seconds_entry,
    seconds_per_epoch,
    significant,
    speed_up_entry,
    verdict_entry,
)
from likeforlike.reports.tell.plot_data import Bar, Bars
from likeforlike.reports.tell.sections.training.floors import above_floor_text, floor_blocks
from likeforlike.reports.tell.sections.training.learning_curves import course_table, curves_figure
from likeforlike.reports.tell.wording.accuracy_text import (
    ABOUT,
    ABOUT_LOSS,
    accuracies_text,
    accuracy_over_seeds,
    barred_sentence,
    cost_to_accuracy_entry,
    loss_over_seeds,
    tells_losses_alone,
    time_column,
    time_to_accuracy_entry,
)

FASHION_MNIST = "fashion-mnist"
"""What files call it."""
FASHION_MNIST_IMAGES = 60_000
"""Images of its training set."""
COST = "cost to accuracy"
SYNTHETIC_WARNING = (
    "Trained on generated data: accuracies and losses show only that the trainers learn, not how well they "
    "would do on real data."
)


def data_warning(items: Sequence[Measurement]) -> Warn | None:
    """What the reader must know of the data before believing an accuracy or a time."""
    told = [run.cell.extra.data for item in items for run in item.runs if run.cell.extra.data is not None]
    if any(data.name == "synthetic" for data in told):
        return Warn(SYNTHETIC_WARNING)
    counts = (data.train_samples for data in told if data.name in ("", FASHION_MNIST))
    fewest = min((count or FASHION_MNIST_IMAGES for count in counts), default=FASHION_MNIST_IMAGES)
    if fewest >= FASHION_MNIST_IMAGES:
        return None
    return Warn(
        f"Trained on the first {fewest:,} of Fashion-MNIST's {FASHION_MNIST_IMAGES:,} images: an epoch is "
        "shorter, and accuracies are lower, than with all of them."
    )


def sections(context: Context) -> list[Section | None]:
    """One section for each network and recipe that several trainers share."""
    shared = equal_terms(context.detailed_of_kind(TASK))
    recipes = grouped(((item.key.workload, context.terms(item), *item.key.company), item) for item in shared)
    made = []
    for number, ((_, recipe, file, side), items) in enumerate(recipes.items()):
        suffix = f"-{number + 1}" if number else ""
        title = f"Trainers on equal terms: {recipe}" + (f", as in {file}" if file else "")
        title += f", side {side}" if side else ""
        made.append(section(f"matched{suffix}", title, _matched(context, items, suffix)))
    return made


def findings(context: Context) -> Kinds:
    """The notebook's pair on equal terms, the fastest of each division, who is none for training worse.

    Each of every network: what is told of one is no more of the same of another.
    """
    trained = [item for item in context.comparisons.implementations if item.base.kind == TASK]
    networks = grouped((item.base.key.workload, item) for item in trained).values()
    kinds = (_pair_findings, _fastest_findings, _barred_findings)
    return [kind(context, items) for kind in kinds for items in networks]


def _matched(context: Context, items: Sequence[Measurement], suffix: str) -> list[Block | None]:
    blocks: list[Block | None] = [data_warning(items)]
    alone = sorted(
        (item for item in items if not is_floor(item)),
        key=lambda item: (context.rank(item), item.key.device, item.median_seconds),
    )
    places = grouped(((item.machine.id, item.key.place), item) for item in alone).values()
    trainers = [item for members in places for item in on_one_basis(members)]
    for division, members in sorted(grouped((item.extra.division, item) for item in trainers).items()):
        blocks.append(_ranking(context, members, division, f"matched-{division}{suffix}"))
    about = ABOUT_LOSS if tells_losses_alone(trainers) else ABOUT
    blocks.append(Text(about) if trainers else None)
    blocks += floor_blocks(context, alone, suffix)
    blocks += _bars_figures(context, trainers, f"seconds-per-epoch{suffix}")
    blocks.append(_terms_table(context, trainers, f"terms{suffix}"))
    blocks.append(curves_figure(context, trainers, f"learning-curves-matched{suffix}"))
    blocks.append(course_table(context, trainers, f"course-of-training-matched{suffix}"))
    return blocks


def _ranking(context: Context, items: Sequence[Measurement], division: str, name: str) -> Table:
    across = context.comparisons.across_devices
    devices = any((item.machine.id, item.key) in across for item in items)
    memory, prices = resource_columns(items), context.prices
    timed = any(target_of(item) is not None for item in items)
    scatters, losses = usual_scatters(context.detailed_of_kind(TASK)), tells_losses_alone(items)
    rows = []
    for item in sorted(items, key=lambda item: (context.rank(item), item.key.device, item.median_seconds)):
        comparison = context.comparisons.against_base.get((item.machine.id, item.key))
        pair = across.get((item.machine.id, item.key))
        rows.append(
            row(
                *place(context, item),
                seconds_per_epoch(item),
                Entry("base") if comparison is None else ratio_entry(comparison),
                verdict_entry(comparison),
                *([speed_up_entry(pair), verdict_entry(pair)] if devices else []),
                loss_over_seeds(item)
                if losses
                else accuracy_over_seeds(item, comparison, scatter_of([item], scatters)),
                *([time_to_accuracy_entry(item)] if timed else []),
                *([cost_to_accuracy_entry(item, prices.of(item, context.study))] if prices and timed else []),
                seconds_entry(item.extra.cold_seconds),
                *resource_entries(item, memory),
                workload=item.key.workload,
                machine=context.title(item),
                verdict=[comparison.word if comparison else "base", *([pair.word] if pair else [])],
            )
        )
    bases = dict.fromkeys(
        base_of(list(members)).key.implementation
        for members in grouped(((m.machine.id, m.key.device), m) for m in items).values()
    )
    columns = (
        "trainer",
        *place_columns(context),
        "seconds per epoch",
        f"ratio to {' or '.join(bases)}",
        "verdict",
        *(("speed-up over cpu:0", "verdict on that") if devices else ()),
        "validation loss" if losses else "validation accuracy",
        *((time_column(items),) if timed else ()),
        *((COST,) if prices and timed else ()),
        "training of the first epoch",
        *memory,
    )
    note = (
        "Out of the box."
        if division == "default"
        else "Each at its best; not ranked with the default division."
    )
    minor = ("training of the first epoch", *memory, time_column(items), "verdict on that")
    note = f"{note} {basis_note(items)}"
    return Table(name, f"Division {division}", columns, tuple(rows), note, minor=minor)


def _bars_figures(context: Context, items: Sequence[Measurement], name: str) -> list[Figure]:
    """One for each device of the first machine that has trainers to compare, with that device's floor."""
    for machine in context.detailed:
        devices = grouped((item.key.device, item) for item in items if item.machine.id == machine.id)
        drawn = [figure for mine in devices.values() if (figure := _bars_figure(context, mine)) is not None]
        if drawn:
            return numbered(drawn, name, "-device")
    return []


def _bars_figure(context: Context, items: Sequence[Measurement]) -> Figure | None:
    if len(items) < 2:
        return None
    shown = sorted(items, key=lambda item: (item.extra.division, item.median_seconds))[:16]
    made = tuple(_bar(item) for item in shown)
    floor = context.floor_of(shown[0])
    line = None
    if floor is not None and not floor.struck:
        line = (floor.fastest.median_seconds, "the floor, the matrix products of the training alone")
    facts = "; ".join(f"{bar.name} {bar.label}" for bar in made)
    return Figure(
        "bars",
        f"Seconds per {epoch_words(shown[0])} {context.where(shown[0])}, median and its interval over epochs",
        f"Horizontal bars of seconds per epoch: {facts}."
        + (f" A dashed line marks the floor at {significant(line[0])} s." if line else ""),
        Bars(made, f"seconds per {epoch_words(shown[0])}", line),
    )


def _bar(item: Measurement) -> Bar:
    low, high = median_interval(item.samples)
    known = low > 0 and high < float("inf")
    tuned = item.extra.division == "tuned"
    return Bar(
        f"{item.key.name} on {item.key.device}" + (" (tuned)" if tuned else ""),
        item.median_seconds,
        f"{significant(item.median_seconds)} s",
        family=1 if tuned else 0,
        low=low if known else None,
        high=high if known else None,
        struck=bool(item.doubt),
    )


def _terms_table(context: Context, items: Sequence[Measurement], name: str) -> Table | None:
    """In what each trainer's declared terms differ from the base's."""
    rows = []
    places = grouped(((item.machine.id, item.key.device, item.extra.division), item) for item in items)
    for members in places.values():
        base = base_of(list(members))
        for item in members:
            for what, mine, theirs in recipe_differences(base, item) if item is not base else ():
                rows.append(
                    row(
                        *place(context, item),
                        what,
                        theirs,
                        f"{mine} ({base.key.implementation})",
                        workload=item.key.workload,
                        machine=context.title(item),
                    )
                )
    if not rows:
        return None
    columns = ("trainer", *place_columns(context), "what", "here", "at the base")
    return Table(name, "What remains unequal", columns, tuple(rows), "As the trainers themselves declare it.")


def pair_sentence(name: str, item: Comparison, base: str) -> str:
    """``A takes ×2.4 (2.3 to 2.5) of B's time per whole epoch``."""
    epoch = epoch_words(item.base)
    if item.verdict.word == "same":
        return f"{name} and {base} take the same time per {epoch} within {percent(item.verdict.threshold)}"
    word = item.verdict.word
    return f"{name} is {word} than {base}, taking {comparison_text(item)} of its time per {epoch}"


def undecided_sentence(name: str, item: Comparison, base: str) -> str:
    """``Undecided: A takes ×1.9 (0.7 to 5.0) of B's time per whole epoch: the interval holds 1``.

    Empty where the times say something, where no more of them would help, and of answers that nobody checked.
    """
    verdict = item.verdict
    if not (item.base.verified and item.other.verified):
        return ""
    if item.doubt or item.withheld or verdict.word != "unclear" or not verdict.estimate.has_interval:
        return ""
    told = f"Undecided: {name} takes {comparison_text(item)} of {base}'s time per {epoch_words(item.base)}"
    return f"{told}: {verdict.reason}{more_rounds_text(verdict)}"


def _pair_findings(context: Context, trained: Sequence[Comparison]) -> Iterator[str]:
    """Keras and the hand-written trainer on equal terms; undecided is an answer, too."""
    for item in trained:
        if not _is_pair(item):
            continue
        terms, where = context.terms(item.base), context.where(item.base)
        if item.sure:
            told = pair_sentence(f"On equal terms ({terms}) the hand-written eager loop", item, "Keras fit")
            yield f"{told} {where}{accuracies_text(item, ('Keras', 'eager loop'))}."
        elif told := undecided_sentence(
            f"on equal terms ({terms}) {where} the hand-written eager loop", item, "Keras fit"
        ):
            yield f"{told}."


def _is_pair(item: Comparison) -> bool:
    pair = (item.base.key.implementation, item.other.key.implementation)
    return pair == (KERAS, MANUAL)


def _by_division(trained: Sequence[Comparison]) -> dict[tuple[object, ...], list[Comparison]]:
    """Comparisons of trainers by machine, place and division."""
    return grouped(((i.base.machine.id, i.base.key.place, i.base.extra.division), i) for i in trained)


def _fastest_findings(context: Context, trained: Sequence[Comparison]) -> Iterator[str]:
    """The fastest trainer of each division and recipe, by sure comparisons alone, and against the floor."""
    for (_, _, division), items in _by_division(trained).items():
        sure = [item for item in items if item.sure and item.verdict.different]
        if not sure:
            continue
        best = min(sure, key=lambda item: item.verdict.estimate.ratio)
        winner, loser = (best.other, best.base) if best.word == "faster" else (best.base, best.other)
        names = f"{winner.key.implementation}{_epoch_text(winner, f' per {epoch_words(winner)}')}"
        told = f"faster than {loser.key.implementation}{_epoch_text(loser)}"
        above = above_floor_text(context, winner)
        if _is_pair(best) and len(items) == 1 and not above:  # told already, and there is nobody else
            continue
        accuracies = accuracies_text(best, (best.base.key.implementation, best.other.key.implementation))
        where = f"{context.terms(winner)} {context.where(winner)}"
        yield f"Division {division}, {where}: {names} is {told}{above}{accuracies}."


def _barred_findings(context: Context, trained: Sequence[Comparison]) -> Iterator[str]:
    """Of each division the widest difference of times of which nobody is called faster for it."""
    for items in _by_division(trained).values():
        barred = [item for item in items if item.checked and item.barred]
        if barred:
            item = max(barred, key=lambda item: abs(math.log(item.verdict.estimate.ratio)))
            names = (item.base.key.implementation, item.other.key.implementation)
            where = f"{context.terms(item.base)} {context.where(item.base)}"
            yield barred_sentence(item, names, where) + _more_text(len(barred) - 1)


def _more_text(more: int) -> str:
    """That others are barred, too; empty if none is."""
    if not more:
        return ""
    return f" So with {more} more comparison{'' if more == 1 else 's'} in that table."


def _epoch_text(item: Measurement, more: str = "") -> str:
    """Its seconds in brackets; nothing where the pairs stand but the seconds are in doubt."""
    return "" if item.doubt else f" ({marked(f'{significant(item.median_seconds)} s{more}', item)})"
