"""Shallow against deep as rows of text, and as JSON data."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fathom.report.numbers import ABSENT, count_text, rate_text
from fathom.studies.depth_separation import (
    FunctionResult,
    NetworkResult,
    SeparationResult,
    marks,
    most_pieces,
    reachable_pieces,
)


def separation_cells(found: FunctionResult) -> list[dict[str, str]]:
    """Return a row per budget and depth."""
    return [_cells(one) for budget in found.budgets for one in found.within(budget)]


def _cells(one: NetworkResult) -> dict[str, str]:
    return {
        "budget": count_text(one.budget),
        "depth": str(one.depth),
        "units": str(one.units),
        "parameters": count_text(one.parameters),
        "rate": rate_text(one.learning_rate),
        "median": error_text(one.median),
        "best": error_text(one.best),
        "regions": _regions_text(one.median_regions),
        "before": _regions_text(one.median_regions_before),
        "most possible": _large(most_pieces(one.units, one.depth)),
    }


def error_text(error: float | None) -> str:
    """Return an error to two significant digits.

    Example:
        >>> error_text(0.136), error_text(0.00021), error_text(0.0), error_text(None)
        ('0.14', '0.00021', '0', '–')
    """
    if error is None:
        return ABSENT
    return "0" if error == 0 else f"{error:.2g}" if error >= 1e-4 else f"{error:.0e}"


def _regions_text(count: float | None) -> str:
    if count is None:
        return ABSENT
    return f"{count:,.0f}" if count >= 10 or count == int(count) else f"{count:.1f}"


def _large(count: int) -> str:
    return (
        count_text(count)
        if count < 100_000
        else f"{count:.0e}".replace("e+0", "e").replace("e+", "e")
    )


def separation_document(result: SeparationResult) -> dict[str, Any]:
    """Return all of it as JSON data."""
    return {
        "spec": asdict(result.spec),
        "text": result.text,
        "findings": result.findings,
        "notices": result.notices,
        "seconds": result.seconds,
        "functions": [_function(found) for found in result.functions],
    }


def _function(found: FunctionResult) -> dict[str, Any]:
    return {
        "name": found.target.name,
        "words": found.target.words,
        "rows": found.rows,
        "theory": [asdict(mark) for mark in marks(found.target)],
        "networks": [_network(one) for one in found.networks],
    }


def _network(one: NetworkResult) -> dict[str, Any]:
    return {
        **asdict(one),
        "median": one.median,
        "median_regions": one.median_regions,
        "median_regions_before": one.median_regions_before,
        "regions_reachable": reachable_pieces(one.units, one.depth),
        "regions_possible": most_pieces(one.units, one.depth),
    }
