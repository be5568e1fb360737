"""The command that tries faults, on a module and a test of a few lines."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("cosmic_ray", reason="cosmic-ray is not installed; `tox run -e mutants` brings it")

HERE = Path(__file__).parent
sys.path.append(str(HERE))

import faults  # noqa: E402

MODULE = '''"""Words of 12 lines."""

from __future__ import annotations

MOST: float = 0.05


def few(number: int | None, total: int = 4) -> bool:
    """At most 3."""
    if not total:
        raise ValueError(f"{total + 1} is none")
    return number / total <= MOST
'''
GOOD = """
import pytest
from likeforlike.module import few

def test_few():
    assert few(0.2) and few(0.1) and not few(0.21) and not few(0.3)
    assert few(-1) and few(0.4, 8)
    with pytest.raises(ValueError):
        few(1, 0)
"""


def house(folder: Path, test: str, survivors: str = "survivor = []") -> Path:
    """A repository with one module to judge, and the command in it."""
    (folder / "likeforlike").mkdir()
    (folder / "likeforlike/__init__.py").touch()
    (folder / "likeforlike/module.py").write_text(MODULE)
    (folder / "tests/mutants").mkdir(parents=True)
    (folder / "tests/test_module.py").write_text(test)
    for name in ("run.py", "faults.py"):
        shutil.copy(HERE / name, folder / "tests/mutants" / name)
    group = '[[group]]\nmodules = ["likeforlike/module.py"]\ntests = ["tests/test_module.py"]\n'
    (folder / "tests/mutants/modules.toml").write_text(group)
    (folder / "tests/mutants/survivors.toml").write_text(survivors)
    return folder


def run(folder: Path, *options: str) -> tuple[int, str]:
    command = [sys.executable, "tests/mutants/run.py", *options]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
    return done.returncode, re.sub(r" passed in .*", " passed", done.stdout + done.stderr)


def test_which_faults_are_tried(tmp_path):
    mutants = faults.every(house(tmp_path, GOOD), "likeforlike/module.py")
    assert sorted((mutant.where, mutant.became) for mutant in mutants) == [
        ("", "MOST: float = 0.016666666666666666"),
        ("", "MOST: float = 0.15000000000000002"),
        ("few", "def few(number: int | None, total: int = 3) -> bool:"),
        ("few", "def few(number: int | None, total: int = 5) -> bool:"),
        ("few", "if not not total:"),
        ("few", "if total:"),
        ("few", "pass"),
        ("few", "pass"),
        ("few", "return number * total <= MOST"),
        ("few", "return number / total < MOST"),
        ("few", "return number / total >= MOST"),
    ]


def test_a_name_stays_when_lines_are_added_and_counts_equal_lines(tmp_path):
    house(tmp_path, GOOD)
    module = tmp_path / "likeforlike/module.py"
    before = {mutant.name for mutant in faults.every(tmp_path, "likeforlike/module.py")}
    module.write_text(MODULE.replace("MOST:", "\nONE = print\n\nMOST:"))
    assert {mutant.name for mutant in faults.every(tmp_path, "likeforlike/module.py")} == before
    module.write_text("def two(a, b):\n    a += 1\n    a += 1\n")
    found = [mutant for mutant in faults.every(tmp_path, "likeforlike/module.py") if mutant.became == "pass"]
    assert [mutant.name[-1] for mutant in found] == [1, 2]


def test_tests_that_see_every_fault(tmp_path):
    status, told = run(house(tmp_path, GOOD))
    assert status == 0, told
    assert (tmp_path / "likeforlike/module.py").read_text() == MODULE


def test_an_unseen_fault_is_told_and_may_be_listed_with_a_reason(tmp_path):
    weak = GOOD.replace("few(0.2)", "few(0.19)").replace("few(0.4, 8)", "few(0.39, 8)")
    status, told = run(house(tmp_path, weak))
    assert status == 1
    assert "survives unlisted in few: return number / total < MOST" in told
    entry = told[told.index("[[survivor]]") : told.index('reason = ""')]
    for reason, wrong in (
        ("", "survives unlisted"),
        ("a bound that no time meets", "1 of 11 survive; at most 5%"),
    ):
        (tmp_path / "tests/mutants/survivors.toml").write_text(f'{entry}reason = "{reason}"\n')
        status, told = run(tmp_path)
        assert status == 1
        assert wrong in told
    (tmp_path / "tests/test_module.py").write_text(GOOD)
    status, told = run(tmp_path)
    assert status == 1
    assert "listed, but doesn't survive in few: return number / total < MOST" in told


def test_a_sample_is_the_seed_s(tmp_path):
    house(tmp_path, GOOD.replace("few(0.2)", "few(0.19)").replace("few(0.4, 8)", "few(0.39, 8)"))
    assert run(tmp_path, "--sample", "60", "--seed", "a") == run(tmp_path, "--sample", "60", "--seed", "a")
    assert run(tmp_path, "--sample", "0", "--seed", "a")[0] == 0


def test_what_can_t_be_judged_is_told(tmp_path):
    status, told = run(house(tmp_path, "def test(): assert False"))
    assert status == 2
    assert "fails without a fault: pytest tests/test_module.py" in told
    status, told = run(tmp_path, "other.py")
    assert status == 2
    assert "other.py: not in tests/mutants/modules.toml; known are likeforlike/module.py" in told
