"""Which GPU a further process of a training is given: its own, or none and an error."""

from __future__ import annotations

import pytest

from likeforlike.models.distributed.assignment import Assignment, own_gpu

CUDA, HIP = "CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES"


@pytest.mark.parametrize(
    ("environ", "index", "own"),
    [
        ({CUDA: "GPU-a,GPU-b,GPU-c", HIP: "-1"}, 1, {CUDA: "GPU-b"}),
        ({CUDA: "GPU-a,GPU-b,GPU-c", HIP: "-1"}, 2, {CUDA: "GPU-c"}),
        # both name the same of AMD's, of which ROCm reads the second first
        ({CUDA: "0,1", HIP: "0,1"}, 1, {CUDA: "1", HIP: "1"}),
        ({HIP: "0,1"}, 1, {HIP: "1"}),
    ],
)
def test_a_further_process_is_shown_its_own_gpu(environ, index, own):
    assert own_gpu("gpu:0", index, environ) == own


@pytest.mark.parametrize(
    ("environ", "told"), [({CUDA: "GPU-a,GPU-b", HIP: "-1"}, r"\['GPU-a', 'GPU-b'\]"), ({}, r"\[''\]")]
)
def test_it_never_shares_another_s(environ, told):
    with pytest.raises(ValueError, match=rf"worker 2 of the training has no GPU of its own among {told}"):
        own_gpu("gpu:0", 2, environ)


def test_on_processors_none_is_shown():
    assert own_gpu("cpu:0", 1, {CUDA: "-1"}) == {}
    assert own_gpu("cpu:0", 1, {CUDA: "GPU-a,GPU-b"}) == {}


@pytest.mark.parametrize(
    ("strategy", "device", "last"),
    [("mirrored", "cpu:0", "cpu:2"), ("mirrored", "gpu:0", "gpu:0"), ("multi-worker", "cpu:0", "cpu:0")],
)
def test_the_processor_is_split_for_mirrored_ones_alone(strategy, device, last):
    made = Assignment("m:a", strategy, 3, device, 2, {"epochs": 4}, "made up", None, (10, 5))
    assert made.last_logical_cpu == last
    assert Assignment.from_json(made.to_json()) == made
