"""A result file without what is personal: host, user, paths, serial numbers.

What is published is built from the fields that our schema knows; all else stays behind. Texts are then rid
of hosts' names, of absolute paths, of home folders' owners and of mail addresses.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from likeforlike.reports.publish.checks import OWN
from likeforlike.reports.read.schema.cells import Extra
from likeforlike.reports.read.schema.runs import Fingerprint, Header

LEFT_OUT = "(left out)"
"""Stands in a text where something personal stood."""

_PATH = re.compile(
    r"(?<![\w.:/\\-])(?:~|file:)?(?:/[\w.@+~-]+){2,}/?"  # of two parts at least; a lone one may be an option
    r"|(?<!\w)[A-Za-z]:\\[^\s\"';,]+|\\\\[\w.-]+\\[^\s\"';,]+"
)
_HOME = re.compile(r"(?:/home/|/Users/|/root\b|\\Users\\)([\w.@+-]*)")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.(?:[^\W\d_]{2,}|\d+\.\d+\.\d+)(?!\w)")
"""At a domain or an address of four numbers; what has fewer, as kernel@2.5, is a version."""

_NAMED_BY_ALL = frozenset(
    {"root", "localhost", "runner", "user", "ubuntu", "unknown", "another one", LEFT_OUT, ""}
)
"""Names that tell nobody."""

_COMMIT = ("id", "time", "dirty")
_SYSTEM = ("system", "machine", "python_version", "python_implementation")
_OPTIONS = ("disable_gc", "timer", "min_rounds", "max_time", "min_time", "warmup")
_HEADER_LEFT_OUT = frozenset({"command", "title", "notes", "busy"})
_ASKED_LEFT_OUT = frozenset({"data_dir", "text_file"})
_KEYED_BY_NAME = frozenset({"code", "workloads", "beside"})
"""Fields whose keys are modules, workloads and cells, which may be of a plug-in: no words of ours."""


def without_personal(document: Mapping[str, Any]) -> dict[str, Any]:
    """A result file of ours, as decoded, for everyone to see; same figures."""
    info = _mapping(document.get("machine_info"))
    cells = [_cell(_mapping(entry)) for entry in document.get("benchmarks") or ()]
    header = _only(_mapping(document.get("likeforlike")), set(Header.__struct_fields__) - _HEADER_LEFT_OUT)
    header["options"] = {
        name: value for name, value in _mapping(header.get("options")).items() if name not in _ASKED_LEFT_OUT
    }
    made = {
        "machine_info": _only(info, _SYSTEM)
        | {"likeforlike": _fingerprint(_mapping(info.get("likeforlike")))},
        "commit_info": _only(_mapping(document.get("commit_info")), _COMMIT),
        "benchmarks": cells,
        "datetime": document.get("datetime", ""),
        "version": document.get("version", ""),
        "likeforlike": header,
    }
    # the longest first: a host called joe is a part of the user joe.smith
    names = sorted(personal_names(document) - _own_words(made), key=lambda name: (-len(name), name))
    return {name: _cleaned(value, names) for name, value in made.items()}


def _own_words(made: Mapping[str, Any]) -> set[str]:
    """Words in which any such file speaks: fields, devices, frameworks, what comes with the product.

    A host may be called gpu, and the owner of a home folder data: without these words nothing could be read.
    """
    spoken = set(_keys(made))
    for cell in made["benchmarks"]:
        extra = cell["extra_info"]
        own = ("workload", "implementation") if extra.get("origin", OWN) == OWN else ()
        spoken |= {str(extra.get(name)) for name in ("device", "framework", *own)}
    return {word for text in spoken for word in (text, *re.findall(r"\w+", text))}


def _keys(value: Any, fields: bool = True) -> Iterator[str]:
    """The names of all fields; ``fields``: whether the keys of this value are such."""
    if isinstance(value, Mapping):
        yield from value if fields else ()
        for name, item in value.items():
            yield from _keys(item, name not in _KEYED_BY_NAME)
    elif isinstance(value, list):
        for item in value:
            if isinstance(item, Mapping | list):
                yield from _keys(item)


def _cell(entry: Mapping[str, Any]) -> dict[str, Any]:
    extra = _mapping(entry.get("extra_info"))
    name = entry.get("name", "")
    kept = _only(extra, Extra.__struct_fields__)
    if elsewhere := _elsewhere(extra):
        kept["other_hosts"] = list(dict.fromkeys(f"{what}, {LEFT_OUT}" for what, _ in elsewhere))
    return {
        "group": entry.get("group"),
        "name": name,
        "fullname": name,
        "params": None,
        "param": None,
        "extra_info": kept,
        "options": _only(_mapping(entry.get("options")), _OPTIONS),
        "stats": entry.get("stats"),
    }


def _elsewhere(extra: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Where else a resumed run's cell was measured: ``the host`` or a GPU, and its name or serial number."""
    told = extra.get("other_hosts")
    pairs = [str(text).partition(", ") for text in told] if isinstance(told, list) else []
    return [(what, name) for what, _, name in pairs]


def _elsewhere_in(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The same of all cells of a file."""
    cells = (_mapping(entry) for entry in document.get("benchmarks") or ())
    return [place for cell in cells for place in _elsewhere(_mapping(cell.get("extra_info")))]


def _fingerprint(given: Mapping[str, Any]) -> dict[str, Any]:
    kept = _only(given, Fingerprint.__struct_fields__)
    gpus = kept.get("gpus")
    if isinstance(gpus, list):
        kept["gpus"] = [{k: v for k, v in _mapping(gpu).items() if k != "uuid"} for gpu in gpus]
    return kept


def personal_names(document: Mapping[str, Any]) -> frozenset[str]:
    """Hosts' names and the owners of home folders that a file names; common ones tell nobody."""
    node = _mapping(document.get("machine_info")).get("node")
    names = {node} if isinstance(node, str) else set()
    names |= {name for _, name in _elsewhere_in(document)}
    for text in _texts(document):
        names |= set(_HOME.findall(text))
    return frozenset(name for name in names if name.casefold() not in _NAMED_BY_ALL and len(name) > 2)


def personal(document: Mapping[str, Any]) -> list[str]:
    """What is personal in a file as it stands, each as an end of a sentence."""
    found = []
    info = _mapping(document.get("machine_info"))
    if info.get("node"):
        found.append("machine_info.node tells the host's name")
    gpus = _mapping(info.get("likeforlike")).get("gpus")
    if isinstance(gpus, list) and any(_mapping(gpu).get("uuid") for gpu in gpus):
        found.append("machine_info.likeforlike.gpus tell serial numbers")
    if _mapping(document.get("likeforlike")).get("command"):
        found.append("likeforlike.command tells how it was called")
    if any(name != LEFT_OUT for _, name in _elsewhere_in(document)):
        found.append("extra_info.other_hosts tell other hosts' names, or serial numbers")
    for what, pattern in (("a path", _PATH), ("a mail address", _MAIL)):
        if any(pattern.search(text) for text in _texts(document)):
            found.append(f"it holds {what}")
    return found


def _cleaned(value: Any, names: Iterable[str]) -> Any:
    if isinstance(value, str):
        text = _MAIL.sub(LEFT_OUT, _PATH.sub(LEFT_OUT, value))
        for name in names:
            text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", LEFT_OUT, text)
        return text
    if isinstance(value, Mapping):
        return {_cleaned(key, names): _cleaned(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return value if value and isinstance(value[0], float) else [_cleaned(item, names) for item in value]
    return value


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts(key)
            yield from _texts(item)
    elif isinstance(value, list) and not (value and isinstance(value[0], float)):
        for item in value:
            yield from _texts(item)


def _only(given: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    wanted = set(names)
    return {name: value for name, value in given.items() if name in wanted}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
