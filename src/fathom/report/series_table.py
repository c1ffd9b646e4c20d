"""A series as rows of text, the same on a page and in a terminal, and as JSON data."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

from fathom.report.numbers import ABSENT, count_text, interval_text, score_text
from fathom.specs import ROWS
from fathom.studies.series import (
    Cell,
    SeriesResult,
    against,
    chosen_cell,
    combination,
    difference_words,
    growth,
    has_learned,
    percent,
    probabilities,
)

METRICS = {"accuracy": "accuracy", "r2": "R²"}
FAILED = "†"
BEST, CHOSEN = "best", "enough"


@dataclass(frozen=True, kw_only=True)
class SeriesRow:
    """A line of a series' table, ready to be printed.

    Args:
        cells: Text by header, in the order of the columns.
        marks: By header: "best" for the best combination, "enough" for what a value would
            choose for itself.
    """

    cells: dict[str, str]
    marks: dict[str, str]


def series_metric(result: SeriesResult) -> str:
    """Return what the score is called."""
    return METRICS.get(result.record.metric, result.record.metric)


def has_verdict(result: SeriesResult) -> bool:
    """Return whether anything that is finished learned something."""
    return any(has_learned(result, value) for value in result.values)


def series_rows(result: SeriesResult) -> list[SeriesRow]:
    """Return a line per depth: a column per value, or the whole of it for splits alone."""
    if not result.cells:
        return []
    return _matrix(result) if result.record.setting else _depth_rows(result)


def _matrix(result: SeriesResult) -> list[SeriesRow]:
    best = combination(result) if has_verdict(result) else None
    own = {
        value: chosen_cell(result, result.of(value))
        for value in result.values
        if has_learned(result, value)
    }
    return [_matrix_row(result, depth, best, own) for depth in result.depths]


def _matrix_row(
    result: SeriesResult, depth: int, best: Cell | None, own: dict[str | None, Cell]
) -> SeriesRow:
    cells, marks = {"depth": str(depth)}, {}
    for value in result.values:
        header, cell = value_header(result, value), result.cell(value, depth)
        cells[header] = ABSENT if cell is None else _score(cell)
        if cell is not None and cell is own.get(value):
            marks[header] = BEST if cell is best else CHOSEN
    return SeriesRow(cells=cells, marks=marks)


def value_header(result: SeriesResult, value: str | None) -> str:
    """Return what a column of a value is called."""
    if result.record.setting == ROWS:
        return f"{count_text(result.training_rows(value))} rows"
    return str(value)


def _score(cell: Cell) -> str:
    text = f"{score_text(cell.mean)} ± {score_text(cell.error)}"
    return f"{text} {FAILED}" if cell.has_failed else text


def _depth_rows(result: SeriesResult) -> list[SeriesRow]:
    best = combination(result) if has_verdict(result) else None
    shares = probabilities(result, result.cells) or [None] * len(result.cells)
    told = {} if best is None else {cell.place: told for cell, told in against(result, best)}
    alone = _chosen_alone(result)
    rows = []
    for cell, share in zip(result.cells, shares):
        pair = told.get(cell.place)
        cells = {
            "depth": str(cell.depth),
            **({"width": _width(cell)} if _is_wide(result) else {}),
            "parameters": count_text(cell.parameters),
            f"validation {series_metric(result)} (± se)": _score(cell),
            f"test {series_metric(result)} [95%]": interval_text(
                cell.test, cell.test_low, cell.test_high
            ),
            "difference": ABSENT if pair is None else difference_words(pair),
            "best": ABSENT if share is None else percent(share),
            "alone": str(alone[cell.place] or ABSENT),
        }
        rows.append(SeriesRow(cells=cells, marks={"depth": BEST} if cell is best else {}))
    return rows


def _is_wide(result: SeriesResult) -> bool:
    return len({cell.width for cell in result.cells if cell.depth}) > 1


def _width(cell: Cell) -> str:
    return count_text(cell.width) if cell.depth else ABSENT  # the linear model has none


def _chosen_alone(result: SeriesResult) -> Counter[tuple[int | None, int | None]]:
    verdicts = [one.verdict for value in result.values for one in result.results_of(value).values()]
    return Counter((one.depth, one.width) for one in verdicts if one is not None)


def series_notes(result: SeriesResult) -> list[str]:
    """Return what the marks and columns of `series_rows` mean."""
    over = "splits" if result.splits > 1 else "seeds and validation rows"
    notes = [f"Validation {series_metric(result)} ± its standard error over {over}."]
    if any(cell.has_failed for cell in result.cells):
        notes.append(f"{FAILED} learned far less than the best did.")
    if result.record.setting is None:
        notes.append(
            "Difference: from the chosen depth, paired by split; the intervals hold together with "
            "95%. Best: probability that its mean is the highest. Alone: splits that choose it."
        )
    return notes


def series_document(result: SeriesResult) -> dict[str, Any]:
    """Return the whole of a series as JSON data; what is unknown is None."""
    record = result.record
    best = combination(result) if result.cells and has_verdict(result) else None
    return {
        "setting": record.setting,
        "values": list(record.values),
        "splits": record.splits,
        "seeds": result.seeds,
        "source": record.dataset["source"],
        "task": record.dataset["task"],
        "metric": record.metric,
        "paired_by": result.block,
        "overlap": result.overlap,
        "trainings": record.trainings,
        "studies": [_member(result, place) for place in range(len(record.members))],
        "combinations": [_cell(result, cell) for cell in result.cells],
        "chosen": {
            str(value): chosen_cell(result, result.of(value)).depth
            for value in result.values
            if value is not None and has_learned(result, value)
        },
        "against_best": []
        if best is None
        else [
            {"value": cell.value, "depth": cell.depth, "width": cell.width, **asdict(told)}
            for cell, told in against(result, best)
        ],
        "beats": _beats(result),
        "growth": _growth(result),
        "rows": record.dataset["rows"],
        "notices": record.dataset.get("notices", []),
        "versions": record.versions,
        "machine": record.machine,
    }


def _member(result: SeriesResult, place: int) -> dict[str, Any]:
    member = result.record.members[place]
    found = result.studies.get(member.name)
    return {
        "name": member.name,
        "value": member.value,
        "split": member.split,
        "training_rows": member.training_rows,
        "depth": found.verdict.depth if found and found.verdict else None,
        "is_finished": found is not None and found.verdict is not None,
    }


def _cell(result: SeriesResult, cell: Cell) -> dict[str, Any]:
    shares = probabilities(result, result.of(cell.value))
    place = result.of(cell.value).index(cell)
    return {
        "value": cell.value,
        "depth": cell.depth,
        "width": cell.width,
        "parameters": cell.parameters,
        "training_rows": result.training_rows(cell.value),
        "validation": {"mean": cell.mean, "se": cell.error, "n": len(cell.scores)},
        "scores": {str(block): score for block, score in cell.scores.items()},
        "test": None
        if cell.test is None
        else {"mean": cell.test, "low": cell.test_low, "high": cell.test_high},
        "learning_rates": list(cell.learning_rates),
        "probability_best": None if shares is None else shares[place],
        "failed": cell.failed,
        "studies": cell.studies,
        "diverged": cell.diverged,
        "gradient_ratio": cell.gradient_ratio,
        "train_seconds": cell.train_seconds,
    }


def _beats(result: SeriesResult) -> list[dict[str, Any]]:
    """Return for every two depths of a value how the first does against the second."""
    return [
        {
            "value": value,
            "first": {"depth": first.depth, "width": first.width},
            "second": {"depth": second.depth, "width": second.width},
            **asdict(result.compare(first, second)),
        }
        for value in result.values
        for cells in [result.of(value)]
        for place, first in enumerate(cells)
        for second in cells[place + 1 :]
    ]


def _growth(result: SeriesResult) -> dict[str, Any] | None:
    if result.record.setting != ROWS or len(result.values) < 2 or not has_verdict(result):
        return None
    found = growth(result)
    return None if found is None else asdict(found)
