"""What is each layer worth, and where is the work done? Networks and data in, table out."""

from typing import TYPE_CHECKING, Any

from fathom.studies.anatomy.result import (
    AnatomyResult,
    AnatomySpec,
    EffectiveDepth,
    Estimate,
    LayerRow,
)
from fathom.studies.anatomy.words import is_idle, matters

if TYPE_CHECKING:
    from fathom.studies.anatomy.examining import examine
    from fathom.studies.anatomy.removing import outermost
    from fathom.studies.anatomy.subject import Subject, fitted, subject_of

__all__ = [
    "AnatomyResult",
    "AnatomySpec",
    "EffectiveDepth",
    "Estimate",
    "LayerRow",
    "Subject",
    "examine",
    "fitted",
    "is_idle",
    "matters",
    "outermost",
    "subject_of",
]


def __getattr__(name: str) -> Any:
    """Load what computes, and with it Keras, only when it is asked for: views need only results."""
    if name == "examine":
        from fathom.studies.anatomy import examining

        return getattr(examining, name)
    if name == "outermost":
        from fathom.studies.anatomy import removing

        return removing.outermost
    if name in ("Subject", "fitted", "subject_of"):
        from fathom.studies.anatomy import subject

        return getattr(subject, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
