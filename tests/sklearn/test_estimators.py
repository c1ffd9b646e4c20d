"""The estimators choose as a study does, and live among scikit-learn's own tools."""

from __future__ import annotations

import io
import pickle
import zipfile

import numpy as np
import pandas
import polars
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures

import fathom
from fathom import runtime
from fathom.errors import ModelError, SpecError
from fathom.sklearn import DepthClassifier, DepthRegressor
from fathom.studies.bench import AHEAD
from fathom.train import program_cache

NAMES = ["sepal length", "sepal width", "petal length", "petal width"]
FIXED = {
    "width": 8,
    "learning_rate": 0.3,
    "seeds": 1,
    "activation": "tanh",
    "optimizer": "sgd",
    "batch_size": 32,
    "validation_fraction": None,
    "random_state": 0,
}


@pytest.fixture(scope="module")
def iris() -> tuple[np.ndarray, np.ndarray]:
    x, y = map(np.asarray, load_iris(return_X_y=True))
    order = np.random.default_rng(0).permutation(len(x))
    return x[order], np.array(["setosa", "versicolor", "virginica"])[y[order]]


@pytest.fixture(scope="module")
def chosen(iris) -> DepthClassifier:
    x, y = iris
    classifier = DepthClassifier(
        depth=(0, 1), width=8, learning_rate=(0.003, 0.03), seeds=2, epochs=15, random_state=0
    )
    return classifier.fit(pandas.DataFrame(x, columns=NAMES), y)


@pytest.fixture(scope="module")
def linear(iris) -> DepthClassifier:
    x, y = iris
    return DepthClassifier(depth=0, epochs=20, **FIXED).fit(x, y)


def test_depth_and_rate_are_chosen_and_the_choice_is_explained(chosen, iris):
    rows = chosen.study_.rows()
    best = next(row for row in rows if row.depth == chosen.depth_)

    assert [row.depth for row in rows] == [0, 1]
    assert [rate for rate, _ in best.rates] == [0.003, 0.03]
    assert chosen.learning_rate_ == best.learning_rate
    assert chosen.verdict_.text.startswith(f"Depth {chosen.depth_} is enough")
    assert "test split" not in chosen.verdict_.text
    assert chosen.score(pandas.DataFrame(iris[0], columns=NAMES), iris[1]) > 0.85


def test_the_network_has_the_weights_of_the_chosen_runs_best_epoch(chosen, iris):
    """The validation score of the record is that of the network, on the rows held out."""
    from fathom.sklearn.rows import split

    seed = int(np.random.RandomState(0).randint(2**31 - 1000))
    _, held = split(iris[1], share=0.2, seed=seed, is_classification=True)
    runs = chosen.study_.runs_at_best(
        next(row for row in chosen.study_.rows() if row.depth == chosen.depth_)
    )
    kept = min(runs, key=lambda run: run.validation_loss)
    held_rows = pandas.DataFrame(iris[0][held], columns=NAMES)

    assert chosen.score(held_rows, iris[1][held]) == pytest.approx(kept.validation_score, abs=1e-4)


def test_the_network_is_bit_for_bit_that_of_its_depth_alone(chosen, iris):
    """Whichever depths are compiled with it."""
    alone = clone(chosen).set_params(depth=chosen.depth_)
    alone.fit(pandas.DataFrame(iris[0], columns=NAMES), iris[1])

    for ours, theirs in zip(chosen.model_.variables, alone.model_.variables, strict=True):
        assert np.asarray(ours).tobytes() == np.asarray(theirs).tobytes()


def test_depths_are_compiled_in_as_many_programs_as_there_are_threads_for_it(
    iris, monkeypatch, tmp_path
):
    monkeypatch.setattr(runtime, "cache_folder", lambda: tmp_path)
    program_cache.forget()
    DepthClassifier(depth=range(4), width=8, learning_rate=0.01, seeds=1, epochs=1).fit(*iris)
    training_and_evaluating, results = 2 * AHEAD, 4

    assert len(list((tmp_path / "programs").iterdir())) == training_and_evaluating + results


def test_dataframes_of_pandas_and_polars_are_the_same_rows(chosen, iris):
    x = iris[0][:7]
    expected = chosen.predict_proba(pandas.DataFrame(x, columns=NAMES))

    assert list(chosen.feature_names_in_) == NAMES
    assert np.array_equal(chosen.predict_proba(polars.DataFrame(x, schema=NAMES)), expected)
    with pytest.raises(ValueError, match="feature names"):
        chosen.predict(pandas.DataFrame(x, columns=NAMES[::-1]))


def test_the_model_is_a_compiled_keras_model_that_gives_the_same_probabilities(chosen, iris):
    x = chosen.scaler_.transform(iris[0][:64])

    given = np.asarray(chosen.model_(x.astype("float32")))

    assert chosen.model_.compiled and chosen.model_.input_shape == (None, 4)
    assert np.allclose(
        given, chosen.predict_proba(pandas.DataFrame(iris[0][:64], columns=NAMES)), atol=1e-6
    )
    assert chosen.predict(pandas.DataFrame(iris[0][:5], columns=NAMES)).tolist() == [
        chosen.classes_[row.argmax()] for row in given[:5]
    ]


def test_a_pickle_holds_a_keras_file_and_gives_the_same_predictions(linear, iris):
    state = linear.__getstate__()
    again = pickle.loads(pickle.dumps(linear))

    assert zipfile.is_zipfile(io.BytesIO(state["_network"])) and "model_" not in state
    assert np.array_equal(again.predict_proba(iris[0]), linear.predict_proba(iris[0]))


def test_fitting_goes_on_after_a_pickle_as_without_it(iris):
    x, y = iris
    classifier = DepthClassifier(depth=0, **{**FIXED, "optimizer": "adam", "learning_rate": 0.01})
    classifier.partial_fit(x[:60], y[:60], classes=np.unique(y))
    again = pickle.loads(pickle.dumps(classifier))

    for one in (classifier, again):
        one.partial_fit(x[60:120], y[60:120])

    assert classifier.epochs_ == 2
    assert np.array_equal(again.predict_proba(x), classifier.predict_proba(x))


def test_a_pickled_network_that_asks_for_code_is_refused(linear):
    state = linear.__getstate__()
    state["_network"] = _with_a_lambda(state["_network"])

    with pytest.raises(ModelError, match="Lambda"):
        DepthClassifier.__new__(DepthClassifier).__setstate__(state)


def _with_a_lambda(file: bytes) -> bytes:
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(file)) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            text = old.read(name)
            if name == "config.json":
                text = text.replace(b'"class_name": "Dense"', b'"class_name": "Lambda"')
            new.writestr(name, text)
    return changed.getvalue()


def test_partial_fit_learns_a_pass_at_a_time(iris):
    x, y = iris
    classifier = DepthClassifier(depth=0, **FIXED)
    scores = []
    for _ in range(6):
        scores.append(classifier.partial_fit(x, y, classes=np.unique(y)).score(x, y))

    assert classifier.epochs_ == 6
    assert scores[-1] > 0.8
    with pytest.raises(ValueError, match="classes are"):
        classifier.partial_fit(x[:3], ["tulip"] * 3)


def test_rows_of_weight_zero_are_as_if_they_were_not_there(iris):
    x, y = iris
    weight = np.ones(len(x))
    weight[::2] = 0
    classifier = DepthClassifier(depth=0, epochs=3, **FIXED)

    weighted = clone(classifier).fit(x, y, sample_weight=weight)
    without = clone(classifier).fit(x[1::2], y[1::2])

    assert np.array_equal(weighted.predict_proba(x), without.predict_proba(x))


def test_class_weights_count_as_weights_of_the_rows(iris):
    x, y = iris
    weights = {"setosa": 1.0, "versicolor": 3.0, "virginica": 0.5}
    classifier = DepthClassifier(depth=0, epochs=3, **FIXED)

    by_class = clone(classifier).set_params(class_weight=weights).fit(x, y)
    by_row = clone(classifier).fit(x, y, sample_weight=[weights[name] for name in y])

    assert np.array_equal(by_class.predict_proba(x), by_row.predict_proba(x))


def test_estimators_work_in_pipelines_grids_and_cross_validation(iris):
    x, y = iris
    classifier = DepthClassifier(depth=0, epochs=8, **FIXED)
    pipeline = make_pipeline(PolynomialFeatures(1, include_bias=False), classifier)

    scores = cross_val_score(pipeline, x, y, cv=3)
    grid = GridSearchCV(classifier, {"learning_rate": [1e-6, 0.3]}, cv=3).fit(x, y)

    assert len(scores) == 3 and scores.min() > 0.7
    assert grid.best_params_ == {"learning_rate": 0.3}
    assert grid.best_estimator_.depth_ == 0


def test_a_regressor_answers_in_the_units_of_its_target(iris):
    x = iris[0]
    y = 1000 * x[:, 0] - 200 * x[:, 2] + 5e4

    regressor = DepthRegressor(depth=0, epochs=30, **FIXED).fit(x, y)

    assert regressor.score(x, y) > 0.95
    assert abs(regressor.predict(x).mean() - y.mean()) < 50
    assert np.array_equal(
        pickle.loads(pickle.dumps(regressor)).predict(x[:9]), regressor.predict(x[:9])
    )


def test_settings_that_cannot_be_are_refused_before_training(iris):
    x, y = iris
    for settings, message in [
        ({"depth": "three"}, "'auto'"),
        ({"depth": -1}, "at least 0"),
        ({"family": "cnn"}, "cnn"),
        ({"validation_fraction": None}, "nothing to choose by"),
        ({"validation_fraction": 1.5}, "between 0 and 1"),
        ({"optimizer": "fastest"}, "fastest"),
        ({"epochs": 0}, "epochs"),
    ]:
        with pytest.raises(SpecError, match=message):
            DepthClassifier(**settings).fit(x, y)


def test_the_estimators_are_at_hand_as_fathom_sklearn():
    assert fathom.sklearn.DepthClassifier is DepthClassifier
