"""Run as a worker: configures one framework, multiplies, and prints what it sees as JSON."""

from __future__ import annotations

import json
import sys
import warnings

from at_once import threads_at_once

from likeforlike.devices.process.runtime import runtime, thread_complaint
from likeforlike.devices.process.thread_pools import blas_threads

SIZE = 1400


def numpy_facts(switches, device):
    import numpy as np

    one = np.ones((SIZE, SIZE), np.float32)
    return {"call": lambda: one @ one}


def torch_facts(switches, device):
    import torch

    one = torch.ones((SIZE, SIZE))
    return {"call": lambda: one @ one}


def jax_facts(switches, device):
    import jax

    one = jax.device_put(jax.numpy.ones((SIZE, SIZE)), jax.devices()[int(device[-1])])
    (place,) = one.devices()
    float64 = {}
    warnings.simplefilter("ignore")  # JAX warns that it gives float32 for float64, which is what is asked
    for precision in ("float32", "float64", "tf32"):
        switches.configure(device, len(jax.devices()), precision)
        float64[precision] = jax.numpy.ones(2, dtype="float64").dtype == "float64"
    return {"call": lambda: (one @ one).block_until_ready(), "placed": f"cpu:{place.id}", "float64": float64}


def tensorflow_facts(switches, device):
    import tensorflow as tf

    with tf.device(device):
        one = tf.ones((SIZE, SIZE))

        def call():
            with tf.device(device):
                return tf.matmul(one, one)

        place = call().device.rpartition("device:")[2].lower()
        tf32 = {}
        for precision in ("float32", "tf32", "float64"):
            switches.configure(device, 2, precision)
            tf32[precision] = tf.config.experimental.tensor_float_32_execution_enabled()
        done = {"asynchronous": is_done_at_once(switches, device, True)}
        done["synchronous"] = is_done_at_once(switches, device, False)
    branches = tf.function(lambda: (tf.matmul(one, one), tf.matmul(one, one + 1)))
    return {"call": call, "branches": branches, "placed": place, "tf32": tf32, "done_at_once": done}


def is_done_at_once(switches, device, asynchronous):
    """Whether an operation had run when its call returned, and has run after synchronising."""
    import threading

    import tensorflow as tf

    gate, ran = threading.Event(), []

    def body():
        # With a limit, so that a fault fails the test instead of hanging it.
        gate.wait(20 if asynchronous else 0)
        ran.append(True)

    switches.asynchronous(asynchronous)
    tf.py_function(body, [], [])
    at_once = bool(ran)
    gate.set()
    switches.synchronise(device)
    assert ran
    switches.asynchronous(False)
    return at_once


def main():
    framework, device, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
    switches = runtime(framework, *sys.argv[4:])
    switches.configure(device, threads, "float32")
    facts = globals()[f"{framework}_facts"](switches, device)
    call, branches = facts.pop("call"), facts.pop("branches", None)
    switches.configure(device, threads, "float32")
    facts["threads_at_once"] = threads_at_once(call)
    facts["threads_in_branches"] = branches and threads_at_once(branches)
    switches.reset_device_peak(device)
    facts["device_peak"] = switches.device_peak_bytes(device)
    facts |= {
        "threads": switches.threads(),
        "blas": blas_threads(),
        "complaint": thread_complaint(switches, threads),
    }
    print(json.dumps(facts))


if __name__ == "__main__":
    main()
