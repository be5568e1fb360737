"""What a fleet's report says: spread within a kind, the odd one out, scaling, what was busy, beside or cut short."""

from __future__ import annotations

import math

import pytest
import report_samples as samples
from report_hostile import read

from likeforlike.reports.judge.machine_outliers import kind_spreads
from likeforlike.reports.sort.pooling import build_study
from likeforlike.reports.tell.report import build_report
from likeforlike.reports.write.markdown import to_markdown

SIZES = (500, 1000, 2000)


def machine_file(node, factor, seed=1, kind="aaaa"):
    """Products of one machine, its times a factor over its kind's, without noise of their own."""
    cells = [
        samples.cell(
            "matmul",
            name,
            "cpu:0",
            {"size": size, "dtype": "float32"},
            [samples.product_seconds("cpu:0", size, name) * factor] * 9,
            flop=2.0 * size**3,
        )
        for size in SIZES
        for name in ("numpy", "tf-eager")
    ]
    document = samples.document(cells, samples.fingerprint(kind * 3), run_id=f"run-{node}-{seed}")
    document["machine_info"]["node"] = node
    return document


def study_of(*documents):
    return build_study([read(document, f"{number}.json") for number, document in enumerate(documents)])


FACTORS = {"n1": 1.0, "n2": 1.01, "n3": 0.99, "n4": 1.3, "n5": 1.005}


def test_machines_of_one_kind_and_the_odd_one():
    (spread,) = kind_spreads(study_of(*(machine_file(node, f) for node, f in FACTORS.items())))
    assert not spread.repetitions
    assert [unit.name for unit in spread.units] == ["n3", "n1", "n5", "n2", "n4"]
    assert [unit.name for unit in spread.odd] == ["n4"]
    median = 1.005  # by hand, of the five factors
    for unit in spread.units:
        assert unit.ratio == pytest.approx(FACTORS[unit.name] / median)
        assert unit.cells == 6


def test_a_machine_within_five_per_cent_is_never_odd():
    files = [machine_file(f"n{number}", 1.0) for number in range(6)] + [machine_file("n6", 1.04)]
    (spread,) = kind_spreads(study_of(*files))
    assert spread.odd == []


def test_of_two_nobody_is_odd():
    (spread,) = kind_spreads(study_of(machine_file("n1", 1.0), machine_file("n2", 2.0)))
    assert spread.odd == []
    assert spread.units[1].ratio / spread.units[0].ratio == pytest.approx(2.0)


def test_kinds_are_kept_apart():
    files = [
        machine_file(f"{kind}{n}", factor, kind=kind) for kind, factor in (("a", 1), ("b", 3)) for n in (1, 2)
    ]
    spreads = kind_spreads(study_of(*files))
    assert len(spreads) == 2
    assert all(math.isclose(unit.ratio, 1.0) for spread in spreads for unit in spread.units)


def test_two_runs_on_one_machine_are_repetitions_of_it():
    (spread,) = kind_spreads(study_of(machine_file("n1", 1.0, seed=1), machine_file("n1", 1.2, seed=2)))
    assert spread.repetitions
    assert [unit.name for unit in spread.units] == ["0.json", "1.json"]


def test_two_runs_on_each_of_two_machines_are_two_machines():
    files = [
        machine_file(node, factor, seed) for node, factor in (("n1", 1.0), ("n2", 1.1)) for seed in (1, 2)
    ]
    (spread,) = kind_spreads(study_of(*files))
    assert [unit.name for unit in spread.units] == ["n1", "n2"]


def markdown_of(*documents):
    files = [read(document, f"{number}.json") for number, document in enumerate(documents)]
    return to_markdown(build_report(files))


def test_the_report_names_the_odd_one():
    text = markdown_of(*(machine_file(node, factor) for node, factor in FACTORS.items()))
    assert "n4 is the odd one out: ×1.29 the time of the median of 5 machines of the kind" in text
    assert "5 files, 5 machines of 1 kind, " in text
    assert "5 files are of 5 machines of one kind, 2 x Intel Xeon" in text
    assert "repetitions" not in text
    assert "Spread within a kind" in text
    assert any(
        "n4 ×1.29" in line and "machines" in line for line in text.splitlines() if line.startswith("|")
    )


def test_a_machine_that_was_busy_is_told():
    document = machine_file("n1", 1.0)
    document["likeforlike"]["busy"] = ["gpu:0 is busy: 1 other process on the GPU"]
    assert "Before 0.json began: gpu:0 is busy: 1 other process on the GPU." in markdown_of(document)


def test_cells_measured_beside_others_are_told():
    document = machine_file("n1", 1.0)
    for cell in document["benchmarks"][:2]:
        cell["extra_info"]["concurrent"] = True
    assert "2 cells were measured while a neighbour ran on another device" in markdown_of(document)


def scaled(workers, seconds, strategy="mirrored"):
    """Data-parallel training, measured in turns with the others of its group."""
    noise = samples.Noise(workers)
    cell = samples.training("keras-fit", samples.RECIPE, 0, noise, seconds, 9, group="distributed")
    info = cell["extra_info"]
    times = [seconds * (1 + 0.001 * (number % 3)) for number in range(8)]
    cell["stats"] = samples.stats(times)
    info |= {"workload": "distributed", "implementation": "keras-fit-distributed", "device": "gpu:0"}
    info["axes"] = {"recipe": "matched", "strategy": strategy, "workers": workers, "run": 0}
    info["cell"] = f"distributed-{strategy}-{workers}"
    info["plausible"] = {"ok": True, "reasons": []}
    return cell


def test_scaling_is_told_with_its_efficiency():
    gpus = [samples.A100, samples.A100]
    cells = [scaled(1, 8.0), scaled(2, 5.0), scaled(1, 8.0, "multi-worker"), scaled(2, 8.0, "multi-worker")]
    text = markdown_of(samples.document(cells, samples.fingerprint(gpus=gpus)))
    rows = [line for line in text.splitlines() if "keras-fit-distributed" in line and line.startswith("|")]
    assert len(rows) == 4
    assert "base" in rows[0]
    assert "×1.60" in rows[1]  # 8 / 5
    assert "80.0 %" in rows[1]
    assert "faster" in rows[1]
    assert "50.0 %" in rows[3]
    assert "same" in rows[3]
    assert "2 workers (mirrored) on gpu:0 train ×1.60 as fast as one, an efficiency of 80.0 %." in text


def test_data_parallel_training_is_ranked_with_no_other():
    cells = [scaled(1, 8.0), scaled(2, 5.0)]
    cells.append(samples.training("keras-fit", samples.RECIPE, 0, samples.Noise(3), 8.0, 9))
    text = markdown_of(samples.document(cells))
    assert "keras-fit-distributed (" not in text


def test_a_run_on_the_first_images_says_so_above_its_figures():
    few = samples.DATA | {"train_samples": 20000}
    cells = samples.trainers(samples.Noise(1), runs=1, data=few)
    text = markdown_of(samples.document(cells))
    assert text.count("Trained on the first 20,000 of Fashion-MNIST's 60,000 images") == 2
    assert "Trained on the first" not in markdown_of(samples.quick_run())
