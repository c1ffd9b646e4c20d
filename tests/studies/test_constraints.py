"""Limits on what the chosen network may cost."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.studies import planted

import fathom
from fathom.errors import SpecError
from fathom.specs import LatencyRecord
from fathom.studies.verdict import judge

SCORES = {0: 0.80, 1: 0.90, 2: 0.95, 3: 0.95}  # with 1000, 2000, 3000 and 4000 parameters


def timed(scores, milliseconds, **spec):
    result = planted(scores, **spec)
    told = tuple(
        LatencyRecord(depth=depth, width=64, milliseconds=value)
        for depth, value in milliseconds.items()
    )
    return replace(result, latencies=told)


def test_the_best_network_within_the_limit_is_chosen():
    assert judge(planted(SCORES)).depth == 2
    assert judge(planted(SCORES, max_parameters=2500)).depth == 1


def test_the_verdict_says_what_the_limit_costs():
    told = judge(planted(SCORES, max_parameters=2500)).findings["constraints"]
    assert "Keeping within 2,500 parameters costs 0.050" in told
    assert "without the limit depth 2 would be chosen, with 0.950 (3,000 parameters)" in told


def test_a_limit_that_costs_nothing_is_said_to():
    told = judge(planted(SCORES, max_parameters=3000)).findings["constraints"]
    assert told == "Keeping within 3,000 parameters costs nothing: the choice is the same without."


def test_without_limits_nothing_is_said_of_them():
    assert "constraints" not in judge(planted(SCORES)).findings


def test_a_limit_on_latency_goes_by_what_was_measured():
    times = {0: 0.01, 1: 0.02, 2: 0.04, 3: 0.08}
    verdict = judge(timed(SCORES, times, max_latency_ms=0.03))
    assert verdict.depth == 1
    assert "within 0.03 ms a row" in verdict.findings["constraints"]


def test_where_nothing_is_fast_enough_the_fastest_is_named():
    times = {0: 0.01, 1: 0.02, 2: 0.04, 3: 0.08}
    verdict = judge(timed(SCORES, times, max_latency_ms=0.001))
    assert verdict.depth is None
    assert "No network keeps within 0.001 ms a row: the fastest, depth 0, takes 0.01 ms" in (
        verdict.text
    )
    assert "Without the limit depth 2 would be chosen (3,000 parameters and 0.04 ms a row)" in (
        verdict.text
    )


def test_the_words_do_not_take_the_best_within_the_limit_for_the_best_of_all():
    verdict = judge(planted(SCORES, max_parameters=1000))
    assert verdict.findings["certainty"].startswith("Within the limit it is the best")
    assert "only one depth was tried" not in verdict.text


def test_only_networks_within_the_limit_are_compared():
    compared = judge(planted(SCORES, max_parameters=2500)).comparisons
    assert [one.depth for one in compared] == [0]


def test_a_limit_that_no_network_keeps_is_refused_before_training(tmp_path):
    with pytest.raises(SpecError, match=r"smallest of the study, depth 1 of width 64, has 515"):
        fathom.study("iris", depths=[1, 2], max_parameters=100, store=tmp_path / "runs")
    assert not (tmp_path / "runs").exists() or not list((tmp_path / "runs").glob("*/log*"))


@pytest.mark.parametrize("limit", [{"max_parameters": 0}, {"max_latency_ms": 0.0}])
def test_limits_must_be_positive(limit):
    with pytest.raises(SpecError, match=next(iter(limit))):
        planted(SCORES, **limit)


def test_a_network_that_has_no_room_is_refused_before_anything_is_written(tmp_path):
    store = fathom.Store(tmp_path / "kept")
    with pytest.raises(SpecError, match="depth 2 of width 3000000") as refused:
        fathom.study("iris", depths=[0, 2], widths=3_000_000, seeds=1, store=store)
    assert "GB to train, where" in str(refused.value)
    assert store.list() == ()
