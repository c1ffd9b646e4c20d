"""A real study from data to model, small enough to run in seconds."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing

import numpy as np
import pytest

import fathom
from fathom.api import stream_study, study_spec
from fathom.errors import ModelError, SpecError, UnknownNameError
from fathom.specs import (
    ArchitectureRecord,
    BaselineRecord,
    LatencyRecord,
    Progress,
    RunRecord,
    StatusRecord,
    StudyRecord,
    TestRecord,
    VerdictRecord,
)
from fathom.studies import Artifact

OPTIONS = {"depths": [0, 2], "seeds": 2, "widths": 8, "learning_rates": [1e-2, 3e-2], "epochs": 12}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return fathom.Store(tmp_path_factory.mktemp("api") / "runs")


@pytest.fixture(scope="module")
def told():
    return []


@pytest.fixture(scope="module")
def study(store, told):
    return fathom.study("iris", name="iris", store=store, on_event=told.append, **OPTIONS)


def test_events_come_in_the_order_they_happen(study, told):
    kinds = [type(event) for event in told if not isinstance(event, Progress)]
    one = [ArchitectureRecord, RunRecord, RunRecord, RunRecord, RunRecord, Artifact, TestRecord]
    assert kinds == [
        StudyRecord, StatusRecord, BaselineRecord, *one, *one, BaselineRecord, LatencyRecord,
        LatencyRecord, VerdictRecord, StatusRecord,
    ]  # fmt: skip


def test_progress_is_told_for_every_epoch(study, told):
    epochs = [(e.depth, e.epoch) for e in told if isinstance(e, Progress)]
    assert epochs == [(depth, epoch) for depth in (0, 2) for epoch in range(13)]


def test_the_study_answers(study):
    assert study.verdict.depth in (0, 2)
    assert study.result.status.status == "finished"
    assert {b.name for b in study.result.baselines} == {
        "majority-class",
        "hist-gradient-boosting",
    }


def test_the_table_has_a_row_per_depth_at_its_best_rate(study):
    table = study.table()
    assert table["depth"].to_list() == [0, 2]
    assert table["parameters"].to_list() == [4 * 3 + 3, 4 * 8 + 8 + 8 * 8 + 8 + 8 * 3 + 3]
    assert set(table["learning_rate"]) <= {1e-2, 3e-2}


def test_the_stored_study_is_the_one_that_was_told(study, store, told):
    again = fathom.open_study("iris", store=store)
    assert again.verdict == study.verdict
    records = [e for e in told if not isinstance(e, Progress | Artifact)]
    assert [*again._stored.records()] == records


def test_the_best_model_scores_what_the_study_says(study):
    data = fathom.load("iris")
    model = study.best_model()
    row = next(r for r in study.result.rows() if r.depth == study.verdict.depth)
    accuracy = model.evaluate(data.test.x, data.test.y, verbose=0)[1]
    assert any(accuracy == pytest.approx(score) for score in row.test.scores)


def test_the_stored_model_loads_in_keras_without_fathom(study, tmp_path):
    data = fathom.load("iris")
    rows = tmp_path / "rows.npy"
    np.save(rows, data.test.x)
    program = (
        "import sys, numpy, keras; m = keras.models.load_model(sys.argv[1]);"
        "numpy.save(sys.argv[3], m.predict(numpy.load(sys.argv[2]), verbose=0));"
        "assert not any(name.startswith('fathom') for name in sys.modules)"
    )
    model, outputs = study._stored.path("model/best.keras"), tmp_path / "out.npy"
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    command = [sys.executable, "-W", "ignore", "-c", program, str(model), str(rows), str(outputs)]
    subprocess.run(command, check=True, env=environment, cwd=tmp_path)
    expected = study.best_model().predict(data.test.x, verbose=0)
    np.testing.assert_allclose(np.load(outputs), expected, rtol=1e-5, atol=1e-6)


def test_new_rows_are_predicted_as_class_names(study):
    from sklearn.datasets import load_iris

    bunch = load_iris(as_frame=True)
    predicted = study.predict(bunch.data)
    accuracy = np.mean(np.asarray(predicted) == bunch.target_names[bunch.target])
    assert accuracy > 0.8


def test_initial_weights_are_kept_beside_the_best_ones(study):
    arrays = study._stored.weights("depth-2-width-8")
    kept = sorted(name for name in arrays if name.startswith("kept/0/"))
    initial = sorted(name for name in arrays if name.startswith("initial/0/"))
    assert len(kept) == len(initial) == 6
    assert not np.array_equal(arrays[kept[0]], arrays[initial[0]])


def test_a_study_repeated_gives_the_same_table(study, tmp_path):
    again = fathom.study("iris", store=tmp_path / "runs", **OPTIONS)
    timeless = [c for c in study.table().columns if not c.endswith(("seconds", "_ms"))]
    assert again.table().select(timeless).equals(study.table().select(timeless))


def test_a_study_that_is_closed_early_keeps_what_is_done(tmp_path):
    store = fathom.Store(tmp_path / "runs")
    data = fathom.load("iris")
    spec = study_spec(data, **OPTIONS)
    with closing(stream_study(spec, data, name="cut", store=store)) as events:
        for event in events:
            if isinstance(event, TestRecord):
                break
    cut = fathom.open_study("cut", store=store)
    assert cut.result.status.status == "paused"
    assert [row.depth for row in cut.result.rows()] == [0]
    assert cut.verdict is None
    with pytest.raises(ModelError, match="is not finished"):
        cut.best_model()


@pytest.mark.parametrize(
    "options, message",
    [
        ({"depths": [-1]}, "`depths` must be at least 0"),
        ({"learning_rates": [0.0]}, "`learning_rates` must be greater than 0"),
        ({"family": "mpl"}, "did you mean 'mlp'"),
        ({"activation": "rellu"}, "did you mean 'relu'"),
        ({"optimizer": "adamm"}, "did you mean 'adam'"),
        ({"seeds": 0}, "`seeds` must be at least 1"),
        ({"depths": [1, 1]}, "must not repeat"),
    ],
)
def test_bad_settings_are_refused_before_anything_is_written(tmp_path, options, message):
    with pytest.raises(SpecError, match=message):
        fathom.study("iris", store=tmp_path / "runs", **options)
    assert not (tmp_path / "runs").exists()


def test_an_unknown_study_lists_those_there_are(study, store):
    with pytest.raises(UnknownNameError, match="iris"):
        fathom.open_study("irsi", store=store)


def test_regression_scores_r2_and_predicts_in_the_targets_units(tmp_path):
    made = fathom.study(
        "diabetes",
        store=tmp_path / "runs",
        depths=[0, 1],
        widths=8,
        seeds=2,
        learning_rates=[1e-2],
        epochs=20,
        baselines=False,
    )
    assert made.result.header.metric == "r2"
    assert 0.2 < max(row.validation.mean for row in made.result.rows()) < 0.9
    from sklearn.datasets import load_diabetes

    predicted = made.predict(load_diabetes(as_frame=True, scaled=False).data)
    assert 50 < np.mean(predicted) < 250


def test_matched_parameters_give_each_depth_nearly_the_same_count(tmp_path):
    data = fathom.load("iris")
    spec = study_spec(data, depths=[1, 2, 4], widths=16, match_parameters=True, seeds=1, epochs=1)
    from fathom.models import num_parameters
    from fathom.studies import architectures

    counts = [num_parameters(network) for network in architectures(spec)]
    assert max(counts) < 1.05 * min(counts)


def test_the_notebook_view_is_html(study):
    assert "<table" in study._repr_html_()


def test_the_report_is_one_page(study, tmp_path):
    study.report(tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text()
    assert page.startswith(("<!", "<html"))
    assert study.name in page
