"""Figures of a series: score by depth and value, paired differences, splits, and growth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fathom.measure import PairedComparison
from fathom.report import palette
from fathom.report.figures.canvas import (
    empty_figure,
    log_axis,
    new_figure,
    note,
    ordinal_axis,
)
from fathom.report.figures.marks import ring_choice
from fathom.report.figures.ranges import add_views
from fathom.report.markup import figure_text
from fathom.report.numbers import count_text
from fathom.report.series_table import has_verdict, series_metric, value_header
from fathom.specs import ROWS
from fathom.studies import StudyResult
from fathom.studies.series import (
    Cell,
    SeriesResult,
    against,
    chosen_cell,
    combination,
    growth,
    has_learned,
    named,
    spoken,
)

if TYPE_CHECKING:
    import plotly.graph_objects as go

SIDESTEP = 0.06  # places between values at one depth
ROW_HEIGHT = 44
MOST_ODDS = 12  # depths of which every two are shown


def series_scores(result: SeriesResult) -> go.Figure:
    """Draw the score against depth, a line per value, with standard errors."""
    metric = series_metric(result)
    title = f"Score by depth{_by_setting(result)} (validation {metric}, ± standard error)"
    if not result.cells:
        return empty_figure(title, message="No study is finished yet.")
    figure = new_figure(title, height=520)
    places = {depth: place for place, depth in enumerate(result.depths)}
    for line, colour in zip(_lines(result), _colours(result)):
        _draw_line(figure, result, line, colour, places)
    _ring(figure, result, places)
    figure.update_xaxes(ordinal_axis([str(depth) for depth in result.depths], title="depth"))
    figure.update_yaxes(title_text=f"validation {metric}", range=_range(result.cells))
    _offer_closer_look(figure, result)
    return figure


def series_differences(result: SeriesResult) -> go.Figure | None:
    """Draw how much better than the best combination others are; None if nothing is known."""
    if not result.cells or not has_verdict(result) or result.record.setting == ROWS:
        return None
    best = combination(result)
    pairs = [(cell, told) for cell, told in against(result, best) if told.low is not None]
    if not pairs:
        return None
    title = f"Paired differences from {named(result, best)}"
    figure = new_figure(title, height=170 + ROW_HEIGHT * len(pairs))
    figure.add_vline(x=0, line={"color": palette.AXIS, "width": 1.5})
    for is_clear, words in ((True, "leaves zero out"), (False, "cannot be told apart")):
        _draw_differences(figure, pairs, words, is_clear=is_clear)
    labels = [_two_lines(result, cell) for cell, _ in pairs]
    axis = ordinal_axis(labels, title="")
    figure.update_yaxes({**axis, "range": [len(pairs) - 0.5, -0.5], "showline": False})
    figure.update_xaxes(title_text=f"difference in {result.compared_on} {series_metric(result)}")
    return figure


def series_effects(result: SeriesResult) -> go.Figure | None:
    """Draw what each value is worth at each depth against the first; None where that tells nothing.

    Intervals hold together with 95%.
    """
    if result.record.setting in (None, ROWS) or len(result.values) < 2:
        return None
    first, *others = result.values
    pairs = {
        value: [
            (cell.depth, cell, base)
            for cell in result.of(value)
            for base in [result.cell(first, cell.depth)]
            if base is not None
        ]
        for value in others
    }
    count = sum(map(len, pairs.values()))
    title = f"What the {result.record.setting} is worth at each depth, against {first}"
    figure = new_figure(figure_text(title, limit=90), height=460)
    figure.add_hline(y=0, line={"color": palette.AXIS, "width": 1.5})
    places = {depth: place for place, depth in enumerate(result.depths)}
    colours = dict(zip(result.values, _colours(result)))
    for value, compared in pairs.items():
        told = [result.compare(cell, base, comparisons=count) for _, cell, base in compared]
        step = _step(result, value)
        figure.add_scatter(
            x=[places[depth] + step for depth, _, _ in compared],
            y=[one.difference for one in told],
            error_y=_interval_bars(told),
            mode="lines+markers",
            name=figure_text(value_header(result, value), limit=24),
            line={"color": colours[value], "width": 1.5, "dash": "dot"},
            marker={
                "size": 9,
                "color": colours[value],
                "symbol": ["circle" if one.is_clear else "circle-open" for one in told],
            },
            hovertemplate="%{y:+.3f}<extra>%{fullData.name}</extra>",
            showlegend=True,
        )
    figure.update_xaxes(ordinal_axis([str(depth) for depth in result.depths], title="depth"))
    figure.update_yaxes(title_text=f"difference in {result.compared_on} {series_metric(result)}")
    return figure


def _interval_bars(told: Sequence[PairedComparison]) -> dict[str, Any]:
    return {
        "type": "data",
        "symmetric": False,
        "array": [0 if one.high is None else one.high - one.difference for one in told],
        "arrayminus": [0 if one.low is None else one.difference - one.low for one in told],
        "thickness": 1.5,
        "width": 4,
    }


def series_splits(result: SeriesResult) -> go.Figure | None:
    """Draw the score against depth on each split, and their mean; None for a single split."""
    if result.splits < 2 or not result.cells or not has_verdict(result):
        return None
    value = combination(result).value
    cells = [cell for cell in result.of(value) if _is_main(result, cell)]
    where = "" if value is None else f" {figure_text(spoken(result, value))}"
    figure = new_figure(f"Score by depth on each split{where}", height=460)
    places = list(range(len(cells)))
    for split in sorted(set.intersection(*(set(cell.scores) for cell in cells))):
        figure.add_scatter(
            x=places,
            y=[cell.scores[split] for cell in cells],
            mode="lines+markers",
            name="one split",
            legendgroup="splits",
            showlegend=split == 0,
            line={"color": palette.AXIS, "width": 1.2},
            marker={"size": 5, "color": palette.AXIS},
            hovertemplate=f"split {split + 1}: %{{y:.3f}}<extra></extra>",
        )
    _draw_alone(figure, result, value, cells)
    figure.add_scatter(
        x=places,
        y=[cell.mean for cell in cells],
        mode="lines+markers",
        name="mean over splits",
        line={"color": palette.VALIDATION, "width": 2.5},
        marker={"size": 8, "color": palette.VALIDATION},
        hovertemplate="%{y:.3f}<extra>mean</extra>",
    )
    figure.update_xaxes(ordinal_axis([str(cell.depth) for cell in cells], title="depth"))
    figure.update_yaxes(title_text=f"validation {series_metric(result)}")
    return figure


def series_odds(result: SeriesResult) -> go.Figure | None:
    """Draw the probability that each depth beats each other; None where nothing varies."""
    if not result.cells or not has_verdict(result):
        return None
    value = combination(result).value
    cells = [cell for cell in result.of(value) if _is_main(result, cell)]
    if not 1 < len(cells) <= MOST_ODDS or result.aligned(cells)[0].shape[1] < 2:
        return None
    chances = [[_chance(result, one, other) for other in cells] for one in cells]
    where = "" if value is None else f" {figure_text(spoken(result, value))}"
    figure = new_figure(
        f"Probability that one depth beats another{where}", height=200 + 36 * len(cells)
    )
    figure.add_heatmap(
        z=chances,
        text=[["" if c is None else f"{100 * c:.0f}" for c in row] for row in chances],
        texttemplate="%{text}",
        textfont={"size": 12, "color": palette.INK},
        colorscale=palette.heat_scale(),
        zmin=0,
        zmax=1,
        showscale=False,
        xgap=2,
        ygap=2,
        hovertemplate="%{text} in 100<extra></extra>",
    )
    labels = [str(cell.depth) for cell in cells]
    figure.update_xaxes(ordinal_axis(labels, title="than depth"))
    axis = ordinal_axis(labels, title="depth")
    figure.update_yaxes({**axis, "range": [len(cells) - 0.5, -0.5]})
    return figure


def series_growth(result: SeriesResult) -> go.Figure | None:
    """Draw what the deeper network gains by training rows; None where rows are not compared."""
    if result.record.setting != ROWS or len(result.values) < 2 or not has_verdict(result):
        return None
    found = growth(result)
    if found is None:
        return None
    figure = new_figure(
        f"What depth {found.deep} gains over depth {found.shallow}, by training rows", height=460
    )
    figure.add_hline(y=0, line={"color": palette.AXIS, "width": 1.5})
    rows = [gain.rows for gain in found.gains]
    drawn = [float(one) for one in rows]
    if found.crossing is not None:
        drawn += _draw_crossing(figure, found.crossing)
    figure.add_scatter(
        x=rows,
        y=[gain.difference for gain in found.gains],
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [(gain.high or gain.difference) - gain.difference for gain in found.gains],
            "arrayminus": [gain.difference - (gain.low or gain.difference) for gain in found.gains],
            "thickness": 1.5,
            "width": 4,
        },
        mode="lines+markers",
        name="paired difference, with intervals that hold together",
        line={"color": palette.VALIDATION, "width": 2},
        marker={"size": 8, "color": palette.VALIDATION},
        hovertemplate="%{x:,} rows: %{y:+.3f}<extra></extra>",
    )
    figure.update_xaxes(
        **log_axis(drawn, written=lambda tick: count_text(round(tick))),
        title_text="training rows (log)",
        range=[math.log10(min(drawn)) - 0.1, math.log10(max(drawn)) + 0.1],
    )
    figure.update_yaxes(title_text=f"difference in {result.compared_on} {series_metric(result)}")
    return figure


# -- parts -----------------------------------------------------------------------------


def _by_setting(result: SeriesResult) -> str:
    return "" if result.record.setting is None else f" and {result.record.setting}"


def _lines(result: SeriesResult) -> list[list[Cell]]:
    """Return the cells of each line: one per value and width."""
    lines: dict[tuple[str | None, int], list[Cell]] = {}
    for value in result.values:
        widths = {cell.width for cell in result.of(value) if cell.depth}
        are_matched = len({cell.depth for cell in result.of(value)}) == len(result.of(value))
        for cell in result.of(value):
            is_one = len(widths) < 2 or are_matched or not cell.depth
            lines.setdefault((value, 0 if is_one else cell.width), []).append(cell)
    return list(lines.values())


def _is_main(result: SeriesResult, cell: Cell) -> bool:
    """Return whether a cell is of the best combination's width, or has no width of its own."""
    cells = result.of(cell.value)
    if len({one.depth for one in cells}) == len(cells):
        return True
    return cell.depth == 0 or cell.width == combination(result).width


def _colours(result: SeriesResult) -> list[str]:
    lines = _lines(result)
    if result.setting is not None and result.setting.has_order:
        return palette.depth_colours(len(lines))
    return [palette.category(place) for place in range(len(lines))]


def _draw_line(
    figure: go.Figure,
    result: SeriesResult,
    line: Sequence[Cell],
    colour: str,
    places: dict[int, int],
) -> None:
    step = _step(result, line[-1].value)
    figure.add_scatter(
        x=[places[cell.depth] + step for cell in line],
        y=[cell.mean for cell in line],
        error_y={
            "type": "data",
            "array": [cell.error for cell in line],
            "thickness": 1.5,
            "width": 4,
        },
        mode="lines+markers",
        name=_name(result, line),
        line={"color": colour, "width": 2},
        marker={
            "size": 9,
            "color": colour,
            "symbol": ["x" if cell.has_failed else "circle" for cell in line],
        },
        customdata=[[cell.error, _test_text(cell)] for cell in line],
        hovertemplate="%{y:.3f} ± %{customdata[0]:.3f}%{customdata[1]}"
        "<extra>%{fullData.name}</extra>",
    )
    if result.record.setting is None:
        _draw_test(figure, line, places)


def _draw_test(figure: go.Figure, line: Sequence[Cell], places: dict[int, int]) -> None:
    known = [cell for cell in line if None not in (cell.test, cell.test_low, cell.test_high)]
    figure.add_scatter(
        x=[places[cell.depth] + 2 * SIDESTEP for cell in known],
        y=[cell.test for cell in known],
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [(cell.test_high or 0) - (cell.test or 0) for cell in known],
            "arrayminus": [(cell.test or 0) - (cell.test_low or 0) for cell in known],
            "thickness": 1,
            "width": 3,
            "color": palette.FAINT_TEST,
        },
        mode="markers",
        name="test, with its 95% interval",
        marker={"size": 8, "color": palette.TEST, "symbol": "diamond"},
        hovertemplate="test %{y:.3f}<extra></extra>",
    )


def _name(result: SeriesResult, line: Sequence[Cell]) -> str:
    value = line[-1].value
    if value is None:
        widths = {cell.width for cell in result.cells if cell.depth}
        return f"width {line[-1].width}" if len(widths) > 1 else "validation"
    return figure_text(value_header(result, value), limit=24)


def _test_text(cell: Cell) -> str:
    return "" if cell.test is None else f"<br>test {cell.test:.3f}"


def _step(result: SeriesResult, value: str | None) -> float:
    middle = (len(result.values) - 1) / 2
    return (result.values.index(value) - middle) * SIDESTEP


def _ring(figure: go.Figure, result: SeriesResult, places: dict[int, int]) -> None:
    """Mark the best combination, and more quietly what each other value would choose."""
    if not has_verdict(result):
        return
    best = combination(result)
    own = [chosen_cell(result, result.of(v)) for v in result.values if has_learned(result, v)]
    others = [cell for cell in own if cell is not best]
    if others:
        figure.add_scatter(
            x=[places[cell.depth] + _step(result, cell.value) for cell in others],
            y=[cell.mean for cell in others],
            mode="markers",
            name="enough for its value",
            marker={
                "symbol": "circle-open",
                "size": 17,
                "color": palette.MUTED,
                "line": {"width": 1.5, "color": palette.MUTED},
            },
            hoverinfo="skip",
        )
    name = "best combination" if result.record.setting else "chosen depth"
    ring_choice(figure, places[best.depth] + _step(result, best.value), best.mean, name=name)


def _range(cells: Sequence[Cell]) -> list[float]:
    marks = [cell.mean + sign * cell.error for cell in cells for sign in (-1, 1)]
    if all(cell.value is None for cell in cells):
        marks += [
            end for cell in cells for end in (cell.test_low, cell.test_high) if end is not None
        ]
    low, high = min(marks), max(marks)
    pad = 0.08 * max(high - low, 1e-3)
    return [low - pad, high + pad]


def _offer_closer_look(figure: go.Figure, result: SeriesResult) -> None:
    """Add buttons that leave out what failed, where it squeezes the others together."""
    learned = [cell for cell in result.cells if not cell.has_failed]
    if not 1 < len(learned) < len(result.cells):
        return
    add_views(figure, {"all": _range(result.cells), "those that learned": _range(learned)})


def _two_lines(result: SeriesResult, cell: Cell) -> str:
    words = figure_text(spoken(result, cell.value), limit=34)
    is_wide = len({one.width for one in result.of(cell.value) if one.depth}) > 1
    width = f", width {cell.width}" if is_wide and cell.depth and not words else ""
    return f"depth {cell.depth}{width}" + (f"<br>{words}" if words else "")


def _draw_differences(
    figure: go.Figure,
    pairs: Sequence[tuple[Cell, PairedComparison]],
    words: str,
    *,
    is_clear: bool,
) -> None:
    shown = [(place, told) for place, (_, told) in enumerate(pairs) if told.is_clear == is_clear]
    if not shown:
        return
    colour = palette.VALIDATION if is_clear else palette.MUTED
    figure.add_scatter(
        y=[place for place, _ in shown],
        x=[told.difference for _, told in shown],
        error_x=_interval_bars([told for _, told in shown]),
        mode="markers",
        name=words,
        marker={"size": 10, "color": colour, "symbol": "circle" if is_clear else "circle-open"},
        customdata=[[told.low, told.high, 100 * (told.probability or 0)] for _, told in shown],
        hovertemplate="%{x:+.3f} [%{customdata[0]:+.3f}, %{customdata[1]:+.3f}]<br>"
        "better in %{customdata[2]:.0f} of 100 draws<extra></extra>",
    )


def _draw_alone(
    figure: go.Figure, result: SeriesResult, value: str | None, cells: Sequence[Cell]
) -> None:
    """Mark what each split alone would choose."""
    places = {cell.place: place for place, cell in enumerate(cells)}
    found = {split: _chosen_place(one) for split, one in result.results_of(value).items()}
    marks = [
        (places[place], cells[places[place]].scores[split])
        for split, place in found.items()
        if place in places and split in cells[places[place]].scores
    ]
    if marks:
        figure.add_scatter(
            x=[x for x, _ in marks],
            y=[y for _, y in marks],
            mode="markers",
            name="what a split alone would choose",
            marker={
                "symbol": "circle-open",
                "size": 13,
                "color": palette.TEST,
                "line": {"width": 2, "color": palette.TEST},
            },
            hoverinfo="skip",
        )


def _chosen_place(result: StudyResult) -> tuple[int, int]:
    verdict = result.verdict
    if verdict is None or verdict.depth is None or verdict.width is None:
        return -1, -1
    return verdict.depth, verdict.width


def _chance(result: SeriesResult, one: Cell, other: Cell) -> float | None:
    return None if one is other else result.compare(one, other).probability


def _draw_crossing(figure: go.Figure, crossing: tuple[float, float, float]) -> list[float]:
    """Draw where the gap would close, with its interval; return the rows that were drawn."""
    estimate, low, high = crossing
    figure.add_vrect(x0=low, x1=high, fillcolor=palette.BAND, line_width=0, layer="below")
    figure.add_vline(x=estimate, line={"color": palette.MUTED, "dash": "dash", "width": 1})
    note(
        figure,
        " level, if it goes on so",
        x=math.log10(estimate),
        xref="x",
        xanchor="right",
        y=0.02,
        yref="paper",
        yanchor="bottom",
    )
    return [estimate, low, high]
