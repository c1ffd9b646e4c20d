"""A million rows, ten thousand columns: read within the memory that the documentation states."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

PEAK = Path("/proc/self/status")
LOADED = f"""
import sys
from fathom.data import load
def peak():
    return int(next(l for l in open("{PEAK}") if l.startswith("VmHWM")).split()[1])
import numpy, polars, sklearn.preprocessing
before = peak()
data = load(sys.argv[1], target="y")
print(len(data.train) + len(data.validation) + len(data.test), *data.input_shape)
print(peak() - before)
"""


def long(path: Path) -> None:
    draw = np.random.default_rng(0)
    numbers = draw.integers(100_000, 999_999, (2, 1_000_000)).astype("U6")
    with path.open("w") as file:
        file.write("a,b,y\n")
        file.writelines(f"0.{a},{b},{k % 2}\n" for k, (a, b) in enumerate(zip(*numbers)))


def wide(path: Path) -> None:
    cells = np.random.default_rng(0).normal(size=(30, 10_000)).round(4).astype(str)
    rows = [",".join([*row, str(k % 2)]) for k, row in enumerate(cells)]
    path.write_text("\n".join([",".join([*(f"c{k}" for k in range(10_000)), "y"]), *rows]))


@pytest.mark.skipif(not PEAK.exists(), reason="the peak of memory is told by Linux only")
@pytest.mark.parametrize(
    ("write", "shape", "most_mebibytes"), [(long, "1000000 2", 200), (wide, "30 10000", 500)]
)
def test_many_rows_or_columns_are_read_within_a_stated_memory(
    tmp_path: Path, write: Callable[[Path], None], shape: str, most_mebibytes: int
) -> None:
    path = tmp_path / "data.csv"
    write(path)
    command = [sys.executable, "-c", LOADED, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found, kibibytes = done.stdout.splitlines()
    assert found == shape
    assert int(kibibytes) < most_mebibytes * 1024
