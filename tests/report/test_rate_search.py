"""The figure of a search for a learning rate tells what was found."""

from __future__ import annotations

import numpy as np

from fathom import report
from fathom.measure import rate_curve


def figure(losses):
    rates = np.geomspace(1e-4, 1, len(losses))
    return report.rate_search(rate_curve(rates, losses, initial_loss=1.0, steps=50))


def words(drawn) -> str:
    return " ".join(annotation.text for annotation in drawn.layout.annotations)


def test_rates_that_diverged_are_crossed_and_huge_losses_do_not_stretch_the_axis():
    drawn = figure([0.9, 0.5, 0.3, 1e9, np.inf])
    curve, diverged = drawn.data
    assert max(curve.y) == 1.5
    assert list(curve.customdata) == [0.9, 0.5, 0.3, 1e9]
    assert len(diverged.x) == 1
    assert drawn.layout.xaxis.type == "log"


def test_the_suggestion_and_the_largest_stable_rate_are_written():
    text = words(figure([0.9, 0.5, 0.3, 2.0, np.inf]))
    assert "suggested: 5e-3" in text
    assert "largest stable: 1e-2" in text


def test_where_nothing_learned_nothing_is_marked():
    drawn = figure([1.1, 1.2, 1.3])
    assert "suggested" not in words(drawn)
    assert len(drawn.layout.shapes) == 1
