"""Wrong kernels, each wrong in its own way: refused by the check and by the probe, in every precision mode."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import signal, special

from likeforlike.models.contract.against_reference import rounded_to, widened_problem
from likeforlike.models.contract.change import Factors
from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.kernels.precision_modes import PRODUCT_MODES
from likeforlike.models.registry import kernel_workloads

WORKLOADS = kernel_workloads()


def attention(operands, axes, how=""):
    """By SciPy's softmax, head by head at once; spoilt in one way."""
    values, queries, keys = operands
    if how == "queries and keys swapped":
        queries, keys = keys, queries
    if how == "keys of another batch entry":
        keys = keys[::-1]
    scores = np.einsum("bhqd,bhkd->bhqk", queries, keys)
    scores *= {"scale forgotten": 1.0, "scale 1 / width": 1 / axes["width"]}.get(how, axes["width"] ** -0.5)
    if axes["mask"] == "causal" and how != "mask forgotten":
        diagonal = {"mask one too far": 2, "mask one too near": 0}.get(how, 1)
        hidden = np.triu(np.ones(scores.shape[-2:], bool), diagonal)
        hidden[0, 0] = False
        scores = np.where(hidden, -np.inf, scores)
    if how == "last key left out":
        scores[..., 1:, -1] = -np.inf
    if how == "normalised over the queries":
        weights = special.softmax(scores, axis=-2)
    elif how == "unnormalised":
        weights = np.exp(scores)
    else:
        weights = special.softmax(scores, axis=-1)
    return spoilt(weights @ values, how)


def conv2d(operands, axes, how=""):
    """By SciPy's correlation of one channel with another."""
    images, kernel = operands
    if how == "kernel flipped":
        kernel = kernel[::-1, ::-1]
    if how == "kernel transposed":
        kernel = kernel.swapaxes(0, 1)
    if how == "channels in and out swapped":
        kernel = kernel.swapaxes(2, 3)
    if how == "a corner of the kernel left out":
        kernel = kernel * (np.arange(9).reshape(3, 3, 1, 1) != 8)
    mode = {"padded with the edge": "edge", "padded by reflection": "reflect", "padded round": "wrap"}.get(
        how, "constant"
    )
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)), mode=mode)
    out = np.zeros(images.shape)
    for b, i, o in np.ndindex(len(images), *kernel.shape[2:]):
        out[b, :, :, o] += signal.correlate2d(padded[b, :, :, i], kernel[:, :, i, o], mode="valid")
    return out[:, 1:-1, 1:-1] if how == "not padded" else spoilt(out, how)


def embedding(operands, axes, how=""):
    """One token after the other."""
    rows, numbers = operands
    if how == "numbers off by one":
        numbers = (numbers + 1) % axes["vocabulary"]
    if how == "tokens reversed":
        numbers = numbers[::-1]
    if axes["what"] == "gather":
        return spoilt(np.stack([rows[number] for number in numbers]), how)
    total = np.full((axes["vocabulary"], rows.shape[1]), 1.0 if how == "added to ones" else 0.0)
    last = len(numbers) - (how == "last token left out")
    for token, number in enumerate(numbers[:last]):
        total[number] = rows[token] + (0.0 if how == "duplicates not added up" else total[number])
    return spoilt(total, how)


def gemm(operands, axes, how=""):
    """By ``einsum``."""
    left, right = operands
    if how == "operands swapped":
        left, right = right, left
    if how == "right one transposed":
        right = right.swapaxes(-1, -2)
    if how == "last term left out":
        left, right = left[..., :-1], right[..., :-1, :]
    if how == "the first right one for all":
        right = np.broadcast_to(right[:1], right.shape)
    return spoilt(np.einsum("...mk,...kn->...mn", left, right), how)


def spoilt(answer, how):
    answer = answer.copy()
    if how == "transposed":
        answer = answer.swapaxes(-1, -2)
    elif how == "heads swapped":
        answer = answer[:, ::-1]
    elif how == "off by one row":
        answer = np.roll(answer, 1, axis=-2)
    elif how == "image transposed":
        answer = answer.swapaxes(1, 2)
    elif how == "batch permuted":
        answer = np.roll(answer, 1, axis=0)
    elif how == "one element":
        answer.flat[7] *= -1
    elif how == "one element is not a number":
        answer.flat[7] = np.nan
    elif how == "all the same":
        answer[...] = answer.flat[0]
    elif how == "nothing":
        answer[...] = 0.0
    return answer


ANY = ("off by one row", "batch permuted", "one element is not a number", "all the same", "nothing")
ATTENTION = {"batch": 3, "heads": 2, "sequence": 16, "width": 16}
ATTENTION_FAULTS = (
    *(
        *ANY,
        "one element",
        "transposed",
        "heads swapped",
        "queries and keys swapped",
        "keys of another batch entry",
    ),
    *(
        "scale forgotten",
        "scale 1 / width",
        "last key left out",
        "normalised over the queries",
        "unnormalised",
    ),
)
MASK_FAULTS = ("mask forgotten", "mask one too far", "mask one too near")
CONV2D_FAULTS = (
    *(
        *ANY,
        "one element",
        "image transposed",
        "kernel flipped",
        "kernel transposed",
        "channels in and out swapped",
    ),
    *(
        "a corner of the kernel left out",
        "padded with the edge",
        "padded by reflection",
        "padded round",
        "not padded",
    ),
)
GEMM_FAULTS = (
    *(*ANY, "one element", "transposed", "operands swapped", "right one transposed", "last term left out"),
    "the first right one for all",
)
EMBEDDING_FAULTS = (*ANY, "one element", "numbers off by one", "tokens reversed", "transposed")
SCATTER_FAULTS = ("duplicates not added up", "added to ones", "last token left out")
KERNELS = [
    (attention, {**ATTENTION, "mask": "none"}, ATTENTION_FAULTS),
    (attention, {**ATTENTION, "mask": "causal"}, ATTENTION_FAULTS + MASK_FAULTS),
    (conv2d, {"batch": 2, "size": 6, "channels": 8}, CONV2D_FAULTS),
    (embedding, {"what": "gather", "vocabulary": 16, "tokens": 16, "width": 16}, EMBEDDING_FAULTS),
    (
        embedding,
        {"what": "scatter-add", "vocabulary": 16, "tokens": 40, "width": 16},
        EMBEDDING_FAULTS + SCATTER_FAULTS,
    ),
    (gemm, {"batch": 3, "m": 16, "k": 16, "n": 16}, GEMM_FAULTS),
]
HOST = Kernel(call=lambda: None)


def modes(workload):
    return [dtype for dtype in PRODUCT_MODES if workload.axis("dtype").parsed(dtype)]


def answers(kernel, axes, dtype):
    """A function from a fault to the check of the problem's own answer, and of a changed one's by the probe."""
    workload, axes = WORKLOADS[kernel.__name__], {**axes, "dtype": dtype}
    problem, random = workload.problem(axes, "cpu:0"), np.random.default_rng(2)
    factors = Factors(len(problem.operands[0]), workload.rows_alike, dtype, random)
    factors.change_all()
    probe = workload.probe(axes, problem, random)
    own, changed = widened_problem(problem).operands, widened_problem(problem, factors.now).operands

    def checked(how=""):
        answer, later = (rounded_to(kernel(operands, axes, how), dtype) for operands in (own, changed))
        return workload.verify(axes, problem, answer), probe(HOST, later, factors.now)

    return checked


@pytest.mark.parametrize(("kernel", "axes", "faults"), KERNELS)
def test_another_formula_s_answer_is_right_and_wrong_ones_are_refused(kernel, axes, faults):
    for dtype in modes(WORKLOADS[kernel.__name__]):
        checked = answers(kernel, axes, dtype)
        assert all(verification.ok for verification in checked()), dtype
        for how in faults:
            assert not any(verification.ok for verification in checked(how)), (how, dtype)


def cut_to_tf32(operand):
    """Truncated to 10 bits, the worst that hardware does."""
    return (operand.view(np.uint32) & np.uint32(0xFFFFE000)).view(np.float32)


LARGE = [
    (attention, {**ATTENTION, "mask": "causal", "sequence": 64}),
    (conv2d, {"batch": 2, "size": 5, "channels": 16}),
    (gemm, {"batch": 2, "m": 16, "k": 300, "n": 32}),
]


@pytest.mark.parametrize(("kernel", "axes"), LARGE)
def test_a_cheaper_precision_is_a_wrong_answer_and_an_honest_one_is_right(kernel, axes):
    workload = WORKLOADS[kernel.__name__]

    def error(dtype, operands_rounded):
        asked = {**axes, "dtype": dtype}
        problem = workload.problem(asked, "cpu:0")
        operands = [operands_rounded(operand).astype(np.float64) for operand in problem.operands]
        return workload.verify(asked, problem, kernel(operands, asked))

    for dtype in ("tf32", "float32"):
        assert error(dtype, cut_to_tf32).ok is (dtype == "tf32")
        assert error(dtype, lambda operand: operand).ok
    assert not error("float32", lambda operand: rounded_to(operand.astype(np.float64), "float16")).ok
    assert not error("float16", lambda operand: rounded_to(operand.astype(np.float64), "bfloat16")).ok
    assert not error("float64", lambda operand: operand.astype(np.float32)).ok


def winograd(images, kernel):
    """Tiles of 4 × 4 pixels in float32, after Lavin and Gray (2016), F(4 × 4, 3 × 3)."""
    inputs = [[4, 0, -5, 0, 1, 0], [0, -4, -4, 1, 1, 0], [0, 4, -4, -1, 1, 0]]
    inputs += [[0, -2, -1, 2, 1, 0], [0, 2, -1, -2, 1, 0], [0, 4, 0, -5, 0, 1]]
    places = [[6, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 24]]
    outputs = [[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]]
    b, g, a = (np.array(matrix, np.float32) for matrix in (inputs, np.array(places) / 24, outputs))
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)))
    out = np.empty_like(images)
    transformed = np.einsum("ai,bj,ijco->abco", g, g, kernel)
    for y, x in np.ndindex(images.shape[1] // 4, images.shape[2] // 4):
        tile = np.einsum("ai,bj,nijc->nabc", b, b, padded[:, 4 * y : 4 * y + 6, 4 * x : 4 * x + 6])
        products = np.einsum("nabc,abco->nabo", tile, transformed)
        out[:, 4 * y : 4 * y + 4, 4 * x : 4 * x + 4] = np.einsum("ai,bj,nijo->nabo", a, a, products)
    return out


@pytest.mark.parametrize("channels", [8, 32])
def test_winograd_s_algorithm_in_float32_is_right(channels):
    axes = {"batch": 2, "size": 8, "channels": channels, "dtype": "float32"}
    workload = WORKLOADS["conv2d"]
    problem = workload.problem(axes, "cpu:0")
    verification = workload.verify(axes, problem, winograd(*problem.operands))
    assert verification.ok
    assert verification.error > 0.1 * verification.tolerance, "the allowance is for this"
