"""Files given twice, runs resumed, and labels that tell files apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from likeforlike.reports.read.result_file import Cell, ResultFile
from likeforlike.reports.sort.measured.measurements import grouped
from likeforlike.reports.sort.measured.study import Pool


def without_twins(files: Iterable[ResultFile]) -> tuple[list[ResultFile], list[str]]:
    """The same samples given twice are one measurement; that is said, not hidden."""
    kept: dict[str, ResultFile] = {}
    remarks = []
    for file in files:
        twin = kept.setdefault(file.digest, file)
        if twin is not file:
            remarks.append(f"{file.path} is the same file as {twin.path}, byte for byte, and counts once.")
    return _without_ended_gaps(_without_earlier_states(list(kept.values()), remarks)), remarks


def _without_earlier_states(files: list[ResultFile], remarks: list[str]) -> list[ResultFile]:
    """Of a run that was resumed, a file written before holds cells of the file after it: these count once.

    One that had fewer launches then counts as it was in the end.
    """
    states = grouped((_place(file, cell), (cell.samples, file)) for file in files for cell in file.cells)
    seen: dict[tuple[Any, ...], ResultFile] = {}
    result = []
    for file in files:
        if not file.run_id:
            result.append(file)
            continue
        places = [(_place(file, cell), cell.samples) for cell in file.cells]
        holders = [seen.get(place) or _holder_of_more(file, place[1], states[place[0]]) for place in places]
        first = next((holder for holder in holders if holder is not None), None)
        own = tuple(cell for cell, holder in zip(file.cells, holders, strict=True) if holder is None)
        if first is not None:
            count = len(file.cells) - len(own)
            cells = f"{count} cell{'' if count == 1 else 's'}"
            remarks.append(f"{file.path} and {first.path} are of one run: {cells} of both count once.")
        seen |= {place: file for place in places if place not in seen}
        result.append(file if first is None else replace(file, cells=own))
    return result


def _place(file: ResultFile, cell: Cell) -> tuple[str, str, str]:
    """The run, the machine and the cell."""
    return file.run_id, file.machine.id, cell.id


def _holder_of_more(
    file: ResultFile, samples: Sequence[float], states: Iterable[tuple[Sequence[float], ResultFile]]
) -> ResultFile | None:
    """Another file in which a cell has these samples, at least one, and then those of further launches."""
    count = len(samples)
    longer = (other for more, other in states if len(more) > count > 0 and more[:count] == samples)
    return next((other for other in longer if other is not file), None)


def _without_ended_gaps(files: list[ResultFile]) -> list[ResultFile]:
    """What another file of the same run measured is no longer unmeasured; what none did is told once."""
    ended = {(_part(file), cell.id) for file in files if file.run_id for cell in file.cells}
    result = []
    for file in files:
        unmeasured = file.header.unmeasured if file.header and file.run_id else ()
        left = tuple(gap for gap in unmeasured if (_part(file), gap.cell) not in ended)
        ended |= {(_part(file), gap.cell) for gap in left}
        if file.header is not None and len(left) < len(unmeasured):
            file = replace(file, header=msgspec.structs.replace(file.header, unmeasured=left))
        result.append(file)
    return result


def _part(file: ResultFile) -> tuple[str, str, str]:
    """The run, and the machine of however many of its kind, whose cells a file holds."""
    return file.run_id, file.machine.id, file.node


def with_labels_of_their_own(files: list[ResultFile]) -> list[ResultFile]:
    """Of files of one name each is called by its folder too; by its whole path if need be."""
    for parts in (2, 1000):
        count = Counter(file.label for file in files)
        files = [
            replace(file, label="/".join(file.path.split("/")[-parts:])) if count[file.label] > 1 else file
            for file in files
        ]
    return files


def repetition_remarks(
    pools: Iterable[Pool], files: list[ResultFile], titles: Mapping[str, str]
) -> list[str]:
    """What repeats what: files of one machine or one kind, cells that stand twice in a file."""
    remarks = []
    together = grouped((tuple(file.label for file in pool.files), pool) for pool in pools)
    for labels, members in together.items():
        mine = members[0].files
        nodes = len({file.node for file in mine})
        what = "repetitions on one machine" if nodes == 1 else f"of {nodes} machines of one kind"
        remarks.append(f"{len(mine)} files are {what}, {titles[members[0].machine.id]}: {some(labels)}.")
    for file in files:
        cells = grouped((cell.id, cell) for cell in file.cells)
        twice = [name for name, same in cells.items() if len(same) > 1]
        if twice:
            count = f"{len(twice)} cell{'' if len(twice) == 1 else 's'}"
            kept = (
                "kept apart, since nothing says that they are the same work"
                if file.plain
                else "kept as repetitions"
            )
            remarks.append(f"{file.label} holds {count} more than once, such as {twice[0]}: {kept}.")
    return remarks


def some(labels: Sequence[str], most: int = 5) -> str:
    """The first few names."""
    left = len(labels) - most
    return ", ".join(labels[:most]) + (f" and {left} more" if left > 0 else "")
