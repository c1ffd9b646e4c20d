"""A study's curves as one long table: a row per training and epoch."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fathom.exports.tracking import Tracked, tracked_runs
from fathom.specs import one_of
from fathom.store import write_output

if TYPE_CHECKING:
    import polars as pl

    from fathom.studies import StudyResult

CURVE_FORMATS = ("csv", "json", "jsonl", "parquet")
_FORMULA_START = r"^[=+\-@\t\r\n]"


def export_curves(result: StudyResult, path: Path, *, study: str, to: str) -> None:
    """Write the curves of a study: its settings, the epoch, and what was measured then.

    Args:
        result: The study.
        path: The file to make or replace.
        study: The study's name in the store.
        to: "csv", "json", "jsonl" or "parquet".

    Raises:
        SpecError: The format is unknown.
        StoreError: The file cannot be written.
    """
    one_of("to", to, CURVE_FORMATS)
    table = curve_table(result, study=study)
    if to == "csv":
        write_output(path, _without_formulas(table).write_csv().encode())
    elif to == "parquet":
        file = io.BytesIO()
        table.write_parquet(file)
        write_output(path, file.getvalue())
    else:
        text = table.write_ndjson() if to == "jsonl" else table.write_json()
        write_output(path, text.encode())


def curve_table(result: StudyResult, *, study: str) -> pl.DataFrame:
    """Return a row per training and epoch; epoch 0 is initialisation."""
    import polars as pl

    rows = [row for run in tracked_runs(result, study=study) for row in _rows(run)]
    return pl.DataFrame(rows, infer_schema_length=None)


def _rows(run: Tracked) -> list[dict[str, Any]]:
    settings = {key: value for key, value in run.settings.items() if key != "patience"}
    known = {"study": run.tags["study"], **settings, "status": run.tags["status"]}
    return [{**known, "epoch": epoch, **values} for epoch, values in run.curves.items()]


def _without_formulas(table: pl.DataFrame) -> pl.DataFrame:
    """Return the table with texts that no spreadsheet takes for a formula."""
    import polars as pl

    texts = pl.col(pl.String)
    return table.with_columns(
        pl.when(texts.str.contains(_FORMULA_START)).then("'" + texts).otherwise(texts).name.keep()
    )
