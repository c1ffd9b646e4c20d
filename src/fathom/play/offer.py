"""The catalog as one document: what a page needs to draw its controls."""

from __future__ import annotations

from typing import Any

from fathom.play import catalog, formulas
from fathom.play.experiment import DEFAULT, experiment_data
from fathom.play.limits import limits_data
from fathom.play.presets import presets_data


def catalog_data(extra_sources: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    """Return everything there is to choose from, as JSON data.

    Args:
        extra_sources: Data that only this server has, before the others.
    """
    return {
        "default": experiment_data(DEFAULT),
        "sources": [*extra_sources, *catalog.described(catalog.SOURCES)],
        "features": catalog.described(catalog.FEATURES),
        "activations": catalog.described(catalog.ACTIVATIONS),
        "optimizers": catalog.described(catalog.OPTIMIZERS),
        "schedules": catalog.described(catalog.SCHEDULES),
        "losses": catalog.described(catalog.LOSSES),
        "outputs": catalog.described(catalog.OUTPUTS),
        "initializers": catalog.described(catalog.INITIALIZERS),
        "normalizations": list(catalog.NORMALIZATIONS),
        "learning_rates": list(catalog.LEARNING_RATES),
        "regularization_rates": list(catalog.REGULARIZATION_RATES),
        "functions": list(formulas.FUNCTIONS),
        "presets": presets_data(),
        "limits": limits_data(),
    }


def source_keys() -> tuple[str, ...]:
    """Return the names of the data that every server has."""
    return catalog.keys(catalog.SOURCES)
