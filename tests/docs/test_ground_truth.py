"""The script that asks for depths that are known."""

import importlib.util
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "ground_truth.py"


@pytest.fixture(scope="module")
def ground_truth() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("ground_truth", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[module.__name__] = module  # its dataclasses look for their own module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[module.__name__]


def test_a_line_is_found_to_be_enough_and_what_is_kept_is_not_trained_again(ground_truth, tmp_path):
    task = replace(ground_truth.tasks()["half-plane"], depths=range(2), width=8)
    found = ground_truth.tally("half-plane", task, range(1), tmp_path)
    assert found.chosen == [0]
    kept = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*.safetensors")}
    assert kept
    again = ground_truth.tally("half-plane", task, range(1), tmp_path)
    assert again == found
    assert kept == {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*.safetensors")}


def test_of_a_least_depth_every_deeper_one_is_right_and_not_every_one_as_good(ground_truth):
    task = replace(ground_truth.tasks()["tents"], right=2)
    found = ground_truth.Tally()
    for chosen in (1, 2, 3, None):
        found.add(chosen, {1: 0.40, 2: 0.80, 3: 0.96})
    assert found.share(task) == 0.5
    assert found.share_as_good() == pytest.approx(1 / 3)
    assert "| 2 or more | 1: 1, 2: 1, 3: 1, none: 1 | 50% | 33% |" in found.row("tents", task)
