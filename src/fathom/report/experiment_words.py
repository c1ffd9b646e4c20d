"""What an experiment found, in words and in numbers as people read them."""

from __future__ import annotations

import math
from collections.abc import Iterable

from fathom.report.numbers import MINUS, count_text, counted, score_text
from fathom.studies.experiments import DEPENDS, FAILS, HOLDS, ExperimentResult, Finding, Value
from fathom.studies.experiments.frame import DECADES, SHARE

MARKS = {HOLDS: "yes", FAILS: "no"}
OPEN_MARK = "open"


def verdict_text(result: ExperimentResult) -> str:
    """Return the verdict in a few words.

    Example:
        "Depends on the batch size".
    """
    if result.verdict == DEPENDS and result.depends_on:
        return f"Depends on {result.depends_on}"
    if result.verdict in (HOLDS, FAILS, DEPENDS):
        return result.verdict.capitalize()
    return f"Undecided: {len(result.seeds)} seeds cannot tell"


def finding_text(finding: Finding) -> str:
    """Return a part of a claim with what was measured.

    Example:
        "ReLU is better by at least 1 point: +16.3 points [14.1, 18.6]".
    """
    return f"{finding.says}: {effect_text(finding)}"


def effect_text(finding: Finding) -> str:
    """Return the effect of a part with its interval."""
    ends = (finding.effect, finding.low, finding.high)
    if not finding.is_difference:
        most = 1.0 if finding.unit == SHARE else math.inf  # Student's allowance may reach past it
        return _with_ends([amount_text(min(one, most), finding.unit) for one in ends])
    if finding.unit == DECADES:
        return _with_ends([f"× {_power(one)}" for one in ends], short=[_power(one) for one in ends])
    if finding.unit == SHARE:
        points = [_signed(100 * one, 1) for one in ends]
        return _with_ends([f"{points[0]} points", *points[1:]])
    return _with_ends([_signed(one, 3) for one in ends])


def mark_of(finding: Finding) -> str:
    """Return "yes", "no" or "open"."""
    return MARKS.get(finding.outcome, OPEN_MARK)


def value_text(value: Value) -> str:
    """Return a value with its interval."""
    ends = (value.mean, value.low, value.high)
    if value.low == value.high:
        return amount_text(value.mean, value.unit, digits=value.digits)
    return _with_ends([amount_text(one, value.unit, digits=value.digits) for one in ends])


def amount_text(amount: float, unit: str, *, digits: int = 2) -> str:
    """Return an amount of a unit.

    Example:
        >>> amount_text(0.9423, "share"), amount_text(-3, "decades"), amount_text(0.5, "number")
        ('94.2%', '0.001', '0.50')
    """
    if unit == SHARE:
        return f"{score_text(100 * amount, digits=1)}%"
    return _power(amount) if unit == DECADES else score_text(amount, digits=digits)


def _power(exponent: float) -> str:
    """Return 10 to a power with two digits.

    Example:
        >>> _power(-0.5), _power(4.2), _power(-7.3)
        ('0.32', '16,000', '5.0e−8')
    """
    if not math.isfinite(exponent):
        return "0" if exponent < 0 else "∞"
    if exponent < -3.5 or exponent >= 6:
        mantissa, power = f"{10**exponent:.1e}".split("e")
        return f"{mantissa}e{int(power)}".replace("-", MINUS)
    if exponent >= 2:
        size = 10 ** (math.floor(exponent) - 1)
        return count_text(round(10**exponent / size) * size)
    return f"{10**exponent:.2g}"


def _signed(number: float, digits: int) -> str:
    text = score_text(number, digits=digits)
    return text if text.startswith(MINUS) or not text.strip("0.") else f"+{text}"


def _with_ends(texts: list[str], *, short: list[str] | None = None) -> str:
    _, low, high = short or texts
    return f"{texts[0]} [{low}, {high}]"


def experiment_text(result: ExperimentResult) -> str:
    """Return the claim, the verdict and its parts, a line each."""
    parts = [f"  {mark_of(one)}: {finding_text(one)}" for one in result.findings]
    return "\n".join([result.claim, f"{verdict_text(result)}.", *parts])


def seeds_text(results: Iterable[ExperimentResult]) -> str:
    """Return how many seeds the experiments had, such as "5 or 10 seeds"."""
    numbers = sorted({len(result.seeds) for result in results})
    return " or ".join([*map(str, numbers[:-1]), counted(numbers[-1], "seed")])
