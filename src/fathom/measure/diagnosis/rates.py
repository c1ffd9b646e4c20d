"""Which learning rate to try instead: the one whose steps would have the usual size."""

from __future__ import annotations

import math

from fathom.measure.diagnosis import thresholds
from fathom.measure.diagnosis.course import Course


def lower(course: Course) -> float | None:
    """Return a rate 10 to 1000 times smaller to try; None if the present one is unknown."""
    if course.learning_rate is None:
        return None
    return _round(course.learning_rate / _factor(_inverse(course.update_ratio)))


def higher(course: Course) -> float | None:
    """Return a rate 10 to 1000 times larger to try; None if the present one is unknown."""
    if course.learning_rate is None:
        return None
    ratio = course.update_ratio
    wanted = None if not ratio else thresholds.USUAL_UPDATE / ratio
    return _round(course.learning_rate * _factor(wanted))


def _inverse(ratio: float | None) -> float | None:
    return None if ratio is None else ratio / thresholds.USUAL_UPDATE


def _factor(wanted: float | None) -> float:
    return 10.0 if wanted is None else min(max(wanted, 10.0), 1000.0)


def _round(rate: float) -> float:
    """Return a rate with one significant digit.

    Example:
        >>> _round(0.00234)
        0.002
    """
    return round(rate, -math.floor(math.log10(rate))) if rate > 0 else rate
