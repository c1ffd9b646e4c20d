from __future__ import annotations

import numpy as np

from fathom.train.stopping import at_start, judge


def run(losses, patience):
    """Judge one member whose validation losses are given; return its standings by epoch."""
    standing, standings = at_start(1), []
    for epoch, loss in enumerate(losses, start=1):
        standing = judge(
            standing,
            epoch=epoch,
            loss=np.zeros(1),
            validation_loss=np.array([loss]),
            patience=patience,
        )
        standings.append(standing)
    return standings


def test_a_member_stops_after_its_patience():
    standings = run([3, 2, 2.5, 2.2, 2.1], patience=2)
    assert [bool(s.active[0]) for s in standings] == [True, True, True, False, False]
    assert standings[-1].best_epoch[0] == 2
    assert standings[-1].epochs[0] == 4


def test_without_patience_a_member_trains_on():
    assert all(s.active[0] for s in run([1, 2, 3, 4, 5, 6], patience=None))


def test_a_stopped_member_does_not_improve_any_more():
    standings = run([1, 2, 2, 0.1], patience=2)
    assert standings[-1].best[0] == 1


def test_equal_losses_are_no_improvement():
    assert run([1, 1], patience=5)[-1].best_epoch[0] == 1


def test_a_loss_that_is_not_finite_is_divergence_and_keeps_the_best():
    standings = run([1, float("nan"), 0.5], patience=5)
    assert standings[-1].diverged[0]
    assert not standings[-1].active[0]
    assert standings[-1].best_epoch[0] == 1
    assert standings[-1].epochs[0] == 2


def test_a_training_loss_that_is_not_finite_is_divergence_too():
    standing = judge(
        at_start(2),
        epoch=1,
        loss=np.array([np.inf, 1.0]),
        validation_loss=np.ones(2),
        patience=None,
    )
    assert standing.diverged.tolist() == [True, False]
