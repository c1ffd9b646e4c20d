"""How long a study has taken, and how long it has to go."""

from __future__ import annotations

import time
from collections.abc import Iterable

# What one network costs beyond its parameters (compilation, steps too small to fill a core),
# as a number of parameters.
FIXED_COST = 20_000


class Pace:
    """Estimates the time left from the work done.

    An architecture's work is taken as its parameters and a fixed part.
    """

    def __init__(self, started: float | None = None) -> None:
        self._started = time.perf_counter() if started is None else started
        self._work: list[float] = []
        self._done = 0

    def plan(self, parameters: Iterable[int]) -> None:
        """Say how large the architectures are, in the order they will train."""
        self._work = [count + FIXED_COST for count in parameters]

    def next(self) -> None:
        """Say that one more architecture is done."""
        self._done += 1

    @property
    def elapsed(self) -> float:
        """Seconds since the study began."""
        return time.perf_counter() - self._started

    def seconds_left(self, share: float) -> float | None:
        """Return the seconds left when `share` of the present architecture is done."""
        done = sum(self._work[: self._done]) + share * self._work[self._done]
        total = sum(self._work)
        return self.elapsed * (total - done) / done if done > 0.02 * total else None


class Legs:
    """Estimates the time left of a study whose architectures take turns, leg by leg.

    Args:
        pace: Knows when the study began.
    """

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._done = 0.0
        self._leg = 0.0
        self._left = 0.0

    def begin(self, leg: float, *, left: float) -> None:
        """Say how much work the next leg is, and how much is left after it."""
        self._done += self._leg
        self._leg, self._left = leg, left

    @property
    def elapsed(self) -> float:
        """Seconds since the study began."""
        return self._pace.elapsed

    def seconds_left(self, share: float) -> float | None:
        """Return the seconds left when `share` of the present leg is done."""
        done = self._done + share * self._leg
        left = self._left + (1 - share) * self._leg
        return self.elapsed * left / done if done > 0.02 * (done + left) else None


class Stopwatch:
    """Times epochs, and leaves out what only the first of them has to do.

    The measurement at initialisation and the first epoch may wait for
    programs that all architectures share; they count as much as the other
    epochs took on average.
    """

    def __init__(self) -> None:
        self._laps: list[float] = []
        self._since = time.perf_counter()

    def lap(self) -> None:
        """Say that an epoch is done, the one at initialisation included."""
        now = time.perf_counter()
        self._laps.append(now - self._since)
        self._since = now

    def resume(self) -> None:
        """Leave out the time since the last lap: others had it."""
        self._since = time.perf_counter()

    @property
    def steady_seconds(self) -> float:
        """Seconds that all epochs take at their steady pace."""
        return sum(self.laps)

    @property
    def laps(self) -> list[float]:
        """Seconds of every epoch, the first of them taken as an average one."""
        trained, steady = self._laps[1:], self._laps[2:]
        return [sum(steady) / len(steady), *steady] if steady else trained
