"""The notebook of 2020 as a result file: every figure of its source, and what the report makes of it."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

import pytest
import report_samples as samples
from report_hostile import read

from likeforlike.reports.read.files import published_names, read_named, read_results
from likeforlike.reports.tell.report import build_report
from likeforlike.reports.write.markdown import to_markdown

SOURCE = json.loads(
    Path(__file__).parents[1].joinpath("data").joinpath("notebook-2020-as-printed.json").read_text()
)
SHIPPED = json.loads(
    resources.files("likeforlike.reports").joinpath("published/notebook-2020.json").read_text()
)


def numbers(value):
    """Every number in a document."""
    if isinstance(value, bool):
        return set()
    if isinstance(value, int | float):
        return {float(value)}
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return set().union(*(numbers(item) for item in items))


@pytest.fixture(scope="module")
def notebook():
    return read_named("notebook-2020")


class TestFigures:
    def test_every_number_of_the_source_is_there(self):
        # Sizes, accuracies, losses, times as printed: none is lost, milliseconds and microseconds included.
        assert numbers(SOURCE) - numbers(SHIPPED) == set()

    @pytest.mark.parametrize("number", [0, 1])
    def test_epochs(self, notebook, number):
        source, cell = SOURCE["training"]["runs"][number], notebook.cells[number]
        assert cell.extra.implementation == source["implementation"]
        assert len(cell.extra.epochs) == len(source["epochs"]) == 70
        for epoch, printed in zip(cell.extra.epochs, source["epochs"], strict=True):
            for field in ("epoch", "loss", "accuracy", "val_loss", "val_accuracy"):
                assert getattr(epoch, field) == printed[field]
            # Keras printed whole seconds, but microseconds a sample; the hand-written loop hundredths.
            if source["implementation"] == "keras-fit":
                assert epoch.train_seconds == pytest.approx(printed["microseconds_per_sample"] * 0.06)
            else:
                assert epoch.train_seconds == printed["seconds"]

    def test_seconds_and_microseconds_as_printed(self):
        for source, entry in zip(SOURCE["training"]["runs"], SHIPPED["benchmarks"], strict=False):
            for printed, epoch in zip(source["epochs"], entry["extra_info"]["epochs"], strict=True):
                assert epoch["printed_seconds"] == printed["seconds"]
                assert epoch["printed_microseconds_per_sample"] == printed["microseconds_per_sample"]

    def test_recipes(self, notebook):
        for source, cell in zip(SOURCE["training"]["runs"], notebook.cells, strict=False):
            for field in ("batch_size", "epochs", "bias", "dropout_at_evaluation"):
                assert cell.extra.recipe[field] == source["recipe"][field]

    def test_products(self, notebook):
        printed = {
            (run["label"], row["device"].lower() + ":0", row["size"]): row["milliseconds"] / 1000
            for run in SOURCE["matmul"]["runs"]
            for row in run["rows"]
        }
        labels = ("first table", "second table")
        found = {
            (labels[cell.extra.axes["run"]], cell.extra.device, cell.extra.axes["size"]): cell.samples[0]
            for cell in notebook.cells
            if cell.extra.workload == "matmul"
        }
        assert found == pytest.approx(printed, rel=1e-15)

    def test_the_rest_as_printed(self, notebook):
        published = SHIPPED["likeforlike"]["published"]
        assert published["summary_as_printed"] == SOURCE["training"]["summary_as_printed"]
        assert published["jacobian"] == SOURCE["jacobian"]
        assert published["eigen"] == SOURCE["eigen"]
        assert list(notebook.notes) == SOURCE["known_faults"]
        totals = [cell.extra.total_seconds for cell in notebook.cells[:2]]
        assert totals == [7 * 60 + 54, 9 * 60 + 58]


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    path = samples.write(tmp_path_factory.mktemp("mine") / "mine.json", samples.quick_run())
    return build_report([read_named("notebook-2020"), read_results(path)])


@pytest.fixture(scope="module")
def text(report):
    return to_markdown(report)


class TestReport:
    def test_its_summary_has_its_rows(self, text):
        lines = [" ".join(line.split()) for line in text.splitlines()]
        for expected in (
            "| Accuracy, test | 88.82 % | 89.54 % |",
            "| Loss, test | 0.4911 | 0.4992 |",
            "| Total time | 9 m 58 s | 7 m 54 s |",
            "| Accuracy, train | 96.18 % | 95.59 % |",
        ):
            assert expected in lines

    def test_several_seeds_are_told_with_how_far_they_lie_apart(self, text):
        summaries = [line for line in text.splitlines() if line.startswith("| Accuracy, test")]
        assert sorted("2 seeds)" in line for line in summaries) == [False, True]

    def test_its_gpu_column_is_implausible_as_a_whole(self, text):
        for size in (500, 1000, 5000, 10000):
            assert f"| ~~matmul tf-eager gpu:0 {size} float32~~ | notebook of 2020 | implausible" in " ".join(
                text.split()
            )
        assert "4 figures on gpu:0 of notebook of 2020 can't be true" in text

    def test_no_finding_rests_on_it(self, text):
        picture, _, findings = text.split("## Findings")[1].split("> [!WARNING]")[0].partition("\n- ")
        assert "notebook of 2020" not in findings
        assert "Hollow: answers not checked." in picture  # where its only pair stands, marked

    def test_ones_own_run_stands_beside_it_epoch_by_epoch(self, text):
        section = text.split("## Beside the published figures")[1].split("\n## ")[0]
        assert "keras-fit under keras-2020: 9 epochs both have" in section
        assert "eager-loop under manual-2020: 9 epochs both have" in section
        assert "85.14 %" in section  # its first epoch's validation accuracy

    def test_what_one_side_alone_states_is_no_difference(self, text):
        section = text.split("## Beside the published figures")[1].split("\n## ")[0]
        assert "Stated by notebook of 2020 alone: execution_as_printed eager, no tf.function" in section
        assert "beta_1 0.9" in section
        assert "not stated" not in section

    def test_an_unknown_device_has_no_share_of_its_ceiling_but_an_impossible_one(self, report, text):
        (table,) = (table for table in report.tables if table.name == "products")
        rows = [dict(zip(table.columns, made.entries, strict=True)) for made in table.rows]
        (row,) = (row for row in rows if row["gpu:0 rate"].text == "5.19 PFLOP/s")
        assert row["cpu:0 of ceiling"].text == "–"
        assert row["gpu:0 of ceiling"].text.startswith("3,1")  # in per cent
        assert row["gpu:0 of ceiling"].struck
        lines = [[part.strip() for part in line.split("|")] for line in text.splitlines()]
        growth = next(
            line for line in lines if line[1:5] == ["tf-eager", "float32", "cpu:0", "notebook of 2020"]
        )
        assert growth[7] == "not known"

    def test_each_machine_has_its_plot_of_the_products(self, text):
        captions = [line for line in text.splitlines() if line.startswith("*Rate of a float32 product")]
        assert [" on notebook of 2020: operations" in line for line in captions] == [False, True]
        assert "](plots/products-over-size-2.png)" in text

    def test_unequal_work_is_named_not_compared(self, text):
        assert "Not compared: matmul tf-eager cpu:0 1000 float32" in text
        assert "timing synchronised and unsynchronised" in text


@pytest.mark.parametrize(
    ("keras", "manual", "told"), [(1, 1, ";"), (2, 2, ", mean of 2 runs;"), (2, 3, ", mean of 3 and 2 runs;")]
)
def test_of_how_many_runs_each_column_is_the_mean(keras, manual, told):
    """In the order of the columns: the hand-written trainer stands first."""
    noise = samples.Noise(3)
    cells = [samples.training("keras-fit", samples.KERAS_2020, n, noise, 9.0, 9) for n in range(keras)]
    cells += [samples.training("eager-loop", samples.MANUAL_2020, n, noise, 23.0, 9) for n in range(manual)]
    made = build_report([read(samples.document(cells, noise=None), "r.json")])
    (note,) = (table.note for table in made.tables if table.name == "keras-and-manual")
    assert note.startswith(f"After the last epoch{told} time per epoch is a median")


def test_a_file_of_that_name_goes_before_the_published_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "notebook-2020" in published_names()
    samples.write(tmp_path / "notebook-2020", samples.quick_run())
    assert read_named("notebook-2020").run_id == "run-1"
