"""A Parquet file that is read while it trains gives what its arrays give."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import polars
import pytest

import fathom
from fathom.api import parquet_batches
from fathom.errors import DataError

ROWS = 100


@pytest.fixture
def table(tmp_path: Path) -> Path:
    generator = np.random.default_rng(0)
    columns = {name: generator.normal(size=ROWS) for name in "abc"}
    columns |= {"kind": generator.integers(0, 3, ROWS), "weight": generator.uniform(size=ROWS)}
    polars.DataFrame({**columns, "note": ["x"] * ROWS}).write_parquet(tmp_path / "table.parquet")
    return tmp_path / "table.parquet"


def test_a_parquet_file_trains_as_its_arrays_do(
    table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet_batches, "ROWS_READ", 25)
    batches = fathom.ParquetBatches(
        table, target="kind", features=["a", "b", "c"], sample_weight="weight", batch_size=12
    )
    frame = polars.read_parquet(table)
    arrays = (frame.select("a", "b", "c").to_numpy(), frame["kind"].to_numpy())
    histories = []
    for fit, data, settings in (
        (fathom.fit, (batches,), {}),
        (keras.Model.fit, arrays, {"sample_weight": frame["weight"].to_numpy(), "batch_size": 12}),
    ):
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3, "softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        histories.append(fit(model, *data, epochs=3, shuffle=False, verbose=0, **settings).history)
    assert histories[0]["loss"] == pytest.approx(histories[1]["loss"], rel=1e-6)


def test_several_targets_have_an_axis_of_their_own(table: Path) -> None:
    batches = fathom.ParquetBatches(table, target=["a", "b"], features=["c"], batch_size=30)
    shapes = [tuple(part.shape for part in batches[index]) for index in (0, 3)]
    assert shapes == [((30, 1), (30, 2)), ((10, 1), (10, 2))]
    assert len(batches) == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"target": "sort"}, "no column 'sort'.*a, b, c, kind"),
        ({"target": "kind"}, "column 'note' of String"),
    ],
)
def test_columns_that_cannot_be_trained_on_are_named(
    table: Path, arguments: dict[str, str], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        fathom.ParquetBatches(table, **arguments)


def test_a_file_that_is_no_parquet_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "torn.parquet").write_bytes(b"PAR1 and nothing more")
    with pytest.raises(DataError, match="must be complete"):
        fathom.ParquetBatches(tmp_path / "torn.parquet", target="y")
    with pytest.raises(DataError, match="must be complete"):
        fathom.ParquetBatches(tmp_path / "none.parquet", target="y")


def test_damaged_pages_are_refused_when_they_are_read(tmp_path):
    path = tmp_path / "rows.parquet"
    polars.DataFrame({"a": np.arange(4000.0), "y": [0, 1] * 2000}).write_parquet(path)
    content = bytearray(path.read_bytes())
    content[100:140] = bytes(40)
    path.write_bytes(content)
    batches = fathom.ParquetBatches(path, target="y")
    with pytest.raises(DataError, match="must be complete"):
        batches[0]
