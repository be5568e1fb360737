"""A run knows its code: any change of what measures moves a digest, nothing else does."""

from __future__ import annotations

import hashlib
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from types import ModuleType

import pytest

from likeforlike.bench.keep.source_code import code_digests, digest_of
from likeforlike.models.contract import Implementation, Workload
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


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder on the path, as a repository's."""
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def digests_of(target):
    """Those of a plug-in, without ours."""
    found = code_digests([entry(target)])
    del found["likeforlike"]
    return found


def digest_after(target, path, text):
    """Digests of the plug-in, and what it rests on, before and after a file has that text."""
    before = digests_of(target)
    path.write_text(text)
    return before, digests_of(target)


def test_a_package_without_an_init_counts(folder):
    (folder / "spread_plugin").mkdir()
    (folder / "spread_plugin/kernels.py").write_text("x = 1\n")
    before, after = digest_after("spread_plugin.kernels:f", folder / "spread_plugin/kernels.py", "x = 2\n")
    assert before != after


def test_what_a_plug_in_imports_from_beside_it_counts(folder):
    """And what that imports, wherever in the file it does; what nobody imports does not."""
    (folder / "importing_plugin.py").write_text("import numpy\n\ndef f():\n    from its_helper import x\n")
    (folder / "its_helper.py").write_text("import helpers_helper, importing_plugin\nx = 1\n")
    (folder / "helpers_helper.py").write_text("y = 1\n")
    (folder / "nobodys.py").write_text("z = 1\n")
    for name, counts in (("its_helper.py", True), ("helpers_helper.py", True), ("nobodys.py", False)):
        changed = (folder / name).read_text() + "# changed\n"
        before, after = digest_after("importing_plugin:f", folder / name, changed)
        differ = [told for told in before if before[told] != after[told]]
        assert differ == ([f"{name.removesuffix('.py')} (imported by importing_plugin)"] if counts else [])


def test_a_package_beside_a_plug_in_counts_by_its_own_name(folder):
    """All of it, as a plug-in's own package; not what lies elsewhere on the path, nor Python's own."""
    for name in ("resting_plugin", "its_library/inner", "nobodys_library"):
        (folder / name).mkdir(parents=True)
    (folder / "resting_plugin/__init__.py").write_text("import json\nfrom its_library.inner import x\n")
    (folder / "its_library/__init__.py").write_text("")
    (folder / "its_library/inner/deep.py").write_text("x = 1\n")
    (folder / "nobodys_library/__init__.py").write_text("")
    before, after = digest_after("resting_plugin:f", folder / "its_library/inner/deep.py", "x = 2\n")
    assert set(before) == {"resting_plugin", "its_library (imported by resting_plugin)"}
    assert [told for told in before if before[told] != after[told]] == [
        "its_library (imported by resting_plugin)"
    ]


THIS_PYTHON_S = EXTENSION_SUFFIXES[0]


@pytest.mark.parametrize("suffix", [THIS_PYTHON_S, ".so"])
def test_a_compiled_module_counts_by_its_bytes_and_its_name(plugin, suffix):
    """Of a package wherever it lies in it: what was built anew from the same source may be other code."""
    (plugin / "inner").mkdir()
    path = plugin / f"inner/_fast{suffix}"
    path.write_bytes(b"\x7fELF 1")
    before = digests_of("digested_plugin.kernels:product")
    told = "digested_plugin.inner._fast (compiled, imported by digested_plugin)"
    assert set(before) == {"digested_plugin", told}
    assert before[told] == digest_of({path.name: path})
    path.write_bytes(b"\x7fELF 2")
    after = digests_of("digested_plugin.kernels:product")
    assert after == {**before, told: digest_of({path.name: path})}
    assert after != before


def test_compiled_modules_beside_a_plug_in_count_where_it_imports_them(folder):
    (folder / "calling_plugin.py").write_text("import _called, its_package\n")
    (folder / "its_package").mkdir()
    for name in ("_called", "_nobodys", "its_package/_part"):
        (folder / f"{name}{THIS_PYTHON_S}").write_bytes(name.encode())
    assert set(digests_of("calling_plugin:f")) == {
        "calling_plugin",
        "_called (compiled, imported by calling_plugin)",
        "its_package._part (compiled, imported by calling_plugin)",
    }


def test_a_plug_in_that_is_one_compiled_module(folder):
    (folder / f"built_plugin{THIS_PYTHON_S}").write_bytes(b"1")
    assert set(digests_of("built_plugin:f")) == {"built_plugin (compiled, imported by built_plugin)"}


def test_what_another_python_would_load_does_not_count(plugin):
    for name in ("_fast.cpython-27-x86_64-linux-gnu.so", "_fast.pyd", "libfast.so.1", "_fast.txt"):
        (plugin / name).write_bytes(b"1")
    assert set(digests_of("digested_plugin:product")) == {"digested_plugin"}


def test_a_kernel_in_cuda_counts(plugin):
    (plugin / "kernel.cu").write_text("v1")
    before, after = digest_after("digested_plugin:f", plugin / "kernel.cu", "v2")
    assert before != after


def test_what_cannot_be_parsed_is_no_hindrance(folder):
    (folder / "older_plugin.py").write_text("print 'of another Python'\n")
    assert code_digests([entry("older_plugin:f")])["older_plugin"]


def test_beside_an_installed_plug_in_lies_what_is_not_its_own(tmp_path, monkeypatch):
    """Versions tell of that, and of what is compiled there, which can be gigabytes."""
    site = tmp_path / "site-packages"
    site.mkdir()
    monkeypatch.syspath_prepend(site)
    (site / "installed_plugin.py").write_text("import some_framework, _compiled\n")
    (site / "some_framework.py").write_text("x = 1\n")
    (site / f"_compiled{THIS_PYTHON_S}").write_bytes(b"1")
    (site / f"compiled_plugin{THIS_PYTHON_S}").write_bytes(b"1")
    before, after = digest_after("installed_plugin:f", site / "some_framework.py", "x = 2\n")
    assert before == after
    assert set(after) == {"installed_plugin"}
    assert digests_of("compiled_plugin:f") == {}


def test_further_modules_and_a_plug_in_s_workload_count(folder):
    """An entry's own target is not all: what it says it is made of, and where its workload is declared."""
    for name in ("made_of_plugin", "declaring_plugin"):
        (folder / f"{name}.py").write_text("x = 1\n")
    ours = Implementation("a", "matmul", "numpy", "", "likeforlike.x:f", modules=("made_of_plugin.part",))
    declared = Workload("rows", "rows", target="declaring_plugin:WORKLOADS")
    assert set(code_digests([ours])) == {"likeforlike", "made_of_plugin"}
    assert set(code_digests([], [declared])) == {"likeforlike", "declaring_plugin"}


def test_a_module_that_imports_itself_is_counted_once(folder):
    (folder / "selfish_plugin.py").write_text("import selfish_plugin\n")
    path = folder / "selfish_plugin.py"
    assert code_digests([entry("selfish_plugin:f")])["selfish_plugin"] == digest_of({path.name: path})


def test_a_module_that_nobody_can_find_again_is_left_out(monkeypatch):
    """Made while the program runs, as ``__main__`` can be: it has no specification."""
    monkeypatch.setitem(sys.modules, "made_by_hand", ModuleType("made_by_hand"))
    assert set(code_digests([entry("made_by_hand:f")])) == {"likeforlike"}


def test_a_file_in_the_working_folder_is_not_what_python_has_built_in(tmp_path, monkeypatch):
    (tmp_path / "sys.py").write_text("x = 1\n")
    monkeypatch.chdir(tmp_path)
    assert set(code_digests([entry("sys:f")])) == {"likeforlike"}


def test_our_package_beside_a_plug_in_is_not_its_own(folder):
    (folder / "likeforlike").mkdir()
    (folder / "likeforlike/bench.py").write_text("x = 1\n")
    (folder / "repository_plugin.py").write_text("import likeforlike\n")
    before, after = digest_after("repository_plugin:f", folder / "likeforlike/bench.py", "x = 2\n")
    assert before == after


def test_files_after_one_that_cannot_be_parsed_are_read(folder):
    """In the order of their names; what they import counts."""
    (folder / "mixed_plugin").mkdir()
    (folder / "mixed_plugin/a.py").write_text("print 'of another Python'\n")
    (folder / "mixed_plugin/b.py").write_text("import mixed_helper.part\n")
    (folder / "mixed_helper").mkdir()
    (folder / "mixed_helper/part.py").write_text("x = 1\n")
    before, after = digest_after("mixed_plugin:f", folder / "mixed_helper/part.py", "x = 2\n")
    assert before != after


def test_a_relative_import_is_not_of_the_module_of_that_name_beside(folder):
    (folder / "relative_plugin").mkdir()
    (folder / "relative_plugin/__init__.py").write_text("from . import kernels\nfrom .kernels import f\n")
    (folder / "relative_plugin/kernels.py").write_text("f = 1\n")
    (folder / "kernels.py").write_text("x = 1\n")
    before, after = digest_after("relative_plugin:f", folder / "kernels.py", "x = 2\n")
    assert before == after
