"""--model, --data, --weights and --loss, before any module is imported."""

from __future__ import annotations

import pytest

from likeforlike.bench.plan.asked.options import OptionError
from likeforlike.bench.plan.asked.own_model_options import OwnModels, read_own_models


def read(**given: str) -> OwnModels | None:
    return read_own_models(lambda name: given.get(name.lstrip("-")))


def test_without_a_model_nothing_is_asked() -> None:
    assert read() is None
    assert read(data="synthetic") is None


def test_models_data_mapping_and_losses() -> None:
    own = read(model="m:a, m.n:b", data="d:batches", weights="m:mapping", loss="mse,l:own")
    assert own == OwnModels(("m:a", "m.n:b"), "d:batches", "m:mapping", ("mse", "l:own"))


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ({"model": "m:a"}, "--model: needs --data module:function"),
        ({"model": "m:a", "data": "auto"}, "--model: needs --data module:function"),
        (
            {"model": "resnet", "data": "d:b"},
            "--model: 'resnet' is not module:function, as in my_models:resnet",
        ),
        ({"model": "m.py:a", "data": "d:b-c"}, "--data: 'd:b-c' is not module:function"),
        ({"model": ",", "data": "d:b"}, "--model: names nothing"),
        ({"model": "m:a,m:a", "data": "d:b"}, "--model: m:a is given twice"),
        ({"model": "m:a", "data": "d:b", "weights": "m:w"}, "--weights: of use with several models"),
        ({"model": "m:a,m:b", "data": "d:b", "weights": "w"}, "--weights: 'w' is not module:attribute"),
        ({"model": "m:a", "data": "d:b", "loss": "mse,mae"}, "--loss: 2 losses for 1 models"),
        ({"model": "m:a", "data": "d:b", "data-dir": "."}, "--data-dir: without effect beside --model"),
        ({"model": "m:a", "data": "d:b", "text": "t"}, "--text: without effect beside --model"),
        ({"weights": "m:w"}, "--weights: of use with --model alone"),
        ({"loss": "mse"}, "--loss: of use with --model alone"),
        ({"data": "d:b"}, "--data: a function is of use with --model alone"),
    ],
)
def test_what_can_not_be_meant_is_told_in_a_line(given: dict[str, str], what: str) -> None:
    with pytest.raises(OptionError) as error:
        read(**given)
    assert str(error.value).startswith(what)
