"""A competing process: busy for a share of the time, in bursts of random length. Started by a study only.

``python -m bench.studies.busy_neighbour SHARE SEED PARENT_PID``: one thread that multiplies small
matrices in bursts of 5 to 100 ms and sleeps in between so long that it is busy for SHARE of the time.
"""

from __future__ import annotations

import random
import sys
import time

import numpy as np

from likeforlike.devices.process.lifetime import end_with_parent
from likeforlike.devices.process.thread_pools import limit_blas_threads

SHORTEST_SECONDS = 0.005
LONGEST_SECONDS = 0.1


def main() -> None:
    """Compete until killed or the study is gone."""
    share, seed, parent_pid = float(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    end_with_parent(parent_pid)
    limit_blas_threads(1)
    draw = random.Random(seed)
    matrix = np.ones((200, 200), np.float32)
    while True:
        busy_seconds = draw.uniform(SHORTEST_SECONDS, LONGEST_SECONDS)
        end = time.monotonic() + busy_seconds
        while time.monotonic() < end:
            np.matmul(matrix, matrix)
        time.sleep(busy_seconds * (1 - share) / share)


if __name__ == "__main__":
    main()
