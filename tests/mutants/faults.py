"""Which faults are tried: cosmic-ray's operators, and four kinds of our own that it lacks.

cosmic-ray replaces every operator by every other one and moves every number by one. Chosen here is what people
get wrong: a bound's strictness, a sign, a factor, a condition. A share such as 0.05 that becomes 1.05 is caught by
any test; one that is three times too large is not, so floats are scaled instead of moved.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import parso
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Operator
from cosmic_ray.operators.provider import OperatorProvider

SWAPPED = (
    *("Comparison_Lt_LtE", "Comparison_Lt_Gt", "Comparison_LtE_Lt", "Comparison_LtE_GtE"),
    *("Comparison_Gt_GtE", "Comparison_Gt_Lt", "Comparison_GtE_Gt", "Comparison_GtE_LtE"),
    *("Comparison_Eq_NotEq", "Comparison_NotEq_Eq", "Comparison_Is_IsNot", "Comparison_IsNot_Is"),
    *("Binary_Add_Sub", "Binary_Sub_Add", "Binary_Mul_Div", "Binary_Div_Mul", "Binary_FloorDiv_Mul"),
    *("Binary_Mod_FloorDiv", "Binary_Pow_Mul", "Binary_BitOr_BitAnd", "Binary_BitAnd_BitOr"),
)
OTHERS = (
    *("AddNot", "ReplaceAndWithOr", "ReplaceOrWithAnd", "ReplaceTrueWithFalse", "ReplaceFalseWithTrue"),
    *("ReplaceBreakWithContinue", "ReplaceContinueWithBreak", "ZeroIterationForLoop"),
    *("ReplaceUnaryOperator_Delete_Not", "ReplaceUnaryOperator_Delete_USub"),
)
TWINS = dict(
    pair
    for left, right in (("min", "max"), ("any", "all"), ("floor", "ceil"), ("minimum", "maximum"))
    for pair in ((left, right), (right, left))
)


class _Fault(Operator):
    """A kind of fault: what a node becomes; cosmic-ray asks for the places and for one of them."""

    def become(self, node: Any) -> list[str]:
        raise NotImplementedError

    def mutation_positions(self, node: Any) -> Iterator[Any]:
        for _ in self.become(node):
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        return parso.parse(node.get_first_leaf().prefix + self.become(node)[index])

    @classmethod
    def examples(cls) -> tuple[()]:
        return ()


class OtherNumber(_Fault):
    """A whole number one larger or smaller; a float three times larger or smaller, 0.0 by one."""

    def become(self, node: Any) -> list[str]:
        if node.type != "number":
            return []
        value = ast.literal_eval(node.value)
        changed = (value - 1, value + 1) if isinstance(value, int) or value == 0 else (value / 3, value * 3)
        return [f"({new!r})" if new < 0 else repr(new) for new in changed]


class OtherFunction(_Fault):
    """The smaller for the larger, any for all."""

    def become(self, node: Any) -> list[str]:
        return [TWINS[node.value]] if node.type == "name" and node.value in TWINS else []


class OtherMembership(_Fault):
    """``in`` for ``not in`` and the other way round."""

    def become(self, node: Any) -> list[str]:
        if node.type == "keyword" and node.value == "in" and node.parent.type == "comparison":
            return ["not in"]
        words = node.get_code(include_prefix=False).split() if node.type == "comp_op" else []
        return ["in"] if words == ["not", "in"] else []


class DroppedStatement(_Fault):
    """A call for its effect, a raise, a return, a running sum or a continue that is left out."""

    def become(self, node: Any) -> list[str]:
        if node.type != "simple_stmt":
            return []
        first = node.children[0]
        dropped = first.type in ("atom_expr", "raise_stmt", "return_stmt") or (
            first.type == "expr_stmt" and getattr(first.children[1], "value", first.children[1].type) != "="
        )
        dropped |= first.get_code(include_prefix=False) == "continue"
        return ["pass\n"] if dropped and not self._says_nothing(node, first) else []

    @staticmethod
    def _says_nothing(node: Any, statement: Any) -> bool:
        """Whether it is a field of a dataclass, or a function's last ``return None``."""
        if statement.type == "expr_stmt":
            return statement.children[1].type == "annassign"
        last = (
            node.parent.type == "suite"
            and node.parent.parent.type == "funcdef"
            and node.parent.children[-1] is node
        )
        return last and statement.get_code(include_prefix=False) == "return None"


def named(entry: dict) -> Name:
    """The name of the mutant that an entry of ``survivors.toml`` speaks of."""
    module, where, was, became, nth = (entry.get(field, 1) for field in FIELDS)
    return module, where, was, became, nth


def kinds() -> list[Operator]:
    """All kinds of faults, in a fixed order."""
    known = OperatorProvider()
    cosmic = [known[f"Replace{name.split('_', 1)[0]}Operator_{name.split('_', 1)[1]}"] for name in SWAPPED]
    own = [OtherNumber, OtherFunction, OtherMembership, DroppedStatement]
    return [kind() for kind in (*cosmic, *(known[name] for name in OTHERS), *own)]


Name = tuple[str, str, str, str, int]
FIELDS = ("module", "where", "was", "became", "nth")


@dataclass(frozen=True)
class Mutant:
    """A module with one fault in it."""

    module: str
    """Path below the root of the repository, such as ``models/contract/training/recipe.py``."""
    where: str
    """Function, class or nothing, in which the fault is."""
    was: str
    became: str
    """The changed lines before and after, blanks at the ends and line breaks aside."""
    nth: int
    """Among the same lines of that function, from 1."""
    code: str

    @property
    def name(self) -> Name:
        """What stays when other lines move."""
        return self.module, self.where, self.was, self.became, self.nth

    def told(self) -> str:
        """As an entry of ``survivors.toml``."""
        fields = {k: v for k, v in zip(FIELDS, self.name, strict=True) if (k, v) != ("nth", 1)}
        return "\n".join(
            ("[[survivor]]", *(f"{k} = {json.dumps(v, ensure_ascii=False)}" for k, v in fields.items()))
        )


def places(source: str) -> list[tuple[Operator, int]]:
    """Every fault that can be put into a module: its kind and its how-manieth place."""
    nodes = list(ast_nodes(get_ast(source)))
    return [
        (kind, occurrence)
        for kind in kinds()
        for occurrence in range(sum(1 for node in nodes for _ in kind.mutation_positions(node)))
    ]


def put(root: Path, module: str, kind: Operator, occurrence: int) -> Mutant | None:
    """A module with that fault; None where nothing that runs is changed, or it can't be compiled."""
    source = (root / module).read_text(encoding="utf-8")
    code = mutate_code(source, kind, occurrence)
    try:
        if code is None or _what_runs(code) == _what_runs(source):
            return None
    except SyntaxError:
        return None
    before, after = source.splitlines(), code.splitlines()
    same = next((i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), 0)
    last = next((i for i, (a, b) in enumerate(zip(before[::-1], after[::-1], strict=False)) if a != b), 0)
    was, became = (" ".join(" ".join(part[same : len(part) - last]).split()) for part in (before, after))
    where = _enclosing(source, same + 1)
    alike = [i for i in range(same + 1) if before[i].strip() == before[same].strip()]
    nth = sum(_enclosing(source, i + 1) == where for i in alike)
    return Mutant(module, where, was, became, nth, code)


def every(root: Path, module: str) -> list[Mutant]:
    """All mutants of a module, each once."""
    found: dict[str, Mutant] = {}
    for kind, occurrence in places((root / module).read_text(encoding="utf-8")):
        mutant = put(root, module, kind, occurrence)
        if mutant is not None:
            found.setdefault(mutant.code, mutant)
    return list(found.values())


def _what_runs(source: str) -> str:
    """A module without what is left out on purpose.

    Annotations, which are never computed; strings with values in them, which are the business of the tests of
    wording; ``frozen=True`` and ``strict=True``, which only forbid and change nothing that is allowed.
    """
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            node.values = []
        elif isinstance(node, ast.Call | ast.ClassDef):
            node.keywords = [word for word in node.keywords if word.arg not in ("frozen", "strict")]
        elif isinstance(node, ast.arg):
            node.annotation = None
        elif isinstance(node, ast.FunctionDef):
            node.returns = None
        elif isinstance(node, ast.AnnAssign):
            node.annotation = ast.Constant(None)
    return ast.dump(tree)


def _enclosing(source: str, line: int) -> str:
    """The innermost function or class around a line, such as ``Recipe.flop``; empty at the top."""
    scopes = (ast.FunctionDef, ast.ClassDef)
    around: list[str] = []
    inside: list[ast.AST] = [ast.parse(source)]
    while inside:
        body = [node for node in ast.walk(inside.pop()) if isinstance(node, scopes)]
        held = [node for node in body if node.lineno <= line <= (node.end_lineno or 0)]
        held = [node for node in held if node.name not in around]
        if held:
            around.append(held[0].name)
            inside.append(held[0])
    return ".".join(around)
