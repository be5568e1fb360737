"""``wait`` returns when the work is done, also where calls return before it is. Nothing here is timed."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from likeforlike.models.contract.workload import Problem
from likeforlike.models.registry import kernel_workloads, load_registry

MATMUL = kernel_workloads()["matmul"]
PROBLEM = Problem((np.ones(4),), "float64", "cpu:0")


@pytest.fixture
def asynchronous_eager_execution():
    tf = pytest.importorskip("tensorflow")
    tf.config.experimental.set_synchronous_execution(False)
    yield
    tf.test.experimental.sync_devices()
    tf.config.experimental.set_synchronous_execution(True)


class GatedWork:
    """Work that can't end before its gate is opened, and takes a while after that."""

    def __init__(self):
        self.gate = threading.Event()
        self.done = threading.Event()

    def graph(self):
        """In a graph, since called eagerly TensorFlow runs Python at once."""
        import tensorflow as tf

        return tf.function(lambda operand: tf.numpy_function(self.run, [operand], tf.float64))

    def run(self, operand):
        assert self.gate.wait(20)
        square = np.random.default_rng(0).random((1500, 1500))
        square @= square
        self.done.set()
        return operand + 1


def gated_call():
    from likeforlike.models.frameworks.on_tensorflow import kernel

    work = GatedWork()
    return work, kernel(PROBLEM, work.graph())


@pytest.mark.usefixtures("asynchronous_eager_execution")
def test_tensorflow_wait_waits_in_asynchronous_mode():
    work, kernel = gated_call()
    result = kernel.call()
    assert not work.done.is_set()
    work.gate.set()
    kernel.wait(result)
    assert work.done.is_set()
    np.testing.assert_array_equal(kernel.to_numpy(result), np.full(4, 2.0))


def test_tensorflow_mode_is_asked_at_each_wait():
    """The mode may change after the kernel was built: the harness's option does that."""
    tf = pytest.importorskip("tensorflow")

    work, kernel = gated_call()
    tf.config.experimental.set_synchronous_execution(False)
    try:
        result = kernel.call()
        work.gate.set()
        kernel.wait(result)
        assert work.done.is_set()
    finally:
        tf.config.experimental.set_synchronous_execution(True)


@pytest.mark.usefixtures("asynchronous_eager_execution")
@pytest.mark.parametrize("name", ["tf-eager", "tf-graph", "tf-xla"])
def test_asynchronous_product_is_complete_after_wait(name):
    axes = {"size": 1500, "dtype": "float32"}
    problem = MATMUL.problem(axes, "cpu:0")
    kernel = load_registry().find("matmul", name).load()(problem)
    result = kernel.call()
    kernel.wait(result)
    assert MATMUL.verify(axes, problem, kernel.to_numpy(result)).ok


@pytest.mark.parametrize(
    ("workload", "name", "axes"),
    [
        ("matmul", "jax", {"size": 1500, "dtype": "float32"}),
        ("eigen", "jax-eigh", {"size": 300}),
        ("jacobian", "jax-reverse", {"size": 2000, "what": "jacobian"}),
    ],
)
def test_jax_result_is_ready_after_wait(workload, name, axes):
    pytest.importorskip("jax")
    problem = kernel_workloads()[workload].problem(axes, "cpu:0")
    kernel = load_registry().find(workload, name).load()(problem)
    kernel.wait(kernel.call())
    result = kernel.call()
    kernel.wait(result)
    parts = result if isinstance(result, tuple) else (result,)
    assert all(part.is_ready() for part in parts)


def test_tf32_is_off_again_for_the_next_precision_mode():
    tf = pytest.importorskip("tensorflow")
    for dtype in ("tf32", "float32"):
        problem = MATMUL.problem({"size": 4, "dtype": dtype}, "cpu:0")
        load_registry().find("matmul", "tf-eager").load()(problem)
        assert tf.config.experimental.tensor_float_32_execution_enabled() is (dtype == "tf32")


def test_torch_tf32_is_off_again_for_the_next_precision_mode():
    torch = pytest.importorskip("torch")
    for dtype, precision in (("tf32", "high"), ("float32", "highest")):
        problem = MATMUL.problem({"size": 4, "dtype": dtype}, "cpu:0")
        load_registry().find("matmul", "torch").load()(problem)
        assert torch.get_float32_matmul_precision() == precision
