"""Sharing results: what is forged is refused, what is personal stays behind, the page is safe."""

from __future__ import annotations

import copy
import json
import math
import re
import shutil
import statistics
from pathlib import Path

import pytest

from likeforlike.devices.limits.identity import identify
from likeforlike.reports.publish.command import main
from likeforlike.reports.publish.folder import PAGE
from likeforlike.reports.publish.page import page_of
from likeforlike.reports.publish.privacy import LEFT_OUT, personal, without_personal
from likeforlike.reports.publish.ranking import interval_seconds, ranking
from likeforlike.reports.read.files import read_named
from likeforlike.reports.sort.pooling import build_study

ROOT = Path(__file__).resolve().parents[3]
SHIPPED = json.loads((ROOT / "reports/published/ladder-2026.json").read_text())


def stats_of(data):
    return {
        "min": min(data),
        "max": max(data),
        "mean": statistics.fmean(data),
        "median": statistics.median(data),
        "stddev": statistics.stdev(data),
        "total": math.fsum(data),
        "rounds": len(data),
        "iterations": 1,
        "data": data,
    }


def kernel(document, name="matmul"):
    """A cell whose samples are calls; made from a copy of the noise floor's."""
    return next(c for c in document["benchmarks"] if c["extra_info"]["workload"] == "noise")


def trained(document):
    return next(c for c in document["benchmarks"] if c["extra_info"]["workload"] == "training")


def published(tmp_path, write, document, capsys):
    """What the command says, what it returns, and what it leaves."""
    folder = tmp_path / "shared"
    status = main([write("mine.json", document), "--to", str(folder)])
    return status, capsys.readouterr().err.splitlines(), folder


def impossible(document):
    cell = kernel(document)
    cell["extra_info"]["flop"] = 1e15


def without_proof(document):
    kernel(document)["extra_info"]["verified"] = None


def wrong_answer(document):
    kernel(document)["extra_info"]["verified"] = {"error": 0.1, "tolerance": 1e-5}


def generous(document):
    kernel(document)["extra_info"]["verified"] = {"error": 0.1, "tolerance": 1e9}


def edited_sample(document):
    kernel(document)["stats"]["data"][3] *= 0.5


def edited_statistic(document):
    kernel(document)["stats"]["median"] *= 0.9


def edited_training(document):
    """Samples and their statistics, consistently; the epochs still tell."""
    cell = trained(document)
    cell["stats"] = stats_of([seconds * 0.5 for seconds in cell["stats"]["data"]])


def same_samples(document):
    cell = kernel(document)
    cell["stats"] = stats_of([0.005] * len(cell["stats"]["data"]))


def copied_cell(document):
    first, second = [c for c in document["benchmarks"] if c["extra_info"]["workload"] == "noise"][:2]
    second["stats"] = stats_of([seconds * 0.7 for seconds in first["stats"]["data"]])


def other_launches(document):
    cell = kernel(document)
    cell["extra_info"]["launches"] = [{"launch": 0, "rounds": len(cell["stats"]["data"]) + 5}]


def another_processor(document):
    document["machine_info"]["likeforlike"]["cpu"]["usable_cores"] = 64


def newer_schema(document):
    document["likeforlike"]["schema_version"] = 99


def another_tools(document):
    del document["likeforlike"]


def script(document):
    kernel(document)["extra_info"]["implementation"] = "<script>alert(1)</script>"


def script_in_the_machine(document):
    document["machine_info"]["likeforlike"]["label"] = "<img src=x onerror=alert(1)>"


def without_noise(document):
    document["likeforlike"]["noise"] = None


def noisy(document):
    document["likeforlike"]["noise"] |= {"aa_ratio": 1.5, "aa_interval": [1.2, 1.8]}


def one_seed(document):
    runs = [c for c in document["benchmarks"] if c["extra_info"]["workload"] == "training"]
    for cell in runs:
        cell["extra_info"]["recipe"]["seed"] = 1


def dirty_plugin(document):
    kernel(document)["extra_info"]["origin"] = "mine"
    document["commit_info"] = {"id": "c" * 40, "dirty": True}


def plugin_without_commit(document):
    kernel(document)["extra_info"]["origin"] = "mine"
    document["commit_info"] = {}


def other_version(document):
    trained(document)["extra_info"]["framework_version"] = "0.0.1"


def without_fingerprint(document):
    del document["machine_info"]["likeforlike"]


def unsynchronised(document):
    kernel(document)["extra_info"]["timing"] = "unsynchronised"


def infinite(document):
    kernel(document)["stats"]["data"][0] = math.inf


def several_sides(document):
    document["likeforlike"]["sides"] = [{"name": "base"}, {"name": "new"}]


FORGERIES = {
    several_sides: "measured on several sides",
    impossible: "impossible: ",
    without_proof: "its answer was not proven",
    wrong_answer: "wrong answer: error 0.1",
    generous: "a tolerance of 1e+09 proves nothing",
    edited_sample: "the one or the other was edited",
    edited_statistic: "the one or the other was edited",
    edited_training: "its samples are not the seconds of its epochs",
    same_samples: "samples are the same",
    copied_cell: "or a multiple of them",
    other_launches: "launch 0 tells",
    another_processor: "what it describes has the id",
    newer_schema: "this likeforlike reads up to",
    another_tools: "only likeforlike's own files",
    script: "expected letters, digits, spaces",
    script_in_the_machine: "expected a text without <",
    without_noise: "likeforlike.noise: missing",
    noisy: "differed by a factor of 1.5",
    one_seed: "each needs its own",
    dirty_plugin: "was changed since its commit",
    plugin_without_commit: "whose commit must be told",
    other_version: "the machine tells",
    without_fingerprint: "no fingerprint",
    unsynchronised: "without waiting for its result",
    infinite: "expected a finite number",
}


@pytest.mark.parametrize("forge", FORGERIES, ids=lambda forge: forge.__name__)
def test_a_forged_file_is_refused_with_the_reason(forge, tmp_path, write, capsys):
    document = copy.deepcopy(SHIPPED)
    forge(document)
    status, lines, folder = published(tmp_path, write, document, capsys)
    assert status == 2
    assert any(FORGERIES[forge] in line for line in lines), lines
    assert all(line.startswith("likeforlike publish: ") for line in lines)
    assert not any("<script>alert(1)</script>\n" in line for line in lines)
    assert not folder.exists()


def test_of_two_files_the_sound_one_is_not_written_either(tmp_path, write, capsys):
    document = copy.deepcopy(SHIPPED)
    edited_sample(document)
    folder = tmp_path / "shared"
    assert main(["recipes-2026", write("forged.json", document), "--to", str(folder)]) == 2
    assert not folder.exists()


def test_a_sound_file_is_written_once_with_its_page(tmp_path, capsys):
    folder = tmp_path / "shared"
    assert main(["ladder-2026", "--to", str(folder)]) == 0
    (path,) = folder.glob("*.json")
    assert re.fullmatch(r"[0-9a-f]{12}-20261128-[0-9a-f]{8}\.json", path.name)
    before = path.read_bytes()
    assert main(["ladder-2026", "--to", str(folder)]) == 0
    assert "there already" in capsys.readouterr().out
    assert list(folder.glob("*.json")) == [path]
    assert path.read_bytes() == before
    assert main(["--check", str(folder)]) == 0
    assert path.name in (folder / PAGE).read_text()


def test_a_file_that_is_taken_away_again_makes_the_page_stale(tmp_path, capsys):
    folder = tmp_path / "shared"
    shutil.copytree(ROOT / "results" / "published", folder)
    gone, left, *_ = sorted(folder.glob("*.json"))
    gone.unlink()
    assert main(["--check", str(folder)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{PAGE}: tells of {gone.name}, which the folder no longer holds; write it anew: " in line
    assert main(["--to", str(folder)]) == 0
    assert main(["--check", str(folder)]) == 0
    assert left.name in (folder / PAGE).read_text()


def test_figures_are_the_same_as_before(tmp_path):
    folder = tmp_path / "shared"
    main(["ladder-2026", "--to", str(folder)])
    (path,) = folder.glob("*.json")
    mine, theirs = read_named(str(path)), read_named("ladder-2026")
    assert [cell.samples for cell in mine.cells] == [cell.samples for cell in theirs.cells]
    assert [cell.extra.verified for cell in mine.cells] == [cell.extra.verified for cell in theirs.cells]
    assert mine.machine.id == theirs.machine.id


def test_a_number_that_json_does_not_have_is_written_as_null(tmp_path, write, capsys):
    """In a field that nobody reads: where one is used, it is an error (``infinite`` above)."""
    document = copy.deepcopy(SHIPPED)
    trained(document)["extra_info"]["terms"]["note"] = math.nan
    status, lines, folder = published(tmp_path, write, document, capsys)
    assert (status, lines) == (0, [])
    (path,) = folder.glob("*.json")
    assert trained(json.loads(path.read_text()))["extra_info"]["terms"]["note"] is None


PERSONAL = {
    "host": "joes-laptop",
    "user": "joe.smith",
    "path": "/home/joe.smith/secret/data",
    "windows": r"C:\Users\joe.smith\models",
    "mail": "joe@example.org",
    "serial": "GPU-1234-5678",
}


def test_nothing_personal_is_published(tmp_path, write, capsys):
    document = copy.deepcopy(SHIPPED)
    info = document["machine_info"]
    info["node"] = PERSONAL["host"]
    info["likeforlike"]["gpus"] = [{"name": "A100", "uuid": PERSONAL["serial"]}]
    info["likeforlike"]["id"] = identify(info["likeforlike"])
    document["commit_info"] |= {"author": PERSONAL["mail"], "branch": "joe.smith/fix", "project": "secret"}
    document["likeforlike"]["command"] = f"bench --data-dir {PERSONAL['path']}"
    for name in ("data_dir", "text_file"):
        document["likeforlike"]["options"][name] = PERSONAL["path"]
    document["likeforlike"]["unmeasured"] = [
        {"cell": "x", "outcome": "failed", "reason": f"no {PERSONAL['windows']} on {PERSONAL['host']}"}
    ]
    cell = trained(document)
    cell["extra_info"]["data"]["source"] = PERSONAL["path"]
    cell["extra_info"]["tensorboard"] = PERSONAL["path"]
    cell["fullname"] = f"{PERSONAL['path']}/test_cells.py::x"
    cell["params"] = {"cell": f"Cell({PERSONAL['user']})"}
    cell["extra_info"]["environment"] = {"XLA_FLAGS": f"--dump={PERSONAL['path']} by {PERSONAL['mail']}"}
    assert len(personal(document)) == 5
    status, lines, folder = published(tmp_path, write, document, capsys)
    assert (status, lines) == (0, [])
    written = "".join(path.read_text() for path in folder.iterdir())
    assert LEFT_OUT in written
    for text in (*PERSONAL.values(), "joe", "secret"):
        assert text not in written
    assert main(["--check", str(folder)]) == 0


def test_what_is_no_path_stays():
    kept = {"a": "9.7 GB/s", "b": "https://example.org/x/y", "c": "AMD EPYC 7763 / 64", "d": "cpu:0, n/a"}
    document = {"likeforlike": {"unmeasured": [{"reason": text} for text in kept.values()]}}
    made = without_personal(document)["likeforlike"]["unmeasured"]
    assert [item["reason"] for item in made] == list(kept.values())


def test_a_file_that_came_by_another_way_is_checked_too(tmp_path, capsys):
    """As a pull request might bring it: with a host's name, or forged, or without a new page."""
    folder = tmp_path / "shared"
    main(["ladder-2026", "--to", str(folder)])
    (path,) = folder.glob("*.json")
    good = json.loads(path.read_text())
    named = copy.deepcopy(good)
    named["machine_info"]["node"] = "joes-laptop"
    forged = copy.deepcopy(good)
    edited_sample(forged)
    for name, document in (("named", named), ("forged", forged)):
        (folder / f"{name}.json").write_text(json.dumps(document))
    capsys.readouterr()
    assert main(["--check", str(folder)]) == 2
    told = capsys.readouterr().err
    assert "named.json: machine_info.node tells the host's name" in told
    assert "was edited" in told
    assert f"{PAGE}: tells nothing of named.json" in told
    assert main(["recipes-2026", "--to", str(folder)]) == 2  # no page over unchecked files
    assert len(list(folder.glob("*.json"))) == 3


def another_machine(document, seconds, seed, cores=8, launches=4):
    """The same cells on a faster machine, consistently."""
    import numpy as np

    made, draw = copy.deepcopy(document), np.random.default_rng(seed)
    machine = made["machine_info"]["likeforlike"]
    machine["cpu"] |= {"usable_cores": cores, "model": f"Processor {cores}"}
    machine["id"] = identify(machine)
    made["likeforlike"]["run_id"] = f"run-{seed}"
    made["benchmarks"] = [c for c in made["benchmarks"] if c["extra_info"]["workload"] == "noise"][:2]
    for cell in made["benchmarks"]:
        data = [float(seconds * np.exp(draw.normal(0, 0.01))) for _ in range(4 * launches)]
        numbers = [n // 4 for n in range(len(data))]
        cell["stats"] = stats_of(data)
        told = [{"launch": n, "rounds": 4} for n in range(launches)]
        cell["extra_info"] |= {"launch_numbers": numbers, "launches": told, "round_numbers": numbers}
        cell["extra_info"] |= {"round_numbers": list(range(len(data))), "disturbed": []}
        cell["extra_info"]["stop"] = None
        cell["extra_info"].pop("waited_seconds", None)
    own = copy.deepcopy(made["benchmarks"][0])
    own["extra_info"] |= {"cell": "sum-numpy-cpu:0", "workload": "sum", "implementation": "numpy"}
    own["stats"] = stats_of([float(value * np.exp(draw.normal(0, 0.01))) for value in own["stats"]["data"]])
    made["benchmarks"].append(own)
    return made


def test_machines_are_ranked_as_far_as_launches_tell_them_apart(write):
    documents = [
        another_machine(SHIPPED, seconds, n, cores=n) for n, seconds in ((2, 0.01), (4, 0.005), (8, 0.00501))
    ]
    files = [read_named(write(f"{n}.json", document)) for n, document in enumerate(documents)]
    study = build_study(files)
    ((placed,),) = ranking(study).values()
    assert {one.item.machine.fact["usable cores"]: (one.best, one.worst) for one in placed} == {
        "2": (3, 3),
        "4": (1, 2),
        "8": (1, 2),
    }
    every = [math.log(seconds) for seconds in placed[-1].item.samples]
    logs = [statistics.median(every[4 * n : 4 * n + 4]) for n in range(4)]
    from scipy import stats

    expected = stats.t.interval(0.95, 3, statistics.fmean(logs), stats.sem(logs))
    assert interval_seconds(placed[-1].item) == pytest.approx(tuple(map(math.exp, expected)))


def test_the_page_works_offline_and_escapes(write):
    """Whatever checks let through: nothing in a file becomes mark-up, nothing is asked of the network."""
    document = another_machine(SHIPPED, 0.01, 1)
    document["benchmarks"][-1]["extra_info"]["implementation"] = "<script>alert(1)</script>"
    document["machine_info"]["likeforlike"]["label"] = "<b>fast</b>"
    page = page_of([read_named(write("mine.json", document))])
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    assert "<b>fast" not in page
    assert not re.search(r"(src|href)=\"(?!#|data:)", page)
    assert "default-src 'none'" in page


def test_the_repositorys_own_shared_results_are_sound(capsys):
    """Each file that comes by pull request is checked here."""
    assert main(["--check", str(ROOT / "results" / "published")]) == 0
    assert "nothing to object" in capsys.readouterr().out


@pytest.mark.parametrize("wrong", [[], ["x.json"], ["--check", "x.json", "--to", "y"]])
def test_one_of_both_is_asked_for(wrong, capsys):
    with pytest.raises(SystemExit) as error:
        main(wrong)
    assert error.value.code == 2
    assert "give --to FOLDER, or --check" in capsys.readouterr().err


def test_bad_input_is_one_line(tmp_path, capsys):
    for arguments in (["none.json", "--to", str(tmp_path / "x")], ["--to", str(tmp_path / "x")], ["--check"]):
        assert main(arguments) == 2
        assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "x").exists()


def test_a_folder_without_files_is_not_found_sound(tmp_path, capsys):
    """As where its parent was named: nothing was checked."""
    (tmp_path / "published").mkdir()
    (tmp_path / "published" / "mine.json").write_text("{}")
    assert main(["--check", str(tmp_path)]) == 2
    shown = capsys.readouterr()
    assert shown.err == f"likeforlike publish: {tmp_path}: the folder holds no shared file (*.json)\n"
    assert shown.out == ""
