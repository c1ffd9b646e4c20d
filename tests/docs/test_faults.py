"""docs/faults.md promises nothing that no test shows."""

import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
ROWS = [
    line.strip("| \n").split(" | ")
    for line in (REPOSITORY / "docs" / "faults.md").read_text().splitlines()
    if line.startswith("| ") and not line.startswith("| fault")
]


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_every_fault_has_a_test_that_is_there(row: list[str]) -> None:
    fault, _, shown = row
    named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", shown)
    assert named, fault
    assert len(named) == shown.count("::")
    for file, test in named:
        assert f"\ndef {test}(" in (REPOSITORY / file).read_text(), f"{file}::{test}"
