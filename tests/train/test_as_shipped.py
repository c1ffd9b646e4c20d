"""What the other tests find of programs compiled in haste holds of those that users get."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
CLAIMS = (
    "test_population.py::test_every_member_is_what_keras_fit_gives_after_its_seed",
    "test_population.py::test_a_member_is_the_same_bit_for_bit_whoever_trains_beside_it",
    "test_population.py::test_a_member_that_diverges_is_told_and_disturbs_no_other",
    "fitting/test_parity.py::test_asked_for_bits_fit_gives_keras_s_own",
)


@pytest.mark.slow
def test_numbers_hold_where_xla_optimises_all_it_can() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *(HERE / c for c in CLAIMS)],
        env={**os.environ, "XLA_FLAGS": ""},
        cwd=HERE.parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5000:]
    assert f"{len(CLAIMS) + 1} passed" in done.stdout
