"""Inside a worker: its proven answer held against the one that the first side gave to the same operands."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from likeforlike.bench.worker.messages import CellSpec
from likeforlike.models.contract.problem import Problem
from likeforlike.models.contract.workload import Workload

MOST_BYTES = 2**28
"""A larger answer is not kept: it lies in memory while others are measured."""


def keep(spec: CellSpec, workload: Workload, problem: Problem, answer: Callable[[], Any]) -> None:
    """Keep an answer for the other sides, if the cell is to, and it is small enough."""
    if not spec.answer_file:
        return
    parts = _parts(workload, answer())
    if sum(part.nbytes for part in parts) <= MOST_BYTES:
        np.savez(spec.answer_file, *parts, operands=_digest(problem.operands))


def facts(spec: CellSpec, workload: Workload, problem: Problem, answer: Callable[[], Any]) -> dict[str, Any]:
    """``side_answers``: how far the answer is from the first side's; nothing of a cell of the first side."""
    if not spec.answer_of:
        return {}
    told = _held_against(Path(spec.answer_of), workload, problem, answer)
    return {"side_answers": {"side": spec.first_side, **told}}


def _held_against(
    path: Path, workload: Workload, problem: Problem, answer: Callable[[], Any]
) -> dict[str, Any]:
    if not path.exists():
        return {"not_compared": "the first side kept no answer: it failed, or the answer is too large"}
    with np.load(path) as kept:
        if not np.array_equal(kept["operands"], _digest(problem.operands)):
            return {"not_compared": "the sides were given other operands"}
        theirs = [kept[f"arr_{number}"] for number in range(len(kept.files) - 1)]
    return difference(theirs, _parts(workload, answer()))


def difference(theirs: Sequence[np.ndarray], mine: Sequence[np.ndarray]) -> dict[str, Any]:
    """How far two answers are apart, each a list of arrays.

    ``largest``: the largest difference of two elements over the largest magnitude of the first answer.
    ``norm``: the 2-norm of the difference over that of the first answer. Both are absolute where that is 0.
    """
    if [part.shape for part in theirs] != [part.shape for part in mine]:
        return {"not_compared": "the answers have other shapes"}
    if all(map(np.array_equal, theirs, mine)):
        return {"identical": True, "largest": 0.0, "norm": 0.0}
    largest = magnitude = squares = whole = 0.0
    for one, other in zip(theirs, mine, strict=True):
        wide = np.complex128 if np.iscomplexobj(one) or np.iscomplexobj(other) else np.float64
        first = one.astype(wide)
        apart = np.abs(other.astype(wide) - first)
        largest = max(largest, float(apart.max(initial=0.0)))
        magnitude = max(magnitude, float(np.abs(first).max(initial=0.0)))
        squares += float(np.sum(apart**2))
        whole += float(np.sum(np.abs(first) ** 2))
    found = {"largest": largest / (magnitude or 1.0), "norm": float(np.sqrt(squares / (whole or 1.0)))}
    if not all(map(np.isfinite, found.values())):
        return {"not_compared": "an answer is not finite"}
    return {"identical": False, **found}


def _parts(workload: Workload, answer: Any) -> list[np.ndarray]:
    """An answer's arrays, in a form in which answers that are equally right are alike."""
    settle = getattr(workload, "settled", None)  # another commit's workload may not have it
    settled = answer if settle is None else settle(answer)
    parts = settled if isinstance(settled, (tuple, list)) else (settled,)
    return [_plain(np.asarray(part)) for part in parts if part is not None]


def _plain(array: np.ndarray) -> np.ndarray:
    """With number formats that NumPy has not by itself, such as bfloat16, widened."""
    return array if array.dtype.kind in "biufc" else array.astype(np.float32)


def _digest(operands: Sequence[Any]) -> np.ndarray:
    whole = hashlib.blake2b(digest_size=16)
    for operand in operands:
        array = np.ascontiguousarray(operand)
        whole.update(f"{array.dtype} {array.shape}".encode())
        # not by Python's own cast, which knows neither complex numbers nor tables without a row
        content = array.tobytes() if array.dtype.hasobject else array.reshape(-1).view(np.uint8).data
        whole.update(content)
    return np.frombuffer(whole.digest(), np.uint8)
