"""The study of copies: its plug-in, its judging of made-up files, its options; nothing is timed or started."""

from __future__ import annotations

import json
import statistics

import numpy as np
import pytest

from likeforlike.bench.studies.replication import __main__ as study
from likeforlike.bench.studies.replication import copies, judging, settings, tables
from likeforlike.bench.studies.replication.collecting import Runs, collect, nested
from likeforlike.bench.studies.replication.settings import BUSY, KERNELS, TRAININGS, Setting
from likeforlike.bench.studies.replication.slowed_trainings import with_slower_copies
from likeforlike.bench.studies.replication.variance import components
from likeforlike.bench.studies.staging import account
from likeforlike.reports.judge.comparisons import compare

NUMPY = Setting(BUSY, KERNELS, "numpy")
TRAINER = Setting(BUSY, TRAININGS, "numpy-loop")
ORDINARY = ("numpy", "numpy-copy-1", "numpy-copy-2", "numpy-slower-5", "numpy-slower-10")
ROUNDS = 12


def made_up_cell(workload, name, group, axes, samples, launches, epochs=()):
    data = [float(sample) for sample in samples]
    numbers = [1_000_000 * launch + n for launch in dict.fromkeys(launches) for n in range(ROUNDS)]
    extra = {
        "cell": f"{workload}-{name}-{group}",
        "workload": workload,
        "implementation": name,
        "framework": "numpy",
        "device": "cpu:0",
        "axes": axes,
        "group": group,
        "verified": {"error": 0.0, "tolerance": 1e-6},
        "timing": "synchronised",
        "round_numbers": numbers[: len(data)],
        "launch_numbers": list(launches),
        "launches": [{"launch": n, "rounds": ROUNDS} for n in dict.fromkeys(launches)],
        "epochs": list(epochs),
    }
    if workload == "training":
        extra |= {"launch_numbers": None, "launches": [], "round_numbers": list(range(len(data)))}
    told = {"min": min(data), "max": max(data), "mean": statistics.fmean(data), "stddev": 0.0}
    return {
        "name": f"test_cell[{extra['cell']}]",
        "fullname": f"bench/test_cells.py::test_cell[{extra['cell']}]",
        "group": group,
        "params": None,
        "param": extra["cell"],
        "extra_info": extra,
        "options": {},
        "stats": told
        | {"median": statistics.median(data), "rounds": len(data), "iterations": 1, "data": data},
    }


def document(cells, number=1):
    fingerprint = {
        "id": "9f1c2d3e4a5b",
        "cpu": {"model": "made up", "usable_cores": 2},
        "memory_bytes": 2**33,
    }
    return {
        "machine_info": {"node": "host", "system": "Linux", "likeforlike": fingerprint},
        "commit_info": {},
        "benchmarks": cells,
        "datetime": "2026-11-25T20:00:00+00:00",
        "version": "5.3.1",
        "likeforlike": {
            "schema_version": 1,
            "run_id": f"run-{number}",
            "unmeasured": [],
            "preset": "quick",
            "timing": "synchronised",
        },
    }


def made_up_run(effects, seed=1, sizes=(250, 500), launches=5, launch_spread=0.0, names=ORDINARY):
    """Products in turns: a factor for each name, a drift that all share, an effect of each process."""
    draw = np.random.default_rng(seed)
    cells = []
    for size in sizes:
        drift = np.cumsum(draw.normal(0, 0.05, launches * ROUNDS))
        for name in names:
            process = np.repeat(draw.normal(0, launch_spread, launches), ROUNDS)
            noise = draw.normal(0, 0.003, launches * ROUNDS)
            factor = effects.get(name, 1 + copies.true_percent(name) / 100)
            samples = 0.01 * size * factor * np.exp(drift + process + noise)
            axes = {"size": size, "dtype": "float32"}
            group = f"matmul cpu:0 {size} float32"
            numbers = np.repeat(np.arange(launches), ROUNDS).tolist()
            cells.append(made_up_cell("matmul", name, group, axes, samples, numbers))
            if name.endswith("-twin"):
                cells[-1]["extra_info"] |= {"role": "twin", "twin_of": name.removesuffix("-twin")}
    return document(cells, seed)


def write(root, setting, *documents):
    for number, content in enumerate(documents, 1):
        path = setting.result(root, number)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))
    return root


def only_runs(root):
    (runs,) = collect(settings.found(root))
    return runs


class TestJudging:
    @pytest.mark.parametrize("twin", [None, 1.0, 1.07])
    def test_against_a_fixed_base_it_is_the_report_s_own_judgement(self, tmp_path, twin):
        """Where the report has a fixed base, which is Keras, it must say the same as this study does."""
        names = [name.replace("numpy", "keras-fit") for name in ORDINARY]
        names += [] if twin is None else ["keras-fit-twin"]
        setting = Setting(BUSY, KERNELS, "keras-fit")
        content = made_up_run({"keras-fit-twin": twin}, launch_spread=0.02, names=names)
        root = write(tmp_path, setting, content)
        study_of_file = judging.read_study(setting.result(root, 1), setting)
        pairs = [
            pair
            for items in judging.groups_of(study_of_file)
            for pair in judging._against(items, "keras-fit")
        ]
        ours = {item.other.key: item for item in judging.compared(pairs, judging.Grounds(study_of_file))}
        reported = {i.other.key: i for i in compare(study_of_file, study_of_file.machines).implementations}
        assert len(reported) == 8
        assert (next(iter(reported.values())).verdict.threshold > 0.05) == (twin == 1.07)
        assert {key: (i.base.key, i.verdict, i.doubt) for key, i in ours.items()} == {
            key: (i.base.key, i.verdict, i.doubt) for key, i in reported.items()
        }

    def test_copies_and_what_is_slower_are_told_apart(self, tmp_path):
        runs = only_runs(write(tmp_path, NUMPY, made_up_run({}), made_up_run({}, seed=2)))
        for way in judging.WAYS:
            same = tables.told_in([runs], way, 0)
            assert len(same) == 8
            assert not any(item.different for item in same)
            for percent in copies.SLOWER_PERCENT:
                found = tables.told_in([runs], way, percent)
                assert [item.word for item in found] == ["slower"] * 4
                assert [item.ratio for item in found] == pytest.approx([1 + percent / 100] * 4, abs=0.01)
                assert all(item.sure for item in found)
                assert sum(item.holds for item in found) >= 3  # the true ratio, not 1

    def test_a_copy_that_is_slower_after_all_is_counted(self, tmp_path):
        runs = only_runs(write(tmp_path, NUMPY, made_up_run({"numpy-copy-2": 1.2})))
        same = tables.told_in([runs], judging.FIXED, 0)
        assert sorted(item.word for item in same) == ["same", "same", "slower", "slower"]
        assert sorted(item.holds for item in same) == [False, False, True, True]
        text = tables.requirements(tables.parts_of([runs] * 25))
        (line,) = (line for line in text if judging.FIXED in line and "called different" in line)
        assert line.endswith("(50 of 100): **no**")

    def test_effects_of_processes_are_no_differences(self, tmp_path):
        """Each process 2 % off by chance: rounds alone would exclude 1 nearly always, launches don't."""
        documents = [made_up_run({}, seed, launch_spread=0.02) for seed in range(1, 26)]
        runs = only_runs(write(tmp_path, NUMPY, *documents))
        same = tables.told_in([runs], judging.FIXED, 0)
        assert len(same) == 100
        assert sum(item.different for item in same) <= 5
        assert sum(item.holds for item in same) >= 90
        pooled = tables.told_in([runs], "pyperf, t-test", 0)
        assert len(pooled) == 100

    def test_a_base_that_is_slower_in_truth_is_no_copy(self, tmp_path):
        """By its figures it is the fastest: whoever is called slower than it is called so wrongly."""
        runs = only_runs(write(tmp_path, NUMPY, made_up_run({"numpy-slower-5": 0.8})))
        assert tables.told_in([runs], judging.REPORT, 0) == []
        said = tables.told_in([runs], judging.REPORT)
        assert [item.base_percent for item in said] == [5] * 8
        assert sum(item.reversed for item in said) == 6  # three copies at two sizes, not the one of 10 %
        assert len(tables.told_in([runs], judging.FIXED, 0)) == 4
        (row,) = (
            r for r in tables.verdicts_table(tables.parts_of([runs])).splitlines() if judging.REPORT in r
        )
        assert row.split("|")[-2].strip() == "6 of 8"

    def test_what_the_choice_of_the_fastest_does_is_told(self, tmp_path):
        """The report's interval is wider than the one that takes the fastest for fixed, and holds 1 more often."""
        documents = [made_up_run({}, seed, launch_spread=0.02) for seed in range(1, 26)]
        runs = only_runs(write(tmp_path, NUMPY, *documents))
        report, chosen, fixed = (
            tables.told_in([runs], way, 0) for way in (judging.REPORT, judging.CHOSEN, judging.FIXED)
        )
        assert [item.ratio for item in report] == [item.ratio for item in chosen]
        held = [sum(bool(item.holds) for item in items) / len(items) for items in (report, chosen, fixed)]
        assert held[0] > held[1]
        assert held[2] > held[1]

    def test_logs_by_run_and_launch(self, tmp_path):
        documents = [made_up_run({}, seed, launch_spread=0.05) for seed in range(1, 5)]
        runs = only_runs(write(tmp_path, NUMPY, *documents))
        assert (runs.files, runs.groups) == (4, 8)
        assert (len(runs.times), len(runs.ratios)) == (6, 4)  # three alike, two copies, at two sizes
        for cells in (runs.times, runs.ratios):
            for cell in cells.values():
                assert [[len(logs) for logs in launches] for launches in cell] == [[ROUNDS] * 5] * 4
        # of a ratio twice the variance of a time; the drift that all share is not in it
        found = components(nested([runs], ratios=True))
        assert found.rounds == pytest.approx(0.003 * 2**0.5, rel=0.1)
        assert found.launches == pytest.approx(0.05 * 2**0.5, rel=0.3)
        assert found.runs < found.launches
        drifting = components(nested([runs], ratios=False))
        assert drifting.rounds > 0.05
        (first, *_), *_ = runs.times["numpy", "cpu:0", "size 250", "dtype float32"]
        data = documents[0]["benchmarks"][0]["stats"]["data"]
        np.testing.assert_allclose(first, np.log(data[:ROUNDS]))

    def test_a_training_s_launches_are_its_runs(self, tmp_path):
        runs = only_runs(write(tmp_path, TRAINER, made_up_trainings(), made_up_trainings()))
        assert (len(runs.times), len(runs.ratios)) == (3, 2)
        for cell in runs.ratios.values():
            assert [[len(logs) for logs in launches] for launches in cell] == [[6, 6, 6]] * 2

    def test_other_tools_see_all_samples_of_a_cell(self, tmp_path, monkeypatch):
        seen = []

        def rule(base, other):
            seen.append((len(base), len(other)))
            return "not different"

        monkeypatch.setattr(judging, "PEERS", {"a rule": rule})
        runs = only_runs(write(tmp_path, NUMPY, made_up_run({}, launches=3)))
        assert seen == [(3 * ROUNDS, 3 * ROUNDS)] * 8
        assert len(tables.told_in([runs], "a rule", 0)) == 4

    def test_what_can_t_be_read_is_one_line(self, tmp_path):
        write(tmp_path, NUMPY, {"no": "result"})
        with pytest.raises(account.StudyFailed, match="run-001.json"):
            collect(settings.found(tmp_path))


def made_up_trainings(copies_beside=4, runs=3):
    draw = np.random.default_rng(3)
    cells = []
    names = ["numpy-loop", *(copies.copy_name("numpy-loop", n) for n in range(1, copies_beside + 1))]
    for run in range(runs):
        for name in names:
            times = [float(t) for t in np.exp(draw.normal(0, 0.003, 7))]
            epochs = [
                {
                    "epoch": n,
                    "train_seconds": time,
                    "evaluation_seconds": 0.1,
                    "logging_seconds": None,
                    "loss": 0.4,
                }
                for n, time in enumerate(times, 1)
            ]
            axes = {"recipe": "matched", "run": run}
            group = f"training matched cpu:0 run {run}"
            cells.append(made_up_cell("training", name, group, axes, times[1:], [0] * 6, epochs))
    return document(cells)


class TestSlowedTrainings:
    def test_the_last_two_copies_take_longer_and_say_so(self):
        given = made_up_trainings()
        changed = with_slower_copies(given)
        assert given == made_up_trainings()
        before, after = given["benchmarks"], changed["benchmarks"]
        assert [b["extra_info"]["implementation"] for b in after[:5]] == [
            "numpy-loop", "numpy-loop-copy-1", "numpy-loop-copy-2", "numpy-loop-slower-5", "numpy-loop-slower-10",
        ]  # fmt: skip
        assert after[:3] == before[:3]
        for place, factor in ((3, 1.05), (4, 1.1)):
            one, other = before[place], after[place]
            for key in ("data", "median", "max"):
                assert other["stats"][key] == pytest.approx(np.multiply(one["stats"][key], factor))
            assert other["stats"]["rounds"] == one["stats"]["rounds"]
            first, second = one["extra_info"]["epochs"][0], other["extra_info"]["epochs"][0]
            assert second["train_seconds"] == pytest.approx(factor * first["train_seconds"])
            assert (second["epoch"], second["loss"], second["logging_seconds"]) == (1, 0.4, None)
            assert "copy" not in json.dumps(other)

    def test_of_two_copies_none_is_taken(self):
        given = made_up_trainings(copies_beside=2)
        assert with_slower_copies(given) == given

    def test_they_are_found_slower(self, tmp_path):
        runs = only_runs(write(tmp_path, TRAINER, made_up_trainings()))
        assert [i.word for i in tables.told_in([runs], judging.FIXED, 10)] == ["slower"]
        same = tables.told_in([runs], judging.FIXED, 0)
        assert len(same) == 2
        assert not any(item.different for item in same)


class TestTables:
    def test_the_counts(self, tmp_path):
        runs = only_runs(write(tmp_path, NUMPY, made_up_run({"numpy-copy-2": 1.2})))
        parts = tables.parts_of([runs])
        lines = tables.verdicts_table(parts).splitlines()
        (fixed,) = (line for line in lines if judging.FIXED in line)
        assert [cell.strip() for cell in fixed.split("|")[5:-1]] == [
            "2 of 4", "2 / 0", "2 of 4", "2 of 2", "2 of 2", "0 of 4",
        ]  # fmt: skip
        assert len(lines) == 2 + len(judging.WAYS) + len(tables.PEERS)
        (pyperf,) = (line for line in lines if "pyperf" in line)
        assert "–" in pyperf  # no interval

    def test_a_table_of_words_and_one_of_entrants(self, tmp_path):
        runs = only_runs(write(tmp_path, NUMPY, made_up_run({}, seed=2)))
        words = [
            line.split("|")[4:-1] for line in tables.words_table(tables.parts_of([runs])).splitlines()[2:]
        ]
        assert [[cell.strip() for cell in row] for row in words] == [
            ["copies", "0", "4", "0", "0", "0", "4"],
            ["5 % slower", "0", "0", "0", "2", "0", "2"],
            ["10 % slower", "0", "0", "0", "2", "0", "2"],
        ]
        (row,) = tables.entrants_table([runs]).splitlines()[2:]
        cells = [cell.strip() for cell in row.split("|")[1:-1]]
        assert cells[:6] == ["busy", "numpy", "quick's", "1 / 2", "0 of 4", "4 of 4"]
        assert [float(cell) for cell in cells[6:]] == pytest.approx([1.0, 1.05, 1.10], abs=0.005)

    def test_too_few_decide_nothing(self, tmp_path):
        runs = only_runs(write(tmp_path, NUMPY, made_up_run({}, seed=2)))
        lines = tables.requirements(tables.parts_of([runs]))
        assert all(line.endswith("**undecided**") for line in lines)
        assert any("5 % found in at least 9 of 10 (–, fewer than 10)" in line for line in lines)

    def test_what_must_hold(self, tmp_path):
        runs = only_runs(write(tmp_path, NUMPY, made_up_run({}, seed=2)))
        ten = Runs(Setting(BUSY, KERNELS, "numpy", 10), runs.told)
        lines = tables.requirements(tables.parts_of([runs] * 25 + [ten] * 5))
        power = [line for line in lines if "found in" in line]
        assert [line.rpartition("(")[2] for line in power] == ["50 of 50): **yes**", "10 of 10): **yes**"]
        decided = [line for line in lines if "quick's" in line]
        assert len(decided) == 5
        assert all(line.endswith("**yes**") for line in decided)
        missed = [judging.Told(judging.REPORT, 10, "unclear")] * 4
        lines = tables.power_requirements(tables.parts_of([runs] * 10 + [Runs(NUMPY, missed)]))
        assert lines[0].endswith("(20 of 24): **no**")

    def test_the_whole_page_of_a_folder(self, tmp_path):
        write(tmp_path, NUMPY, made_up_run({}), made_up_run({}, seed=2))
        write(tmp_path, TRAINER, made_up_trainings())
        text = study.all_judged(tmp_path)
        assert text.count("### ") == 4
        assert "- busy, kernels, quick's launches, " in text
        assert "| busy        | numpy-loop |" in text
