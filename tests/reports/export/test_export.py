"""Exports, held against what each tool documents, and read back."""

from __future__ import annotations

import json
import statistics

import pytest
import report_samples as samples

from likeforlike.reports.export.cells import exported_cells
from likeforlike.reports.export.command import main
from likeforlike.reports.export.formats import FORMATS
from likeforlike.reports.read.files import published_names, read_named

BENCHER_SCHEMA = {  # https://bencher.dev/docs/reference/bencher-metric-format
    "$schema": "http://json-schema.org/draft-07/schema",
    "type": "object",
    "patternProperties": {
        ".+": {
            "type": "object",
            "patternProperties": {
                ".+": {
                    "type": "object",
                    "properties": {
                        "value": {"type": "number"},
                        "lower_value": {"type": "number"},
                        "upper_value": {"type": "number"},
                    },
                    "required": ["value"],
                }
            },
        }
    },
}
GITHUB_SCHEMA = {  # README of github-action-benchmark, and BenchmarkResult in its src/extract.ts
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "unit": {"type": "string"},
            "value": {"type": "number"},
            "range": {"type": "string", "pattern": "^± [0-9.,]+$"},
            "extra": {"type": "string"},
        },
        "required": ["name", "unit", "value"],
        "additionalProperties": False,
    },
}


@pytest.fixture
def run_file(write):
    return write("run.json", samples.quick_run())


def exported(path, name, tmp_path, *more):
    out = tmp_path / f"{name}.json"
    assert main([path, "--format", name, "--output", str(out), *more]) == 0
    return json.loads(out.read_text())


def test_bencher_is_as_documented(run_file, tmp_path):
    jsonschema = pytest.importorskip("jsonschema")
    made = exported(run_file, "bencher", tmp_path)
    jsonschema.validate(made, BENCHER_SCHEMA)
    cell = next(c for c in samples.quick_run()["benchmarks"] if "numpy" in c["extra_info"]["cell"])
    latency = made[cell["extra_info"]["cell"]]["latency"]
    assert latency["value"] == pytest.approx(statistics.median(cell["stats"]["data"]) * 1e9)
    assert latency["lower_value"] <= latency["value"] <= latency["upper_value"]


def test_github_action_benchmark_is_as_documented(run_file, tmp_path):
    jsonschema = pytest.importorskip("jsonschema")
    made = exported(run_file, "github-action-benchmark", tmp_path)
    jsonschema.validate(made, GITHUB_SCHEMA)
    assert {entry["unit"] for entry in made} == {"seconds"}
    assert len({entry["name"] for entry in made}) == len(made)


def test_pyperf_loads_it(run_file, tmp_path):
    pyperf = pytest.importorskip("pyperf")
    exported(run_file, "pyperf", tmp_path)
    suite = pyperf.BenchmarkSuite.load(str(tmp_path / "pyperf.json"))
    document = samples.quick_run()
    for cell in document["benchmarks"]:
        made = suite.get_benchmark(cell["extra_info"]["cell"])
        assert made.get_values() == pytest.approx(cell["stats"]["data"])
        assert made.get_unit() == "second"


def test_our_own_reader_of_pyperf_finds_launches_and_samples(run_file, tmp_path):
    exported(run_file, "pyperf", tmp_path)
    back = read_named(str(tmp_path / "pyperf.json"))
    own = {cell.id: cell for cell in read_named(run_file).cells}
    assert len(back.cells) == len(own)
    for cell in back.cells:
        assert cell.samples == own[cell.id].samples
        assert len(set(cell.launches)) == len(set(own[cell.id].extra.launch_numbers or (0,)))


@pytest.mark.parametrize("name", FORMATS)
def test_shipped_files_are_exported_without_what_can_not_be_true(name, tmp_path, capsys):
    for published in published_names():
        exported(published, name, tmp_path)
    told = capsys.readouterr().err
    assert "matmul-tf-eager-gpu:0" in told  # 5 PFLOP/s in 2020
    assert "implausible" in told


def test_disturbed_rounds_are_left_out(write):
    document = samples.quick_run()
    cell = next(c for c in document["benchmarks"] if c["extra_info"]["workload"] == "matmul")
    cell["extra_info"]["disturbed"] = [{"round": 0, "reason": "someone"}]
    cells, _ = exported_cells(read_named(write("run.json", document)))
    (found,) = [made for made in cells if made.name == cell["extra_info"]["cell"]]
    assert found.sample_count == len(cell["stats"]["data"]) - 1


def test_cells_that_stand_twice_keep_both(write, tmp_path):
    document = samples.quick_run()
    document["benchmarks"].append(document["benchmarks"][-1])
    made = exported(write("run.json", document), "bencher", tmp_path)
    name = document["benchmarks"][-1]["extra_info"]["cell"]
    assert {name, f"{name} (2)"} <= set(made)


def test_only_some(run_file, tmp_path, capsys):
    made = exported(run_file, "bencher", tmp_path, "--only", "matmul-numpy*")
    assert made
    assert all(name.startswith("matmul-numpy") for name in made)
    assert main([run_file, "--format", "bencher", "--only", "nothing"]) == 2
    assert "no cell to export" in capsys.readouterr().err


def test_to_the_screen(run_file, capsys):
    assert main([run_file, "--format", "bencher"]) == 0
    assert json.loads(capsys.readouterr().out)


def test_what_has_no_samples_is_refused_for_pyperf(write, capsys):
    document = samples.plain_run({"test_x.py::test_a": [0.1, 0.2, 0.3]})
    del document["benchmarks"][0]["stats"]["data"]
    path = write("plain.json", document)
    assert main([path, "--format", "pyperf"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "samples were not saved" in line
    assert main([path, "--format", "bencher"]) == 0


def test_nothing_is_half_written(run_file, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main([run_file, "--format", "bencher", "--output", str(tmp_path / "file" / "x.json")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
