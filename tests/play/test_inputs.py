"""Inputs of a table are chosen by their own names or by their column's."""

from __future__ import annotations

from pathlib import Path

import pytest

import fathom
from fathom import play
from fathom.errors import DataError


@pytest.fixture
def dataset(tmp_path: Path) -> fathom.Dataset:
    """A table with a column of words, another whose name begins alike, a date and a constant."""
    rows = [
        f"{('red', 'green', 'blue')[k % 3]},{k % 7},2024-01-{k % 28 + 1:02d},{k % 11},1,{k % 5}.5"
        for k in range(60)
    ]
    path = tmp_path / "table.csv"
    path.write_text("\n".join(["color,color = red or not,when,size,same,price", *rows]))
    return fathom.load(path, target="price")


def _inputs(dataset: fathom.Dataset, *wanted: str) -> list[str]:
    experiment = {"mode": "modern", "data": {"source": "upload:u1", "inputs": list(wanted)}}
    checked = play.check(play.read_experiment(experiment))
    return play.set_up(checked, lambda data: dataset).material.data()["inputs"]


def test_a_column_of_words_stands_for_all_inputs_made_of_it(dataset: fathom.Dataset) -> None:
    assert _inputs(dataset, "color") == ["color = blue", "color = green", "color = red"]
    assert _inputs(dataset, "size", "color = red") == ["size", "color = red"]
    assert _inputs(dataset, "color = red or not") == ["color = red or not"]
    assert all(one.startswith("when: ") for one in _inputs(dataset, "when"))


def test_a_column_that_was_left_out_gives_no_input(dataset: fathom.Dataset) -> None:
    assert _inputs(dataset, "same", "size") == ["size"]
    with pytest.raises(DataError, match="columns that give some"):
        _inputs(dataset, "same")


@pytest.mark.parametrize("wanted", [("price",), ("size", "weight"), ()])
def test_names_that_are_no_inputs_are_refused(
    dataset: fathom.Dataset, wanted: tuple[str, ...]
) -> None:
    with pytest.raises(DataError, match="must name inputs"):
        _inputs(dataset, *wanted)
