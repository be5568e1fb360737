from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from likeforlike.devices.machine.environment import without_known

# What the shell sets that changes figures, such as OPENBLAS_CORETYPE, is no matter of the tests: runs that they start
# would be warned of it, record it and compare it.
for variable in set(os.environ) - set(without_known(os.environ)):
    del os.environ[variable]

# before NumPy is imported: threads that wait for one another spin, and take the processors from the tests beside.
# Workers get variables of their own.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

# helpers beside the tests that use them
for folder in ("bench", "bench/plugins", "devices/process", "devices/check", "bench/fleet", "machines"):
    sys.path.append(str(Path(__file__).parent / folder))


LONGEST = (
    "models/loops/test_trainers.py",
    "bench/fleet/test_slurm.py",
    "bench/run/test_own_resnets.py",
    "bench/run/test_distributed.py",
    "bench/run/test_own_kinds.py",
    "models/loops/test_networks.py",
    "models/loops/test_ways.py",
    "bench/run/test_resume.py",
    "machines/test_named_machines.py",
    "bench/run/test_command.py",
    "bench/run/test_launches.py",
    "bench/worker/test_outcomes.py",
    "bench/run/test_poor_surroundings.py",
    "bench/run/test_unseen_gpu.py",
    "models/loops/test_any_network.py",
    "models/loops/test_floors_of_networks.py",
    "models/tasks/oracle/test_networks.py",
    "models/tasks/text/test_loops.py",
    "reports/write/test_html_page.py",
    "bench/run/screen/test_last_screen.py",
    "bench/fleet/test_local.py",
    "devices/check/test_worker.py",
    "bench/run/test_plugin_package.py",
    "bench/run/test_environment.py",
)
"""Files of a quarter of a minute and more on two cores: begun first, so that none is left for one process at the
end, when there is nothing for the others to do."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where xdist hands files out, the longest come first; an order that was asked for stays."""
    if "PYTEST_XDIST_WORKER" not in os.environ or config.pluginmanager.hasplugin("randomly"):
        return
    here = Path(__file__).parent
    rank = {str(here / name): number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(str(item.path), len(rank)))


@pytest.fixture(autouse=True)
def _runs_are_not_of_xdist(monkeypatch: pytest.MonkeyPatch) -> None:
    """In xdist's processes pytest-benchmark disables itself, and text is folded for xdist's own terminal."""
    for name in ("PYTEST_XDIST_WORKER", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def _small_numbers_are_no_zeros() -> None:
    """What `torch.compile` made lets this thread take denormal numbers for 0 from then on."""
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "set_flush_denormal"):
        torch.set_flush_denormal(False)


@pytest.fixture(autouse=True)
def _no_variable_is_left_behind() -> Iterator[None]:
    """PyTorch's compiler sets some in this process; a run that a later test starts would be warned of them."""
    before = set(os.environ)
    yield
    for name in set(os.environ) - before:
        del os.environ[name]
