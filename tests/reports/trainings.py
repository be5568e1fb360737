"""Trainings with given accuracies after the last epoch, seed by seed."""

from __future__ import annotations

import report_samples as samples

EPOCHS = 10
EARLIER = 0.5
"""Validation accuracy of all epochs but the last."""


def trainings(accuracies, seconds, recipe=samples.RECIPE, epochs=EPOCHS, first_seed=0, noise=None, **extra):
    """Cells of trainers measured in turns: for each name its accuracies, a run each, and its seconds."""
    noise = noise or samples.Noise(1)
    cells = []
    for name, values in accuracies.items():
        for run, value in enumerate(values, first_seed):
            told = recipe | {"seed": 2020 + run}
            one = samples.training(name, told, run, noise, seconds[name], epochs, **extra)
            for row in one["extra_info"]["epochs"]:
                row["val_accuracy"] = EARLIER
            one["extra_info"]["epochs"][-1]["val_accuracy"] = value
            cells.append(one)
    return cells


def document(accuracies, seconds, *machine, **more):
    """A result file of them."""
    return samples.document(trainings(accuracies, seconds, **more), *machine)
