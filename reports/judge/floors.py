"""Is the floor one? Every trainer's training against the products alone, and against their best rate."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from likeforlike.reports.judge.estimates import estimate_ratio
from likeforlike.reports.judge.grounds import Grounds
from likeforlike.reports.read.schema.declarations import KERNEL, TASK
from likeforlike.reports.sort.beside_time.units import paired_samples
from likeforlike.reports.sort.floors import fastest_by_round, is_floor
from likeforlike.reports.sort.measured.keys import axes_text
from likeforlike.reports.sort.measured.measurements import Measurement, grouped
from likeforlike.reports.sort.measured.study import Study
from likeforlike.reports.sort.plausibility import precision_of
from likeforlike.reports.statistics.ratios import RatioEstimate


@dataclass(frozen=True)
class Over:
    """One trainer's training against the floor."""

    trainer: Measurement
    estimate: RatioEstimate
    """Its training over the floor, round by round where they took turns."""
    rounds_below: int
    """Rounds in which its training took less than that round's floor."""
    rounds: int
    """Rounds that both were measured in."""


@dataclass(frozen=True)
class FloorLine:
    """The floor of one place: the products of an epoch's training alone."""

    fastest: Measurement
    """The fastest candidate of each round."""
    candidates: tuple[Measurement, ...]
    trainers: tuple[Over, ...]
    """Everybody that it is to bound, nearest first."""

    @property
    def proven(self) -> tuple[Over, ...]:
        """Those that surely do its products: of others nobody knows what it should bound."""
        return tuple(over for over in self.trainers if not over.trainer.unproven)

    @property
    def undercut(self) -> tuple[Over, ...]:
        """Trainers that take less by the median: then it is no floor, whatever it was measured for."""
        return tuple(over for over in self.proven if over.estimate.ratio < 1.0)

    @property
    def surely_undercut(self) -> bool:
        """Whether the interval of any of them, over launches of its own file, says so."""
        estimates = [over.estimate for over in self.undercut]
        return any(e.has_interval and e.high < 1.0 and not e.assumed for e in estimates)

    @property
    def struck(self) -> bool:
        """Whether it bounds nothing: undercut, or itself in doubt."""
        return bool(self.undercut or self.fastest.doubt)

    def over(self, item: Measurement) -> Over | None:
        """How a trainer of this place stands to it."""
        return next((over for over in self.trainers if over.trainer.key == item.key), None)


def floor_lines(study: Study) -> tuple[FloorLine, ...]:
    """The floor of each machine, device and recipe that has one."""
    grounds = Grounds(study)
    trained = grouped(((item.machine.id, item.key.place), item) for item in study.of_kind(TASK))
    return tuple(
        _line(
            [item for item in items if is_floor(item)],
            [item for item in items if not is_floor(item)],
            grounds,
        )
        for items in trained.values()
        if any(map(is_floor, items))
    )


def _line(candidates: Sequence[Measurement], trainers: Iterable[Measurement], grounds: Grounds) -> FloorLine:
    fastest = fastest_by_round(candidates)
    overs = [_over(fastest, item, grounds) for item in trainers if not item.refuted]
    known = [over for over in overs if over is not None]
    return FloorLine(
        fastest,
        tuple(sorted(candidates, key=lambda item: item.median_seconds)),
        tuple(sorted(known, key=lambda over: over.estimate.ratio)),
    )


def _over(floor: Measurement, trainer: Measurement, grounds: Grounds) -> Over | None:
    estimate = estimate_ratio(floor, trainer, grounds)
    if estimate is None:
        return None
    first, second = paired_samples(floor, trainer)
    below = sum(theirs < bound for bound, theirs in zip(first, second, strict=True))
    return Over(trainer, estimate, below, len(first))


@dataclass(frozen=True)
class ProductRate:
    """The best rate at which a device multiplies."""

    flop_per_second: float
    source: str
    """What reached it, or whose data sheet has it."""
    measured: bool = True


def best_product_rate(study: Study, item: Measurement) -> ProductRate | None:
    """The best rate of any product that a training's own files tell of, in its precision on its device.

    Of square products, of the candidates for the floor, and of the search for the best that the machine was
    measured to reach; what can't be true is left out. Where the candidates alone were measured, whose
    products are this network's and may be far from what the device can do, a GPU's data sheet; else None.
    """
    files = {run.file.digest: run.file for run in item.runs}
    kernels = [kernel for kernel in study.of_kind(KERNEL, item.machine) if kernel.declared.multiplies]
    rates = _rates(kernels, item)
    rates += [
        ProductRate(best.flop_per_second, best.source)
        for file in files.values()
        for best in (file.header.measured_ceilings if file.header else ())
        if best.device == item.key.device and best.precision == precision_of(item.extra)
    ]
    if not rates:
        return _by_data_sheet(item)
    rates += _rates([floor for floor in study.of_kind(TASK, item.machine) if is_floor(floor)], item)
    return max(rates, key=lambda rate: rate.flop_per_second)


def _rates(products: Iterable[Measurement], item: Measurement) -> list[ProductRate]:
    """Of those that were measured in the training's own files, on its device and in its precision."""
    digests = {run.file.digest for run in item.runs}
    return [
        ProductRate(product.extra.flop / run.cell.median_seconds, _name(product))
        for product in products
        if product.key.device == item.key.device
        if precision_of(product.extra) == precision_of(item.extra)
        if product.extra.flop and not product.refuted and product.extra.timing == "synchronised"
        for run in product.runs
        if run.file.digest in digests and run.cell.median_seconds
    ]


def _by_data_sheet(item: Measurement) -> ProductRate | None:
    """Of a processor none is read: what is computed of its clock and vectors it doesn't reach."""
    known = item.ceiling
    if known is None or not known.of_device or not item.key.device.startswith("gpu"):
        return None
    return ProductRate(known.flop_per_second, known.source, measured=False)


def _name(product: Measurement) -> str:
    if product.kind == KERNEL:
        return f"{product.key.implementation}, {axes_text(product.key.axes)}"
    return product.key.implementation


def utilisation(item: Measurement, rate: ProductRate | None) -> float | None:
    """Share of the best product rate that a trainer's training reaches: model FLOP utilisation.

    ``item`` with training alone for samples: what is counted are the products of forward and backward.
    """
    reached = item.flop_per_second
    return None if rate is None or reached is None else reached / rate.flop_per_second
