"""From options to a run that is ready to begin: registry, devices, grid."""

from __future__ import annotations

import os
import sys
from functools import partial

import pytest

from likeforlike.bench.keep.source_code import code_digests
from likeforlike.bench.plan.asked.options import OptionError, Options
from likeforlike.bench.plan.grid import build_grid, with_sizes_named
from likeforlike.bench.plan.thread_counts import thread_counts
from likeforlike.bench.run.own_models import bring, forget, lines_of, with_own, with_own_named
from likeforlike.bench.run.session import Bench
from likeforlike.bench.sides.preparing import prepare_sides
from likeforlike.devices.machine.discovery import find_devices, parse_devices
from likeforlike.devices.machine.fingerprint import machine_fingerprint
from likeforlike.devices.machine.host import host_facts
from likeforlike.devices.machine.setup import read_setup
from likeforlike.devices.machine.topology import pinned_processors, pinning_text, usable_physical_cores
from likeforlike.devices.machine.versions import numpy_blas
from likeforlike.devices.process.placement import inherited_by_workers
from likeforlike.models.contract.implementation import Implementation
from likeforlike.models.registry import load_registry
from likeforlike.models.tasks.own.given import Brought


def open_bench(config: pytest.Config, options: Options) -> Bench:
    """Registry, devices and grid; imports no framework and takes a moment, but for models of a user's own.

    Those are built by processes of their own, which takes as long as importing their frameworks and some
    steps of training. Raises OptionError or DeviceError for an unknown name.
    """
    if config.getoption("numprocesses", None):
        raise OptionError("-n: measuring side by side falsifies every figure; leave it out")
    present = find_devices()
    registry = load_registry(options.plugins)
    brought: Brought | None = None
    own: tuple[Implementation, ...] = ()
    if options.own_models is not None:
        brought = bring(options.own_models, options, _say)
        config.add_cleanup(partial(forget, brought))
        registry, names = with_own(registry, brought)
        own = tuple(entry for name in names.values() for entry in registry.of(name))
        options = with_own_named(options, names)
    options = with_sizes_named(options, registry)
    devices = parse_devices(options.devices or ("all",), present)
    has_gpu = any(device.kind == "gpu" for device in present)
    absent = () if options.devices or has_gpu or not options.preset.absent_gpu else ("gpu:0",)
    threads = options.threads or usable_physical_cores()
    sides = prepare_sides(options.sides, options.plugins, _say, own)
    grid = build_grid(options, registry, devices, absent, sides.sides)
    fingerprint = machine_fingerprint(present, threads)
    # after the plug-ins, whose modules may have set variables
    found, clean = inherited_by_workers(os.environ), options.clean_environment
    setup = read_setup(fingerprint["blas"] if clean else numpy_blas(), fingerprint["cpu"]["vector"])
    setup["pinned_to"] = pinning_text(pinned_processors(threads)) if options.pin else None
    reaching, left_out = ((), found) if clean else (found, ())
    return Bench(
        config,
        options,
        grid,
        registry,
        devices,
        present[0],
        threads,
        fingerprint,
        reaching,
        left_out,
        setup,
        code_digests(registry.entries, registry.declared.values()) | sides.code,
        thread_counts(grid.cells, threads, options.threads),
        sides,
        host=host_facts(devices),
        own_models=brought,
        own_lines=tuple(lines_of(brought)) if brought else (),
    )


def _say(text: str) -> None:
    """To the error stream: pytest tells nothing yet."""
    print(f"likeforlike: {text}", file=sys.stderr, flush=True)
