"""What was found about depth and functions, in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from fathom.studies.depth_separation.result import (
    FunctionResult,
    NetworkResult,
    SeparationResult,
)
from fathom.studies.depth_separation.targets import PARITY, TENTS, Target
from fathom.studies.depth_separation.theory import marks
from fathom.studies.wording import plural

# An error that counts as having learned the function.
LEARNED = 0.05
# How many times lower the best error must be for depth to pay.
TIMES = 4.0


def error_name(target: Target) -> str:
    """Return what a function's error is called."""
    return "relative MSE" if target.task == "regression" else "error rate"


def headline(result: SeparationResult) -> str:
    """Return the finding in one line."""
    helped = [one.target for one in result.functions if _helps(one)]
    if not helped:
        return "Depth did not pay on any of these functions"
    names = " and ".join(target.words for target in helped)
    rest = len(result.functions) - len(helped)
    return f"Depth pays on {names}" + (", not on the rest" if rest else "")


def findings(result: SeparationResult) -> dict[str, str]:
    """Return a paragraph for each function."""
    return {found.target.name: _paragraph(found) for found in result.functions}


def notices(result: SeparationResult) -> tuple[str, ...]:
    """Return what else the reader should know."""
    networks = [one for found in result.functions for one in found.networks]
    told = []
    rates = sorted(result.spec.learning_rates)
    edges = {rates[0]: "lowest", rates[-1]: "highest"} if len(rates) > 1 else {}
    for rate, word in edges.items():
        there = sum(one.learning_rate == rate for one in networks)
        if there > len(networks) / 2:
            told.append(
                f"For {there} of {len(networks)} shapes the {word} learning rate, {rate:g}, is "
                "best: try more beyond it."
            )
    diverged = sum(one.diverged for one in networks)
    if diverged:
        told.append(f"{diverged:,} of {result.spec.trainings:,} trainings diverged.")
    return tuple(told)


def _helps(found: FunctionResult) -> bool:
    """Return whether depth pays at some budget."""
    return any(gain(found, budget) is not None for budget in found.budgets)


def gain(found: FunctionResult, budget: int) -> tuple[NetworkResult, NetworkResult] | None:
    """Return the shallowest shape and a deeper one that pays, None where none does.

    It pays where no shallow network learned the function, if its best training has at most a
    quarter of the error of the best shallow one, and its median is no higher; of several, the
    one with the lowest best error.
    """
    shallow, *deeper = found.within(budget)
    if shallow.best is None or shallow.median is None or shallow.best < LEARNED:
        return None
    paying = [
        one
        for one in deeper
        if one.best is not None
        and one.median is not None
        and one.best * TIMES <= shallow.best
        and one.median <= shallow.median
    ]
    best = min(paying, key=lambda one: (one.best, one.depth), default=None)
    return None if best is None else (shallow, best)


def is_reliable(shallow: NetworkResult, deep: NetworkResult) -> bool:
    """Return whether the median deep network beats every shallow seed."""
    known = [error for error in shallow.errors if error is not None]
    return deep.median is not None and deep.median < min(known, default=0.0)


def _paragraph(found: FunctionResult) -> str:
    parts = [_verdict(found), _reached(found), _theory(found), _regions(found)]
    return " ".join(part for part in parts if part)


def _verdict(found: FunctionResult) -> str:
    gains = [pair for budget in found.budgets if (pair := gain(found, budget))]
    words = found.target.words
    start = words[0].upper() + words[1:]
    if not gains:
        return f"{start}: {_no_gain(found)}"
    shallow, deep = max(gains, key=_ratio)
    certain = is_reliable(shallow, deep)
    return (
        f"{start}: depth pays. With at most {shallow.budget:,} parameters {_shape(deep)} "
        f"{_come(deep)} to {_an_error(found)} of {_errors(deep)}, {_shape(shallow)} to "
        f"{_errors(shallow)}"
        + (
            "; the median deep network beats every shallow seed."
            if certain
            else ". It is a chance, not a promise: the median deep network does not beat every "
            "shallow seed."
        )
    )


def _no_gain(found: FunctionResult) -> str:
    networks = found.within(found.budgets[-1])
    known = [one for one in networks if one.best is not None]
    if not known:
        return "no network learned."
    shallow, best = networks[0], min(known, key=lambda one: (one.best, one.depth))
    text = (
        f"depth does not pay. With at most {shallow.budget:,} parameters {_shape(shallow)} "
        f"{_come(shallow)} to {_an_error(found)} of {_errors(shallow)}"
    )
    if best is shallow:
        return f"{text}, and no deeper network further."
    return f"{text}, the best, {_shape(best)}, to {_errors(best)}."


def _an_error(found: FunctionResult) -> str:
    name = error_name(found.target)
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"


def _come(one: NetworkResult) -> str:
    return "comes" if one.depth == 1 else "come"


def _ratio(pair: tuple[NetworkResult, NetworkResult]) -> float:
    return (pair[0].best or 0.0) / max(pair[1].best or 0.0, 1e-9)


def _errors(one: NetworkResult) -> str:
    return f"{number(one.best)} at best, {number(one.median)} in the median"


def _reached(found: FunctionResult) -> str:
    """Say from how many parameters on the shallowest and the best depth have learned."""
    least = {depth: _least(found.at_depth(depth)) for depth in found.depths}
    known = {depth: count for depth, count in least.items() if count is not None}
    name, most = error_name(found.target), max(one.parameters for one in found.networks)
    if not known:
        return f"No depth has a median {name} below {LEARNED:g} within {most:,} parameters."
    depth = min(known, key=lambda one: (known[one], one))
    text = (
        f"A median {name} below {LEARNED:g} takes {known[depth]:,} parameters at "
        f"{plural(depth, 'layer')}"
    )
    shallow = found.depths[0]
    if depth == shallow:
        return f"{text}, and no fewer at any other depth."
    if shallow not in known:
        return f"{text}; {plural(shallow, 'layer')} did not get there within {most:,}."
    return f"{text}, {known[shallow]:,} at {plural(shallow, 'layer')}."


def _least(networks: Sequence[NetworkResult]) -> int | None:
    there = [n.parameters for n in networks if n.median is not None and n.median < LEARNED]
    return min(there, default=None)


def _theory(found: FunctionResult) -> str:
    target = found.target
    told = [f"{mark.words} ({mark.parameters:,} parameters)" for mark in marks(target)]
    if target.kind == TENTS:
        return f"Theory: {told[0]}; {told[1]}. What can be written down is not always found."
    if target.kind == PARITY:
        return f"Theory: {told[0]}. So depth is not needed to hold it, only, maybe, to find it."
    return "No theorem says what it needs."


def _regions(found: FunctionResult) -> str:
    """Say how many regions the shallowest and the deepest networks made of a line."""
    networks = found.within(found.budgets[-1])
    shallow, deep = networks[0], networks[-1]
    counts = [one.median_regions for one in (shallow, deep)]
    before = deep.median_regions_before
    if shallow is deep or None in counts or before is None:
        return ""
    return (
        f"Along a line {_shape(shallow)} made {counts[0]:,.0f} regions, {_shape(deep)} "
        f"{counts[1]:,.0f} ({before:,.0f} before training)."
    )


def _shape(one: NetworkResult) -> str:
    return f"{plural(one.depth, 'layer')} of {one.units}"


def number(value: float | None) -> str:
    """Return an error to two significant digits."""
    if value is None:
        return "unknown"
    return "0" if value == 0 else f"{value:.2g}" if value >= 1e-4 else f"{value:.0e}"
