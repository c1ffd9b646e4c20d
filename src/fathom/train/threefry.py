"""Keras's random draws on the host, for many seeds at once.

JAX would first compile a program for every shape, which takes longer than a
small study needs to draw all its weights. The numbers are JAX's: uniform
draws bit for bit, normal draws to float32 rounding.

References:
    Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011
    (Threefry-2x32 with 20 rounds).
    Giles, "Approximating the erfinv function", GPU Computing Gems 2, 2010
    (the polynomials that XLA uses in single precision).
"""

from __future__ import annotations

import math

import numpy as np

ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
PARITY = np.uint32(0x1BD11BDA)
ONE = np.uint32(0x3F800000)  # the bits of 1.0
NEAR_ZERO = (
    2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087,
    -0.00125372503, -0.00417768164, 0.246640727, 1.50140941,
)  # fmt: skip
NEAR_ONE = (
    -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773,
    -0.0076224613, 0.00943887047, 1.00167406, 2.83297682,
)  # fmt: skip
TRUNCATED_AT = 2.0


def uniform(
    seeds: np.ndarray, shape: tuple[int, ...], *, low: float = 0.0, high: float = 1.0
) -> np.ndarray:
    """Return what `keras.random.uniform` draws for each seed.

    Args:
        seeds: uint32 (member,).
        shape: Of one member's draw.
        low: Smallest value.
        high: Upper bound, not reached.

    Returns:
        float32 (member, *shape).
    """
    mantissa = (_bits(seeds, math.prod(shape)) >> np.uint32(9)) | ONE
    unit = mantissa.view(np.float32) - np.float32(1)
    start, width = np.float32(low), np.float32(high) - np.float32(low)
    return np.maximum(start, unit * width + start).reshape(len(seeds), *shape)


def normal(seeds: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return what `keras.random.normal` draws for each seed, float32 (member, *shape)."""
    low = float(np.nextafter(np.float32(-1), np.float32(0)))
    return np.float32(math.sqrt(2)) * _erfinv(uniform(seeds, shape, low=low, high=1.0))


def truncated_normal(seeds: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return what `keras.random.truncated_normal` draws: normal within two deviations."""
    edge = math.erf(TRUNCATED_AT / math.sqrt(2))
    draws = np.float32(math.sqrt(2)) * _erfinv(uniform(seeds, shape, low=-edge, high=edge))
    limit = np.nextafter(np.float32(TRUNCATED_AT), np.float32(0))
    return np.clip(draws, -limit, limit)


def _bits(seeds: np.ndarray, count: int) -> np.ndarray:
    """Return uint32 (member, count): JAX's random bits for the key `(seed, 0)`."""
    first, second = seeds.astype(np.uint32)[:, None], np.uint32(0)
    keys = (first, second, first ^ second ^ PARITY)
    high = np.zeros((len(seeds), count), np.uint32) + keys[0]
    low = np.arange(count, dtype=np.uint32)[None] + np.broadcast_to(keys[1], (len(seeds), 1))
    for group in range(5):
        for rotation in ROTATIONS[group % 2]:
            high = high + low
            low = high ^ ((low << np.uint32(rotation)) | (low >> np.uint32(32 - rotation)))
        high = high + keys[(group + 1) % 3]
        low = low + keys[(group + 2) % 3] + np.uint32(group + 1)
    return high ^ low


def _erfinv(x: np.ndarray) -> np.ndarray:
    w = -np.log1p(-x * x)
    near_zero = _polynomial(NEAR_ZERO, w - np.float32(2.5))
    near_one = _polynomial(NEAR_ONE, np.sqrt(w) - np.float32(3))
    return x * np.where(w < 5, near_zero, near_one)


def _polynomial(coefficients: tuple[float, ...], x: np.ndarray) -> np.ndarray:
    value = np.full_like(x, coefficients[0])
    for coefficient in coefficients[1:]:
        value = value * x + np.float32(coefficient)
    return value
