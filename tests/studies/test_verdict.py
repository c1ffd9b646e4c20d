"""The verdict finds what was planted, and says it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.studies import planted

from fathom.studies.verdict import judge


def test_the_shallowest_depth_within_one_standard_error_is_chosen():
    verdict = judge(planted({0: 0.80, 1: 0.949, 2: 0.950, 3: 0.951}, spread=0.004))
    assert verdict.depth == 1
    assert "cannot be told apart" in verdict.text


def test_a_depth_beyond_one_standard_error_is_not_enough():
    verdict = judge(planted({0: 0.80, 1: 0.90, 2: 0.950, 3: 0.951}, spread=0.004))
    assert verdict.depth == 2


def test_a_linear_model_that_is_good_enough_is_the_verdict():
    verdict = judge(planted({0: 0.95, 1: 0.95, 2: 0.951}))
    assert verdict.depth == 0
    assert verdict.text.startswith("Depth 0 is enough: a linear model")


def test_where_nothing_beats_guessing_nothing_was_learned():
    verdict = judge(planted({0: 0.101, 1: 0.104, 2: 0.099}, guess=0.1, validation_rows=200))
    assert verdict.depth is None
    assert verdict.text.startswith("Nothing can be learned from these inputs")


def test_rows_learned_by_heart_are_told_where_nothing_holds_for_others():
    scores = {0: 0.101, 1: 0.104, 2: 0.099}
    result = planted(scores, guess=0.1, validation_rows=200, turned=[2], train_loss={2: 0.25})
    told = judge(result).findings["by_heart"]
    assert "by heart: at depth 2 the training loss fell from 0.725 to 0.25" in told
    assert "by_heart" not in judge(planted(scores, guess=0.1, validation_rows=200)).findings
    learned = planted({0: 0.8, 1: 0.9, 2: 0.7}, turned=[2])
    assert "by_heart" not in judge(learned).findings


def test_where_only_boosting_learns_the_advice_is_to_try_other_settings():
    result = planted(
        {0: 0.1, 1: 0.1}, validation_rows=200, baselines={"hist-gradient-boosting": 0.9}
    )
    assert "there is something to learn" in judge(result).text


def test_vanishing_gradients_are_named_with_their_ratio_and_a_mend():
    verdict = judge(planted({1: 0.95, 2: 0.95, 16: 0.1}, ratios={16: 3e-12}))
    assert "Depth 16 did not train: vanishing gradients" in verdict.findings["failures"]
    assert "3e-12" in verdict.findings["failures"]
    assert "--family residual or --normalization batch" in verdict.findings["next"]


def test_healthy_depths_are_not_called_failed():
    verdict = judge(planted({1: 0.95, 2: 0.95, 16: 0.94}, ratios={16: 3e-12}))
    assert "failures" not in verdict.findings


def test_exploding_gradients_are_named():
    verdict = judge(planted({1: 0.95, 16: 0.1}, ratios={16: 1e8}))
    assert "exploding gradients" in verdict.findings["failures"]


def test_divergence_is_named_before_gradients():
    verdict = judge(planted({1: 0.95, 4: 0.1}, ratios={4: 1e8}, diverged={4: 4}))
    assert "diverged at every rate tried" in verdict.findings["failures"]
    assert "learning rates below 0.0003" in verdict.findings["next"]


def test_dead_units_are_named():
    verdict = judge(planted({1: 0.95, 4: 0.2}, dead={4: 0.9}))
    assert "90% of the units are never active" in verdict.findings["failures"]


def test_a_failure_that_nothing_measured_explains_is_said_so():
    assert "do not explain it" in judge(planted({1: 0.95, 4: 0.2})).findings["failures"]


def test_few_diverged_members_are_counted():
    verdict = judge(planted({1: 0.95, 2: 0.95}, diverged={2: 1}, spread=0.0001))
    assert "3 members diverged (depth 2)" in verdict.findings["failures"]


def test_a_deep_network_that_fits_better_and_scores_worse_overfits():
    result = planted({1: 0.95, 8: 0.90}, train_loss={1: 0.1, 8: 0.01}, turned=[8])
    assert "it overfits" in judge(result).findings["more_depth"]


def test_a_deep_network_that_fits_worse_is_harder_to_train():
    result = planted({1: 0.95, 8: 0.90}, train_loss={1: 0.1, 8: 0.5})
    assert "harder to train" in judge(result).findings["more_depth"]


@pytest.mark.parametrize("rate, words", [(3e-3, "largest tried"), (3e-4, "smallest tried")])
def test_a_rate_at_the_edge_asks_for_a_wider_range(rate, words):
    assert words in judge(planted({0: 0.9, 1: 0.95, 2: 0.95}, best_rate=rate)).findings["next"]


def test_the_deepest_depth_as_verdict_asks_for_more_depth():
    verdict = judge(planted({0: 0.8, 1: 0.85, 2: 0.95}))
    assert "--depths 2-4" in verdict.findings["next"]


def test_an_optimum_inside_the_range_asks_for_nothing():
    assert "next" not in judge(planted({0: 0.8, 1: 0.95, 2: 0.95})).findings


def test_one_seed_is_said_to_be_few():
    verdict = judge(planted({0: 0.8, 1: 0.95, 2: 0.95}, seeds=1))
    assert "there is one seed" in verdict.findings["certainty"]
    assert "--seeds 5" in verdict.findings["next"]


def test_boosting_that_is_better_is_preferred():
    result = planted({0: 0.8, 1: 0.9, 2: 0.9}, baselines={"hist-gradient-boosting": 0.97})
    assert "prefer it" in judge(result).findings["baselines"]


def test_depth_at_equal_parameters_is_told_when_it_gains():
    result = planted(
        {1: 0.7, 2: 0.9, 4: 0.95}, widths={1: 512, 2: 90, 4: 64}, match_parameters=True
    )
    told = judge(result).findings["equal_parameters"]
    assert "one block of 512 units" in told
    assert "worth 0.250" in told


def test_depth_at_equal_parameters_is_told_when_it_gains_nothing():
    result = planted(
        {1: 0.95, 2: 0.95, 4: 0.95}, widths={1: 512, 2: 90, 4: 64}, match_parameters=True
    )
    told = judge(result).findings["equal_parameters"]
    assert "no deeper network of that size does better" in told


def test_the_verdict_is_the_same_whatever_order_depths_were_given_in():
    scores = {3: 0.951, 0: 0.8, 2: 0.95, 1: 0.949}
    forward = judge(planted(dict(sorted(scores.items()))))
    assert judge(planted(scores)).text == forward.text


def test_a_shallow_depth_with_healthy_gradients_is_called_too_shallow():
    verdict = judge(planted({1: 0.3, 2: 0.4, 3: 0.95}))
    assert "Depths 1 and 2 learned far less than depth 3" in verdict.findings["failures"]


def test_at_equal_parameters_a_network_too_shallow_is_compared_too():
    result = planted({1: 0.3, 2: 0.95}, widths={1: 512, 2: 90}, match_parameters=True)
    assert "one block of 512 units" in judge(result).findings["equal_parameters"]


def test_one_seed_that_learns_is_enough_to_have_learned():
    verdict = judge(planted({0: 0.1, 1: 0.5}, spread=0.2))
    assert verdict.depth == 1


def test_costs_that_hardly_differ_are_not_told():
    result = planted({0: 0.8, 1: 0.95, 2: 0.95})
    assert "times the parameters" in judge(result).findings["cost"]
    assert "0." not in judge(result).findings["cost"].split("times the parameters")[0]


def test_a_validation_score_that_the_test_rows_do_not_confirm_is_luck():
    result = planted({0: 0.1, 1: 0.2}, guess=0.1, validation_rows=200)
    lucky = replace(
        result,
        tests=tuple(
            replace(t, scores=(0.1,) * 4, mean=0.1, low=0.05, high=0.15) for t in result.tests
        ),
    )
    assert judge(result).depth == 1
    assert judge(lucky).depth is None


def test_networks_kept_from_training_are_not_taken_for_noise():
    result = planted({8: 0.1, 16: 0.1}, ratios={8: 1e-6, 16: 1e-12}, validation_rows=200)
    verdict = judge(result)
    assert verdict.text.startswith("No depth learned anything")
    assert "Depths 8 and 16 did not train: vanishing gradients" in verdict.findings["failures"]
    assert "--family residual" in verdict.findings["failures"]


def test_boosting_that_is_lucky_by_a_row_does_not_make_noise_learnable():
    result = planted(
        {0: 0.1, 1: 0.1}, validation_rows=200, baselines={"hist-gradient-boosting": 0.11}
    )
    assert judge(result).text.startswith("Nothing can be learned")
