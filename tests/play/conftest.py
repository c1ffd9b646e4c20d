"""The recorded trajectories of TensorFlow Playground's own engine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

ORACLE = Path(__file__).resolve().parents[3] / "shared" / "oracle"
NAMES = (
    "01_circle_tanh_default", "02_xor_relu_L2", "03_gauss_linear_batch1",
    "04_circle_tanh_6x8_7features", "05_spiral_relu_L1", "06_circle_sigmoid_batch30_carry",
    "07_circle_relu_L1_many_dead", "08_xor_tanh_L2_batch30_carry", "09_reg_plane_linear",
    "10_reg_gauss_tanh", "11_reg_gauss_relu_L2_batch30", "12_reg_plane_sigmoid_L1_batch1",
    "13_xor_no_hidden_product", "14_gauss_sigmoid_initZero", "15_gauss_tanh_L1_extreme",
    "16_circle_relu_percTrain10_carry", "17_xor_relu_4layers_L2", "18_gauss_tanh_5layers_batch1",
    "19_chaos_spiral_tanh_6x8",
)  # fmt: skip


@pytest.fixture(params=NAMES)
def recorded(request: pytest.FixtureRequest) -> dict[str, Any]:
    """One recorded trajectory."""
    if not ORACLE.exists():
        pytest.skip("the recorded trajectories are not beside this repository: ../shared/oracle")
    return json.loads((ORACLE / f"{request.param}.json").read_text())
