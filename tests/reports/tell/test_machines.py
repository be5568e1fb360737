"""What a fleet's report says: spread within a kind, the odd one out, scaling, what was busy, beside or cut short."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import report_samples as samples
from report_by_hand import cell, file, machine, measured
from report_hostile import read
from report_studies import FACTORS, machine_file

from likeforlike.reports.judge.comparisons import Comparison
from likeforlike.reports.sort.measured.measurements import Run
from likeforlike.reports.statistics.ratios import RatioEstimate
from likeforlike.reports.statistics.verdicts import Verdict
from likeforlike.reports.tell.report import build_report
from likeforlike.reports.tell.sections.machines import _ends, _histogram
from likeforlike.reports.write.markdown import to_markdown


def markdown_of(*documents):
    files = [read(document, f"{number}.json") for number, document in enumerate(documents)]
    return to_markdown(build_report(files))


def test_the_report_names_the_odd_one():
    text = markdown_of(*(machine_file(node, factor) for node, factor in FACTORS.items()))
    assert (
        "n4 is the odd one out on cpu:0 at matmul: ×1.29 the time of the median of 5 machines of the kind"
        in text
    )
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
    for measured_beside in document["benchmarks"][:2]:
        measured_beside["extra_info"]["concurrent"] = True
    assert "2 cells were measured while a neighbour ran on another device" in markdown_of(document)


def scaled(workers, seconds, strategy="mirrored"):
    """Data-parallel training, measured in turns with the others of its group."""
    noise = samples.Noise(workers)
    cell = samples.training("keras-fit", samples.RECIPE, 0, noise, seconds, 9, group="distributed")
    info = cell["extra_info"]
    times = [seconds * (1 + 0.001 * (number % 3)) for number in range(8)]
    cell["stats"] = samples.stats(times)
    for epoch, time in zip(info["epochs"][1:], times, strict=True):
        epoch |= {"train_seconds": time * 0.75, "evaluation_seconds": time * 0.25}
    info["launch_numbers"] = [0, 0, 0, 1, 1, 1, 2, 2]
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


def test_of_several_divided_trainings_each_is_named():
    cells = [scaled(1, 8.0), scaled(2, 5.0), scaled(1, 8.0), scaled(2, 4.0)]
    for one in cells[2:]:
        one["extra_info"]["axes"] = one["extra_info"]["axes"] | {"recipe": "large"}
        one["extra_info"]["cell"] += "-large"
    text = markdown_of(samples.document(cells, samples.fingerprint(gpus=[samples.A100, samples.A100])))
    for recipe, told in (("matched", "×1.60 as fast as one, an"), ("large", "×2.00 as fast as one, an")):
        name = f"mirrored; distributed keras-fit-distributed {recipe}"
        assert f"2 workers ({name}) on gpu:0 train {told}" in text


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


def over_the_baseline(where, size, ratio, name=""):
    """A clear verdict on a machine's cell, of the file of that name where several stand apart."""
    one = cell(axes={"size": size}, samples=(ratio,) * 3)
    other = measured(Run(file(one, of=where), one))
    if name:
        other = replace(other, key=replace(other.key, axes=(*other.key.axes, ("file", name))))
    estimate = RatioEstimate(ratio, ratio / 1.01, ratio * 1.01, 9, False, 0.001, launches=3)
    verdict = Verdict("slower" if ratio > 1.0 else "faster", estimate, 0.02, "given")
    base = measured(cell(axes={"size": size}, samples=(1.0,) * 3))
    return Comparison("machines", base, other, verdict)


def test_of_many_machines_with_files_apart_machines_are_counted_and_cells_that_all_files_have():
    boxes = [machine(f"m{n}", f"box {n}") for n in range(1, 4)]
    context = SimpleNamespace(
        study=SimpleNamespace(machines=boxes, titles={one.id: one.label for one in boxes})
    )
    first, second, third = boxes
    clear = [
        over_the_baseline(where, size, ratio, name)
        for size in (8, 16)
        for where, ratio, name in ((second, 2.0, "a"), (second, 3.0, "b"), (third, 0.5, ""))
    ]
    (told,) = _ends(context, clear, first.label)
    assert told.startswith(
        "Of 2 machines over box 1 on cpu:0 at matmul, by geometric mean of times over the 2 cells of which"
    )
    assert "box 3 ×0.5" in told
    assert "to box 2 in b ×3" in told
    lacking = [i for i in clear if (i.other.key.apart, i.base.key.axis["size"]) != ("b", 16)]
    (told,) = _ends(context, lacking, first.label)
    assert "over the 1 cell of which all have a clear verdict (numpy 8)" in told
    assert not list(_ends(context, [i for i in clear if i.other.key.apart], first.label))


def test_a_histogram_of_means_counts_machines_whose_files_stand_apart_once():
    def told(*means):
        each = [
            SimpleNamespace(machine=machine(name), ratio=ratio, workload="matmul", device="cpu:0")
            for name, ratio in means
        ]
        figure = _histogram(each, "box 1")
        return figure.caption, figure.alternative

    assert told(("m2", 0.5), ("m2", 1.0), ("m3", 2.0)) == (
        "Geometric means of 2 machines over box 1, matmul cpu:0",
        "Histogram of geometric mean ratios of matmul cpu:0: "
        "3 means of 2 machines from ×0.500 to ×2.00, median ×1.00.",
    )
    assert told(("m2", 0.5), ("m3", 2.0)) == (
        "Geometric means of 2 machines over box 1, matmul cpu:0",
        "Histogram of geometric mean ratios of matmul cpu:0: 2 machines from ×0.500 to ×2.00, median ×1.25.",
    )
