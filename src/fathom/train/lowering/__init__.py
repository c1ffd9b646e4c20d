"""Convolutions, poolings and products as XLA's CPU compiler runs them fastest in a loop."""

from fathom.train.lowering.products import trained_products
from fathom.train.lowering.switch import lowered_convolutions

__all__ = ["lowered_convolutions", "trained_products"]
