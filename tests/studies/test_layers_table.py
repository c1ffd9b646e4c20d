"""The script behind docs/layers-results.md: its instruments, and rows that are quick."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "layers_table.py"


@pytest.fixture(scope="module")
def script() -> Any:
    spec: Any = importlib.util.spec_from_file_location("layers_table", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules["layers_table"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["layers_table"]


def test_random_networks_differ_as_hanin_says(script: Any) -> None:
    found = script.hanin(sizes=((4, 20),), networks=500)
    assert found.agrees, found.text
    assert found.numbers["slope"] == found.numbers["slope_4x20"]


def test_conductances_add_up_along_the_path(script: Any) -> None:
    keras.utils.set_random_seed(0)
    model = script.network(1, **script.relu(width=16))
    x = np.random.default_rng(0).normal(size=(20, 64)).astype("float32")
    assert script.completeness(model, 0, x) < 0.02


def test_the_sharpness_of_a_linear_model_is_its_largest_curvature(script: Any) -> None:
    from fathom import train

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, use_bias=False)])
    x = (np.random.default_rng(0).normal(size=(50, 4)) * [1, 2, 3, 9]).astype("float32")
    networks = train.Networks([np.zeros((1, 4, 1), "float32")], [])
    found = script._sharpness(model, networks, (x, np.ones((50, 1), "float32")))
    assert found[0] == pytest.approx(np.linalg.eigvalsh(x.T @ x / 50)[-1], rel=1e-3)


def test_every_row_says_what_is_expected_and_how_it_is_done(script: Any) -> None:
    assert len(script.ROWS) == 12
    for name, one in script.ROWS.items():
        assert one.name == name and one.expected and one.setting
        assert "|" not in one.expected + one.setting + one.experiment
