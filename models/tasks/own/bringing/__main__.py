"""The process that builds one brought model, before anything is measured: ``bring FOLDER NUMBER``.

It says what the model is, writes the weights that every loop starts from, and computes the reference that
every loop is held against. Of several models the first comes first: its names are canonical, and each
further one is held against it. The last line of output is ``ok``, or what can't be taken, in one line.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from likeforlike.models.contract.training.network import NamedWeights
from likeforlike.models.tasks.own.bringing.answering import keep_answers, plain_answers
from likeforlike.models.tasks.own.bringing.counting import operations_of
from likeforlike.models.tasks.own.bringing.fitting import checked_outputs, remark_of_outputs
from likeforlike.models.tasks.own.bringing.matching import NotFound, matches_for
from likeforlike.models.tasks.own.bringing.opening import Opening, to_own
from likeforlike.models.tasks.own.bringing.proving import proven
from likeforlike.models.tasks.own.data import keep_data, load_kept
from likeforlike.models.tasks.own.families.losses import smoothing_of
from likeforlike.models.tasks.own.families.model import Model, family_of
from likeforlike.models.tasks.own.families.open import backend_of, faced, offered
from likeforlike.models.tasks.own.given import (
    ANSWERED,
    Asked,
    ModelTold,
    Refused,
    WeightTold,
    arrays_of,
    model_file,
    read_asked,
    read_model,
    save_arrays,
    start_file,
    write,
)

DIGITS = 16


def bring(folder: Path, number: int) -> None:
    """Build a model, tell of it, write its starting weights and its reference. Raises Refused."""
    asked = read_asked(folder)
    if number == 0:
        keep_data(folder, asked)
    data = load_kept(folder, asked.data)
    few = data.train_images[:2]
    target = asked.models[number]
    offer = offered(target)
    family = family_of(target, offer)
    model = faced(target, offer, family, asked.loss_of(number), few, seed=asked.seeds[0])
    outputs = checked_outputs(target, model, asked.loss_of(number), data, asked.data)
    opening = Opening(asked, number, family, few)
    remark = remark_of_outputs(asked.names[number], model, opening.loss, data, outputs)
    told = _told(opening, model, outputs, remark)
    first = read_model(folder, 0) if number else None
    if first is not None:
        told = _matched(told, first, asked)
    told = replace(told, starts=_starts(folder, opening, told, first))
    start = NamedWeights(arrays_of(folder / start_file(number, asked.seeds[0])))
    counted = operations_of(told, start, data)
    told = replace(told, flop=counted.training, inference_flop=counted.inference)
    own = to_own(told, start.named())
    some = data.train_images[:ANSWERED]
    narrow = plain_answers(opening, own, some) if asked.answers else None
    write(folder / model_file(number), proven(folder, opening, told, first, data))
    if narrow is not None:
        keep_answers(folder, opening, own, some, narrow)


def _told(opening: Opening, model: Model, outputs: np.ndarray, remark: str) -> ModelTold:
    trained = model.trained()
    weights = tuple(
        WeightTold(name, array.shape, array.dtype.name, name in trained)
        for name, array in model.weights().items()
    )
    if not trained:
        raise Refused(f"--model: {opening.target} has no weight that is trained")
    smoothing = smoothing_of(opening.loss)
    return ModelTold(
        name=opening.asked.names[opening.number],
        target=opening.target,
        family=opening.family,
        loss=opening.loss,
        backend=backend_of(opening.family),
        weights=weights,
        layers=model.layers(),
        outputs=outputs.shape[1:],
        starts=(),
        remarks=(*([remark] if remark else []), *_of_loss(opening, smoothing)),
        smoothing=smoothing,
    )


def _of_loss(opening: Opening, smoothing: float | None) -> tuple[str, ...]:
    if not smoothing:
        return ()
    return (
        f"{opening.loss}, the loss of {opening.asked.names[opening.number]}, smooths labels by {smoothing:g}",
    )


def _matched(told: ModelTold, first: ModelTold, asked: Asked) -> ModelTold:
    try:
        matches, found = matches_for(asked.weights, first, told.family, told.name, told.weights)
    except NotFound as error:
        why = f"its weights are not matched with those of {first.name}: {error}; --weights names them"
        return replace(told, unproven=why)
    return replace(told, matches=matches, found=found)


def _starts(folder: Path, opening: Opening, told: ModelTold, first: ModelTold | None) -> tuple[str, ...]:
    """Write the weights of each seed: drawn by the first model, or by one that is matched with none."""
    digests = []
    for seed in opening.asked.seeds:
        if first is not None and told.matches:
            arrays = arrays_of(folder / start_file(0, seed))
        else:
            arrays = opening.open(seed=seed).weights()
            if list(arrays) != [weight.name for weight in told.weights]:
                raise Refused(f"--model: {opening.target} returns another model each time it is called")
        save_arrays(folder / start_file(opening.number, seed), arrays)
        whole = hashlib.sha256()
        for name, array in arrays.items():
            whole.update(f"{name}\0{array.shape}\0".encode() + array.tobytes())
        digests.append(whole.hexdigest()[:DIGITS])
    return tuple(digests)


def main(arguments: Sequence[str]) -> int:
    """The exit status: 0, or 2 for what can't be taken."""
    folder, number = Path(arguments[0]), int(arguments[1])
    try:
        bring(folder, number)
    except Refused as refusal:
        print(f"\nrefused {refusal}")
        return 2
    print("\nok")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
