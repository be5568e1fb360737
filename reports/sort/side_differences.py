"""What differs between the sides of a run: Python, packages, variables, source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from likeforlike.reports.read.schema import Side

FIRST = ("likeforlike", "numpy", "tensorflow", "tensorflow-cpu", "keras", "torch", "jax", "jaxlib", "scipy")
"""Packages that are told before all others, in this order."""
INSTALLERS = ("pip", "setuptools", "wheel", "uv")
"""Packages that install others: nothing that is measured runs them."""
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
    known = [(name, versions) for name, versions in every if name not in INSTALLERS]
    return sorted(known, key=lambda row: (FIRST.index(row[0]) if row[0] in FIRST else len(FIRST), row[0]))


def _by_name(told: Sequence[Mapping[str, str]], absent: str) -> list[tuple[str, tuple[str, ...]]]:
    names = sorted({name for one in told for name in one})
    return [(name, tuple(one.get(name, absent) for one in told)) for name in names]
