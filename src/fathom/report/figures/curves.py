"""Loss per epoch at each depth's chosen learning rate."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from statistics import fmean
from typing import TYPE_CHECKING, Any

from fathom.errors import UnknownNameError
from fathom.report import palette
from fathom.report.facts import architecture_name, chosen_row, is_diverged
from fathom.report.figures.canvas import empty_figure, log_axis, new_figure
from fathom.report.figures.panels import arrange, axes_of
from fathom.report.numbers import power_text, rate_text
from fathom.specs import RunRecord
from fathom.studies import DepthRow, StudyResult

if TYPE_CHECKING:
    import plotly.graph_objects as go

TITLE = "Loss while training, at each depth's chosen learning rate"
MOST_PANELS = 12
MOST_EPOCHS = 250  # points drawn per line; longer trainings are thinned

Losses = tuple[float | None, ...]
Points = Sequence[tuple[float | None, float | None]]


def learning_curves(result: StudyResult, depth: int | None = None) -> go.Figure:
    """Draw training and validation loss per epoch, a panel per depth.

    Thin lines are seeds, thick lines their mean over the epochs that every
    seed reached; dots mark the epochs whose weights were kept.

    Args:
        depth: Draw only this depth; None draws all of them, up to twelve.

    Raises:
        UnknownNameError: Nothing was trained at `depth`.
    """
    rows = _rows_to_draw(result, depth)
    if not rows:
        return empty_figure(TITLE)
    figure = new_figure(_title(result, rows, depth))
    losses = [loss for row in rows for loss in _losses_of(result.runs_at_best(row))]
    arrange(
        figure,
        [_panel_title(result, row) for row in rows],
        columns=1 if len(rows) == 1 else 3,
        panel_height=340 if len(rows) == 1 else 190,
        x_axis={"title": {"text": "epoch"}, "rangemode": "tozero"},
        y_axis={"title": {"text": "loss (log)"}, **log_axis(losses, written=power_text)},
    )
    for panel, row in enumerate(rows):
        _draw_panel(figure, panel, result.runs_at_best(row))
    return figure


def _title(result: StudyResult, rows: list[DepthRow], depth: int | None) -> str:
    number = len(result.rows())
    is_part = depth is None and len(rows) < number
    return f"{TITLE} ({len(rows)} of {number} networks)" if is_part else TITLE


def _rows_to_draw(result: StudyResult, depth: int | None) -> list[DepthRow]:
    rows = list(result.rows())
    if depth is None:
        return _spread_out(rows, chosen_row(result))
    found = [row for row in rows if row.depth == depth]
    if rows and not found:
        depths = ", ".join(str(known) for known in sorted({row.depth for row in rows}))
        raise UnknownNameError(
            f"`depth` must be one that was trained. Received: depth={depth}.",
            hint=f"the trained depths are {depths}",
        )
    return found


def _spread_out(rows: list[DepthRow], chosen: DepthRow | None) -> list[DepthRow]:
    """Return at most twelve rows, evenly spread, with the chosen one among them."""
    if len(rows) <= MOST_PANELS:
        return rows
    places = {round(at * (len(rows) - 1) / (MOST_PANELS - 1)) for at in range(MOST_PANELS)}
    if chosen is not None and rows.index(chosen) not in places:
        nearest = min(places, key=lambda place: abs(place - rows.index(chosen)))
        places = places - {nearest} | {rows.index(chosen)}
    return [rows[place] for place in sorted(places)]


def _panel_title(result: StudyResult, row: DepthRow) -> str:
    chosen = chosen_row(result)
    name = f"{architecture_name(result, row)}, rate {rate_text(row.learning_rate)}"
    return f"<b>{name}, chosen</b>" if row == chosen else name


def _losses_of(runs: Iterable[RunRecord]) -> Iterator[float]:
    for run in runs:
        for _, loss in (*_points(run.train_loss), *_points(run.validation_losses)):
            yield loss


def _draw_panel(figure: go.Figure, panel: int, runs: Sequence[RunRecord]) -> None:
    add = _adder(figure, panel)
    _draw_losses(add, "training", [run.train_loss for run in runs], _TRAIN)
    _draw_losses(add, "validation", [run.validation_losses for run in runs], _VALIDATION)
    _draw_marks(add, runs)


_TRAIN = {"bold": palette.TEST, "thin": palette.FAINT_TEST}
_VALIDATION = {"bold": palette.VALIDATION, "thin": palette.FAINT_VALIDATION}


def _adder(figure: go.Figure, panel: int) -> Callable[..., None]:
    """Return a function that adds a trace to `panel`, in the legend once for all panels."""

    def add(points: Points, name: str, **drawn: Any) -> None:
        is_new = next(figure.select_traces({"name": name}), None) is None
        figure.add_scatter(
            x=[x for x, _ in points],
            y=[y for _, y in points],
            name=name,
            legendgroup=name,
            showlegend=is_new,
            hovertemplate="epoch %{x}: %{y:.4g}<extra>%{fullData.name}</extra>",
            **axes_of(panel),
            **drawn,
        )

    return add


def _draw_losses(
    add: Callable[..., None], what: str, losses: Sequence[Losses], colours: dict[str, str]
) -> None:
    add(
        [point for one in losses for point in (*_points(one), (None, None))],
        f"{what}, one seed",
        mode="lines",
        line={"width": 1, "color": colours["thin"]},
    )
    if len(losses) > 1:
        add(
            _points(_mean_while_all_train(losses)),
            f"{what}, mean",
            mode="lines",
            line={"width": 2.4, "color": colours["bold"]},
        )


def _draw_marks(add: Callable[..., None], runs: Iterable[RunRecord]) -> None:
    kept, lost = [], []
    for run in runs:
        if run.best_epoch is not None:
            kept.append((run.best_epoch, run.validation_losses[run.best_epoch - 1]))
        if is_diverged(run) and (known := _points(run.train_loss)):
            lost.append(known[-1])
    add(kept, "kept epoch", mode="markers", marker={"size": 7, "color": palette.VALIDATION})
    if lost:
        mark = {"size": 9, "symbol": "x", "color": palette.INK}
        add(lost, "diverged after this epoch", mode="markers", marker=mark)


def _points(losses: Losses) -> list[tuple[int, float]]:
    """Return (epoch, loss) where there is a loss that a log axis can show, thinned."""
    step = max(1, -(-len(losses) // MOST_EPOCHS))
    return [
        (epoch, loss)
        for epoch, loss in enumerate(losses, start=1)
        if loss is not None and loss > 0 and (epoch % step == 0 or epoch in (1, len(losses)))
    ]


def _mean_while_all_train(losses: Sequence[Losses]) -> Losses:
    means: list[float | None] = []
    for epoch in zip(*losses):
        known = [loss for loss in epoch if loss is not None]
        if len(known) < len(losses):
            break
        means.append(fmean(known))
    return tuple(means)
