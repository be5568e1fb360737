"""A run knows its code: any change of what measures moves a digest, nothing else does."""

from __future__ import annotations

import hashlib
import sys

import pytest

from likeforlike.bench.keep.source_code import code_digests, digest_of
from likeforlike.models.contract import Implementation
from likeforlike.models.registry import load_registry


def entry(target, origin="mine"):
    return Implementation("mine", "matmul", "numpy", "a product", target, origin=origin)


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """A package of two modules on the path."""
    folder = tmp_path / "digested_plugin"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "kernels.py").write_text("SPIN = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield folder
    sys.modules.pop("digested_plugin", None)


def test_the_digest_is_sha_256_of_names_and_contents(tmp_path):
    (tmp_path / "a.py").write_bytes(b"x = 1\n")
    assert digest_of({"a.py": tmp_path / "a.py"}) == hashlib.sha256(b"a.py\x006\x00x = 1\n").hexdigest()[:16]


def test_our_code_alone_without_plug_ins():
    digests = code_digests(load_registry().entries)
    assert set(digests) == {"likeforlike"}
    assert digests == code_digests([])


def test_any_module_of_a_plug_in_counts(plugin):
    def digest():
        return code_digests([entry("digested_plugin:product")])["digested_plugin"]

    before = digest()
    assert digest() == before
    (plugin / "kernels.py").write_text("SPIN = 2\n")
    assert digest() != before


def test_a_file_that_is_no_python_does_not_count(plugin):
    before = code_digests([entry("digested_plugin.kernels:product")])
    (plugin / "notes.txt").write_text("changed")
    assert code_digests([entry("digested_plugin.kernels:product")]) == before


def test_a_plug_in_that_is_one_module(tmp_path, monkeypatch):
    (tmp_path / "single_plugin.py").write_text("x = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert "single_plugin" in code_digests([entry("single_plugin:product")])


def test_what_has_no_source_is_left_out():
    assert set(code_digests([entry("no_such_module_x:f"), entry("math:sqrt")])) == {"likeforlike"}
