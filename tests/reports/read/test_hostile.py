"""Whatever a file holds, it is read, or refused in one line: never a traceback."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path

import pytest
import report_hostile as hostile
import report_samples as samples

from likeforlike.reports.read.recognition import read_content
from likeforlike.reports.read.result_file import ResultError
from likeforlike.reports.read.unpacking import to_utf8
from likeforlike.reports.tell.report import build_report
from likeforlike.reports.write.markdown import to_markdown

TRUE_FILES = {path.stem: path.read_bytes() for path in Path(__file__).with_name("data").glob("*.json")}


def own():
    """A small file of ours with products, trainers and what was not measured."""
    noise = samples.Noise(1)
    cells = samples.products(noise, sizes=(500,), rounds=3)[:2]
    cells += samples.trainers(noise, epochs=2, runs=1)[:2]
    return samples.document(cells, samples.fingerprint(gpus=[samples.A100]), unmeasured=samples.UNMEASURED)


SEEDS = TRUE_FILES | {"own": json.dumps(own()).encode()}


def reads(content):
    """The file, or None if it is refused in one short line."""
    refusal = ""
    try:
        file = read_content(to_utf8(content, "x.json", 10**8), "x.json")
        assert all(cell.summary.rounds != 0 for cell in file.cells if cell.samples)
        return file
    except ResultError as error:
        refusal = str(error)
    assert "\n" not in refusal
    assert len(refusal) < 1000
    return None


@pytest.mark.filterwarnings("ignore:overflow encountered")
@pytest.mark.parametrize("name", sorted(SEEDS))
def test_one_wrong_value_anywhere(name):
    randomness = random.Random(name)
    read = 0
    for number, changed in enumerate(
        hostile.wrong_in_one_place(json.loads(SEEDS[name]), randomness, count=200)
    ):
        file = reads(json.dumps(changed).encode())
        read += file is not None
        if file is not None and number % 20 == 0:
            assert to_markdown(build_report([file]))
    assert 0 < read < 200


@pytest.mark.parametrize("name", sorted(SEEDS))
def test_wrong_bytes_anywhere(name):
    randomness = random.Random(name)
    for changed in hostile.wrong_bytes(SEEDS[name], randomness, count=150):
        reads(changed)


@pytest.mark.parametrize("encode", [lambda t: t.decode().encode("utf-16"), gzip.compress, lambda t: t * 2])
def test_wrong_bytes_of_other_encodings(encode):
    for changed in hostile.wrong_bytes(encode(SEEDS["hyperfine-1.15"]), random.Random(5), count=300):
        reads(changed)
