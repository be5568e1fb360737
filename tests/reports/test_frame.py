"""``likeforlike.read``: its columns, what it flags, plain files, several files, and what it refuses."""

from __future__ import annotations

import re
import warnings

import numpy as np
import pytest
import report_hostile as hostile
import report_samples as samples
from report_frames import DOCUMENT, PUBLISHED, known, published, same

import likeforlike

pd = pytest.importorskip("pandas", reason="pandas is not installed: pip install 'likeforlike[pandas]'")


class TestColumns:
    @pytest.mark.parametrize("rows", [True, False])
    def test_no_column_is_a_mixture(self, rows, write):
        mine = write("mine.json", samples.quick_run(gpu=True))
        plain = write("plain.json", samples.plain_run({"t.py::test_a": [0.1, 0.2]}))
        frame = likeforlike.read(mine, plain, *PUBLISHED, samples=rows)
        assert {str(kind) for kind in frame.dtypes} <= {
            "string", "Int64", "float64", "boolean", "datetime64[us, UTC]"
        }  # fmt: skip
        assert not frame.columns.has_duplicates

    @pytest.mark.parametrize("rows", [True, False])
    def test_the_document_has_every_column_with_its_type(self, rows):
        told = dict(re.findall(r"^\| `(\w+)` \| ([^|]+) \|", DOCUMENT, re.MULTILINE))
        frame = likeforlike.read("notebook-2020", samples=rows)
        axes = {"size": "Int64", "dtype": "string"}
        assert {name: str(kind) for name, kind in frame.dtypes.items()} == {
            name: kind for name, kind in (told | axes).items() if name in frame
        }
        other = likeforlike.read("notebook-2020", samples=not rows)
        assert set(told) <= set(frame) | set(other)

    def test_no_columns_come_or_go_with_the_files(self, write):
        for rows in (True, False):
            empty = likeforlike.read(write("empty.json", samples.document([])), samples=rows)
            full = likeforlike.read("kernels-2026", "recipes-2026", samples=rows)
            assert len(empty) == 0
            assert [name for name in full if name not in ("size", "dtype", "what")] == list(empty)
            kinds = full.dtypes.drop(["size", "dtype", "what", "run", "recipe"])
            assert (empty.dtypes[kinds.index] == kinds).all()

    def test_what_a_row_is_of_is_never_missing(self, write):
        plain = write("plain.json", samples.plain_run({"t.py::test_a": [0.1, 0.2]}))
        mine = write("mine.json", samples.quick_run())
        frame = likeforlike.read(plain, mine, *PUBLISHED, samples=False)
        keys = [
            "file",
            "machine",
            "machine_id",
            "workload",
            "implementation",
            "device",
            "axes",
            "run",
            "cell",
        ]
        assert frame[keys].notna().all(axis=None)
        assert frame.groupby(keys)["outcome"].size().sum() == len(frame)

    def test_axes_are_columns_typed_by_their_values(self, write):
        def cell(**axes):
            return samples.cell("mine", "numpy", "cpu:0", axes, [0.1, 0.2])

        cells = [
            cell(size=3, rate=1, sparse=True, order="C", device="far"),
            cell(size=4, rate=0.5, sparse=False, order=7, device="near"),
            cell(nothing=None, run=2),
        ]
        frame = likeforlike.read(write("axes.json", samples.document(cells)), samples=False)
        assert frame["size"].dtype == "Int64"
        same(frame["size"], [3, 4, None])
        assert frame["rate"].dtype == "float64"
        same(frame["rate"], [1.0, 0.5, None])
        assert frame["sparse"].dtype == "boolean"
        same(frame["sparse"], [True, False, None])
        assert frame["order"].dtype == "string"
        same(frame["order"], ["C", "7", None])
        same(frame["axis_device"], ["far", "near", None])
        same(frame["device"], ["cpu:0"] * 3)
        same(frame["nothing"], [None] * 3)
        same(frame["run"], [0, 0, 2])
        assert frame["axes"][0] == "3 rate=1 sparse=True order=C device=far"
        assert frame["axes"][2] == "nothing=None"

    def test_an_axis_takes_no_column_of_ours(self, write):
        taken = [name for rows in (True, False) for name in likeforlike.read("notebook-2020", samples=rows)]
        axes = {name: "mine" for name in ("axis_seconds", *taken) if name not in ("run", "recipe")}
        cell = samples.cell("mine", "numpy", "cpu:0", axes, [0.1, 0.2])
        path = write("axes.json", samples.document([cell]))
        for frame in (likeforlike.read(path), likeforlike.read(path, samples=False)):
            assert not frame.columns.has_duplicates
            assert (frame["axis_seconds"] == "mine").all()
            assert (frame == "mine").to_numpy(dtype=bool, na_value=False).sum() == len(frame) * (
                len(axes) + 1
            )

    @pytest.mark.parametrize("rows", [True, False])
    def test_hostile_names_are_text(self, rows, write):
        document = hostile.evil_document()
        frame = likeforlike.read(write("evil.json", document), samples=rows)
        cells = document["benchmarks"]
        missing = document["likeforlike"]["unmeasured"]
        expected = sum(cell["stats"]["rounds"] for cell in cells) if rows else len(cells) + len(missing)
        assert len(frame) == expected
        assert all(
            text.isprintable() for name in frame.select_dtypes("string") for text in frame[name].dropna()
        )

    def test_a_recipe_need_not_be_an_axis(self, write):
        cells = [
            samples.cell("mine", "loop", "cpu:0", {}, [0.1], recipe={"name": "short"}),
            samples.cell("mine", "loop", "cpu:0", {"recipe": "long"}, [0.1]),
            samples.cell("mine", "loop", "cpu:0", {"recipe": 5}, [0.1]),
        ]
        frame = likeforlike.read(write("recipes.json", samples.document(cells)))
        same(frame["recipe"], ["short", "long", "5"])

    def test_memory_and_transfer(self, write):
        moved = {"to_device_seconds": [0.01, 0.02, 0.06], "to_host_seconds": [0.1, 0.2, 0.3]}
        extra = {
            "transfer": moved,
            "peak_memory_bytes": 2**40,
            "device_peak_memory_bytes": 5,
            "concurrent": True,
        }
        cell = samples.cell("matmul", "tf", "gpu:0", {"size": 9}, [0.1, 0.2, 0.3], **extra)
        path = write("moved.json", samples.document([cell]))
        frame, cells = likeforlike.read(path), likeforlike.read(path, samples=False)
        same(frame["to_device_seconds"], moved["to_device_seconds"])
        same(cells["to_device_seconds"], [0.02])
        same(cells["to_host_seconds"], [0.2])
        for one in (frame, cells):
            assert (one["peak_memory_bytes"][0], one["device_peak_memory_bytes"][0]) == (2**40, 5)
            assert one["concurrent"].all()

    def test_machine_and_time_of_a_file(self, write):
        one, other = samples.fingerprint("aaaa1111bbbb"), samples.fingerprint("cccc2222dddd")
        cell = samples.cell("matmul", "numpy", "cpu:0", {"size": 9}, [0.1])
        paths = [write(f"{m['id']}.json", samples.document([cell], m)) for m in (one, other)]
        frame = likeforlike.read(*paths)
        assert list(frame["machine_id"]) == ["aaaa1111bbbb", "cccc2222dddd"]
        assert list(frame["machine"]) == [f"2 x Intel Xeon, openblas 0.3.29 {m['id']}" for m in (one, other)]
        assert list(frame["file"]) == ["aaaa1111bbbb.json", "cccc2222dddd.json"]
        assert set(frame["host"]) == {"vm"}
        assert set(frame["file_datetime"]) == {pd.Timestamp("2026-11-23T21:30:00", tz="UTC")}

    @pytest.mark.parametrize("when", ["", "yesterday", "99999-01-01"])
    def test_a_time_that_is_none_is_missing(self, write, when):
        document = samples.plain_run({"t.py::test_a": [0.1]}) | {"datetime": when}
        assert likeforlike.read(write("when.json", document))["file_datetime"].isna().all()


class TestJudgement:
    def disturbed(self, write, rounds):
        data = [0.1, 0.2, 0.3, 0.4, 0.9]
        told = [{"round": number, "reason": "load 3"} for number in rounds]
        numbers = [3, 4, 5, 6, 9]
        cell = samples.cell("mine", "a", "cpu:0", {}, data, disturbed=told, round_numbers=numbers)
        path = write("disturbed.json", samples.document([cell]))
        return likeforlike.read(path), likeforlike.read(path, samples=False).iloc[0]

    def test_a_disturbed_sample_is_kept_and_flagged(self, write):
        frame, cell = self.disturbed(write, [9])
        same(frame["round"], [3, 4, 5, 6, 9])
        same(frame["disturbed"], [False] * 4 + [True])
        same(frame["disturbed_reason"], [None] * 4 + ["load 3"])
        assert (cell["median_seconds"], cell["max_seconds"]) == (0.25, 0.4)
        assert (cell["sample_count"], cell["disturbed_count"], cell["disturbed"]) == (5, 1, False)

    def test_what_samples_waited_stands_beside_them(self, write):
        for waits, median in (([0.0, 0.25, 0.5], 0.25), ([0.0, None, 0.5], None)):
            cell = samples.cell("mine", "a", "cpu:0", {}, [1.0, 2.0, 3.0], waited_seconds=waits)
            path = write("waited.json", samples.document([cell]))
            same(likeforlike.read(path)["waited_seconds"], waits)
            same(likeforlike.read(path, samples=False)["waited_seconds"], [median])

    def test_a_cell_disturbed_most_of_its_time_is_disturbed(self, write):
        frame, cell = self.disturbed(write, [3, 4, 9])
        assert frame["disturbed"].sum() == 3
        assert (cell["median_seconds"], cell["disturbed"]) == (0.3, True)
        assert cell["disturbed_reason"] == "3 of 5 samples disturbed: load 3"

    def test_above_the_ceiling_is_implausible(self, write):
        """10,000 products of 10,000 x 10,000 in a second are 2e16 FLOP/s; two cores at 2 GHz do 5e11 at most."""
        cells = [
            samples.cell("matmul", name, "cpu:0", {"size": 10_000}, [seconds] * 3, flop=2e12)
            for name, seconds in (("queued", 1e-4), ("real", 10.0))
        ]
        path = write("queued.json", samples.document(cells))
        for rows in (True, False):
            frame = likeforlike.read(path, samples=rows)
            assert set(frame.loc[frame["implausible"], "implementation"]) == {"queued"}
            assert (
                frame["implausible_reason"]
                .iloc[0]
                .startswith("implies 20 PFLOP/s, above the device's ceiling")
            )
        assert list(frame["flop_per_second"]) == pytest.approx([2e16, 2e11])

    def test_a_wrong_answer_is_not_verified(self, write):
        checks = [{"error": 1e-9, "tolerance": 1e-6}, {"error": 0.1, "tolerance": 1e-6}, None]
        cells = [samples.cell("mine", f"m{i}", "cpu:0", {}, [0.1], verified=c) for i, c in enumerate(checks)]
        same(likeforlike.read(write("wrong.json", samples.document(cells)))["verified"], [True, False, None])

    def test_interval_of_the_median(self, write):
        """Of ten samples the second and the ninth: P(B < 2) of Binomial(10, 1/2) is 11/1024, twice that < 5 %."""
        data = [0.1 * number for number in (5, 3, 8, 1, 10, 7, 2, 9, 4, 6)]
        cells = [
            samples.cell("mine", name, "cpu:0", {}, some)
            for name, some in (("ten", data), ("five", data[:5]))
        ]
        frame = likeforlike.read(write("interval.json", samples.document(cells)), samples=False)
        assert known(frame["median_low_seconds"]) == [pytest.approx(0.2), None]
        assert known(frame["median_high_seconds"]) == [pytest.approx(0.9), None]

    def test_launches_and_twins(self, write):
        axes = {"size": 2}
        more = {"launch_numbers": [0, 0, 2], "launches": [], "group": "g", "import_seconds": 1.5}
        cells = [
            samples.cell("mine", "a", "cpu:0", axes, [0.1, 0.2, 0.3], **more),
            samples.cell("mine", "a-twin", "cpu:0", axes, [0.1] * 3, role="twin", twin_of="a", **more),
        ]
        path = write("launched.json", samples.document(cells))
        frame = likeforlike.read(path)
        same(frame["launch"], [0, 0, 2] * 2)
        same(frame["twin_of"], [None] * 3 + ["a"] * 3)
        cells_frame = likeforlike.read(path, samples=False)
        same(cells_frame["launch_count"], [2, 2])
        same(cells_frame["import_seconds"], [1.5, 1.5])
        plain = likeforlike.read(write("plain.json", samples.plain_run({"t.py::a": [0.1, 0.2]})))
        same(plain["launch"], [None, None])

    def test_rounds_without_numbers_are_no_rounds(self, write):
        cell = samples.cell("mine", "a", "cpu:0", {}, [0.1, 0.2], round_numbers=None)
        frame = likeforlike.read(write("unnumbered.json", samples.document([cell])))
        same(frame["round"], [None, None])
        same(frame["sample"], [0, 1])

    def test_a_cells_epochs_leave_out_the_disturbed_one_and_what_is_not_told_of_all(self, write):
        epochs = [
            {"epoch": number, "train_seconds": seconds, "evaluation_seconds": 1.0, "logging_seconds": logging}
            for number, (seconds, logging) in enumerate([(9, 0), (1, 0), (2, None), (3, 0), (70, 0)], 1)
        ]
        told = {"epochs": epochs, "disturbed": [{"round": 3, "reason": "load 3"}]}
        cell = samples.cell("training", "a", "cpu:0", {"recipe": "r"}, [1.0, 2.0, 3.0, 70.0], **told)
        path = write("epochs.json", samples.document([cell]))
        same(likeforlike.read(path)["epoch_seconds"], [2.0, 3.0, 4.0, 71.0])
        (row,) = likeforlike.read(path, samples=False).to_dict("records")
        assert (row["median_seconds"], row["train_seconds"], row["epoch_seconds"]) == (2.0, 2.0, 3.0)
        assert (row["evaluation_seconds"], row["epoch_count"]) == (1.0, 5)
        assert np.isnan(row["logging_seconds"])

    def test_epochs_that_are_not_the_samples_are_not_put_beside_them(self, write):
        epochs = [{"epoch": 1, "train_seconds": 0.5, "val_accuracy": 0.8}]
        cell = samples.cell("training", "a", "cpu:0", {"recipe": "r"}, [0.1, 0.2], epochs=epochs)
        path = write("epochs.json", samples.document([cell]))
        assert likeforlike.read(path)["epoch"].isna().all()
        cells = likeforlike.read(path, samples=False)
        assert (cells["epoch_count"][0], cells["val_accuracy"][0]) == (1, 0.8)
        assert cells["epoch_seconds"].isna().all()


class TestPlainFiles:
    def test_as_far_as_they_go(self, write):
        times = {"t.py::test_a[3]": [0.1, 0.3, 0.2], "u.py::test_a[3]": [0.5]}
        path = write("plain.json", samples.plain_run(times))
        frame = likeforlike.read(path)
        same(frame["seconds"], [0.1, 0.3, 0.2, 0.5])
        same(frame["implementation"], ["t.py::test_a[3]"] * 3 + ["u.py::test_a[3]"])
        assert set(frame["workload"]) == {"benchmark"}
        assert set(frame["device"]) == {"unstated"}
        assert set(frame["machine"]) == {"8 x AMD EPYC 7763 64-Core"}
        for column in ("round", "division", "timing", "concurrent", "verified", "flop", "peak_memory_bytes"):
            assert frame[column].isna().all()
        assert not frame["disturbed"].any()

    def test_two_files_of_one_test_are_never_averaged(self, write):
        paths = [write(f"{n}.json", samples.plain_run({"t.py::test_a": [n / 10]})) for n in (1, 9)]
        cells = likeforlike.read(*paths, samples=False)
        assert list(cells["file"]) == ["1.json", "9.json"]
        assert list(cells["median_seconds"]) == [0.1, 0.9]

    def test_cells_without_samples(self, write):
        document = samples.plain_run({"t.py::test_a": [0.1, 0.2, 0.6], "t.py::test_b": [0.1]})
        del document["benchmarks"][0]["stats"]["data"]
        path = write("nodata.json", document)
        with pytest.warns(
            UserWarning, match=r"nodata.json has no samples of 1 cell, which have no row"
        ) as caught:
            frame = likeforlike.read(path)
        assert [warning.filename for warning in caught] == [__file__]
        assert list(frame["cell"]) == ["t.py::test_b"]
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            cells = likeforlike.read(path, samples=False)
        assert list(cells["median_seconds"]) == [0.2, 0.1]
        assert list(cells["sample_count"]) == [0, 1]
        assert known(cells["mean_seconds"]) == [None, 0.1]


class TestSeveralFiles:
    def test_rows_in_the_order_of_the_files(self, write):
        frame = likeforlike.read("recipes-2026", "notebook-2020", samples=False)
        expected = [
            cell["extra_info"]["cell"]
            for name in ("recipes-2026", "notebook-2020")
            for cell in published(name)["benchmarks"]
        ]
        assert list(frame.loc[frame["outcome"] == "measured", "cell"]) == expected

    def test_a_file_given_twice_counts_once(self, write):
        document = samples.document([samples.cell("mine", "a", "cpu:0", {}, [0.1, 0.2])])
        paths = [write(name, document) for name in ("one.json", "two.json")]
        with pytest.warns(
            UserWarning, match=r"two.json is the same file as .*one.json, byte for byte"
        ) as caught:
            frame = likeforlike.read(*paths)
        assert [warning.filename for warning in caught] == [__file__]
        assert len(frame) == 2
        assert any("byte for byte" in remark for remark in frame.attrs["remarks"])

    def test_a_resumed_run_and_its_earlier_state(self, write):
        """What failed at first and was measured later is measured; what failed twice failed once."""

        def failed(name):
            return {"cell": f"mine-{name}-cpu:0-", "outcome": "failed", "reason": "no"}

        cells = [samples.cell("mine", name, "cpu:0", {}, [0.1, 0.2]) for name in ("a", "b")]
        early = write("early.json", samples.document(cells[:1], unmeasured=[failed("b"), failed("c")]))
        late = write("late.json", samples.document(cells, unmeasured=[failed("c")]))
        for paths in ((early, late), (late, early)):
            with pytest.warns(UserWarning, match="are of one run: 1 cell of both count once"):
                frame = likeforlike.read(*paths, samples=False)
            with pytest.warns(UserWarning, match="are of one run"):
                rows = likeforlike.read(*paths)
            assert sorted(zip(frame["cell"], frame["outcome"], strict=True)) == [
                ("mine-a-cpu:0-", "measured"),
                ("mine-b-cpu:0-", "measured"),
                ("mine-c-cpu:0-", "failed"),
            ]
            assert len(rows) == 4

    def test_files_of_one_name_are_told_apart(self, write, tmp_path):
        paths = []
        for number, folder in enumerate(("a", "b")):
            (tmp_path / folder).mkdir()
            cell = samples.cell("mine", "x", "cpu:0", {}, [0.1 + number])
            paths.append(write(f"{folder}/run.json", samples.document([cell], run_id=f"run-{number}")))
        assert list(likeforlike.read(*paths)["file"]) == ["a/run.json", "b/run.json"]

    def test_other_work_of_one_name_is_another_measurement(self, write):
        paths = []
        for rate in (0.1, 0.2):
            recipe = {"name": "r", "learning_rate": rate}
            cell = samples.cell("training", "x", "cpu:0", {"recipe": "r"}, [rate], recipe=recipe)
            paths.append(write(f"{rate}.json", samples.document([cell], run_id=str(rate))))
        frame = likeforlike.read(*paths)
        assert list(frame["axes"]) == ["r file=0.1.json", "r file=0.2.json"]
        assert list(frame["recipe"]) == ["r", "r"]
        assert any("0.2.json stands beside 0.1.json" in remark for remark in frame.attrs["remarks"])


def test_unmeasured_cells(write):
    path = write("unmeasured.json", samples.document([], unmeasured=samples.UNMEASURED))
    assert len(likeforlike.read(path)) == 0
    frame = likeforlike.read(path, samples=False)
    assert list(frame["outcome"]) == ["skipped", "out-of-memory", "wrong-answer"]
    assert list(frame["reason"]) == [cell["reason"] for cell in samples.UNMEASURED]
    assert list(frame["implementation"]) == ["torch-compiled", "jax", "unstated"]
    assert list(frame["axes"]) == ["matched", "10000 float32", ""]
    same(frame["size"], [None, 10000, None])
    same(frame["recipe"], ["matched", None, None])
    for column in ("median_seconds", "sample_count", "disturbed", "implausible"):
        assert frame[column].isna().all()


@pytest.mark.parametrize("earlier", ["measured", "failed"])
def test_a_benchmark_without_a_figure_is_told_of_each_file_of_another_tool(write, earlier):
    """That another day's file has it, with a figure or without, does not end it: such files tell no run."""
    name = "test_x.py::test_a"
    first, second = samples.plain_run({name: [0.1, 0.2]}), samples.plain_run({name: [0.1, 0.2]})
    second["datetime"] = "2026-01-02T00:00:00"
    second["benchmarks"][0]["stats"] = None
    if earlier == "failed":
        first["benchmarks"][0]["stats"] = None
    frame = likeforlike.read(write("a.json", first), write("b.json", second), samples=False)
    assert list(frame["file"]) == ["a.json", "b.json"]
    assert list(frame["outcome"]) == [earlier, "failed"]
    assert list(frame["cell"]) == [name, name]


def test_the_cost_of_launching_is_each_cells_own(write):
    """Of two runs of one cell, which are one measurement."""
    cells = []
    for run, seconds in enumerate((1e-6, 3e-6)):
        told = {"back_to_back": {"seconds": [seconds], "calls": 500}}
        axes = {"size": 8, "dtype": "float32", "run": run}
        cells.append(samples.cell("matmul", "numpy", "cpu:0", axes, [0.1, 0.2, 0.3], launch_cost=told))
    frame = likeforlike.read(write("a.json", samples.document(cells)), samples=False)
    assert list(frame["axes"]) == ["8 float32", "8 float32"]
    assert list(frame["back_to_back_seconds"]) == [1e-6, 3e-6]


class TestRefusals:
    def test_a_file_that_is_missing(self, tmp_path):
        with pytest.raises(ValueError, match=r"nowhere.json: can't be read; no such file") as caught:
            likeforlike.read(tmp_path / "nowhere.json")
        assert "\n" not in str(caught.value)

    def test_a_file_that_is_no_result_file(self, tmp_path):
        (tmp_path / "bad.json").write_text('{"benchmarks": 7}')
        with pytest.raises(ValueError, match=r"bad.json: benchmarks: 7; expected") as caught:
            likeforlike.read("notebook-2020", str(tmp_path / "bad.json"))
        assert "\n" not in str(caught.value)

    def test_no_file(self):
        with pytest.raises(
            ValueError, match=r"no result file given; expected a path or a published name: h200"
        ):
            likeforlike.read()

    def test_a_list_is_no_file(self):
        with pytest.raises(TypeError):
            likeforlike.read(["notebook-2020"])
