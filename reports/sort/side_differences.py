"""What differs between the sides of a run: Python, packages, variables, source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from likeforlike.reports.read.schema.runs import Side

FIRST = ("numpy", "tensorflow", "tensorflow-cpu", "keras", "torch", "jax", "jaxlib", "scipy")
"""Packages that are told before all others, in this order."""
NOT_MEASURED = ("pip", "setuptools", "wheel", "uv", "likeforlike")
"""Packages that install others, which nothing measured runs, and the harness, which brings its own."""
TREE = "tree"
"""The digest of a folder's whole source, which a commit has its name for."""
DIGITS = 10
"""Of a commit."""
ABSENT = "not installed"
NOT_SET = "not set"


def side_differences(sides: Sequence[Side]) -> list[tuple[str, tuple[str, ...]]]:
    """Each thing in which not all sides are alike, with what it is on each, most telling first."""
    rows = [
        ("source revision", tuple(side.revision[:DIGITS] or "–" for side in sides)),
        ("source", tuple(side.source or "–" for side in sides)),
        *(
            (f"source of {name}", values)
            for name, values in _by_name([side.code for side in sides], "not there")
            if name != TREE
        ),
        ("Python", tuple(side.python or "–" for side in sides)),
        *_packages(sides),
        ("BLAS of NumPy", tuple(", ".join(side.blas) or "–" for side in sides)),
        *_by_name([side.variables for side in sides], NOT_SET),
    ]
    return [(name, values) for name, values in rows if len(set(values)) > 1]


def _packages(sides: Sequence[Side]) -> list[tuple[str, tuple[str, ...]]]:
    every = _by_name([side.packages for side in sides], ABSENT)
    known = [(name, versions) for name, versions in every if name not in NOT_MEASURED]

    def place(told: tuple[str, tuple[str, ...]]) -> tuple[int, bool, str]:
        """Frameworks, then what is there in other versions, then what is not there on all sides."""
        name, versions = told
        return (FIRST.index(name) if name in FIRST else len(FIRST), ABSENT in versions, name)

    return sorted(known, key=place)


def _by_name(told: Sequence[Mapping[str, str]], absent: str) -> list[tuple[str, tuple[str, ...]]]:
    names = sorted({name for one in told for name in one})
    return [(name, tuple(one.get(name, absent) for one in told)) for name in names]
