"""From what size a device pays, and the exponent of growth, by hand."""

from __future__ import annotations

import math

import pytest

from likeforlike.reports.statistics.crossover import Crossover, crossover, growth_exponent


class TestCrossover:
    def test_as_the_end_of_a_sentence(self):
        assert crossover([(10, 2.0, 1.0), (20, 3.0, 1.0)]).pays == "from size 10 or less"
        assert crossover([(10, 1.0, 2.0), (20, 1.0, 2.0)]).pays == "at no size up to 20"

    def test_by_hand(self):
        # The base grows with the cube, the other stays: they are equal at 100.
        points = [(n, n**3 * 1e-6, 1.0) for n in (10, 50, 200, 1000)]
        assert crossover(points).size == pytest.approx(100)
        assert crossover(points).text == "about 100"

    def test_ends(self):
        assert crossover([(10, 2.0, 1.0), (20, 3.0, 1.0)]).text == "10 or less"
        assert crossover([(10, 1.0, 2.0), (20, 1.0, 2.0)]).text == "not up to 20"
        assert crossover([(10, 1.0, 2.0)]) is None

    def test_a_size_at_which_it_loses_again_counts(self):
        points = [(10, 2.0, 1.0), (20, 1.0, 2.0), (40, 4.0, 1.0)]
        assert 20 < crossover(points).size < 40

    def test_exponent(self):
        assert growth_exponent([(n, 3e-9 * n**2.5) for n in (10, 100, 1000)]) == pytest.approx(2.5)
        assert growth_exponent([(10, 1.0), (10, 2.0)]) is None

    def test_equal_times_are_no_gain(self):
        assert crossover([(10, 1.0, 2.0), (20, 1.0, 1.0)]).size is None
        met = crossover([(10, 1.0, 1.0), (20, 2.0, 1.0)])
        assert (met.size, met.at_least) == (pytest.approx(10), False)

    def test_what_pays_at_small_sizes_alone_is_not_said_to_pay_at_none(self):
        lost = crossover([(100, 2.0, 1.0), (400, 1.0, 2.0)])
        assert (lost.size, lost.pays, lost.text) == (None, "only below size 400", "only below 400")
        met = crossover([(100, 1.0, 1.0), (400, 1.0, 2.0)])
        assert (met.size, met.pays, met.text) == (None, "at no size up to 400", "not up to 400")

    def test_points_without_a_time_or_a_size_are_left_out(self):
        for gone in ((0, 1.0, 0.5), (5, 0.0, 0.5), (5, 1.0, 0.0), (-5, 1.0, 0.5)):
            found = crossover([gone, (10, 2.0, 1.0), (20, 3.0, 1.0)])
            assert (found.size, found.largest) == (10, 20)
            assert crossover([gone, (10, 2.0, 1.0)]) is None
        assert crossover([(0.5, 0.5, 0.25), (1.0, 0.5, 0.25)]).size == 0.5
        assert growth_exponent([(0, 1.0), (-1, 1.0), (10, 0.0), (20, -1.0), (30, 3.0)]) is None
        assert growth_exponent([(0.5, 0.5), (1.0, 1.0)]) == pytest.approx(1.0)

    def test_between_two_sizes_by_hand(self):
        """Slower by 4 at 10, faster by 2 at 80: two thirds of the way on the logarithms, 40."""
        found = crossover([(10, 1.0, 4.0), (80, 2.0, 1.0), (160, 9.0, 1.0)])
        assert found.size == pytest.approx(40)
        assert (found.at_least, found.largest, found.pays) == (False, 160, "from size about 40")

    def test_what_is_not_told(self):
        told = Crossover(5.0)
        assert (told.largest, told.at_least, told.below) == (0.0, False, False)

    def test_the_last_crossing_of_several_counts(self):
        points = [(10, 1.0, 4.0), (20, 4.0, 1.0), (40, 1.0, 2.0), (80, 4.0, 2.0)]
        assert crossover(points).size == pytest.approx(40 * math.sqrt(2.0))
