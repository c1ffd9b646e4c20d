"""Learning rates that fall over a training: one factor for each epoch, as Keras would use it."""

from __future__ import annotations

import math
from itertools import pairwise

import keras
import numpy as np
import pytest
from support.networks import compiled, mlp, population, problem

from fathom import train
from fathom.train.decay import Decay

EPOCHS = 5
MIDDLES = (np.arange(EPOCHS) + 0.5) / EPOCHS
FACTORS = {"linear": 1 - MIDDLES, "cosine": (1 + np.cos(math.pi * MIDDLES)) / 2}


def factors(name: str, ends: dict[int, int], *, epochs: int) -> list[float]:
    """Return the factors of a training whose end is changed after some of its epochs."""
    decay, found = Decay(name), []
    while len(found) < epochs:
        epochs = ends.get(len(found), epochs)
        left = epochs - len(found)
        found.append(decay.factor(epochs_left=left))
        decay = decay.after_epoch(epochs_left=left)
    return found


@pytest.mark.parametrize("name", FACTORS)
def test_an_epoch_has_the_factor_of_its_middle(name):
    np.testing.assert_allclose(factors(name, {}, epochs=EPOCHS), FACTORS[name], rtol=1e-12)


@pytest.mark.parametrize("name", FACTORS)
@pytest.mark.parametrize("end", [8, 40])
def test_where_the_end_is_moved_the_rate_goes_on_from_where_it_is(name, end):
    before, after = factors(name, {}, epochs=12), factors(name, {6: end}, epochs=12)
    assert after[:6] == before[:6]
    assert len(after) == end
    steps = [a - b for a, b in pairwise(after)]
    assert min(steps) > 0
    assert max(steps) < 1.6 / min(12, 2 * (end - 6)), "no sudden fall"
    assert after[-1] < 0.5 / (end - 6)


@pytest.mark.parametrize("name", FACTORS)
def test_a_member_whose_rate_falls_trains_as_in_keras(name):
    made = population(lambda: mlp(1))
    ours = list(made.train(epochs=EPOCHS, decay=name))
    for place, member in enumerate(made.members):
        theirs = keras_losses(member, [member.learning_rate * one for one in FACTORS[name]])
        losses = [epoch.validation["loss"][place] for epoch in ours[1:]]
        np.testing.assert_allclose(losses, theirs, rtol=2e-5)


def keras_losses(member: train.Member, rates: list[float]) -> list[float]:
    """Return the validation losses of `keras.Model.fit` in the member's batch order."""
    keras.utils.set_random_seed(member.seed)
    model = compiled(mlp(1))
    (x, y), found = problem(), []
    for epoch in range(EPOCHS):
        order = train.batch_order(member.seed, epoch, rows=len(x), batch_size=10).ravel()
        history = model.fit(
            x[order],
            y[order],
            batch_size=10,
            initial_epoch=epoch,
            epochs=epoch + 1,
            callbacks=[keras.callbacks.LearningRateScheduler(lambda at: rates[at])],
            validation_data=problem(30, seed=1),
            shuffle=False,
            verbose=0,
        ).history
        found += history["val_loss"]
    return found


def test_members_that_move_to_other_seats_keep_their_own_rates():
    members = train.product((0, 1), (1e30, 1e30, 1e-3))
    crowded = population(lambda: mlp(1), members=members, optimizer="sgd", shrinks=True)
    alone = population(lambda: mlp(1), members=members[4:], optimizer="sgd", shrinks=True)
    last = [list(made.train(epochs=EPOCHS, decay="linear"))[-1] for made in (crowded, alone)]
    assert len(crowded._seats.members) < len(members)
    ours, theirs = (epoch.validation["loss"] for epoch in last)
    np.testing.assert_array_equal(ours[4:], theirs)
