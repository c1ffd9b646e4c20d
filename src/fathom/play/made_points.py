"""The playground's six data sets, point by point in the order the page draws them.

Numpy would be quicker and draw other points: the same seed must give the same
points as TensorFlow Playground, so every number comes from one stream in order.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from fathom.play.seedrandom import SeedRandom

Point = tuple[float, float, float]
"""x, y, label: -1 or +1, or a number."""

RADIUS = 5.0
EDGE = 6.0
HILLS = ((-4, 2.5, 1), (0, 2.5, -1), (4, 2.5, 1), (-4, -2.5, -1), (0, -2.5, 1), (4, -2.5, -1))

Draw = Callable[[SeedRandom, int, float], list[Point]]


def circle(rng: SeedRandom, rows: int, noise: float) -> list[Point]:
    """Return a disc and a ring; +1 if the noised point lies within half the radius."""
    rings = ((0.0, 0.5 * RADIUS), (0.7 * RADIUS, RADIUS))
    return [_on_ring(rng, ring, noise) for ring in rings for _ in range(math.ceil(rows / 2))]


def _on_ring(rng: SeedRandom, ring: tuple[float, float], noise: float) -> Point:
    radius = rng.uniform(*ring)
    angle = rng.uniform(0, 2 * math.pi)
    x, y = radius * math.sin(angle), radius * math.cos(angle)
    noise_x, noise_y = (rng.uniform(-RADIUS, RADIUS) * noise for _ in range(2))
    distance = math.sqrt((x + noise_x) ** 2 + (y + noise_y) ** 2)
    return x, y, 1.0 if distance < 0.5 * RADIUS else -1.0


def xor(rng: SeedRandom, rows: int, noise: float) -> list[Point]:
    """Return a square with a gap at its axes; +1 where the noised coordinates' signs agree."""

    def one() -> Point:
        x, y = (_apart(rng.uniform(-RADIUS, RADIUS)) for _ in range(2))
        noise_x, noise_y = (rng.uniform(-RADIUS, RADIUS) * noise for _ in range(2))
        return x, y, 1.0 if (x + noise_x) * (y + noise_y) >= 0 else -1.0

    return [one() for _ in range(rows)]


def _apart(value: float) -> float:
    return value + 0.3 if value > 0 else value - 0.3


def gauss(rng: SeedRandom, rows: int, noise: float) -> list[Point]:
    """Return two clouds around (2, 2) and (-2, -2), variance 0.5 + 7 noise."""
    variance = 0.5 + 7 * noise
    return [
        (rng.normal(centre, variance), rng.normal(centre, variance), label)
        for centre, label in ((2.0, 1.0), (-2.0, -1.0))
        for _ in range(math.ceil(rows / 2))
    ]


def spiral(rng: SeedRandom, rows: int, noise: float) -> list[Point]:
    """Return two interleaved spirals of 1.75 turns."""
    half = rows / 2

    def one(place: int, turn: float, label: float) -> Point:
        radius = place / half * RADIUS
        angle = 1.75 * place / half * 2 * math.pi + turn
        x = radius * math.sin(angle) + rng.uniform(-1, 1) * noise
        return x, radius * math.cos(angle) + rng.uniform(-1, 1) * noise, label

    return [
        one(place, turn, label)
        for turn, label in ((0.0, 1.0), (math.pi, -1.0))
        for place in range(math.ceil(half))
    ]


def plane(rng: SeedRandom, rows: int, noise: float) -> list[Point]:
    """Return a tilted plane: (x + y) / 10 of the noised point."""
    return _over_square(rng, rows, noise, lambda x, y: (x + y) / 10)


def gaussian(rng: SeedRandom, rows: int, noise: float) -> list[Point]:
    """Return six hills: of sign * clamp(1 - distance / 2), the largest absolute value wins."""
    return _over_square(rng, rows, noise, _highest_hill)


def _highest_hill(x: float, y: float) -> float:
    label = 0.0
    for centre_x, centre_y, sign in HILLS:
        distance = math.sqrt((x - centre_x) ** 2 + (y - centre_y) ** 2)
        height = sign * min(max(1 - distance / 2, 0.0), 1.0)
        label = height if abs(height) > abs(label) else label
    return label


def _over_square(
    rng: SeedRandom, rows: int, noise: float, label_of: Callable[[float, float], float]
) -> list[Point]:
    def one() -> Point:
        x, y = (rng.uniform(-EDGE, EDGE) for _ in range(2))
        noise_x, noise_y = (rng.uniform(-EDGE, EDGE) * noise for _ in range(2))
        return x, y, label_of(x + noise_x, y + noise_y)

    return [one() for _ in range(rows)]


DRAWS: dict[str, Draw] = {
    "circle": circle,
    "xor": xor,
    "gauss": gauss,
    "spiral": spiral,
    "plane": plane,
    "gaussian": gaussian,
}
REGRESSION = ("plane", "gaussian")
ROWS = {name: 1200 if name in REGRESSION else 500 for name in DRAWS}


def made_points(name: str, *, rows: int, noise: float, rng: SeedRandom) -> list[Point]:
    """Return the points of one of the six sets, shuffled.

    Args:
        name: A key of `DRAWS`.
        rows: At least 1; the two-part sets round up to an even number.
        noise: In [0, 0.5].
        rng: The stream, from which the first weights are drawn next.
    """
    points = DRAWS[name](rng, rows, noise)
    rng.shuffle(points)
    return points
