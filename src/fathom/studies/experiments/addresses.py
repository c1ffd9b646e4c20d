"""Fragments of the playground's address: in its own form, for what the classic form cannot say."""

from __future__ import annotations

import base64
import json
from typing import Any


def moons_address(*, units: int, layers: int, train_share: float = 10, **settings: Any) -> str:
    """Return the fragment of a network of ReLUs on two noisy half circles.

    Args:
        units: Of each layer.
        layers: How many.
        train_share: Share of the points to train on, in percent.
        **settings: Of the playground's experiment, such as `batch_size`.

    Example:
        >>> moons_address(units=8, layers=1)[:11]
        '#fathom=eyJ'
    """
    experiment = {
        "mode": "modern",
        "data": {"source": "moons", "noise": 30, "train_share": train_share},
        "network": {"layers": [{"units": units, "activation": "relu"}] * layers},
        **settings,
    }
    text = json.dumps(experiment, separators=(",", ":"))
    return "#fathom=" + base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
