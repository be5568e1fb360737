"""``likeforlike peak``, by rates that stand in for processes."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from likeforlike.devices.machine.discovery import find_devices
from likeforlike.devices.peak import command
from likeforlike.devices.process.measured_ceilings import Rate, keep, kept_file, read_kept


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "likeforlike" / "ceilings"


def measuring(rate):
    """Every framework reaches ``rate``, at one shape."""
    asked = []

    def measure(want, threads, seconds):
        asked.append((want.device.id, want.framework, want.precisions, seconds))
        device = want.device
        if rate is None:
            return [], [f"{want.framework} on {device.id}: no such product"]
        return [Rate(device.id, device.name, want.precisions[0], want.framework, rate, (512, 4096, 512))], []

    return measure, asked


def test_the_best_rate_is_kept_with_the_fingerprint_and_says_who_found_it(cache, capsys):
    measure, asked = measuring(3e11)
    options = ["--dtypes=bfloat16", "--devices=cpu:0", "--frameworks=numpy", "--seconds=7"]
    assert command.main(options, measure=measure) == 0
    assert asked == [("cpu:0", "numpy", ("bfloat16",), 7.0)]
    (path,) = cache.iterdir()
    told = capsys.readouterr().out
    assert f"kept in {path}, for the fingerprint {path.stem}" in told
    assert (
        "cpu:0 reaches at bfloat16: 300 GFLOP/s, 512 x 4096 x 512 by numpy, found by likeforlike peak" in told
    )
    (rate,) = read_kept(kept_file(path.stem))
    assert rate.reached.source == "512 x 4096 x 512 by numpy, found by likeforlike peak"


def test_what_is_kept_and_better_stands(cache, capsys):
    (cpu, *_) = find_devices()
    measure, _ = measuring(3e11)
    options = ["--devices=cpu:0", "--frameworks=numpy"]
    assert command.main(options, measure=measure) == 0
    (path,) = cache.iterdir()
    better = Rate("cpu:0", cpu.name, "float32", "torch", 4e11, (1024, 1024, 1024))
    keep(path, [better])
    assert command.main(options, measure=measure) == 0
    assert "cpu:0 reaches at float32: 400 GFLOP/s, 1024 x 1024 x 1024 by torch" in capsys.readouterr().out
    assert len(read_kept(path)) == 2


def test_a_file_of_one_s_own_instead_of_the_cache(cache, tmp_path):
    measure, _ = measuring(3e11)
    output = tmp_path / "somewhere" / "peak.json"
    assert command.main(["--devices=cpu:0", "--frameworks=numpy", f"--output={output}"], measure=measure) == 0
    assert json.loads(output.read_text())["rates"][0]["flop_per_second"] == 3e11
    assert not cache.exists()


def test_nothing_found_is_status_1_and_nothing_kept(cache, capsys):
    measure, _ = measuring(None)
    assert command.main(["--devices=cpu:0", "--frameworks=numpy"], measure=measure) == 1
    said = capsys.readouterr().err
    assert said.splitlines() == [
        "not measured: numpy on cpu:0: no such product",
        "likeforlike peak: nothing found, nothing kept",
    ]
    assert not cache.exists()


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ("--dtypes=float8", "--dtypes 'float8': expected float64, float32, tf32, bfloat16, float16"),
        ("--dtypes=,", "--dtypes: expected one or more of float64"),
        ("--devices=gpu:7", "--devices: gpu:7 is not on this machine"),
        ("--frameworks=mxnet", "--frameworks 'mxnet': expected"),
        ("--seconds=0", "--seconds 0: expected more than 0"),
        ("--seconds=nan", "--seconds nan: expected more than 0"),
    ],
)
def test_bad_input_is_one_line_and_status_2(option, told, capsys):
    with pytest.raises(SystemExit) as ended:
        command.main([option], measure=measuring(1e9)[0])
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"likeforlike peak: {told}")


def test_a_file_that_cannot_be_written_is_one_line(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    output = tmp_path / "file" / "peak.json"
    options = ["--devices=cpu:0", "--frameworks=numpy", f"--output={output}"]
    assert command.main(options, measure=measuring(1e9)[0]) == 2
    assert f"cannot write {output}: " in capsys.readouterr().err


class TestNumpy:
    """It multiplies on no GPU, so that it is not asked to."""

    @pytest.fixture(autouse=True)
    def gpu(self, monkeypatch):
        (cpu, *_) = find_devices()
        made = replace(cpu, kind="gpu", index=0, name="a GPU")
        monkeypatch.setattr("likeforlike.devices.machine.discovery.find_devices", lambda: [cpu, made])
        monkeypatch.setattr(
            "likeforlike.devices.process.measured_ceilings.installed_frameworks", lambda: ("numpy", "torch")
        )

    def test_it_is_left_out_of_a_gpu_s_search(self):
        measure, asked = measuring(3e11)
        assert command.main([], measure=measure) == 0
        assert [item[:2] for item in asked] == [("cpu:0", "numpy"), ("cpu:0", "torch"), ("gpu:0", "torch")]

    def test_alone_it_is_refused(self, capsys):
        with pytest.raises(SystemExit) as ended:
            command.main(["--devices=gpu:0", "--frameworks=numpy"])
        assert ended.value.code == 2
        assert "numpy: it multiplies on cpu:0 only" in capsys.readouterr().err
