"""Which networks no other beats at a lower cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fathom.errors import UnknownNameError
from fathom.specs import closest
from fathom.studies.result import DepthRow

# What a network costs, by the name of the cost.
COSTS: dict[str, Callable[[DepthRow], float | None]] = {
    "parameters": lambda row: row.parameters,
    "flops": lambda row: row.flops,
    "latency_ms": lambda row: row.latency_ms,
    "batch_ms": lambda row: row.batch_ms,
    "train_seconds": lambda row: row.train_seconds,
    "bytes": lambda row: row.bytes,
}


def pareto_front(rows: Sequence[DepthRow], cost: str = "parameters") -> tuple[DepthRow, ...]:
    """Return the rows that are better than every cheaper one, the cheapest first.

    Scores are validation means, which test rows had no part in. A row whose cost is not
    known is not on the front.

    Args:
        rows: A study's rows.
        cost: "parameters", "flops", "latency_ms", "batch_ms", "train_seconds" or "bytes".

    Raises:
        UnknownNameError: There is no such cost.
    """
    cost_of = COSTS.get(cost)
    if cost_of is None:
        meant = closest(cost, COSTS)
        raise UnknownNameError(
            f"A network has no cost {cost!r}. It has {', '.join(COSTS)}.",
            hint=f"did you mean {meant!r}?" if meant else None,
        )
    priced = [(known, row) for row in rows if (known := cost_of(row)) is not None]
    front: list[DepthRow] = []
    for _, row in sorted(priced, key=lambda one: (one[0], -one[1].validation.mean, one[1].depth)):
        if not front or row.validation.mean > front[-1].validation.mean:
            front.append(row)
    return tuple(front)


def fronts_of(row: DepthRow, rows: Sequence[DepthRow]) -> tuple[str, ...]:
    """Return the costs for which a row is on the front."""
    return tuple(cost for cost in COSTS if row in pareto_front(rows, cost))
