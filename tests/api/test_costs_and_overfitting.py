"""A study that overfits, from its trainings to what is kept: costs, regularisation, going on."""

from __future__ import annotations

import numpy as np
import pytest

import fathom
from fathom.specs import LatencyRecord, RegularizedRecord, TestRecord
from fathom.studies import regularizing

DEPTHS, WIDTH, FEATURES = (0, 2), 32, 20


def overfitting_data():
    """Few rows to train on, of which the linear model is the truth, a tenth mislabelled."""
    generator = np.random.default_rng(1)
    x = generator.normal(size=(1000, FEATURES)).astype("float32")
    y = (x.sum(axis=1) > 0) ^ (generator.random(1000) < 0.1)
    return fathom.load((x, y.astype("int32")), seed=0, validation_share=0.5, test_share=0.3)


def run(store, name="over", **options):
    return fathom.study(
        overfitting_data(),
        name=name,
        store=store,
        depths=DEPTHS,
        widths=WIDTH,
        seeds=2,
        learning_rates=[1e-2],
        epochs=20,
        baselines=False,
        max_latency_ms=100.0,
        **options,
    )


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return tmp_path_factory.mktemp("over") / "runs"


@pytest.fixture(scope="module")
def study(store):
    """A study whose deeper network overfits; two settings are tried against it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(regularizing, "SETTINGS", ((0.3, 0.0), (0.0, 1e-2)))
        yield run(store)


def test_operations_are_those_of_the_formula(study):
    linear, deep = study.result.rows()
    head = 1  # two classes share one output
    assert linear.flops == 2 * FEATURES * head + head
    dense = 2 * FEATURES * WIDTH + WIDTH + 2 * WIDTH * WIDTH + WIDTH
    activations = 2 * WIDTH
    assert deep.flops == dense + activations + 2 * WIDTH * head + head


def test_every_depth_is_timed(study):
    for row in study.result.rows():
        assert 0 < row.latency_ms < 100
        assert 0 < row.batch_ms < row.latency_ms
        assert row.bytes > 0


def test_row_scores_are_those_of_the_test(study):
    for row in study.result.rows():
        assert len(row.test.row_scores) == 300
        assert np.mean(row.test.row_scores) == pytest.approx(row.test.mean, abs=1e-4)


def test_the_overfitting_depth_was_trained_again(study):
    (told,) = study.result.regularized
    assert (told.depth, told.width) == (2, WIDTH)
    assert [(one.dropout, one.l2) for one in told.tried] == [(0.3, 0.0), (0.0, 1e-2)]
    assert np.mean(told.scores) == pytest.approx(max(one.validation for one in told.tried))
    assert told.low <= told.mean <= told.high
    assert "Depth 2 overfits; with " in study.verdict.findings["more_depth"]


def test_settings_change_what_members_learn(study):
    (told,) = study.result.regularized
    assert len({one.validation for one in told.tried}) == 2


def test_table_and_fronts_hold_the_costs(study):
    table = study.table()
    assert table["flops"].to_list() == [row.flops for row in study.result.rows()]
    assert study.pareto("flops")["depth"].to_list() == [0]
    compared = study.comparisons()
    assert compared["depth"].to_list() == [2]
    assert compared["low"][0] <= compared["difference"][0] <= compared["high"][0]


def test_the_page_shows_what_was_found(study):
    page = study.report()
    assert "The others against depth 0" in page
    assert "depth 2 with " in page
    assert "It was trained again" in page


def test_going_on_neither_trains_nor_times_again(study, store):
    events = []
    again = fathom.resume("over", data=overfitting_data(), store=store, on_event=events.append)
    told = [event for event in events if isinstance(event, RegularizedRecord | LatencyRecord)]
    assert len(told) == 1 + len(DEPTHS)  # those of before
    assert again.verdict.text == study.verdict.text


def test_it_can_be_left_out(store):
    events = []
    run(store, name="plain", regularize=False, on_event=events.append)
    assert not any(isinstance(event, RegularizedRecord) for event in events)
    assert sum(isinstance(event, TestRecord) for event in events) == len(DEPTHS)
