"""The chosen depth against the others, paired."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from support.studies import SEEDS, planted

from fathom.studies.comparisons import compared
from fathom.studies.verdict import judge


def with_tests(scores, by_depth, rows_of=None):
    """Return a study whose test scores of each seed, and of each row, are planted."""
    result = planted(scores, seeds=len(next(iter(by_depth.values()))))
    tests = tuple(
        replace(
            test,
            scores=tuple(by_depth[test.depth]),
            row_scores=None if rows_of is None else tuple(rows_of[test.depth]),
        )
        for test in result.tests
    )
    return replace(result, tests=tests)


def against(result, depth):
    rows = result.rows()
    chosen = next(row for row in rows if row.depth == depth)
    return {one.depth: one for one in compared(result, rows, chosen)}


def test_what_is_hard_for_both_cancels():
    hard = np.array([0.0, 0.1, 0.2, 0.3])
    wiggle = np.array([0.001, -0.001, 0.0, 0.001])
    result = with_tests({0: 0.6, 1: 0.6}, {0: 0.5 + hard, 1: 0.55 + hard + wiggle})
    found = against(result, 0)[1]
    assert abs(found.difference - 0.05025) < 1e-6
    assert 0.04 < found.low < found.difference < found.high < 0.06
    assert found.is_clear
    assert found.probability > 0.99


def test_equal_depths_are_as_likely_to_be_better_as_not():
    scores = 0.9 + 0.01 * np.array([1, -1, 1, -1])
    found = against(with_tests({0: 0.9, 1: 0.9}, {0: scores, 1: scores[::-1]}), 0)[1]
    assert not found.is_clear
    assert abs(found.probability - 0.5) < 0.05


def test_seeds_that_agree_on_few_rows_leave_the_interval_wide():
    by_depth = {0: [0.9] * SEEDS, 1: [0.95] * SEEDS}
    few = {0: [1] * 18 + [0] * 2, 1: [1] * 19 + [0]}
    assert against(with_tests({0: 0.9, 1: 0.95}, by_depth), 0)[1].is_clear
    assert not against(with_tests({0: 0.9, 1: 0.95}, by_depth, few), 0)[1].is_clear


def test_more_comparisons_ask_for_more():
    generator = np.random.default_rng(0)
    by_depth = {
        depth: 0.9 + 0.02 * (depth == 1) + 0.008 * generator.standard_normal(SEEDS)
        for depth in range(9)
    }
    alone = with_tests({0: 0.9, 1: 0.9}, {0: by_depth[0], 1: by_depth[1]})
    many = with_tests(dict.fromkeys(range(9), 0.9), by_depth)
    assert against(alone, 0)[1].low == against(many, 0)[1].low
    assert against(many, 0)[1].is_clear <= against(alone, 0)[1].is_clear


def test_the_verdict_counts_all_its_comparisons():
    scores = {0: 0.6, 1: 0.9, 2: 0.9, 3: 0.9}
    wiggle = np.array([0.003, -0.002, 0.001, -0.002])
    by_depth = {d: score + (wiggle if d != 1 else -wiggle) for d, score in scores.items()}
    told = judge(with_tests(scores, by_depth)).findings["certainty"]
    assert "Of 3 comparisons on the test rows, taken together, 1 is clear: depth 0 is worse" in told


def test_a_single_seed_is_compared_with_nobody():
    assert judge(planted({0: 0.8, 1: 0.95, 2: 0.95}, seeds=1)).comparisons == ()


def test_a_difference_of_accuracies_ends_where_accuracies_do():
    found = against(with_tests({0: 0.9, 1: 0.3}, {0: [0.9, 0.95], 1: [0.2, 0.45]}), 0)[1]
    assert found.low == -1 and -1 < found.difference < found.high <= 1


def test_two_seeds_are_said_to_tell_little():
    few = with_tests({0: 0.9, 1: 0.3}, {0: [0.9, 0.95], 1: [0.2, 0.45]})
    told = judge(few).findings["certainty"]
    assert "2 seeds can hardly tell a difference from chance" in told
    many = with_tests({0: 0.6, 1: 0.9}, {0: [0.6] * SEEDS, 1: [0.9] * SEEDS})
    assert "seeds can hardly" not in judge(many).findings["certainty"]
