"""What a notebook shows of results: true to them, safe from names, and without a script."""

from __future__ import annotations

import re
import warnings

import keras
import numpy as np
import pytest
from support.made_studies import make_study
from support.watched import mlp, rows, trained

import fathom
from fathom import report
from fathom.errors import FathomWarning
from fathom.measure import rate_curve
from fathom.specs import LayerRecord
from fathom.studies.pruning import Point, PruneSpec, Pruning

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>"


@pytest.fixture(scope="module")
def history() -> fathom.History:
    history = trained(mlp(depth=1), rows(64), rows(32, seed=1), epochs=3)
    assert isinstance(history, fathom.History)
    return history


def test_fit_returns_the_models_own_history_which_is_keras_s(history):
    assert isinstance(history, keras.callbacks.History)
    assert history.model.history is history
    assert history.epoch == [0, 1, 2]


def test_a_history_shows_its_losses_layers_and_diagnosis(history):
    shown = history._repr_html_()

    assert f"loss {history.history['loss'][-1]:.4g}" in shown
    assert f"validation accuracy {history.history['val_accuracy'][-1]:.3f}" in shown
    assert shown.count("<svg") == 2 + 2  # two charts, and a strip for each layer
    assert re.findall(r"<td>(dense_1|head)</td>", shown) == ["dense_1", "head"]
    for finding in history.diagnosis.findings:
        assert finding.name.replace("-", " ") in shown


def test_the_points_of_a_chart_are_the_losses(history):
    (path, *_) = re.findall(r'<path d="(M[^"]*)" class="line">', history._repr_html_())
    heights = [float(point.split()[1]) for point in re.split("[ML]", path)[1:]]
    losses = history.history["loss"]

    assert len(heights) == len(losses)
    assert np.argsort(heights).tolist() == np.argsort(losses)[::-1].tolist()


def test_a_history_of_keras_s_own_that_is_passed_is_filled_and_returned():
    own = keras.callbacks.History()
    history = trained(mlp(depth=1), rows(64), epochs=1, callbacks=[own], watch=None)

    assert isinstance(history, fathom.History)
    assert history.history == own.history and history.epoch == own.epoch


def test_training_by_keras_returns_such_a_history_too():
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", run_eagerly=True)
    x = np.zeros((8, 8), "float32")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FathomWarning)
        history = fathom.fit(model, x, x[:, :1], verbose=0)

    assert isinstance(history, fathom.History)
    assert len(history.initial_weights) == 2


def test_a_diverged_training_is_shown_as_far_as_it_was_finite():
    logs = {"loss": [2.0, 5.0, float("nan")], "val_loss": [2.0, float("inf"), float("nan")]}
    shown = report.history_cell(logs, layers=(), diagnosis=fathom.diagnose(logs))

    assert "loss diverged" in shown and "nan" not in shown.replace("diverged", "")
    assert 'class="critical"' in shown


def test_a_layer_without_gradient_leaves_a_gap_in_its_strip():
    def record(epoch: int, gradient: float | None) -> LayerRecord:
        return LayerRecord(
            layer="first",
            epoch=epoch,
            activation_gradient=gradient,
            weight_gradient=None,
            weight_norm=None,
            update_ratio=None,
            activation_mean=None,
            activation_std=None,
            dead=0.75,
        )

    gradients = [1.0, 0.0, None, float("nan"), 1e-3]
    (strip,) = report.layer_strips([record(k, g) for k, g in enumerate(gradients)])

    assert strip.levels == (7, None, None, None, 0)
    assert strip.units == "75% dead" and strip.is_bad


def test_names_cannot_become_html():
    study = report.study_cell(make_study(name=HOSTILE, source=HOSTILE, finished=0))
    population = report.population_cell(
        [{"optimizer": HOSTILE}], model=HOSTILE, epochs=1, scores={HOSTILE: [1.0]}, notes=[HOSTILE]
    )
    logs = {"loss": [1.0], HOSTILE: [1.0], "val_loss": [1.0]}
    history = report.history_cell(logs, layers=(), diagnosis=None, note=HOSTILE)

    for shown in (study, population, history):
        assert "<script" not in shown and "<img" not in shown
        assert "&lt;script" in shown


def test_cells_bring_no_script_and_load_nothing(history):
    for shown in (history._repr_html_(), report.study_cell(make_study())):
        assert not re.search(r"<(script|link|iframe|img)|\b(src|href)=|url\(|@import", shown)


def test_a_study_shows_its_answer_its_curve_and_its_verdict():
    result = make_study()
    assert result.verdict is not None
    shown = report.study_cell(result)

    assert report.headline(result) in shown
    assert report.html_table(result) in shown
    assert shown.count("<circle") == len({row.depth for row in result.rows()})
    assert shown.count("<p>") >= len(result.verdict.text.split("\n\n"))


def test_a_population_shows_members_settings_and_scores():
    model = mlp(depth=0)
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    population = fathom.Population(model, seed=range(4), learning_rate=[1e-3, 1e-2, 1e-1, 1.0])
    assert "not trained yet" in population._repr_html_()
    for _ in population.train(*rows(64), epochs=1):
        pass
    shown = population._repr_html_()

    assert "16 members" in shown and "4 members between them" in shown
    assert f"<td>{population.scores['loss'][15]:.4g}</td>" in shown
    assert repr(population).endswith("1 epochs trained>")


def test_a_search_for_a_learning_rate_marks_what_it_suggests():
    rates, losses = np.geomspace(1e-4, 1, 5), np.array([2.0, 1.0, 0.5, 1.9, np.nan])
    curve = rate_curve(rates, losses, initial_loss=2.0, steps=50)
    shown = report.rate_search_cell(curve)

    assert shown.count("<circle") == 4  # the diverged rate has no point
    assert f"suggested: {report.rate_text(curve.suggestion or 0)}" in shown


def test_a_pruning_shows_the_score_at_every_share_with_its_interval():
    points = [Point(share, 0.9 - share, 0.8 - share, 1.0 - share) for share in (0.0, 0.25, 0.5)]
    pruning = Pruning(
        spec=PruneSpec(share=0.25),
        metric="accuracy",
        curve=tuple(points),
        parameters_before=100,
        parameters=75,
        layers={},
        refused={},
        text="A quarter went.",
    )
    shown = report.pruning_cell(pruning)

    assert shown.count('class="dot"') == shown.count('class="bar"') == 3
    assert "A quarter went." in shown and "handed out" in shown
