"""Findings of kernels are sentences: who is fastest where, and by how much."""

from __future__ import annotations

import report_samples as samples
from report_hostile import read

from likeforlike.reports.tell.report import build_report


def findings(cells):
    report = build_report([read(samples.document(cells), "a.json")])
    return [finding.text for finding in report.findings]


def kernels(workload, axes, **seconds):
    """Cells of one group; rounds of ``seconds`` with a spread of a thousandth that is all alike."""
    noise = [1 + 0.001 * (number % 3) for number in range(12)]
    return [
        samples.cell(
            workload,
            name.replace("_", "-"),
            "cpu:0",
            axes,
            [value * n for n in noise],
            flop=1e6,
            group=str(axes),
        )
        for name, value in seconds.items()
    ]


def test_the_fastest_and_how_far_the_next_is_behind():
    told = findings(kernels("eigen", {"size": 200}, numpy_eigh=0.01, tf_eigh=0.02, jax_eigh=0.03))
    assert told[0] == (
        "Eigen: all 3 answers agree with the reference. numpy-eigh is the fastest on cpu:0 at size 200; the "
        "next, tf-eigh, takes ×2.00 (2.00 to 2.00) of its time."
    )


def on_two_devices(size, cpu, gpu):
    """Products of one size: seconds on either device by implementation."""
    axes = {"size": size, "dtype": "float32"}
    noise = [1 + 0.001 * (number % 3) for number in range(12)]
    return [
        samples.cell(
            "matmul",
            name,
            device,
            axes,
            [seconds * n for n in noise],
            flop=1e6,
            group=f"matmul {device} {size}",
        )
        for device, times in (("cpu:0", cpu), ("gpu:0", gpu))
        for name, seconds in times.items()
    ]


def speed_up(cells):
    (told,) = (text for text in findings(cells) if text.startswith("gpu:0 is up to"))
    return told


def test_a_device_is_praised_for_no_implementation_that_another_outruns_on_the_processor():
    told = speed_up(
        [
            *on_two_devices(1000, {"jax": 0.001, "torch": 0.01}, {"jax": 0.0005, "torch": 0.0001}),
            *on_two_devices(2000, {"jax": 0.008, "torch": 0.008}, {"jax": 0.0008, "torch": 0.0004}),
        ]
    )
    assert told.startswith("gpu:0 is up to ×20.0 as fast as cpu:0 at products (torch, float32, size 2000)")
    assert told.endswith("; it is ×100 at size 1000 where another implementation is faster on cpu:0.")


def test_where_another_outruns_it_at_every_size_that_is_said():
    told = speed_up(on_two_devices(1000, {"numpy": 0.001, "torch": 0.01}, {"torch": 0.0001}))
    assert told.startswith(
        "gpu:0 is up to ×100 as fast as cpu:0 at products "
        "(torch, float32, size 1000; numpy is faster on cpu:0)"
    )
    assert "where another" not in told


def test_a_device_that_pays_nowhere_may_pay_where_it_alone_was_measured():
    small = on_two_devices(1000, {"torch": 0.001}, {"torch": 0.01})
    assert "gpu:0 pays at no product that was measured, up to size 1,000." in findings(small)
    told = findings([*small, *on_two_devices(2000, {}, {"torch": 0.02})])
    assert "gpu:0 pays at no product that was measured on both, up to size 1,000." in told


def test_other_axes_stand_in_brackets_and_of_many_places_two_are_told():
    cells = [
        cell
        for size in (2, 3, 4, 5)
        for cell in kernels("jacobian", {"size": size, "what": "gradient"}, a=0.01, b=0.02)
    ]
    (told,) = (text for text in findings(cells) if text.startswith("Jacobian"))
    assert "a is the fastest on cpu:0 at size 2 (gradient); the next, b, takes" in told
    assert told.count("is the fastest") == 2
    assert told.endswith("The report names the fastest in 2 more cases.")


def test_one_and_two_answers_are_not_all():
    assert (
        findings(kernels("eigen", {"size": 2}, a=0.01))[0] == "Eigen: the answer agrees with the reference."
    )
    assert (
        findings(kernels("eigen", {"size": 2}, a=0.01, b=0.01))[0]
        == "Eigen: both answers agree with the reference."
    )


def test_answers_that_nobody_checked_are_not_among_all():
    cells = kernels("eigen", {"size": 2}, a=0.01, b=0.01, c=0.01)
    cells[2]["extra_info"]["verified"] = None
    assert findings(cells)[0] == "Eigen: 2 of 2 checked answers agree with the reference."
    cells[1]["extra_info"]["verified"] = None
    assert findings(cells)[0] == "Eigen: 1 of 1 checked answer agrees with the reference."


def test_products_that_differ_and_products_that_do_not():
    axes = {"size": 500, "dtype": "float32"}
    (told,) = findings(kernels("matmul", axes, a=0.01, b=0.02, c=0.03, d=0.01))[:1]
    assert told == (
        "At the largest product on cpu:0 (float32, size 500) b takes ×2.00 (2.00 to 2.00) and c ×3.00 "
        "(3.00 to 3.00) of a's time; d takes as long."
    )
    (alike,) = findings(kernels("matmul", axes, a=0.01, b=0.01, c=0.01))[:1]
    assert alike == "At the largest product on cpu:0 (float32, size 500) b and c take as long as a."


def test_the_largest_is_the_largest_that_was_measured_though_it_has_no_verdict_or_no_sure_one():
    small, large = ({"size": size, "dtype": "float32"} for size in (500, 900))
    rest = (
        "verdict, which larger ones lack, on cpu:0 (float32, size 500) b takes ×2.00 (2.00 to 2.00) of a's "
        "time."
    )
    alone = kernels("matmul", small, a=0.01, b=0.02) + kernels("matmul", large, a=0.05)
    assert findings(alone)[0] == f"At the largest product with a clear {rest}"
    crowded = kernels("matmul", large, a=0.05, b=0.1)
    for cell in crowded:
        cell["extra_info"]["state"] = {"disturbances": ["other processes took 60 % of the processors"]}
    told = findings(kernels("matmul", small, a=0.01, b=0.02) + crowded)[0]
    assert told == f"At the largest product with a sure {rest}"


def test_cells_that_a_run_did_not_reach_have_not_failed():
    document = samples.document(kernels("eigen", {"size": 2}, a=0.01))
    document["likeforlike"]["unmeasured"] = [
        {"cell": "b", "outcome": "interrupted", "reason": "the run was ended before it"},
        {"cell": "c", "outcome": "skipped", "reason": "no such device on this machine"},
    ]
    told = [finding.text for finding in build_report([read(document, "a.json")]).findings]
    assert "1 cell not reached: the run was ended before." in told
    assert "1 cell skipped: no such device on this machine." in told
    assert not any("failed" in text for text in told)


def test_each_reason_for_which_answers_may_have_been_kept_is_told_of_its_own_cells():
    cells = kernels("eigen", {"size": 2}, a=0.01, b=0.02, c=0.03, d=0.04)
    reasons = ("no check", "no change", "no check", "no call")
    for cell, reason in zip(cells, reasons, strict=True):
        cell["extra_info"]["timed_calls"] = f"not proven: {reason}"
    told = findings(cells)
    assert "2 cells with timed calls not proven: no check: no verdict on them is called sure." in told
    assert "1 cell with timed calls not proven: no change: no verdict on them is called sure." in told
    assert "And 1 more cell whose timed calls or epochs are not proven for other reasons." in told


def test_what_others_took_of_the_machine_is_told_of_the_first_cell_alone_where_cells_differ():
    def warned(*shares):
        cells = kernels("eigen", {"size": 2}, a=0.01, b=0.02)
        for cell, share in zip(cells, shares, strict=True):
            cell["extra_info"]["state"] = {"disturbances": [f"others took {share} % of the processors"]}
        (told,) = (text for text in findings(cells) if "used the machine" in text and "2 cells meas" in text)
        return told

    start = "2 cells measured while others used the machine ("
    assert warned(60, 40).startswith(f"{start}the first: others took 60 % of the processors")
    assert warned(60, 60).startswith(f"{start}others took 60 % of the processors")


def test_of_two_cells_that_are_clear_the_one_on_a_quiet_machine_is_the_one_that_is_sure():
    """Between two commits; unclear is the other where it takes as long, give or take what runs differ by."""

    def told(large, crowded):
        files = []
        for name, factor in (("a", 1.0), ("b", 2.0)):
            cells = kernels("matmul", {"size": 500, "dtype": "float32"}, numpy=0.01 * factor)
            seconds = 0.05 if name == "a" else large
            cells += kernels("matmul", {"size": 900, "dtype": "float32"}, numpy=seconds)
            if crowded:
                busy = ["other processes took 60 % of the processors"]
                cells[1]["extra_info"]["state"] = {"disturbances": busy}
            document = samples.document(cells, run_id=name)
            document["commit_info"] = {"id": name * 40, "dirty": False}
            files.append(read(document, f"{name}.json"))
        (text,) = (f.text for f in build_report(files).findings if f.text.startswith("b.json takes"))
        return text

    assert "(numpy 500 float32, the one of 2 cells that is sure)." in told(0.1, True)
    assert "(numpy 500 float32, the one of 2 cells that is clear)." in told(0.051, False)


def rows_of(report, name):
    (table,) = (b for part in report.sections for b in part.blocks if getattr(b, "name", "") == name)
    return [[entry.text for entry in line.entries] for line in table.rows]


def test_the_seeds_of_a_training_that_fail_alike_are_one_row():
    def gap(seed, reason="strays by 0.1", **of):
        cell = {"workload": "training", "implementation": "fit", "device": "cpu:0", "outcome": "wrong-answer"}
        axes = {"recipe": "matched", "run": seed}
        return cell | {"cell": f"training-fit-run{seed}", "reason": reason, "axes": axes} | of

    document = samples.document(kernels("eigen", {"size": 2}, a=0.01))
    document["likeforlike"]["unmeasured"] = [
        gap(1),
        gap(2, "strays by 0.2"),
        gap(3),
        gap(3, outcome="failed"),
        gap(3, implementation="loop"),
        {"cell": "b", "outcome": "skipped", "reason": "no such device"},
    ]
    assert rows_of(build_report([read(document, "a.json")]), "unmeasured") == [
        ["training fit cpu:0 matched, 2 runs", "wrong-answer", "strays by 0.1"],
        ["training fit cpu:0 matched", "wrong-answer", "strays by 0.2"],
        ["training fit cpu:0 matched", "failed", "strays by 0.1"],
        ["training loop cpu:0 matched", "wrong-answer", "strays by 0.1"],
        ["b", "skipped", "no such device"],
    ]


def test_whose_freed_memory_the_harness_gave_back_is_told():
    noise = samples.Noise(4)
    cells = [samples.training("keras-fit", samples.RECIPE, run, noise, 4.0, 9) for run in range(2)]
    cells += [samples.training("eager-loop", samples.RECIPE, run, noise, 5.0, 9) for run in range(2)]

    def told():
        report = build_report([read(samples.document(cells, noise=None), "r.json")])
        return [b.text for part in report.sections if part.anchor == "memory" for b in part.blocks]

    assert told() == []
    cells[2]["extra_info"]["freed_memory_given_back"] = 1
    (once,) = told()
    assert once.startswith(
        "Memory ran short between epochs of training eager-loop cpu:0 matched (once): the harness"
    )
    cells[3]["extra_info"]["freed_memory_given_back"] = 3
    cells[0]["extra_info"]["freed_memory_given_back"] = 2
    (text,) = told()
    assert "training keras-fit cpu:0 matched (2 times)" in text
    assert "training eager-loop cpu:0 matched (3 times)" in text
