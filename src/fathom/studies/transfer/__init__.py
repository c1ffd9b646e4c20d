"""How many layers of a trained network carry over to another task? Table and verdict out."""

from typing import TYPE_CHECKING, Any

from fathom.studies.transfer.result import (
    ARMS,
    FINE_TUNED,
    FROZEN,
    RANDOM,
    SELF,
    SELF_FINE_TUNED,
    Arm,
    Choice,
    Cut,
    TransferResult,
    TransferSpec,
)
from fathom.studies.transfer.words import headline

if TYPE_CHECKING:
    from fathom.studies.transfer.experiment import Made, transferring

__all__ = [
    "ARMS",
    "FINE_TUNED",
    "FROZEN",
    "RANDOM",
    "SELF",
    "SELF_FINE_TUNED",
    "Arm",
    "Choice",
    "Cut",
    "Made",
    "TransferResult",
    "TransferSpec",
    "headline",
    "transferring",
]


def __getattr__(name: str) -> Any:
    """Load what trains, and with it Keras, only when it is asked for: views need only results."""
    if name in ("Made", "transferring"):
        from fathom.studies.transfer import experiment

        return getattr(experiment, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
