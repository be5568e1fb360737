"""What a file must show before strangers see it: one line for each thing that is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from likeforlike.devices.limits.identity import identify
from likeforlike.reports.publish.contradictions import contradictions
from likeforlike.reports.read.result_file import Cell, ResultFile
from likeforlike.reports.read.schema.declarations import NOISE_FLOOR, TASK
from likeforlike.reports.sort.floors import FLOOR
from likeforlike.reports.sort.measured.measurements import grouped
from likeforlike.reports.sort.pooling import build_study

NAME = re.compile(r"[\w.:+@/=,#%()\[\] -]{1,200}")
"""What a name may consist of: nothing that means anything to HTML, a shell or Markdown."""

FREE = re.compile(r"[^<>&\"'`{}\\]{0,300}")
"""What the name of a processor or a version may."""

MOST_NOISE = 0.2
"""Share by which copies of one product may differ in a run that others are ranked by."""

MOST_TOLERANCE = 0.5
"""Of an answer's relative error; whoever allows more has checked nothing."""

OWN = "likeforlike"
"""The origin of implementations that come with the product."""

Check = Callable[[ResultFile, Mapping[str, Any]], Iterator[str]]


def problems(file: ResultFile, document: Mapping[str, Any]) -> list[str]:
    """Everything for which a file is refused; ``document`` is what it was read from."""
    if file.header is None:
        return [f"it is {file.tool}'s; only likeforlike's own files tell enough to be checked"]
    if file.header.published is not None:
        return ["it holds figures that another source published; only what was measured is taken"]
    if file.first_side:
        return ["it was measured on several sides; machines are ranked by runs of one, without --side"]
    if not file.cells:
        return ["no cell has a figure"]
    return [text for check in CHECKS for text in check(file, document)]


def _names(file: ResultFile, document: Mapping[str, Any]) -> Iterator[str]:
    for number, cell in enumerate(file.cells):
        extra = cell.extra
        told = {
            "cell": cell.id,
            "workload": extra.workload,
            "implementation": extra.implementation,
            "device": extra.device,
            "framework": extra.framework or "none",
            "group": cell.group,
            "origin": extra.origin or "none",
        }
        told |= {f"axes.{name}": f"{name} {value}" for name, value in extra.axes.items()}
        for field, text in told.items():
            if not NAME.fullmatch(text):
                yield f"benchmarks[{number}].{field}: {text!r}; expected letters, digits, spaces and ._:+@/=-"
    free = [file.machine.label, file.run_id, file.datetime, *(v for fact in file.machine.facts for v in fact)]
    for text in free:
        if not FREE.fullmatch(text):
            yield f"machine_info: {text!r}; expected a text without < > & quotes, braces or backslashes"


def _machine(file: ResultFile, document: Mapping[str, Any]) -> Iterator[str]:
    fingerprint = file.machine.fingerprint
    if fingerprint is None or not (fingerprint.get("cpu") or {}).get("model"):
        yield "machine_info.likeforlike: no fingerprint; it must tell the processor, memory and versions"
        return
    if not fingerprint.get("versions"):
        yield "machine_info.likeforlike.versions: missing; expected what was installed"
    expected = identify(fingerprint)
    if file.machine.id != expected:
        yield f"machine_info.likeforlike.id: {file.machine.id}; what it describes has the id {expected}"
    try:
        datetime.fromisoformat(file.datetime)
    except ValueError:
        yield f"datetime: {file.datetime!r}; expected when it was measured, as 2026-11-26T12:00:00"


def _plausibility(file: ResultFile, document: Mapping[str, Any]) -> Iterator[str]:
    study = build_study([file])
    for item in (*study.measurements, *study.twins):
        if item.implausible:
            yield f"{item.runs[0].cell.id}: impossible: {item.implausible[0]}"
        elif item.extra.timing == "unsynchronised":
            yield f"{item.runs[0].cell.id}: timed without waiting for its result"


def _proofs(file: ResultFile, document: Mapping[str, Any]) -> Iterator[str]:
    for cell in file.cells:
        proof = cell.extra.verified
        if proof is None:
            if cell.extra.role != FLOOR and cell.extra.implementation != FLOOR:
                yield f"{cell.id}: its answer was not proven (no extra_info.verified)"
        elif not proof.error <= proof.tolerance:
            yield f"{cell.id}: wrong answer: error {proof.error:.3g}, tolerance {proof.tolerance:.3g}"
        elif proof.tolerance > MOST_TOLERANCE:
            yield f"{cell.id}: a tolerance of {proof.tolerance:.3g} proves nothing; at most {MOST_TOLERANCE}"


def _noise(file: ResultFile, document: Mapping[str, Any]) -> Iterator[str]:
    noise = file.noise
    if noise is None or noise.aa_interval is None or noise.aa_ratio is None:
        yield "likeforlike.noise: missing; measure the noise floor, too (--workloads with noise among them)"
    elif not noise.aa_interval[0] <= noise.aa_ratio <= noise.aa_interval[1]:
        yield f"likeforlike.noise: the ratio {noise.aa_ratio:.6g} lies outside its own interval"
    elif max(noise.aa_ratio, 1.0 / noise.aa_ratio) - 1.0 > MOST_NOISE:
        yield (
            f"likeforlike.noise: copies of one product differed by a factor of {noise.aa_ratio:.3g}; "
            "measure again while the machine is quiet"
        )
    elif not any(file.declared(cell.extra.workload).kind == NOISE_FLOOR for cell in file.cells):
        yield "likeforlike.noise: told, but the cells that it was taken from are missing"


def _seeds(file: ResultFile, document: Mapping[str, Any]) -> Iterator[str]:
    """Runs of a training differ in their seeds, or they are one run."""
    trained = [c for c in file.cells if file.declared(c.extra.workload).kind == TASK]
    for cell in trained:
        if (cell.extra.recipe or {}).get("seed") is None:
            yield f"{cell.id}: extra_info.recipe.seed is missing"
    for members in grouped((_but_run(cell), cell) for cell in trained).values():
        seeds = [(cell.extra.recipe or {}).get("seed") for cell in members]
        if len(set(seeds)) < len(seeds):
            yield f"{members[0].id}: {len(seeds)} runs with {len(set(seeds))} seeds; each needs its own"


def _but_run(cell: Cell) -> tuple[object, ...]:
    extra = cell.extra
    axes = tuple((name, value) for name, value in extra.axes.items() if name != "run")
    return extra.workload, extra.implementation, extra.device, axes


def _versions(file: ResultFile, document: Mapping[str, Any]) -> Iterator[str]:
    installed = (file.machine.fingerprint or {}).get("versions") or {}
    for cell in file.cells:
        name, told = cell.extra.framework, cell.extra.framework_version
        known = installed.get(name) if name else None
        if told and known and told != known:
            yield f"{cell.id}: measured with {name} {told}, the machine tells {known}"
            return


def _plugins(file: ResultFile, document: Mapping[str, Any]) -> Iterator[str]:
    foreign = sorted({cell.extra.origin for cell in file.cells if cell.extra.origin not in (OWN, "")})
    if not foreign:
        return
    if file.commit is None:
        yield f"commit_info.id: missing; {', '.join(foreign)} is a plug-in, whose commit must be told"
    elif file.commit.dirty:
        yield f"commit_info.dirty: {', '.join(foreign)} was changed since its commit; commit, measure again"


CHECKS: tuple[Check, ...] = (
    _names,
    _machine,
    contradictions,
    _plausibility,
    _proofs,
    _noise,
    _seeds,
    _versions,
    _plugins,
)
