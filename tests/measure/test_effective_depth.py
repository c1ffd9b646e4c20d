"""Three definitions of effective depth, on numbers whose answer is known."""

from __future__ import annotations

import pytest

from fathom import measure


def test_the_first_layer_within_the_error_of_the_best_finishes_the_representation() -> None:
    assert measure.first_within([0.5, 0.94, 0.95, 0.9], 0.02) == 1
    assert measure.first_within([0.5, 0.94, 0.95, 0.9], 0.0) == 2


def test_greedy_removal_takes_the_cheapest_and_stops_at_the_floor() -> None:
    costs = {0: 0.5, 1: 0.01, 2: 0.02, 3: 0.4}

    def score_without(sets: list[tuple[int, ...]]) -> list[float]:
        return [1 - sum(costs[place] for place in one) for one in sets]

    removed = measure.greedy_removal(score_without, list(costs), floor=0.9)
    assert [place for place, _ in removed] == [1, 2]
    assert removed[-1][1] == pytest.approx(0.97)


def test_equal_gradients_weigh_paths_by_their_number() -> None:
    assert measure.mean_path_length([1, 1, 1, 1, 1]) == pytest.approx(2)


def test_short_paths_carry_the_gradient_where_branches_shrink_it() -> None:
    assert measure.mean_path_length([0.1**k for k in range(11)]) == pytest.approx(10 / 11)
