"""What the chosen network may cost: what is allowed, what cannot be, what the limits take."""

from __future__ import annotations

from collections.abc import Sequence

from fathom.errors import SpecError
from fathom.specs import ModelSpec, StudySpec
from fathom.studies.result import DepthRow, StudyResult
from fathom.studies.rule import choose, standard_error
from fathom.studies.wording import listed, milliseconds, number, score

# A float32 each for the weight, its gradient, the weight of the best epoch, and a moment of the
# optimizer: what a training takes at the least.
BYTES_OF_A_PARAMETER = 16


def is_constrained(spec: StudySpec) -> bool:
    """Return whether the chosen network must keep within a limit."""
    return spec.max_parameters is not None or spec.max_latency_ms is not None


def check_parameters(spec: StudySpec, sizes: Sequence[tuple[ModelSpec, int]]) -> None:
    """Raise unless a network is small enough, before anything trains.

    Args:
        spec: The study.
        sizes: Its networks, and the parameters of each.

    Raises:
        SpecError: None is; the smallest is named.
    """
    limit = spec.max_parameters
    smallest, fewest = min(sizes, key=lambda one: one[1])
    if limit is None or fewest <= limit:
        return
    narrower = "" if smallest.depth == 0 else ", compare narrower networks, or include depth 0"
    raise SpecError(
        "`max_parameters` must leave a network to choose. Received: "
        f"max_parameters={number(limit)}; the smallest of the study, depth {smallest.depth}"
        f"{_of_width(smallest)}, has {number(fewest)}.",
        hint=f"allow {number(fewest)} parameters or more{narrower}",
    )


def check_memory(sizes: Sequence[tuple[ModelSpec, int]], *, free_bytes: int) -> None:
    """Raise unless a member of each network has room, before anything is written or trained.

    Args:
        sizes: The networks, and the parameters of each.
        free_bytes: The memory that is free.

    Raises:
        SpecError: One has not; the largest is named.
    """
    largest, most = max(sizes, key=lambda one: one[1])
    if most * BYTES_OF_A_PARAMETER <= free_bytes:
        return
    raise SpecError(
        "Every network of a study must fit into memory. Received: depth "
        f"{largest.depth}{_of_width(largest)}, whose {number(most)} parameters take "
        f"{most * BYTES_OF_A_PARAMETER / 1e9:,.1f} GB to train, where {free_bytes / 1e9:,.1f} GB "
        "are free.",
        hint="compare narrower or shallower networks",
    )


def _of_width(network: ModelSpec) -> str:
    return f" of width {network.width}" if network.depth else ""


def allowed(rows: Sequence[DepthRow], spec: StudySpec) -> list[DepthRow]:
    """Return the rows that keep within the study's limits."""
    return [row for row in rows if _is_small(row, spec) and _is_fast(row, spec)]


def _is_small(row: DepthRow, spec: StudySpec) -> bool:
    return spec.max_parameters is None or row.parameters <= spec.max_parameters


def _is_fast(row: DepthRow, spec: StudySpec) -> bool:
    if spec.max_latency_ms is None:
        return True
    return row.latency_ms is not None and row.latency_ms <= spec.max_latency_ms


def limits_in_words(spec: StudySpec) -> str:
    """Return the limits, such as "5,000 parameters and 0.1 ms a row"."""
    limits = []
    if spec.max_parameters is not None:
        limits.append(f"{number(spec.max_parameters)} parameters")
    if spec.max_latency_ms is not None:
        limits.append(f"{milliseconds(spec.max_latency_ms)} a row")
    return listed(limits)


def nothing_fits(result: StudyResult, rows: Sequence[DepthRow]) -> str:
    """Tell that no network keeps within the limits, and which comes nearest."""
    spec = result.spec
    small = [row for row in rows if _is_small(row, spec)]
    measured = [row for row in small if row.latency_ms is not None]
    free = choose(rows, result)
    without = f"Without the limit depth {free.depth} would be chosen{_costing(free)}."
    if not measured:
        return (
            f"No network is known to keep within {limits_in_words(spec)}: how long a prediction "
            f"takes was not measured. {without}"
        )
    fastest = min(measured, key=lambda row: row.latency_ms or 0.0)
    return (
        f"No network keeps within {limits_in_words(spec)}: the fastest, depth {fastest.depth}, "
        f"takes {milliseconds(fastest.latency_ms or 0.0)} for a row. {without}"
    )


def in_words(result: StudyResult, rows: Sequence[DepthRow], chosen: DepthRow) -> str | None:
    """Tell what the limits cost in score.

    Args:
        result: The study.
        rows: All of its rows, those beyond the limits too.
        chosen: The choice within the limits.
    """
    spec = result.spec
    if not is_constrained(spec):
        return None
    limits = limits_in_words(spec)
    free = choose(rows, result)
    if (free.depth, free.width) == (chosen.depth, chosen.width):
        return f"Keeping within {limits} costs nothing: the choice is the same without."
    gap = free.validation.mean - chosen.validation.mean
    errors = gap / max(standard_error(free, result), 1e-12)
    return (
        f"Keeping within {limits} costs {score(gap)} ({errors:.1f} standard errors): "
        f"without the limit depth {free.depth}{_wide(free, chosen)} would be chosen, with "
        f"{score(free.validation.mean)}{_costing(free)}."
    )


def _wide(free: DepthRow, chosen: DepthRow) -> str:
    return f" of width {free.width}" if free.width != chosen.width else ""


def _costing(row: DepthRow) -> str:
    latency = "" if row.latency_ms is None else f" and {milliseconds(row.latency_ms)} a row"
    return f" ({number(row.parameters)} parameters{latency})"
