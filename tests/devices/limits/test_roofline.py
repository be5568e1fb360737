"""Which roof binds, by hand: ridge point, attainable rate, share of the roof."""

from __future__ import annotations

import pytest

from likeforlike.devices.limits.roofline import Roofs, standing

ROOFS = Roofs(200e9, 20e9, 32 * 2**20)
"""200 GFLOP/s and 20 GB/s: they meet at 10 FLOP a byte."""


def test_the_ridge_is_where_both_roofs_meet():
    assert ROOFS.ridge == 10
    assert ROOFS.attainable(10) == 200e9
    assert ROOFS.attainable(5) == 100e9  # half the intensity, half the rate: memory binds
    assert ROOFS.attainable(1000) == 200e9
    for unknown in (Roofs(None, 20e9), Roofs(200e9, None)):
        assert unknown.ridge is None
        assert unknown.attainable(1) is None


def test_a_large_product_is_bound_by_compute():
    """n = 4096 in float32: 2 n³ operations on 3 n² numbers of 4 bytes, n / 6 = 683 FLOP a byte."""
    n = 4096
    found = standing(2.0 * n**3, 12.0 * n**2, 1.0, ROOFS)
    assert found.bound == "compute"
    assert found.intensity == pytest.approx(n / 6)
    assert found.share == pytest.approx(2 * n**3 / 200e9)


def test_adding_vectors_is_bound_by_memory():
    """a = b + 3 c of 10⁸ float32: 2 · 10⁸ operations, 1.2 GB; 0.06 s at 20 GB/s, a millisecond at 200 GFLOP/s."""
    found = standing(2e8, 1.2e9, 0.08, ROOFS)
    assert found.bound == "memory"
    assert found.intensity == pytest.approx(1 / 6)
    assert found.share == pytest.approx(0.75)


def test_what_fits_into_the_caches_is_not_bound_by_memory():
    at_most, beyond = 32 * 2**20, 32 * 2**20 + 1
    assert standing(1e6, at_most, 1e-3, ROOFS).bound == "caches"
    assert standing(1e6, at_most, 1e-3, ROOFS).share is None
    assert standing(1e6, beyond, 1e-3, ROOFS).bound == "memory"
    # beyond the ridge arithmetic binds, wherever the operands are
    assert standing(1e9, 1e6, 0.01, ROOFS).bound == "compute"
    assert standing(1e9, 1e6, 0.01, ROOFS).share == pytest.approx(0.5)


def test_at_the_ridge_itself_both_bind_and_compute_is_told():
    assert standing(1e9, 1e8, 0.01, ROOFS).bound == "compute"


def test_work_without_operations_is_held_against_memory_alone():
    found = standing(None, 1e9, 0.1, Roofs(None, 20e9))
    assert (found.bound, found.intensity, found.share) == ("memory", 0.0, pytest.approx(0.5))
    assert standing(None, 1e9, 0.1, ROOFS) == found, "however fast it computes"


@pytest.mark.parametrize(
    ("flop", "moved", "seconds", "roofs"),
    [
        (1e9, None, 1.0, ROOFS),  # bytes were not counted
        (1e9, 1e9, 1.0, Roofs(None, 20e9)),  # compute may bind it, nobody knows
        (1e9, 1e9, 1.0, Roofs(200e9, None)),
        (1e9, 1e9, 0.0, ROOFS),
    ],
)
def test_where_a_roof_or_a_count_lacks_nothing_is_said(flop, moved, seconds, roofs):
    assert standing(flop, moved, seconds, roofs) is None
