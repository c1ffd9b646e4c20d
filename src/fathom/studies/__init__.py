"""Questions and how they are answered: spec in, records, table and verdict out."""

from typing import TYPE_CHECKING, Any

from fathom.studies.artifacts import Artifact, Event, artifact_name
from fathom.studies.constraints import allowed
from fathom.studies.following import Stage, finished
from fathom.studies.overfitting import regularized_score, setting_in_words
from fathom.studies.pareto import COSTS, fronts_of, pareto_front
from fathom.studies.result import (
    DepthRow,
    Score,
    StudyResult,
    gradient_ratio,
    layers_at,
)
from fathom.studies.verdict import best_row, judge, standard_error

if TYPE_CHECKING:
    from fathom.studies.bench import compiler, compiling_ahead
    from fathom.studies.depth import architectures, check, depth_study
    from fathom.studies.members import run_records
    from fathom.studies.scattered import check_scatters

__all__ = [
    "COSTS",
    "Artifact",
    "DepthRow",
    "Event",
    "Score",
    "Stage",
    "StudyResult",
    "allowed",
    "architectures",
    "artifact_name",
    "best_row",
    "check",
    "check_scatters",
    "compiler",
    "compiling_ahead",
    "depth_study",
    "finished",
    "fronts_of",
    "gradient_ratio",
    "judge",
    "layers_at",
    "pareto_front",
    "regularized_score",
    "run_records",
    "setting_in_words",
    "standard_error",
]


def __getattr__(name: str) -> Any:
    """Load what trains, and with it Keras, only when it is asked for: views need only results."""
    if name in __all__:
        from fathom.studies import bench, depth, members

        rooms = {"run_records": members, "compiler": bench, "compiling_ahead": bench}
        return getattr(rooms.get(name, depth), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
