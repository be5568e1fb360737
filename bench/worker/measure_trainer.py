"""Inside a worker: a trainer's epochs one turn at a time, the first of them really cold, and its proof."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from likeforlike.bench.worker.cell_setup import (
    assignment_of,
    load_factory,
    memory_facts,
    settled_runtime,
)
from likeforlike.bench.worker.clocks import Clock, named_clock, refuse_replaced_clocks, witness
from likeforlike.bench.worker.freed_memory import FreedMemory
from likeforlike.bench.worker.messages import (
    CellSpec,
    Finished,
    Go,
    Ready,
    Sample,
    Sustain,
    Sustained,
    receive_order,
    send,
)
from likeforlike.bench.worker.outcomes import CellFailed
from likeforlike.devices.machine.bookkeeping import told
from likeforlike.models.contract.training.data import DataAsked
from likeforlike.models.contract.training.network import Network
from likeforlike.models.contract.training.recipe import Recipe, RecipeRefused
from likeforlike.models.contract.training.task import Factory, Task, Told
from likeforlike.models.contract.training.trainer import Dataset, Epoch, Run, Trainer, Weights
from likeforlike.models.contract.workload import Verification
from likeforlike.models.registry import task_of


@dataclass(frozen=True)
class Training:
    """A trainer on its device, not yet begun, with what is needed to prove it."""

    spec: CellSpec
    recipe: Recipe
    data: Dataset
    factory: Factory
    trainer: Trainer
    initial: Weights
    task: Task
    witness: Clock = witness

    @property
    def is_floor(self) -> bool:
        """A floor trains nothing and proves its products itself, its factory or, once traced, the floor."""
        return self.spec.role == "floor"


@dataclass
class _Turn:
    """The trainer's turn of now, by the witness's clock."""

    asked: bool = False
    """Whether an epoch was ordered that has not been handed over."""
    ordered_at: float = 0.0
    begun_at: float = 0.0
    """After its threads were woken."""
    epochs: int = 0


@dataclass(frozen=True)
class Trained:
    """What is known of a training when its turns are over."""

    proven: str
    """Whether the timed epochs are, in words."""
    given_back: int
    """How often freed memory was, since the next epochs would not have fitted."""


def measure(spec: CellSpec, connection: Connection, of_process: Mapping[str, Any]) -> None:
    """Prepare the trainer, then train an epoch whenever told to, until the recipe or the harness ends it.

    The first epoch is the first thing that is computed in this process. The proof on small problems comes
    after the last one: between two epochs it would put back the seeds and clear the caches of frameworks
    (``tf.random.set_seed`` does both), and so change the training that is being measured.
    """
    runtime, facts = settled_runtime(spec)
    try:
        training, setup_seconds, verification = prepare(spec)
    except RecipeRefused as refusal:
        raise CellFailed("skipped", str(refusal)) from refusal
    of_process = {**of_process, "fresh_process": of_process["fresh_process"] and verification is None}
    facts |= {**of_process, "data": data_facts(training.data)}
    facts["parameters"] = training.task.parameter_count(training.recipe)
    facts |= training.task.facts()
    send(connection, Ready(setup_seconds, None, None, None, 0, facts))
    trained = take_turns(connection, training)
    refuse_replaced_clocks()
    verification = verification or proof(training)
    found = {"error": verification.error, "tolerance": verification.tolerance}
    ended = {"terms": dict(training.trainer.terms), "verified": found, "timed_calls": trained.proven}
    if trained.given_back:
        ended["freed_memory_given_back"] = trained.given_back
    if verification.unproven:
        ended["unproven"] = verification.unproven
    send(connection, Finished({**ended, **memory_facts(runtime, spec.device)}))


def prepare(spec: CellSpec) -> tuple[Training, float, Verification | None]:
    """Read the data and make the trainer; the seconds that took, and the proof where it had to come first.

    Peers of a data-parallel training prove it together before they train, in step with this process.
    Raises RecipeRefused, CellFailed.
    """
    recipe, clock = Recipe(**(spec.recipe or {})), named_clock(spec.timer)
    factory, shared = load_factory(spec.target), assignment_of(spec)
    if shared is not None:
        factory = partial(factory, assignment=shared)
    task = task_of(spec.workload, spec.declared_in)
    if spec.network:
        factory = Trains(factory, load_network(spec))
    data = task.load_data(DataAsked(spec.data, spec.data_dir, spec.samples))
    initial = task.initial(recipe)
    log_dir = Path(spec.log_dir) if spec.log_dir else None
    verification = None if shared is None else proven_to_hold(task.verify(factory, recipe, spec.device))
    start = clock()
    trainer: Trainer = factory(Run(recipe, data, initial, spec.device, log_dir, clock))
    setup_seconds = clock() - start
    return Training(spec, recipe, data, factory, trainer, initial, task), setup_seconds, verification


@dataclass(frozen=True)
class Trains:
    """A loop with what it is to train, unless the run brings a form of its own; a factory."""

    loop: Factory
    network: Network

    def __call__(self, run: Run) -> Trainer:
        """The trainer. Raises RecipeRefused for a recipe that the network can't honour."""
        network = run.network or self.network
        network.check(run.recipe)
        return self.loop(replace(run, network=network))


def load_network(spec: CellSpec) -> Network:
    """What a loop is to train. Raises CellFailed where its module offers no such thing."""
    network: Any = load_factory(spec.network)
    if not isinstance(network, Network):
        raise CellFailed("import-error", f"{spec.network} is of type {type(network).__name__}, not Network")
    return network


def proof(training: Training) -> Verification:
    """The proof on small problems, or a traced floor's of its products. Raises CellFailed."""
    own: Callable[[], Verification] | None = getattr(training.trainer, "prove", None)
    if training.is_floor and own is not None:
        return proven_to_hold(own())
    factory = training.factory
    if not training.is_floor and hasattr(factory, "verify"):  # no contestant vouches for itself
        factory = partial(factory)
    verify = partial(training.task.verify, factory, as_timed(training), training.spec.device)
    try:
        verification = verify()
        return proven_to_hold(verification, None if verification.ok else told(verify))
    except RecipeRefused as refusal:
        raise CellFailed("skipped", str(refusal)) from refusal


def as_timed(training: Training) -> Recipe:
    """The recipe, run the way that a trial of the trainer's has chosen, where there was one.

    Left to choose again, the proof would try it on small batches of a network that drops nothing, could find
    another way faster, and so prove what nobody timed.
    """
    terms = getattr(training.trainer, "terms", {})
    if training.recipe.execution != "default" or not terms.get("jit_trial"):
        return training.recipe
    return replace(training.recipe, execution=terms["execution"])


def proven_to_hold(verification: Verification, again: Verification | None = None) -> Verification:
    """The verification, if it holds. Raises CellFailed: the trainer strays from the oracle.

    ``again``: the same proof, repeated because it had failed. It saves nobody, but tells chance from error.
    """
    if not verification.ok:
        error, tolerance = verification.error, verification.tolerance
        what = f": {verification.what}" if verification.what else ""
        reason = f"strays from the float64 oracle by {error:.3g}, tolerance {tolerance:.3g}{what}"
        if again is not None and again.ok:
            reason += f"; repeated at once the proof holds ({again.error:.3g}): not the same every time"
        raise CellFailed("wrong-answer", reason)
    return verification


def take_turns(connection: Connection, training: Training) -> Trained:
    """Hold the trainer between epochs until the harness says go.

    Raises CellFailed for an epoch that can't be what the recipe asks for.
    """
    trainer, few_images = training.trainer, training.data.validation_images[: training.recipe.batch_size]
    epochs = training.task.watch(trainer, training.recipe, training.data, training.initial)
    turn, freed = _Turn(), FreedMemory(training.spec.memory_bytes, training.spec.free_floor_bytes)

    def wait_for_turn() -> bool:
        while isinstance(order := receive_order(connection), Sustain):
            send(connection, Sustained(load(training, few_images, order.seconds)))
        turn.asked = isinstance(order, Go)
        turn.ordered_at = turn.begun_at = training.witness()
        if turn.asked and turn.epochs:  # before the first epoch nothing is woken: it is cold
            trainer.forward(few_images, training=False)  # untimed: wakes the thread pool after the freeze
            turn.begun_at = training.witness()
        return turn.asked

    def between(epoch: Epoch) -> bool:
        passed = training.witness() - turn.begun_at
        turn.epochs += 1
        check_finite(epoch)
        fault = None if training.is_floor else epochs.fault(Told(epoch, passed))
        if fault is not None:
            raise CellFailed("wrong-answer", fault)
        turn_seconds = training.witness() - turn.ordered_at
        freed.after_epoch()
        send(connection, Sample(epoch.train_seconds, asdict(epoch), turn_seconds=turn_seconds))
        return wait_for_turn()

    if wait_for_turn():
        trainer.train(between)
    if turn.asked:
        raise CellFailed(
            "wrong-answer", f"the training ended after {turn.epochs} epochs, the recipe asks for more"
        )
    proven = "not proven: a floor trains nothing" if training.is_floor else epochs.proven
    return Trained(proven, freed.times)


def load(training: Training, images: Any, seconds: float) -> int:
    """Evaluate a batch again and again, which leaves weights and random numbers as they are; how often."""
    begin, calls = training.witness(), 0
    while not calls or training.witness() - begin < seconds:
        training.trainer.forward(images, training=False)
        calls += 1
    return calls


def check_finite(epoch: Epoch) -> None:
    """A loss that is no number ends the cell. Raises CellFailed."""
    for name in ("loss", "val_loss"):
        value = getattr(epoch, name)
        if value is not None and not math.isfinite(value):
            raise CellFailed("non-finite", f"{name} is {value} in epoch {epoch.epoch}")


def data_facts(data: Dataset) -> dict[str, Any]:
    """What the result file says of the data."""
    return {
        "name": data.name,
        "source": data.source,
        "train_samples": len(data.train_images),
        "validation_samples": len(data.validation_images),
    }
