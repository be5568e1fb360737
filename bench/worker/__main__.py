"""A worker: a fresh interpreter that measures one cell at a time, when told to.

Its environment (visible devices, threads, Keras backend) was set before it started. It ends when told
to, when its harness is gone, and never measures on its own initiative.
"""

from __future__ import annotations

import os
import signal
import sys
from multiprocessing.connection import Connection
from pathlib import Path

from likeforlike.bench.worker import (
    cell_setup,
    clocks,  # noqa: F401  first: clocks are taken before all else
    measure_kernel,
    measure_trainer,
)
from likeforlike.bench.worker.messages import Failed, Load, Loaded, Order, Prepare, Quit, receive_order, send
from likeforlike.bench.worker.outcomes import CellFailed, outcome_of, reason_of
from likeforlike.devices.machine.bookkeeping import told
from likeforlike.devices.process.lifetime import end_with_parent
from likeforlike.devices.process.pinning import pin
from likeforlike.models.contract.problem import WrongAnswer


def forget_memory_peak() -> None:
    """Begin the process's high-water mark of resident memory anew (proc(5), clear_refs)."""
    # not allowed in some containers: the mark then holds since the start
    told(Path("/proc/self/clear_refs").write_text, "5")


def serve(connection: Connection) -> None:
    """Measure cell after cell until told to quit or the harness is gone."""
    imports: list[float] = []
    while True:
        try:
            order = receive_order(connection)
            if isinstance(order, Quit):
                return
            obey(order, connection, imports)
        except (EOFError, BrokenPipeError, ConnectionResetError):
            return


def obey(order: Order, connection: Connection, imports: list[float]) -> None:
    """Load or measure one cell; whatever goes wrong is that cell's failure, told to the harness.

    ``imports`` holds the seconds that each cell's imports took in this process, and gains this one's.
    """
    try:
        if isinstance(order, Load):
            imports.append(cell_setup.load(order.spec))
            send(connection, Loaded(imports[-1]))
        elif isinstance(order, Prepare):
            forget_memory_peak()
            driver = measure_kernel if order.spec.recipe is None else measure_trainer
            facts = {"import_seconds": imports[-1], "fresh_process": len(imports) == 1}
            driver.measure(order.spec, connection, facts)
    except CellFailed as error:
        send(connection, Failed(error.outcome, error.reason, error.device_unseen))
    except WrongAnswer as error:
        send(connection, Failed("wrong-answer", str(error)))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        raise
    except Exception as error:
        send(connection, Failed(outcome_of(error), reason_of(error)))


def main() -> None:
    """``python -m likeforlike.bench.worker SOCKET_FD PARENT_PID``; started by the pool only."""
    socket_fd, parent_pid = int(sys.argv[1]), int(sys.argv[2])
    end_with_parent(parent_pid)
    pin()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a scheduler's goes to all: the harness acts on its own
    with Connection(socket_fd) as connection:
        serve(connection)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # frameworks' exit handlers can hang or crash; nothing of ours is left to do


if __name__ == "__main__":
    main()
