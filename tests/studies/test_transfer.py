"""What a source network knows and few labels cannot teach is found; what it lost is not claimed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from support.transferring import (
    FEATURES,
    destroyed_network,
    knowing_network,
    product_sign,
)

import fathom
from fathom.errors import DataError, ModelError, SpecError

L = keras.layers
QUICK: dict[str, Any] = {
    "labels": 60,
    "seeds": 3,
    "learning_rates": (1e-2, 5e-2),
    "epochs": 60,
    "patience": 15,
    "batch_size": 30,
}


@pytest.fixture(scope="module")
def found() -> fathom.Transfer:
    return fathom.transfer(knowing_network(), product_sign(), **QUICK)


@pytest.fixture(scope="module")
def nothing() -> fathom.Transfer:
    return fathom.transfer(destroyed_network(), product_sign(), **QUICK)


def test_features_that_few_labels_cannot_teach_are_found_to_carry_over(found: Any) -> None:
    choice, (cut,) = found.result.choice, found.result.cuts
    assert found.is_gain and (choice.cut, choice.arm, choice.carried) == (1, "AnB", 1)
    assert cut.arms["AnB"].test.mean > 0.85
    assert found.result.base.test.mean < 0.65
    assert choice.gain.low > 0.1 and cut.learned_benefit.low > 0.1
    assert cut.specificity.high < 0
    assert found.text.startswith("Gain: keep the only layer of source, frozen: accuracy 0.")


def test_a_source_that_knows_nothing_gives_no_gain(nothing: Any) -> None:
    result = nothing.result
    assert not nothing.is_gain and result.choice.carried == 0
    assert result.choice.gain.low <= 0
    assert nothing.text.startswith("No gain")
    assert "train" in nothing.text.split("\n\n")[0]


def test_the_network_handed_out_keeps_the_sources_layers_and_has_a_new_head(
    found: Any, tmp_path: Path
) -> None:
    found.save(tmp_path / "new.keras")
    loaded: Any = keras.models.load_model(tmp_path / "new.keras")
    kept = knowing_network().get_layer("products").get_weights()
    for ours, theirs in zip(loaded.get_layer("products").get_weights(), kept):
        np.testing.assert_array_equal(ours, theirs)
    assert not loaded.get_layer("products").trainable
    x, y = product_sign(rows=500, seed=9)
    probabilities = np.asarray(loaded(x))
    assert probabilities.shape == (500, 1)
    right = (probabilities[:, 0] > 0.5) == y
    assert right.mean() > 0.85


def test_without_a_gain_the_network_handed_out_is_the_one_from_scratch(nothing: Any) -> None:
    source = destroyed_network().get_layer("products").get_weights()[0]
    ours = nothing.model.get_layer("products")
    assert ours.trainable
    assert np.abs(ours.get_weights()[0] - source).max() > 0.1


def test_every_kind_is_compared_and_the_numbers_are_those_of_the_table(found: Any) -> None:
    table = found.table()
    assert table["network"].to_list() == ["baseB", "AnB", "BnB", "RnB", "AnB+", "BnB+"]
    assert found.result.trainings == 2 * 3 * 6
    by_name = dict(zip(table["network"], table["test_mean"]))
    (cut,) = found.result.cuts
    assert cut.specificity.mean == pytest.approx(by_name["BnB"] - by_name["AnB"])
    assert cut.lost_coadaptation.mean == pytest.approx(by_name["baseB"] - by_name["BnB"])
    assert cut.learned_benefit.mean == pytest.approx(by_name["AnB"] - by_name["RnB"])
    gains = dict(zip(table["network"], table["gain_mean"]))
    assert gains["AnB"] == pytest.approx(by_name["AnB"] - by_name["baseB"])
    assert gains["baseB"] is None


def test_the_same_seeds_give_the_same_numbers(nothing: Any) -> None:
    again = fathom.transfer(destroyed_network(), product_sign(), **QUICK)
    assert again.result.records() == nothing.result.records()


def test_the_page_and_the_figures_show_every_kind(found: Any, tmp_path: Path) -> None:
    found.report(tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text("utf-8")
    assert "Keep the only layer, frozen" in page and "://" not in page.split("<main>")[0]
    names = [trace.name for trace in found.plot().data]
    assert len([name for name in names if name and "nB" in name]) == 5
    drawn = {trace.name: list(trace.y) for trace in found.plot_differences().data}
    (cut,) = found.result.cuts
    assert drawn["learned benefit: AnB − RnB"] == [cut.learned_benefit.mean]


def test_names_from_outside_are_escaped_on_the_page(found: Any) -> None:
    from dataclasses import replace

    from fathom.report import transfer_page

    hostile = "</script><img src=x onerror=alert(1)>"
    cuts = tuple(replace(cut, layer=hostile) for cut in found.result.cuts)
    page = transfer_page(
        replace(found.result, model=hostile, dataset=hostile, layers=(hostile,), cuts=cuts)
    )
    assert "<img" not in page


def test_large_networks_which_train_one_after_another_learn_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from fathom.studies.transfer import experiment

    layers = [L.Dense(6, "tanh", name=name) for name in ("first", "second")]
    source = keras.Sequential(
        [keras.Input((FEATURES,)), *layers, L.Dense(2, name="head")], name="source"
    )
    asked = {
        "labels": 20,
        "seeds": 2,
        "learning_rates": (1e-2, 5e-2),
        "epochs": 3,
        "batch_size": 20,
    }
    small = fathom.transfer(source, product_sign(), **asked)
    monkeypatch.setattr(experiment, "SMALL_PARAMETERS", 0)
    large = fathom.transfer(source, product_sign(), **asked)
    assert small.result.trainings == 2 * 2 * (1 + 2 * 5)
    assert small.table().equals(large.table())
    for ours, theirs in zip(small.model.weights, large.model.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_blocks_are_kept_whole_and_a_regression_gets_a_head_of_its_own() -> None:
    inputs = keras.Input((6,), name="input")
    branch = L.Dense(6, activation="relu", name="inner")(inputs)
    branch = L.BatchNormalization(name="norm")(L.Dense(6, name="outer")(branch))
    stream = L.Add(name="sum")([inputs, branch])
    model = keras.Model(inputs, L.Dense(2, activation="softmax", name="head")(stream), name="res")
    x = np.random.default_rng(0).normal(size=(60, 6)).astype("float32")
    found = fathom.transfer(
        model, (x, x[:, 0] + x[:, 1] ** 2), seeds=1, learning_rates=[1e-2], epochs=2, batch_size=12
    )
    assert found.result.layers == ("sum",) and found.result.metric == "r2"
    assert found.model.output_shape == (None, 1)
    assert "R² " in found.text and "One seed" in found.result.notices[0]


def test_frozen_layers_stay_as_they_were_and_the_rest_is_trained() -> None:
    from fathom.studies.transfer.networks import Line

    line = Line.of(knowing_network(), fathom.load(product_sign()))
    frozen = line.copy(cut=1, is_frozen=True)
    assert [layer.trainable for layer in frozen.layers if layer.weights] == [False, True]
    drawn = line.drawn_bank([5, 6])
    begun = line.begun(drawn, line.source_bank(knowing_network(), None), cut=1)
    kept = knowing_network().get_layer("products").get_weights()[0]
    assert begun[0].shape == (1, *kept.shape) and np.array_equal(begun[0][0], kept)
    assert begun[2] is not None and np.array_equal(begun[2], drawn[2])
    assert np.abs(drawn[0][0] - drawn[0][1]).max() > 0.01


def test_labelled_rows_are_drawn_for_every_seed_from_every_class_in_its_share() -> None:
    from fathom.studies.transfer.experiment import labelled

    y = np.repeat([0, 1, 2], [60, 30, 10])
    first, second = (labelled(y, 20, seed=seed, is_classes=True) for seed in (0, 1))
    assert np.bincount(y[first]).tolist() == [12, 6, 2]
    assert len(set(first)) == 20 and set(first) != set(second)


@pytest.mark.parametrize(
    ("model", "data", "options", "error", "message"),
    [
        ("source", "iris", {}, DataError, r"rows of shape \(4,\) in iris, .* takes \(20,\)"),
        ("source", None, {}, DataError, "needs the data of the new task"),
        ("source", "own", {"labels": 5000}, DataError, "`labels` must be between 2, two, and"),
        ("source", "own", {"learning_rates": ()}, SpecError, "`learning_rates` must name"),
        ("source", "own", {"seeds": 0}, SpecError, "`seeds` must be at least 1"),
        ("broken", "own", {}, ModelError, "Weights must be finite numbers.*products/kernel"),
        ("linear", "own", {}, ModelError, "must have a layer before its head"),
        ("pooled", "own", {}, ModelError, "The last layer must be a Dense layer"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_trains(
    model: str, data: Any, options: Any, error: Any, message: str
) -> None:
    with pytest.raises(error, match=message):
        fathom.transfer(_source(model), product_sign() if data == "own" else data, **options)


def _source(kind: str) -> Any:
    inputs = keras.Input((FEATURES,))
    if kind == "linear":
        return keras.Model(inputs, L.Dense(2, activation="softmax")(inputs))
    if kind == "broken":
        model = knowing_network()
        model.get_layer("products").set_weights([np.full((FEATURES, 8), np.nan), np.zeros(8)])
        return model
    if kind == "pooled":
        grid = L.Reshape((5, 4))(inputs)
        pooled = L.GlobalAveragePooling1D()(L.Conv1D(3, 2)(grid))
        return keras.Model(inputs, L.Softmax()(pooled))
    return knowing_network()
