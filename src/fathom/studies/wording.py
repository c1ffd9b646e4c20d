"""Numbers and lists as people write them."""

from __future__ import annotations

from collections.abc import Sequence


def score(value: float) -> str:
    """Return a score, or a difference of two: accuracy and R2 read well with three decimals."""
    return f"{value:.3f}".replace("-0.000", "0.000")


def score_words(value: float) -> str:
    """Return a score, or a difference of two, with three decimals and a true minus sign."""
    return score(value).replace("-", "−")


def interval_words(mean: float, low: float, high: float) -> str:
    """Return a score with its interval.

    Example:
        >>> interval_words(0.5, -0.01, 1)
        '0.500 [−0.010, 1.000]'
    """
    return f"{score_words(mean)} [{score_words(low)}, {score_words(high)}]"


def number(value: int) -> str:
    """Return a count with thousands separated."""
    return f"{value:,}"


def plural(count: int, noun: str) -> str:
    """Return "1 seed", "5 seeds"."""
    return f"{count} {noun}" if count == 1 else f"{number(count)} {noun}s"


def seconds(value: float) -> str:
    """Return a duration: "35 ms", "2.1 s", "3 min 20 s"."""
    if value < 1:
        return f"{1000 * value:.0f} ms"
    if value < 60:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"


def milliseconds(value: float) -> str:
    """Return a time in milliseconds to two digits: "0.042 ms", "3.1 ms", "250 ms"."""
    if value >= 10:
        return f"{value:,.0f} ms"
    return f"{value:.2g} ms" if value >= 1e-4 else f"{value:.0e} ms"


def depths_in_words(depths: Sequence[int]) -> str:
    """Return "2 to 5", "2 and 4", "1, 3 and 5"."""
    if len(depths) > 2 and list(depths) == list(range(depths[0], depths[-1] + 1)):
        return f"{depths[0]} to {depths[-1]}"
    return listed([str(depth) for depth in depths])


def listed(parts: Sequence[str]) -> str:
    """Return "a", "a and b", "a, b and c"."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
