"""Trimming takes what is worth nothing, leaves the rest, and never more than the tolerance."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from support.planted import CARRIER, IDLE, absolute_value, carrying_network, identity_network

import fathom
from fathom.errors import ModelError, SpecError

L = keras.layers


def outputs(model: Any, x: np.ndarray) -> np.ndarray:
    return np.asarray(model(x, training=False))


def test_idle_blocks_go_and_predictions_stay_the_same(tmp_path: Any) -> None:
    x, y = absolute_value()
    model = carrying_network()
    found = fathom.trim(model, (x, y), tolerance=0.0, epochs=0)
    assert {step.name for step in found.trimming.steps} == set(IDLE)
    assert not any(step.trained for step in found.trimming.steps)
    assert found.trimming.after.parameters < found.trimming.before.parameters
    found.save(tmp_path / "small.keras")
    loaded = keras.models.load_model(tmp_path / "small.keras")
    np.testing.assert_allclose(outputs(loaded, x), outputs(model, x), atol=1e-6)
    assert CARRIER in {layer.name for layer in loaded.layers}


def test_an_identity_layer_is_trimmed_from_a_plain_network() -> None:
    x, y = absolute_value()
    model = identity_network()
    found = fathom.trim(model, (x, y), tolerance=0.0, epochs=0)
    assert [step.name for step in found.trimming.steps] == ["identity"]
    np.testing.assert_allclose(outputs(found.model, x), outputs(model, x), atol=1e-5)
    assert "Removed identity, without any training" in found.text


def test_where_nothing_can_go_the_model_is_handed_back_and_the_reason_told() -> None:
    x, y = absolute_value()
    model = fathom.trim(carrying_network(), (x, y), tolerance=0.0, epochs=0).model
    again = fathom.trim(model, (x, y), tolerance=0.0, epochs=1)
    assert again.model is model
    assert not again.trimming.is_smaller and not again.trimming.steps
    assert again.text.startswith("Nothing can go") and CARRIER in again.text


def test_a_short_training_mends_what_a_removal_breaks() -> None:
    """A layer that only turns signs round is needed by those weights, not by the task."""
    x, y = absolute_value()
    model = identity_network()
    model.get_layer("identity").set_weights([-np.eye(4), np.zeros(4)])
    head = model.get_layer("head")
    kernel, bias = head.get_weights()
    head.set_weights([-kernel / 20, bias / 20])
    assert not fathom.trim(model, (x, y), tolerance=0.01, epochs=0).trimming.is_smaller
    found = fathom.trim(model, (x, y), tolerance=0.1, epochs=60, learning_rate=0.03)
    assert [(step.name, step.trained) for step in found.trimming.steps] == [("identity", True)]
    assert found.trimming.test >= found.trimming.test_before - 0.1


def test_a_model_that_has_learned_nothing_and_a_tolerance_out_of_range_are_refused() -> None:
    x, y = absolute_value()
    model = carrying_network()
    model.get_layer("head").set_weights([np.zeros((6, 2)), np.array([0, 1.0])])
    with pytest.raises(ModelError, match="Only a network that has learned something"):
        fathom.trim(model, (x, (y == 0).astype("int32")))
    with pytest.raises(SpecError, match=r"`tolerance` must be in \[0, 1\)"):
        fathom.trim(model, (x, y), tolerance=2)


@pytest.mark.parametrize("by", ["magnitude", "taylor", "fisher"])
def test_pruning_takes_units_that_do_nothing_first(by: str) -> None:
    x, y = absolute_value()
    model = identity_network()
    work, bias = model.get_layer("work").get_weights()
    work[:, 2:] *= 1e-3
    model.get_layer("work").set_weights([work, bias])
    middle = model.get_layer("identity")
    middle.set_weights([np.diag([1, 1, 1e-3, 1e-3]), np.zeros(4)])
    found = fathom.prune(model, 0.5, (x, y), by=by, units=True)
    assert found.pruning.layers == {"work": (2, 4), "identity": (2, 4)}
    assert [layer.units for layer in found.model.layers if hasattr(layer, "units")] == [2, 2, 2]
    assert found.pruning.at(0.5).score == found.pruning.curve[0].score
    score = (outputs(found.model, x).argmax(axis=1) == y).mean()
    assert score > 0.99


def test_single_weights_become_zero_and_the_curve_is_that_of_the_pruned_models() -> None:
    x, y = absolute_value()
    found = fathom.prune(identity_network(), 0.6, (x, y))
    kernels = [np.asarray(v) for v in found.model.trainable_variables if len(v.shape) == 2]
    zeros = sum(int((kernel == 0).sum()) for kernel in kernels)
    assert zeros >= round(0.6 * sum(kernel.size for kernel in kernels))
    assert [point.share for point in found.pruning.curve][:2] == [0.0, 0.1]
    with pytest.raises(SpecError, match=r"`share` must be in \[0, 1\)"):
        fathom.prune(identity_network(), 1.0, (x, y))
