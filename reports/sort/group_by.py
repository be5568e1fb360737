"""Which benchmarks of plain files a reader compares: pytest-benchmark's own ways to group them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from likeforlike.reports.read.result_file import Cell, ResultFile
from likeforlike.reports.read.safe_text import visible

PARAMETER = "param:"
LONGEST_VALUE = 40


def parameter_id(cell: Cell) -> str:
    """What pytest puts in brackets: ``torch-4000`` of ``test_train[torch-4000]``; empty if nothing."""
    _, bracket, rest = cell.name.partition("[")
    return rest[:-1] if bracket and rest.endswith("]") else ""


FIELDS: Mapping[str, Callable[[Cell], str]] = {
    "group": lambda cell: cell.group,
    "name": lambda cell: cell.name,
    "func": lambda cell: cell.function,
    "fullname": lambda cell: cell.fullname,
    "fullfunc": lambda cell: cell.fullname.partition("[")[0],
    "param": parameter_id,
}
"""What each word of ``--group-by`` reads of a benchmark."""


@dataclass(frozen=True)
class GroupBy:
    """What the benchmarks of a group have in common."""

    fields: tuple[str, ...] = ("group",)
    across_files: bool = False
    """Whether a group may hold benchmarks of several files, as ``pytest-benchmark compare`` has it."""

    def label(self, cell: Cell) -> str:
        """The name of a benchmark's group; empty if it has nothing of what is asked for."""
        return " ".join(told for field in self.fields if (told := _value(field, cell)))

    @property
    def parameters(self) -> tuple[str, ...]:
        """The parameters it goes by."""
        return tuple(field.removeprefix(PARAMETER) for field in self.fields if field.startswith(PARAMETER))


OWN_GROUPS = GroupBy()
"""Each file's groups, as its author has them."""


def _value(field: str, cell: Cell) -> str:
    if not field.startswith(PARAMETER):
        return FIELDS[field](cell)
    name = field.removeprefix(PARAMETER)
    return f"{name}={value_text(cell.params[name])}" if name in cell.params else ""


def value_text(value: Any) -> str:
    """A parameter's value as a reader sees it."""
    return visible(str(value), LONGEST_VALUE)


def parse_group_by(text: str) -> GroupBy:
    """What ``--group-by`` says: words of ``FIELDS`` and ``param:NAME``, with commas. Raises ValueError."""
    fields = tuple(word.strip() for word in text.split(","))
    for field in fields:
        if field not in FIELDS and not field.startswith(PARAMETER):
            known = ", ".join(FIELDS)
            raise ValueError(f"--group-by {text!r}: {field!r} is not known; expected {known} or param:NAME")
        if field == PARAMETER:
            raise ValueError(f"--group-by {text!r}: param: without a name; expected param:NAME")
    return GroupBy(fields, across_files=True)


def check_group_by(group_by: GroupBy, files: Iterable[ResultFile]) -> None:
    """Raise ValueError if no benchmark is there to be grouped, or none has a parameter that is asked for."""
    cells = [cell for file in files for cell in file.cells if cell.plain]
    if not cells:
        raise ValueError("--group-by: no file of pytest-benchmark or another tool is given, whose it groups")
    known = dict.fromkeys(name for cell in cells for name in cell.params)
    for name in group_by.parameters:
        if name not in known:
            told = ", ".join(list(known)[:12]) or "none"
            raise ValueError(f"--group-by param:{name}: no benchmark has it; parameters in the files: {told}")
