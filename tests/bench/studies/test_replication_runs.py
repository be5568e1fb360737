"""The study of copies: what it asks the product for, where files lie, and its gate; nothing is measured."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from likeforlike.bench.studies.replication import __main__ as study
from likeforlike.bench.studies.replication import copies, gate, measuring, settings, tables
from likeforlike.bench.studies.replication.command_line import arguments
from likeforlike.bench.studies.replication.settings import BUSY, KERNELS, TRAININGS, Setting
from likeforlike.bench.studies.staging import account

NUMPY = Setting(BUSY, KERNELS, "numpy")
TRAINER = Setting(BUSY, TRAININGS, "numpy-loop")


def placed(root, setting, *documents):
    """Result files of one setting, from 1."""
    for number, content in enumerate(documents, 1):
        path = setting.result(root, number)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))


class TestSettings:
    def test_a_folder_tells_what_its_runs_are(self, tmp_path):
        given = [NUMPY, TRAINER, Setting("quiet", KERNELS, "tf-eager", 10)]
        for setting in given:
            placed(tmp_path, setting, {}, {})
        found = settings.found(tmp_path)
        assert set(found) == set(given)
        assert [path.name for path in found[NUMPY]] == ["run-001.json", "run-002.json"]

    def test_another_folder_is_one_line(self, tmp_path):
        with pytest.raises(account.StudyFailed, match="no result file of this study"):
            settings.found(tmp_path)
        placed(tmp_path, Setting("noisy", KERNELS, "numpy"), {})
        with pytest.raises(account.StudyFailed, match="expected CONDITION/KIND"):
            settings.found(tmp_path)

    def test_each_condition_and_number_of_launches(self):
        found = list(settings.settings_of(("busy", "quiet"), ("numpy",), ("numpy-loop",), (None, 10)))
        assert len(found) == len(set(found)) == 8


class TestOptions:
    def test_the_short_run_of_its_own_help(self):
        asked = arguments(["--kernels", "numpy", "--trainers", "none", "--conditions", "busy"])
        assert (asked.kernels, asked.trainers, asked.conditions) == (("numpy",), (), ("busy",))
        assert asked.launches == (None,)
        # copies against the entrant in each group
        assert asked.copies * len(asked.sizes) * asked.trials >= tables.LEAST_COMPARISONS
        assert len(asked.sizes) == 5

    def test_launches_of_the_preset_and_others(self):
        assert arguments(["--launches", "preset,10"]).launches == (None, 10)

    @pytest.mark.parametrize(
        ("given", "told"),
        [
            (["--kernels", "nump"], "unknown 'nump'; known: numpy, "),
            (["--trainers", "floor-numpy"], "unknown 'floor-numpy'"),
            (["--sizes", "0"], "'0' is not a whole number of at least 1"),
            (["--launches", "many"], "'many' is not a whole number"),
            (["--copies", "11"], "--copies: 11, expected at most 10"),
            (["--kernels", "none", "--trainers", "none"], "nothing else to measure"),
            (["--kernels", "none", "--gate", "10"], "nothing else to measure with --gate"),
            (["--gate", "-1"], "--gate: -1, expected"),
            (["--conditions", "windy"], "unknown 'windy'; known: busy, quiet"),
        ],
    )
    def test_what_can_t_be_is_one_line_and_status_2(self, given, told, capsys):
        with pytest.raises(SystemExit) as ended:
            arguments(given)
        assert ended.value.code == 2
        assert told in capsys.readouterr().err

    def test_what_the_product_is_asked_for(self):
        asked = arguments(["--sizes", "100,200", "--copies", "2", "--threads", "2"])
        options = measuring.options_of(Setting(BUSY, KERNELS, "numpy", 10), asked)
        assert "--implementations=numpy,numpy-copy-1,numpy-copy-2,numpy-slower-5,numpy-slower-10" in options
        assert {"--workloads=matmul", "--sizes=100,200", "--launches=10", "--threads=2"} <= set(options)
        options = measuring.options_of(TRAINER, asked)
        names = ",".join(["numpy-loop", *(f"numpy-loop-copy-{n}" for n in range(1, 5))])
        assert f"--implementations={names}" in options
        assert not any(option.startswith("--launches") for option in options)


@pytest.fixture
def product(monkeypatch, tmp_path):
    """``likeforlike bench`` that writes what it was asked instead of measuring."""
    asked = []

    def run(command, env, **_):
        (result,) = (word.partition("=")[2] for word in command if word.startswith("--benchmark-json="))
        asked.append((result, env.get(copies.VARIABLE)))
        (tmp_path / result).write_text("{}")
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(measuring.subprocess, "run", run)
    monkeypatch.setattr(measuring, "neighbour", lambda *_: measuring.nullcontext())
    monkeypatch.setattr(gate, "neighbour", lambda *_: measuring.nullcontext())
    return asked


class TestMeasuring:
    OPTIONS = ("--kernels", "numpy", "--trainers", "none", "--conditions", "busy", "--trials", "3")

    def test_only_what_does_not_lie_there_is_measured(self, product, tmp_path):
        placed(tmp_path, NUMPY, {}, {})
        assert measuring.measure(arguments([*self.OPTIONS, "--folder", str(tmp_path)])) == []
        assert product == [(str(NUMPY.result(tmp_path, 3)), None)]

    def test_a_run_that_was_cut_off_is_taken_up_again(self, product, tmp_path):
        cut = {"likeforlike": {"unmeasured": [{"cell": "a", "outcome": "interrupted"}]}}
        lost = {"likeforlike": {"unmeasured": [{"cell": "a", "outcome": "failed"}]}}
        placed(tmp_path, NUMPY, lost, cut, lost)
        measuring.measure(arguments([*self.OPTIONS, "--folder", str(tmp_path)]))
        assert product == [(str(NUMPY.result(tmp_path, 2)), None)]

    def test_a_run_that_leaves_no_file_is_one_line(self, monkeypatch, tmp_path):
        ended = SimpleNamespace(returncode=4)
        monkeypatch.setattr(measuring.subprocess, "run", lambda *args, **kwargs: ended)
        with pytest.raises(account.StudyFailed, match=r"ended with status 4 and left no .*: see .*\.log"):
            measuring.bench([], tmp_path / "none.json")

    def test_an_entrant_that_is_not_installed_is_left_out_with_its_reason(self, monkeypatch):
        entry = SimpleNamespace(missing=lambda: "torch not installed")
        monkeypatch.setattr(measuring, "load_registry", lambda: SimpleNamespace(find=lambda *_: entry))
        assert measuring.installed("matmul", ["torch"]) == ((), ["- torch left out: torch not installed"])


class TestGate:
    def test_each_is_held_against_the_one_before(self, tmp_path):
        for path, _ in gate.planned(tmp_path, 2, 15.0):
            path.write_text("{}")
        names = [(truth, before.stem, later.stem) for truth, before, later in gate.pairs_in(tmp_path)]
        assert names == [
            ("same", "same-000", "same-001"),
            ("same", "same-001", "same-002"),
            ("slower", "before-001", "slower-001"),
            ("slower", "before-002", "slower-002"),
        ]

    def test_the_later_ones_are_slowed_by_the_environment(self, product, tmp_path):
        options = [*TestMeasuring.OPTIONS, "--gate", "1", "--folder", str(tmp_path)]
        gate.measure(arguments(options))
        assert [(result.rpartition("/")[2], value) for result, value in product] == [
            ("same-000.json", "0"), ("same-001.json", "0"), ("before-001.json", "0"), ("slower-001.json", "15"),
        ]  # fmt: skip

    def test_the_variable_is_on_no_list_of_what_is_recorded(self):
        from likeforlike.devices.machine.environment import inherited

        assert inherited({copies.VARIABLE: "15"}) == ()

    def held(self, truth, *statuses):
        return [gate.Held(BUSY, truth, status, "") for status in statuses]

    def test_what_must_hold(self):
        good = self.held("same", *[0] * 10) + self.held("slower", *[1] * 9, 0)
        assert [line.rpartition(" ")[2] for line in gate.requirements(good)] == ["**yes**", "**yes**"]
        bad = self.held("same", *[0] * 9, 1) + self.held("slower", *[1] * 8, 0, 2)
        assert [line.rpartition(" ")[2] for line in gate.requirements(bad)] == ["**no**", "**no**"]
        unjudged = self.held("same", *[0] * 9, 2) + self.held("slower", *[1] * 9, 2)
        assert [line.rpartition(" ")[2] for line in gate.requirements(unjudged)] == [
            "**undecided**",
            "**yes**",
        ]
        assert "(0 of 9 that were judged)" in gate.requirements(unjudged)[0]
        few = self.held("same", 0) + self.held("slower", 1)
        assert [line.rpartition(" ")[2] for line in gate.requirements(few)] == ["**undecided**"] * 2
        rows = [[c.strip() for c in line.split("|")[1:-1]] for line in gate.gate_table(bad).splitlines()[2:]]
        assert rows == [["busy", "same", "10", "9", "1", "0"], ["busy", "slower", "10", "1", "8", "1"]]

    def test_the_report_s_exit_status_counts(self, monkeypatch, tmp_path):
        asked = []

        def run(command, **_):
            asked.append(command[4:])
            return SimpleNamespace(returncode=1, stdout="slower")

        monkeypatch.setattr(gate.subprocess, "run", run)
        for path, _ in gate.planned(tmp_path / "gate" / BUSY, 1, 15.0):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("{}")
        assert [(item.truth, item.status) for item in gate.hold_all(tmp_path)] == [("same", 1), ("slower", 1)]
        folder = tmp_path / "gate" / BUSY
        later, before = str(folder / "same-001.json"), str(folder / "same-000.json")
        assert asked[0] == ["report", later, "--against", before, "--fail-if-slower", "5%"]

    def test_without_files_it_is_one_line(self, tmp_path, capsys):
        (tmp_path / "gate").mkdir()
        assert study.main(["--from", str(tmp_path)]) == 2
        assert "no two result files to be held against each other" in capsys.readouterr().err
