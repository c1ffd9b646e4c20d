"""The study's table in formatted strings: the same on the page, in a terminal and in a notebook."""

from __future__ import annotations

from dataclasses import dataclass

from fathom.report.facts import (
    baseline_name,
    chosen_row,
    has_several_widths,
    is_width_named,
    metric_name,
    score_digits,
)
from fathom.report.markup import Markup, element, plain
from fathom.report.numbers import (
    ABSENT,
    count_text,
    interval_text,
    milliseconds_text,
    rate_text,
    ratio_text,
    score_text,
    seconds_text,
    short_count_text,
    size_text,
    spread_text,
)
from fathom.specs import BaselineRecord, RegularizedRecord
from fathom.studies import DepthRow, StudyResult, regularized_score, setting_in_words


@dataclass(frozen=True, kw_only=True)
class DisplayRow:
    """A line of the table, ready to be printed.

    Args:
        cells: Text by header, in the order of the columns; headers name their units.
        is_chosen: Whether the verdict chose this line's network.
        is_baseline: Whether this is a model that is not one of the study's networks.
    """

    cells: dict[str, str]
    is_chosen: bool = False
    is_baseline: bool = False


def table_rows(result: StudyResult) -> list[DisplayRow]:
    """Return a line per architecture, in the study's order, then one per baseline.

    A depth that was trained again with regularisation comes between them.

    Cells are like "0.968 [0.960, 0.975]", "13,130", "1e-3", "4e-05", "2 of 15";
    a dash stands for what was not measured.
    """
    rows = result.rows()
    if not rows:
        return []
    chosen = chosen_row(result)
    digits = score_digits(result)
    return [
        DisplayRow(cells=_network_cells(result, row, digits=digits), is_chosen=row == chosen)
        for row in rows
    ] + [
        DisplayRow(cells=_beside(result, cells), is_baseline=True)
        for cells in (
            *(_regularized_cells(result, one, digits=digits) for one in result.regularized),
            *(_baseline_cells(result, one, digits=digits) for one in result.baselines),
        )
        if cells
    ]


def html_table(result: StudyResult) -> str:
    """Return the table as HTML; the chosen depth's line is bold and marked."""
    rows = table_rows(result)
    if not rows:
        return element("p", "No member has been trained yet.")
    head = element(
        "tr",
        [element("th", header.replace("± ", "±\u00a0"), scope="col") for header in rows[0].cells],
    )
    body = [_html_row(row) for row in rows]
    return element("table", element("thead", head), element("tbody", body), class_="fathom-table")


def _html_row(row: DisplayRow) -> Markup:
    first, *others = row.cells.values()
    mark = element("span", "chosen", class_="mark") if row.is_chosen else None
    gap = " " if row.is_chosen else None
    cells = [element("th", _bold(first, row), gap, mark, scope="row")]
    cells += [element("td", _bold(cell, row)) for cell in others]
    kind = "chosen" if row.is_chosen else "baseline" if row.is_baseline else None
    return element("tr", cells, class_=kind)


def _bold(cell: str, row: DisplayRow) -> object:
    return element("strong", cell) if row.is_chosen else cell


def _network_cells(result: StudyResult, row: DepthRow, *, digits: int) -> dict[str, str]:
    members = sum(score.n for _, score in row.rates) + row.dropped
    width = {"width": str(row.width) if is_width_named(result, row) else ABSENT}
    test = row.test
    return {
        "depth": str(row.depth),
        **(width if has_several_widths(result) else {}),
        "parameters": count_text(row.parameters),
        "learning rate": rate_text(row.learning_rate),
        _validation_header(result): spread_text(row.validation, digits=digits),
        _test_header(result): ABSENT
        if test is None
        else interval_text(test.mean, test.low, test.high, digits=digits),
        "diverged": f"{row.diverged} of {members}" if row.diverged else "none",
        **({"let go": f"{row.dropped} of {members}"} if result.spec.is_staged else {}),
        "gradient, first ÷ last layer": ratio_text(row.gradient_ratio),
        "kept epoch": ABSENT if row.best_epoch is None else f"{row.best_epoch:.0f}",
        "training (s)": seconds_text(row.train_seconds),
        **_prediction_cells(result, row),
    }


def _prediction_cells(result: StudyResult, row: DepthRow) -> dict[str, str]:
    """Return what a prediction costs, where the study knows it of any depth."""
    rows = result.rows()
    memory = ABSENT if row.bytes is None else size_text(row.bytes)
    cells = {
        "memory of training": memory,
        "operations per row": short_count_text(row.flops),
        "one row (ms)": milliseconds_text(row.latency_ms),
        "a row in batches (ms)": milliseconds_text(row.batch_ms),
    }
    known = {
        "memory of training": any(other.bytes is not None for other in rows),
        "operations per row": any(other.flops is not None for other in rows),
        "one row (ms)": any(other.latency_ms is not None for other in rows),
        "a row in batches (ms)": any(other.batch_ms is not None for other in rows),
    }
    return {header: cell for header, cell in cells.items() if known[header]}


def _beside(result: StudyResult, cells: dict[str, str]) -> dict[str, str]:
    """Return the cells of a line that is not one of the networks, under the same headers."""
    headers = _network_cells(result, result.rows()[0], digits=3)
    return {header: cells.get(header, ABSENT) for header in headers}


def _baseline_cells(
    result: StudyResult, baseline: BaselineRecord, *, digits: int
) -> dict[str, str]:
    return {
        "depth": plain(baseline_name(baseline.name), limit=40),
        _validation_header(result): score_text(baseline.validation, digits=digits),
        _test_header(result): interval_text(
            baseline.test, baseline.low, baseline.high, digits=digits
        ),
        "training (s)": seconds_text(baseline.train_seconds) if baseline.train_seconds else ABSENT,
    }


def _regularized_cells(
    result: StudyResult, told: RegularizedRecord, *, digits: int
) -> dict[str, str]:
    """Return the line of a depth trained again; {} where it was not."""
    score = regularized_score(told)
    if score is None:
        return {}
    width = f" × {told.width}" if has_several_widths(result) else ""
    return {
        "depth": f"depth {told.depth}{width} with {setting_in_words(told)}",
        "learning rate": rate_text(told.learning_rate),
        _validation_header(result): spread_text(score, digits=digits),
        _test_header(result): interval_text(told.mean, told.low, told.high, digits=digits),
        "training (s)": seconds_text(told.train_seconds),
    }


def _validation_header(result: StudyResult) -> str:
    return f"validation {metric_name(result)} (± se)"


def _test_header(result: StudyResult) -> str:
    return f"test {metric_name(result)} [95%]"
