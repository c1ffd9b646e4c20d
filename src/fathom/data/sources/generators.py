"""Made-up data: the playground's six sets, moons, parity, the sawtooth, and sequences.

The playground's formulas are those of TensorFlow Playground. Noise is a
percentage from 0 to 50 throughout, as its slider has it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from fathom.data.material import Arrays, Material, Options, RawTarget
from fathom.data.sequences import arrays_of
from fathom.data.sources import made_sequences
from fathom.data.sources.kind import Kind
from fathom.data.wording import count, value_of
from fathom.errors import SpecError
from fathom.specs import at_least

MOST_ROWS = 10_000_000
MOST_NOISE = 50
RADIUS = 5.0
"""The playground's classification sets lie within this distance of the origin."""


@dataclass(frozen=True, kw_only=True)
class Draw:
    """What a generator is asked for.

    Args:
        rows: Number of rows.
        noise: In [0, 0.5].
        size: Bits of the parity, compositions of the sawtooth, steps of sequences.
    """

    rows: int
    noise: float
    size: int


Points = tuple[np.ndarray, np.ndarray]
"""x float64 (rows, features); y int64 (rows,) class numbers or float64 (rows,)."""


@dataclass(frozen=True, kw_only=True)
class Generator:
    """One kind of made-up data.

    Args:
        line: What it is, in one line.
        make: Draws the points.
        classes: Class names; () for regression.
        rows: Rows by default.
        noise: Noise by default, in percent.
        option: The option it has, "bits", "compositions" or "steps", or "".
        size: That option's default.
        largest: That option's largest value.
        smallest: That option's smallest value.
    """

    line: str
    make: Callable[[Draw, np.random.Generator], Points | made_sequences.Sequences]
    classes: tuple[str, ...] = ("orange", "blue")
    rows: int = 500
    noise: float = 0
    option: str = ""
    size: int = 0
    largest: int = 0
    smallest: int = 1


def circle(draw: Draw, rng: np.random.Generator) -> Points:
    """Return a disc inside a ring; blue if the noised point lies within half the radius."""
    inner = draw.rows // 2
    radius = np.concatenate(
        [
            rng.uniform(0, 0.5 * RADIUS, inner),
            rng.uniform(0.7 * RADIUS, RADIUS, draw.rows - inner),
        ]
    )
    angle = rng.uniform(0, 2 * np.pi, draw.rows)
    x = np.column_stack([radius * np.sin(angle), radius * np.cos(angle)])
    noised = x + rng.uniform(-RADIUS, RADIUS, x.shape) * draw.noise
    return x, (np.hypot(*noised.T) < 0.5 * RADIUS).astype(np.int64)


def xor(draw: Draw, rng: np.random.Generator) -> Points:
    """Return a square; blue where both noised coordinates have the same sign."""
    x = rng.uniform(-RADIUS, RADIUS, (draw.rows, 2))
    x += np.where(x > 0, 0.3, -0.3)
    noised = x + rng.uniform(-RADIUS, RADIUS, x.shape) * draw.noise
    return x, (noised.prod(axis=1) >= 0).astype(np.int64)


def gauss(draw: Draw, rng: np.random.Generator) -> Points:
    """Return two clouds around (2, 2) and (-2, -2), variance 0.5 + 7 noise."""
    y = (np.arange(draw.rows) < draw.rows // 2).astype(np.int64)
    centre = np.where(y == 1, 2.0, -2.0)[:, None]
    return centre + rng.normal(0, np.sqrt(0.5 + 7 * draw.noise), (draw.rows, 2)), y


def spiral(draw: Draw, rng: np.random.Generator) -> Points:
    """Return two interleaved spirals of 1.75 turns."""
    half = draw.rows // 2
    along = np.concatenate([np.arange(half) / half, np.arange(draw.rows - half) / half])
    y = (np.arange(draw.rows) < half).astype(np.int64)
    angle = 1.75 * 2 * np.pi * along + np.where(y == 1, 0, np.pi)
    x = RADIUS * along[:, None] * np.column_stack([np.sin(angle), np.cos(angle)])
    return x + rng.uniform(-1, 1, x.shape) * draw.noise, y


def plane(draw: Draw, rng: np.random.Generator) -> Points:
    """Return a tilted plane, (x1 + x2) / 10 of the noised point."""
    x = rng.uniform(-6, 6, (draw.rows, 2))
    noised = x + rng.uniform(-6, 6, x.shape) * draw.noise
    return x, noised.sum(axis=1) / 10


HILLS = np.array(
    [(-4, 2.5, 1), (0, 2.5, -1), (4, 2.5, 1), (-4, -2.5, -1), (0, -2.5, 1), (4, -2.5, -1)]
)
"""Centre and sign of each hill of `gaussian`."""


def gaussian(draw: Draw, rng: np.random.Generator) -> Points:
    """Return six cones, sign * clamp(1 - distance / 2); the largest absolute value wins."""
    x = rng.uniform(-6, 6, (draw.rows, 2))
    noised = x + rng.uniform(-6, 6, x.shape) * draw.noise
    distance = np.hypot(*(noised[:, None, :] - HILLS[None, :, :2]).transpose(2, 0, 1))
    heights = HILLS[:, 2] * np.clip(1 - distance / 2, 0, 1)  # (rows, hills)
    highest = np.abs(heights).argmax(axis=1)
    return x, heights[np.arange(draw.rows), highest]


def moons(draw: Draw, rng: np.random.Generator) -> Points:
    """Return two interleaved half circles with normal noise."""
    upper = draw.rows // 2
    angle = np.concatenate([np.linspace(0, np.pi, upper), np.linspace(0, np.pi, draw.rows - upper)])
    y = (np.arange(draw.rows) >= upper).astype(np.int64)
    arc = np.column_stack([np.cos(angle), np.sin(angle)])
    x = np.where(y[:, None] == 1, [1.0, 0.5] - arc, arc)
    return x + rng.normal(0, draw.noise, x.shape), y


def parity(draw: Draw, rng: np.random.Generator) -> Points:
    """Return random bits as -1 and 1 with normal noise; odd if an odd number of them is 1."""
    bits = rng.integers(0, 2, (draw.rows, draw.size))
    x = 2.0 * bits - 1 + rng.normal(0, draw.noise, bits.shape)
    return x, bits.sum(axis=1) % 2


def sawtooth(draw: Draw, rng: np.random.Generator) -> Points:
    """Return the tent map on [0, 1] composed with itself: 2^(size - 1) teeth.

    References:
        Telgarsky, "Benefits of depth in neural networks", COLT 2016.
    """
    x = rng.uniform(0, 1, (draw.rows, 1))
    y = x[:, 0]
    for _ in range(draw.size):
        y = 1 - np.abs(2 * y - 1)
    return x, y + rng.normal(0, draw.noise, draw.rows)


def adding(draw: Draw, rng: np.random.Generator) -> made_sequences.Sequences:
    """Return the adding problem of Hochreiter and Schmidhuber."""
    return made_sequences.adding(draw.rows, draw.size, draw.noise, rng)


def sequence_parity(draw: Draw, rng: np.random.Generator) -> made_sequences.Sequences:
    """Return bits that come one by one, and whether an odd number of them is 1."""
    return made_sequences.sequence_parity(draw.rows, draw.size, draw.noise, rng)


GENERATORS = {
    "circle": Generator(line="a disc inside a ring, 2 classes", make=circle),
    "xor": Generator(line="the four quarters of a square, 2 classes", make=xor),
    "gauss": Generator(line="two clouds, 2 classes", make=gauss),
    "spiral": Generator(line="two interleaved spirals, 2 classes", make=spiral),
    "plane": Generator(line="a tilted plane, regression", make=plane, classes=(), rows=1200),
    "gaussian": Generator(line="six hills, regression", make=gaussian, classes=(), rows=1200),
    "moons": Generator(
        line="two interleaved half circles, 2 classes",
        make=moons,
        classes=("upper", "lower"),
        noise=10,
    ),
    "parity": Generator(
        line="is the number of ones among some bits odd? (parity:10 for 10 bits), 2 classes",
        make=parity,
        classes=("even", "odd"),
        rows=2000,
        noise=10,
        option="bits",
        size=8,
        largest=64,
    ),
    "sawtooth": Generator(
        line="the tent map composed with itself (sawtooth:4 for 4 times), regression",
        make=sawtooth,
        classes=(),
        rows=1000,
        option="compositions",
        size=3,
        largest=40,
    ),
    "adding": Generator(
        line="the sum of the two marked numbers of a sequence (adding:50 for 50 steps), regression",
        make=adding,
        classes=(),
        rows=2000,
        option="steps",
        size=20,
        largest=1000,
        smallest=20,
    ),
    "sequence-parity": Generator(
        line="is the number of ones so far odd? bits one by one (sequence-parity:12 for 12 steps), "
        "2 classes",
        make=sequence_parity,
        classes=("even", "odd"),
        rows=2000,
        noise=10,
        option="steps",
        size=8,
        largest=1000,
        smallest=2,
    ),
}


def accepts(source: object) -> bool:
    """Return whether `source` is one of the names, alone or with a number after a colon."""
    return isinstance(source, str) and source.partition(":")[0] in GENERATORS


def describe() -> dict[str, str]:
    """Return each name with its line."""
    return {name: each.line for name, each in GENERATORS.items()}


def read(source: Any, options: Options) -> Material:
    """Return drawn points.

    Raises:
        SpecError: An option is out of range, or not this generator's.
    """
    name, colon, after_colon = source.partition(":")
    chosen = GENERATORS[name]
    draw = Draw(
        rows=_rows(chosen, options),
        noise=_noise(chosen, options) / 100,
        size=_size(name, chosen, options, after_colon if colon else None),
    )
    x, y, *lengths = chosen.make(draw, np.random.default_rng([options.seed, 10]))
    return Material(
        name=f"{name}-{draw.size}" if after_colon else name,
        source=_in_words(name, chosen, draw),
        features=_features(x, *lengths),
        target=_target(chosen, y),
        notices=tuple(_repeats(chosen, draw)),
    )


def _features(x: np.ndarray, lengths: np.ndarray | None = None) -> Arrays:
    if lengths is not None:
        return arrays_of(x, lengths=lengths)
    return Arrays(x=x, names=tuple(f"x{k + 1}" for k in range(x.shape[1])))


def _target(chosen: Generator, y: np.ndarray) -> RawTarget:
    if chosen.classes:
        return RawTarget(name="label", values=y, names=chosen.classes)
    return RawTarget(name="label", values=y)


def _rows(chosen: Generator, options: Options) -> int:
    if options.rows is None:
        return chosen.rows
    at_least("rows", options.rows, 10)
    if options.rows > MOST_ROWS:
        raise SpecError(f"`rows` must be at most {MOST_ROWS:,}. Received: rows={options.rows:,}.")
    return int(options.rows)


def _noise(chosen: Generator, options: Options) -> float:
    noise = chosen.noise if options.noise is None else options.noise
    at_least("noise", noise, 0)
    if noise > MOST_NOISE:
        raise SpecError(
            f"`noise` must be at most {MOST_NOISE}. Received: noise={noise:g}.",
            hint="noise is a percentage",
        )
    return float(noise)


def _size(name: str, chosen: Generator, options: Options, after_colon: str | None) -> int:
    """Return the bits, compositions or steps asked for, by name or by option."""
    for option in ("bits", "compositions", "steps"):
        if getattr(options, option) is not None and option != chosen.option:
            raise SpecError(
                f"`{option}` does not apply to {name}. "
                f"Received: {option}={getattr(options, option)}.",
                hint=f"leave `{option}` out",
            )
    size = getattr(options, chosen.option) if chosen.option else None
    if after_colon is not None:
        size = _number_in_name(name, chosen, after_colon)
    if size is None:
        return chosen.size
    at_least(chosen.option, size, chosen.smallest)
    if size > chosen.largest:
        raise SpecError(
            f"`{chosen.option}` must be at most {chosen.largest}. Received: {chosen.option}={size}."
        )
    return int(size)


def _number_in_name(name: str, chosen: Generator, text: str) -> int:
    if not chosen.option or not text.isascii() or not text.isdigit():
        wanted = f"a number of {chosen.option}" if chosen.option else "nothing"
        raise SpecError(
            f"After a colon `{name}` takes {wanted}. Received: {value_of(text)}.",
            hint=f"use {name}:{chosen.size}" if chosen.option else f"use {name}",
        )
    return int(text[:9])


def _in_words(name: str, chosen: Generator, draw: Draw) -> str:
    size = f", {chosen.option} {draw.size}" if chosen.option else ""
    return f"generator {name}: {count(draw.rows, 'row')}, noise {draw.noise:.0%}{size}"


def _repeats(chosen: Generator, draw: Draw) -> list[str]:
    if chosen.option != "bits" or 2**draw.size > draw.rows:
        return []
    return [
        f"parity: {count(draw.rows, 'row')} of {2**draw.size:,} patterns, so that test rows "
        "repeat patterns of training rows"
    ]


KIND = Kind(
    what="a generator",
    options=frozenset({"rows", "noise", "bits", "compositions", "steps"}),
    accepts=accepts,
    read=read,
    describe=describe,
)
