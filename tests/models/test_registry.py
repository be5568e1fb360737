"""The registry: what it lists, what plug-ins may do to it, and what it imports."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from likeforlike.models.command import main
from likeforlike.models.contract.implementation import Implementation, unsupported
from likeforlike.models.registry import (
    UnknownName,
    built_in_workloads,
    find_workload,
    kernel_workloads,
    load_registry,
)

ROOT = Path(__file__).parents[2]
GOOD = """
from likeforlike.models.contract.implementation import Implementation

IMPLEMENTATIONS = [
    Implementation("mine", "matmul", "numpy", "my product", "{module}:product", device_kinds=("cpu",)),
    Implementation("mine", "training", "numpy", "my trainer", "{module}:Trainer"),
]
"""


WORKLOADS = tuple(built_in_workloads())


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Write a module of that name and text where it can be imported, for this test alone."""
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)

    def write(name, text):
        (tmp_path / f"{name}.py").write_text(text.replace("{module}", name))
        return name

    yield write
    for name in set(sys.modules) - before:
        if Path(getattr(sys.modules[name], "__file__", None) or "").parent == tmp_path:
            del sys.modules[name]


@pytest.fixture
def distribution(tmp_path):
    """Make a folder that importlib.metadata takes for an installed package."""

    def write(name, entry_points):
        folder = tmp_path / f"{name}-1.0.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (folder / "entry_points.txt").write_text(f"[likeforlike.implementations]\n{entry_points}\n")

    return write


def own_names(registry, origin):
    return [(entry.workload, entry.name) for entry in registry.entries if entry.origin == origin]


def test_issue_entrants_are_listed():
    registry = load_registry()
    assert registry.faults == ()
    assert registry.names("matmul") == (
        "numpy",
        "tf-eager",
        "tf-graph",
        "tf-xla",
        "torch",
        "torch-compiled",
        "jax",
    )
    assert {"tf-gradient-tape", "finite-differences", "tf-forward"} <= set(registry.names("jacobian"))
    assert {f"{name}-{mode}" for name in ("torch", "jax") for mode in ("forward", "reverse")} <= set(
        registry.names("jacobian")
    )
    assert set(registry.names("eigen")) == {"numpy-eigh", "tf-eigh", "torch-eigh", "jax-eigh"}
    assert registry.names("noise") == ("twin-a", "twin-b", "nothing")
    tuned = {entry.name for entry in registry.of("matmul") if entry.division == "tuned"}
    assert tuned == {"tf-xla", "torch-compiled"}


def test_workloads_are_all_described():
    registry = load_registry()
    assert tuple(registry.workloads) == WORKLOADS
    assert WORKLOADS[:5] == ("training", "distributed", "convnet", "transformer", "text")
    assert WORKLOADS[5:8] == ("matmul", "jacobian", "eigen")
    assert WORKLOADS[-1] == "noise"
    assert set(kernel_workloads()) == set(WORKLOADS) - {
        *("training", "distributed", "convnet", "transformer", "text")
    }
    assert all(name == workload.name for name, workload in kernel_workloads().items())


def test_names_are_unique_within_a_workload_and_every_target_exists():
    entries = load_registry().entries
    assert len({(entry.workload, entry.name) for entry in entries}) == len(entries)
    for entry in entries:
        path, _, factory = entry.target.partition(":")
        source = (ROOT / (path.replace(".", "/") + ".py")).read_text()
        assert f"def {factory}(" in source or f"class {factory}" in source or f"{factory} = " in source


def test_unknown_names_list_the_known_ones():
    registry = load_registry()
    assert registry.find("eigen", "tf-eigh").framework == "tensorflow"
    with pytest.raises(
        UnknownName, match=r"^unknown workload 'sorting'; known: training, distributed, convnet"
    ):
        registry.of("sorting")
    with pytest.raises(
        UnknownName, match="^unknown implementation of eigen 'eig'; known: numpy-eigh, tf-eigh"
    ):
        registry.find("eigen", "eig")


def test_a_named_module_joins(module):
    registry = load_registry([module("joins_plugin", GOOD)])
    assert registry.faults == ()
    assert own_names(registry, "joins_plugin") == [("matmul", "mine"), ("training", "mine")]
    assert registry.names().count("mine") == 1


def test_another_attribute_can_be_named(module):
    name = module("other_plugin", GOOD.replace("IMPLEMENTATIONS", "OFFER"))
    assert own_names(load_registry([f"{name}:OFFER"]), f"{name}:OFFER") != []


BROKEN = {
    "raises": ("1 / 0", r"import of \w+ failed: ZeroDivisionError: division by zero"),
    "exits": ("raise SystemExit(3)", r"import of \w+ failed: SystemExit: 3"),
    "syntax": ("def f(:", r"import of \w+ failed: SyntaxError: .*"),
    "several lines": ("raise ValueError('one\\ntwo')", r"import of \w+ failed: ValueError: one two"),
    "no attribute": (
        "x = 1",
        r"module \w+ \(/\S+\.py\) has no IMPLEMENTATIONS, a tuple of likeforlike.models.contract.Implementation",
    ),
    "no sequence": (
        "IMPLEMENTATIONS = 7",
        r"IMPLEMENTATIONS is of type int, expected a list or tuple of Implementation",
    ),
    "no entry": (
        "IMPLEMENTATIONS = ['x']",
        r"IMPLEMENTATIONS\[0\] is of type str, expected likeforlike.models.contract.Implementation",
    ),
    "wrong type": (
        GOOD.replace('device_kinds=("cpu",)', 'device_kinds="cpu"'),
        r"IMPLEMENTATIONS\[0\].device_kinds is 'cpu', expected a tuple",
    ),
    "workload": (
        GOOD.replace('"training"', '"sorting"'),
        r"IMPLEMENTATIONS\[1\].workload is 'sorting', expected one of training, distributed, .*",
    ),
    "division": (
        GOOD.replace("device_kinds", "division='fast', device_kinds"),
        r"IMPLEMENTATIONS\[0\].division is 'fast', expected one of default, tuned",
    ),
    "threading": (
        GOOD.replace("device_kinds", "threading='inter-op', device_kinds"),
        r"IMPLEMENTATIONS\[0\].threading is 'inter-op', expected intra-op with numpy",
    ),
    "name": (GOOD.replace('"mine"', '"a,b"', 1), r"IMPLEMENTATIONS\[0\].name is 'a,b', expected letters, .*"),
    "target": (
        GOOD.replace(":product", ""),
        r"IMPLEMENTATIONS\[0\].target is '\w+', expected module:attribute",
    ),
    "taken": (
        GOOD.replace('"mine"', '"tf-eager"', 1),
        r"matmul has an implementation named 'tf-eager' already",
    ),
}


DECLARES = """
from likeforlike.models.contract import Axis, Implementation, Problem, Workload, precision_axis

def problem(axes, device):
    return Problem((), "float32", device, axes)

WORKLOADS = [
    Workload(
        name="scaled",
        summary="a workload of one's own",
        axes=(Axis("length", smoke=(4,), size=True), Axis("mode", smoke=("up",), type="str")),
        problem=problem,
        reference=lambda problem: None,
        tolerance=1e-6,
    ),
]
IMPLEMENTATIONS = [Implementation("mine", "scaled", "numpy", "", "{module}:f")]
"""

UNFIT = {
    "no declarations": ("WORKLOADS = 7", "WORKLOADS is of type int, expected a list or tuple of Workload"),
    "no declaration": (
        "WORKLOADS = ['x']",
        r"WORKLOADS\[0\] is of type str, expected likeforlike.models.contract.Workload",
    ),
    "name taken": (DECLARES.replace('"scaled"', '"eigen"'), "there is a workload named 'eigen' already"),
    "twice": (DECLARES + "WORKLOADS *= 2", "there is a workload named 'scaled' already"),
    "a name": (
        DECLARES.replace('name="scaled"', 'name="a.b"'),
        r"WORKLOADS\[0\].name is 'a.b', expected letters, .*",
    ),
    "missing problem": (
        DECLARES.replace("        problem=problem,\n", ""),
        r"WORKLOADS\[0\].problem is missing, expected a function of axes and device",
    ),
    "missing check": (
        DECLARES.replace("        reference=lambda problem: None,\n", ""),
        r"WORKLOADS\[0\] has neither verify nor reference: one of them must say what is right",
    ),
    "missing summary": (
        DECLARES.replace('        summary="a workload of one\'s own",\n', ""),
        r"import of \w+ failed: TypeError: .*missing 1 required positional argument: 'summary'",
    ),
    "no tolerance": (
        DECLARES.replace("        tolerance=1e-6,\n", ""),
        r"WORKLOADS\[0\].tolerance is 0.0, expected a number above 0 beside a reference",
    ),
    "not callable": (
        DECLARES.replace("problem=problem", "problem=problem, flop=7"),
        r"WORKLOADS\[0\].flop is 7, expected a function",
    ),
    "fewest operations not callable": (
        DECLARES.replace("problem=problem", "problem=problem, fewest_flop=7"),
        r"WORKLOADS\[0\].fewest_flop is 7, expected a function",
    ),
    "a settled form not callable": (
        DECLARES.replace("problem=problem", "problem=problem, settled=7"),
        r"WORKLOADS\[0\].settled is 7, expected a function",
    ),
    "a tolerance without end": (
        DECLARES.replace("tolerance=1e-6", "tolerance=float('inf')"),
        r"WORKLOADS\[0\].tolerance is inf, expected a number above 0 beside a reference",
    ),
    "a reference not callable": (
        DECLARES.replace("reference=lambda problem: None", "reference=[1]"),
        r"WORKLOADS\[0\].reference is \[1\], expected a function",
    ),
    "axes no tuple": (
        DECLARES.replace("axes=(", "axes=list((").replace('type="str")),', 'type="str"))),'),
        r"WORKLOADS\[0\].axes is \[.*\], expected a tuple",
    ),
    "axis no axis": (
        DECLARES.replace('Axis("mode", smoke=("up",), type="str")', '"mode"'),
        r"WORKLOADS\[0\].axes\[1\].type is 'str', expected likeforlike.models.contract.Axis",
    ),
    "axis without values": (
        DECLARES.replace("smoke=(4,)", "smoke=()"),
        r"WORKLOADS\[0\].axes\[0\].smoke is \(\), expected a tuple of values, one at least",
    ),
    "axis of another type": (
        DECLARES.replace("smoke=(4,)", "smoke=(4.5,)"),
        r"WORKLOADS\[0\].axes\[0\].smoke is \(4.5,\), expected values of type int",
    ),
    "an axis's value twice": (
        DECLARES.replace("smoke=(4,)", "smoke=(4, 4)"),
        r"WORKLOADS\[0\].axes\[0\].smoke is \(4, 4\), expected each value once",
    ),
    "an axis's value for no id": (
        DECLARES.replace('smoke=("up",)', 'smoke=("u/p",)'),
        r"WORKLOADS\[0\].axes\[1\].smoke is \('u/p',\), expected each letters, digits, .*",
    ),
    "axis below its least": (
        DECLARES.replace("smoke=(4,)", "smoke=(0,)"),
        r"WORKLOADS\[0\].axes\[0\].smoke is \(0,\), expected each a whole number of at least 1",
    ),
    "axis of a meaning": (
        DECLARES.replace('"length"', '"run"'),
        r"WORKLOADS\[0\].axes\[0\].name is 'run', expected letters, digits and _, and none of run, .*",
    ),
    "axis twice": (
        DECLARES.replace('"mode"', '"length"'),
        r"WORKLOADS\[0\].axes has 'length' 2 times, expected it once",
    ),
    "two sizes": (
        DECLARES.replace('Axis("mode", smoke=("up",), type="str")', 'Axis("width", smoke=(1,), size=True)'),
        r"WORKLOADS\[0\].axes has several with size=True, expected one at most",
    ),
    "size of names": (
        DECLARES.replace('type="str"', 'type="str", size=True'),
        r"WORKLOADS\[0\].axes\[1\].size is True, expected False: sizes are numbers",
    ),
    "a task": (
        DECLARES.replace("problem=problem", 'problem=problem, kind="task"'),
        r"WORKLOADS\[0\].kind is 'task', expected kernel",
    ),
    "a preset": (
        DECLARES.replace("problem=problem", 'problem=problem, presets=("slow",)'),
        r"WORKLOADS\[0\].presets is \('slow',\), expected some of smoke, quick, published",
    ),
}
BROKEN |= UNFIT


def test_a_plug_in_declares_workloads_of_its_own(module):
    registry = load_registry([module("declares_plugin", DECLARES)])
    assert registry.faults == ()
    assert tuple(registry.declared) == (*WORKLOADS, "scaled")
    assert registry.names("scaled") == ("mine",)
    declared = registry.declared["scaled"]
    assert find_workload("scaled", declared.target).summary == "a workload of one's own"
    with pytest.raises(LookupError, match="declares no workload 'other'"):
        find_workload("other", declared.target)


def test_two_entry_points_of_one_module_declare_once(module, distribution):
    module("twice_plugin", DECLARES + 'MORE = [Implementation("more", "scaled", "numpy", "", "m:f")]')
    distribution("their_package", "a = twice_plugin\nb = twice_plugin:MORE")
    registry = load_registry()
    assert registry.faults == ()
    assert registry.names("scaled") == ("mine", "more")


def test_a_module_may_declare_alone(module):
    text = DECLARES.partition("IMPLEMENTATIONS")[0]
    assert load_registry([module("alone_plugin", text)]).of("scaled") == ()


def test_a_folder_of_kernels_is_found_by_itself():
    folders = {path.parent.name for path in (ROOT / "models" / "kernels").glob("*/workload.py")}
    models = ROOT / "models"
    further = [*models.glob("*/workload.py"), *models.glob("inference/*/workload.py")]
    beside = {path.parent.name for path in further} - {
        "contract",
        "distributed",
        "functions",
        "own",  # declared when somebody brings a model
    }
    assert set(kernel_workloads()) == folders | beside


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_plugin_is_named_and_costs_nothing_else(module, case):
    text, error = BROKEN[case]
    broken = module("broken_" + case.replace(" ", "_"), text)
    good = module("good_plugin", GOOD)
    registry = load_registry([broken, "no_such_module", good])
    (fault, absent) = registry.faults
    assert fault.name == broken
    assert "\n" not in fault.error
    assert re.fullmatch(error, fault.error), fault.error
    assert absent.name == "no_such_module"
    assert absent.error.endswith("ModuleNotFoundError: No module named 'no_such_module'")
    assert own_names(registry, broken) == []
    assert len(own_names(registry, good)) == 2
    assert own_names(registry, "likeforlike") == own_names(load_registry(), "likeforlike")


def test_two_plugins_with_one_name_leave_the_first(module):
    first, second = (module(name, GOOD) for name in ("first_plugin", "second_plugin"))
    registry = load_registry([first, second, first])
    assert [fault.name for fault in registry.faults] == [second]
    assert len(own_names(registry, first)) == 2


def test_installed_packages_register_by_entry_point(module, distribution):
    module("installed_plugin", GOOD)
    module("attribute_plugin", GOOD.replace("IMPLEMENTATIONS", "MORE").replace('"mine"', '"more"'))
    module("failing_plugin", "import no_such_framework")
    distribution("their_package", "a = installed_plugin\nb = attribute_plugin:MORE")
    distribution("bad_package", "c = failing_plugin")
    registry = load_registry(["installed_plugin"])
    assert sorted(own_names(registry, "their_package")) == [
        ("matmul", "mine"),
        ("matmul", "more"),
        ("training", "mine"),
        ("training", "more"),
    ]
    (fault,) = registry.faults
    assert fault.name == "bad_package"
    assert "No module named 'no_such_framework'" in fault.error


def test_missing_frameworks_are_told_with_their_remedy():
    here = Implementation("x", "matmul", "numpy", "", "m:f")
    assert here.missing() is None
    assert replace(here, needs=("numpy", "json.decoder")).missing() is None
    other = replace(here, framework="cupy", needs=("absent_a", "absent_b.c"))
    assert other.missing() == "absent_a, absent_b.c not installed: pip install absent_a absent_b.c"
    assert replace(other, install="conda install a").missing().endswith("not installed: conda install a")


@pytest.mark.parametrize(
    ("framework", "needs", "remedy"),
    [
        ("torch", ("torch",), "torch not installed: pip install 'likeforlike[torch]'"),
        ("torch", (), "torch not installed: pip install 'likeforlike[torch]'"),
        (
            "tensorflow",
            ("tensorflow", "keras"),
            "tensorflow, keras not installed: pip install 'likeforlike[tensorflow]'",
        ),
        ("jax", ("jax", "keras"), "jax, keras not installed: pip install 'likeforlike[jax]' keras"),
        (
            "torch",
            ("tensorboard",),
            "torch, tensorboard not installed: pip install 'likeforlike[torch,tensorflow]'",
        ),
        ("jax", ("flax",), "jax, flax not installed: pip install 'likeforlike[jax]' flax"),
    ],
)
def test_a_remedy_installs_all_that_is_missing(monkeypatch, framework, needs, remedy):
    monkeypatch.setattr("likeforlike.models.contract.implementation.importable", lambda name: False)
    assert Implementation("x", "matmul", framework, "", "m:f", needs=needs).missing() == remedy


def test_a_repository_s_folder_of_that_name_is_no_framework(tmp_path, monkeypatch):
    (tmp_path / "no_such_framework").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    entry = Implementation("x", "matmul", "numpy", "", "m:f", needs=("no_such_framework",))
    assert entry.missing() == "no_such_framework not installed: pip install no_such_framework"


@pytest.mark.parametrize(
    ("name", "device", "axes", "capability", "reason"),
    [
        ("tf-eager", "cpu:0", {"dtype": "float16"}, None, None),
        ("tf-eager", "cpu:1", {"size": 5, "dtype": "float32"}, None, None),
        ("jax", "cpu:1", {}, None, None),
        ("torch", "gpu:0", {"dtype": "tf32"}, None, None),
        ("torch", "gpu:0", {"dtype": "tf32"}, (8, 0), None),
        ("torch", "gpu:0", {"dtype": "tf32"}, (7, 5), "compute capability 8.0 or newer, this one has 7.5"),
        ("tf-eager", "cpu", {"dtype": "tf32"}, None, "tf32 is a precision mode of GPUs"),
        ("numpy", "gpu:0", {"dtype": "float32"}, None, "numpy runs on cpu only, not on gpu:0"),
        (
            "numpy",
            "cpu:0",
            {"dtype": "bfloat16"},
            None,
            "numpy has no bfloat16, only float64, float32: NumPy's",
        ),
        ("numpy", "cpu:1", {"dtype": "float32"}, None, "numpy can't split the processor: it has cpu:0 only"),
        ("torch", "cpu:1", {"dtype": "float32"}, None, "torch can't split the processor"),
    ],
)
def test_what_an_implementation_cannot_do_is_said(name, device, axes, capability, reason):
    said = unsupported(load_registry().find("matmul", name), device, axes, capability)
    assert said is None if reason is None else reason in said


def test_numpy_is_on_no_gpu_whatever_a_plugin_says():
    entry = Implementation("mine", "matmul", "numpy", "", "mine:product")
    assert (
        unsupported(entry, "gpu:0", {}) == "mine runs on cpu only, not on gpu:0: NumPy knows no other device"
    )
    assert unsupported(entry, "cpu:0", {}) is None


def test_listing_imports_no_framework():
    program = (
        "import sys; from likeforlike.models.command import main; status = main(['--json']); "
        "loaded = {'tensorflow', 'keras', 'torch', 'jax', 'scipy', 'pandas'} & set(sys.modules); "
        "sys.exit(f'imported {loaded}' if loaded else status)"
    )
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert len(json.loads(ended.stdout)["implementations"]) >= 20


def test_json_listing(module, capsys):
    assert main(["--json", "--plugin", module("listed_plugin", GOOD)]) == 0
    listing = json.loads(capsys.readouterr().out)
    assert [workload["name"] for workload in listing["workloads"]] == list(WORKLOADS)
    assert listing["faults"] == []
    mine = [record for record in listing["implementations"] if record["origin"] == "listed_plugin"]
    assert mine[0] == {
        "workload": "matmul",
        "name": "mine",
        "framework": "numpy",
        "division": "default",
        "installed": True,
        "missing": None,
        "device_kinds": ["cpu"],
        "dtypes": [],
        "origin": "listed_plugin",
        "summary": "my product",
    }


def test_table_names_what_is_missing_and_what_was_left_out(module, capsys, monkeypatch):
    monkeypatch.setattr("likeforlike.models.contract.implementation.importable", lambda name: name != "jax")
    assert main(["--plugin", module("bad_plugin", "1 / 0")]) == 2
    printed = capsys.readouterr()
    (row,) = [line for line in printed.out.splitlines() if line.startswith("jax-eigh")]
    assert "jax not installed: pip install 'likeforlike[jax]'" in row
    assert printed.err == (
        "plug-in left out: bad_plugin: import of bad_plugin failed: ZeroDivisionError: division by zero\n"
    )
    assert main(["--json", "--plugin", "bad_plugin"]) == 2
    assert json.loads(capsys.readouterr().out)["faults"][0]["plugin"] == "bad_plugin"


@pytest.mark.parametrize("arguments", [["--unknown"], ["extra"], ["--plugin"]])
def test_bad_arguments_exit_with_2(arguments):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
