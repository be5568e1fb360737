"""No two sentences of a report contradict each other: every sample's whole text is read for claims."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache, partial
from itertools import pairwise
from pathlib import Path

import pytest
import report_samples as samples
from report_claim_reader import Reader
from report_claims import BARRED
from report_contradictions import contradictions
from report_hostile import evil_document, golden_files, products, read
from report_trainings import document

from likeforlike.reports.read.files import published_names, read_named, read_results
from likeforlike.reports.tell.document import Finding, Table, Text
from likeforlike.reports.tell.report import build_report

CASES = Path(__file__).parents[1] / "data" / "cases"
PAIRS = (
    ("own-run1", "own-run2"),
    ("own-gpu-a100", "own-gpu-h100"),
    ("own-mem-a", "own-mem-b"),
    ("fw-a", "fw-b"),
    ("five-before", "five-now"),
    ("nodata-before", "nodata-now"),
    ("timer-wall", "timer-cpu"),
)
EPYC = samples.fingerprint("b" * 12, cpu={"model": "AMD EPYC"})
SECONDS = {"keras-fit": 5.0, "graph-loop": 3.0, "eager-loop": 20.0, "torch-loop": 4.0, "tf-epoch": 1.2}
ACCURACIES = {
    "one seed far apart": {"keras-fit": [0.998], "graph-loop": [0.846]},
    "the base trained worse": {"keras-fit": [0.846], "eager-loop": [0.998]},
    "two miss what a third reaches": {"keras-fit": [0.846], "graph-loop": [0.845], "torch-loop": [0.998]},
    "a tuned one reaches more": {"keras-fit": [0.84] * 3, "graph-loop": [0.84] * 3, "tf-epoch": [0.9] * 3},
    "three seeds": {"keras-fit": [0.884, 0.886, 0.885], "eager-loop": [0.889, 0.893, 0.890]},
    "five seeds apart": {
        "keras-fit": [0.88, 0.885, 0.89, 0.88, 0.89],
        "graph-loop": [0.86, 0.865] * 2 + [0.87],
    },
}


def of_documents(*documents):
    return build_report([read(one, f"{number}.json") for number, one in enumerate(documents)])


def of_cases(*names):
    return build_report([read_results(CASES / f"{name}.json") for name in names])


def eigen():
    size = {"size": 2, "dtype": "float64"}
    noise = samples.Noise(1)
    return [
        samples.cell("eigen", name, "cpu:0", size, noise.times(seconds, 15, "eigen"))
        for name, seconds in (("numpy-eigh", 1e-5), ("tf-eigh", 2e-5))
    ]


def quick(seed, gpu=True, **more):
    return samples.quick_run(seed=seed, gpu=gpu, with_ladder=True, **more)


SAMPLES = {
    **{name: partial(of_cases, name) for name in sorted(path.stem for path in CASES.glob("*.json"))},
    **{" and ".join(pair): partial(of_cases, *pair) for pair in PAIRS},
    **{
        name: partial(lambda told: of_documents(document(told, SECONDS)), told)
        for name, told in ACCURACIES.items()
    },
    **{name: partial(lambda name: build_report([read_named(name)]), name) for name in published_names()},
    "published": lambda: build_report([read_named(name) for name in published_names()]),
    "golden": lambda: build_report(golden_files()),
    "quick": lambda: of_documents(quick(1)),
    "quick again": lambda: of_documents(quick(4, gpu=False, factor=0.7)),
    "quick, two machines": lambda: of_documents(quick(1), quick(2, factor=0.6, machine=EPYC)),
    "products": lambda: of_documents(samples.document(products())),
    "eigen": lambda: of_documents(samples.document(eigen())),
    "evil": lambda: of_documents(evil_document()),
    "one machine trains worse": lambda: of_documents(
        document({"keras-fit": [0.88] * 3, "graph-loop": [0.88] * 3}, SECONDS),
        document({"keras-fit": [0.88] * 3, "graph-loop": [0.6] * 3}, SECONDS, EPYC),
    ),
}


@cache
def report_of(name):
    return SAMPLES[name]()


@pytest.mark.parametrize("name", SAMPLES)
def test_no_two_claims_contradict_each_other(name):
    assert contradictions(report_of(name)) == []


@pytest.mark.parametrize("name", SAMPLES)
def test_nobody_who_trained_worse_is_called_faster(name):
    """In no row whose accuracy is said to be lower, and of nobody that a finding says it of."""
    for table in report_of(name).tables:
        for row in table.rows:
            told = [entry.text for entry in row.entries]
            if any(text.endswith((": lower", ": far lower", "accuracy lower")) for text in told):
                assert "faster" not in " ".join(told), told
                assert "faster" not in row.verdict, told


COMPARING = re.compile(r" faster| slower| fastest| as fast as |takes? ×|takes? as long|takes? the same time")
NO_CLAIM = re.compile(r"What changes of the ladder add|The floor .* struck|.* odd one out")


@pytest.mark.parametrize("name", [name for name in SAMPLES if name != "evil"])  # its names hold anything
def test_every_finding_that_compares_is_understood(name):
    """Were the reader blind to a sentence, no contradiction with it would be found."""
    report = report_of(name)
    claimed = Reader(report).read().understood
    told = [finding.text for finding in report.findings if COMPARING.search(finding.text)]
    assert [text for text in told if text not in claimed and not NO_CLAIM.match(text)] == []


def test_claims_are_found_wherever_they_stand():
    reader = Reader(report_of("quick, two machines")).read()
    found = {claim.scope[0] for claim in reader.claims}
    assert found >= {"training", "published", "matmul", "devices", "machines", "jacobian"}
    assert {claim.scope[0] for claim in Reader(report_of("group")).read().claims} == {"group"}
    assert len(reader.accuracies) > 10
    barred = Reader(report_of("own-accuracy")).read().claims
    assert {(claim.who, claim.than, claim.word) for claim in barred} == {
        ("graph-loop", "keras-fit", "barred")
    }


def changed(report, old, new, where=("findings", "prose", "tables")):
    """The report with a text replaced in its findings, prose or tables; at least one place must have it."""
    places = []

    def put(kind, text):
        if kind not in where or old not in text:
            return text
        places.append(text)
        return text.replace(old, new)

    def entry(one):
        return replace(one, text=put("tables", one.text))

    def block(one):
        if isinstance(one, Text):
            return Text(put("prose", one.text))
        if isinstance(one, Table):
            rows = (replace(row, entries=tuple(map(entry, row.entries))) for row in one.rows)
            return replace(one, rows=tuple(rows))
        return one

    result = replace(
        report,
        findings=tuple(Finding(put("findings", f.text), f.kind) for f in report.findings),
        sections=tuple(replace(s, blocks=tuple(map(block, s.blocks))) for s in report.sections),
    )
    assert places, f"nothing to change: {old}"
    return result


PLANTED = {
    "a finding that calls the same what a table calls slower": (
        "matched-2026",
        "loop is slower than Keras fit, taking",
        "loop and Keras fit take the same time, taking",
        ("findings",),
    ),
    "a table's verdict against its ratio": ("published", "slower", "faster", ("tables",)),
    "a table's verdict without one against the finding's": (
        "golden",
        "slower",
        "unclear: the interval holds 1",
        ("tables",),
    ),
    "prose against a finding": ("quick", "of Keras's time: slower", "of Keras's time: same", ("prose",)),
    "largest product": ("own-run1", "tf-graph takes ×1.22", "tf-graph takes ×0.93", ("findings",)),
    "as long at the largest product": (
        "quick",
        "tf-eager takes as long as tf-graph.",
        "tf-eager takes ×0.70 of tf-graph's time.",
        ("findings",),
    ),
    "the fastest": ("eigen", "numpy-eigh is the fastest", "tf-eigh is the fastest", ("findings",)),
    "the fastest of a group": ("group", "torch is fastest", "jax is fastest", ("findings",)),
    "a group's table": ("group", "slower", "same", ("tables",)),
    "machines": ("own-gpu-a100 and own-gpu-h100", "500 float32 ×0.486", "500 float32 ×1.486", ("findings",)),
    "files": ("five-before and five-now", "takes ×2.50", "takes ×0.50", ("findings",)),
    "who trained worse is faster": ("own-accuracy", "trained worse", "faster", ("tables",)),
    "an accuracy": ("own-accuracy", "trains to 84.6 %", "trains to 99.6 %", ("findings",)),
}


@pytest.mark.parametrize(("name", "old", "new", "where"), PLANTED.values(), ids=PLANTED)
def test_a_planted_contradiction_is_found(name, old, new, where):
    assert contradictions(changed(report_of(name), old, new, where))


SAID_BESIDE = {
    "the other way round": (
        "quick",
        "Division default, matched on cpu:0: keras-fit (1 s) is faster than torch-loop (2 s).",
    ),
    "who trained worse": (
        "own-accuracy",
        "Division default, matched on cpu:0: graph-loop (1 s) is faster than keras-fit (2 s).",
    ),
    "a floor that is undercut": ("own-below-floor", "No trainer can be faster there, on cpu:0."),
    "a floor that holds": ("quick", "The floor on cpu:0 is none and struck: tf-epoch takes ×0.9 of it."),
    "a device": (
        "own-gpu-a100",
        "gpu:0 is up to ×1.1 as fast as cpu:0 at products (tf-eager, float32, size 500); it pays.",
    ),
}


@pytest.mark.parametrize(("name", "text"), SAID_BESIDE.values(), ids=SAID_BESIDE)
def test_a_sentence_beside_the_others_that_contradicts_them_is_found(name, text):
    report = report_of(name)
    if text.startswith("gpu:0"):  # true of this size: made untrue by the table
        report = changed(report, "faster", "slower", ("tables",))
    found = contradictions(replace(report, findings=(*report.findings, Finding(text))))
    assert any(text in told for told in found)


def test_a_circle_of_faster_ones_is_found():
    report = report_of("two miss what a third reaches")
    told = "Division default, matched on cpu:0: {} (1 s) is faster than {} (2 s)."
    names = ("a", "b", "c", "a")
    circle = tuple(Finding(told.format(*pair)) for pair in pairwise(names))
    assert not contradictions(replace(report, findings=(*report.findings, *circle[:2])))
    assert contradictions(replace(report, findings=(*report.findings, *circle)))


def test_words_that_bar_are_those_of_the_report():
    told = {
        row.entries[index].text
        for name in ACCURACIES
        for table in report_of(name).tables
        for index, heading in enumerate(table.columns)
        if heading == "verdict"
        for row in table.rows
    }
    assert told & set(BARRED) == {"trained worse", "base trained worse"}
