"""What stands beside a time: launch and kernel apart, waiting, clock and heat, cold caches, who is best at what."""

from __future__ import annotations

import itertools

import pytest
import report_samples as samples
import report_trainings as trainings

from likeforlike import read
from likeforlike.reports.draw.trade_off import spread_down
from likeforlike.reports.read.files import read_named
from likeforlike.reports.read.result_file import ResultError
from likeforlike.reports.tell.report import build_report

LAUNCH = {
    "back_to_back": {"seconds": [9e-6, 1e-5, 1.1e-5], "calls": 500},
    "events": {"seconds": [3e-6, 4e-6, 5e-6], "calls": 1},
    "replayed": {"not_measurable": "JAX offers no capture"},
}


def report_of(tmp_path, document):
    return build_report([read_named(str(samples.write(tmp_path / "r.json", document)))])


def tables(report):
    return {table.name: table for table in report.tables}


def texts(table, *columns):
    places = [table.columns.index(column) for column in columns]
    return [tuple(row.entries[place].text for place in places) for row in table.rows]


def products(launch_cost=None, waiting=3e-6, seconds=4e-5, **more):
    """Two implementations on a GPU and on the CPU at one size, in turns."""
    noise, cells = samples.Noise(1), []
    for device in ("cpu:0", "gpu:0"):
        for name in ("tf-eager", "tf-graph"):
            group = f"matmul {device} 100"
            told = {"flop": 2e6, "group": group, "waiting_seconds": waiting, **more}
            if launch_cost is not None and device == "gpu:0":
                told["launch_cost"] = launch_cost
            axes = {"size": 100, "dtype": "float32"}
            times = noise.times(seconds, 25, group)
            cells.append(samples.cell("matmul", name, device, axes, times, **told))
    return samples.document(cells, samples.fingerprint("aaaa00000001", gpus=[samples.A100]))


def test_an_older_file_has_none_of_it(tmp_path):
    found = tables(report_of(tmp_path, samples.quick_run()))
    assert not {"launch-cost", "waiting", "pace"} & set(found)
    assert not any("Waiting" in table.note for table in found.values())


def test_launch_and_kernel_stand_in_one_table_apart(tmp_path):
    report = report_of(tmp_path, products(LAUNCH))
    table = tables(report)["launch-cost"]
    assert "graph replayed" not in table.columns
    rows = texts(table, "device", "back to back", "by events")
    assert rows == [("gpu:0", "10 µs", "4 µs")] * 2
    one_call, beside = table.columns.index("one call"), table.columns.index("launch and wait")
    for row in table.rows:
        assert row.entries[beside].value == pytest.approx(row.entries[one_call].value - 4e-6)
    (section,) = [section for section in report.sections if section.anchor == "launch-cost"]
    told = [item for block in section.blocks if hasattr(block, "items") for item in block.items]
    assert told == ["Without a time graph replayed (tf-eager, tf-graph): JAX offers no capture."]


def test_a_finding_says_on_which_figure_it_rests(tmp_path):
    told = [item.text for item in report_of(tmp_path, products(LAUNCH)).findings]
    (one,) = [text for text in told if "by the host's clock" in text]
    assert "verdicts rest on those" in one
    assert "are launch and wait; by events the device works 4 µs" in one
    quick = {**LAUNCH, "events": {"seconds": [3.9e-5], "calls": 1}}
    told = [item.text for item in report_of(tmp_path, products(quick)).findings]
    assert not any("launch and wait" in text for text in told)


@pytest.mark.parametrize(("waiting", "told"), [(3e-6, True), (2e-7, False)])
def test_waiting_is_told_where_it_matters_and_taken_out_of_nothing(tmp_path, waiting, told):
    document = products(waiting=waiting)
    found = tables(report_of(tmp_path, document))
    assert ("Waiting for work that is done takes 3 µs" in found["products"].note) == told
    assert ("taken out of none" in found["products"].note) == told
    medians = {cell["stats"]["median"] for cell in document["benchmarks"]}
    shown = {row.entries[found["cells"].columns.index("median_seconds")].value for row in found["cells"].rows}
    assert shown == medians


def test_a_frame_has_them(tmp_path):
    frame = read(str(samples.write(tmp_path / "r.json", products(LAUNCH))), samples=False)
    gpu = frame[frame.device == "gpu:0"]
    assert set(gpu.events_seconds) == {4e-6}
    assert set(gpu.back_to_back_seconds) == {1e-5}
    assert gpu.replayed_seconds.isna().all()
    assert set(frame.waiting_seconds) == {3e-6}


PACE = {
    "clock_hertz": [1.38e9, None, 1.41e9],
    "celsius": [61, None, 70],
    "held_back": [["power limit"], None, ["power limit", "idle"]],
}


def test_clock_heat_and_reasons_of_samples(tmp_path):
    (row,) = texts(
        tables(report_of(tmp_path, products(pace=PACE)))["pace"], "clock", "temperature", "held back"
    )[:1]
    assert row == ("1,395 MHz (1,380 to 1,410)", "66 °C (61 to 70)", "power limit: 4 of 4 samples")


@pytest.mark.parametrize(
    ("ended", "words"),
    [
        ("level", "for 42 s, until clock and temperature were level (1,410 to 1,380 MHz, 40 to 61 °C)"),
        ("asked", "for 42 s, as long as asked (1,410 to 1,380 MHz, 40 to 61 °C)"),
    ],
)
def test_how_a_device_was_loaded_before_is_told(tmp_path, ended, words):
    document = products()
    first, last = {"clock_hertz": 1.41e9, "celsius": 40}, {"clock_hertz": 1.38e9, "celsius": 61}
    for cell in document["benchmarks"]:
        for launch in cell["extra_info"]["launches"]:
            launch["sustained"] = {"seconds": 42.0, "ended": ended, "first": first, "last": last}
    table = tables(report_of(tmp_path, document))["pace"]
    assert set(texts(table, "loaded before the rounds")) == {(words,)}
    assert "Not sure: measured in one launch" not in table.note


def circumstances():
    """Warm and cold products of two, the cold ones slower."""
    noise, cells = samples.Noise(2), []
    for more in ({}, {"cache": "cold"}, {"operands": "normal"}):
        for name, seconds in (("numpy", 1.2e-3), ("tf-eager", 1.5e-3)):
            axes = {"size": 500, "dtype": "float32", **more}
            group = f"matmul cpu:0 {' '.join(map(str, axes.values()))}"
            times = noise.times(seconds * (1.1 if "cache" in more else 1.0), 25, group)
            told = {"flop": 2.5e8, "group": group, "cache": more.get("cache", "warm"), "launch_cost": LAUNCH}
            if "cache" in more:
                told["cold_cache"] = {
                    "written_bytes": 68 * 2**20,
                    "cache_bytes": 34 * 2**20,
                    "source": "told",
                }
            cells.append(samples.cell("matmul", name, "cpu:0", axes, times, **told))
    return samples.document(cells)


def test_cold_caches_and_other_operands_are_told_and_never_mixed_with_the_usual(tmp_path):
    report = report_of(tmp_path, circumstances())
    found = tables(report)
    assert [name for (name,) in texts(found["products"], "implementation")] == [
        "numpy",
        "numpy, cold caches",
        "numpy, normal operands",
        "tf-eager",
        "tf-eager, cold caches",
        "tf-eager, normal operands",
    ]
    ratios = dict(texts(found["matmul-implementations"], "implementation", "ratio to the fastest"))
    assert [name for name, ratio in ratios.items() if ratio == "base"] == [
        "numpy",
        "numpy, cold caches",
        "numpy, normal operands",
    ]
    told = [item.text for item in report.findings if "largest product" in item.text]
    assert ["on cpu:0, cold caches" in text for text in told] == [False, True]  # of a kind two are told


def test_what_was_written_to_empty_them_is_told(tmp_path):
    (section,) = [s for s in report_of(tmp_path, circumstances()).sections if s.anchor == "launch-cost"]
    assert section.blocks[-1].text == (
        "Cold caches: before each timed call was written 68 MiB through the caches of cpu:0, which hold 34 MiB "
        "(told). Operands then come from memory."
    )


def test_a_cache_that_is_neither_is_refused_by_name(tmp_path):
    document = circumstances()
    document["benchmarks"][0]["extra_info"]["cache"] = "lukewarm"
    with pytest.raises(ResultError, match="cache"):
        report_of(tmp_path, document)


SPEEDS = {"keras-fit": 5.0, "tf-epoch": 1.4, "torch-loop": 4.0, "graph-loop": 6.0}
ACCURACIES = {
    "keras-fit": [0.89] * 2,
    "tf-epoch": [0.88] * 2,
    "torch-loop": [0.87] * 2,
    "graph-loop": [0.89] * 2,
}


def trade_offs(tmp_path, document):
    report = report_of(tmp_path, document)
    figures = {figure.name: figure.data for figure in report.figures}
    return figures.get("trade-offs"), tables(report).get("trade-offs"), report


def test_the_front_is_whom_nobody_surpasses_in_both(tmp_path):
    """By hand: torch-loop is slower and worse than tf-epoch, graph-loop as good as keras-fit and slower."""
    figure, table, _ = trade_offs(tmp_path, trainings.document(ACCURACIES, SPEEDS))
    assert {point.name for point in figure.points if point.on_front} == {"keras-fit", "tf-epoch (tuned)"}
    assert {point.name for point in figure.points} == {
        "keras-fit",
        "tf-epoch (tuned)",
        "torch-loop",
        "graph-loop",
    }
    best = dict(texts(table, "trainer", "best at"))
    assert best == {
        "tf-epoch": "on the front, time",
        "torch-loop": "–",
        "keras-fit": "on the front",
        "graph-loop": "–",
    }


def test_energy_and_memory_stand_beside_and_the_least_is_best(tmp_path):
    document = trainings.document(ACCURACIES, SPEEDS)
    for cell in document["benchmarks"]:
        extra, frugal = cell["extra_info"], cell["extra_info"]["implementation"] == "torch-loop"
        joules = 10.0 if frugal else 40.0
        extra["energy"] = {"joules_per_sample": joules, "low": joules, "high": joules, "source": "RAPL"}
        extra["peak_memory_bytes"] = 2**30 + (0 if frugal else 2**20)
    _, table, _ = trade_offs(tmp_path, document)
    assert dict(texts(table, "trainer", "best at"))["torch-loop"] == "memory, energy"
    assert set(texts(table, "peak memory")) == {("1,024 MiB",), ("1,025 MiB",)}


def test_of_generated_data_there_is_no_front(tmp_path):
    document = trainings.document(ACCURACIES, SPEEDS, data=samples.SYNTHETIC)
    figure, table, report = trade_offs(tmp_path, document)
    assert figure is None
    assert not any("front" in told or "accuracy" in told for (told,) in texts(table, "best at"))
    (section,) = [section for section in report.sections if section.anchor == "trade-offs"]
    assert "no front" in section.blocks[0].text


def test_two_trainers_have_a_table_already(tmp_path):
    speeds = {name: SPEEDS[name] for name in ("keras-fit", "tf-epoch")}
    accuracies = {name: ACCURACIES[name] for name in speeds}
    assert trade_offs(tmp_path, trainings.document(accuracies, speeds))[:2] == (None, None)


@pytest.mark.parametrize(
    ("wanted", "least"),
    [([0.9, 0.89, 0.88], 0.1), ([0.05, 0.04, 0.03], 0.1), ([0.5], 0.1), ([1.2, 0.1], 0.3)],
)
def test_names_have_room_and_stay_in_order_within_the_plot(wanted, least):
    places = spread_down(wanted, least)
    assert all(high - low >= least - 1e-12 for high, low in itertools.pairwise(places))
    assert min(places) >= 0
    assert max(places) <= 1
