"""Figures of a study: each a function of its result, in one file per family."""

from fathom.report.figures.costs import cost
from fathom.report.figures.curves import learning_curves
from fathom.report.figures.depth import depth_curve
from fathom.report.figures.layers import gradient_flow, layer_health
from fathom.report.figures.parameters import shallow_against_deep
from fathom.report.figures.rate_search import rate_search
from fathom.report.figures.rates import learning_rates

__all__ = [
    "cost",
    "depth_curve",
    "gradient_flow",
    "layer_health",
    "learning_curves",
    "learning_rates",
    "rate_search",
    "shallow_against_deep",
]
