"""When a training's freed memory is given back, by a process whose memory is made up; in units of 1 byte."""

from __future__ import annotations

import ctypes

import pytest

from likeforlike.bench.worker import freed_memory
from likeforlike.bench.worker.freed_memory import FreedMemory


class Process:
    """Holds what each epoch leaves, on a machine of 1000; giving back leaves 100."""

    def __init__(self, *after_epochs: int, least: int = 100) -> None:
        self.left, self.now, self.least = list(after_epochs), 0, least
        self.given_back_at: list[int] = []

    def resident(self) -> int:
        return self.now

    def free(self) -> int:
        return 1000 - self.now

    def give_back(self) -> int:
        self.given_back_at.append(self.now)
        self.now = self.least
        return 1

    def train(self, limit_bytes: int, floor_bytes: int = 0) -> FreedMemory:
        made = FreedMemory(limit_bytes, floor_bytes, self.resident, self.free, self.give_back)
        for left in self.left:
            self.now = left
            made.after_epoch()
        return made


class TestWhen:
    @pytest.mark.parametrize(
        ("limit", "floor", "given_back_at"),
        [
            (600, 0, []),  # 400 and two epochs of 100 are 600
            (599, 0, [400]),
            (499, 0, [300]),  # 300 + 200
            (0, 0, []),  # nobody has said
            (2000, 400, []),  # 600 are free, 200 will be taken
            (2000, 401, [400]),
        ],
    )
    def test_before_two_more_epochs_of_the_largest_growth_would_not_fit(self, limit, floor, given_back_at):
        process = Process(100, 200, 300, 400)
        made = process.train(limit, floor)
        # what it holds afterwards is made up: it goes on as if nothing had been given back
        assert process.given_back_at[:1] == given_back_at
        assert made.times == len(process.given_back_at)

    def test_the_largest_growth_counts_not_the_last(self):
        """200 once, then 1 each: at 302 two of 200 would make 702."""
        process = Process(100, 300, 301, 302)
        process.train(702)
        assert process.given_back_at == []
        process.train(701)
        assert process.given_back_at == [302]

    @pytest.mark.parametrize(("second", "given_back_at"), [(149, []), (150, [150])])
    def test_never_of_a_process_that_has_not_grown_by_half(self, second, given_back_at):
        process = Process(100, second)
        process.train(120)
        assert process.given_back_at == given_back_at

    def test_growth_is_counted_from_what_is_left(self):
        """After 400 (and two of 100 more: not 590) 100 are left, of which 180 are growth of 80."""
        process = Process(100, 200, 300, 400, 180, 260)
        assert process.train(590).times == 1
        assert process.given_back_at == [400]

    def test_so_is_a_large_growth_after_it(self):
        """Of 100 that were left 350 are 250 more; two such would make 850."""
        process = Process(100, 200, 300, 400, 350)
        process.train(590)
        assert process.given_back_at == [400, 350]

    def test_what_it_holds_after_its_first_epoch_is_no_growth(self):
        """Else 150 and twice 99 would be 348."""
        process = Process(100, 150)
        process.train(300)
        assert process.given_back_at == []

    def test_what_is_not_freed_is_tried_again_and_counted(self):
        process = Process(100, 300, 320, least=300)
        assert process.train(400).times == 2
        assert process.given_back_at == [300, 320]

    def test_a_process_that_shrinks_has_grown_by_nothing(self):
        process = Process(100, 90, 200)
        process.train(420)
        assert process.given_back_at == []  # 200 + two of 110
        process.train(419)
        assert process.given_back_at == [200]


class TestWhatIsNotTold:
    def test_without_a_reading_nothing_is_done(self):
        def unread() -> int:
            raise OSError

        made = FreedMemory(1, 0, unread, lambda: 0, lambda: 1)
        made.after_epoch()
        made.after_epoch()
        assert made.times == 0

    def test_without_free_memory_known_the_limit_counts(self):
        def unread() -> int:
            raise OSError

        held = iter([100, 200, 300, 250])
        made = FreedMemory(499, 10**9, lambda: next(held), unread, lambda: 1)
        for _ in range(3):
            made.after_epoch()
        assert made.times == 1

    def test_where_the_c_library_has_no_such_function_nothing_was_given_back(self):
        def none() -> int:
            raise AttributeError("malloc_trim")

        held = iter([100, 200])
        made = FreedMemory(100, 0, lambda: next(held), lambda: 1000, none)
        made.after_epoch()
        made.after_epoch()
        assert made.times == 0


class TestOfThisProcess:
    def test_resident_memory_is_what_the_kernel_tells(self):
        """Within a factor, since it moves between the two readings: proc(5), second figure, in pages."""
        with open("/proc/self/statm", encoding="ascii") as file:
            pages = int(file.read().split()[1])
        assert freed_memory.resident_bytes() == pytest.approx(pages * 4096, rel=0.5)

    def test_all_that_can_be_is_given_back(self, monkeypatch):
        asked = []

        class Library:
            @staticmethod
            def malloc_trim(pad: int) -> int:
                asked.append(pad)
                return 1

        monkeypatch.setattr(ctypes, "CDLL", lambda name: Library if name is None else None)
        assert freed_memory.trim() == 1
        assert asked == [0]
