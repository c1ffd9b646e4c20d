from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable
from statistics import fmean
from typing import Any

import pytest

from fathom import report
from fathom.errors import UnknownNameError
from fathom.report import palette
from fathom.specs import DIVERGED
from fathom.studies import StudyResult, layers_at, pareto_front

Make = Callable[..., StudyResult]

draw: Any = report  # Plotly's annotations do not know what its figures hold


def trace_of(figure, name: str):
    return next(trace for trace in figure.data if trace.name and name in trace.name)


def test_report_is_imported_without_plotly():
    code = "import fathom.report, sys; sys.exit('plotly' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_depth_curve_shows_the_means_and_standard_errors_of_the_rows(made_study: Make):
    result = made_study()
    drawn = trace_of(draw.depth_curve(result), "validation, mean of 5 seeds")
    rows = result.rows()
    assert list(drawn.y) == [row.validation.mean for row in rows]
    assert list(drawn.error_y.array) == [row.validation.se for row in rows]
    assert [facts[0] for facts in drawn.customdata] == [row.depth for row in rows]


def test_depth_curve_shows_the_test_intervals(made_study: Make):
    result = made_study()
    drawn = trace_of(draw.depth_curve(result), "test")
    for place, row in enumerate(result.rows()):
        assert row.test is not None and row.test.high is not None and row.test.low is not None
        assert drawn.y[place] + drawn.error_y.array[place] == pytest.approx(row.test.high)
        assert drawn.y[place] - drawn.error_y.arrayminus[place] == pytest.approx(row.test.low)


def test_depth_curve_shows_every_seed(made_study: Make):
    result = made_study()
    drawn = trace_of(draw.depth_curve(result), "one seed")
    scores = [run.validation_score for row in result.rows() for run in result.runs_at_best(row)]
    assert list(drawn.y) == scores


def test_depth_curve_shades_one_standard_error_below_the_best(made_study: Make):
    result = made_study()
    best = max(result.rows(), key=lambda row: row.validation.mean).validation
    assert best.se is not None
    band = next(shape for shape in draw.depth_curve(result).layout.shapes if shape.name)
    assert band.y1 == best.mean
    error = math.hypot(best.se, math.sqrt(best.mean * (1 - best.mean) / 359))  # seeds, and rows
    assert band.y0 == pytest.approx(best.mean - error)


def test_depth_curve_rings_the_chosen_depth(made_study: Make):
    result = made_study()
    assert result.verdict is not None
    figure = draw.depth_curve(result)
    chosen = next(row for row in result.rows() if row.depth == result.verdict.depth)
    assert trace_of(figure, "chosen").y == (chosen.validation.mean,)
    marked = [text for text in figure.layout.xaxis.ticktext if "chosen" in text]
    assert marked == [f"<b>{chosen.depth}</b><br><b>chosen</b>"]


def test_near_baselines_are_lines_and_far_ones_a_note(made_study: Make):
    figure = draw.depth_curve(made_study())
    notes = [note.text for note in figure.layout.annotations]
    assert any("gradient<br>boosting<br>test 0.953" in note for note in notes)
    assert any(
        "below this range" in note and "majority class, test 0.101" in note for note in notes
    )
    lines = [shape for shape in figure.layout.shapes if shape.y0 == shape.y1 == 0.953]
    assert len(lines) == 1


def test_depths_that_failed_can_be_left_out_of_view(made_study: Make):
    assert not draw.depth_curve(made_study()).layout.updatemenus
    failed = made_study(fails_from=6, activation="sigmoid")
    figure = draw.depth_curve(failed)
    whole, learned = [
        button.args[0]["yaxis.range"] for button in figure.layout.updatemenus[0].buttons
    ]
    assert whole[0] < 0.101 < 0.9 < learned[0]
    assert tuple(whole) == figure.layout.yaxis.range


def test_each_width_is_a_line_that_begins_with_the_linear_model(made_study: Make):
    result = made_study(widths=(16, 64), depths=(0, 1, 2))
    figure = draw.depth_curve(result)
    for width in (16, 64):
        drawn = next(t for t in figure.data if t.name == f"width {width}" and t.mode != "markers")
        rows = [row for row in result.rows() if row.depth == 0 or row.width == width]
        assert list(drawn.y) == [row.validation.mean for row in rows]


def test_learning_rate_cells_hold_the_mean_of_every_rate(made_study: Make):
    result = made_study()
    heat = draw.learning_rates(result).data[0]
    for column, row in enumerate(result.rows()):
        cells = {rate: heat.z[line][column] for line, rate in enumerate((3e-4, 1e-3, 3e-3))}
        assert cells == {rate: score.mean for rate, score in row.rates}


def test_learning_rate_cells_count_what_diverged(made_study: Make):
    result = made_study()
    heat = draw.learning_rates(result).data[0]
    lost = [run for run in result.runs if run.status == DIVERGED and run.depth == 8]
    assert {run.learning_rate for run in lost} == {3e-3}
    assert f"{len(lost)} of 5<br>diverged" in heat.text[2][8]
    assert "diverged" not in "".join(heat.text[0])


def test_best_rate_of_each_depth_is_outlined(made_study: Make):
    result = made_study()
    outlines = draw.learning_rates(result).layout.shapes
    rates = (3e-4, 1e-3, 3e-3)
    outlined = {round(box.x0 + 0.5): rates[round(box.y0 + 0.5)] for box in outlines}
    assert outlined == {place: row.learning_rate for place, row in enumerate(result.rows())}


def test_learning_curves_have_a_panel_per_depth_with_its_mean_loss(made_study: Make):
    result = made_study(depths=(0, 3))
    figure = draw.learning_curves(result)
    means = [trace for trace in figure.data if trace.name == "validation, mean"]
    assert [trace.xaxis for trace in means] == ["x", "x2"]
    for row, drawn in zip(result.rows(), means, strict=True):
        losses = [run.validation_losses for run in result.runs_at_best(row)]
        expected = [fmean(epoch) for epoch in zip(*losses)]
        assert list(drawn.y) == pytest.approx(expected)


def test_learning_curves_mark_the_kept_epochs(made_study: Make):
    result = made_study(depths=(3,))
    runs = result.runs_at_best(result.rows()[0])
    kept = trace_of(draw.learning_curves(result, 3), "kept")
    assert list(kept.x) == [run.best_epoch for run in runs]


def test_learning_curves_mark_where_a_member_diverged(made_study: Make):
    result = made_study(depths=(8,), rates=(3e-3,))
    lost = trace_of(draw.learning_curves(result), "diverged")
    assert list(lost.x) == [5, 5, 5]


def test_learning_curves_of_a_depth_that_was_not_trained_list_those_that_were(made_study: Make):
    with pytest.raises(UnknownNameError, match="depth=7") as caught:
        draw.learning_curves(made_study(depths=(0, 2)), 7)
    assert caught.value.hint == "the trained depths are 0, 2"


def test_many_depths_are_thinned_to_twelve_panels_with_the_chosen_one(made_study: Make):
    result = made_study(depths=tuple(range(30)), seeds=2, rates=(1e-3,), epochs=5)
    assert result.verdict is not None
    figure = draw.learning_curves(result)
    titles = [note.text for note in figure.layout.annotations]
    assert len(titles) == 12
    assert sum("chosen" in title for title in titles) == 1
    assert "12 of 30 networks" in figure.layout.title.text


def test_gradient_flow_is_relative_to_the_last_layer(made_study: Make):
    result = made_study(depths=(0, 4), activation="sigmoid", fails_from=4)
    figure = draw.gradient_flow(result)
    assert figure is not None
    row = result.rows()[1]
    starts = [
        [layer.activation_gradient or math.nan for layer in layers_at(run, 0)]
        for run in result.runs_at_best(row)
    ]
    expected = [
        math.exp(fmean(math.log(start[place] / start[-1]) for start in starts))
        for place in range(5)
    ]
    drawn = figure.data[0]
    assert drawn.name == "depth 4"
    assert list(drawn.y) == pytest.approx(expected)
    assert list(drawn.x) == [-4, -3, -2, -1, 0]
    assert drawn.y[0] == pytest.approx(row.gradient_ratio)


def test_gradient_flow_reaches_over_many_powers_of_ten(made_study: Make):
    figure = draw.gradient_flow(made_study(depths=(16,), activation="sigmoid", fails_from=1))
    assert figure is not None
    axis = figure.layout.yaxis
    assert axis.type == "log" and axis.range[0] < -20
    assert "10⁻²⁰" in axis.ticktext and len(axis.ticktext) <= 10


def test_layer_health_shows_dead_or_saturated_shares(made_study: Make):
    dead = draw.layer_health(made_study(depths=(1, 3)))
    assert dead is not None and dead.layout.title.text == "Dead units by layer"
    result = made_study(depths=(1, 3), activation="sigmoid")
    saturated = draw.layer_health(result)
    assert saturated is not None and saturated.layout.title.text.startswith("Saturated")
    runs = result.runs_at_best(result.rows()[1])
    last = [layers_at(run, run.epochs)[2].saturated for run in runs]
    assert saturated.data[1].z[1][2] == pytest.approx(fmean(s for s in last if s is not None))


def test_unwatched_layers_have_no_figures(made_study: Make):
    result = made_study(watch=False)
    assert draw.gradient_flow(result) is None
    assert draw.layer_health(result) is None


def test_cost_sets_scores_against_parameters_operations_and_seconds(made_study: Make):
    result = made_study()
    panels = [trace for trace in draw.cost(result).data if trace.mode == "lines+markers+text"]
    rows = result.rows()
    assert list(panels[0].x) == [row.parameters for row in rows]
    assert list(panels[1].x) == [row.flops for row in rows]
    assert list(panels[2].x) == [row.train_seconds for row in rows]
    assert list(panels[3].x) == [row.batch_ms for row in rows]
    assert list(panels[0].text) == [str(row.depth) for row in rows]


def test_cost_joins_the_networks_that_score_more_than_every_cheaper_one(made_study: Make):
    result = made_study()
    fronts = [trace for trace in draw.cost(result).data if trace.name == "best for its cost"]
    assert len(fronts) == 4
    assert list(fronts[0].x) == [row.parameters for row in pareto_front(result.rows())]
    assert [trace.showlegend for trace in fronts] == [True, False, False, False]


def test_shallow_against_deep_needs_several_widths(made_study: Make):
    assert draw.shallow_against_deep(made_study()) is None
    figure = draw.shallow_against_deep(made_study(widths=(16, 64), depths=(0, 1, 2)))
    assert [trace.name for trace in figure.data] == ["depth 0", "depth 1", "depth 2"]
    assert list(figure.data[1].x) == [1210, 4810]


def test_matched_depths_are_named_with_width_and_parameters(made_study: Make):
    figure = draw.shallow_against_deep(made_study(matched=True))
    assert figure.layout.xaxis.ticktext[8] == "<b>8</b><br>width 64<br>33,930"


@pytest.mark.parametrize("drawing", [draw.depth_curve, draw.learning_rates, draw.cost])
def test_a_study_without_runs_says_so_in_its_figures(made_study: Make, drawing):
    figure = drawing(made_study(finished=0))
    assert not figure.data
    assert "No member has been trained yet" in figure.layout.annotations[0].text


def test_a_single_seed_has_no_bars_and_a_band_from_the_validation_rows(made_study: Make):
    result = made_study(seeds=1)
    figure = draw.depth_curve(result)
    assert trace_of(figure, "validation, 1 seed").error_y.array is None
    best = max(row.validation.mean for row in result.rows())
    band = next(shape for shape in figure.layout.shapes if shape.name)
    assert band.y1 - band.y0 == pytest.approx(math.sqrt(best * (1 - best) / 359))


def test_names_of_layers_are_no_markup_in_figures(made_study: Make):
    hostile = '<a href="https://example.org">{}</a>'
    figure = draw.gradient_flow(made_study(depths=(2,), layer_name=hostile))
    assert "<a" not in figure.to_json()
    assert "&lt;a href" in figure.data[0].text[0]


def test_no_figure_offers_to_upload_its_data(made_study: Make):
    for figure in (draw.depth_curve(made_study()), draw.cost(made_study())):
        removed = figure.layout.template.layout.modebar.remove
        assert "sendChartToCloud" in removed


def colours_in(value: object) -> set[str]:
    if isinstance(value, dict):
        return set().union(*map(colours_in, value.values()), set())
    if isinstance(value, list | tuple):
        return set().union(*map(colours_in, value), set())
    is_colour = isinstance(value, str) and value.startswith(("#", "rgba("))
    return {str(value)} if is_colour else set()


def test_every_colour_of_a_figure_has_its_night_colour(made_study: Make):
    result = made_study(widths=(16, 64), depths=(0, 1, 2, 8))
    figures = [
        draw.depth_curve(result),
        draw.learning_rates(result),
        draw.learning_curves(result),
        draw.gradient_flow(result),
        draw.layer_health(result),
        draw.cost(result),
        draw.shallow_against_deep(result),
    ]
    for figure in figures:
        assert figure is not None
        known = {*palette.night_colours(), "rgba(0,0,0,0)"}
        assert colours_in(figure.to_plotly_json()) <= known


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_words_and_cells_can_be_read_by_day_and_by_night():
    night = palette.night_colours()
    scale = [str(colour) for _, colour in palette.heat_scale()]
    for ink, grounds, least in (
        (palette.INK, [palette.SURFACE, palette.BAND, *scale], 4.5),
        (palette.MUTED, [palette.SURFACE, palette.BAND], 4.5),
        (palette.SURFACE, [palette.CHOSEN], 4.5),
        (palette.VALIDATION, [palette.SURFACE], 3.0),
        (palette.TEST, [palette.SURFACE], 3.0),
    ):
        for ground in grounds:
            assert contrast(ink, ground) >= least, (ink, ground)
            assert contrast(night[ink], night[ground]) >= least, (night[ink], night[ground])
