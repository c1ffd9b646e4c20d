"""A curve of losses by learning rate, read: planted curves have known answers."""

from __future__ import annotations

import numpy as np
import pytest

from fathom.measure import rate_curve

RATES = np.geomspace(1e-5, 10, 13)  # two a decade


def valley(*, edge: float, bottom: float) -> np.ndarray:
    """Return losses that start at 1, are lowest at `bottom`, and diverge above `edge`."""
    losses = 0.1 + 0.2 * np.abs(np.log10(RATES / bottom))
    return np.where(edge < RATES, np.inf, np.minimum(losses, 0.999))


def read(losses):
    return rate_curve(RATES, losses, initial_loss=1.0, steps=100)


def test_the_lowest_loss_is_suggested_where_it_is_far_from_divergence():
    curve = read(valley(edge=1.1, bottom=1e-2))
    assert curve.lowest == curve.suggestion == pytest.approx(1e-2)
    assert curve.largest_stable == pytest.approx(1.0)


def test_the_suggestion_stays_below_half_the_largest_stable_rate():
    curve = read(valley(edge=1.1e-2, bottom=1e-2))
    assert curve.largest_stable == pytest.approx(1e-2)
    assert curve.suggestion == pytest.approx(5e-3)


def test_a_rate_that_ends_above_the_first_loss_is_not_stable():
    losses = valley(edge=10, bottom=1e-3)
    losses[RATES > 0.2] = 1.5
    assert read(losses).largest_stable == pytest.approx(0.1)


def test_the_steepest_rate_lies_where_the_loss_falls_fastest():
    losses = np.full(len(RATES), 1.0)
    losses[4:] = 0.2  # falls between the places 3 and 4
    losses[7] = 0.1
    assert read(losses).steepest in RATES[3:5]


def test_where_nothing_learns_nothing_is_suggested():
    curve = read(np.full(len(RATES), 2.0))
    assert curve.suggestion is None
    assert "No learning rate" in curve.text


def test_the_words_say_when_the_edge_was_not_seen():
    assert "the largest that was tried" in read(valley(edge=100, bottom=1e-2)).text
