"""A source to a data set: read, inferred, split, fitted on the training rows, said."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from fathom.data import sources as source_kinds
from fathom.data import targets
from fathom.data.dataset import Dataset, Split
from fathom.data.fitting import Fitted, encode, fit
from fathom.data.material import TEST, TRAIN, VALIDATION, Material, Options
from fathom.data.preprocessing import Preprocessing
from fathom.data.sequences import AUTO, READINGS
from fathom.data.splitting import (
    BALANCES,
    SplitRule,
    check_enough_rows,
    check_shares,
    leave_out,
    parts_in_time,
    rows_of,
    split_parts,
    training_rows,
)
from fathom.data.targets import Target
from fathom.data.telling import balance_words, columns_in_order, split_words
from fathom.errors import SpecError
from fathom.specs import at_least, one_of, typed


@typed
def load(
    source: object,
    *,
    target: object = None,
    task: str = "auto",
    split: object = None,
    validation_share: float = 0.2,
    test_share: float = 0.2,
    seed: int = 0,
    balance: str = "stratified",
    validation_seed: int | None = None,
    training_rows: int | None = None,
    rows: int | None = None,
    noise: float | None = None,
    bits: int | None = None,
    compositions: int | None = None,
    steps: int | None = None,
    image_size: tuple[int, int] | None = None,
    inputs: str = "auto",
    lengths: object = None,
    time: str | None = None,
    window: int | None = None,
    horizon: int | None = None,
) -> Dataset:
    """Read a source, split it, and fit its preprocessing on the training rows.

    Args:
        source: A built-in name (`sources()` lists them), a .csv, .tsv,
            .parquet or .npz file, a folder of images with one sub-folder per
            class, any dataframe, an array with `target=y`, or `(x, y)`.
        target: The column to predict, for tables; y, for an array.
        task: "classification", "regression", or "auto" to infer it.
        split: Name of the column that says which split a row belongs to, or
            a list with "train", "validation" or "test" for each row. A column
            called `split` with such values is used without being asked for.
        validation_share: Share of the rows for validation, in (0, 1). Where
            the source has its own test rows, share of the others.
        test_share: Share of the rows for the test split, in (0, 1).
        seed: Seed of the split, of balancing, and of the generators.
        balance: What is done to the training rows: "stratified" leaves them
            as they are, "balanced" repeats rows of the smaller classes until
            all classes are as large as the largest, "bootstrap" draws rows
            with replacement within each class.
        validation_seed: Seed that draws the validation rows anew, among all but the
            test rows; None draws them with `seed`.
        training_rows: How many of the training rows are used; all if None. Fewer are
            always among those of more.
        rows: Number of rows, for generators.
        noise: Noise in percent, 0 to 50, for generators.
        bits: Number of bits, for `parity`.
        compositions: How often the map is applied, for `sawtooth`.
        steps: Steps of each sequence, for `adding` and `sequence-parity`.
        image_size: (height, width) in pixels, for folders of images.
        inputs: What the rows of an array are: "vectors", "sequences" or
            "images", or "auto" to tell by their shape.
        lengths: How many steps of each sequence are there, for arrays that
            are filled up to one length; an .npz file may hold them itself.
        time: The column that orders the rows of a table: each example is
            then a window of rows that follow each other, and the splits are
            by time.
        window: Rows of a window.
        horizon: Rows from a window's last to the one whose target is asked
            for; 1 if None. The target's past is then an input; with 0 the
            target of the last row is asked for, and is no input.

    Returns:
        The data set: x is float32, y int32 class numbers or a float32
        standardised target.

    Raises:
        DataError: The data cannot be used as they are.
        SpecError: A setting is out of range or does not apply.

    Example:
        >>> data = load("iris")
        >>> data.classes, len(data.train), data.input_shape
        (('setosa', 'versicolor', 'virginica'), 90, (4,))
    """
    called_with = dict(locals())
    check_shares(validation_share, test_share)
    one_of("balance", balance, BALANCES)
    at_least("seed", seed, 0)
    if validation_seed is not None:
        at_least("validation_seed", validation_seed, 0)
    options = Options(
        target=target,
        task=one_of("task", task, targets.TASKS),
        split=split,
        seed=seed,
        rows=rows,
        noise=noise,
        bits=bits,
        compositions=compositions,
        steps=steps,
        image_size=image_size,
        inputs=None if one_of("inputs", inputs, READINGS) == AUTO else inputs,
        lengths=lengths,
        time=time,
        window=window,
        horizon=horizon,
    )
    material = source_kinds.read(source, options)
    rule = SplitRule(validation_share, test_share, seed, balance, validation_seed, training_rows)
    dataset = _build(material, task, rule, _shadowed(source))
    return replace(dataset, loading=_repeatable(called_with))


def _repeatable(called_with: dict[str, Any]) -> dict[str, Any] | None:
    """Return the call as JSON data that make it again from any folder; None if data are in it."""
    source, options = called_with["source"], {**called_with}
    if not isinstance(source, str | Path):
        return None
    if os.path.exists(source) and source not in sources():  # noqa: PTH110
        options["source"] = str(Path(source).expanduser().absolute())
    if options["image_size"] is not None:
        options["image_size"] = list(options["image_size"])
    is_plain = all(isinstance(value, _PLAIN) for value in options.values())
    return options if is_plain else None


_PLAIN = (str, int, float, list, type(None))


def sources() -> dict[str, str]:
    """Return the names of the built-in sources, with a line on each."""
    return source_kinds.describe()


def _shadowed(source: object) -> list[str]:
    """Return a notice if a built-in name is also that of a file or folder here."""
    if isinstance(source, str) and source in sources() and os.path.exists(source):  # noqa: PTH110
        return [f"{source} is the built-in source; ./{source} is the one in this folder"]
    return []


def _build(material: Material, task: str, rule: SplitRule, notices: list[str]) -> Dataset:
    check_enough_rows(len(material.target))
    answer = _prepare_target(material, task, rule)
    rows = {part: rows_of(answer.parts, part, seed=rule.seed) for part in PARTS}
    fitted = fit(material.features, rows[TRAIN])
    labels = answer.labels[rows[TRAIN]]
    before = len(rows[TRAIN])
    rows[TRAIN] = training_rows(rows[TRAIN], labels, balance=rule.balance, seed=rule.seed)
    splits = {PARTS[part]: _split(material, fitted, answer.y, rows[part]) for part in PARTS}
    said = [*notices, *material.notices, *answer.notices, *fitted.notices]
    words = split_words(material, rule, answer.target.task)
    said += [words, *balance_words(rule, before, len(rows[TRAIN]))]
    return _dataset(material, answer.target, fitted, rule, splits, said)


PARTS = {TRAIN: "train", VALIDATION: "validation", TEST: "test"}


def _dataset(
    material: Material,
    target: Target,
    fitted: Fitted,
    rule: SplitRule,
    splits: dict[str, Split],
    notices: list[str],
) -> Dataset:
    return Dataset(
        name=material.name,
        source=material.source,
        task=target.task,
        target=target.name,
        classes=target.classes,
        feature_names=fitted.inputs.feature_names,
        train=splits["train"],
        validation=splits["validation"],
        test=splits["test"],
        columns=columns_in_order(fitted.columns, material, target),
        notices=tuple(notices),
        preprocessing=Preprocessing(fitted.inputs, target),
        seed=rule.seed,
        balance=rule.balance,
        split_rule=split_words(material, rule, target.task),
    )


@dataclass(frozen=True)
class _FittedTarget:
    """The target, encoded for all rows, and the split of each row."""

    target: Target
    y: np.ndarray
    labels: np.ndarray
    parts: np.ndarray
    notices: tuple[str, ...]


def _prepare_target(material: Material, task: str, rule: SplitRule) -> _FittedTarget:
    raw = material.target
    targets.check_complete(raw)
    if task == "auto":
        targets.check_looks_like_one_kind(raw)
    inferred, why = targets.infer(raw, task)
    prepare = _prepare_classes if inferred == "classification" else _prepare_numbers
    return prepare(material, rule, why)


def _prepare_classes(material: Material, rule: SplitRule, why: str) -> _FittedTarget:
    raw = material.target
    y, classes = targets.as_classes(raw)
    targets.check_classes(raw, y, classes)
    parts = _parts(material, y, rule)
    targets.check_parts(raw, y, classes, parts)
    target = Target(name=raw.name, task="classification", classes=classes)
    return _FittedTarget(target, y, y, parts, (why, *targets.class_notices(y, classes)))


def _prepare_numbers(material: Material, rule: SplitRule, why: str) -> _FittedTarget:
    if rule.balance == "balanced":
        raise SpecError(
            "balance='balanced' needs classes. Received: a regression target.",
            hint="use balance='stratified' or balance='bootstrap'",
        )
    raw = material.target
    values = targets.as_numbers(raw)
    targets.check_varies(raw, values, "row")
    labels = np.zeros(len(values), dtype=np.int64)
    parts = _parts(material, labels, rule)
    train = np.flatnonzero(parts == TRAIN)
    targets.check_varies(raw, values[train], "training row")
    target = targets.standardise(Target(name=raw.name, task="regression"), values, train)
    y = ((values - target.mean) / target.std).astype(np.float32)
    said = f"target standardised: mean {target.mean:.6g}, standard deviation {target.std:.6g}"
    return _FittedTarget(target, y, labels, parts, (why, said))


def _parts(material: Material, labels: np.ndarray, rule: SplitRule) -> np.ndarray:
    parts = _all_parts(material, labels, rule)
    if rule.training_rows is None:
        return parts
    rows, in_order = rule.training_rows, material.in_order
    return leave_out(parts, labels, rows=rows, seed=rule.seed, in_order=in_order)


def _all_parts(material: Material, labels: np.ndarray, rule: SplitRule) -> np.ndarray:
    if material.in_order:
        return parts_in_time(
            len(labels),
            validation_share=rule.validation_share,
            test_share=rule.test_share,
            given=material.parts,
        )
    return split_parts(
        labels,
        validation_share=rule.validation_share,
        test_share=rule.test_share,
        seed=rule.seed,
        validation_seed=rule.validation_seed,
        given=material.parts,
    )


def _split(material: Material, fitted: Fitted, y: np.ndarray, rows: np.ndarray) -> Split:
    numbers = rows if material.row_numbers is None else material.row_numbers[rows]
    x = encode(material.features, fitted.inputs, rows)
    return Split(x=x, y=y[rows], rows=numbers.astype(np.int64))
