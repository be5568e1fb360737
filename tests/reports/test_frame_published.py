"""The DataFrame of every published file, and the document's examples, held against the JSON itself."""

from __future__ import annotations

import contextlib
import io
import re
import statistics

import numpy as np
import pytest
from report_frames import DOCUMENT, PUBLISHED, ROOT, known, published, quiet, quiet_epochs, same, warm, whole

import likeforlike

pd = pytest.importorskip("pandas", reason="pandas is not installed: pip install 'likeforlike[pandas]'")


class TestPublishedFiles:
    def test_there_are_some(self):
        assert "notebook-2020" in PUBLISHED
        assert len(PUBLISHED) >= 3

    @pytest.mark.parametrize("name", PUBLISHED)
    def test_every_sample_is_a_row(self, name):
        cells = published(name)["benchmarks"]
        frame = likeforlike.read(name)
        each = [(cell, number) for cell in cells for number in range(len(cell["stats"]["data"]))]
        infos = [cell["extra_info"] for cell, _ in each]
        assert len(frame) == sum(cell["stats"]["rounds"] for cell in cells)
        same(frame["seconds"], (cell["stats"]["data"][number] for cell, number in each))
        same(frame["sample"], (number for _, number in each))
        numbers = [info.get("round_numbers") for info in infos]
        same(frame["round"], (of and of[number] for of, (_, number) in zip(numbers, each, strict=True)))
        for column in ("cell", "workload", "implementation", "device", "division", "framework", "timing"):
            same(frame[column], (info.get(column, "synchronised") for info in infos))
        for column in ("cold_seconds", "setup_seconds", "total_seconds", "flop"):
            same(frame[column], (info.get(column) for info in infos))
        for column in ("peak_memory_bytes", "device_peak_memory_bytes"):
            same(frame[column], (info.get(column) for info in infos))
        for axis in ("size", "dtype", "what", "recipe"):
            if axis in frame:
                same(frame[axis], (info["axes"].get(axis) for info in infos))
        same(frame["run"], (info["axes"].get("run", 0) for info in infos))

    @pytest.mark.parametrize("name", sorted({*PUBLISHED} - {"h200-2026", "kernels-2026"}))
    def test_an_epoch_stands_beside_its_sample(self, name):
        cells = [c for c in published(name)["benchmarks"] if c["extra_info"]["workload"] == "training"]
        frame = likeforlike.read(name)
        frame = frame[frame["workload"] == "training"]
        epochs = [epoch for cell in cells for epoch in warm(cell)]
        assert len(epochs) == len(frame) > 0
        same(frame["epoch"], (epoch["epoch"] for epoch in epochs))
        for part in ("train_seconds", "evaluation_seconds", "logging_seconds"):
            same(frame[part], (epoch[part] for epoch in epochs))
        for figure in ("accuracy", "val_accuracy", "loss", "val_loss"):
            same(frame[figure], (epoch[figure] for epoch in epochs))
        assert list(frame["epoch_seconds"]) == pytest.approx([whole(epoch) for epoch in epochs], rel=1e-12)
        assert list(frame["seconds"]) == list(frame["train_seconds"])

    @pytest.mark.parametrize("name", PUBLISHED)
    def test_every_cell_is_a_row(self, name):
        document = published(name)
        cells, missing = document["benchmarks"], document["likeforlike"]["unmeasured"]
        frame = likeforlike.read(name, samples=False)
        assert len(frame) == len(cells) + len(missing)
        measured, unmeasured = frame[: len(cells)], frame[len(cells) :]
        assert set(measured["outcome"]) == {"measured"}
        same(measured["sample_count"], (len(cell["stats"]["data"]) for cell in cells))
        for column, of in (
            ("median_seconds", np.median),
            ("mean_seconds", np.mean),
            ("min_seconds", np.min),
            ("max_seconds", np.max),
        ):
            assert list(measured[column]) == pytest.approx([of(quiet(cell)) for cell in cells], rel=1e-12)
        last = [(cell["extra_info"].get("epochs") or [{}])[-1] for cell in cells]
        for figure in ("accuracy", "val_accuracy", "loss", "val_loss"):
            same(measured[figure], (epoch.get(figure) for epoch in last))
        for column in ("cell", "outcome", "reason", "workload", "implementation", "device"):
            same(unmeasured[column], (cell[column] for cell in missing))
        assert unmeasured["median_seconds"].isna().all()
        assert measured["reason"].isna().all()

    @pytest.mark.parametrize("name", PUBLISHED)
    def test_a_cells_phases_are_medians_of_its_epochs(self, name):
        frame = likeforlike.read(name, samples=False).set_index("cell")
        for cell in published(name)["benchmarks"]:
            row, epochs = frame.loc[cell["extra_info"]["cell"]], quiet_epochs(cell)
            if not epochs:
                assert pd.isna(row["epoch_seconds"])
                continue
            assert row["epoch_seconds"] == pytest.approx(statistics.median(map(whole, epochs)), rel=1e-12)
            for part in ("train_seconds", "evaluation_seconds", "logging_seconds"):
                values = [epoch[part] for epoch in epochs]
                expected = None if None in values else statistics.median(values)
                assert known([row[part]]) == [expected]

    @pytest.mark.parametrize("name", PUBLISHED)
    def test_disturbed_is_what_the_file_says(self, name):
        frame = likeforlike.read(name)
        expected = {
            (cell["extra_info"]["cell"], item["round"], item["reason"])
            for cell in published(name)["benchmarks"]
            for item in cell["extra_info"].get("disturbed") or ()
        }
        found = frame[frame["disturbed"]]
        assert set(zip(found["cell"], found["round"], found["disturbed_reason"], strict=True)) == expected
        assert frame.loc[~frame["disturbed"], "disturbed_reason"].isna().all()

    def test_the_notebooks_queueing_times_are_implausible(self):
        """From 500 to 10,000 its GPU column takes less than three times as long for 8,000 times the work."""
        cells = published("notebook-2020")["benchmarks"]
        column = [cell for cell in cells if cell["extra_info"]["device"] == "gpu:0"]
        means = [
            statistics.fmean(c["stats"]["median"] for c in column if c["extra_info"]["axes"]["size"] == size)
            for size in (500, 10_000)
        ]
        assert means[1] < 3 * means[0]
        queued = {cell["extra_info"]["cell"] for cell in column}
        assert len(queued) == 8
        for rows in (True, False):
            frame = likeforlike.read("notebook-2020", samples=rows)
            assert set(frame.loc[frame["implausible"], "cell"]) == queued
            assert frame.loc[frame["implausible"], "implausible_reason"].notna().all()
        others = likeforlike.read(*(name for name in PUBLISHED if name != "notebook-2020"))
        assert not others["implausible"].any()

    def test_samples_pair_as_the_readme_has_them(self):
        """Keras under its recipe against the hand-written loop under its own: over runs, each its epochs."""
        frame = likeforlike.read("recipes-2026")
        frame = frame[~frame["disturbed"]].set_index(["file", "group", "run", "round"])
        sides = [
            frame.loc[frame["recipe"] == recipe, "epoch_seconds"] for recipe in ("keras-2020", "manual-2020")
        ]
        ratios = (sides[1] / sides[0]).dropna()
        # of four runs, whose first two epochs are no samples; 26 were disturbed
        assert len(ratios) == 4 * 68 - 26
        told = re.search(r"the loop takes ×([\d.]+)", (ROOT / "README.md").read_text(encoding="utf-8"))
        by_run = np.log(ratios).groupby(level="run").median()
        assert f"{np.exp(by_run.mean()):.2f}" == told[1]


class TestDocument:
    def code(self, name):
        return re.search(rf"<!-- run: {name} -->\n```python\n(.*?)```", DOCUMENT, re.DOTALL)[1]

    def test_three_lines_redraw_the_notebooks_table(self):
        code = self.code("table")
        assert len([line for line in code.splitlines() if line and not line.startswith("import")]) == 3
        names, printed = {}, io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(code, names)
        assert printed.getvalue() in DOCUMENT
        table = names["table"]
        cells = [
            c for c in published("notebook-2020")["benchmarks"] if c["extra_info"]["workload"] == "training"
        ]
        assert list(table) == [cell["extra_info"]["implementation"] for cell in cells]
        assert set(table) == {"keras-fit", "eager-loop"}
        for cell in cells:
            column, info = table[cell["extra_info"]["implementation"]], cell["extra_info"]
            assert column["epoch_seconds"] == statistics.median(cell["stats"]["data"])
            assert column["total_seconds"] == info["total_seconds"]
            assert column["val_accuracy"] == info["epochs"][-1]["val_accuracy"]
            assert column["val_loss"] == info["epochs"][-1]["val_loss"]

    def test_what_is_not_believed_is_left_out(self):
        names = {"likeforlike": likeforlike}  # imported by the block before
        exec(self.code("sound"), names)
        expected = {}
        for cell in published("kernels-2026")["benchmarks"]:
            info = cell["extra_info"]
            axes = " ".join(str(value) for axis, value in info["axes"].items() if axis != "run")
            place = info["workload"], axes, info["device"], info["implementation"]
            expected.setdefault(place, []).extend(quiet(cell))
        medians = {place: statistics.median(data) for place, data in expected.items()}
        assert names["medians"].to_dict() == pytest.approx(medians, rel=1e-12)
