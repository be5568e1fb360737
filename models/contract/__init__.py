"""All that a contributor may rely on."""

from likeforlike.models.contract.axis import Axis, precision_axis
from likeforlike.models.contract.implementation import Division, Implementation, unsupported
from likeforlike.models.contract.kernel import Kernel, Supply, each, place_of, widened
from likeforlike.models.contract.problem import Axes, Probe, Problem, Verification, WrongAnswer
from likeforlike.models.contract.training.network import Match, NamedWeights, Network
from likeforlike.models.contract.training.recipe import Recipe, RecipeRefused
from likeforlike.models.contract.training.task import Task
from likeforlike.models.contract.training.trainer import Dataset, Epoch, Parameters, Phases, Run, Trainer
from likeforlike.models.contract.workload import Wording, Workload

__all__ = [
    "Axes",
    "Axis",
    "Dataset",
    "Division",
    "Epoch",
    "Implementation",
    "Kernel",
    "Match",
    "NamedWeights",
    "Network",
    "Parameters",
    "Phases",
    "Probe",
    "Problem",
    "Recipe",
    "RecipeRefused",
    "Run",
    "Supply",
    "Task",
    "Trainer",
    "Verification",
    "Wording",
    "Workload",
    "WrongAnswer",
    "each",
    "place_of",
    "precision_axis",
    "unsupported",
    "widened",
]
