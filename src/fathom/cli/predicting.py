"""`fathom predict`: new rows, with a study's own preprocessing."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from fathom.cli.documents import print_document
from fathom.cli.options import Json, StoreFolder
from fathom.cli.terminal import messages, plain, print_where
from fathom.errors import DataError, SpecError

if TYPE_CHECKING:
    import numpy as np

    from fathom.data import Preprocessing, Rows

EXAMPLES = """\
Examples:

  fathom predict prices-20261121-101500 new.csv > predicted.csv
  fathom predict prices-20261121-101500 new.csv --out predicted.csv
  fathom predict best.keras rows.npz --json"""
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True, kw_only=True)
class Predictions:
    """What a model says about new rows.

    Args:
        columns: Values by the name of their column, as many as there are rows.
        document: The same as JSON data.
        notices: What was detected and decided while reading the rows.
    """

    columns: dict[str, Sequence[Any]]
    document: dict[str, Any]
    notices: Sequence[str] = ()


def predict(
    model: Annotated[
        str, Parameter(help="A study's name, or a .keras file.", metavar="STUDY|FILE.keras")
    ],
    rows: Annotated[
        str,
        Parameter(
            help="The new rows: what the study was made from, the target left out or not. For a "
            ".keras file, a .npz with x or a table of numbers, as the model takes them.",
            metavar="FILE",
        ),
    ],
    /,
    *,
    out: Annotated[
        Path | None, Parameter(metavar="FILE.csv", help="The file. Without it, stdout.")
    ] = None,
    store: StoreFolder = None,
    json: Json = False,
) -> None:
    """Predict new rows: class names with their probabilities, or values in the target's units.

    With a study, rows are treated as its training rows were. A .keras file knows of no
    preprocessing: it gives its raw outputs.
    """
    from fathom.store import check_output

    if out is not None:
        out = out.expanduser()
        _check_ending(out)
        check_output(out)
    is_file = model.lower().endswith(".keras")
    predictions = _by_file(model, rows) if is_file else _by_study(model, rows, store)
    for notice in predictions.notices:
        messages().print(plain(notice), style="dim")
    _write(predictions, out, json=json)


def _check_ending(path: Path) -> None:
    if path.suffix.lower() != ".csv":
        raise SpecError(
            f"The file of --out must end in .csv. Received: {path}.",
            hint=f"use --out {path.with_suffix('.csv')}" if path.name else None,
        )


# -- with a study --------------------------------------------------------------------


def _by_study(name: str, source: str, store: Path | None) -> Predictions:
    from fathom.api import open_study

    study = open_study(name, store=store)
    preprocessing = study.preprocessing()
    if preprocessing is None:
        raise DataError(f"{study.name} was stored without its preprocessing.")
    rows = preprocessing.transform(source)
    outputs = _outputs(study.best_model(), rows.x)
    return _in_words(study.name, preprocessing, rows, outputs)


def _in_words(
    name: str, preprocessing: Preprocessing, rows: Rows, outputs: np.ndarray
) -> Predictions:
    labels = preprocessing.labels(outputs).tolist()
    classes = preprocessing.target.classes
    probabilities = _shortest(_probabilities(outputs)) if classes else []
    files = {rows.names_are: rows.names} if rows.names else {}
    return Predictions(
        columns={
            **files,
            "prediction": labels,
            **{f"probability {name}": column for name, column in zip(classes, zip(*probabilities))},
        },
        document={
            "study": name,
            "target": preprocessing.target.name,
            "task": preprocessing.target.task,
            **files,
            "predictions": labels,
            **({"classes": classes, "probabilities": probabilities} if classes else {}),
            "notices": rows.notices,
        },
        notices=rows.notices,
    )


def _probabilities(outputs: np.ndarray) -> np.ndarray:
    """Return a column per class; one output is the probability of the second of two."""
    import numpy as np

    if outputs.shape[1] > 1:
        return outputs
    return np.concatenate([1 - outputs, outputs], axis=1)


def _outputs(model: Any, x: np.ndarray) -> np.ndarray:
    return model.predict(x, verbose=0)


def _shortest(values: np.ndarray) -> Any:
    """Return float32 values as lists of the shortest numbers that are the same in float32."""
    if values.ndim:
        return [_shortest(one) for one in values]
    return float(str(values))


# -- with a .keras file ----------------------------------------------------------------


def _by_file(path: str, source: str) -> Predictions:
    from fathom import models
    from fathom.cli.raw_inputs import raw_inputs

    model = models.load_model(path)
    outputs = _outputs(model, raw_inputs(source, model))
    flat = outputs.reshape(len(outputs), -1)
    names = [f"output {place}" for place in range(1, flat.shape[1] + 1)]
    return Predictions(
        columns=dict(zip(names, _shortest(flat.T))),
        document={"model": path, "outputs": _shortest(outputs)},
    )


# -- what comes out -----------------------------------------------------------------------


def _write(predictions: Predictions, out: Path | None, *, json: bool) -> None:
    if out is not None:
        from fathom.store import write_output

        write_output(out, _as_csv(predictions).encode(errors="backslashreplace"))
    if json:
        written = {} if out is None else {"written": out.absolute()}
        print_document({**predictions.document, **written})
    elif out is not None:
        print_where("predictions", out)
    else:
        print(_as_csv(predictions), end="")


def _as_csv(predictions: Predictions) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(map(_cell, predictions.columns))
    writer.writerows(map(_cell, row) for row in zip(*predictions.columns.values()))
    return text.getvalue()


def _cell(value: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula; numbers stay numbers."""
    if isinstance(value, str) and value.startswith(FORMULA_STARTS) and not _is_number(value):
        return f"'{value}"
    return value


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
