"""A user's own models, before anything is measured: built by processes of their own, then declared."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from itertools import combinations
from pathlib import Path
from types import MappingProxyType
from typing import Any

from likeforlike.bench.plan.asked.options import OptionError, Options
from likeforlike.bench.plan.asked.own_model_options import OwnModels
from likeforlike.bench.plan.grid import asked_recipes
from likeforlike.bench.plan.recipes import recipe_named
from likeforlike.devices.process.interpreter import module_command, same_imports
from likeforlike.models.contract.implementation import importable
from likeforlike.models.contract.training.recipe import MATCHED, OF_OPTIMIZERS, RECIPES, Recipe
from likeforlike.models.feeding import own as feeding
from likeforlike.models.feeding.workload import WORKLOAD as FEEDING
from likeforlike.models.inference.own import workload as inference
from likeforlike.models.inference.own.entries import entries_of as inference_entries
from likeforlike.models.inference.workload import WORKLOAD as INFERENCE
from likeforlike.models.registry import Registry
from likeforlike.models.tasks.own.entries import entries_of
from likeforlike.models.tasks.own.families.losses import check_name
from likeforlike.models.tasks.own.functions import LONGEST
from likeforlike.models.tasks.own.given import ASKED_FILE, Asked, Brought, read_brought, write
from likeforlike.models.tasks.own.given import Refused as NotTaken
from likeforlike.models.tasks.own.small_problem import SHAPING, shaping
from likeforlike.models.tasks.own.workload import declared, workload_name

BRING = "likeforlike.models.tasks.own.bringing"
"""Started by name: it imports frameworks."""
_TIMEOUT_SECONDS = 3600.0
MOST_MATCHES = 20
"""Of a further model's weights, shown on the first screen."""
_BACKENDS = ("tensorflow", "torch", "jax")

Bring = Callable[[Path, int], tuple[int, str]]
"""Runs the process for one model; its exit status and its last line."""


_MOST_CHANGES = 4
"""Of a ladder, of which all orders are proven: 16 recipes."""


def bring(own: OwnModels, options: Options, say: Callable[[str], None], run: Bring | None = None) -> Brought:
    """Build each model, in order, and read what its process tells. Raises OptionError in one line."""
    try:
        losses = tuple(check_name("--loss", text) for text in own.losses)
    except NotTaken as refusal:
        raise OptionError(str(refusal)) from refusal
    folder = Path(tempfile.mkdtemp(prefix="likeforlike-models-"))
    seeds = tuple(MATCHED.seed + number for number in range(options.runs))
    asked = Asked(own.models, own.data, options.samples, seeds, proof_recipes(options), own.weights)
    asked = replace(asked, answers=INFERENCE.name in (options.workloads or ()))
    write(folder / ASKED_FILE, replace(asked, losses=losses) if losses else asked)
    for number, target in enumerate(own.models):
        say(f"building {target}, and training it plainly for a proof")
        status, last = (run or _run)(folder, number)
        if status != 0:
            shutil.rmtree(folder, ignore_errors=True)
            word, _, told = last.partition(" ")
            if word != "refused":
                told = f"--model: {target}: its process ended with {status}: {last[-LONGEST:]}"
            raise OptionError(told)
    return read_brought(folder)


def proof_recipes(options: Options) -> tuple[dict[str, Any], ...]:
    """The recipes whose plain training loops are held against: the plain one, and those asked for."""
    asked = asked_recipes(options) if options.ladder is None else rung_recipes(options.ladder)
    alike = {shaping(recipe): recipe for recipe in reversed([MATCHED, *asked])}
    return tuple(asdict(recipe) for recipe in reversed(alike.values()))


def rung_recipes(ladder: str) -> list[Recipe]:
    """What the rungs of a ladder ``A:B`` may be trained by, in whatever order its changes are made.

    Of many changes those in the order in which fields stand alone: plain training takes seconds each. Raises
    OptionError for a recipe that is none.
    """
    first, last = (_recipe_of_end(end) for end in ladder.partition(":")[::2])
    changed = [name for name in SHAPING if getattr(first, name) != getattr(last, name)]
    together = (
        {name for names in OF_OPTIMIZERS.values() for name in names} if "optimizer" in changed else set()
    )
    steps = [(name, *(together if name == "optimizer" else ())) for name in changed if name not in together]
    if len(steps) <= _MOST_CHANGES:
        chosen = [some for count in range(len(steps) + 1) for some in combinations(steps, count)]
    else:
        chosen = [tuple(steps[:count]) for count in range(len(steps) + 1)]
    found = []
    for some in chosen:
        values = {name: getattr(last, name) for names in some for name in names}
        with suppress(ValueError):  # of fields that have a meaning with another one alone
            found.append(replace(first, **values))
    return found


def _recipe_of_end(text: str) -> Recipe:
    trainer, at, recipe = text.partition("@")
    plain = recipe or "matched"
    return recipe_named("--ladder", text if not at and trainer.partition("+")[0] in RECIPES else plain)


def _run(folder: Path, number: int) -> tuple[int, str]:
    try:
        done = subprocess.run(
            module_command(BRING, str(folder), str(number)),
            env=surroundings(os.environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return 1, f"no answer within {_TIMEOUT_SECONDS:.0f} s"
    lines = [
        line for line in (done.stdout if done.returncode in (0, 2) else done.stderr).splitlines() if line
    ]
    return done.returncode, lines[-1] if lines else "without a word"


def surroundings(environ: Mapping[str, str]) -> dict[str, str]:
    """Of such a process: no GPU, and a backend for Keras that is installed, unless the user names one."""
    found = next((name for name in _BACKENDS if importable(name)), "numpy")
    asked = {"KERAS_BACKEND": environ.get("KERAS_BACKEND", found), "TF_CPP_MIN_LOG_LEVEL": "3"}
    x64 = {"JAX_ENABLE_X64": "1"} if asked["KERAS_BACKEND"] == "jax" else {}
    return {**same_imports(), **asked, **x64, "CUDA_VISIBLE_DEVICES": "", "JAX_PLATFORMS": "cpu"}


def forget(brought: Brought) -> None:
    """Remove what the processes have written."""
    shutil.rmtree(brought.folder, ignore_errors=True)


def with_own(registry: Registry, brought: Brought) -> tuple[Registry, Mapping[str, str]]:
    """The registry with what was brought as further workloads and their entrants, and those workloads' names.

    The names by those of the built-in workloads in whose place they stand, that which trains it first.
    """
    name = workload_name(brought, registry.declared)
    asked, fed = f"{name}-{INFERENCE.name}", f"{name}-{FEEDING.name}"
    workloads = {
        **registry.declared,
        name: declared(brought, name),
        asked: inference.declared(brought, asked),
        fed: feeding.declared(brought, fed),
    }
    entries = (
        *registry.entries,
        *entries_of(brought, name),
        *inference_entries(brought, asked),
        *feeding.entries_of(brought, fed),
    )
    names = {registry.first("task"): name, INFERENCE.name: asked, FEEDING.name: fed}
    return replace(registry, entries=entries, declared=MappingProxyType(workloads)), names


def with_own_named(options: Options, names: Mapping[str, str]) -> Options:
    """The options with what was brought in the place of built-in networks.

    Where none of its workloads is asked for, it is trained beside what is.
    """
    asked = [names.get(name, name) for name in options.workloads or ()]
    if not set(asked) & set(names.values()):
        asked.append(next(iter(names.values())))
    axes = {_own_axis(name, names): values for name, values in options.axes.items()}
    sizes = {names.get(name, name): values for name, values in options.sizes.items()}
    return replace(options, workloads=tuple(dict.fromkeys(asked)), axes=axes, sizes=sizes)


def _own_axis(name: str, names: Mapping[str, str]) -> str:
    workload, dot, axis = name.partition(".")
    return f"{names.get(workload, workload)}{dot}{axis}"


def lines_of(brought: Brought) -> Sequence[str]:
    """For the first screen: what each model is, how its weights were matched, what can't be proven."""
    data = brought.data
    cut = f", the first of {data.of_samples:,}" if data.train_samples < data.of_samples else ""
    counts = f"{data.train_samples:,} training samples{cut}, {data.validation_samples:,} to validate"
    lines = [f"data: {data.name}, {counts}"]
    for model in brought.models:
        told = f"model: {model.target}, {model.family}, {model.parameters:,} trained parameters"
        lines.append(f"{told}, weights matched {model.found}" if model.found else told)
        shown = [f"  {match.name} = {match.own}" + _axes(match.axes) for match in model.matches]
        lines += shown[:MOST_MATCHES]
        if len(shown) > MOST_MATCHES:
            lines.append(f"  and {len(shown) - MOST_MATCHES} more, which the result file and its report tell")
        if model.unproven:
            lines.append(
                f"NOTE: {model.name} is measured unproven, and never called faster: {model.unproven}"
            )
        lines += [f"NOTE: {remark}" for remark in model.remarks]
    return lines


def _axes(axes: Sequence[int]) -> str:
    return f", axes {' '.join(map(str, axes))}" if axes else ""
