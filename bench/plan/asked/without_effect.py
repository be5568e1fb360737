"""What was asked for and would have no effect beside the rest is refused."""

from __future__ import annotations

from collections.abc import Sequence

from likeforlike.bench.plan.asked.options import OptionError, Options
from likeforlike.models.contract.implementation import Implementation, Role
from likeforlike.models.registry import Registry

FLOOR: Role = "floor"
"""Names every floor at once among ``--implementations``."""


def measurable(registry: Registry) -> list[str]:
    """Workloads that can be asked for, those measured unasked first; the noise floor always is."""
    found = [workload for workload in registry.declared.values() if workload.kind != "noise floor"]
    return [w.name for w in sorted(found, key=lambda workload: not workload.presets)]


def check_measured(
    names: Sequence[str] | None,
    workloads: Sequence[str],
    registry: Registry,
    theirs: Sequence[Implementation],
) -> None:
    """Refuse implementations of which none belongs to a workload that is measured; ``theirs`` are sides'."""
    found = {entry.workload for entry in (*registry.entries, *theirs) if entry.name in (names or ())}
    if not names or FLOOR in names or found & {*workloads}:
        return
    whose = [workload for workload in measurable(registry) if workload in found] or sorted(found)
    are = f"{names[0]!r} is" if len(names) == 1 else f"{', '.join(map(repr, names))} are"
    raise OptionError(
        f"--implementations: {are} of {', '.join(whose)}, and measured is {', '.join(workloads)}; "
        "name another workload by --workloads"
    )


def check_company(options: Options, workloads: Sequence[str], trained: Sequence[str], divided: str) -> None:
    """Refuse an option that would have no effect beside the others."""
    for option in ("workers", "strategies"):
        if getattr(options, option) is not None and divided not in workloads:
            raise OptionError(f"--{option}: of use with --workloads {divided} alone; leave it out")
    if options.ladder is None:
        for option, value in {"orders": options.ladder_orders, "ways": options.ladder_ways}.items():
            if value is not None:
                raise OptionError(f"--ladder-{option}: of use with --ladder alone; leave it out")
        if not trained and divided not in workloads:
            _check_trainings_unasked(options)
        return
    if not trained:
        raise OptionError("--ladder: its rungs are trainings; add training to --workloads")
    if options.recipes is not None and divided not in workloads:
        raise OptionError("--recipes: the ends of --ladder say which; leave it out")


def _check_trainings_unasked(options: Options) -> None:
    """Refuse what shapes trainings alone, where there is none."""
    asked = {"--epochs": options.epochs, "--recipes": options.recipes}
    for option, value in {**asked, "--target-accuracy": options.target_accuracy}.items():
        if value is not None:
            raise OptionError(f"{option}: of use with trainings alone, and none is asked for; leave it out")


def check_beside_rungs(
    names: Sequence[str] | None,
    workloads: Sequence[str],
    trained: Sequence[str],
    entries: Sequence[Implementation],
) -> None:
    """Refuse implementations of which none is of a workload beside the rungs: the ends say who is trained."""
    others = [workload for workload in workloads if workload not in trained]
    beside = [entry for entry in entries if entry.workload in others]
    found = {entry.name for entry in beside} | {entry.role for entry in beside if entry.role == FLOOR}
    if names and not found & {*names}:
        some = f"name some of {', '.join(others)}, or " if others else ""
        told = "the ends of --ladder say which are trained"
        raise OptionError(f"--implementations: {told}; {some}leave it out")
