"""What has each layer learned? Networks and data in; filters, units, separation and words out."""

from typing import TYPE_CHECKING, Any

from fathom.studies.features.result import (
    Conductance,
    Embeddings,
    FeaturesResult,
    FeaturesSpec,
    Filters,
    Inputs,
    LayerFeatures,
    Surfaces,
    UnitFeatures,
)

if TYPE_CHECKING:
    from fathom.studies.features.examining import learned_features

__all__ = [
    "Conductance",
    "Embeddings",
    "FeaturesResult",
    "FeaturesSpec",
    "Filters",
    "Inputs",
    "LayerFeatures",
    "Surfaces",
    "UnitFeatures",
    "learned_features",
]


def __getattr__(name: str) -> Any:
    """Load what computes, and with it Keras, only when it is asked for: views need only results."""
    if name == "learned_features":
        from fathom.studies.features.examining import learned_features

        return learned_features
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
