from __future__ import annotations

import numpy as np
import pytest

from fathom.train import batch_order, steps_per_epoch
from fathom.train.orders import Shuffles, population_order


@pytest.mark.parametrize("rows, batch_size", [(10, 5), (10, 3), (7, 7), (1, 1), (100, 33)])
def test_every_row_is_seen_each_epoch_in_full_batches(rows, batch_size):
    order = batch_order(0, 0, rows=rows, batch_size=batch_size)
    assert order.shape == (steps_per_epoch(rows, batch_size), batch_size)
    assert set(order.ravel()) == set(range(rows))


def test_epochs_and_seeds_have_orders_of_their_own():
    orders = [
        batch_order(seed, epoch, rows=50, batch_size=10) for seed in (0, 1) for epoch in (0, 1)
    ]
    assert len({order.tobytes() for order in orders}) == 4


def test_an_order_is_the_same_each_time_it_is_drawn():
    first, second = (batch_order(3, 2, rows=50, batch_size=10) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_members_of_one_seed_see_one_order():
    order = population_order([4, 5, 4], 0, rows=20, batch_size=5)
    np.testing.assert_array_equal(order[0], order[2])
    assert not np.array_equal(order[0], order[1])


def test_shuffles_are_those_that_fit_draws_after_the_seed():
    np.random.seed(7)
    drawn = [np.random.permutation(9) for _ in range(3)]
    shuffles = Shuffles([7, 8])
    for expected in drawn[1:]:  # the first is drawn to build the model
        np.testing.assert_array_equal(shuffles.draw(9)[7], expected)


def test_shuffles_go_on_from_their_state():
    first, second = Shuffles([3, 5]), Shuffles([3, 5])
    first.draw(6)
    second.state = first.state
    ours, theirs = first.draw(6), second.draw(6)
    for seed in (3, 5):
        np.testing.assert_array_equal(ours[seed], theirs[seed])
