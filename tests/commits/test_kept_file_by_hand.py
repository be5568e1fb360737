"""Where ``ab`` keeps the result file that nobody named: each working tree its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from likeforlike.commits import ab
from likeforlike.commits.measuring import TwoSides

A, B = "a" * 40, "b" * 40
TREE = TwoSides(f"git:{A}", "tree:/one", ())


@pytest.fixture(autouse=True)
def kept(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "likeforlike" / "ab"


def test_it_bears_the_first_digits_of_both_in_a_folder_that_is_there(kept):
    file = ab.kept_file(TREE, Path("/one"))
    assert file.name == "aaaaaaaaaa-tree.json"
    assert file.parent.parent == kept
    assert file.parent.is_dir()
    commits = TwoSides(f"git:{A}", f"git:{B}", ())
    assert ab.kept_file(commits, Path("/one")) == file.with_name("aaaaaaaaaa-bbbbbbbbbb.json")


def test_two_clones_have_a_file_each_and_one_has_the_same_again():
    one, other = (ab.kept_file(TREE, Path(top)) for top in ("/one", "/other"))
    assert one != other
    assert one.name == other.name
    assert ab.kept_file(TREE, Path("/one")) == one


def test_the_working_tree_in_which_one_stands_says_which(monkeypatch, capsys):
    asked = []

    def measure(sides, file, here):
        asked.append(file)
        raise ValueError("enough")

    monkeypatch.setattr(ab, "_sides", lambda *_: (f"git:{A}", f"git:{B}"))
    for top in ("/one", "/other"):
        monkeypatch.setattr(ab.revisions, "top_of", lambda here, top=top: Path(top))
        assert ab.main([], measure=measure) == 2
    both = TwoSides(f"git:{A}", f"git:{B}", ())
    assert asked == [ab.kept_file(both, Path(top)) for top in ("/one", "/other")]
    assert ab.main(["--", "--benchmark-json=named.json"], measure=measure) == 2
    assert asked[2:] == [Path("named.json")]
    assert capsys.readouterr().err == "likeforlike ab: enough\n" * 3
