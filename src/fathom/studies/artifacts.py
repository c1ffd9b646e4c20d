"""What a study hands out beside its records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fathom.specs import Progress, Record

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, kw_only=True)
class Artifact:
    """Arrays that a study leaves beside its records.

    Args:
        name: "depth-3-width-64".
        arrays: By name: "kept/SEED/VARIABLE" and "initial/SEED/VARIABLE",
            VARIABLE the place among the model's trainable, then
            non-trainable variables.
        metadata: Depth, width, learning rate and family, as text.
    """

    name: str
    arrays: dict[str, np.ndarray]
    metadata: dict[str, str]


Event = Record | Progress | Artifact


def artifact_name(depth: int, width: int) -> str:
    """Return the name under which an architecture's weights are kept."""
    return f"depth-{depth}-width-{width}"
