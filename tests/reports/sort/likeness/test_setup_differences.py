"""In what the set-ups of files differ."""

from __future__ import annotations

import report_samples as samples
from report_hostile import read
from report_studies import study_of, two

from likeforlike.reports.sort.likeness.setup_differences import setup_differences, setup_facts

SETUP = {"blas": "openblas 0.3.31 SkylakeX", "transparent_huge_pages": "madvise", "smt_active": False}


def file(name="a.json", **header):
    return read(samples.document(two([0.02] * 8, [0.03] * 8), **header), name)


def test_variables_and_facts_of_set_up_stand_side_by_side():
    plain = file("a.json", setup=SETUP)
    with_variable = file(
        "b.json",
        setup=SETUP | {"blas": "openblas 0.3.31 Haswell"},
        environment={"OPENBLAS_CORETYPE": "Haswell"},
    )
    assert setup_differences([plain, with_variable]) == [
        ("BLAS loaded", ["openblas 0.3.31 SkylakeX", "openblas 0.3.31 Haswell"]),
        ("OPENBLAS_CORETYPE", ["not set", "Haswell"]),
    ]


def test_a_clean_environment_is_told_beside_variables_and_alone_is_no_difference():
    plain, clean = file(setup=SETUP), file(setup=SETUP, clean_environment=True)
    assert setup_differences([plain, clean]) == []
    touched = file(setup=SETUP, environment={"OMP_PLACES": "cores"})
    assert setup_differences([touched, clean]) == [
        ("clean environment", ["no", "yes"]),
        ("OMP_PLACES", ["cores", "not set"]),
    ]


def test_a_file_of_before_knows_nothing_of_its_set_up():
    old, new = file(), file(setup=SETUP, environment={"OMP_PLACES": "cores"})
    assert setup_facts(old.header) == {}
    told = dict(setup_differences([old, new]))
    assert told["OMP_PLACES"] == ["not known", "cores"]
    assert told["SMT"] == ["not known", "not active"]


def test_runs_under_unlike_variables_are_no_repetitions():
    def run(number, **variables):
        return samples.document(two([0.02] * 8, [0.03] * 8, environment=variables), run_id=f"run-{number}")

    alike = study_of(run(1), run(2))
    assert [len(item.runs) for item in alike.of("matmul")] == [2, 2]
    apart = study_of(run(1), run(2, OPENBLAS_CORETYPE="Haswell"))
    assert [len(item.runs) for item in apart.of("matmul")] == [1, 1, 1, 1]
    (told,) = (remark for remark in apart.remarks if "stands beside" in remark)
    why = "environment without variables and OPENBLAS_CORETYPE=Haswell"
    assert told == f"matmul of 1.json stands beside 0.json: {why}."
