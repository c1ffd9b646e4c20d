"""What a source hands over: raw features and raw target, before any split."""

from __future__ import annotations

from collections.abc import Sequence, Sized
from dataclasses import dataclass

import numpy as np

TRAIN, VALIDATION, TEST = 0, 1, 2
"""Codes of the three splits in `Material.parts`."""

LEFT_OUT = 3
"""Code of rows that are in no split."""

PART_NAMES = {
    "train": TRAIN,
    "training": TRAIN,
    "validation": VALIDATION,
    "val": VALIDATION,
    "valid": VALIDATION,
    "test": TEST,
}


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the caller asked of a source; see `fathom.data.load`."""

    target: object = None
    task: str = "auto"
    split: object = None
    seed: int = 0
    rows: int | None = None
    noise: float | None = None
    bits: int | None = None
    compositions: int | None = None
    steps: int | None = None
    image_size: tuple[int, int] | None = None
    inputs: str | None = None
    lengths: object = None
    time: str | None = None
    window: int | None = None
    horizon: int | None = None


@dataclass(frozen=True, kw_only=True)
class RawTarget:
    """A target as it was found: numbers, or names with their codes.

    Args:
        name: The target's name, if it has one.
        values: float64 (n,) numbers, NaN where there is none; or int64 (n,)
            positions in `names`, -1 where there is none.
        names: Names of the classes, in order; None for numbers.
        missing: How a missing value looks in this source, in words.
    """

    name: str | None = None
    values: np.ndarray
    names: tuple[str, ...] | None = None
    missing: str = "NaN"

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True, kw_only=True)
class Arrays:
    """Features that are one array.

    Args:
        x: (n, ...) of any numeric dtype.
        names: Names of the features, if `x` has two axes and they have names.
        divisor: Number by which `x` is divided; None to choose by dtype.
        are_sequences: Whether rows of two axes are steps and features, even
            if they look like an image.
        lengths: int64 (n,), how many steps of each sequence are there; None
            if all are.
    """

    x: np.ndarray
    names: tuple[str, ...] = ()
    divisor: float | None = None
    are_sequences: bool = False
    lengths: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True, kw_only=True)
class Material:
    """Raw features and target of a data set.

    Args:
        name: The data set's name.
        source: Where it came from, in words.
        features: Rows of any kind that `fitting.fit` and `fitting.encode` have a rule for: an
            array, a table, windows of a table, images.
        target: One value per row.
        parts: int8 (n,), the split each row belongs to, where the source
            says so; None otherwise.
        parts_rule: Where `parts` came from, in words.
        in_order: Whether examples follow each other in time, and are split so.
        row_numbers: int64 (n,), numbers of the rows in the source where
            they are not 0, 1, 2, ...
        notices: What was detected and decided while reading.
    """

    name: str
    source: str
    features: Sized
    target: RawTarget
    parts: np.ndarray | None = None
    parts_rule: str = ""
    in_order: bool = False
    row_numbers: np.ndarray | None = None
    notices: tuple[str, ...] = ()


def part_codes(names: Sequence[object]) -> np.ndarray | None:
    """Return int8 codes of split names, or None if one is not a split's name."""
    known = {name: PART_NAMES.get(str(name).strip().casefold()) for name in set(names)}
    if any(code is None for code in known.values()):
        return None
    return np.array([known[name] for name in names], dtype=np.int8)
