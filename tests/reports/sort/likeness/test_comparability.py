"""In what two trainers differ by their own declaration."""

from __future__ import annotations

import report_samples as samples
from report_studies import study_of

from likeforlike.reports.sort.likeness.comparability import recipe_differences


def test_differences_of_recipe_and_terms():
    study = study_of(samples.quick_run(1))
    found = {(i.key.implementation, i.key.axis["recipe"]): i for i in study.of("training")}
    keras, manual = found["keras-fit", "keras-2020"], found["eager-loop", "manual-2020"]
    assert recipe_differences(keras, manual) == [
        ("batch_size", "32", "64"),
        ("bias", "True", "False"),
        ("dropout_at_evaluation", "False", "True"),
        ("logging", "histograms", "scalars"),
        ("execution", "graph", "eager"),
    ]
    assert recipe_differences(keras, keras) == []


def test_a_variable_that_a_term_tells_as_well_is_told_once():
    def trained(name, backend):
        told = {"keras_backend": backend, "KERAS_BACKEND": backend, "OMP_WAIT_POLICY": backend}
        return samples.training(name, samples.RECIPE, 0, samples.Noise(1), 1.0, 4, terms=told)

    study = study_of(samples.document([trained("keras-fit", "tensorflow"), trained("keras-fit-jax", "jax")]))
    first, second = sorted(study.of("training"), key=lambda item: item.key.implementation)
    assert recipe_differences(first, second) == [
        ("keras_backend", "tensorflow", "jax"),
        ("OMP_WAIT_POLICY", "tensorflow", "jax"),
    ]
