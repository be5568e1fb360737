"""The registry: every workload and implementation there is, ours and those of plug-ins. Imports no framework.

A package registers its own by an entry point in the group ``likeforlike.implementations``, whose value is a
module (its attributes ``WORKLOADS`` and ``IMPLEMENTATIONS`` are taken, either may be missing) or
``module:attribute``; a module can also be named on the command line. A plug-in is taken whole or not at all;
one that can't be taken is a named fault and costs nothing else.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cache
from types import MappingProxyType, ModuleType
from typing import Any, NamedTuple, get_args

from likeforlike.models.contract.axis import READABLE, readable
from likeforlike.models.contract.declaration_check import PluginFault, checked_workload
from likeforlike.models.contract.implementation import (
    THREADED_BETWEEN,
    Division,
    Implementation,
    Role,
    Threading,
)
from likeforlike.models.contract.training.task import Task
from likeforlike.models.contract.workload import Kind, Workload

GROUP = "likeforlike.implementations"
ATTRIBUTE = "IMPLEMENTATIONS"
DECLARATIONS = "WORKLOADS"
_FOLDERS = ("likeforlike.models.tasks", "likeforlike.models.kernels")
"""Each folder in them that has implementations is a workload: its declaration, and those."""
_FURTHER = (
    "likeforlike.models.distributed",
    "likeforlike.models.inference",
    "likeforlike.models.inference.generation",
    "likeforlike.models.feeding",
)
"""Workloads made of the tasks' networks and data."""
OURS = "likeforlike"
"""The origin of built-in entries."""


class UnknownName(LookupError):
    """A name that is not in the registry; the text is one line with the known ones."""

    def __init__(self, kind: str, name: str, known: Sequence[str]) -> None:
        super().__init__(f"unknown {kind} {name!r}; known: {', '.join(known)}")


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


def _built_in() -> Mapping[str, Workload]:
    return built_in_workloads()


@dataclass(frozen=True)
class Registry:
    """All workloads and entries, ours first, and the plug-ins that could not be taken."""

    entries: tuple[Implementation, ...]
    faults: tuple[Fault, ...] = ()
    declared: Mapping[str, Workload] = field(default_factory=_built_in)
    """The workloads by name: tasks first, then kernels, ours before those of plug-ins."""

    @property
    def workloads(self) -> Mapping[str, str]:
        """Each workload's name and one-line summary."""
        return {name: workload.summary for name, workload in self.declared.items()}

    def of_kind(self, kind: Kind) -> tuple[Workload, ...]:
        """The workloads of a kind, in order."""
        return tuple(workload for workload in self.declared.values() if workload.kind == kind)

    def first(self, kind: Kind) -> str:
        """The name of the first workload of a kind; there is one of each."""
        return self.of_kind(kind)[0].name

    def of(self, workload: str) -> tuple[Implementation, ...]:
        """The entries of a workload. Raises UnknownName."""
        if workload not in self.declared:
            raise UnknownName("workload", workload, tuple(self.declared))
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


@cache
def built_in_workloads() -> Mapping[str, Workload]:
    """Our own workloads by name: tasks, and the folders of ``models/kernels`` in their declared order."""
    found = [_declared_in(package) for package in _packages()]
    return MappingProxyType({workload.name: workload for workload in sorted(found, key=_place)})


def kernel_workloads() -> Mapping[str, Workload]:
    """Our own workloads whose sample is one call; tasks have a driver of their own."""
    ours = built_in_workloads()
    return MappingProxyType({name: w for name, w in ours.items() if w.kind in ("kernel", "noise floor")})


def find_workload(name: str, target: str) -> Workload:
    """A workload by its name and the ``module:attribute`` that declares it, alone or among others.

    Raises whatever the import raises, and LookupError where it is not there.
    """
    module, _, attribute = target.partition(":")
    offered = getattr(importlib.import_module(module), attribute)
    every = offered if isinstance(offered, (list, tuple)) else (offered,)
    for workload in every:
        if isinstance(workload, Workload) and workload.name == name:
            return replace(workload, target=target)
    raise LookupError(f"{target} declares no workload {name!r}")


def task_of(name: str, target: str = "") -> Task:
    """What a workload trains. Raises LookupError where it trains nothing, and what the import raises."""
    workload = find_workload(name, target) if target else built_in_workloads().get(name)
    if workload is None or workload.task is None:
        raise LookupError(f"{name} is no task: it trains nothing")
    return workload.task


def _packages() -> list[str]:
    return [*_FURTHER, *(package for folder in _FOLDERS for package in _workloads_in(folder))]


def _workloads_in(folder: str) -> list[str]:
    places = importlib.import_module(folder).__path__
    found = [f"{folder}.{entry.name}" for entry in pkgutil.iter_modules(places) if entry.ispkg]
    return [package for package in found if importlib.util.find_spec(f"{package}.implementations")]


def _declared_in(package: str) -> Workload:
    module = f"{package}.workload"
    return replace(importlib.import_module(module).WORKLOAD, target=f"{module}:WORKLOAD")


def _place(workload: Workload) -> tuple[int, str]:
    return workload.order, workload.name


def load_registry(plugins: Sequence[str] = ()) -> Registry:
    """Built-in workloads and entries, those of installed packages, and those of the modules named."""
    declared = dict(built_in_workloads())
    entries: list[Implementation] = []
    for workload in declared.values():
        package = workload.target.partition(":")[0].rpartition(".")[0]
        entries += importlib.import_module(f"{package}.implementations").IMPLEMENTATIONS
    faults: list[Fault] = []
    seen: set[tuple[str, str]] = set()
    for plugin in [*_installed(), *map(_named, plugins)]:
        where = (plugin.module, plugin.attribute)
        if where in seen:  # installed and named on the command line too: the same thing once
            continue
        seen.add(where)
        try:
            offer = _offered(plugin, declared, {(entry.workload, entry.name) for entry in entries})
        except PluginFault as fault:
            faults.append(Fault(plugin.name, str(fault)))
            continue
        declared |= offer.workloads
        entries += offer.entries
    return Registry(tuple(entries), tuple(faults), MappingProxyType(declared))


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


class Offer(NamedTuple):
    """What a plug-in brings."""

    workloads: Mapping[str, Workload]
    entries: Sequence[Implementation]


def _offered(plugin: Plugin, declared: Mapping[str, Workload], taken: set[tuple[str, str]]) -> Offer:
    """A plug-in's workloads, and its entries marked with their origin. Raises PluginFault."""
    module = _imported(plugin)
    target = f"{plugin.module}:{DECLARATIONS}"
    own: dict[str, Workload] = {}
    for position, offer in enumerate(_sequence(module, DECLARATIONS, "Workload")):
        workload = checked_workload(f"{DECLARATIONS}[{position}]", offer)
        known_as = declared.get(workload.name)
        if known_as is not None and known_as.target == target:  # by another entry point of the same module
            continue
        if known_as is not None or workload.name in own:
            raise PluginFault(f"there is a workload named {workload.name!r} already")
        own[workload.name] = replace(workload, target=target)
    known = (*declared, *own)
    entries = [
        _checked(f"{plugin.attribute}[{position}]", offer, known)
        for position, offer in enumerate(_sequence(module, plugin.attribute, "Implementation"))
    ]
    for entry in entries:
        key = (entry.workload, entry.name)
        if key in taken:
            raise PluginFault(f"{entry.workload} has an implementation named {entry.name!r} already")
        taken.add(key)
    return Offer(own, [replace(entry, origin=plugin.name) for entry in entries])


def _imported(plugin: Plugin) -> ModuleType:
    """A plug-in's module, which offers something. Raises PluginFault."""
    try:
        module = importlib.import_module(plugin.module)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever a stranger's module raises, sys.exit included
        raise PluginFault(f"import of {plugin.module} failed: {_one_line(error)}") from error
    others = plugin.attribute == ATTRIBUTE and hasattr(module, DECLARATIONS)
    if not hasattr(module, plugin.attribute) and not others:
        expected = "a tuple of likeforlike.models.contract.Implementation"
        found = f"module {plugin.module} ({getattr(module, '__file__', None) or 'a folder without code'})"
        raise PluginFault(f"{found} has no {plugin.attribute}, {expected}")
    return module


def _sequence(module: ModuleType, attribute: str, of: str) -> Sequence[Any]:
    """What a module offers under a name, nothing if it has none. Raises PluginFault."""
    offers = getattr(module, attribute, ())
    if not isinstance(offers, (list, tuple)):
        found = type(offers).__name__
        raise PluginFault(f"{attribute} is of type {found}, expected a list or tuple of {of}")
    return offers


def _checked(place: str, offer: object, workloads: Sequence[str]) -> Implementation:
    """An entry whose fields are of the right types. Raises PluginFault naming the field."""
    if not isinstance(offer, Implementation):
        raise PluginFault(
            f"{place} is of type {type(offer).__name__}, expected likeforlike.models.contract.Implementation"
        )
    for slot in fields(Implementation):
        value, default = getattr(offer, slot.name), slot.default
        expected = tuple if isinstance(default, tuple) else str
        if not isinstance(value, expected):
            message = f"{place}.{slot.name} is {value!r}, expected a {expected.__name__}"
            raise PluginFault(message)
    threadings = get_args(Threading) if offer.framework in THREADED_BETWEEN else get_args(Threading)[:1]
    checks = {
        "workload": (offer.workload in workloads, f"one of {', '.join(workloads)}"),
        "division": (offer.division in get_args(Division), f"one of {', '.join(get_args(Division))}"),
        "role": (offer.role in get_args(Role), f"one of {', '.join(get_args(Role))}"),
        "threading": (
            offer.threading in threadings,
            f"{' or '.join(threadings)} with {offer.framework}",
        ),
        "name": (readable(offer.name), READABLE),
        "target": (all(offer.target.partition(":")), "module:attribute"),
    }
    for name, (holds, expected_value) in checks.items():
        if not holds:
            raise PluginFault(f"{place}.{name} is {getattr(offer, name)!r}, expected {expected_value}")
    return offer


def _one_line(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
