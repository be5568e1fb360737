"""Who may be called faster: no trainer that misses the quality which others reach.

Of trainers that compete at one place, each is held against all the others, not only against the one that its
time is compared with.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from likeforlike.reports.sort.beside_time.accuracies import (
    Place,
    compared_accuracies,
    compared_losses,
    scatter_of,
    trains,
    usual_scatters,
    validation_images,
)
from likeforlike.reports.sort.measured.measurements import Measurement, grouped
from likeforlike.reports.statistics.moderated_variance import SeedScatter
from likeforlike.reports.statistics.training.accuracy import (
    AccuracyVerdict,
    Announcement,
    accuracies_with_false_discovery_rate,
    accuracy_verdict,
    may_be_called_faster,
)
from likeforlike.reports.statistics.training.validation_loss import may_be_called_faster_by_loss
from likeforlike.reports.statistics.verdicts import Word

TRAINED_WORSE = "trained worse"
"""Instead of *faster*."""
BASE_TRAINED_WORSE = "base trained worse"
"""Instead of *slower*."""
UNKNOWN = "accuracy unknown"
"""Instead of either."""

Pair = tuple[Measurement, Measurement]
"""Base and other."""


@dataclass(frozen=True)
class Quality:
    """What the accuracies of two trainers allow to be said of their times."""

    accuracy: AccuracyVerdict | None
    """Of the other against the base; None if one of them isn't known."""
    other_faster: Announcement
    """Whether the other may be called the faster one."""
    base_faster: Announcement
    scatter: SeedScatter | None = None
    """How far seeds alone move accuracies there, by all that train there."""
    by_loss: bool = False
    """Whether validation losses stand for accuracies, which neither tells."""

    def barred(self, word: Word) -> str:
        """Why a verdict on their times is not announced; empty if it may be."""
        announcement = {"faster": self.other_faster, "slower": self.base_faster}.get(word)
        return "" if announcement is None or announcement.allowed else announcement.reason

    def spoken(self, word: Word) -> str:
        """The word that is announced of the other in place of a verdict on their times."""
        if not self.barred(word):
            return word
        if self.accuracy is None and not self.by_loss:
            return UNKNOWN
        return TRAINED_WORSE if word == "faster" else BASE_TRAINED_WORSE


def qualities(pairs: Sequence[Pair], competing: Iterable[Measurement] = ()) -> list[Quality | None]:
    """What may be said of each pair; None where nothing is trained.

    ``competing`` are the trainers of which each is to reach what the others at its machine, device and axes
    reach. False discoveries are controlled over the pairs, and over those who compete.
    """
    trained = [pair for pair in pairs if all(map(trains, pair))]
    competing = list(competing)
    scatters = usual_scatters([*competing, *(item for pair in trained for item in pair)])
    judged = iter(_verdicts(trained, scatters))
    missing = _missing(competing, scatters)
    return [
        _quality(pair, next(judged), missing, scatters) if all(map(trains, pair)) else None for pair in pairs
    ]


def _quality(
    pair: Pair,
    accuracy: AccuracyVerdict | None,
    missing: Mapping[tuple[object, ...], Announcement],
    scatters: Mapping[Place, SeedScatter],
) -> Quality:
    base, other = pair
    names = (base.key.name, other.key.name)
    return Quality(
        accuracy,
        _announcement("faster", pair, accuracy, names[0], missing.get(_name(other))),
        _announcement("slower", pair, accuracy, names[1], missing.get(_name(base))),
        scatter_of(pair, scatters),
        by_loss=accuracy is None and all(compared_losses(*pair)),
    )


def _announcement(
    word: Word, pair: Pair, accuracy: AccuracyVerdict | None, rival: str, missed: Announcement | None
) -> Announcement:
    announcement = _by_quality(word, pair, accuracy, rival)
    if announcement is None:
        told = zip(pair, compared_accuracies(*pair), strict=True)
        unknown = next(item for item, accuracies in told if not accuracies)
        return Announcement(False, f"the accuracy of {unknown.key.name} isn't known")
    return missed if announcement.allowed and missed is not None else announcement


def _by_quality(word: Word, pair: Pair, accuracy: AccuracyVerdict | None, rival: str) -> Announcement | None:
    """By accuracies, or by validation losses where neither tells one; None where nothing is known."""
    if accuracy is not None:
        return may_be_called_faster(word, accuracy, rival)
    losses = compared_losses(*pair)
    return may_be_called_faster_by_loss(word, *losses, rival) if all(losses) else None


def _verdicts(pairs: Sequence[Pair], scatters: Mapping[Place, SeedScatter]) -> list[AccuracyVerdict | None]:
    known = [(pair, compared_accuracies(*pair)) for pair in pairs]
    judged = iter(
        accuracies_with_false_discovery_rate(
            [
                accuracy_verdict(*values, validation_images(pair), scatter=scatter_of(pair, scatters))
                for pair, values in known
                if all(values)
            ]
        )
    )
    return [next(judged) if all(values) else None for _, values in known]


def _missing(
    competing: Iterable[Measurement], scatters: Mapping[Place, SeedScatter]
) -> dict[tuple[object, ...], Announcement]:
    """Of those that compete each that misses the quality of another, and how."""
    sound = [item for item in competing if trains(item) and not item.refuted]
    places = grouped(((item.machine.id, item.key.place), item) for item in sound)
    pairs = [
        (rival, item) for items in places.values() for item in items for rival in items if rival is not item
    ]
    judged = zip(pairs, _verdicts(pairs, scatters), strict=True)
    rivals = grouped((_name(item), (rival, item, word)) for (rival, item), word in judged)
    found = {name: _first_barred(sorted(told, key=_best_first)) for name, told in rivals.items()}
    return {name: announcement for name, announcement in found.items() if announcement is not None}


_Rival = tuple[Measurement, Measurement, AccuracyVerdict | None]
"""Who is to be reached, by whom, and the verdict on the latter's accuracy."""


def _first_barred(told: Iterable[_Rival]) -> Announcement | None:
    """What forbids to call it fastest; None if nothing does."""
    for rival, item, word in told:
        announcement = _by_quality("faster", (rival, item), word, rival.key.name)
        if announcement is not None and not announcement.allowed:
            return announcement
    return None


def _best_first(told: _Rival) -> float:
    rival, item, word = told
    if word is not None:
        return -word.base
    losses, _ = compared_losses(rival, item)
    return fmean(losses.values()) if losses else 0.0


def _name(item: Measurement) -> tuple[object, ...]:
    return item.machine.id, item.key
