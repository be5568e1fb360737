"""Documents that try a renderer, with every kind of row or hostile names alone, and a reader: wrong anywhere."""

from __future__ import annotations

import copy
import json
import math

import report_samples as samples

from likeforlike.reports.read.formats.pytest_benchmark import parse_results


def read(document, name):
    return parse_results(json.dumps(document).encode(), name)


def products(scale=1.0, rounds=12, **recipe):
    """Four implementations on the CPU: base, same, slower, noisy; and a GPU that only queues."""
    size, flop = {"size": 1000, "dtype": "float32"}, 2e9
    steady = [0.020 * scale * (1 + 0.002 * (i % 5)) for i in range(rounds)]
    group = {"group": "matmul cpu:0 1000 float32", "flop": flop}

    def cell(name, times, device="cpu:0", **extra):
        return samples.cell("matmul", name, device, size, times, **{**group, **extra})

    return [
        cell("numpy", steady),
        cell("tf-eager", [t * 1.001 for t in steady]),
        cell("tf-graph", [t * 1.25 for t in steady]),
        cell("torch", [t * (0.9 + 0.05 * (i % 5)) for i, t in enumerate(steady)]),
        cell(
            "jax", [t * 2 for t in steady[:3]], launch_numbers=[0] * 3, launches=[{"launch": 0, "rounds": 3}]
        ),
        cell(
            "tf-xla",
            [t * 1.1 for t in steady],
            disturbed=[{"round": r, "reason": "2 % of processor time stolen"} for r in range(8)],
        ),
        cell(
            "tf-eager",
            [1e-5 * (1 + 0.01 * (i % 3)) for i in range(rounds)],
            "gpu:0",
            group="matmul gpu:0 1000 float32",
            plausible={"ok": True, "reasons": []},
        ),
    ]


def trained(noise, data=samples.DATA):
    """The notebook's pair, the matched pair and the floor, on some data."""
    cells = samples.trainers(noise, epochs=8, runs=1, data=data)
    return [c for c in cells if c["extra_info"]["implementation"] in ("keras-fit", "eager-loop", "floor")]


def golden_files():
    """Two machines: one with everything in it, one that lacks cells and whose work differs in one."""
    noise = samples.Noise(5)
    first = samples.document(
        products() + trained(noise) + samples.checks(noise),
        samples.fingerprint(gpus=[samples.A100]),
        unmeasured=samples.UNMEASURED,
    )
    second_cells = products(1.5)[:3]
    second_cells[1]["extra_info"]["flop"] = 4e9
    second_cells += trained(samples.Noise(6), samples.SYNTHETIC)[:2]
    second = samples.document(
        second_cells, samples.fingerprint("77aa00000000", {"usable_cores": 8}, threads=8), noise=None
    )
    return [read(first, "first.json"), read(second, "second.json")]


EVIL = (
    "a|b||c",
    "`rm -rf`",
    "<script>alert(1)</script>",
    "two\nlines\r\n| x |",
    "../../../etc/passwd",
    "\x1b[31mred\x1b]0;title\x07",
    "\u202egnp.exe\u2066\u200b",
    "$\\frac{1}{0}$ \\",
    "[click](javascript:alert(1))",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}{% raw %}",
    '=HYPERLINK("http://evil")',
    "long " * 2000,
)


def evil_document():
    """A result file whose every name is hostile."""
    cells = []
    for name in EVIL:
        times = [0.01, 0.011, 0.012, 0.01, 0.011, 0.012]
        for workload in ("matmul", name):
            extra = {"group": f"{workload} {name}", "flop": 1e6}
            axes = {"size": 10, "dtype": name, name: name}
            cells.append(samples.cell(workload, name, "cpu:0", axes, times, **extra))
            cells.append(samples.cell(workload, name + "2", "cpu:0", axes, times, **extra))
        cells.append(
            samples.training(
                name,
                samples.RECIPE | {"name": name, name: name},
                0,
                samples.Noise(1),
                1.0,
                3,
                terms={name: name},
                data=samples.DATA | {"name": name},
            )
        )
    machine = samples.fingerprint(EVIL[2], {"model": EVIL[0]}, [{"name": EVIL[2], "driver": EVIL[3]}])
    machine["versions"][EVIL[3]] = EVIL[6]
    unmeasured = [{"cell": name, "outcome": name, "reason": name} for name in EVIL]
    return samples.document(cells, machine, unmeasured=unmeasured, notes=list(EVIL), preset=EVIL[2])


def nested(levels=150):
    """A list in a list in a list."""
    return [nested(levels - 1)] if levels else []


WRONG = (None, math.nan, math.inf, [], {}, "", "UNSERIALIZABLE[x]", -1, 0, 1e308, 10**30, True, "\ud800")
WRONG += (5e-324, [1, 2], {"a": {"b": 1}}, nested())


def places(value, path=()):
    """The path of every value of a document; of lists, in their first two items."""
    yield path
    if isinstance(value, dict):
        items = value.items()
    else:
        items = enumerate(value[:2]) if isinstance(value, list) else ()
    for key, item in items:
        yield from places(item, (*path, key))


def wrong_in_one_place(document, randomness, count):
    """Documents in which one value, drawn at random, is gone or is another one."""
    everywhere = list(places(document))[1:]
    for _ in range(count):
        changed = copy.deepcopy(document)
        *path, last = randomness.choice(everywhere)
        target = changed
        for key in path:
            target = target[key]
        if randomness.random() < 0.1:
            del target[last]
        else:
            target[last] = randomness.choice(WRONG)
        yield changed


TOKENS = (
    b"NaN",
    b"-Infinity",
    b"1e999",
    b"9" * 5000,
    b'"\\ud800"',
    b"[",
    b"{",
    b"}",
    b"\x00",
    b"\xff\xfe",
    b'"',
)
TOKENS += (b"\xef\xbb\xbf", b"null", b"-", b"\\u0000", b"\x1f\x8b", "\u202e".encode(), b"[" * 300)


def wrong_bytes(content, randomness, count):
    """Contents with some bytes replaced, or the rest gone."""
    for _ in range(count):
        changed = bytearray(content)
        for _ in range(randomness.choice((1, 1, 2, 5))):
            start = randomness.randrange(len(changed))
            changed[start : start + randomness.choice((0, 0, 1, 3, 30))] = randomness.choice(TOKENS)
        yield bytes(changed if randomness.random() > 0.1 else changed[: randomness.randrange(len(changed))])
