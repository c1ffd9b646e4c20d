"""How much one experiment may ask for."""

from __future__ import annotations

from typing import Any

MOST_LAYERS = 32
MOST_UNITS = 64
CLASSIC_LAYERS = 6
CLASSIC_UNITS = 8
MOST_FEATURES = 24
MOST_ROWS = 5000
FEWEST_ROWS = 10
MOST_ADDED = 500
MOST_BATCH = 1024
CLASSIC_BATCH = 30
MOST_NOISE = 50
SHARES = (10, 90)
MOST_SEED = 64
MOST_VIEW_BYTES = 2048
MOST_RATE = 1000.0
RESOLUTIONS = (10, 100)
MOST_MEMBERS = 64
MOST_DEPTH = 8


def limits_data() -> dict[str, Any]:
    """Return the limits as the page reads them."""
    return {
        "layers": MOST_LAYERS,
        "units": MOST_UNITS,
        "classic_layers": CLASSIC_LAYERS,
        "classic_units": CLASSIC_UNITS,
        "features": MOST_FEATURES,
        "rows": [FEWEST_ROWS, MOST_ROWS],
        "added": MOST_ADDED,
        "batch_size": MOST_BATCH,
        "classic_batch_size": CLASSIC_BATCH,
        "noise": MOST_NOISE,
        "train_share": list(SHARES),
        "resolution": list(RESOLUTIONS),
        "members": MOST_MEMBERS,
        "depths": MOST_DEPTH,
    }
