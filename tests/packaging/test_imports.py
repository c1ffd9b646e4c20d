"""`import fathom` is quick, because what is heavy waits until it is used."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("jax", "keras", "pandas", "plotly", "polars", "sklearn", "skops", "skrub")
LIST_MODULES = "import sys, fathom; print(*sys.modules, sep='\\n')"
TIME_IMPORT = """
import time
start = time.process_time()
import fathom
print(time.process_time() - start)
"""


def _python(code: str) -> str:
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return shown.stdout


def test_importing_fathom_imports_nothing_heavy():
    assert set(HEAVY) & set(_python(LIST_MODULES).split()) == set()


def test_importing_fathom_takes_less_than_three_tenths_of_a_second():
    assert min(float(_python(TIME_IMPORT)) for _ in range(3)) < 0.3
