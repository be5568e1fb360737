"""Do the switches of precision switch: each told by the error of a product against float64."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from likeforlike.devices.check.probes.operations import Operations
from likeforlike.devices.check.rows import Facts, Place, Row

ROWS, INNER = 256, 1024
"""Of the product whose error is taken."""

ERRORS = {
    "tf32": (5e-5, 1.2e-3),
    "float32": (1e-9, 1e-5),
    "bfloat16": (1.2e-3, 3e-2),
    "float64": (0.0, 1e-12),
}
"""Between which the relative error (Frobenius) of a product of normal matrices lies at a precision.

Rounding both operands to p bits costs some 0.6 x 2^-p: 2.3e-3 at bfloat16's 8, 2.9e-4 at TF32's 11 and twice
that where they are cut off, 3.5e-8 at float32's 24, to which sums over 1024 terms add some tenfold. The bands
overlap nowhere: one precision is never taken for another.
"""

NAMES = {"tf32": "TF32", "float32": "ieee float32", "bfloat16": "bfloat16", "float64": "float64"}

FIRST_WITH_TF32 = (8, 0)
"""Compute capability; NVIDIA A100 white paper. bfloat16 came with it."""


def observe(made: Operations, configure: Callable[[str], None]) -> dict[str, object]:
    """The error of a product at each precision, set by ``configure(precision)``; TF32 first, ieee after.

    A precision at which the framework raises has its words instead of an error.
    """
    generator = np.random.default_rng(11)
    left, right = generator.standard_normal((ROWS, INNER)), generator.standard_normal((INNER, ROWS))
    exact = left @ right
    errors: dict[str, object] = {}
    for precision in made.precisions:
        configure(precision)
        try:
            result = made.fetch(made.multiply(made.put(left, precision), made.put(right, precision)))
            errors[precision] = float(np.linalg.norm(result - exact) / np.linalg.norm(exact))
        except Exception as error:
            errors[precision] = " ".join(str(error).split())[:160] or type(error).__name__
    configure("float32")
    return errors


def rows(place: Place, facts: Facts, capability: tuple[int, int] | None) -> list[Row]:
    """A row for each precision; ``capability`` is a GPU's, where it is known."""
    return [_row(place, precision, error, capability) for precision, error in facts.items()]


def _row(place: Place, precision: str, error: float | str, capability: tuple[int, int] | None) -> Row:
    what = NAMES[precision]
    too_old = capability is not None and capability < FIRST_WITH_TF32
    if too_old and precision in ("tf32", "bfloat16"):
        found = f"compute capability {capability[0]}.{capability[1]} has none" if capability else ""
        return place.not_measurable(what, found)
    if isinstance(error, str):
        return place.not_measurable(what, f"refused: {error}", f"measure without {precision}")
    least, most = ERRORS[precision]
    found = f"error {error:.1e}" if error else "no error at all"
    if least <= error <= most:
        return place.good(what, found)
    if not error <= most:  # NaN, too
        return place.bad(
            what, f"{found}, at most {most:.0e} expected, {_taken_for(error)}", _remedy(precision)
        )
    if precision == "tf32":
        return place.warn(what, f"{found}: products stay float32", _remedy(precision))
    return place.bad(what, f"{found}, at least {least:.0e} expected, {_taken_for(error)}", _remedy(precision))


def _taken_for(error: float) -> str:
    """In which precision a product of such an error was made."""
    close = [NAMES[name] for name, (least, most) in ERRORS.items() if least <= error <= most]
    return f"as of {close[0]}" if close else "a wrong answer"


def _remedy(precision: str) -> str:
    if precision == "float32":
        return "unset NVIDIA_TF32_OVERRIDE and the like; ask your framework to keep to ieee"
    if precision == "tf32":
        return "unset NVIDIA_TF32_OVERRIDE; don't compare tf32 cells of this framework"
    return f"don't compare {precision} cells of this framework here"
