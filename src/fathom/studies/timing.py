"""How long work takes, as short as it was seen to take."""

from __future__ import annotations

import time
from collections.abc import Callable

# The least of so many repeats counts, unless one takes long.
REPEATS = 3
LONG_SECONDS = 0.3


def least_time(work: Callable[[], object]) -> float:
    """Return the seconds that work takes, the least of some repeats unless it takes long."""
    first = seconds_of(work)
    if first > LONG_SECONDS:
        return first
    return min(seconds_of(work) for _ in range(REPEATS))


def seconds_of(work: Callable[[], object]) -> float:
    """Return the seconds that work took."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
