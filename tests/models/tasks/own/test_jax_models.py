"""A pair of JAX opened whose leaves are of other types than float32: trained in the precision asked for."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

jax = pytest.importorskip("jax")
from jax import numpy as jnp  # noqa: E402

from likeforlike.models.tasks.own.families.losses import loss_in  # noqa: E402
from likeforlike.models.tasks.own.families.with_jax import JaxModel  # noqa: E402
from likeforlike.models.tasks.own.given import Refused  # noqa: E402

INPUTS = np.array([[1.0, 0.0], [0.0, 1.0]], np.float32)
LABELS = np.array([0, 1], np.int32)
KERNEL = [[0.5, -0.25], [1.0, 2.0]]
"""Numbers that bfloat16 has; of the two inputs they are the outputs."""


def model(kernel: str, apply: Callable[..., Any], **more: Any) -> JaxModel:
    def init(key: Any) -> dict[str, Any]:
        return {"kernel": jnp.array(KERNEL, kernel), "count": jnp.zeros((), "int32"), **more}

    return JaxModel((init, apply), loss_in("jax", "sparse-crossentropy"), INPUTS)


def plain(weights: Any, inputs: Any, training: bool, key: Any) -> Any:
    return inputs @ weights["kernel"]


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float32"])
def test_leaves_in_16_bits_are_weights_as_others_are(dtype: str) -> None:
    found = model(dtype, plain)
    assert list(found.weights()) == ["kernel"]
    assert found.trained() == {"kernel"}
    assert found.weights()["kernel"].dtype == np.float32
    assert found.weights()["kernel"].tolist() == KERNEL
    assert found.outputs(INPUTS).tolist() == KERNEL
    found.assign({"kernel": np.full((2, 2), 1 / 3)})
    assert found.weights()["kernel"].tolist() == np.full((2, 2), 1 / 3, np.float32).tolist()


def test_outputs_in_16_bits_are_judged_in_the_precision_asked_for() -> None:
    """As a loop does it: log(1 + exp(-3/4)) and log(1 + exp(-1)), not their eight bits."""

    def narrow(weights: Any, inputs: Any, training: bool, key: Any) -> Any:
        return (inputs @ weights["kernel"]).astype("bfloat16")

    found = model("bfloat16", narrow)
    step = found.step(INPUTS, LABELS, training=True)
    right = [math.log1p(math.exp(-0.75)), math.log1p(math.exp(-1.0))]
    assert step.losses == pytest.approx(right, rel=1e-5)
    types = step.losses.dtype, step.outputs.dtype, step.gradients["kernel"].dtype
    assert types == (np.float32, np.float32, np.float32)
    loss, outputs = found.evaluated(INPUTS, LABELS)
    assert loss == pytest.approx(sum(right) / 2, rel=1e-5)
    assert outputs.dtype == np.float32


def test_state_that_comes_back_in_16_bits_stays_a_weight() -> None:
    def moving(weights: Any, inputs: Any, training: bool, key: Any) -> Any:
        outputs = inputs @ weights["kernel"]
        return (outputs, {"mean": (weights["mean"] + 1).astype("bfloat16")}) if training else outputs

    found = model("float32", moving, mean=jnp.zeros(1, "bfloat16"))
    assert found.trained() == {"kernel"}
    for taken in (1.0, 2.0):
        found.step(INPUTS, LABELS, training=True)
        assert found.weights()["mean"].dtype == np.float32
        assert found.weights()["mean"].tolist() == [taken]


def test_complex_leaves_are_refused_by_name() -> None:
    with pytest.raises(
        Refused, match="--model: kernel is of dtype complex64; loops of JAX train real numbers"
    ):
        model("complex64", plain)


def test_a_count_goes_on_from_step_to_step_and_anew_where_a_training_begins() -> None:
    """The n-th step adds 1/n: 1 and 3/2; another training begins with 1 again."""

    def counting(weights: Any, inputs: Any, training: bool, key: Any) -> Any:
        outputs, count = inputs @ weights["kernel"], weights["count"] + 1
        return (outputs, {"count": count, "mean": weights["mean"] + 1 / count}) if training else outputs

    found = model("float32", counting, mean=jnp.zeros(1))
    start, means = found.weights(), []
    for _ in range(2):
        found.step(INPUTS, LABELS, training=True)
        found.assign({"kernel": np.zeros((2, 2))})  # as a step's update does
        means.append(found.weights()["mean"].item())
    assert means == [1.0, 1.5]
    found.restart(start)
    assert found.weights()["kernel"].tolist() == KERNEL
    found.step(INPUTS, LABELS, training=True)
    assert found.weights()["mean"].item() == 1.0
