"""Stand-ins for the makers' libraries; they live with the named machines."""

from __future__ import annotations

import pytest
from stand_in_amdsmi import AmdGpu, AmdStandIn
from stand_in_nvml import Gpu, Slice, StandIn


@pytest.fixture
def board():
    return Gpu


@pytest.fixture
def mig_slice():
    return Slice


@pytest.fixture
def make_nvml():
    return StandIn


@pytest.fixture
def amd_gpu():
    return AmdGpu


@pytest.fixture
def make_amdsmi():
    return AmdStandIn
