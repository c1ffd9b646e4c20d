"""Questions and how they are answered: spec in, records, table and verdict out."""

from typing import TYPE_CHECKING, Any

from fathom.studies.artifacts import Artifact, Event, artifact_name
from fathom.studies.result import (
    DepthRow,
    Score,
    StudyResult,
    gradient_ratio,
    layers_at,
)
from fathom.studies.verdict import best_row, judge, standard_error

if TYPE_CHECKING:
    from fathom.studies.depth import architectures, check, depth_study
    from fathom.studies.members import run_records

__all__ = [
    "Artifact",
    "DepthRow",
    "Event",
    "Score",
    "StudyResult",
    "architectures",
    "artifact_name",
    "best_row",
    "check",
    "depth_study",
    "gradient_ratio",
    "judge",
    "layers_at",
    "run_records",
    "standard_error",
]


def __getattr__(name: str) -> Any:
    """Load what trains, and with it Keras, only when it is asked for: views need only results."""
    if name in __all__:
        from fathom.studies import depth, members

        return getattr(members if name == "run_records" else depth, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
