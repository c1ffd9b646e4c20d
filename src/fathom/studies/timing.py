"""How long work takes, as short as it was seen to take."""

from __future__ import annotations

import time
from collections.abc import Callable

# The least of so many times counts, or of fewer, where they take more than so many seconds in all.
TIMES = 4
ENOUGH_SECONDS = 3.0


def least_time(work: Callable[[], object]) -> float:
    """Return the seconds that work takes, the least of some times.

    One time is not enough, and two may not be: the first ones fill caches and take memory
    that later ones find taken.
    """
    times = [seconds_of(work)]
    while len(times) < TIMES and sum(times) < ENOUGH_SECONDS:
        times.append(seconds_of(work))
    return min(times)


def seconds_of(work: Callable[[], object]) -> float:
    """Return the seconds that work took."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
