"""In what the set-ups of result files differ: inherited variables, and the machine's state before the run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from likeforlike.reports.read.result_file import ResultFile
from likeforlike.reports.read.schema.runs import Header
from likeforlike.reports.sort.measured.measurements import Measurement

NOT_SET = "not set"

NOT_KNOWN = "not known"

FACTS = {
    "blas": "BLAS loaded",
    "transparent_huge_pages": "huge pages",
    "governor": "governor",
    "smt_active": "SMT",
    "numa_nodes": "NUMA nodes",
    "numa_nodes_used": "NUMA nodes used",
    "pinned_to": "workers pinned to",
}
"""What of a header's ``setup`` is shown, and under which name."""


def setup_facts(header: Header | None) -> dict[str, str]:
    """What a file says of its set-up, by name; what it doesn't know is left out."""
    if header is None or not header.setup:
        return {}
    yes_or_no = {True: "active", False: "not active"}
    known = {name: header.setup.get(key) for key, name in FACTS.items()}
    facts = {
        name: yes_or_no[value] if isinstance(value, bool) else str(value)
        for name, value in known.items()
        if value is not None
    }
    return facts | {"clean environment": "yes" if header.clean_environment else "no"} | header.environment


def setup_differences(files: Sequence[ResultFile]) -> list[tuple[str, list[str]]]:
    """Facts of their set-up in which files differ, each with one value a file.

    Whether the environment was cleaned is told only where variables differ.
    """
    every = [setup_facts(file.header) for file in files]
    variables = {name for file in files if file.header for name in file.header.environment}
    names = list(dict.fromkeys(name for facts in every for name in facts))
    rows = [(name, [_value(facts, name, variables) for facts in every]) for name in names]
    unlike = [(name, values) for name, values in rows if len(set(values)) > 1]
    if not any(name in variables for name, _ in unlike):
        unlike = [(name, values) for name, values in unlike if name != "clean environment"]
    return unlike


def unlike_environments(first: Measurement, second: Measurement) -> str:
    """Which inherited variables changed one of two figures and not the other; empty if none did."""
    mine, theirs = first.environment, second.environment
    told = [
        f"{name} {mine.get(name, NOT_SET)}, then {theirs.get(name, NOT_SET)}"
        for name in sorted({**mine, **theirs})
        if mine.get(name) != theirs.get(name)
    ]
    return f"measured in unlike environments: {'; '.join(told)}" if told else ""


def _value(facts: Mapping[str, str], name: str, variables: set[str]) -> str:
    """A file of an older version knows nothing of variables; a newer one that tells of none had none."""
    return facts.get(name, NOT_SET if name in variables and facts else NOT_KNOWN)
