"""What the harness and its workers say to each other: tagged records over a socket, as MessagePack."""

from __future__ import annotations

from multiprocessing.connection import Connection
from typing import Any

import msgspec


class CellSpec(msgspec.Struct, frozen=True):
    """All a worker must know to measure a cell; plain types only."""

    cell: str
    target: str
    workload: str
    framework: str
    axes: dict[str, Any]
    device: str
    """As the worker sees it: a GPU worker sees one GPU, ``gpu:0``."""
    threads: int
    precision: str
    """The precision mode: a dtype for kernels, that of the recipe's products for training."""
    timing: str
    asynchronous: bool
    """Queue on the CPU as a GPU does, where the framework can."""
    transfer: bool
    warm_up: bool
    disable_gc: bool
    timer: str
    """``module:function`` of the clock, seconds."""
    recipe: dict[str, Any] | None = None
    data: str = "auto"
    data_dir: str | None = None
    """The folder, or the file, that holds the data."""
    samples: tuple[int, int] = (60000, 10000)
    log_dir: str | None = None
    maker: str = ""
    """Whose the device is."""
    cache: str = "warm"
    """``cold``: before each timed call the device's caches are emptied."""
    sustained: bool = False
    """Keep the device loaded for longer before each sample."""
    calls: int = 1
    """Timed calls of a turn, at least, one after the other; 1: the sample alone."""
    turn_seconds: float = 0.0
    """What they may take together: a turn has fewer where that is not enough; 0: no bound."""
    statistic: str = "median"
    """What verdicts are asked on."""
    declared_in: str = ""
    """``module:attribute`` of the workload; empty: one of our own."""
    threading: str = "intra-op"
    """``inter-op``: each thread works on operations of its own."""
    role: str = "contestant"
    """``floor``: trains nothing, and proves its products itself."""
    network: str = ""
    """``module:attribute`` of what a loop is to train; empty: the trainer brings its own."""
    answer_file: str = ""
    """Where its answer is kept for the other sides; empty: nowhere."""
    answer_of: str = ""
    """Where the first side keeps its answer, to be held against; empty: with none."""
    first_side: str = ""
    """Which side that is."""
    memory_bytes: int = 0
    """The most that the worker may hold; 0: not told."""
    free_floor_bytes: int = 0
    """What must stay free on the machine meanwhile."""


class Load(msgspec.Struct, frozen=True, tag=True):
    """Import the framework and the implementation; untimed, so all of a group do it at once."""

    spec: CellSpec


class Prepare(msgspec.Struct, frozen=True, tag=True):
    """Place the implementation, call it once, verify it, warm it up."""

    spec: CellSpec


class Go(msgspec.Struct, frozen=True, tag=True):
    """Take one sample."""


class Sustain(msgspec.Struct, frozen=True, tag=True):
    """Call, or evaluate a batch, again and again for so long, to load the device; no sample."""

    seconds: float


class Finish(msgspec.Struct, frozen=True, tag=True):
    """No more samples: verify again, say what was recorded, and be ready for another cell."""


class Quit(msgspec.Struct, frozen=True, tag=True):
    """Leave."""


class Loaded(msgspec.Struct, frozen=True, tag=True):
    """Framework and implementation are imported and configured."""

    import_seconds: float | None = None
    """Taken while the others of the group import too."""


class Ready(msgspec.Struct, frozen=True, tag=True):
    """The cell may be sampled."""

    setup_seconds: float
    cold_seconds: float | None
    """None for training, whose first epoch is the cold call."""
    error: float | None
    """None, as the tolerance, for training: it is proven after its first epoch."""
    tolerance: float | None
    warm_up_calls: int
    facts: dict[str, Any]


class Sample(msgspec.Struct, frozen=True, tag=True):
    """One sample: a call, or an epoch's training."""

    seconds: float
    epoch: dict[str, Any] | None = None
    to_device_seconds: float | None = None
    to_host_seconds: float | None = None
    calls: int = 1
    """All calls of the turn, the untimed ones before the sample too: among them its energy is divided."""
    call_seconds: tuple[float, ...] = ()
    """Of every timed call of the turn, the sample last; none where the sample is the only one."""
    turn_seconds: float | None = None
    """From the order to this answer, by a clock taken before any implementation was imported."""


class Sustained(msgspec.Struct, frozen=True, tag=True):
    """The device was loaded."""

    calls: int


class Finished(msgspec.Struct, frozen=True, tag=True):
    """The cell is done; facts go into ``extra_info``."""

    facts: dict[str, Any]


class Failed(msgspec.Struct, frozen=True, tag=True):
    """The cell is lost, and why."""

    outcome: str
    reason: str
    device_unseen: bool = False
    """The framework can't see the device, and so none of its cells there can be measured."""


Order = Load | Prepare | Go | Sustain | Finish | Quit
Answer = Loaded | Ready | Sample | Sustained | Finished | Failed

_encoder = msgspec.msgpack.Encoder()
_orders = msgspec.msgpack.Decoder(Order)
_answers = msgspec.msgpack.Decoder(Answer)


def send(connection: Connection, message: Order | Answer) -> None:
    """Send one message. Raises OSError when the other side is gone."""
    connection.send_bytes(_encoder.encode(message))


def receive_order(connection: Connection) -> Order:
    """Wait for the harness's next order. Raises EOFError when the harness is gone."""
    return _orders.decode(connection.recv_bytes())


def receive_answer(connection: Connection) -> Answer:
    """Read a worker's answer. Raises EOFError when the worker is gone."""
    return _answers.decode(connection.recv_bytes())
