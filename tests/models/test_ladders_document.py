"""docs/ladders.md: its table is what the loops declare."""

from __future__ import annotations

import os
import re
from pathlib import Path

from likeforlike.models.contract.training.ways import WAYS, declared
from likeforlike.models.registry import load_registry

DOCUMENT = Path(__file__).parents[2] / "docs" / "ladders.md"
TABLE = re.compile(r"(<!-- table: ways -->\n)(.*?)(\n?<!-- end of table -->)", re.S)


def table() -> str:
    """A row for each way of going about it, with all loops that have it."""
    registry = load_registry()
    rows: dict[str, list[str]] = {}
    for task in ("convnet", "training"):
        for entry in registry.of(task):
            told = " | ".join(
                ", ".join(f"`{value}`" if value != "N" else "N" for value in declared(entry, field)) or "–"
                for field in WAYS
            )
            if entry.ways and all(entry.name not in names for names in rows.values()):
                rows.setdefault(told, []).append(entry.name)
    head = f"| loop | {' | '.join(f'`{field}`' for field in WAYS)} |\n|{':--|' * (len(WAYS) + 1)}"
    return "\n".join(
        [head, *(f"| {', '.join(f'`{name}`' for name in names)} | {told} |" for told, names in rows.items())]
    )


def test_the_table_is_what_the_loops_declare() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    if os.environ.get("LIKEFORLIKE_GOLDEN"):
        DOCUMENT.write_text(TABLE.sub(lambda found: found[1] + table() + "\n" + found[3].lstrip(), text))
        text = DOCUMENT.read_text(encoding="utf-8")
    found = TABLE.search(text)
    assert found is not None
    assert found[2] == table(), "LIKEFORLIKE_GOLDEN=1 writes it anew"


def test_every_value_is_told() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    for entry in load_registry().of("convnet"):
        for field, known in entry.ways:
            assert f"`{field}`" in text
            assert all(f"`{value}`" in text for value in known if value != "N")
