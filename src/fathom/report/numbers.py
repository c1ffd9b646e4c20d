"""Numbers as people read them: the same everywhere a study is shown."""

from __future__ import annotations

import math

from fathom.studies import Score

MINUS = "−"  # the sign, not the hyphen
ABSENT = "–"
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def count_text(number: int) -> str:
    """Return `number` with its thousands separated.

    Example:
        >>> count_text(13130)
        '13,130'
    """
    return f"{number:,}".replace("-", MINUS)


def score_text(score: float | None, *, digits: int = 3) -> str:
    """Return a score to `digits` decimals, or a dash where there is none.

    Example:
        >>> score_text(-0.1234), score_text(-0.0001), score_text(None)
        ('−0.123', '0.000', '–')
    """
    if score is None or not math.isfinite(score):
        return ABSENT
    rounded = round(score, digits) + 0.0  # a score that rounds to zero has no sign
    return f"{rounded:.{digits}f}".replace("-", MINUS)


def spread_text(score: Score, *, digits: int = 3) -> str:
    """Return a mean and its standard error; a single seed has no spread.

    Example:
        >>> spread_text(Score(mean=0.97, se=0.0031, n=5))
        '0.970 ± 0.003'
    """
    mean = score_text(score.mean, digits=digits)
    return mean if score.se is None else f"{mean} ± {score_text(score.se, digits=digits)}"


def interval_text(
    mean: float | None, low: float | None, high: float | None, *, digits: int = 3
) -> str:
    """Return a mean with its interval.

    Example:
        >>> interval_text(0.968, 0.9601, 0.975)
        '0.968 [0.960, 0.975]'
    """
    if mean is None or low is None or high is None:
        return score_text(mean, digits=digits)
    return (
        f"{score_text(mean, digits=digits)} "
        f"[{score_text(low, digits=digits)}, {score_text(high, digits=digits)}]"
    )


def rate_text(rate: float) -> str:
    """Return a learning rate as it is typed.

    Example:
        >>> rate_text(0.0003), rate_text(0.01), rate_text(0.5)
        ('3e-4', '1e-2', '0.5')
    """
    if 0.1 <= rate < 1000:
        return f"{rate:g}"
    mantissa, exponent = f"{rate:.6e}".split("e")
    return f"{float(mantissa):.3g}e{int(exponent)}"


def ratio_text(ratio: float | None) -> str:
    """Return a ratio that may span many powers of ten.

    Example:
        >>> ratio_text(0.4), ratio_text(0.0000412), ratio_text(123.4), ratio_text(None)
        ('0.40', '4e-05', '123', '–')
    """
    if ratio is None or not math.isfinite(ratio):
        return ABSENT
    if ratio == 0 or 0.01 <= abs(ratio) < 100:
        return f"{ratio:#.2g}".rstrip(".").replace("-", MINUS)
    if 100 <= abs(ratio) < 10_000:
        return count_text(round(ratio))
    return f"{ratio:.0e}"


def power_text(number: float) -> str:
    """Return a tick of a log axis: a power of ten as one, other numbers plainly.

    Example:
        >>> power_text(1e-4), power_text(1.0), power_text(0.05)
        ('10⁻⁴', '1', '0.05')
    """
    exponent = round(math.log10(number))
    if not math.isclose(number, 10.0**exponent) or abs(exponent) <= 3:
        return f"{number:g}"
    return "10" + str(exponent).translate(_SUPERSCRIPTS)


def seconds_text(seconds: float) -> str:
    """Return seconds to about two digits, without the unit.

    Example:
        >>> seconds_text(0.0213), seconds_text(7.14), seconds_text(1204.2)
        ('0.021', '7.1', '1,204')
    """
    if seconds >= 10:
        return f"{seconds:,.0f}"
    if seconds >= 1:
        return f"{seconds:.1f}"
    return f"{seconds:#.2g}" if seconds >= 1e-4 else f"{seconds:.0e}"


def milliseconds_text(milliseconds: float | None) -> str:
    """Return milliseconds to two digits, without the unit.

    Example:
        >>> milliseconds_text(0.0412), milliseconds_text(0.00051), milliseconds_text(12.3)
        ('0.041', '5.1e-4', '12')
    """
    if milliseconds is None:
        return ABSENT
    return (
        rate_text(float(f"{milliseconds:.2g}"))
        if milliseconds < 0.001
        else (seconds_text(milliseconds))
    )


def short_count_text(number: int | None) -> str:
    """Return a large number to three digits.

    Example:
        >>> short_count_text(1341), short_count_text(17_981), short_count_text(2_670_973)
        ('1,341', '18.0 k', '2.67 M')
    """
    if number is None:
        return ABSENT
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if number >= size:
            unit_size = 1e3 if unit == "k" else size
            return f"{number / unit_size:#.3g} {unit}".replace(". ", " ")
    return count_text(number)


def duration_text(seconds: float) -> str:
    """Return a length of time in words.

    Example:
        >>> duration_text(7.14), duration_text(200), duration_text(7500)
        ('7.1 s', '3 min 20 s', '2 h 5 min')
    """
    if seconds < 59.5:
        return f"{seconds_text(seconds)} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,} h {minutes} min" if minutes else f"{hours:,} h"


def share_text(share: float | None) -> str:
    """Return a share as a percentage.

    Example:
        >>> share_text(0.123), share_text(0.004), share_text(0)
        ('12%', '0.4%', '0%')
    """
    if share is None or not math.isfinite(share):
        return ABSENT
    percent = 100 * share
    return f"{percent:.1f}%" if 0.05 <= percent < 0.95 else f"{percent:.0f}%"


def size_text(num_bytes: int) -> str:
    """Return a file's size.

    Example:
        >>> size_text(5_120_000), size_text(2400)
        ('5.1 MB', '2 kB')
    """
    return f"{num_bytes / 1e6:.1f} MB" if num_bytes >= 1e6 else f"{num_bytes / 1e3:.0f} kB"


def counted(number: int, noun: str, *, plural: str | None = None) -> str:
    """Return a number with its noun.

    Example:
        >>> counted(1, "seed"), counted(1500, "row")
        ('1 seed', '1,500 rows')
    """
    return f"{count_text(number)} {noun if number == 1 else plural or noun + 's'}"


def listed(parts: list[str]) -> str:
    """Return parts as a list in a sentence.

    Example:
        >>> listed(["a", "b", "c"])
        'a, b and c'
    """
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"
