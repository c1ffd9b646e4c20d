"""Layers whose worth is known are found to be worth that."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from support.planted import CARRIER, IDLE, absolute_value, carrying_network, identity_network

import fathom
from fathom.api.anatomy import Anatomy, anatomy
from fathom.errors import DataError, ModelError, SpecError

L = keras.layers


@pytest.fixture(scope="module")
def carrying() -> Anatomy:
    return anatomy(carrying_network(), absolute_value(), draws=2)


@pytest.fixture(scope="module")
def plain() -> Anatomy:
    model = identity_network()
    initial = [value + 0.1 for value in model.get_weights()]
    initial[2:4] = model.get_weights()[2:4]  # the identity never moved
    return anatomy(model, absolute_value(), draws=2, initial=initial)


def test_the_block_that_carries_everything_is_ranked_first(carrying: Anatomy) -> None:
    row = carrying.result.row(CARRIER)
    assert row.rank == 1 and row.worth.low > 0.3
    assert carrying.result.score.mean > 0.99


@pytest.mark.parametrize("name", IDLE)
def test_a_block_that_adds_nothing_costs_nothing(carrying: Anatomy, name: str) -> None:
    row = carrying.result.row(name)
    assert row.bypass == (0, 0, 0)
    assert row.rank > 1
    assert f"block {name}" in carrying.result.findings["idle"]


def test_only_the_carrier_is_needed(carrying: Anatomy) -> None:
    depth = carrying.result.depth
    assert depth.removable == (IDLE[0], CARRIER, IDLE[1])
    assert set(depth.removed) == set(IDLE) and depth.needed == 1


def test_the_representation_is_finished_where_it_was_written(carrying: Anatomy) -> None:
    assert carrying.result.depth.by_probe in ("inner_2", "outer_2")
    assert carrying.result.probe_input.mean < 0.65
    assert carrying.result.row(CARRIER).probe.mean > 0.95


def test_probes_of_untrained_networks_and_shuffled_labels_stay_at_their_controls(
    carrying: Anatomy,
) -> None:
    row = carrying.result.row(CARRIER)
    assert row.probe_shuffled.low < 0.6
    assert row.probe_untrained.mean < row.probe.mean - 0.2


def test_an_idle_block_leaves_the_representation_as_it_was(carrying: Anatomy) -> None:
    assert carrying.result.row(IDLE[0]).similar_before.mean == pytest.approx(1, abs=1e-3)
    assert carrying.result.row(CARRIER).similar_before.mean < 0.99


def test_the_identity_is_ranked_last_and_its_initial_weights_do_as_well(plain: Anatomy) -> None:
    row = plain.result.row("identity")
    assert row.bypass.mean == pytest.approx(0, abs=1e-6)
    assert row.rank == 3
    assert row.moved.mean == 0 and row.reinit.mean == 0
    assert plain.result.row("work").moved.mean > 0
    assert "identity" in plain.result.findings["training"]


def test_every_interval_holds_its_mean(plain: Anatomy) -> None:
    table = plain.table()
    for name in ("reinit", "rerandom", "zero", "mean", "probe", "similar_output"):
        columns = table.select(f"{name}_low", name, f"{name}_high").drop_nulls().rows()
        assert columns and all(low <= mean <= high for low, mean, high in columns)


def test_the_head_cannot_be_bypassed_and_the_cell_says_why(plain: Anatomy) -> None:
    row = plain.result.row("head")
    assert row.bypass is None
    assert row.notes["bypass"] == "4 goes in, 2 comes out"


def test_gradient_shares_of_the_layers_sum_to_one(carrying: Anatomy) -> None:
    layers = [row for row in carrying.result.layers if not row.is_block]
    assert sum(row.gradient_share.mean for row in layers) == pytest.approx(1, abs=1e-5)


def test_the_same_seed_gives_the_same_numbers(plain: Anatomy) -> None:
    model = identity_network()
    initial = [value + 0.1 for value in model.get_weights()]
    initial[2:4] = model.get_weights()[2:4]
    again = anatomy(model, absolute_value(), draws=2, initial=initial)
    assert again.result.records() == plain.result.records()


def test_dead_units_and_saturation_are_counted() -> None:
    model = keras.Sequential(
        [keras.Input((6,)), L.Dense(4, "relu"), L.Dense(4, "tanh"), L.Dense(2)]
    )
    first, second = model.layers[0], model.layers[1]
    kernel = np.array(first.kernel)
    kernel[:, :3] = 0
    first.set_weights([kernel, np.array([-1, -1, -1, 5.0])])
    second.set_weights([np.zeros((4, 4)), np.full(4, 4.0)])
    found = anatomy(model, absolute_value(), draws=1).result
    assert found.layers[0].dead == 0.75
    assert found.layers[1].saturated == 1
    assert not found.is_trained and "probably never trained" in found.text


def test_batch_normalisation_is_recalibrated_on_request() -> None:
    """A layer whose output is scaled by 4 is undone by statistics computed anew."""
    model = keras.Sequential(
        [
            keras.Input((6,)),
            L.Dense(6, name="scaled"),
            L.Dense(4, name="work"),
            L.BatchNormalization(name="normalised"),
            L.ReLU(),
            L.Dense(2, name="head"),
        ]
    )
    x, y = absolute_value()
    model.get_layer("scaled").set_weights([4 * np.eye(6), np.zeros(6)])
    work = np.zeros((6, 4))
    work[0, :2] = 0.25, -0.25
    model.get_layer("work").set_weights([work, np.zeros(4)])
    head = np.zeros((4, 2))
    head[:2, 1] = 20
    model.get_layer("head").set_weights([head, np.array([0, -20 * 0.6745])])
    found = anatomy(model, (x, y), draws=1, recalibrate=True).result
    row = found.row("scaled")
    assert row.bypass.mean > 0.3
    assert row.recalibrated["bypass"].mean < 0.05


def test_fit_keeps_the_weights_that_criticality_needs() -> None:
    x, y = absolute_value()
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((6,)), L.Dense(8, "relu"), L.Dense(2)])
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    history = fathom.fit(model, x, y, epochs=2, verbose=0)
    found = anatomy(history, (x, y), draws=1).result
    assert found.initial == "stored"
    assert all(row.moved.mean > 0 for row in found.layers)


def test_regression_is_scored_by_r2() -> None:
    x, _ = absolute_value()
    model = keras.Sequential([keras.Input((6,)), L.Dense(1, name="only")])
    model.layers[0].set_weights([np.array([[2.0], [0], [0], [1], [0], [0]]), np.zeros(1)])
    found = anatomy(model, (x, 2 * x[:, 0] + x[:, 3]), draws=1).result
    assert found.metric == "r2" and found.score.mean == pytest.approx(1, abs=1e-4)
    assert "one layer with weights" in found.text


def test_figures_show_every_layer_and_name_it_safely(carrying: Anatomy) -> None:
    rows = carrying.result.layers
    bars = carrying.plot.layers()
    assert {len(trace.y) for trace in bars.data} == {len(rows)}
    heat = carrying.plot.similarity().data[0]
    assert len(heat.z) == len(rows) + 1 and heat.z[0][0] == pytest.approx(1, abs=1e-3)
    lines = {trace.name: trace for trace in carrying.plot.probes().data}
    assert set(lines) == {"trained network", "untrained network", "shuffled labels"}
    assert "<td>[add_2]</td>" in carrying._repr_html_()


# -- bad input --------------------------------------------------------------------------


def classifier(**head: Any) -> keras.Model:
    return keras.Sequential([keras.Input((6,)), L.Dense(4), L.Dense(2, **head)], name="small")


def test_data_that_do_not_fit_are_refused_with_both_shapes() -> None:
    x, y = absolute_value()
    with pytest.raises(DataError, match=r"shape \(5,\).*takes \(6,\)"):
        anatomy(classifier(), (x[:, :5], y))


def test_a_classifier_is_not_given_a_regression() -> None:
    x, _ = absolute_value()
    with pytest.raises(DataError, match="regression target needs a model that ends in one number"):
        anatomy(classifier(activation="softmax"), (x, x[:, 0]))


def test_weights_that_are_not_finite_are_named() -> None:
    x, y = absolute_value()
    model = classifier()
    model.layers[1].kernel.assign(np.full((4, 2), np.nan))
    with pytest.raises(ModelError, match=r"8 in .*kernel"):
        anatomy(model, (x, y))


def test_several_inputs_are_refused_with_the_reason() -> None:
    x, y = absolute_value()
    first, second = keras.Input((6,)), keras.Input((6,))
    model = keras.Model([first, second], L.Dense(2)(L.Add()([first, second])))
    with pytest.raises(ModelError, match=r"one input and one output.*2 inputs"):
        anatomy(model, (x, y))


def test_a_model_without_weights_and_a_wrong_initial_are_refused() -> None:
    x, y = absolute_value()
    with pytest.raises(ModelError, match="layer with weights"):
        anatomy(keras.Sequential([keras.Input((6,)), L.Activation("relu")]), (x, y))
    with pytest.raises(ModelError, match="`initial` must be the weights before training"):
        anatomy(classifier(), (x, y), initial=[np.zeros(3)])
    with pytest.raises(SpecError, match="`draws` must be at least 1"):
        anatomy(classifier(), (x, y), draws=0)
