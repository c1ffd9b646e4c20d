"""Lists of numbers as people type them: `0-8`, `0,2,4-6`, `3e-4,1e-3`, `1e-4:1e-2:5`."""

from __future__ import annotations

import math
import re
from typing import Literal

from fathom.errors import SpecError

MOST_NUMBERS = 1000
_RANGE = re.compile(r"(\d+)\s*-\s*(\d+)")


def whole_numbers(option: str, text: str) -> tuple[int, ...]:
    """Return the whole numbers in `text`.

    Args:
        option: The option's name without dashes, for messages.
        text: Numbers and ranges with commas between; ranges include both ends.

    Raises:
        SpecError: Something in it is not a number or a range.

    Example:
        >>> whole_numbers("depths", "0,2,4-6")
        (0, 2, 4, 5, 6)
    """
    numbers: list[int] = []
    for part in _parts(option, text, example="0-8 or 0,2,4-6"):
        numbers += _range(option, part)
        _at_most(option, len(numbers))
    return tuple(numbers)


def _range(option: str, part: str) -> range:
    if not (ends := _RANGE.fullmatch(part)):
        number = _whole(option, part)
        return range(number, number + 1)
    low, high = int(ends[1]), int(ends[2])
    if low > high:
        raise SpecError(
            f"A range in --{option} must go upwards. Received: {part}.",
            hint=f"use --{option} {high}-{low}",
        )
    _at_most(option, high - low + 1)
    return range(low, high + 1)


def _whole(option: str, part: str) -> int:
    try:
        return int(part)
    except ValueError:
        raise SpecError(
            f"--{option} takes whole numbers. Received: {part!r}.",
            hint=f"such as --{option} 0-8 or --{option} 0,2,4-6",
        ) from None


def learning_rates(text: str) -> tuple[float, ...]:
    """Return the learning rates in `text`.

    Args:
        text: Numbers with commas between, or LOW:HIGH:COUNT for COUNT rates
            from LOW to HIGH, each the same factor above the one before.

    Raises:
        SpecError: It is neither.

    Example:
        >>> learning_rates("1e-4:1e-2:3")
        (0.0001, 0.001, 0.01)
    """
    if ":" in text:
        return _spread(text)
    parts = _parts("learning-rates", text, example="3e-4,1e-3 or 1e-4:1e-2:5")
    return tuple(_rate(part) for part in parts)


def _spread(text: str) -> tuple[float, ...]:
    parts = text.split(":")
    if len(parts) != 3:
        raise SpecError(
            f"A range of --learning-rates is LOW:HIGH:COUNT. Received: {text!r}.",
            hint="such as --learning-rates 1e-4:1e-2:5",
        )
    low, high = _rate(parts[0]), _rate(parts[1])
    count = _whole("learning-rates", parts[2])
    if not 0 < low < high < math.inf or count < 2:
        raise SpecError(
            "A range of --learning-rates goes from LOW, greater than 0, up to HIGH, in at least "
            f"2 rates. Received: {text}.",
            hint="such as --learning-rates 1e-4:1e-2:5",
        )
    _at_most("learning-rates", count)
    return tuple(_between(low, high, place / (count - 1)) for place in range(count))


def _between(low: float, high: float, share: float) -> float:
    """Return the rate at `share` of the way, on a log scale, to six digits as people write it."""
    return float(f"{math.exp((1 - share) * math.log(low) + share * math.log(high)):.6g}")


def _rate(part: str) -> float:
    try:
        return float(part)
    except ValueError:
        raise SpecError(
            f"--learning-rates takes numbers. Received: {part!r}.",
            hint="such as --learning-rates 3e-4,1e-3,3e-3 or --learning-rates 1e-4:1e-2:5",
        ) from None


def patience(text: str) -> int | Literal["auto"] | None:
    """Return the epochs to wait, "auto" as it is, or None to train all of them.

    Args:
        text: A whole number; 0 or "none" to train all epochs; or "auto".

    Raises:
        SpecError: It is neither.

    Example:
        >>> patience("8"), patience("none"), patience("auto")
        (8, None, 'auto')
    """
    word = text.strip().lower()
    if word == "auto":
        return "auto"
    if word == "none":
        return None
    try:
        return int(text) or None
    except ValueError:
        raise SpecError(
            f"--patience takes a whole number of epochs. Received: {text!r}.",
            hint="use --patience 0 to train all epochs",
        ) from None


def height_and_width(text: str) -> tuple[int, int]:
    """Return the size of images in pixels.

    Raises:
        SpecError: `text` is neither HEIGHTxWIDTH nor a number for both.

    Example:
        >>> height_and_width("32x48"), height_and_width("28")
        ((32, 48), (28, 28))
    """
    sides = text.lower().split("x")
    try:
        height, width = map(int, sides if len(sides) > 1 else sides * 2)
    except ValueError:
        raise SpecError(
            f"--image-size is a height and a width in pixels. Received: {text!r}.",
            hint="such as --image-size 32x32",
        ) from None
    return height, width


def _parts(option: str, text: str, *, example: str) -> list[str]:
    parts = [part.strip() for part in text.split(",")]
    if not all(parts):
        raise SpecError(
            f"--{option} takes numbers with commas between. Received: {text!r}.",
            hint=f"such as --{option} {example}",
        )
    return parts


def _at_most(option: str, count: int) -> None:
    if count > MOST_NUMBERS:
        raise SpecError(f"--{option} takes at most {MOST_NUMBERS} numbers. Received: {count}.")
