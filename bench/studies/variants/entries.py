"""Which variants there are, of what, and as what the registry takes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from likeforlike.bench.studies.variants import of_convnet, of_mlp
from likeforlike.models.contract.implementation import Implementation
from likeforlike.models.contract.training.trainer import Run, Trainer
from likeforlike.models.tasks.convnet.implementations import IMPLEMENTATIONS as CONVNET_TRAINERS
from likeforlike.models.tasks.convnet.workload import WORKLOAD as CONVNET
from likeforlike.models.tasks.mlp.implementations import HUGE_PAGES
from likeforlike.models.tasks.mlp.implementations import IMPLEMENTATIONS as MLP_TRAINERS
from likeforlike.models.tasks.mlp.workload import TRAINING


@dataclass(frozen=True)
class Variant:
    """A trainer that does one thing otherwise than its original."""

    original: str
    make: Callable[[Run], Trainer]
    """Of this package's modules; its docstring says what it does otherwise."""

    @property
    def what(self) -> str:
        """The docstring's first line, without its full stop."""
        return (self.make.__doc__ or "").strip().rstrip(".")


MLP: Mapping[str, Variant] = {
    "tf-epoch-generator-bits": Variant("tf-epoch", of_mlp.with_generator_bits),
    "tf-epoch-without-xla": Variant("tf-epoch", of_mlp.without_xla),
    "tf-epoch-small-pages": Variant("tf-epoch", of_mlp.with_small_pages),
    "tf-epoch-with-tape": Variant("tf-epoch", of_mlp.with_tape),
    "keras-fit-with-xla": Variant("keras-fit", of_mlp.keras_with_xla),
    "keras-fit-no-autotune": Variant("keras-fit", of_mlp.keras_without_autotuning),
    "keras-fit-tuned-own-dropout": Variant("keras-fit-tuned", of_mlp.keras_with_own_dropout),
    "torch-loop-fused-adam": Variant("torch-loop", of_mlp.torch_with_fused_adam),
}
CONVNET_VARIANTS: Mapping[str, Variant] = {
    "tf-epoch-bias-add": Variant("tf-epoch", of_convnet.with_bias_add),
    "tf-epoch-pooled-first": Variant("tf-epoch", of_convnet.pooled_first),
    "tf-epoch-update-by-xla": Variant("tf-epoch", of_convnet.with_update_by_xla),
    "tf-epoch-one-operation-adam": Variant("tf-epoch", of_convnet.with_one_operation_adam),
}
VARIES: Mapping[str, Mapping[str, Variant]] = {TRAINING: MLP, CONVNET.name: CONVNET_VARIANTS}
"""By workload and name."""

_ORIGINALS = {TRAINING: MLP_TRAINERS, CONVNET.name: CONVNET_TRAINERS}


def _entry(workload: str, name: str, variant: Variant) -> Implementation:
    (original,) = (entry for entry in _ORIGINALS[workload] if entry.name == variant.original)
    return replace(
        original,
        name=name,
        summary=variant.what,
        target=f"{variant.make.__module__}:{variant.make.__name__}",
        division="tuned",
        needs=(original.framework,),
        environment=_environment(name, original),
        ways=(),
    )


def _environment(name: str, original: Implementation) -> tuple[tuple[str, str], ...]:
    """The original's; where the pages are what is varied, without the variable that sets them."""
    small_pages = name == "tf-epoch-small-pages"
    return tuple(pair for pair in original.environment if pair != HUGE_PAGES or not small_pages)


IMPLEMENTATIONS = [
    _entry(workload, name, variant)
    for workload, variants in VARIES.items()
    for name, variant in variants.items()
]
