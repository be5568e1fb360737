"""The registry: every implementation there is, ours and those of plug-ins. No framework is imported.

A package registers its own by an entry point in the group ``likeforlike.implementations``, whose value is a
module (its attribute ``IMPLEMENTATIONS`` is taken) or ``module:attribute``; a module can also be named on
the command line. A plug-in is taken whole or not at all; one that can't be taken is a named fault and costs
nothing else.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Any, NamedTuple, get_args

from likeforlike.models.contract.implementation import Division, Implementation, Role
from likeforlike.models.contract.workload import Workload

GROUP = "likeforlike.implementations"
ATTRIBUTE = "IMPLEMENTATIONS"
KERNEL_WORKLOADS = ("matmul", "jacobian", "eigen", "noise")
TRAINING = "training"
"""The workload with a driver of its own: a sample of it is an epoch, not a call."""
DISTRIBUTED = "distributed"
"""Training with each batch divided among workers; driven as training is, its axes are further ones."""
WORKLOADS = (TRAINING, DISTRIBUTED, *KERNEL_WORKLOADS)

_KERNELS = "likeforlike.models.kernels"
_PACKAGES = {name: f"{_KERNELS}.{name}" for name in KERNEL_WORKLOADS} | {
    TRAINING: "likeforlike.models.tasks.mlp",
    DISTRIBUTED: "likeforlike.models.distributed",
}
"""Where each workload lives: its declaration and its implementations."""
OURS = "likeforlike"
"""The origin of built-in entries."""


class UnknownName(LookupError):
    """A name that is not in the registry; the text is one line with the known ones."""

    def __init__(self, kind: str, name: str, known: Sequence[str]) -> None:
        super().__init__(f"unknown {kind} {name!r}; known: {', '.join(known)}")


class PluginFault(Exception):
    """Why a plug-in can't be taken; one line."""


class Fault(NamedTuple):
    """A plug-in that was left out."""

    name: str
    error: str
    """One line."""


class Plugin(NamedTuple):
    """Where a plug-in's entries are to be found."""

    name: str
    """The distribution that registered it, or the module named on the command line."""
    module: str
    attribute: str


@dataclass(frozen=True)
class Registry:
    """All entries, ours first, and the plug-ins that could not be taken."""

    entries: tuple[Implementation, ...]
    faults: tuple[Fault, ...] = ()

    @property
    def workloads(self) -> Mapping[str, str]:
        """Each workload's name and one-line summary."""
        return workload_summaries()

    def of(self, workload: str) -> tuple[Implementation, ...]:
        """The entries of a workload. Raises UnknownName."""
        if workload not in WORKLOADS:
            raise UnknownName("workload", workload, WORKLOADS)
        return tuple(entry for entry in self.entries if entry.workload == workload)

    def names(self, workload: str | None = None) -> tuple[str, ...]:
        """Names of a workload's implementations, or of all, each once. Raises UnknownName."""
        entries = self.entries if workload is None else self.of(workload)
        return tuple(dict.fromkeys(entry.name for entry in entries))

    def find(self, workload: str, name: str) -> Implementation:
        """The one entry of that name. Raises UnknownName for either."""
        for entry in self.of(workload):
            if entry.name == name:
                return entry
        raise UnknownName(f"implementation of {workload}", name, self.names(workload))


def kernel_workloads() -> Mapping[str, Workload]:
    """The workloads whose sample is one call; training has a driver of its own."""
    kernels = {
        name: importlib.import_module(f"{_PACKAGES[name]}.workload").WORKLOAD for name in KERNEL_WORKLOADS
    }
    # whatever `likeforlike.compare` was handed: it has no implementations of ours, and is no option
    functions = importlib.import_module("likeforlike.models.functions.workload").WORKLOAD
    return MappingProxyType({**kernels, functions.name: functions})


def workload_summaries() -> Mapping[str, str]:
    """Each workload's name and one-line summary, training included."""
    training = "training of 784-512-dropout-10 on Fashion-MNIST, an epoch a sample"
    divided = "the same training, each batch divided among 1, 2, 4 ... workers"
    kernels = {name: kernel_workloads()[name].summary for name in KERNEL_WORKLOADS}
    return {TRAINING: training, DISTRIBUTED: divided} | kernels


def load_registry(plugins: Sequence[str] = ()) -> Registry:
    """Built-in entries, those of installed packages' entry points, and those of the modules named."""
    entries: list[Implementation] = []
    for workload in WORKLOADS:
        entries += importlib.import_module(f"{_PACKAGES[workload]}.implementations").IMPLEMENTATIONS
    faults: list[Fault] = []
    seen: set[tuple[str, str]] = set()
    for plugin in [*_installed(), *map(_named, plugins)]:
        where = (plugin.module, plugin.attribute)
        if where in seen:  # installed and named on the command line too: the same thing once
            continue
        seen.add(where)
        try:
            entries += _offered(plugin, {(entry.workload, entry.name) for entry in entries})
        except PluginFault as fault:
            faults.append(Fault(plugin.name, str(fault)))
    return Registry(tuple(entries), tuple(faults))


def _installed() -> Iterator[Plugin]:
    """Plug-ins of installed packages, by name, so that their order is the same on every machine."""
    points = importlib.metadata.entry_points(group=GROUP)
    for point in sorted(points, key=lambda point: (point.dist.name if point.dist else "", point.name)):
        yield _plugin(point.dist.name if point.dist else point.name, point.value)


def _named(text: str) -> Plugin:
    return _plugin(text, text)


def _plugin(name: str, value: str) -> Plugin:
    module, _, attribute = value.partition(":")
    return Plugin(name, module.strip(), attribute.strip() or ATTRIBUTE)


def _offered(plugin: Plugin, taken: set[tuple[str, str]]) -> list[Implementation]:
    """A plug-in's entries, marked with their origin. Raises PluginFault."""
    entries = [
        _checked(f"{plugin.attribute}[{position}]", offer) for position, offer in enumerate(_sequence(plugin))
    ]
    for entry in entries:
        key = (entry.workload, entry.name)
        if key in taken:
            raise PluginFault(f"{entry.workload} has an implementation named {entry.name!r} already")
        taken.add(key)
    return [replace(entry, origin=plugin.name) for entry in entries]


def _sequence(plugin: Plugin) -> Sequence[Any]:
    try:
        module = importlib.import_module(plugin.module)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever a stranger's module raises, sys.exit included
        raise PluginFault(f"import of {plugin.module} failed: {_one_line(error)}") from error
    if not hasattr(module, plugin.attribute):
        expected = "a tuple of likeforlike.models.contract.Implementation"
        found = f"module {plugin.module} ({getattr(module, '__file__', None) or 'a folder without code'})"
        raise PluginFault(f"{found} has no {plugin.attribute}, {expected}")
    offers = getattr(module, plugin.attribute)
    if not isinstance(offers, (list, tuple)):
        found = type(offers).__name__
        raise PluginFault(
            f"{plugin.attribute} is of type {found}, expected a list or tuple of Implementation"
        )
    return offers


def _checked(place: str, offer: object) -> Implementation:
    """An entry whose fields are of the right types. Raises PluginFault naming the field."""
    if not isinstance(offer, Implementation):
        raise PluginFault(
            f"{place} is of type {type(offer).__name__}, expected likeforlike.models.contract.Implementation"
        )
    for field in fields(Implementation):
        value, default = getattr(offer, field.name), field.default
        expected = tuple if isinstance(default, tuple) else str
        if not isinstance(value, expected):
            message = f"{place}.{field.name} is {value!r}, expected a {expected.__name__}"
            raise PluginFault(message)
    checks = {
        "workload": (offer.workload in WORKLOADS, f"one of {', '.join(WORKLOADS)}"),
        "division": (offer.division in get_args(Division), f"one of {', '.join(get_args(Division))}"),
        "role": (offer.role in get_args(Role), f"one of {', '.join(get_args(Role))}"),
        "name": (_readable(offer.name), "letters, digits, and any of -_.+ after the first"),
        "target": (all(offer.target.partition(":")), "module:attribute"),
    }
    for name, (holds, expected_value) in checks.items():
        if not holds:
            raise PluginFault(f"{place}.{name} is {getattr(offer, name)!r}, expected {expected_value}")
    return offer


def _readable(name: str) -> bool:
    """Whether a name can stand in a cell's id, an option's comma-separated list and a folder's name."""
    return bool(name) and name[0].isalnum() and all(c.isalnum() or c in "-_.+" for c in name)


def _one_line(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
