"""All that a contributor may rely on."""

from likeforlike.models.contract.implementation import Division, Implementation, unsupported
from likeforlike.models.contract.kernel import Kernel, Supply, each, place_of, widened
from likeforlike.models.contract.recipe import Recipe, RecipeRefused
from likeforlike.models.contract.trainer import Dataset, Epoch, Parameters, Phases, Run, Trainer
from likeforlike.models.contract.workload import Axes, Probe, Problem, Verification, Workload, WrongAnswer

__all__ = [
    "Axes",
    "Dataset",
    "Division",
    "Epoch",
    "Implementation",
    "Kernel",
    "Parameters",
    "Phases",
    "Probe",
    "Problem",
    "Recipe",
    "RecipeRefused",
    "Run",
    "Supply",
    "Trainer",
    "Verification",
    "Workload",
    "WrongAnswer",
    "each",
    "place_of",
    "unsupported",
    "widened",
]
