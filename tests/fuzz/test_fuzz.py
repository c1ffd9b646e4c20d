"""Spoiled files of every kind: a result or a message, never anything else.

scripts/fuzz.py does the same for as many minutes as it is given.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from support.fuzzing import fault_of, formats, spoiled

CORPUS = Path(__file__).parent / "corpus"
COUNTS = {"csv": 60, "tsv": 40, "parquet": 60, "npz": 80, "image": 100, "keras": 25,
          "preprocessing": 40, "study": 60, "weights": 60}  # fmt: skip


@pytest.mark.parametrize("name", COUNTS)
def test_sound_files_are_read(name: str, tmp_path: Path) -> None:
    kind = formats()[name]
    for number, content in enumerate(kind.seeds):
        path = tmp_path / str(number) / f"file.{kind.suffix}"
        path.parent.mkdir()
        path.write_bytes(content)
        if name == "weights":  # those are not Fathom's: no sound checksum can be guessed
            assert fault_of(kind.read, path) is None
        else:
            kind.read(path)


@pytest.mark.parametrize("name", COUNTS)
def test_spoiled_files_are_read_or_refused_in_words(name: str, tmp_path: Path) -> None:
    kind, chance = formats()[name], random.Random(name)
    path = tmp_path / f"file.{kind.suffix}"
    for _ in range(COUNTS[name]):
        content = spoiled(chance.choice(kind.seeds), chance)
        path.write_bytes(content)
        assert fault_of(kind.read, path) is None, content[:2000]


@pytest.mark.parametrize("path", sorted(CORPUS.glob("*/*")), ids=lambda path: path.name)
def test_files_that_were_a_fault_once_are_none_now(path: Path, tmp_path: Path) -> None:
    kind = formats()[path.parent.name]
    copy = tmp_path / f"file.{kind.suffix}"
    copy.write_bytes(path.read_bytes())
    assert fault_of(kind.read, copy) is None
