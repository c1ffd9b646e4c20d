"""Score against depth: the figure that answers the question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fathom.report import palette
from fathom.report.facts import (
    Series,
    all_series,
    chosen_row,
    depth_words,
    depths_of,
    is_diverged,
    kept_score,
    metric_axis,
)
from fathom.report.figures.canvas import empty_figure, new_figure, ordinal_axis
from fathom.report.figures.marks import error_bars, ring_choice
from fathom.report.figures.ranges import offer_closer_look, score_range
from fathom.report.figures.reference import draw_band, draw_baselines
from fathom.report.numbers import counted
from fathom.studies import DepthRow, StudyResult

if TYPE_CHECKING:
    import plotly.graph_objects as go

TITLE = "Score against depth"
SIDESTEP = 0.09  # places between a depth's validation and test marks


@dataclass(frozen=True)
class Line:
    """One series, and how it is drawn.

    Args:
        series: Its rows.
        places: Place of each row on the depth axis.
        validation: Colour of its validation scores.
        test: Colour of its test scores.
        seeds: Colour of its single seeds.
    """

    series: Series
    places: list[float]
    validation: str
    test: str
    seeds: str

    def legend(self, what: str, *, is_key: bool = False) -> dict[str, Any]:
        """Return a trace's legend entry; of several lines, the legend names each once."""
        if not self.series.name:
            return {"name": what}
        name = what if is_key else self.series.name
        return {
            "name": name,
            "legendgroup": self.series.name,
            "showlegend": not is_key,
        }


def depth_curve(result: StudyResult) -> go.Figure:
    """Draw validation and test score against depth.

    Bars are the standard error over seeds (validation) and the 95% bootstrap
    interval (test). Depths stand at 0, 1, 2, ... in order; their numbers are
    the tick labels.
    """
    lines = _lines(result)
    if not lines:
        return empty_figure(TITLE)
    figure = new_figure(TITLE, height=540)
    for line in lines:
        _draw_seeds(figure, result, line)
        _draw_validation(figure, result, line)
        _draw_test(figure, line)
    if len(lines) > 1:
        _explain_marks(figure)
    draw_band(figure, result)
    _draw_choice(figure, result)
    low, high = score_range(result, result.rows())
    draw_baselines(figure, result, low, high)
    figure.update_xaxes(ordinal_axis(_tick_texts(result), title=depth_words(result)))
    figure.update_yaxes(title_text=metric_axis(result), range=[low, high])
    figure.update_layout(margin_r=112 if result.baselines else 24)
    offer_closer_look(figure, result, (low, high))
    return figure


def _lines(result: StudyResult) -> list[Line]:
    series = all_series(result)
    if len(series) == 1:
        colours = [(palette.VALIDATION, palette.TEST, palette.FAINT_VALIDATION)]
    else:
        colours = [(palette.category(at),) * 3 for at in range(len(series))]
    depths = depths_of(result)
    middle = (len(series) - 1) / 2
    return [
        Line(one, [depths.index(row.depth) + (at - middle) * 0.2 for row in one.rows], *colours[at])
        for at, one in enumerate(series)
    ]


def _draw_seeds(figure: go.Figure, result: StudyResult, line: Line) -> None:
    places, scores, texts, symbols = [], [], [], []
    for place, row in zip(line.places, line.series.rows):
        for run in result.runs_at_best(row):
            places.append(place - SIDESTEP)
            scores.append(kept_score(result, run))
            symbols.append("x-thin-open" if is_diverged(run) else "circle")
            texts.append(f"seed {run.seed}" + (", diverged" if is_diverged(run) else ""))
    figure.add_scatter(
        x=places,
        y=scores,
        mode="markers",
        **line.legend("one seed, validation", is_key=True),
        text=texts,
        marker={"symbol": symbols, "size": 6, "color": line.seeds, "opacity": 0.75},
        hovertemplate="%{text}: %{y:.4f}<extra></extra>",
    )


def _draw_validation(figure: go.Figure, result: StudyResult, line: Line) -> None:
    rows = line.series.rows
    bars = error_bars(rows)
    counts = sorted({row.validation.n for row in rows})
    fewest = f"{counts[0]} to " if len(counts) > 1 else ""
    seeds = f"{fewest}{counted(counts[-1], 'seed')}"
    spread = f"mean of {seeds} ± standard error" if bars else seeds
    figure.add_scatter(
        x=[place - SIDESTEP for place in line.places],
        y=[row.validation.mean for row in rows],
        error_y=bars,
        mode="lines+markers",
        **line.legend(f"validation, {spread}"),
        line={"color": line.validation, "width": 2.2},
        marker={"size": 8},
        customdata=[_row_facts(row) for row in rows],
        hovertemplate=_HOVER.format(what="validation"),
    )


def _draw_test(figure: go.Figure, line: Line) -> None:
    read = [
        (place, row, row.test)
        for place, row in zip(line.places, line.series.rows)
        if row.test is not None and row.test.mean is not None
    ]
    if not read:
        return
    means = [test.mean for _, _, test in read]
    figure.add_scatter(
        x=[place + SIDESTEP for place, _, _ in read],
        y=means,
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [_reach(test.high, mean) for (_, _, test), mean in zip(read, means)],
            "arrayminus": [_reach(mean, test.low) for (_, _, test), mean in zip(read, means)],
            "thickness": 1.6,
            "width": 4,
        },
        mode="markers",
        **line.legend("test, 95% interval", is_key=True),
        marker={"symbol": "diamond", "size": 8, "color": line.test},
        customdata=[_row_facts(row) for _, row, _ in read],
        hovertemplate=_HOVER.format(what="test"),
    )


_HOVER = (
    "<b>depth %{{customdata[0]}} × width %{{customdata[1]}}</b><br>{what} %{{y:.4f}}<br>"
    "learning rate %{{customdata[2]:.3g}}, %{{customdata[3]:,}} parameters<extra></extra>"
)


def _row_facts(row: DepthRow) -> list[Any]:
    return [row.depth, row.width, row.learning_rate, row.parameters]


def _reach(high: float | None, low: float | None) -> float | None:
    return None if high is None or low is None else max(high - low, 0.0)


def _explain_marks(figure: go.Figure) -> None:
    """Add legend entries for the marks that all lines share."""
    for name, symbol in (("one seed, validation", "circle"), ("test, 95% interval", "diamond")):
        marker = {"symbol": symbol, "size": 7, "color": palette.INK}
        figure.add_scatter(x=[None], y=[None], mode="markers", name=name, marker=marker)


def _draw_choice(figure: go.Figure, result: StudyResult) -> None:
    row = chosen_row(result)
    if row is None:
        return
    lines = _lines(result)
    place = next(
        place
        for line in lines
        for place, other in zip(line.places, line.series.rows)
        if (other.depth, other.width) == (row.depth, row.width)
    )
    ring_choice(figure, place - SIDESTEP, row.validation.mean)
    figure.add_shape(
        type="line",
        x0=place - SIDESTEP,
        x1=place - SIDESTEP,
        yref="paper",
        y0=0,
        y1=1,
        line={"color": palette.CHOSEN, "width": 1.2, "dash": "dot"},
        layer="below",
    )


def _tick_texts(result: StudyResult) -> list[str]:
    """Return the depths, the chosen one marked in words."""
    row = chosen_row(result)
    chosen = None if row is None else row.depth
    return [
        f"<b>{depth}</b><br><b>chosen</b>" if depth == chosen else str(depth)
        for depth in depths_of(result)
    ]
