"""How a cell can end, with a figure or without, in the words of the result file."""

from __future__ import annotations

MEASURED = "measured"
OUTCOMES = (
    "skipped",
    "failed",
    "wrong-answer",
    "non-finite",
    "import-error",
    "crashed",
    "out-of-memory",
    "timed-out",
)
"""``interrupted`` besides: a cell that was never reached because the run was ended."""

_EXHAUSTED_TYPES = {"MemoryError", "ResourceExhaustedError", "OutOfMemoryError", "_ArrayMemoryError"}
_EXHAUSTED_TEXTS = ("RESOURCE_EXHAUSTED", "CUDA_ERROR_OUT_OF_MEMORY", "can't allocate memory")
_LONGEST_REASON = 500


class CellFailed(Exception):
    """A cell gives no figure: the outcome and a one-line reason."""

    def __init__(self, outcome: str, reason: str, device_unseen: bool = False) -> None:
        super().__init__(f"{outcome}: {reason}")
        self.outcome = outcome
        self.reason = reason
        self.device_unseen = device_unseen
        """The framework can't see the device, and so none of its cells there can be measured."""


def outcome_of(error: BaseException) -> str:
    """Whether an exception says that memory ran out, or anything else."""
    names = {base.__name__ for base in type(error).__mro__}
    text = str(error)
    if names & _EXHAUSTED_TYPES or any(marker in text for marker in _EXHAUSTED_TEXTS):
        return "out-of-memory"
    return "failed"


def reason_of(error: BaseException) -> str:
    """An exception as one line."""
    lines = str(error).strip().splitlines()
    text = f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
    return text if len(text) <= _LONGEST_REASON else text[: _LONGEST_REASON - 1] + "…"
