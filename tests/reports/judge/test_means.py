"""Which comparisons a geometric mean is over, and in what order means are told."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from likeforlike.reports.judge.means import geometric_means

MACHINES = tuple(SimpleNamespace(id=name) for name in ("base", "near", "far"))
STUDY = SimpleNamespace(machines=MACHINES)


def compared(
    machine, ratio, device="cpu:0", workload="matmul", apart=("", ""), doubt="", barred="", word="slower"
):
    base, other = (
        SimpleNamespace(
            machine=machine,
            key=SimpleNamespace(
                apart=file, device=device, workload=workload, bare=f"{workload} {device} {ratio}"
            ),
        )
        for machine, file in zip((MACHINES[0], machine), apart, strict=True)
    )
    verdict = SimpleNamespace(estimate=SimpleNamespace(ratio=ratio))
    return SimpleNamespace(base=base, other=other, doubt=doubt, barred=barred, word=word, verdict=verdict)


def test_one_for_each_machine_file_device_and_workload_in_the_order_of_machines():
    _, near, far = MACHINES
    items = [
        compared(far, 2.0),
        compared(near, 3.0),
        compared(near, 5.0, device="gpu:0"),
        compared(far, 8.0, word="same"),
        compared(near, 7.0, workload="eigen"),
        compared(near, 11.0, apart=("a.json", "b.json")),
        compared(near, 27.0),
    ]
    found = geometric_means(STUDY, items)
    told = [(mean.place, mean.machine, mean.cells, pytest.approx(mean.ratio)) for mean in found]
    assert told == [
        (("near", "", "", "cpu:0", "matmul"), near, 2, 9.0),
        (("near", "", "", "gpu:0", "matmul"), near, 1, 5.0),
        (("near", "", "", "cpu:0", "eigen"), near, 1, 7.0),
        (("near", "b.json", "a.json", "cpu:0", "matmul"), near, 1, 11.0),
        (("far", "", "", "cpu:0", "matmul"), far, 2, 4.0),
    ]
    assert (found[-1].slower, found[-1].same, found[-1].faster, found[-1].unclear) == (1, 1, 0, 0)
    assert found[0].keys == ["matmul cpu:0 3.0", "matmul cpu:0 27.0"]


def test_none_in_doubt_and_none_that_may_not_be_called_faster():
    near = MACHINES[1]
    items = [
        compared(near, 2.0),
        compared(near, 100.0, doubt="wrong answer"),
        compared(near, 100.0, barred="trained to 80 %"),
        compared(near, 100.0, doubt="wrong answer", barred="trained to 80 %"),
    ]
    (mean,) = geometric_means(STUDY, items)
    assert (mean.cells, mean.ratio) == (1, pytest.approx(2.0))
    assert geometric_means(STUDY, items[1:]) == []
