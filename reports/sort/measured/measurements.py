"""The material of a report: what was measured, and what is to be thought of it.

A measurement is one implementation on one device at one point of its axes on one machine; repeated runs,
in one file or several, are its runs and are kept apart.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from likeforlike.devices.limits.bandwidths import MemoryCeiling, ReachedBandwidth
from likeforlike.devices.limits.ceilings import Ceiling, Reached
from likeforlike.reports.read.machines import Machine
from likeforlike.reports.read.result_file import Cell, ResultFile
from likeforlike.reports.read.schema.cells import Energy, Extra
from likeforlike.reports.read.schema.declarations import TASK
from likeforlike.reports.read.schema.runs import Declared
from likeforlike.reports.sort.measured.keys import REPEAT_AXIS, Key

TWIN = "twin"
"""The role of a second copy of an entrant, measured beside it to show how far copies of one thing differ."""
LARGE_SHARE = 0.2
"""Share of the machine that others take, from which no verdict on what was measured meanwhile is sure."""

_SHARES = re.compile(r"(\d+(?:\.\d+)?) ?%")


@dataclass(frozen=True)
class Run:
    """One file's cell."""

    file: ResultFile
    cell: Cell

    @property
    def number(self) -> Any:
        """Which repetition of the file it is."""
        return self.cell.extra.axes.get(REPEAT_AXIS, 0)

    @property
    def numbered(self) -> bool:
        """Whether its samples carry the numbers of their rounds, and so can be paired."""
        return self.cell.extra.round_numbers is not None

    @cached_property
    def launch_numbers(self) -> tuple[int, ...]:
        """The launch of each sample; all are of launch 0 where the file tells none."""
        return self.cell.launches or self.cell.extra.launch_numbers or (0,) * len(self.cell.samples)

    @property
    def tells_launches(self) -> bool:
        """Whether the file tells of which launch a sample is; our own without launches are of one."""
        return bool(self.cell.launches) or not self.cell.plain

    @property
    def units(self) -> tuple[tuple[str, Any, int], ...]:
        """What was drawn anew: file, run and launch, in the order of the launches."""
        return tuple((self.file.digest, self.number, n) for n in dict.fromkeys(self.launch_numbers))

    @cached_property
    def crowded_launches(self) -> dict[int, str]:
        """Launches during which others took a large share of the machine, each with what was seen.

        A file that tells nothing launch by launch tells it of them all.
        """
        told = {item.launch: item.disturbances for item in self.cell.extra.launches}
        if not any(told.values()):
            state = self.cell.extra.state
            told = dict.fromkeys(self.launch_numbers, () if state is None else state.disturbances)
        large = {number: [t for t in texts if _is_large(t)] for number, texts in told.items()}
        return {number: texts[0] for number, texts in large.items() if texts}

    @cached_property
    def disturbed_rounds(self) -> frozenset[int]:
        """Rounds during which the machine was not at rest."""
        return frozenset(item.round for item in self.cell.extra.disturbed)

    @cached_property
    def quiet_samples(self) -> list[float]:
        """The samples of the other rounds."""
        if not self.disturbed_rounds:
            return list(self.cell.samples)
        pairs = zip(self.cell.rounds, self.cell.samples, strict=True)
        return [sample for number, sample in pairs if number not in self.disturbed_rounds]


@dataclass(frozen=True)
class Measurement:
    """All runs of one key on one machine, and what is to be thought of them."""

    key: Key
    machine: Machine
    runs: tuple[Run, ...]
    ceiling: Ceiling | None = None
    memory: MemoryCeiling | None = None
    """What its device's memory can carry."""
    reached: Reached | None = None
    """The best rate measured on its device at its precision."""
    bandwidth: ReachedBandwidth | None = None
    """The best bandwidth measured of its device's memory."""
    implausible: tuple[str, ...] = ()
    """Why the figure can't be true; empty if it can."""
    whole: bool = False
    """Samples are whole epochs, with evaluation and logging; a training's own samples are training alone."""
    suspicious: str = ""
    """Why a figure that can be true is hard to believe; empty if it is not."""

    @property
    def extra(self) -> Extra:
        """The first run's description; identity and terms are the same for all."""
        return self.runs[0].cell.extra

    @cached_property
    def declared(self) -> Declared:
        """Its workload, as its file declares it."""
        return self.runs[0].file.declared(self.key.workload)

    @property
    def kind(self) -> str:
        """What kind of workload it is of; empty where nobody declared it."""
        return self.declared.kind

    @cached_property
    def environment(self) -> dict[str, str]:
        """Inherited variables under which it was measured, and which change it."""
        return {n: value for run in self.runs for n, value in run.cell.extra.environment.items()}

    @cached_property
    def disturbed(self) -> str:
        """Why the figure as a whole is disturbed: most of its samples were; empty if it is not."""
        total = sum(len(run.cell.samples) for run in self.runs)
        quiet = sum(len(run.quiet_samples) for run in self.runs)
        if total == quiet or 2 * quiet >= total:
            return ""
        reasons = dict.fromkeys(item.reason for run in self.runs for item in run.cell.extra.disturbed)
        return f"{total - quiet} of {total} samples disturbed: {'; '.join(list(reasons)[:3])}"

    @cached_property
    def launches(self) -> int:
        """How often it was measured in fresh processes: launches, over all runs and files."""
        return len({unit for run in self.runs for unit in run.units})

    @cached_property
    def crowded(self) -> str:
        """What others took of the machine during most launches; empty if they did not."""
        crowded = [text for run in self.runs for text in run.crowded_launches.values()]
        total = sum(len(run.units) for run in self.runs)
        if 2 * len(crowded) <= total:
            return ""
        of = f" in {len(crowded)} of {total} launches" if total > 1 else ""
        return f"{max(crowded, key=_largest_share)}{of}"

    @cached_property
    def samples(self) -> list[float]:
        """Seconds, all runs together, without the disturbed ones where enough are left."""
        every = [sample for run in self.runs for sample in run.cell.samples]
        if self.disturbed:
            return every
        return [sample for run in self.runs for sample in run.quiet_samples] or every

    @cached_property
    def median_seconds(self) -> float:
        """Median of the samples; of the runs' medians where a file holds no samples."""
        return statistics.median(self.samples or [run.cell.median_seconds for run in self.runs])

    @property
    def rounds(self) -> int | None:
        """How many samples the figure rests on, saved or not; None if a file does not say."""
        counts = [len(run.cell.samples) or run.cell.summary.rounds for run in self.runs]
        return None if None in counts else sum(count for count in counts if count is not None)

    @property
    def peak_memory_bytes(self) -> int | None:
        """The most memory that any run's process held; None where none tells it."""
        told = (run.cell.extra.peak_memory_bytes for run in self.runs)
        return max((count for count in told if count is not None), default=None)

    @property
    def peak_device_memory_bytes(self) -> int | None:
        """The most memory of the device that any run held; None where none tells it."""
        told = (run.cell.extra.device_peak_memory_bytes for run in self.runs)
        return max((count for count in told if count is not None), default=None)

    @property
    def waiting_seconds(self) -> float | None:
        """What a wait for work that is done took, the median of the runs; None where none tells it."""
        told = [s for run in self.runs if (s := run.cell.extra.waiting_seconds) is not None]
        return statistics.median(told) if told else None

    def launch_seconds(self, figure: str) -> float | None:
        """Median seconds of a call ``back_to_back``, by ``events`` or ``replayed``; None without."""
        told = (run.cell.extra.launch_cost.get(figure) for run in self.runs)
        seconds = [value for found in told if found is not None for value in found.seconds]
        return statistics.median(seconds) if seconds else None

    @property
    def energies(self) -> list[Energy]:
        """What each run says of its energy, those that give a figure."""
        told = (run.cell.extra.energy for run in self.runs)
        return [energy for energy in told if energy is not None and energy.joules_per_sample is not None]

    @property
    def joules(self) -> tuple[float, float, float] | None:
        """Joules above idle for each sample, least and most that the counters allow; None without a figure.

        The median of the runs; of the least the least, of the most the most.
        """
        told = self.energies
        if not told:
            return None
        middle = statistics.median(energy.joules_per_sample or 0.0 for energy in told)
        least = min(energy.low or energy.joules_per_sample or 0.0 for energy in told)
        return middle, least, max(energy.high or energy.joules_per_sample or 0.0 for energy in told)

    @property
    def flop_per_second(self) -> float | None:
        """Work over median time; None without a count of the work, and of more than the work counted."""
        flop = None if self.whole else self.extra.flop
        return flop / self.median_seconds if flop and self.median_seconds else None

    @property
    def bytes_per_second(self) -> float | None:
        """Bytes of operands and results over median time; None where they are not counted."""
        moved = None if self.whole else self.extra.bytes_moved
        return moved / self.median_seconds if moved and self.median_seconds else None

    @property
    def items_per_second(self) -> float | None:
        """What the workload counts, over median time; None where it counts nothing."""
        items = None if self.whole else self.extra.items
        return items / self.median_seconds if items and self.median_seconds else None

    @property
    def verified(self) -> bool:
        """Whether every run's answer was checked and within tolerance."""
        checks = [run.cell.extra.verified for run in self.runs]
        return all(check is not None and check.error <= check.tolerance for check in checks)

    @property
    def wrong(self) -> str:
        """How far a checked answer is off; empty if none is."""
        checks = [run.cell.extra.verified for run in self.runs]
        off = [check for check in checks if check is not None and not check.error <= check.tolerance]
        return f"error {off[0].error:.2g}, tolerance {off[0].tolerance:.2g}" if off else ""

    @property
    def refuted(self) -> str:
        """Why the figure can't be taken, whatever it is compared with; empty if it may be."""
        if self.implausible:
            return f"implausible: {self.implausible[0]}"
        return self.wrong and f"wrong answer: {self.wrong}"

    @property
    def unproven(self) -> str:
        """Why nothing proves that it does what it should; empty if it is proven, or nobody asked."""
        return next((run.cell.extra.unproven for run in self.runs if run.cell.extra.unproven), "")

    @property
    def unproven_calls(self) -> str:
        """``timed calls not proven:`` and why; empty if they are, of a floor, or if nothing tells."""
        told = [run.cell.extra.timed_calls for run in self.runs]
        why = next((text for text in told if text not in (None, _PROVEN, _OF_A_FLOOR)), None)
        return f"timed {'epochs' if self.kind == TASK else 'calls'} {why}" if why else ""

    @property
    def doubt(self) -> str:
        """Why the figure by itself is not to be believed; empty if it may be."""
        unproven = self.unproven and f"unproven: {self.unproven}"
        return self.refuted or unproven or (self.disturbed and f"disturbed: {self.disturbed}")

    @property
    def trusted(self) -> bool:
        """Whether a finding may rest on the figure by itself."""
        return self.verified and not self.doubt


_PROVEN = "proven"
_OF_A_FLOOR = "not proven: a floor trains nothing"


def _largest_share(sentence: str) -> float:
    """The largest share that a sentence tells; of others on a GPU, whose share nobody knows, all of it."""
    if "on the GPU" in sentence:
        return 1.0
    return max((float(share) / 100.0 for share in _SHARES.findall(sentence)), default=0.0)


def _is_large(sentence: str) -> bool:
    return _largest_share(sentence) >= LARGE_SHARE


def grouped(pairs: Iterable[tuple[Any, Any]]) -> dict[Any, list[Any]]:
    """Values by key, keys in order of first appearance."""
    result: dict[Any, list[Any]] = {}
    for key, value in pairs:
        result.setdefault(key, []).append(value)
    return result


def size_name(item: Measurement) -> str:
    """The name of the axis over which curves are drawn; ``size`` where none was declared."""
    axis = item.declared.size_axis
    return axis.name if axis else "size"


def size_of(item: Measurement) -> float:
    """The size axis as a figure; 0 where it is none."""
    size = item.key.axis.get(size_name(item))
    return float(size) if isinstance(size, int | float) and not isinstance(size, bool) else 0.0
