"""The studies that simulate: deterministic, and able to tell a bad rule from a good one."""

from __future__ import annotations

import json

import numpy as np
import pytest

from likeforlike.bench.studies import accuracy_rules, verdict_rules
from likeforlike.bench.studies.simulated import noise, several_files, small_files
from likeforlike.bench.studies.staging.account import StudyFailed
from likeforlike.reports.statistics.ratios import RatioEstimate, paired_ratio, unpaired_ratio


def eager_rule(base, other):
    """Called different whatever happens."""
    ratio = float(np.median(other) / np.median(base))
    return RatioEstimate(ratio, ratio * 0.999, ratio * 1.001, len(base), False, 1e-9)


@pytest.mark.parametrize("rounds", small_files.ROUNDS)
def test_false_verdicts_are_at_most_5_percent(rounds):
    for told, draws in noise.UNPAIRED.items():
        found = small_files.tally(unpaired_ratio, draws, rounds, 600, told, power=False)
        assert found.holds, (told, found.share)
    for told, draws in noise.PAIRED.items():
        found = small_files.tally(paired_ratio, draws, rounds, 600, told, power=False)
        assert found.holds, (told, found.share)


def test_a_rule_that_is_often_wrong_is_told():
    found = small_files.tally(eager_rule, noise.UNPAIRED[noise.BURSTS], 5, 100, "1", power=False)
    assert found.share > 0.3
    assert not found.holds


def test_five_rounds_find_what_is_twice_as_slow():
    found = small_files.tally(unpaired_ratio, noise.UNPAIRED[noise.INDEPENDENT], 5, 400, "1")
    assert found.power[-1] > 0.9
    assert found.power == sorted(found.power)


def test_false_discoveries_are_held_where_rounds_are_independent():
    judged = small_files.family(noise.UNPAIRED[noise.INDEPENDENT], 5, 60, "1")
    assert judged.holds
    assert judged.found > 20


def test_of_files_that_differ_launches_alone_are_too_sure():
    found = several_files.missed(6, 3, 0.02, 300, 1)
    assert found.holds
    assert found.by_launches / found.trials > 0.1


def test_of_files_that_dont_differ_both_are_right():
    found = several_files.missed(2, 3, 0.0, 300, 1)
    assert found.holds
    assert found.by_runs <= found.by_launches


def test_the_same_seed_gives_the_same_figures():
    assert small_files.report(20, 1, []) == small_files.report(20, 1, [])
    assert several_files.report(10, 1) == several_files.report(10, 1)
    assert accuracy_rules.report(10, 1) == accuracy_rules.report(10, 1)
    assert accuracy_rules.report(10, 1) != accuracy_rules.report(10, 2)


def test_bursts_last_two_rounds_on_average_and_take_their_share():
    draw = np.random.default_rng(1)
    busy = [noise.bursts(draw, 200) > 0 for _ in range(300)]
    share = noise.BURST_BEGINS / (noise.BURST_BEGINS + 1 - noise.BURST_GOES_ON)
    assert np.mean(busy) == pytest.approx(share, rel=0.1)
    begins = sum(int(np.count_nonzero(~row[:-1] & row[1:])) for row in busy)
    assert sum(map(np.count_nonzero, busy)) / begins == pytest.approx(2.0, rel=0.1)


def test_recorded_samples_are_windows_of_one_cell(tmp_path):
    path = tmp_path / "recorded.json"
    cells = [[1.0 + n / 1000 for n in range(80)], [9.0] * 5]
    path.write_text(
        json.dumps({"benchmarks": [{"stats": {"data": cell}} for cell in cells] + [{"stats": {}}]})
    )
    base, other = noise.recorded([path], shuffled=False)(np.random.default_rng(1), 10)
    assert np.exp(other) - np.exp(base) == pytest.approx(np.full(10, 0.01))
    base, other = noise.recorded([path], shuffled=True)(np.random.default_rng(1), 10)
    assert len({*base, *other}) == 20


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{}", "expected a result file"),
        ("no", "expected a result file"),
        ('{"benchmarks": []}', "no cell with 60"),
    ],
)
def test_recorded_files_that_cannot_be_used_are_one_line(tmp_path, content, told, capsys):
    path = tmp_path / "bad.json"
    path.write_text(content)
    with pytest.raises(StudyFailed, match=told):
        noise.recorded([path], shuffled=True)
    asked = verdict_rules.arguments(["--simulate", "--simulated-trials", "1", "--recorded", str(path)])
    with pytest.raises(SystemExit) as ended:
        verdict_rules.simulate(asked)
    assert ended.value.code == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


class TestAccuracies:
    def test_false_words_by_hand(self):
        words = accuracy_rules.Counter({"higher": 2, "lower": 3, "same": 5, "unclear": 10})
        found = accuracy_rules.Outcome(words, 0, (), 20)
        assert accuracy_rules.false_share(found, 0.0) == 5 / 20
        assert accuracy_rules.false_share(found, -0.0025) == 2 / 20
        assert accuracy_rules.false_share(found, -0.01) == 7 / 20

    @pytest.mark.parametrize("seeds", accuracy_rules.SEEDS)
    @pytest.mark.parametrize("paired", [True, False])
    def test_false_words_are_at_most_5_percent(self, seeds, paired):
        for difference in accuracy_rules.DIFFERENCES:
            found = accuracy_rules.outcome(accuracy_rules.WORLDS[1], seeds, difference, paired, 400, 3)
            assert accuracy_rules.false_share(found, difference) <= 0.05 + 2 * (0.05 * 0.95 / 400) ** 0.5

    def test_announcements(self):
        world = accuracy_rules.WORLDS[0]
        for seeds in (1, *accuracy_rules.SEEDS):
            assert accuracy_rules.announced(world, seeds, 0.05, 200, 1) == 0.0
            assert accuracy_rules.announced(world, seeds, 0.0, 200, 1) >= 0.97
