"""Whose file it is, by its content: the modules of ``formats`` are asked one after the other.

A new tool is a new module there with a list ``FORMATS``; nothing else names it.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from pathlib import Path

from likeforlike.reports.read import formats
from likeforlike.reports.read.decoding import Document, parse
from likeforlike.reports.read.format import Format
from likeforlike.reports.read.formats import pytest_benchmark
from likeforlike.reports.read.result_file import ResultFile


@cache
def known_formats() -> tuple[Format, ...]:
    """All formats; those that are read come first, then by their module's name."""
    names = sorted(module.name for module in pkgutil.iter_modules(formats.__path__))
    modules = [importlib.import_module(f"{formats.__name__}.{name}") for name in names]
    found = [known for module in modules for known in module.FORMATS]
    return tuple(sorted(found, key=lambda known: known.read is None))


def readable() -> str:
    """What can be read, as the end of a sentence."""
    names = [f"{known.name}'s" for known in known_formats() if known.read is not None]
    return f"likeforlike reads its own files, {', '.join(names[:-1])} and {names[-1]}"


def read_content(content: bytes, name: str, folder: Path | None = None) -> ResultFile:
    """A file's UTF-8 content as a result file; files that belong to it lie in ``folder``.

    Raises ResultError: one line that says what is wrong, or whose file it is if that can't be read.
    """
    return read_document(parse(content, name, folder))


def read_document(document: Document) -> ResultFile:
    """A document as a result file. Raises ResultError."""
    for known in known_formats():
        if known.recognise(document):
            if known.read is None:
                raise document.error("", f"looks like {known.name}", readable())
            return known.read(document)
    if document.fault is not None:
        raise document.fault
    if isinstance(document.value, dict) and "benchmarks" in document.value:
        return pytest_benchmark.read(document)  # which says what is wrong with it, or missing
    raise document.error("", "", f"it is JSON, but no result file; {readable()}")
