"""All that a contributor may rely on."""

from likeforlike.models.contract.axis import Axis, precision_axis
from likeforlike.models.contract.implementation import Division, Implementation, unsupported
from likeforlike.models.contract.kernel import Kernel, each, place_of, widened
from likeforlike.models.contract.problem import Axes, Probe, Problem, Verification
from likeforlike.models.contract.recipe import Recipe, RecipeRefused
from likeforlike.models.contract.trainer import Dataset, Epoch, Parameters, Phases, Run, Trainer
from likeforlike.models.contract.workload import Wording, Workload

__all__ = [
    "Axes",
    "Axis",
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
    "Trainer",
    "Verification",
    "Wording",
    "Workload",
    "each",
    "place_of",
    "precision_axis",
    "unsupported",
    "widened",
]
