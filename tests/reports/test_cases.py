"""Small inputs that once came out wrong, each made after a real file: what is said of them now."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from likeforlike.reports.command import main

CASES = Path(__file__).parent / "data" / "cases"


@pytest.fixture
def report(tmp_path, capsys):
    """A function that reports cases by name and returns the findings printed and the report's text."""

    def report(*names, baseline=None):
        out = tmp_path / "out"
        more = [] if baseline is None else ["--baseline", baseline]
        paths = [str(name if isinstance(name, Path) else CASES / f"{name}.json") for name in names]
        assert main([*paths, "--output", str(out), *more]) == 0
        return capsys.readouterr().out, (out / "report.md").read_text(encoding="utf-8")

    return report


@pytest.fixture
def against(capsys):
    """A function that compares a case with another and returns exit status, output and error."""

    def against(before, now, *arguments):
        paths = [str(name if isinstance(name, Path) else CASES / f"{name}.json") for name in (now, before)]
        status = main([paths[0], "--against", paths[1], *arguments])
        captured = capsys.readouterr()
        return status, " ".join(captured.out.split()), captured.err

    return against


@pytest.fixture
def altered(tmp_path):
    """A function that writes a case with changes: ``change`` alters the document in place."""

    def altered(name, change, label=None):
        document = json.loads((CASES / f"{name}.json").read_text(encoding="utf-8"))
        change(document)
        path = tmp_path / f"{label or name}-altered.json"
        path.write_text(json.dumps(document), encoding="utf-8")
        return path

    return altered


def rows_of(text, first):
    """The entries of the table rows whose first entry begins so."""
    found = (
        [part.strip() for part in line.strip("| ").split("|")]
        for line in text.splitlines()
        if line.startswith("|")
    )
    return [entries for entries in found if entries[0].startswith(first)]


class TestPooling:
    def test_one_framework_a_file_is_a_comparison(self, report):
        findings, text = report("fw-a", "fw-b")
        assert "fw-b.json takes ×9.99 (9.18 to 10.9) the time of fw-a.json" in findings
        assert "53.7 ms" not in text
        (row,) = rows_of(text, "test_b.py::test_matmul[1000]")[:1]
        assert row[1:] == ["10 ms", "100 ms", "×9.99 (9.18 to 10.9)°", "slower"]
        assert rows_of(text, "commit") == [["commit", "aaaaaaa", "bbbbbbb"]]

    def test_so_it_is_of_one_commit(self, report, altered):
        def same_commit(document):
            document["commit_info"]["id"] = "a" * 40

        findings, text = report("fw-a", altered("fw-b", same_commit))
        assert "files of pytest-benchmark are never pooled" in text
        assert "fw-b-altered.json takes ×9.99 (9.18 to 10.9) the time of fw-a.json" in findings

    def test_three_frameworks_have_a_column_each(self, report, altered):
        def slower(document):
            (entry,) = document["benchmarks"]
            entry["stats"]["data"] = [2 * sample for sample in entry["stats"]["data"]]

        _, text = report("fw-a", "fw-b", altered("fw-a", slower))
        (row,) = rows_of(text, "test_b.py::test_matmul[1000]")[:1]
        assert row[1:] == [
            "10 ms",
            "×9.99 (9.18 to 10.9)°",
            "slower",
            "20.1 ms",
            "×2.00 (1.84 to 2.18)°",
            "slower",
        ]

    def test_the_base_is_the_file_called_for(self, report):
        findings, _ = report("fw-a", "fw-b", baseline="fw-b")
        assert "fw-a.json takes ×0.100 (0.0920 to 0.109) the time of fw-b.json" in findings

    def test_two_commits_of_our_own_stand_side_by_side(self, report):
        findings, text = report("own-run1", "own-run2")
        assert (
            "own-run2.json takes ×1.51 (1.37 to 1.66) the time of own-run1.json on cpu:0 at matmul"
            in findings
        )
        eager, graph = rows_of(text, "tf-eager cpu:0 500")[0], rows_of(text, "tf-graph cpu:0 500")[0]
        assert (eager[1:3], eager[4]) == (["594 µs", "594 µs"], "unclear: the interval holds 1")
        assert (graph[1:3], graph[4]) == (["731 µs", "1.09 ms"], "slower")
        assert "matmul of own-run2.json stands beside own-run1.json: commit aaaaaaa and fffffff." in text
        assert "pooled" not in text

    def test_one_commit_may_be_pooled_and_the_table_says_so(self, report, altered):
        path = altered("own-run2", lambda document: document["commit_info"].update(id="a" * 40))
        _, text = report("own-run1", path)
        assert "Files side by side" not in text
        told = (
            "own-run1.json, own-run2-altered.json are pooled, since commit aaaaaaa, machine, set-up and the"
        )
        table = text[text.index("**Time and rate of the products**") :].split("**Implementations")[0]
        assert told in table

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            (lambda d: d.pop("commit_info"), "no commit says that the code is the same"),
            (lambda d: d["commit_info"].update(id="unversioned"), "no commit says that the code is the same"),
            (lambda d: d["commit_info"].update(dirty=True), "the code was changed since commit aaaaaaa"),
            (lambda d: d["likeforlike"].update(options={"warm_up": True}), "does not tell its options"),
            (
                lambda d: [b["extra_info"].update(threads={"asked": 1}) for b in d["benchmarks"]],
                "threads {'asked': 2, 'framework': 2, 'blas': {'openblas': 2}} and {'asked': 1}",
            ),
            (
                lambda d: [b["extra_info"].update(flop=5e8) for b in d["benchmarks"]],
                "operations 250,000,000 and 500,000,000",
            ),
        ],
    )
    def test_what_does_not_say_that_it_is_the_same_is_not_pooled(self, report, altered, change, reason):
        def of_one_commit(document):
            document["commit_info"]["id"] = "a" * 40
            change(document)

        _, text = report("own-run1", altered("own-run2", of_one_commit))
        assert "Files side by side" in text
        assert reason in text
        assert "are pooled" not in text

    def test_other_threads_are_another_machine_under_its_own_name(self, report, altered):
        def threads(document):
            document["commit_info"]["id"] = "a" * 40
            document["machine_info"]["likeforlike"]["threads"] = 1  # and the id stays

        _, text = report("own-run1", altered("own-run2", threads))
        assert "2 machines" in text
        assert "2 x AMD EPYC, 2 threads" in text
        assert "2 x AMD EPYC, 1 thread " in text

    def test_without_a_commit_the_source_code_is_what_is_the_same(self, report, altered):
        def installed(document):
            document["commit_info"] = {}
            document["likeforlike"]["code"] = {"likeforlike": "0" * 64}

        _, text = report(altered("own-run1", installed), altered("own-run2", installed))
        assert (
            "are pooled, since source code, machine, set-up and the options that say how to measure are the same"
            in text
        )

    def test_other_options_are_not_pooled(self, report, altered):
        def options(**given):
            def change(document):
                document["commit_info"]["id"] = "a" * 40
                document["likeforlike"]["options"] = given

            return change

        budget = {"min_rounds": 5, "sizes": {}}
        first = altered("own-run1", options(warm_up=True, **budget))
        alike = altered("own-run2", options(warm_up=True, min_rounds=50, sizes={"matmul": [500]}))
        other = altered("own-run2", options(warm_up=False, **budget), "cold")
        assert "are pooled" in report(first, alike)[1]
        _, text = report(first, other)
        assert "warm_up True and False" in text
        assert "No verdict on" in text  # a cold call and a warm one are two questions

    def test_a_name_twice_in_a_plain_file_is_not_averaged(self, report, altered):
        def twice(document):
            (entry,) = document["benchmarks"]
            again = json.loads(json.dumps(entry))
            again["stats"]["data"] = [3 * sample for sample in again["stats"]["data"]]
            document["benchmarks"].append(again)

        findings, _ = report(altered("fw-a", twice))
        assert "fw-a-altered.json (2) takes ×3.00" in findings

    def test_many_files_have_a_row_each(self, report, altered):
        def at(day):
            return lambda document: document.update(datetime=f"2030-02-0{day}T00:00:00")

        _, text = report(*(altered("fw-a", at(day), f"day-{day}") for day in range(1, 7)))
        rows = [row for row in rows_of(text, "test_b.py::test_matmul[1000]") if row[1].startswith("day-")]
        assert [row[-1] for row in rows] == ["–", *["unclear: the interval holds 1"] * 5]


class TestMachines:
    def test_a_machine_is_found_by_the_id_in_any_of_its_files(self, report):
        assert "1 machine" in report("own-mem-a", "own-mem-b", baseline="6ad545")[1]

    def test_memory_that_the_kernel_keeps_makes_no_other_machine(self, report):
        _, text = report("own-mem-a", "own-mem-b")
        assert text.splitlines()[2].startswith("2 files, 1 machine, 1 cell,")

    @pytest.mark.parametrize(("gibibytes", "machines"), [(23.4, 1), (23.9, 1), (31.3, 2), (12.0, 2)])
    def test_how_far_memory_may_differ(self, report, altered, gibibytes, machines):
        def memory(document):
            told = document["machine_info"]["likeforlike"]
            told |= {"memory_bytes": int(gibibytes * 2**30), "id": "0123456789ab"}

        _, text = report("own-mem-a", altered("own-mem-b", memory))
        assert f"2 files, {machines} machine" in text
        if machines == 2:
            assert f"2 x AMD EPYC, {gibibytes} GiB memory" in text
            assert ["memory", "23.5 GiB", f"{gibibytes} GiB"] in rows_of(text, "memory")

    def test_two_without_a_processor_name_are_not_one(self, report, altered):
        def unnamed(document):
            del document["machine_info"]["cpu"]["brand_raw"]

        _, text = report(altered("fw-a", unnamed), altered("fw-b", unnamed))
        assert "2 files, 2 machines, 2 cells" in text
        assert "of fw-a-altered.json" in text
        assert "×9.99 (9.18 to 10.9)°" in text

    def test_our_own_without_a_processor_name_neither_unless_a_gpu_proves_it(self, report, altered):
        def unnamed(gpus):
            def change(document):
                document["machine_info"]["likeforlike"]["cpu"]["model"] = None
                document["machine_info"]["likeforlike"]["gpus"] = gpus

            return change

        gpu = [{"name": "NVIDIA A100", "uuid": "GPU-1", "memory_bytes": 42949672960}]
        for gpus, machines in ((gpu, 1), ([], 2)):
            paths = altered("own-run1", unnamed(gpus)), altered("own-run2", unnamed(gpus))
            assert f"2 files, {machines} machine" in report(*paths)[1]

    @pytest.mark.parametrize(
        ("change", "names"),
        [
            (lambda m: m["gpus"][0].update(driver="560.2"), ("GPU 0 driver 550.1", "GPU 0 driver 560.2")),
            (
                lambda m: m["versions"].update(tensorflow="2.20.0"),
                ("tensorflow 2.21.0", "tensorflow 2.20.0"),
            ),
            (lambda m: m.update(precision_mode="tf32"), ("precision mode ieee", "precision mode tf32")),
        ],
    )
    def test_a_machine_is_named_by_what_differs(self, report, altered, change, names):
        path = altered("own-gpu-a100", lambda d: change(d["machine_info"]["likeforlike"]))
        _, text = report("own-gpu-a100", path)
        for name in names:
            assert f"2 x AMD EPYC + A100-SXM4-40GB, {name}" in text


class TestMeans:
    def test_of_a_machine_with_two_files_it_is_said_which_is_the_base(self, report, altered):
        def elsewhere(document):
            document["machine_info"]["cpu"]["brand_raw"] = "Other CPU"

        findings, _ = report("fw-a", "fw-b", altered("fw-a", elsewhere))
        assert "the time of fw-a.json on 8 x Example 1000 (test_b.py" in findings

    def test_a_gpu_is_compared_over_its_own_cells(self, report):
        findings, text = report("own-gpu-h100", "own-gpu-a100", baseline="A100")
        assert "×0.701" not in text
        told = (
            "2 x AMD EPYC + H100 80GB HBM3 takes ×0.388 the time of 2 x AMD EPYC + A100-SXM4-40GB on gpu:0 at "
            "matmul, the geometric mean of 3 cells: tf-eager 2000 float32 ×0.337, tf-eager 1000 float32 ×0.357, "
            "tf-eager 500 float32 ×0.486 (faster in 3)."
        )
        assert told in findings
        assert "on cpu:0 at matmul, the geometric" not in findings  # two runs can't tell that it is the same
        gpu, cpu = (
            next(row for row in rows_of(text, "2 x AMD EPYC + H100") if row[1] == device)
            for device in ("gpu:0", "cpu:0")
        )
        assert gpu[2:5] == ["matmul", "×0.388", "3"]
        assert cpu[2:5] == ["matmul", "×1.00", "6"]


class TestGates:
    LIMIT = ("--fail-if-slower", "5%")

    def test_without_samples_the_summary_decides(self, against):
        status, out, _ = against("nodata-before", "nodata-now", *self.LIMIT)
        assert status == 1
        assert "| 4,000 | ×7.00 (6.44 to 7.61) | SLOWER |" in out
        assert "1 cell measured in one launch, or by another tool: intervals are widened by what" in out
        assert "the samples were not saved of 1 cell (--benchmark-save leaves them out; use " in out
        assert "more round" not in out

    def test_without_samples_and_spread_nothing_is_judged(self, against, altered):
        def bare(document):
            (entry,) = document["benchmarks"]
            entry["stats"] = {key: entry["stats"][key] for key in ("median", "rounds", "iterations")}

        status, out, error = against(altered("nodata-before", bare), altered("nodata-now", bare), *self.LIMIT)
        assert status == 2
        assert "the samples were not saved, nor anything that says how far they scatter" in error
        assert "1 cell not judged" in out

    def test_the_report_shows_rounds_that_were_not_saved(self, report):
        _, text = report("nodata-before", "nodata-now")
        row = rows_of(text, "test_step")[-1]
        assert row[1:] == ["nodata-now.json", "14 ms", "13.7 ms", "1.0 %", "4,000 §"]
        assert "--benchmark-save leaves samples out" in text
        assert "×7.00" in text

    def test_five_rounds_against_five(self, against):
        status, out, _ = against("five-before", "five-now", *self.LIMIT)
        assert status == 1
        assert "×2.50 (2.29 to 2.72) | SLOWER" in out

    def test_five_that_overlap_pass(self, against):
        status, out, _ = against("five-before", "five-before", *self.LIMIT)
        assert status == 0
        assert "1 of 1 cell judged" in out

    def test_one_round_against_one(self, against, altered):
        def once(document):
            (entry,) = document["benchmarks"]
            data = entry["stats"]["data"][:1]
            entry["stats"] |= {"data": data, "rounds": 1, "median": data[0], "stddev": 0}

        status, out, error = against(altered("five-before", once), altered("five-now", once), *self.LIMIT)
        assert status == 2
        assert "no verdict: one round each" in out
        assert "the only cell could not be judged: one round each" in error

    def test_unlike_options_withhold_the_verdict(self, against):
        status, out, error = against("timer-wall", "timer-cpu", *self.LIMIT)
        assert status == 2
        told = (
            "measured with unlike options: timer perf_counter and process_time; garbage collection on and off"
        )
        assert told in out
        assert told in error
        assert "SLOWER" not in out

    def test_the_report_withholds_it_too(self, report):
        findings, text = report("timer-wall", "timer-cpu")
        assert (
            "! No verdict on 1 cell of timer-wall.json and timer-cpu.json: measured with unlike" in findings
        )
        assert ["timer", "perf_counter", "process_time"] in rows_of(text, "timer")

    @pytest.mark.parametrize(
        ("options", "calls", "told"),
        [
            ({"warmup": 100000}, 1, "warm-up no and yes"),
            ({"disable_gc": True}, 1, "garbage collection on and off"),
            ({"timer": "time.process_time"}, 1, "timer perf_counter and process_time"),
            ({}, 10, "1 and 10 calls a round"),
        ],
    )
    def test_each_of_them(self, against, altered, options, calls, told):
        def change(document):
            (entry,) = document["benchmarks"]
            entry["options"] |= options
            entry["stats"]["iterations"] = calls

        status, out, _ = against("five-before", altered("five-now", change), *self.LIMIT)
        assert status == 2
        assert f"measured with unlike options: {told}" in out

    @pytest.mark.parametrize(
        "options", [{"min_rounds": 50}, {"max_time": 9.0}, {"timer": "time:perf_counter"}]
    )
    def test_options_that_make_nothing_unlike(self, against, altered, options):
        path = altered("five-now", lambda document: document["benchmarks"][0]["options"].update(options))
        assert against("five-before", path, *self.LIMIT)[0] == 1

    def test_calls_that_the_tool_chose_are_told_and_judged(self, against, altered):
        """A function that became ten times slower is called less often a round: that must not hide it."""

        def microseconds(seconds, calls):
            def change(document):
                (entry,) = document["benchmarks"]
                data = [seconds * sample for sample in (1.0, 1.01, 1.02, 1.01, 1.0)]
                entry["stats"] |= {"data": data, "median": data[1], "iterations": calls}

            return change

        before, now = (
            altered("five-before", microseconds(6e-7, 9)),
            altered("five-now", microseconds(6e-6, 1)),
        )
        status, out, _ = against(before, now, *self.LIMIT)
        assert status == 1
        assert "9 and 1 calls a round, as the tool chose them in 1 cell" in out


class TestUnits:
    def test_almost_a_unit_is_the_next(self, report):
        _, text = report("almost-a-second")
        shown = [rows_of(text, f"test_{name}")[0][1].partition(" (")[0] for name in "xyz"]
        assert shown == ["1 s", "1 ms", "1 µs"]
        assert "e+" not in text

    def test_an_interval_has_its_figures_unit(self, report, altered):
        def nanoseconds(document):
            data = [2.68e-7, 2.69e-7, 2.7e-7, 2.7e-7, 2.71e-7, 2.72e-7, 2.73e-7, 2.7e-7]
            document["benchmarks"] = document["benchmarks"][:1]
            document["benchmarks"][0]["stats"] |= {"data": data, "rounds": 8, "median": 2.7e-7}

        _, text = report(altered("almost-a-second", nanoseconds))
        (row,) = rows_of(text, "test_x")
        assert row[1] == "270 ns (268 to 273)"
        assert ", 1 cell, " in text
        assert "1 cells" not in text
