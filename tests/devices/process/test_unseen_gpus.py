"""A GPU that the driver lists and a framework doesn't see: said in one line, with what to type."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from likeforlike.devices.process import best_rates
from likeforlike.devices.process.runtime import gpu_complaint, runtime


def pretended(framework: str, gpus: int) -> Any:
    """Each framework's own way to tell of its GPUs."""
    if framework == "torch":
        cuda = SimpleNamespace(is_available=lambda: gpus > 0, device_count=lambda: gpus)
        return SimpleNamespace(cuda=cuda)
    if framework == "tensorflow":
        listed = [f"/physical_device:GPU:{number}" for number in range(gpus)]
        return SimpleNamespace(config=SimpleNamespace(list_physical_devices=lambda kind: listed))

    def devices(kind: str) -> list[str]:
        if not gpus:
            raise RuntimeError("Unknown backend: 'gpu' requested,\nPlatforms present are: cpu")
        return ["cuda"] * gpus

    return SimpleNamespace(devices=devices)


INSTALL = {
    "tensorflow": "pip install 'tensorflow[and-cuda]'",
    "torch": "pip install --force-reinstall torch",
    "jax": "pip install 'jax[cuda12]'",
}


@pytest.mark.parametrize("framework", INSTALL)
@pytest.mark.parametrize(
    ("gpus", "device", "seen"),
    [
        (0, "gpu:0", "no GPU"),
        (1, "gpu:0", None),
        (1, "gpu:1", "1 GPU"),
        (2, "gpu:1", None),
        (0, "cpu:0", None),
    ],
)
def test_what_is_not_seen_is_said(
    monkeypatch: pytest.MonkeyPatch, framework: str, gpus: int, device: str, seen: str | None
) -> None:
    monkeypatch.setitem(sys.modules, framework, pretended(framework, gpus))
    told = gpu_complaint(runtime(framework), device)
    if seen is None:
        assert told is None
        return
    assert told is not None
    assert told.startswith(framework)
    assert f" sees {seen} where the driver lists {device}" in told
    assert told.endswith(f": {INSTALL[framework]}")
    assert "\n" not in told


def test_a_framework_that_nobody_knows_may_see_what_it_likes() -> None:
    assert gpu_complaint(runtime("nobody"), "gpu:0") is None


def test_no_product_on_the_cpu_is_taken_for_the_gpu_s_rate(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As TensorFlow does it, which places quietly on the CPU where there is no GPU."""
    blind = SimpleNamespace(configure=lambda *_: None, gpus=lambda: 0, framework="tensorflow", gpu_install="")
    blind.version = lambda: None
    monkeypatch.setattr(best_rates, "runtime", lambda framework: blind)
    monkeypatch.setattr(best_rates, "products", lambda *_: iter([lambda shape: lambda: None]))
    monkeypatch.setattr(best_rates, "end_with_parent", lambda pid: None)
    monkeypatch.setattr(sys, "argv", ["best_rates", "tensorflow", "gpu:0", "1", "0.01", "float32"])
    best_rates.main()
    assert capsys.readouterr().out.strip() == "{}"
