"""The options that say what is trained, on what: a user's own models and data, checked as far as words go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from likeforlike.bench.plan.asked.options import OptionError

DATA_CHOICES = ("auto", "fashion-mnist", "synthetic")


@dataclass(frozen=True)
class OwnModels:
    """What was brought; the modules have not been imported."""

    models: tuple[str, ...]
    """``module:function`` each."""
    data: str
    """``module:function``."""
    weights: str = ""
    """``module:attribute``; empty: found by shape and order."""
    losses: tuple[str, ...] = ()
    """A name or ``module:function``, one for all or one for each model; none: sparse crossentropy."""


def declare_trained(add: Callable[..., None]) -> None:
    """What is trained, and on what data."""
    add(
        "--data",
        "auto, fashion-mnist or synthetic; default the preset's. For --model module:function, which returns "
        "((inputs, targets), (validation inputs, targets)).",
        metavar="CHOICE",
    )
    add("--data-dir", "Where the four Fashion-MNIST files lie.", metavar="DIR")
    add(
        "--text",
        "A text file, UTF-8, for networks of characters; default Python's own documentation of its topics.",
        metavar="FILE",
    )
    add(
        "--model",
        "Comma-separated module:function, without arguments: an untrained Keras model, an nn.Module, or for "
        "JAX a pair (init, apply), ending in logits. Trained by all loops of its framework, with --data "
        "module:function; several are held for the same network.",
        metavar="FUNCTIONS",
    )
    add(
        "--weights",
        "module:attribute: which weight of a further --model is which of the first, a dict or a function; "
        "default by order and shape.",
        metavar="MAPPING",
    )
    add(
        "--loss",
        "Of --model: a name (sparse-crossentropy, binary-crossentropy, mse, mae) or module:function of "
        "targets and outputs that returns each sample's loss; comma-separated for several models.",
        metavar="LOSS",
    )


def read_own_models(get: Callable[[str], Any]) -> OwnModels | None:
    """What was asked for; None without ``--model``. Raises OptionError."""
    models, data = _listed("--model", get("--model")), get("--data") or ""
    if not models:
        for option in ("--weights", "--loss"):
            if get(option) is not None:
                raise OptionError(f"{option}: of use with --model alone; leave it out")
        if ":" in data:
            raise OptionError(
                "--data: a function is of use with --model alone; leave it out, or name the model"
            )
        return None
    for option in ("--data-dir", "--text"):
        if get(option) is not None:
            raise OptionError(
                f"{option}: without effect beside --model, whose data --data returns; leave it out"
            )
    for target in models:
        _check_target("--model", target, "function")
    if ":" not in data:
        raise OptionError(
            "--model: needs --data module:function, which returns "
            "((inputs, targets), (validation inputs, targets))"
        )
    _check_target("--data", data, "function")
    weights = get("--weights") or ""
    if weights:
        _check_target("--weights", weights, "attribute")
        if len(models) == 1:
            raise OptionError("--weights: of use with several models in --model; leave it out")
    losses = _listed("--loss", get("--loss"))
    if len(losses) not in (0, 1, len(models)):
        told = f"{len(losses)} losses for {len(models)} models"
        raise OptionError(f"--loss: {told}; expected one for all, or one each")
    return OwnModels(models, data, weights, losses)


def _listed(option: str, text: str | None) -> tuple[str, ...]:
    if text is None:
        return ()
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if not names:
        raise OptionError(f"{option}: names nothing")
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice and option == "--model":
        raise OptionError(f"{option}: {twice} is given twice")
    return names


def _check_target(option: str, text: str, what: str) -> None:
    module, _, name = text.partition(":")
    parts = [*module.split("."), name]
    if not all(part.isidentifier() for part in parts):
        raise OptionError(f"{option}: {text!r} is not module:{what}, as in my_models:resnet")
