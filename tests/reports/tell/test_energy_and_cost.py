"""Energy stands where time stands, only where it was measured; cost stands beside time to accuracy."""

from __future__ import annotations

import json

import pytest
import report_samples as samples
import report_trainings as trainings

from likeforlike import read
from likeforlike.reports import command
from likeforlike.reports.read.files import read_named
from likeforlike.reports.read.result_file import ResultError
from likeforlike.reports.read.schema.cells import Energy
from likeforlike.reports.sort.beside_time.prices import parse_prices
from likeforlike.reports.tell.report import build_report
from likeforlike.reports.tell.sections.energy import _without

FIGURE = {
    "joules_per_sample": 2.5,
    "low": 2.4,
    "high": 2.6,
    "idle_watts": 21.3,
    "source": "RAPL through powercap: package-0",
    "sample_joules": [2.5] * 3,
}
REASON = "/sys/class/powercap/intel-rapl:0/energy_uj may not be read: root alone may, or all after chmod a+r"


def report_of(tmp_path, *documents, **named):
    files = []
    for number, document in enumerate(documents):
        path = tmp_path / f"{number}.json"
        samples.write(path, document)
        files.append(read_named(str(path)))
    return build_report(files, **named)


def tables(report):
    found = {}
    for section in report.sections:
        for block in section.blocks:
            if hasattr(block, "rows"):
                found[block.name] = block
    return found | {table.name: table for table in report.tables}


def with_energy(**energies):
    document = samples.quick_run()
    for cell in document["benchmarks"]:
        told = energies.get(cell["extra_info"]["workload"])
        if told is not None:
            cell["extra_info"]["energy"] = told
    return document


def test_a_file_without_energy_has_no_column_for_it(tmp_path):
    for table in tables(report_of(tmp_path, samples.quick_run())).values():
        assert not {"energy", "joules_per_sample"} & set(table.columns)
        assert table.name != "energy"


def test_energy_stands_where_it_was_measured_and_tells_by_what(tmp_path):
    found = tables(report_of(tmp_path, with_energy(training=FIGURE)))
    ranking = found["matched-default"]
    place = ranking.columns.index("energy")
    assert {row.entries[place].text for row in ranking.rows} == {"2.5 J (2.4 to 2.6)"}
    assert {row.entries[place].value for row in ranking.rows} == {2.5}
    (row,) = found["energy"].rows
    assert [entry.text for entry in row.entries] == [
        "cpu:0", "21.3 W", "RAPL through powercap: package-0", "none",
    ]  # fmt: skip
    assert not [name for name in found["products"].columns if "energy" in name]
    others = [table for name, table in found.items() if "implementations" in name]
    assert all("energy" not in table.columns for table in others)
    cells = found["cells"]
    told = {row.entries[0].text: row.entries[-1].value for row in cells.rows}
    assert (cells.columns[-1], told["training"]) == ("joules_per_sample", 2.5)


def test_products_have_it_device_by_device(tmp_path):
    products = tables(report_of(tmp_path, with_energy(matmul=FIGURE)))["products"]
    place = products.columns.index("cpu:0 energy")
    assert {row.entries[place].value for row in products.rows} == {2.5}
    assert {len(row.entries) for row in products.rows} == {len(products.columns)}


def test_where_it_is_denied_no_figure_stands_and_the_reason_does(tmp_path):
    found = tables(report_of(tmp_path, with_energy(training={"not_measurable": REASON})))
    assert "energy" not in found["matched-default"].columns
    (row,) = found["energy"].rows
    assert row.entries[1].text == "–"
    assert row.entries[2].text == "not measurable"
    assert REASON in row.entries[3].text


@pytest.mark.parametrize(
    "wrong", [{"joules_per_sample": -1.0}, {"joules_per_sample": "much"}, {"idle_watts": -3}, "much"]
)
def test_energy_that_is_none_is_refused_by_name(tmp_path, wrong):
    with pytest.raises(ResultError, match="energy"):
        report_of(tmp_path, with_energy(training=wrong))


def test_a_frame_has_it(tmp_path):
    path = tmp_path / "r.json"
    samples.write(path, with_energy(training=FIGURE))
    frame = read(str(path))
    assert set(frame[frame.workload == "training"].joules_per_sample) == {2.5}
    assert frame[frame.workload != "training"].joules_per_sample.isna().all()


def test_several_runs_give_their_median_and_the_widest_range(tmp_path):
    document = with_energy(training=FIGURE)
    cells = [cell for cell in document["benchmarks"] if cell["extra_info"]["implementation"] == "keras-fit"]
    of_keras = [cell for cell in cells if cell["extra_info"]["recipe"]["name"] == "matched"]
    for cell, joules in zip(of_keras, (2.0, 4.0), strict=False):
        cell["extra_info"]["energy"] = FIGURE | {
            "joules_per_sample": joules, "low": joules - 0.5, "high": joules + 1,
        }  # fmt: skip
    ranking = tables(report_of(tmp_path, document))["matched-default"]
    place = ranking.columns.index("energy")
    (told,) = [row.entries[place].text for row in ranking.rows if row.entries[0].text == "keras-fit"]
    assert told == "3 J (1.5 to 5)"


def priced(tmp_path, *texts):
    document = trainings.document({"keras-fit": [0.9] * 6}, {"keras-fit": 36.0})
    return tables(report_of(tmp_path, document, prices=parse_prices(texts)))["matched-default"]


def column(table, start):
    (place,) = [n for n, name in enumerate(table.columns) if name.startswith(start)]
    return table.rows[0].entries[place]


def test_cost_is_the_hours_to_accuracy_by_their_price(tmp_path):
    table = priced(tmp_path, "2.50")
    seconds = column(table, "time to accuracy").value
    assert column(table, "cost to accuracy").value == pytest.approx(seconds / 3600 * 2.5)
    assert column(table, "cost to accuracy").text.endswith(" EUR")


def test_a_price_may_be_one_machine_s_and_the_last_that_fits_counts(tmp_path):
    seconds = column(priced(tmp_path, "1"), "time to accuracy").value
    assert column(priced(tmp_path, "1", "xeon=36"), "cost").value == pytest.approx(seconds / 100)
    assert column(priced(tmp_path, "xeon=1", f"{samples.OWN[:5]}=36"), "cost").value == pytest.approx(
        seconds / 100
    )
    assert column(priced(tmp_path, "a100=36"), "cost").text == "–"


def test_without_a_price_there_is_no_cost(tmp_path):
    assert not [name for name in priced(tmp_path).columns if "cost" in name]


@pytest.mark.parametrize("text", ["", "cheap", "-1", "0", "inf", "nan", "=2", "a100=", "2 EUR"])
def test_a_bad_price_is_one_line_and_status_2(tmp_path, capsys, text):
    path = tmp_path / "r.json"
    samples.write(path, samples.quick_run())
    assert command.main([str(path), "--price", text]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert f"--price {text!r}: expected euros an hour" in said


def test_the_command_takes_a_price(tmp_path, capsys):
    path = tmp_path / "r.json"
    path.write_text(json.dumps(samples.quick_run()))
    assert command.main([str(path), "--price=2.5", "--output", str(tmp_path / "out")]) == 0
    assert "cost to accuracy" in (tmp_path / "out/report.md").read_text()


def test_one_other_reason_is_one():
    without = [Energy(not_measurable=reason) for reason in ("denied", "too coarse", "denied")]
    assert _without(without[:1]) == "1: denied"
    assert _without(without) == "3: denied (and 1 other reason)"
    assert _without([*without, Energy()]) == "4: denied (and 2 other reasons)"
