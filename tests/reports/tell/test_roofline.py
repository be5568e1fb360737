"""What the report says of roofs: by stand-in rates of 200 GFLOP/s and 20 GB/s, which meet at 10 FLOP a byte."""

from __future__ import annotations

import pytest
import report_samples as samples
from report_hostile import read
from report_studies import study_of

from likeforlike.reports.judge.rooflines import roofs_of, standing_of
from likeforlike.reports.tell.report import build_report
from likeforlike.reports.write.markdown import to_markdown

MEBIBYTE = 2**20
CACHES = {"cache_bytes": 32 * MEBIBYTE}
BY_PRODUCTS = {"flop_per_second": 2e11, "source": "2048 x 2048 x 2048 by numpy, found by likeforlike peak"}
BY_MEMORY = {"bytes_per_second": 2e10, "source": "a = b + 3 c of vectors of 64 MiB by numpy"}
CEILING = {"flop_per_second": 7.9e11, "source": "two cores", "reached": BY_PRODUCTS}


def kernel(workload, name, size, seconds, flop, moved, *, device="cpu:0", measured=True, **extra):
    """A cell of a workload that counts operations and bytes."""
    roofs = {
        "ceiling": CEILING if measured else {k: v for k, v in CEILING.items() if k != "reached"},
        "memory_ceiling": {**CACHES, "reached": BY_MEMORY if measured else None},
    }
    axes = {"size": size, "dtype": "float32"}
    told = {"flop": flop, "bytes_moved": moved} | roofs | extra
    return samples.cell(workload, name, device, axes, [seconds] * 9, **told)


def product(seconds, **more):
    """n = 1000: 2 GFLOP on 12 MB, 167 FLOP a byte, 10 ms at 200 GFLOP/s."""
    return kernel("matmul", "numpy", 1000, seconds, 2e9, 1.2e7, **more)


def summing(seconds, megabytes=1200.0, **more):
    """A quarter of an operation a byte: 60 ms at 20 GB/s."""
    return kernel("adding", "torch", int(megabytes), seconds, megabytes * 2.5e5, megabytes * 1e6, **more)


def document(*cells, **more):
    declared = [{"name": "size", "size": True}, {"name": "dtype", "type": "str"}]
    workload = {"name": "adding", "kind": "kernel", "summary": "sums of vectors", "axes": declared}
    machine = more.pop("machine", None) or samples.fingerprint(cpu=CACHES)
    matmul = workload | {"name": "matmul", "summary": "products", "multiplies": True}
    return samples.document(list(cells), machine, workloads={"adding": workload, "matmul": matmul}, **more)


def report_of(*documents):
    return build_report([read(each, f"{number}.json") for number, each in enumerate(documents)])


def section_of(report):
    return next((section for section in report.sections if section.anchor == "roofline"), None)


def texts(table, *columns):
    places = [table.columns.index(column) for column in columns]
    return [tuple(row.entries[place].text for place in places) for row in table.rows]


def test_compute_binds_the_product_and_memory_the_sum():
    study = study_of(document(product(0.0125), summing(0.08)))
    first, second = (standing_of(item) for item in study.measurements)
    assert (first.bound, first.share) == ("compute", pytest.approx(0.8))
    assert (second.bound, second.share) == ("memory", pytest.approx(0.75))
    assert roofs_of(study.measurements[0]).ridge == 10


def test_the_section_tells_roofs_ridge_and_shares():
    section = section_of(report_of(document(product(0.0125), summing(0.08), summing(0.001, 10.0))))
    roofs, kernels = (block for block in section.blocks if hasattr(block, "columns"))
    assert texts(roofs, "dtype", "compute", "memory", "they meet at", "caches") == [
        ("float32", "200 GFLOP/s", "20 GB/s", "10 FLOP/byte", "32 MiB")
    ]
    assert texts(roofs, "compute by", "memory by") == [
        (f"measured: {BY_PRODUCTS['source']}", f"measured: {BY_MEMORY['source']}")
    ]
    assert texts(kernels, "workload", "FLOP/byte", "bytes a second", "bound by", "share of that roof") == [
        ("matmul", "167", "960 MB/s", "compute", "80.0 %"),
        ("adding", "0.25", "10 GB/s", "caches", "–"),
        ("adding", "0.25", "15 GB/s", "memory", "75.0 %"),
    ]
    (about,) = (block.text for block in section.blocks if type(block).__name__ == "Text")
    assert "fits into the caches need not move through memory" in about


def test_the_kernels_own_tables_say_it_too():
    told = to_markdown(report_of(document(product(0.0125), summing(0.08))))
    assert "compute, 80.0 %" in told
    assert "memory, 75.0 %" in told
    assert "cpu:0 roof" in told


def test_the_roofline_is_drawn_with_all_kernels_that_can_be_believed():
    slow, impossible = product(0.0125), kernel("matmul", "tf-eager", 1000, 1e-6, 2e9, 1.2e7)
    section = section_of(report_of(document(slow, impossible, summing(0.08))))
    (figure,) = (block for block in section.blocks if hasattr(block, "alternative"))
    rates = {one.name: [point.flop_per_second for point in one.points] for one in figure.data.kernels}
    assert rates == {"matmul": [pytest.approx(1.6e11)], "adding": [pytest.approx(3.75e9)]}
    assert figure.data.compute == (("float32", 2e11),)
    assert figure.data.bytes_per_second == 2e10
    assert "matmul bound by compute, at most 80.0 % of its roof" in figure.alternative
    assert "adding bound by memory, at most 75.0 % of its roof" in figure.alternative


def test_work_without_operations_stands_in_the_table_and_in_no_picture():
    moving = kernel("adding", "torch", 7, 0.08, None, 1.2e9)
    section = section_of(report_of(document(moving)))
    assert not [block for block in section.blocks if hasattr(block, "alternative")]
    table = next(block for block in section.blocks if getattr(block, "name", "") == "roofline")
    assert texts(table, "FLOP/byte", "rate", "bound by", "share of that roof") == [
        ("–", "–", "memory", "75.0 %")
    ]


def test_a_gpu_without_measured_roofs_is_held_against_its_data_sheet():
    """A100: 19.5 TFLOP/s of float32 and 2040 GB/s; 1.2 GB take 0.588 ms."""
    item = summing(1.2e9 / 2040e9 * 2, device="gpu:0", measured=False)
    machine = samples.fingerprint(gpus=[samples.A100])
    (measured,) = study_of(document(item, machine=machine)).measurements
    found = standing_of(measured)
    assert (found.bound, found.share) == ("memory", pytest.approx(0.5))


def test_a_processor_s_memory_is_not_known_without_measuring():
    assert section_of(report_of(document(product(0.0125, measured=False)))) is None


def test_older_files_have_no_roofline():
    report = report_of(samples.document(samples.products(samples.Noise(1))))
    assert section_of(report) is None
    assert " roof |" not in to_markdown(report)


def test_the_best_bandwidth_of_all_files_counts():
    other = {**CACHES, "reached": {"bytes_per_second": 3e10, "source": "b · c"}}
    study = study_of(document(summing(0.08)), document(summing(0.08, memory_ceiling=other), run_id="another"))
    assert {item.bandwidth.bytes_per_second for item in study.measurements} == {3e10}


def test_more_through_memory_than_any_carries_is_implausible_and_above_the_measured_suspicious():
    """1200 MB less 32 MiB of caches in 50 ms: 23.3 GB/s, 17 % above 20. In 0.1 ms more than the cores can."""
    study = study_of(document(summing(0.05), summing(0.0001, 1200.5)))
    fast, impossible = study.measurements
    assert "17 % above the best measured here, 20 GB/s" in fast.suspicious
    assert not fast.implausible
    assert impossible.implausible[0].startswith("implies 12 TB/s, above the 2.38 TB/s between the cores and")
    inside = study_of(document(summing(0.0001, 30.0))).measurements[0]
    assert not inside.suspicious, "30 MB fit into the caches"
    assert not inside.implausible
