"""A run of two sides: products of which one side's take longer."""

from __future__ import annotations

import report_samples as samples

BASE = {"name": "base", "kind": "env", "what": "env:", "python": "3.11.7", "packages": {"numpy": "2.4.6"}}
NEW = BASE | {"name": "new", "packages": {"numpy": "2.5.0", "extra-one": "1"}, "variables": {"FAST": "1"}}
SIDES = (("base", BASE), ("new", NEW))


def sided(header_sides=(BASE, NEW), slower=1.1, sizes=(500, 1000), **header):
    """Products of NumPy and TensorFlow on two sides that share drift; NumPy's second side takes longer."""
    noise, cells = samples.Noise(4), []
    for size in sizes:
        group = f"matmul cpu:0 {size} float32"
        for name in ("numpy", "tf-eager"):
            for side in header_sides:
                factor = slower if (name, side["name"]) == ("numpy", "new") else 1.0
                seconds = samples.product_seconds("cpu:0", size, name) * factor
                data = noise.times(seconds, 25, group, spread=0.002)
                axes = {"size": size, "dtype": "float32", "side": side["name"]}
                cells.append(
                    samples.cell("matmul", name, "cpu:0", axes, data, flop=2.0 * size**3, group=group)
                )
    document = samples.document(cells)
    document["likeforlike"] |= {"sides": list(header_sides)} | header
    return document
