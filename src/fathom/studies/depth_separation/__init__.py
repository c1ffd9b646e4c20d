"""Which functions does depth help with? Functions in; errors, regions, theory and verdict out."""

from typing import TYPE_CHECKING, Any

from fathom.studies.depth_separation.result import (
    FunctionResult,
    NetworkResult,
    SeparationResult,
    SeparationSpec,
)
from fathom.studies.depth_separation.targets import Target, known_functions, target_of
from fathom.studies.depth_separation.theory import Mark, marks, most_pieces, reachable_pieces
from fathom.studies.depth_separation.words import error_name, headline

if TYPE_CHECKING:
    from fathom.studies.depth_separation.running import separating

__all__ = [
    "FunctionResult",
    "Mark",
    "NetworkResult",
    "SeparationResult",
    "SeparationSpec",
    "Target",
    "error_name",
    "headline",
    "known_functions",
    "marks",
    "most_pieces",
    "reachable_pieces",
    "separating",
    "target_of",
]


def __getattr__(name: str) -> Any:
    """Load what trains, and with it Keras, only when it is asked for: views need only results."""
    if name == "separating":
        from fathom.studies.depth_separation import running

        return getattr(running, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
