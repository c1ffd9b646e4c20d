"""A time series against repeating its last value."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support.studies import planted

from fathom.data import load
from fathom.specs import LAST_VALUE
from fathom.studies.baselines import last_value
from fathom.studies.verdict import judge


@pytest.fixture
def walk(tmp_path):
    """A random walk: nothing predicts it better than its last value does."""
    values = np.cumsum(np.random.default_rng(0).normal(size=400))
    path = tmp_path / "walk.csv"
    path.write_text("step,value\n" + "\n".join(f"{k},{v:.5f}" for k, v in enumerate(values)))
    return load(path, target="value", time="step", window=5)


def test_the_last_value_scores_what_its_formula_says(walk):
    told = last_value(walk, seed=0)
    y = walk.test.y[np.argsort(walk.test.rows)]
    errors = y[1:] - y[:-1]  # each window's last value is the one before
    assert told.name == LAST_VALUE
    assert told.test == pytest.approx(
        1 - np.mean(np.square(errors)) / np.var(walk.test.y), abs=0.01
    )
    assert told.low < told.test < told.high


def test_tables_have_no_last_value():
    assert last_value(load("diabetes"), seed=0) is None


@pytest.mark.parametrize(
    "last, words",
    [
        (0.7, "The network is better than repeating the last value."),
        (0.99, "Repeating the last value is better than the network."),
        (0.955, "The network is not clearly better than repeating the last value."),
    ],
)
def test_the_verdict_holds_the_network_against_it(last, words):
    told = judge(planted({0: 0.8, 1: 0.95}, baselines={LAST_VALUE: last})).findings["baselines"]
    assert f"the last value of the series {last:.3f}" in told
    assert words in told


def test_it_is_not_what_a_diverged_member_is_worth():
    result = planted({0: 0.8, 1: 0.95}, baselines={LAST_VALUE: 0.9}, guess=0.1)
    shuffled = replace(result, baselines=result.baselines[::-1])
    assert result.guess == shuffled.guess == 0.1
