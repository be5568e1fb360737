"""Samples handed to pytest-benchmark by a clock of our own: what its fixture and its records are told."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from likeforlike.bench.keep import replay
from likeforlike.bench.keep.replay import ReplayClock, replay_samples, use_without_samples, without_a_test


class Fixture:
    """pytest-benchmark's, so far as it matters: rounds by the difference of two readings of its timer."""

    def __init__(self, clock: ReplayClock | None = None) -> None:
        self.clock, self.disabled = clock, False
        self.asked: list[tuple[int, int]] = []
        self.seconds: list[float] = []
        self.called = 0

    def pedantic(self, function, setup=lambda: None, rounds=1, iterations=1) -> None:
        self.asked.append((rounds, iterations))
        for _ in range(rounds):
            setup()
            begin = self.clock() if self.clock else 0.0
            assert function() is None
            self.called += 1
            self.seconds.append((self.clock() if self.clock else 0.0) - begin)


def test_a_clock_stands_still_until_it_is_told():
    clock = ReplayClock()
    assert [clock(), clock()] == [0.0, 0.0]
    clock.seconds = 3.5
    assert [clock(), clock()] == [3.5, 3.5]
    clock.rewind()
    assert clock() == 0.0
    assert clock.__name__ == "replayed_worker_clock"


def test_each_sample_is_a_round_of_one_iteration_to_the_last_bit():
    """From 0 each, so that a short one behind a long one loses nothing."""
    clock = ReplayClock()
    fixture, samples = Fixture(clock), [7e5, 1e-9, 0.1 + 0.2, 1e-17]
    replay_samples(fixture, clock, samples)
    assert fixture.asked == [(4, 1)]
    assert fixture.seconds == samples


def test_a_cell_without_samples_disables_its_fixture_and_uses_it():
    fixture = Fixture()
    use_without_samples(fixture)
    assert fixture.disabled is True
    assert fixture.called == 1


@pytest.fixture
def records(monkeypatch) -> list[SimpleNamespace]:
    """In place of pytest-benchmark's: what each was made of, and its samples."""
    made: list[SimpleNamespace] = []

    def metadata(fixture, iterations, options):
        samples: list[float] = []
        stats = SimpleNamespace(data=samples, update=samples.append)
        made.append(SimpleNamespace(fixture=vars(fixture), given=(iterations, options), stats=stats))
        return made[-1]

    monkeypatch.setattr(replay, "Metadata", metadata)
    return made


def test_a_record_without_a_test_has_its_name_parameters_and_samples(records):
    item = SimpleNamespace(
        name="test_cell[a]",
        nodeid="bench/test_cells.py::test_cell[a]",
        callspec=SimpleNamespace(id="a", params={"cell": "a"}),
    )
    info, options = {"cell": "a"}, {"min_rounds": 5}
    made = without_a_test(item, "the group", [3.0, 1.0, 2.0], info, options)
    assert records == [made]
    assert made.fixture == {
        "name": "test_cell[a]",
        "fullname": "bench/test_cells.py::test_cell[a]",
        "group": "the group",
        "param": "a",
        "params": {"cell": "a"},
        "extra_info": {"cell": "a"},
        "cprofile_stats": None,
        "has_error": False,
    }
    assert made.given == (1, {"min_rounds": 5})
    assert made.stats.data == [3.0, 1.0, 2.0]
    info.clear()
    options.clear()
    assert (made.fixture["extra_info"], made.given[1]) == ({"cell": "a"}, {"min_rounds": 5})


def test_a_record_of_a_test_without_parameters_has_none(records):
    without_a_test(SimpleNamespace(name="test_cell", nodeid="::test_cell"), "g", [], {}, {})
    (made,) = records
    assert (made.fixture["param"], made.fixture["params"]) == (None, None)
