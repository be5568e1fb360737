"""What the sections show of several devices."""

from __future__ import annotations

import pytest
import report_samples as samples
from report_hostile import read

from likeforlike.reports.tell.report import build_report
from likeforlike.reports.write.markdown import to_markdown


class TestWhatIsShownOfDevices:
    def test_bars_and_floors_are_of_one_device_each(self):
        noise = samples.Noise(1)
        runs = [
            samples.training(name, recipe, 0, noise, seconds * share, 9, device=device)
            for recipe in (samples.RECIPE, samples.RECIPE | {"name": "other"})
            for device, share in (("cpu:0", 1.0), ("gpu:0", 0.1))
            for name, seconds in (("keras-fit", 5.0), ("torch-loop", 4.0), ("floor", 0.7))
        ]
        machine = samples.fingerprint(gpus=[samples.A100])
        report = build_report([read(samples.document(runs, machine), "a.json")])
        told = [
            block.alternative
            for section in report.sections
            for block in section.blocks
            if getattr(block, "name", "").startswith("seconds-per-epoch")
        ]
        assert ["cpu:0" in text for text in told] == [True, False] * 2
        assert ["gpu:0" in text for text in told] == [False, True] * 2
        assert [text.split("floor at ")[1][:3] for text in told] == ["0.7", "0.0"] * 2
        names = [
            block.name for section in report.sections for block in section.blocks if hasattr(block, "name")
        ]
        assert len(set(names)) == len(names)
        assert "speed-up over cpu:0" in to_markdown(report)

    def test_a_floor_s_marks_are_explained_where_nothing_else_is_compared(self):
        """One trainer and a floor, launched once: their ratio is the report's only one."""
        noise = samples.Noise(1)
        runs = [
            samples.training(name, samples.RECIPE, 0, noise, seconds, 9)
            for name, seconds in (("torch-loop", 4.0), ("floor", 0.7))
        ]
        text = to_markdown(build_report([read(samples.document(runs, samples.fingerprint()), "a.json")]))
        assert "×5.7" in text
        assert ")° |" in text
        assert "° Not sure: measured in one launch, or by another tool; the interval is widened" in text

    @pytest.mark.parametrize(
        ("devices", "title"),
        [
            (("cpu:0",), "Matrix products"),
            (("gpu:0",), "Matrix products"),
            (("cpu:0", "gpu:0"), "Matrix products, CPU against GPU"),
        ],
    )
    def test_a_title_says_which_devices_stand_against_each_other(self, devices, title):
        cells = [
            samples.cell("matmul", "mine", device, {"size": size, "dtype": "float32"}, [0.01] * 8)
            for size in (500, 1000)
            for device in devices
        ]
        made = samples.document(cells, samples.fingerprint(gpus=[samples.A100]))
        assert f"\n## {title}\n" in to_markdown(build_report([read(made, "a.json")]))

    @pytest.mark.parametrize(("rounds", "told"), [(8, "about 707"), (3, "–")])
    def test_a_crossover_rests_on_sure_verdicts(self, rounds, told):
        """By hand: at 500 half as fast, at 1000 twice; equal in between, at 500 times the root of 2."""
        cells = [
            samples.cell(
                "matmul",
                "mine",
                device,
                {"size": size, "dtype": "float32"},
                [seconds] * rounds,
                flop=2.0 * size**3,
                launch_numbers=[number // 3 for number in range(rounds)],
            )
            for size, seconds, share in ((500, 0.01, 2.0), (1000, 0.08, 0.5))
            for device, seconds in (("cpu:0", seconds), ("gpu:0", seconds * share))
        ]
        text = to_markdown(
            build_report([read(samples.document(cells, samples.fingerprint(gpus=[samples.A100])), "a.json")])
        )
        lines = [[part.strip() for part in line.split("|")] for line in text.splitlines()]
        (row,) = (line for line in lines if line[1:4] == ["mine", "float32", "gpu:0"] and len(line) == 10)
        assert row[7] == told

    def test_a_plot_of_many_series_shows_every_device(self):
        cells = [
            samples.cell(
                "matmul", f"k{number}", device, {"size": size, "dtype": "float32"}, [1e-8 * size**2] * 6
            )
            for device in ("cpu:0", "gpu:0")
            for number in range(8)
            for size in (500, 1000)
        ]
        machine = samples.fingerprint(gpus=[samples.A100])
        text = to_markdown(build_report([read(samples.document(cells, machine), "a.json")]))
        (told,) = (line for line in text.splitlines() if line.startswith("![Lines of time over the fastest"))
        assert told.count("on gpu:0") == told.count("on cpu:0") == 4

    def test_workers_that_are_no_count_are_one(self):
        noise = samples.Noise(1)
        run = samples.training("mirrored", samples.RECIPE, 0, noise, 5.0, 9)
        run["extra_info"] |= {"workload": "distributed", "axes": {"recipe": "matched", "workers": "two"}}
        text = to_markdown(build_report([read(samples.document([run]), "a.json")]))
        assert "Scaling with workers" in text


class TestPeakMemory:
    def tables(self, *memory):
        """Tables of trainers and products; of each pair of trainers' runs what they held of host and device."""
        noise = samples.Noise(1)
        cells = samples.products(noise, sizes=(500,))
        for name, runs in zip(("keras-fit", "torch-loop"), memory, strict=True):
            for run, (host, device) in enumerate(runs):
                cell = samples.training(name, samples.RECIPE, run, noise, 5.0, 9)
                cell["extra_info"] |= {"peak_memory_bytes": host, "device_peak_memory_bytes": device}
                cells.append(cell)
        report = build_report([read(samples.document(cells), "a.json")])
        return {table.name: table for table in report.tables}

    def column(self, table, name):
        at = table.columns.index(name)
        return {row.entries[0].text: (row.entries[at].text, row.entries[at].value) for row in table.rows}

    def test_the_most_of_all_runs_and_a_dash_where_none_tells_it(self):
        table = self.tables([(3 << 20, None), (5 << 20, None)], [(None, None), (None, 7 << 30)])[
            "matched-default"
        ]
        assert self.column(table, "peak memory") == {
            "keras-fit": ("5 MiB", float(5 << 20)),
            "torch-loop": ("–", None),
        }
        assert self.column(table, "peak device memory") == {
            "keras-fit": ("–", None),
            "torch-loop": ("7,168 MiB", float(7 << 30)),
        }

    def test_without_any_device_memory_there_is_no_column_of_it(self):
        tables = self.tables([(3 << 20, None)] * 2, [(4 << 20, None)] * 2)
        assert "peak device memory" not in tables["matched-default"].columns
        products = tables["matmul-implementations"]
        assert set(self.column(products, "peak memory").values()) == {("–", None)}
        assert {"peak_memory_bytes", "peak_device_memory_bytes"} < set(tables["cells"].columns)
