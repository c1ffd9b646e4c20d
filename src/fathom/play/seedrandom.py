"""Random numbers from a text, as the playground's web page drew them: RC4 as a generator.

The generator is known as `seedrandom`; this is a port of its description. The
text is mixed into a key, the key sets up an RC4 state, 256 bytes are thrown
away, and each number takes as many bytes as fill 53 bits.

References:
    David Bau, "Random seeds, coded hints, and quintillions", 2010.
"""

from __future__ import annotations

import math

BYTE = 256
DISCARDED = 256
FIRST_BYTES = 6
SMALLEST = 2.0**52
LARGEST = 2.0**53


class SeedRandom:
    """A stream of numbers in [0, 1) that the same text always starts anew.

    Args:
        seed: Any text.

    Example:
        >>> SeedRandom("hello.").random()
        0.9282578795792454
    """

    def __init__(self, seed: str) -> None:
        self._state = _scheduled(_mixed(seed))
        self._i = self._j = 0
        for _ in range(DISCARDED):
            self._byte()

    def _byte(self) -> int:
        state = self._state
        self._i = i = (self._i + 1) % BYTE
        self._j = j = (self._j + state[i]) % BYTE
        state[i], state[j] = state[j], state[i]
        return state[(state[i] + state[j]) % BYTE]

    def random(self) -> float:
        """Return the next number in [0, 1)."""
        whole = 0
        for _ in range(FIRST_BYTES):
            whole = whole * BYTE + self._byte()
        numerator, denominator, last = float(whole), float(BYTE**FIRST_BYTES), 0
        while numerator < SMALLEST:
            numerator, denominator = (numerator + last) * BYTE, denominator * BYTE
            last = self._byte()
        while numerator >= LARGEST:
            numerator, denominator, last = numerator / 2, denominator / 2, last >> 1
        return (numerator + last) / denominator

    def uniform(self, low: float, high: float) -> float:
        """Return the next number in [low, high)."""
        return self.random() * (high - low) + low

    def normal(self, mean: float, variance: float) -> float:
        """Return a normal number by Marsaglia's polar method, using one of its two."""
        while True:
            first, second = 2 * self.random() - 1, 2 * self.random() - 1
            square = first * first + second * second
            if square <= 1:
                break
        return mean + math.sqrt(variance) * math.sqrt(-2 * math.log(square) / square) * first

    def shuffle(self, items: list) -> None:
        """Shuffle in place, from the end."""
        for count in range(len(items), 0, -1):
            chosen = math.floor(self.random() * count)
            items[count - 1], items[chosen] = items[chosen], items[count - 1]


def _mixed(seed: str) -> list[int]:
    """Return the key that a text is mixed into: at most 256 bytes."""
    key: list[int] = []
    smear = 0
    for place, code in enumerate(_utf16(seed)):
        at = place % BYTE
        if at == len(key):
            key.append(0)
        smear ^= key[at] * 19
        key[at] = (smear + code) % BYTE
    return key or [0]


def _utf16(text: str) -> list[int]:
    """Return the code units of a text as browsers hold it."""
    data = text.encode("utf-16-le", errors="surrogatepass")
    return [data[k] + BYTE * data[k + 1] for k in range(0, len(data), 2)]


def _scheduled(key: list[int]) -> list[int]:
    """Return RC4's state for a key."""
    state = list(range(BYTE))
    j = 0
    for i in range(BYTE):
        j = (j + key[i % len(key)] + state[i]) % BYTE
        state[i], state[j] = state[j], state[i]
    return state
