from __future__ import annotations

import importlib.util
import math
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path
from types import ModuleType

import cloudpickle
import numpy as np
import pytest

from likeforlike.bench.functions.handing_over import framework_of, hand_over, is_findable, names_of, take_back
from likeforlike.models.functions.given import (
    ENTRANT_VARIABLE,
    FILE_VARIABLE,
    Entrant,
    load_given,
)

ENTRANTS = (Entrant("mine", 0, first=True), Entrant("theirs", 1))


def loaded(handed, monkeypatch, entrant=0):
    monkeypatch.setenv(FILE_VARIABLE, handed.where)
    monkeypatch.setenv(ENTRANT_VARIABLE, str(entrant))
    return load_given()


def test_functions_arrive_as_they_are_each_where_it_is_called(tmp_path, monkeypatch):
    offset = 3
    handed = hand_over([np.sort, lambda x: x + offset], (np.arange(2),), None, ENTRANTS, tmp_path)
    assert handed.why_here == ""
    given, entrant = loaded(handed, monkeypatch, 1)
    assert entrant == ENTRANTS[1]
    assert given.functions[1](4) == 7
    with pytest.raises(RuntimeError, match="called in another process"):
        given.functions[0](4)
    assert loaded(handed, monkeypatch)[0].functions[0] is np.sort


def test_what_can_not_be_sent_stays_in_this_process(tmp_path, monkeypatch):
    lock = threading.Lock()

    def locked():
        with lock:
            return 1

    handed = hand_over([locked, math.sqrt], None, None, ENTRANTS, tmp_path)
    assert "lock" in handed.why_here
    assert "\n" not in handed.why_here
    given, _ = loaded(handed, monkeypatch)
    assert given.functions == (locked, math.sqrt)
    take_back(tmp_path)
    with pytest.raises(IsADirectoryError):
        load_given()


@pytest.fixture
def unfindable(tmp_path, monkeypatch) -> ModuleType:
    """A module that was loaded from a file that no path leads to, as pytest's importlib mode does it."""
    path = tmp_path / "hidden_of_compare.py"
    path.write_text("FACTOR = 5\ndef helper(x):\n    return FACTOR * x\ndef mine(x):\n    return helper(x)\n")
    spec = importlib.util.spec_from_file_location("hidden_of_compare", path)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    return module


def test_a_module_that_no_path_leads_to_is_sent_with_all_it_is_made_of(tmp_path, unfindable):
    assert not is_findable(unfindable)
    assert is_findable(np)
    handed = hand_over([unfindable.mine, math.sqrt], None, None, ENTRANTS, tmp_path)
    code = (
        "import pickle, sys; packed = pickle.load(open(sys.argv[1], 'rb'));"
        "print(pickle.loads(packed.functions[0])(2))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, handed.where],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(Path(__file__).parents[3]), "PATH": "/usr/bin:/bin"},
    )
    assert done.stdout == "10\n", done.stderr
    assert unfindable.__name__ not in cloudpickle.list_registry_pickle_by_value()


def test_the_framework_is_what_the_code_names(monkeypatch):
    torch = ModuleType("torch")
    space: dict[str, object] = {"torch": torch, "np": np}
    exec("def mine(x): return torch.sort(x)\ndef theirs(x): return np.sort(x)", space)
    assert framework_of(space["mine"]) == "torch"
    assert framework_of(space["theirs"]) == "numpy"
    assert framework_of(partial(space["mine"], 1)) == "torch"
    assert framework_of(np.sort) == "numpy"
    assert framework_of(math.sqrt) == "numpy"


def test_the_framework_of_what_a_function_calls_is_its_own():
    """An object of a class made from the framework's, a helper's, and a method's object."""
    module = type("Module", (), {"__module__": "torch.nn.modules.module"})
    model = type("Net", (module,), {"__module__": "mine", "__call__": lambda self, x: x})()
    space: dict[str, object] = {"model": model}
    exec(
        "def mine(x): return model(x)\n"
        "def helper(x): return mine(x)\n"
        "def caller(x): return helper(x)\n"
        "def again(x): return again(x)\n"
        "class Holder:\n"
        "    def __init__(self, model): self.model = model\n"
        "    def __call__(self, x): return mine(x)\n",
        space,
    )
    for function in (model, space["mine"], space["helper"], space["caller"], space["Holder"](None)):
        assert framework_of(function) == "torch"
    assert framework_of(space["again"]) == "numpy"


def test_functions_are_named_by_hand_or_by_themselves():
    assert list(names_of([np.sort, np.argsort])) == ["sort", "argsort"]
    assert names_of(np.sort) == {"sort": np.sort}
    assert list(names_of({" mine ": len})) == ["mine"]


@pytest.mark.parametrize(
    ("functions", "told"),
    [
        ([len, len], "two functions are called 'len'"),
        ({"a": len, " a": sum}, "two functions are called 'a'"),
        ({1: len, "1": sum}, "two functions are called '1'"),
        ({"mine": 3}, "'mine' is of type int, expected a function"),
        (3, "of type int, expected a dict of functions"),
        ({"": len}, "the name '' is unfit"),
        ({"a\nb": len}, "is unfit"),
        ({"a" * 61: len}, "is unfit"),
    ],
)
def test_what_is_no_function_or_no_name_is_one_line(functions, told):
    with pytest.raises((TypeError, ValueError), match=told) as caught:
        names_of(functions)
    assert "\n" not in str(caught.value)


def test_the_digest_is_of_what_functions_do_not_of_what_they_are_called(tmp_path):
    def digest(factor: int) -> str:
        return hand_over([lambda x: x * factor, len], (1,), None, ENTRANTS, tmp_path).digest

    assert digest(2) == digest(2)
    assert digest(2) != digest(3)
    lock = threading.Lock()
    held = [hand_over([lambda: lock, len], (1,), None, ENTRANTS, tmp_path).digest for _ in range(2)]
    assert held[0] != held[1]
    take_back(tmp_path)
