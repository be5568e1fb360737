"""No name of a workload stands outside its own folder: everything follows from declarations."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from likeforlike.models.registry import built_in_workloads

ROOT = Path(__file__).parents[1]
PACKAGES = ("bench", "devices", "models", "reports")
WORDS = {
    *("training", "distributed", "noise", "copy", "softmax", "sort", "inference", "feeding"),
    *("text", "generation"),
}
"""Ordinary words of the field as well: of these the strings that are the name, or begin as a cell's id does."""
OTHER_MEANINGS = {
    ("bench/run/session.py", "noise"): "the header's field of the noise floor",
    ("reports/sort/epochs.py", "training"): "a phase of an epoch, beside evaluation and logging",
    ("reports/tell/sections/training/distributed.py", "distributed"): "the address of the section",
    ("bench/studies/simulated/small_files.py", "noise"): "what was simulated, the head of a column",
    ("bench/studies/fleet_simulation.py", "noise"): "the header's field of the noise floor",
    ("bench/studies/replication/copies.py", "copy"): "a copy of an entrant",
    ("devices/check/probes/waiting.py", "copy"): "of a result to the host",
    ("bench/plan/command_line.py", "sort"): "an option of pytest-benchmark's",
    ("models/inference/subjects.py", "convnet"): "a network of which logits are asked",
    ("models/inference/subjects.py", "transformer"): "a network of which logits are asked",
    ("reports/tell/sections/beside_time/feeding.py", "feeding"): "what a step may wait for",
    ("reports/draw/style.py", "text"): "settings of matplotlib's",
    ("models/contract/training/ways.py", "feeding"): "a field of recipes",
    ("reports/read/schema/training.py", "feeding"): "a field of recipes",
    ("reports/tell/wording/parts_text.py", "feeding"): "a field of recipes",
}


WORDS_OF_NETWORKS = ("training", "inference", "embedding", "attention", "feeding")
"""Among networks these are modes, layers, and what a recipe says of its input."""


def folder_of(name: str) -> str:
    module = built_in_workloads()[name].target.partition(":")[0]
    return module.removeprefix("likeforlike.").rpartition(".")[0].replace(".", "/") + "/"


def named(source: str, name: str) -> Iterator[tuple[int, str]]:
    """Lines of code, prose aside, at which a workload is named: in a string, or in a name of the code's own."""
    tree = ast.parse(source)
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    pattern = rf"^{name}($|[-.*:= ])" if name in WORDS else rf"\b{name}\b"
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            if re.search(pattern, node.value) and not (name in WORDS and " " in node.value.strip()):
                yield node.lineno, node.value
        elif name not in WORDS:
            for own in own_names(node):
                if name in own.lower().split("_"):
                    yield node.lineno, own


def own_names(node: ast.AST) -> list[str]:
    """The names that a piece of code gives; not those that it finds in others, such as ``np.matmul``."""
    if isinstance(node, ast.Name | ast.arg | ast.keyword | ast.FunctionDef | ast.ClassDef):
        return [getattr(node, "id", None) or getattr(node, "arg", None) or getattr(node, "name", None) or ""]
    if isinstance(node, ast.ImportFrom):
        return [alias.asname or alias.name for alias in node.names]
    return []


def imports_it(place: str, source: str, name: str) -> bool:
    """Whether a study of one workload, or a workload made of another, imports it from its folder."""
    module = f"likeforlike.{folder_of(name).rstrip('/').replace('/', '.')}"
    return place.startswith(("bench/studies/", "models/kernels/")) and f"from {module}" in source


@pytest.mark.parametrize("name", built_in_workloads())
def test_no_name_of_a_workload_stands_outside_its_own_folder(name: str) -> None:
    found = []
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            place, source = path.relative_to(ROOT).as_posix(), path.read_text("utf-8")
            if place.startswith(folder_of(name)) or (place, name) in OTHER_MEANINGS:
                continue
            if place.startswith(("models/tasks/", "models/loops/")) and name in WORDS_OF_NETWORKS:
                continue
            if name in source.lower() and not imports_it(place, source, name):
                found += [f"{place}:{line}: {text}" for line, text in named(source, name)]
    assert found == []


def test_the_search_finds_what_it_is_for() -> None:
    text = 'MATMUL = "matmul"\ndef f(matmul_sizes): return np.matmul(1, g("matmul-numpy"), "a_matmul_b")\n"matmul"\n'
    assert [line for line, _ in named(text, "matmul")].count(1) == 2
    assert [what for line, what in named(text, "matmul") if line == 2] == ["matmul_sizes", "matmul-numpy"]
    assert not [line for line, _ in named(text, "matmul") if line == 3]
    assert [what for _, what in named('x = "noise"; y = "the noise floor"; noise = "noise-a"', "noise")] == [
        "noise",
        "noise-a",
    ]


def test_other_meanings_are_still_there() -> None:
    for place, name in OTHER_MEANINGS:
        assert list(named((ROOT / place).read_text("utf-8"), name)), place
