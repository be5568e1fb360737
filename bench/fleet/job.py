"""What runs on the machine: the ordinary command, resumed by its journal however often it is requeued."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from likeforlike.devices.process.interpreter import import_path, module_command

GRACE_SECONDS = 20.0
"""How long a run may take to end its workers and keep what is finished."""


def command(options: Sequence[str], result_file: Path) -> list[str]:
    """``likeforlike bench`` with these options, taken up on whatever machine of the kind the job comes to.

    Where there is no journal yet it starts.
    """
    file = f"--benchmark-json={result_file}"
    return module_command("likeforlike", "bench", *options, file, "--resume-elsewhere")


def deaf_to_notice() -> None:
    """Ignore the scheduler's notice from here on, also in the programs that follow.

    Slurm sends it to every process of the job; unhandled it would end the run's workers, each a crash.
    """
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    signal.signal(signal.SIGUSR2, signal.SIG_IGN)


class BenchJob:
    """A job as submitit takes it: called on the machine, asked for a checkpoint before it is requeued."""

    def __init__(
        self, options: Sequence[str], result_file: Path, directory: Path, path: str | None = None
    ) -> None:
        self.options = tuple(options)
        self.result_file = result_file
        self.directory = directory
        self.path = import_path() if path is None else path
        """PYTHONPATH of where it was submitted: the scheduler starts Python in any folder it likes."""
        self._process: subprocess.Popen[bytes] | None = None

    def __call__(self) -> int:
        """Run, and give the command's exit status."""
        self._process = subprocess.Popen(
            command(self.options, self.result_file),
            cwd=self.directory,
            env=os.environ | {"PYTHONUNBUFFERED": "1", "PYTHONPATH": self.path},
            preexec_fn=deaf_to_notice,
        )
        return self._process.wait()

    def checkpoint(self) -> Any:
        """End the run in order; the same job, to be submitted again. Called in a signal's handler."""
        from submitit.helpers import DelayedSubmission

        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(GRACE_SECONDS)
            process.kill()
        return DelayedSubmission(BenchJob(self.options, self.result_file, self.directory, self.path))
