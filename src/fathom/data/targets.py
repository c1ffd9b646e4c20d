"""From a raw target to class numbers or a standardised number."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from fathom.data.limits import LARGEST_NUMBER
from fathom.data.material import TRAIN, RawTarget
from fathom.data.wording import count, listed, rows_at, short, too_large, value_of
from fathom.errors import DataError
from fathom.specs import one_of

TASKS = ("auto", "classification", "regression")

MOST_INTEGER_CLASSES = 20
"""Integers with at most so many different values are taken for classes."""

ROWS_PER_INTEGER = 3
"""... if each value has at least so many rows on average, or there are two."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """A target as it is fitted: classes, or a mean and a deviation.

    Args:
        name: The target's name, if it has one.
        task: "classification" or "regression".
        classes: Class names in the order of their numbers; () for regression.
        mean: Mean over the training rows; 0 for classification.
        std: Standard deviation over the training rows; 1 for classification.
    """

    name: str | None
    task: str
    classes: tuple[str, ...] = ()
    mean: float = 0.0
    std: float = 1.0


def infer(raw: RawTarget, task: str) -> tuple[str, str]:
    """Return the task, and why, in words.

    Raises:
        SpecError: `task` is not one of `TASKS`.
    """
    one_of("task", task, TASKS)
    if task != "auto":
        return task, f"task: {task}, as asked"
    what = called(raw)
    if raw.names is not None:
        return "classification", f"task: classification, because {what} holds names"
    values = np.unique(raw.values)
    if not is_integral(values):
        return "regression", f"task: regression, because {what} holds fractions"
    return _infer_integers(what, len(values), len(raw))


def _infer_integers(what: str, different: int, rows: int) -> tuple[str, str]:
    few = different <= MOST_INTEGER_CLASSES
    if few and (different <= 2 or rows >= ROWS_PER_INTEGER * different):
        values = count(different, "different value")
        return (
            "classification",
            f"task: classification, because {what} holds integers with {values}",
        )
    return "regression", (
        f"task: regression, because {what} holds integers with {different:,} different values "
        f"(task='classification' makes each a class)"
    )


def is_integral(values: np.ndarray) -> bool:
    """Return whether all values are whole numbers."""
    return bool(np.all(np.isfinite(values)) and np.all(values == np.floor(values)))


def called(raw: RawTarget) -> str:
    """Return the target as it is named in messages."""
    return f"the target `{raw.name}`" if raw.name else "the target"


def check_complete(raw: RawTarget) -> None:
    """Raise if a row has no target, or an infinite one.

    Raises:
        DataError: Names the rows.
    """
    is_named = raw.names is not None
    missing = np.flatnonzero(raw.values == -1 if is_named else np.isnan(raw.values))
    if len(missing):
        raise DataError(
            f"Every row needs a value in {called(raw)}. "
            f"Received: no value ({raw.missing}) in {rows_at(missing)}.",
            hint="leave these rows out of the file, or fill in their values",
        )
    large = np.flatnonzero(np.abs(raw.values) > np.float64(LARGEST_NUMBER))
    if len(large):
        what = too_large(bool(np.isinf(raw.values).any()))
        raise DataError(
            f"Every value of {called(raw)} must be finite. Received: {what} in {rows_at(large)}.",
            hint="leave these rows out of the file, or correct their values",
        )


def as_classes(raw: RawTarget) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return int32 (n,) class numbers and the class names.

    Names without rows are left out. Whole numbers are named without a
    fraction, and stand in numeric order.
    """
    present, numbers = np.unique(raw.values, return_inverse=True)
    if raw.names is not None:
        return numbers.astype(np.int32), tuple(raw.names[code] for code in present)
    return numbers.astype(np.int32), tuple(number_name(value) for value in present)


def number_name(value: float) -> str:
    """Return a class name for a number.

    Example:
        >>> number_name(3.0), number_name(0.5)
        ('3', '0.5')
    """
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def as_numbers(raw: RawTarget) -> np.ndarray:
    """Return the target as float64 (n,).

    Raises:
        DataError: It holds names that are not numbers.
    """
    if raw.names is None:
        return raw.values
    parsed = np.array([_number(name) for name in raw.names])
    _check_all_numbers(raw, raw.names, parsed)
    return parsed[raw.values]


def _number(name: str) -> float:
    try:
        return float(name)
    except ValueError:
        return np.nan


def _check_all_numbers(raw: RawTarget, names: tuple[str, ...], parsed: np.ndarray) -> None:
    bad = np.flatnonzero(~np.isfinite(parsed))
    if not len(bad):
        return
    rows = np.flatnonzero(np.isin(raw.values, bad))
    examples = listed(value_of(names[code]) for code in bad)
    raise DataError(
        f"A regression target must hold numbers. Received: {called(raw)} holds {examples} "
        f"in {rows_at(rows)}.",
        hint="correct these values, or use task='classification'",
    )


def check_looks_like_one_kind(raw: RawTarget) -> None:
    """Raise if a target of names is neither classes nor numbers.

    Raises:
        DataError: Most names are numbers, or nearly every row has its own name.
    """
    if raw.names is None or len(raw.names) <= MOST_INTEGER_CLASSES:
        return
    are_numbers = np.isfinite([_number(name) for name in raw.names])
    if are_numbers.mean() > 0.5:
        as_numbers(raw)
        return
    if 2 * len(raw.names) > len(raw):
        raise DataError(
            "A target of text must name classes that many rows share. Received: "
            f"{len(raw.names):,} different texts in {len(raw):,} rows of {called(raw)}.",
            hint="choose another target",
        )


def check_classes(raw: RawTarget, y: np.ndarray, classes: tuple[str, ...]) -> None:
    """Raise unless there are two classes or more, each with three rows or more.

    Raises:
        DataError: Names the classes that are too small.
    """
    if len(classes) < 2:
        raise DataError(
            f"Classification needs at least two classes. Received: every row of {called(raw)} "
            f"is {listed(map(value_of, classes))}.",
            hint="choose another target, or add rows of another class",
        )
    counts = np.bincount(y, minlength=len(classes))
    small = np.flatnonzero(counts < 3)
    if len(small):
        raise DataError(
            "Each class needs at least 3 rows, one for each split. Received: "
            f"{_small_classes(classes, counts, small)} in {called(raw)}.",
            hint=_hint_for_small_classes(raw, len(small)),
        )


def _small_classes(classes: tuple[str, ...], counts: np.ndarray, small: np.ndarray) -> str:
    return listed(f"{count(int(counts[k]), 'row')} of class {value_of(classes[k])}" for k in small)


def _hint_for_small_classes(raw: RawTarget, small: int) -> str:
    if raw.names is None and small > 2:
        return "if the target is a quantity, use task='regression'"
    return "add rows of these classes, or leave the classes out"


def check_parts(raw: RawTarget, y: np.ndarray, classes: tuple[str, ...], parts: np.ndarray) -> None:
    """Raise if a class of the source's own splits has no rows to train on.

    Raises:
        DataError: Names the classes.
    """
    in_training = np.bincount(y[parts == TRAIN], minlength=len(classes))
    absent = np.flatnonzero(in_training < 1)
    if len(absent):
        names = listed(value_of(classes[k]) for k in absent)
        raise DataError(
            f"Every class needs rows in the training split. Received: none of {names} "
            f"in {called(raw)}, which the source has in its other splits only.",
            hint="move rows of these classes to the training split",
        )


def check_varies(raw: RawTarget, values: np.ndarray, rows: str) -> None:
    """Raise if a regression target is the same in every row.

    Args:
        raw: The target, for its name.
        values: float64 (n,).
        rows: Which rows these are, in words.

    Raises:
        DataError: All values are equal.
    """
    if len(values) and np.ptp(values) == 0:
        raise DataError(
            f"A regression target must vary. Received: {called(raw)} is "
            f"{number_name(values[0])} in every {rows}.",
            hint="choose another target",
        )


def standardise(target: Target, values: np.ndarray, train: np.ndarray) -> Target:
    """Return the target with the mean and deviation of its training rows.

    Args:
        target: A regression target.
        values: float64 (n,).
        train: Training rows.
    """
    return replace(target, mean=float(values[train].mean()), std=float(values[train].std()))


def encode(target: Target, raw: RawTarget) -> np.ndarray:
    """Return new rows' y as the fitted target has it.

    Returns:
        int32 (n,) class numbers, or float32 (n,) standardised numbers.

    Raises:
        DataError: A class is unknown, a value is missing or not a number.
    """
    check_complete(raw)
    if target.task == "regression":
        return ((as_numbers(raw) - target.mean) / target.std).astype(np.float32)
    found, names = as_classes(raw)
    unknown = [name for name in names if name not in target.classes]
    if unknown:
        raise DataError(
            f"The classes of {called(raw)} are {listed(map(value_of, target.classes))}. "
            f"Received: {listed(map(value_of, unknown))}.",
            hint="leave the target out to predict these rows",
        )
    return np.array([target.classes.index(name) for name in names], np.int32)[found]


def class_notices(y: np.ndarray, classes: tuple[str, ...]) -> list[str]:
    """Return the class counts in words, largest share last if it is lopsided."""
    counts = np.bincount(y, minlength=len(classes))
    each = (f"{short(name)} {rows:,} ({rows / len(y):.1%})" for name, rows in zip(classes, counts))
    notices = [f"classes: {listed(each, most=20)}"]
    if counts.max() / len(y) > 1.5 / len(classes) and counts.max() / len(y) > 0.6:
        largest = int(counts.argmax())
        notices.append(
            f"unbalanced classes: always answering {value_of(classes[largest])} would be right in "
            f"{counts[largest] / len(y):.1%} of the rows"
        )
    return notices
