"""What a user's module can get wrong, each in one line that names the option, the function and what to do."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
from importlib import import_module
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from likeforlike.models.contract.training.network import Family
from likeforlike.models.tasks.own.data import check_labels, checked_parts
from likeforlike.models.tasks.own.families.losses import check_name, loss_in, smoothing_of
from likeforlike.models.tasks.own.families.model import family_of
from likeforlike.models.tasks.own.functions import called
from likeforlike.models.tasks.own.given import Refused, arrays_of, save_arrays


@pytest.fixture(autouse=True)
def never_seen() -> Iterator[None]:
    sys.path.insert(0, str(Path(__file__).parent))
    yield
    sys.path.remove(str(Path(__file__).parent))


@pytest.mark.parametrize(
    ("target", "what"),
    [
        ("not_there:resnet", "there is no module 'not_there' here or among what is installed"),
        ("never_seen:resnot", "has no 'resnot'"),
        ("never_seen:three", "is of type int, expected a function"),
        ("never_seen:needs_classes", "needs classes, expected a function without arguments"),
        ("never_seen:fails", "failed: RuntimeError: out of luck"),
    ],
)
def test_what_is_no_function_without_arguments(target: str, what: str) -> None:
    with pytest.raises(Refused, match=what) as refusal:
        called("--model", target)
    assert str(refusal.value).startswith(f"--model: {target}")
    assert "\n" not in str(refusal.value)


def test_a_framework_that_is_missing_is_named_with_its_install_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "wants_torch.py").write_text("import torch.nn\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in [name for name in sys.modules if name.partition(".")[0] == "torch"]:
        monkeypatch.delitem(sys.modules, name)

    class Nowhere:
        @staticmethod
        def find_spec(name: str, path: object = None, target: object = None) -> None:
            if name.partition(".")[0] == "torch":
                raise ModuleNotFoundError("No module named 'torch'", name="torch")

    monkeypatch.setattr(sys, "meta_path", [Nowhere, *sys.meta_path])
    with pytest.raises(Refused, match=r"torch not installed: pip install 'likeforlike\[torch\]'"):
        called("--model", "wants_torch:net")


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("not_a_pair", r"returns a ndarray, expected \(\(inputs, targets\)"),
        ("with_nan", "training inputs hold a value that is not finite, first in sample 5"),
        ("of_two_lengths", "returns 31 training inputs and 32 targets, expected as many of each"),
    ],
)
def test_data_that_are_no_data(name: str, what: str) -> None:
    import never_seen

    with pytest.raises(Refused, match=what):
        checked_parts("never_seen:it", getattr(never_seen, name)())


def test_labels_of_a_class_that_the_model_has_not() -> None:
    import never_seen

    parts = checked_parts("m:it", never_seen.with_a_fifth_class())
    with pytest.raises(Refused, match="training targets hold the label 4 in sample 7, expected 0 to 3"):
        check_labels("m:it", (parts[1], parts[3]), 4)
    with pytest.raises(Refused, match="dtype float32, expected whole numbers"):
        check_labels("m:it", (parts[1].astype(np.float32), parts[3]), 4)
    check_labels("m:it", (parts[1], parts[3]), 5)


def test_whole_numbers_are_kept_or_refused_and_never_wrapped() -> None:
    inputs, labels = np.zeros((3, 4), np.uint8), np.array([1, 2, 2**31], np.int64)
    with pytest.raises(Refused, match="training targets hold 2147483648 in sample 2, expected whole numbers"):
        checked_parts("m:it", ((inputs, labels), (inputs, labels)))
    few = np.array([1, 2, 3], np.uint64)
    wide = np.full((3, 4), 60_000, np.uint16)
    found = checked_parts("m:it", ((wide, few), (wide, few)))
    assert [part.dtype.name for part in found[:2]] == ["int32", "int32"]
    assert found[0].max() == 60_000
    assert checked_parts("m:it", ((inputs, few), (inputs, few)))[0].dtype == np.uint8
    with pytest.raises(Refused, match="training inputs hold -2147483649 in sample 1"):
        checked_parts("m:it", ((np.array([[0], [-(2**31) - 1], [0]]), few), (inputs, few)))


@pytest.mark.parametrize("offer", [None, 3, (1, 2), (len,), {"init": len}])
def test_what_is_no_model(offer: object) -> None:
    with pytest.raises(Refused, match="expected a Keras model, an nn.Module, or for JAX a pair"):
        family_of("m:it", offer)


def test_a_pair_of_functions_is_of_jax() -> None:
    assert family_of("m:it", (len, len)) == "jax"


def test_an_unknown_loss() -> None:
    with pytest.raises(Refused, match="--loss: unknown 'hinge', expected one of sparse-crossentropy"):
        check_name("--loss", "hinge")
    assert check_name("--loss", "my:loss") == "my:loss"


def test_how_a_loss_smooths_labels_is_told_where_it_is_an_object(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("some_losses")
    monkeypatch.setitem(sys.modules, "some_losses", module)

    def crossentropy(targets: object, outputs: object, label_smoothing: float = 0.0) -> None: ...

    class Crossentropy:
        label_smoothing = 0.1

        def __call__(self, targets: object, outputs: object) -> None: ...

        def call(self, targets: object, outputs: object) -> None: ...

    module.plain, module.thing = crossentropy, Crossentropy()  # type: ignore[attr-defined]
    module.method = module.thing.call  # type: ignore[attr-defined]
    module.partly = partial(crossentropy, label_smoothing=0.2)  # type: ignore[attr-defined]
    names = ("thing", "method", "partly", "plain")
    assert [smoothing_of(f"some_losses:{name}") for name in names] == [0.1, 0.1, 0.2, None]
    assert smoothing_of("sparse-crossentropy") == 0.0


@pytest.mark.parametrize(
    ("framework", "name"), [("torch", "CrossEntropyLoss"), ("keras", "CategoricalCrossentropy")]
)
def test_losses_of_frameworks_tell_it(framework: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip(framework)
    module, losses = (
        ModuleType("some_losses"),
        import_module({"torch": "torch.nn"}.get(framework, "keras.losses")),
    )
    monkeypatch.setitem(sys.modules, "some_losses", module)
    module.loss = getattr(losses, name)(label_smoothing=0.1)  # type: ignore[attr-defined]
    assert smoothing_of("some_losses:loss") == 0.1


@pytest.mark.parametrize(
    ("family", "module", "placed"),
    [
        ("torch", "torch", "from_numpy"),
        ("keras", "keras.ops", "convert_to_tensor"),
        ("jax", "jax.numpy", "asarray"),
    ],
)
def test_losses_by_name_are_those_by_hand(family: Family, module: str, placed: str) -> None:
    pytest.importorskip(family)
    place = getattr(import_module(module), placed)
    z, labels, ones = np.array([[1.0, 2.0], [0.5, -1.0]]), np.array([0, 1]), np.array([[1, 0], [0, 1]])
    p = 1 / (1 + np.exp(-z))
    by_hand = {
        "sparse-crossentropy": [
            -np.log(np.exp(row[t]) / np.exp(row).sum()) for row, t in zip(z, labels, strict=True)
        ],
        "binary-crossentropy": -(ones * np.log(p) + (1 - ones) * np.log(1 - p)).mean(axis=1),
        "mse": ((z - ones) ** 2).mean(axis=1),
        "mae": np.abs(z - ones).mean(axis=1),
    }
    for name, expected in by_hand.items():
        targets = labels if name == "sparse-crossentropy" else ones
        found = loss_in(family, name)(place(targets), place(z))
        assert np.allclose(np.asarray(found), expected), name


def test_arrays_are_kept_under_any_name(tmp_path: Path) -> None:
    arrays = {"a/b": np.ones(2), "file": np.zeros(1), "names": np.arange(3.0), "c.d 0": np.eye(2)}
    save_arrays(tmp_path / "some.npz", arrays)
    found = arrays_of(tmp_path / "some.npz")
    assert list(found) == list(arrays)
    assert all(np.array_equal(found[name], arrays[name]) for name in arrays)


def test_numbers_that_float32_does_not_hold_are_refused() -> None:
    """The largest that it holds is 3.4e38."""
    inputs, few = np.array([[0.0], [3e38], [-4e38], [np.inf]]), np.zeros(4, np.int32)
    with pytest.raises(
        Refused, match="validation inputs hold a value that is beyond float32, first in sample 2"
    ):
        checked_parts("m:it", ((inputs[:2], few[:2]), (inputs, few)))
    assert checked_parts("m:it", ((inputs[:2], few[:2]),) * 2)[0].tolist() == [
        [0.0],
        [float(np.float32(3e38))],
    ]
