"""The front of score against cost."""

from __future__ import annotations

import pytest
from support.studies import planted

from fathom.errors import UnknownNameError
from fathom.studies import fronts_of, pareto_front
from fathom.studies.verdict import judge


def front(scores, cost="parameters"):
    return [row.depth for row in pareto_front(planted(scores).rows(), cost)]


def test_the_front_holds_what_scores_more_than_everything_cheaper():
    assert front({0: 0.8, 1: 0.9, 2: 0.89, 3: 0.95, 4: 0.95}) == [0, 1, 3]


def test_a_cheap_network_that_is_best_is_the_whole_front():
    assert front({0: 0.9, 1: 0.8, 2: 0.7}) == [0]


def test_a_network_of_unknown_cost_is_on_no_front():
    assert front({0: 0.8, 1: 0.9}, "latency_ms") == []


def test_an_unknown_cost_lists_those_there_are():
    with pytest.raises(UnknownNameError, match=r"parameters, flops(.|\n)*did you mean 'flops'"):
        front({0: 0.8}, "flop")


def test_a_row_names_the_costs_it_is_worth():
    rows = planted({0: 0.8, 1: 0.9, 2: 0.85}).rows()
    assert "parameters" in fronts_of(rows[1], rows)
    assert fronts_of(rows[2], rows) == ()


def test_the_verdict_names_the_front_where_others_cost_more_for_no_more():
    told = judge(planted({0: 0.8, 1: 0.9, 2: 0.88, 3: 0.87})).findings["cost"]
    assert "Only depths 0 and 1 score more than every smaller network" in told


def test_the_verdict_is_silent_where_every_network_is_on_the_front():
    told = judge(planted({0: 0.8, 1: 0.9, 2: 0.95, 3: 0.96})).findings.get("cost", "")
    assert "every smaller network" not in told
