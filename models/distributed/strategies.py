"""TensorFlow's strategies, begun once in a process; over processes, with the peers that take part."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from contextlib import ExitStack
from typing import Any

import tensorflow as tf

from likeforlike.devices.process.interpreter import module_command, same_imports
from likeforlike.devices.process.lifetime import end_with_child
from likeforlike.models.distributed.assignment import Assignment, own_gpu

_begun: dict[str, tf.distribute.Strategy] = {}


class MultiWorker(tf.distribute.MultiWorkerMirroredStrategy):
    """TensorFlow's own, with a ``reduce`` that takes what Keras 3 hands it.

    Keras 3.15 reduces a whole batch, a tuple, where TensorFlow takes one value, and reduces scalar
    metrics along their first axis, which they don't have; either ends ``fit`` with an error.
    """

    def reduce(self, reduce_op: Any, value: Any, axis: int | None = None) -> Any:
        """Over replicas, member by member; along an axis only where there is one."""
        if isinstance(value, tuple | list):
            return type(value)(MultiWorker.reduce(self, reduce_op, member, axis) for member in value)
        rank = self.experimental_local_results(value)[0].shape.rank
        return super().reduce(reduce_op, value, axis if rank else None)


def begin(assignment: Assignment) -> tf.distribute.Strategy:
    """The strategy of this process, its peers started; the same one however often it is asked for.

    Must first be called before TensorFlow has worked: its connections can't be made later.
    """
    strategy = _begun.get(assignment.to_json())
    if strategy is None:
        strategy = _mirrored(assignment) if assignment.strategy == "mirrored" else _chief(assignment)
        _begun[assignment.to_json()] = strategy
    return strategy


def join(assignment: Assignment, index: int, ports: list[int]) -> tf.distribute.Strategy:
    """The strategy of a peer process. Blocks until all have come."""
    return _begun.setdefault(assignment.to_json(), _multi_worker(index, ports))


def synchronise() -> None:
    """Wait for this process's own devices: TensorFlow's ``sync_devices`` asks the peers' too, and fails."""
    for kind in ("CPU", "GPU"):
        for device in tf.config.list_logical_devices(kind)[:1]:
            with tf.device(device.name):
                tf.raw_ops.SyncDevice()


def _mirrored(assignment: Assignment) -> tf.distribute.Strategy:
    kind = assignment.device.partition(":")[0]
    there = len(tf.config.list_logical_devices(kind.upper()))
    if there < assignment.workers:
        raise ValueError(f"{assignment.workers} {kind} devices asked for, TensorFlow sees {there}")
    return tf.distribute.MirroredStrategy([f"/{kind}:{index}" for index in range(assignment.workers)])


def _chief(assignment: Assignment) -> tf.distribute.Strategy:
    ports = _free_ports(assignment.workers)
    for index in range(1, assignment.workers):
        peer = subprocess.Popen(
            module_command(
                "likeforlike.models.distributed.peer",
                str(os.getpid()),
                str(index),
                json.dumps(ports),
                assignment.to_json(),
            ),
            env=same_imports() | own_gpu(assignment.device, index, os.environ),
            stdin=subprocess.DEVNULL,
        )
        end_with_child(peer, f"worker {index} of the training")
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        tf.config.set_visible_devices(gpus[:1], "GPU")
    return _multi_worker(0, ports)


def _multi_worker(index: int, ports: list[int]) -> tf.distribute.Strategy:
    addresses = [f"127.0.0.1:{port}" for port in ports]
    task = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
    os.environ["TF_CONFIG"] = json.dumps(task)
    _without_heartbeats()
    return MultiWorker()


def _without_heartbeats() -> None:
    """Let processes stand still: the harness freezes all of them between turns, for minutes if need be.

    TensorFlow's coordination service would take that for a crash. It has no public switch; an empty
    service type is how TensorFlow's own tests leave it out.
    """
    from tensorflow.python.eager import context

    if context.context().coordination_service is None:
        context.context().configure_coordination_service(service_type="")


def _free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now; held all at once, so that they differ."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
