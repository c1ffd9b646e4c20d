"""Rows to train, validation and test: stratified, by seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fathom.data.material import LEFT_OUT, TEST, TRAIN, VALIDATION
from fathom.errors import DataError, SpecError

BALANCES = ("stratified", "balanced", "bootstrap")

MINIMUM_ROWS = 10
"""Fewest rows that are split; below, a validation score says nothing."""


@dataclass(frozen=True)
class SplitRule:
    """How rows are split and the training rows balanced; see `fathom.data.load`."""

    validation_share: float
    test_share: float
    seed: int
    balance: str
    validation_seed: int | None = None
    training_rows: int | None = None


def split_parts(
    labels: np.ndarray,
    *,
    validation_share: float,
    test_share: float,
    seed: int,
    validation_seed: int | None = None,
    given: np.ndarray | None = None,
) -> np.ndarray:
    """Return the split each row belongs to, every class in the same shares.

    Args:
        labels: int (n,), class numbers; all zero for regression.
        validation_share: Share of the rows for validation, in (0, 1); where
            the test rows are given, share of the remaining rows.
        test_share: Share of the rows for the test split, in (0, 1).
        seed: Seed of the draw.
        validation_seed: Seed of the draw of the validation rows alone; the test rows
            stay those of `seed`.
        given: int8 (n,), splits the source fixed. A split that is missing
            there is taken out of the training rows.

    Returns:
        int8 (n,) of TRAIN, VALIDATION and TEST.
    """
    parts = np.zeros(len(labels), np.int8) if given is None else given.astype(np.int8)
    rng = np.random.default_rng(seed)
    kept_share = 1.0
    needs_validation = not (parts == VALIDATION).any()
    if not (parts == TEST).any():
        _move(parts, TEST, labels, test_share, rng, keep=2 if needs_validation else 1)
        kept_share = 1 - test_share if given is None else 1.0
    if validation_seed is not None:
        rng = np.random.default_rng([seed, 6, validation_seed])
    if needs_validation:
        _move(parts, VALIDATION, labels, validation_share / kept_share, rng, keep=1)
    return parts


def parts_in_time(
    rows: int, *, validation_share: float, test_share: float, given: np.ndarray | None = None
) -> np.ndarray:
    """Return the split of each of `rows` examples in the order of time, the latest for test.

    Args:
        rows: Number of examples, the earliest first.
        validation_share: Share of them for validation, in (0, 1); where the
            test rows are given, share of the others.
        test_share: Share of them for the test split, in (0, 1).
        given: int8 (rows,), splits the source fixed, in the order of time;
            where validation is missing, it is the latest of the training rows.

    Returns:
        int8 (rows,) of TRAIN, VALIDATION and TEST; at least one of each where
        there are three rows or more.

    Example:
        >>> parts_in_time(5, validation_share=0.2, test_share=0.2)
        array([0, 0, 0, 1, 2], dtype=int8)
    """
    if given is not None and (given == VALIDATION).any():
        return given.astype(np.int8)
    num_test = int((given == TEST).sum()) if given is not None else _share(rows, test_share)
    others = rows - num_test if given is not None else rows
    num_validation = _share(others, validation_share)
    num_train = rows - num_test - num_validation
    return np.repeat(np.array([TRAIN, VALIDATION, TEST], np.int8), [
        num_train, num_validation, num_test,
    ])  # fmt: skip


def _share(rows: int, share: float) -> int:
    return max(1, round(rows * share))


def _move(
    parts: np.ndarray,
    part: int,
    labels: np.ndarray,
    share: float,
    rng: np.random.Generator,
    *,
    keep: int,
) -> None:
    """Move a share of each class's training rows to another part, in place."""
    rows = np.flatnonzero(parts == TRAIN)
    chosen = rows[draw(labels[rows], share, rng, keep=keep)]
    parts[chosen] = part


def draw(
    labels: np.ndarray, share: float, rng: np.random.Generator, *, keep: int = 1
) -> np.ndarray:
    """Return the positions of a share of the rows, drawn class by class.

    Args:
        labels: int (n,), class numbers.
        share: Share to draw, in (0, 1).
        rng: Where the randomness comes from.
        keep: Rows that are left of each class that has more than these.

    Returns:
        int64 positions, ascending: at least one of each class that has two
        rows or more.
    """
    counts = np.bincount(labels)
    quota = shares_of(counts, share, keep=keep)
    order = shuffled_by_class(labels, rng)
    rank = np.arange(len(labels)) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.sort(order[rank < quota[labels[order]]])


def shuffled_by_class(labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return positions ordered by class, in random order within each."""
    order = rng.permutation(len(labels))
    small = np.min_scalar_type(int(labels.max(initial=0)))  # sorted in linear time
    return order[np.argsort(labels[order].astype(small), kind="stable")]


def shares_of(counts: np.ndarray, share: float, *, keep: int = 1) -> np.ndarray:
    """Return how many of each class to draw, by largest remainder.

    Args:
        counts: int (classes,), rows of each class.
        share: Share to draw, in (0, 1).
        keep: Rows that are left of each class that has more than these.

    Returns:
        int (classes,), summing to the rounded share of all rows where each
        class can give at least one row and keep enough.

    Example:
        >>> shares_of(np.array([50, 50, 3]), 0.2)
        array([10, 10,  1])
    """
    ideal = counts * share
    quota = np.floor(ideal).astype(int)
    left = round(float(ideal.sum())) - quota.sum()
    quota[np.argsort(quota - ideal, kind="stable")[:left]] += 1
    least = np.minimum(1, counts // 2)
    return np.clip(quota, least, np.maximum(counts - keep, least))


def leave_out(
    parts: np.ndarray, labels: np.ndarray, *, rows: int, seed: int, in_order: bool
) -> np.ndarray:
    """Return the splits with all but some of the training rows in none of them.

    Fewer rows are always among those of more, each class in about its share and
    with at least one row; of rows in the order of time the latest stay.

    Args:
        parts: int8 (n,) of TRAIN, VALIDATION and TEST.
        labels: int (n,), class numbers; all zero for regression.
        rows: Training rows to keep.
        seed: Seed of the draw.
        in_order: Whether rows follow each other in time.

    Raises:
        SpecError: There are not so many training rows, or too few for the classes.

    Example:
        >>> leave_out(np.zeros(5, np.int8), np.zeros(5, int), rows=2, seed=0, in_order=True)
        array([3, 3, 3, 0, 0], dtype=int8)
    """
    train = np.flatnonzero(parts == TRAIN)
    least = max(2, len(np.unique(labels[train])))
    if not least <= rows <= len(train):
        raise SpecError(
            f"`training_rows` must be from {least} to {len(train)}, the training rows there are. "
            f"Received: training_rows={rows}.",
            hint="leave it out to train on all of them",
        )
    order = train[::-1] if in_order else train[_evenly_by_class(labels[train], seed)]
    fewer = parts.copy()
    fewer[order[rows:]] = LEFT_OUT
    return fewer


def _evenly_by_class(labels: np.ndarray, seed: int) -> np.ndarray:
    """Return positions in an order of which every beginning has each class in its share."""
    order = shuffled_by_class(labels, np.random.default_rng([seed, 7]))
    counts = np.bincount(labels)
    rank = np.arange(len(labels)) - np.repeat(np.cumsum(counts) - counts, counts)
    share = (rank + 0.5) / counts[labels[order]]
    return order[np.argsort(np.where(rank == 0, 0.0, share), kind="stable")]


def training_rows(rows: np.ndarray, labels: np.ndarray, *, balance: str, seed: int) -> np.ndarray:
    """Return the training rows after balancing.

    Args:
        rows: int64 (n,), the training rows.
        labels: int (n,), their class numbers.
        balance: "stratified" leaves them as they are; "balanced" repeats rows
            of the smaller classes, drawn with replacement, until all are as
            large as the largest; "bootstrap" draws as many rows as there are
            with replacement, within each class.
        seed: Seed of the draws.

    Returns:
        int64 row numbers, some of them repeated.
    """
    if balance == "stratified":
        return rows
    rng = np.random.default_rng([seed, 1])
    by_class = [rows[labels == label] for label in np.unique(labels)]
    draws = [_resampled(members, by_class, balance, rng) for members in by_class]
    return rng.permutation(np.concatenate(draws))


def _resampled(
    members: np.ndarray, by_class: list[np.ndarray], balance: str, rng: np.random.Generator
) -> np.ndarray:
    if balance == "bootstrap":
        return rng.choice(members, len(members))
    largest = max(map(len, by_class))
    return np.concatenate([members, rng.choice(members, largest - len(members))])


def rows_of(parts: np.ndarray, part: int, *, seed: int) -> np.ndarray:
    """Return the rows of one split, shuffled by seed."""
    rows = np.flatnonzero(parts == part)
    return np.random.default_rng([seed, 2 + part]).permutation(rows)


def check_shares(validation_share: float, test_share: float) -> None:
    """Raise unless both shares are positive and leave rows to train on.

    Raises:
        SpecError: A share is out of range, or they add up to 1 or more.
    """
    for setting, share in (("validation_share", validation_share), ("test_share", test_share)):
        if not 0 < share < 1:
            raise SpecError(
                f"`{setting}` must be between 0 and 1. Received: {setting}={share:g}.",
                hint="0.2 keeps a fifth of the rows",
            )
    if validation_share + test_share >= 1:
        raise SpecError(
            "`validation_share` and `test_share` must add up to less than 1. "
            f"Received: {validation_share:g} + {test_share:g}.",
            hint="0.2 and 0.2 leave 0.6 to train on",
        )


def check_enough_rows(rows: int) -> None:
    """Raise if there are too few rows to split.

    Raises:
        DataError: There are fewer than `MINIMUM_ROWS`.
    """
    if rows < MINIMUM_ROWS:
        raise DataError(
            f"A data set needs at least {MINIMUM_ROWS} rows to be split in three. "
            f"Received: {rows} row{'s' if rows != 1 else ''}.",
            hint="collect more rows",
        )
