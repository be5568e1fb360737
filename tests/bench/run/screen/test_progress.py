"""What a person reads while a run goes on, on a terminal and in a log."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest
from made_up_run import SPEC, Clock

from likeforlike.bench.keep.cell_record import CellRecord
from likeforlike.bench.measure.stopping import Limits
from likeforlike.bench.plan.cells import Cell
from likeforlike.bench.run.screen.expectations import Expectation
from likeforlike.bench.run.screen.progress import Progress, left_text
from likeforlike.bench.run.screen.time_left import TimeLeft
from likeforlike.bench.worker.messages import Finish, Go, Load, Prepare, Ready, Sample
from likeforlike.bench.worker.outcomes import MEASURED
from likeforlike.models.contract.implementation import Implementation
from likeforlike.models.contract.training.recipe import MATCHED

ONCE = Ready(0.0, 0.0, 0.0, 1.0, 5, {})


def kernel(name: str) -> Cell:
    entry = Implementation(name, "matmul", "numpy", "", "m:a")
    return Cell(entry, "cpu:0", (("size", 64),), "matmul cpu:0 64 float32")


def trainer(name: str) -> Cell:
    entry = Implementation(name, "training", "tensorflow", "", "m:a")
    recipe = replace(MATCHED, epochs=3)
    return Cell(entry, "cpu:0", (("recipe", "matched"), ("run", 0)), "training matched cpu:0 run 0", recipe)


@dataclass
class Screen:
    """All that was written, and the lines that a terminal would show of it."""

    text: str = ""

    def __call__(self, text: str) -> None:
        self.text += text

    @property
    def lines(self) -> list[str]:
        return [re.sub(r".*\r\x1b\[K", "", line) for line in self.text.split("\n")]


def shown(cells: Sequence[Cell], width: int | None, seconds: float = 20.0) -> tuple[Progress, Screen, Clock]:
    """A progress whose cells are each expected to take about ``seconds``."""
    clock, screen = Clock(), Screen()
    expected = [
        (cell, Expectation((cell.workload,), "numpy", seconds / 3, 0.0, 0.0, cell.recipe and 3))
        for cell in cells
    ]
    progress = Progress(screen, width, clock)
    progress.plan(
        cells,
        TimeLeft(expected, dict.fromkeys((cell.id for cell in cells), 1), Limits(1, 0.0, 0.05, 0.95), 2),
    )
    return progress, screen, clock


def take(progress: Progress, clock: Clock, cell: Cell, seconds: float, epoch: int | None = None) -> None:
    progress.ordered(cell, Go())
    clock.now += seconds
    told = {"epoch": epoch, "train_seconds": seconds, "loss": 0.5, "val_accuracy": 0.875}
    progress.answered(cell, Sample(seconds, None if epoch is None else told))


def test_the_live_line_says_what_is_measured_which_cell_of_how_many_and_the_time_left() -> None:
    cells = [kernel("numpy"), kernel("tf"), trainer("fit")]
    progress, screen, clock = shown(cells, 100)
    progress.begun(cells[:2])
    assert screen.lines[-1].startswith("[1/3] matmul cpu:0 64 float32: starting numpy  about ")
    for message, doing in (
        (Prepare(SPEC), "preparing tf"),
        (Go(), "tf, round 1"),
        (Finish(), "checking tf once more"),
    ):
        clock.now += 1
        progress.ordered(cells[1], Load(SPEC))
        progress.ordered(cells[1], message)
        assert screen.lines[-1].startswith(f"[2/3] matmul cpu:0 64 float32: {doing}  about "), doing
        progress.answered(cells[1], ONCE)
    progress.begun(cells[2:])
    clock.now += 1
    progress.ordered(cells[2], Go())
    assert screen.lines[-1].startswith("[3/3] training matched cpu:0: fit, epoch 1 of 3  about ")


def test_it_is_written_over_and_gone_when_its_group_has_ended() -> None:
    cells = [kernel("numpy")]
    progress, screen, clock = shown(cells, 80)
    progress.begun(cells)
    progress.ordered(cells[0], Prepare(SPEC))
    take(progress, clock, cells[0], 1.0)
    progress.ended(cells[0], CellRecord(cells[0].id, MEASURED, seconds=[1.0]))
    assert screen.lines[:-1] == ["[1/1] matmul-numpy-cpu:0-64: 1 s, median of 1 round"]
    progress.group_ended(cells)
    assert screen.lines[-1] == ""


def test_in_a_log_a_group_that_goes_in_pairs_tells_each_of_them() -> None:
    cells = [kernel("numpy"), kernel("tf"), kernel("jax")]
    progress, screen, _ = shown(cells, None)
    progress.plan(cells, None, launches=3)
    for launch in (0, 1):
        progress.divided(cells, [cells[:2], [cells[0], cells[2]]])
        for pair in (cells[:2], [cells[0], cells[2]]):
            progress.begun(pair, launch)
            progress.group_ended(pair)
    progress.divided(cells, [cells])
    progress.begun(cells, 2)
    progress.group_ended(cells)
    name = "matmul cpu:0 64 float32, launch"
    assert screen.lines == [
        f"{name} 1 of 3, part 1 of 2: measured",
        f"{name} 1 of 3, part 2 of 2: measured",
        f"{name} 2 of 3, part 1 of 2: measured",
        f"{name} 2 of 3, part 2 of 2: measured",
        f"{name} 3 of 3: measured",
        "",
    ]


def test_trainers_in_pairs_tell_the_part_alone() -> None:
    cells = [trainer("fit"), trainer("loop"), trainer("scan")]
    progress, screen, _ = shown(cells, None)
    progress.plan(cells, None)
    progress.divided(cells, [cells[:2], [cells[0], cells[2]]])
    progress.begun(cells[:2])
    progress.group_ended(cells[:2])
    assert screen.lines == ["training matched cpu:0, part 1 of 2: measured", ""]


@pytest.mark.parametrize("width", [20, 40, 80, 120])
def test_no_line_is_wider_than_the_terminal_and_no_figure_is_torn(width: int) -> None:
    cells = [kernel("n" * 30), trainer("fit")]
    progress, screen, clock = shown(cells, width)
    for cell in cells:
        progress.begun([cell])
        progress.ordered(cell, Prepare(SPEC))
        for epoch in (1, 2, 3):
            clock.now += 1
            take(progress, clock, cell, 27.2e-6, epoch if cell.recipe else None)
        clock.now += 1
        progress.tick()
        progress.ended(cell, CellRecord(cell.id, MEASURED, seconds=[27.2e-6] * 3))
    passing = re.findall(r"\r\x1b\[K([^\r\n]+)(?=\r|$)", screen.text)
    assert len(passing) > 4
    assert max(map(len, passing)) < width
    kept = screen.lines[:-1]
    assert all(len(line) <= width or len(line.split()[-1]) > width - 8 for line in kept), kept
    assert not [line for line in kept if line.endswith("27.2")]


def test_the_time_left_goes_down_while_a_worker_works() -> None:
    cells = [kernel("numpy")]
    progress, screen, clock = shown(cells, 80, seconds=20)
    progress.begun(cells)
    progress.ordered(cells[0], Prepare(SPEC))
    said = []
    for _ in range(5):
        clock.now += 2
        progress.tick()
        said.append(int(re.findall(r"about (\d+) s left", screen.text)[-1]))
    assert said == sorted(said, reverse=True)
    assert said[0] - said[-1] == 8


def test_in_a_log_nothing_is_written_over_and_each_line_holds_the_time_left() -> None:
    cells = [trainer("fit"), trainer("loop")]
    progress, screen, clock = shown(cells, None)
    progress.begun(cells)
    progress.ordered(cells[0], Prepare(SPEC))
    progress.answered(cells[0], ONCE)
    progress.tick()
    assert screen.text == ""
    for epoch in (1, 2, 3):
        take(progress, clock, cells[0], 6.0, epoch)
    progress.ended(cells[0], CellRecord(cells[0].id, MEASURED, seconds=[5.0, 7.0]))
    lines = screen.text.splitlines()
    assert "\x1b" not in screen.text
    assert lines[0].startswith(
        "[1/2] training-fit-cpu:0-matched: epoch 1 of 3: 6 s, loss 0.500, validation accuracy 0.875; about "
    )
    assert lines[-1].startswith("[1/2] training-fit-cpu:0-matched: 6 s, median of 2 warm epochs; about ")


def test_a_failed_cell_says_why_and_one_that_is_skipped_says_nothing() -> None:
    cells = [kernel("numpy"), replace(kernel("tf"), skip_reason="no GPU")]
    progress, screen, _ = shown(cells[:1], None)
    progress.ended(cells[1], CellRecord(cells[1].id, "skipped", "no GPU"))
    progress.ended(cells[0], CellRecord(cells[0].id, "wrong-answer", "error 0.3"))
    assert screen.text == "[1/1] matmul-numpy-cpu:0-64: wrong-answer: error 0.3\n"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.4, ""),
        (18.4, "about 18 s left"),
        (84, "about 84 s left"),
        (104, "about 1 min 40 s left"),
        (119, "about 2 min left"),
        (598, "about 10 min left"),
        (1500, "about 25 min left"),
        (4210, "about 1 h 10 min left"),
    ],
)
def test_times_left_as_people_say_them(seconds: float, text: str) -> None:
    assert left_text(seconds) == text
