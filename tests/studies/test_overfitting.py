"""Depths that overfit, and what is said of them once they were regularised."""

from __future__ import annotations

from dataclasses import replace

from support.studies import SEEDS, planted

from fathom.specs import RegularizationTried, RegularizedRecord
from fathom.studies.overfitting import overfitting_row
from fathom.studies.regularizing import settings_beside, wanted
from fathom.studies.verdict import judge

SCORES = {1: 0.95, 4: 0.93, 8: 0.92}
LOSSES = {1: 0.1, 4: 0.05, 8: 0.01}


def overfitted(*, turned=(4, 8), train_loss=None, **settings):
    return planted(SCORES, train_loss=train_loss or LOSSES, turned=turned, **settings)


def again(score, *, tried=True, reason=""):
    return RegularizedRecord(
        depth=8,
        width=64,
        learning_rate=1e-3,
        tried=(RegularizationTried(dropout=0.3, l2=0.0, validation=score),) if tried else (),
        reason=reason,
        dropout=0.3 if tried else 0.0,
        scores=(score,) * SEEDS if tried else (),
        mean=score,
        low=score - 0.01,
        high=score + 0.01,
    )


def told(record):
    return judge(replace(overfitted(), regularized=(record,)))


def test_the_deepest_that_overfits_is_found():
    assert overfitting_row(overfitted()).depth == 8
    assert overfitting_row(overfitted(turned=[4])).depth == 4


def test_a_depth_whose_validation_loss_never_turns_does_not_overfit():
    assert overfitting_row(overfitted(turned=[])) is None


def test_a_depth_that_fits_worse_does_not_overfit():
    assert overfitting_row(overfitted(train_loss={1: 0.1, 4: 0.3, 8: 0.5})) is None


def test_a_depth_as_good_as_the_best_is_not_trained_again():
    scores = {1: 0.95, 8: 0.95}
    assert overfitting_row(planted(scores, train_loss=LOSSES, turned=[8])) is None


def test_it_is_not_trained_again_twice_nor_against_the_users_will():
    result = overfitted()
    assert wanted(result.spec, result, seconds_left=None).depth == 8
    done = replace(result, regularized=(again(0.94),))
    assert wanted(result.spec, done, seconds_left=None) is None
    unwanted = overfitted(regularize=False)
    assert wanted(unwanted.spec, unwanted, seconds_left=None) is None


def test_without_time_it_is_said_so():
    result = overfitted()
    record = wanted(result.spec, result, seconds_left=0.5)
    assert isinstance(record, RegularizedRecord)
    assert "there was no time for it" in told(record).findings["more_depth"]


def test_what_stays_below_is_rejected_with_its_score():
    words = told(again(0.935)).findings["more_depth"]
    assert "Depth 8 overfits; with dropout 0.3 it reaches 0.935 instead of 0.920" in words
    assert "depth 1 (0.950)" in words


def test_what_gains_nothing_is_said_to_gain_nothing():
    assert "no more than without (0.920)" in told(again(0.91)).findings["more_depth"]


def test_what_becomes_better_asks_for_regularisation_everywhere():
    verdict = told(again(0.98))
    assert "above depth 1 without" in verdict.findings["more_depth"]
    assert "compare all depths with --dropout 0.3" in verdict.findings["next"]
    assert verdict.depth == 1


def test_settings_are_never_weaker_than_the_studys_own():
    model = overfitted(model={"dropout": 0.2, "l2": 1e-2}).spec.model
    assert settings_beside(model) == ((0.2, 1e-2), (0.3, 1e-2))
