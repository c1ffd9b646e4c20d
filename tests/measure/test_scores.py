"""Scores equal Keras's and scikit-learn's."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from sklearn.metrics import r2_score

from fathom.measure import is_correct, scorer

LOGITS = np.random.default_rng(0).normal(size=(50, 4)).astype("float32") * 3
CLASSES = np.random.default_rng(1).integers(4, size=50).astype("int32")


def test_cross_entropy_and_accuracy_are_those_of_keras():
    scores = scorer("classification")(CLASSES, LOGITS)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)(CLASSES, LOGITS)
    metric = keras.metrics.SparseCategoricalAccuracy()
    metric.update_state(CLASSES, LOGITS)
    assert float(scores["loss"]) == pytest.approx(float(loss), rel=1e-6)
    assert float(scores["accuracy"]) == pytest.approx(float(metric.result()))


def test_probabilities_score_as_their_logits_do():
    probabilities = np.asarray(keras.ops.softmax(LOGITS))
    one, other = (
        scorer("classification")(CLASSES, LOGITS),
        scorer("classification", from_logits=False)(CLASSES, probabilities),
    )
    assert float(one["loss"]) == pytest.approx(float(other["loss"]), rel=1e-4)
    assert float(one["accuracy"]) == float(other["accuracy"])


@pytest.mark.parametrize("from_logits", [True, False])
def test_one_output_is_the_second_of_two_classes(from_logits):
    y, outputs = CLASSES % 2, LOGITS[:, :1]
    if not from_logits:
        outputs = np.asarray(keras.ops.sigmoid(outputs))
    scores = scorer("classification", from_logits=from_logits)(y, outputs)
    loss = keras.losses.BinaryCrossentropy(from_logits=from_logits)(
        y[:, None].astype("float32"), outputs
    )
    assert float(scores["loss"]) == pytest.approx(float(loss), rel=1e-4)
    correct = is_correct(y, outputs[None], from_logits=from_logits)
    assert float(scores["accuracy"]) == pytest.approx(correct.mean())


def test_r2_is_that_of_scikit_learn():
    y = np.random.default_rng(2).normal(size=50).astype("float32")
    scores = scorer("regression")(y, LOGITS[:, :1])
    assert float(scores["r2"]) == pytest.approx(r2_score(y, LOGITS[:, 0]), rel=1e-5)


def test_rows_are_judged_member_by_member():
    both = np.stack([LOGITS, -LOGITS])
    correct = is_correct(CLASSES, both)
    assert correct.shape == (2, 50)
    np.testing.assert_array_equal(correct[1], (-LOGITS).argmax(axis=1) == CLASSES)


def test_a_scorer_is_made_once():
    assert scorer("classification") is scorer("classification")
