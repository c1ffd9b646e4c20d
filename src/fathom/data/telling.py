"""What was decided about columns, splits and balance, in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from fathom.data.dataset import Column
from fathom.data.material import TEST, VALIDATION, Material
from fathom.data.splitting import SplitRule
from fathom.data.tables import Table, Windows
from fathom.data.targets import Target


def columns_in_order(
    columns: Sequence[Column], material: Material, target: Target
) -> tuple[Column, ...]:
    """Return all columns in the order of the source, target and split among them."""
    predicted = Column(
        target.name or "target", "target", f"the target: {_target_words(target)}", False
    )
    features = material.features
    if not isinstance(features, (Table, Windows)):
        return (*columns, predicted)
    by_name = {column.name: column for column in columns}
    if isinstance(features, Windows):
        time, features = features.time, features.table
        by_name[time.name] = Column(time.name, time.kind, "puts the rows in order", False)
        if predicted.name in by_name:
            words = f"{predicted.decision}; its past is an input"
            predicted = Column(predicted.name, "target", words, True)
    by_name[predicted.name] = predicted
    if features.split:
        words = "says which split a row belongs to"
        by_name[features.split] = Column(features.split, "split", words, False)
    return tuple(by_name[name] for name in features.order if name in by_name)


def _target_words(target: Target) -> str:
    if target.task == "regression":
        return "standardised"
    return f"{len(target.classes)} classes"


def split_words(material: Material, rule: SplitRule, task: str) -> str:
    """Return how the three splits came about."""
    rows = rule.training_rows
    fewer = "" if rows is None else f"; only {rows:,} of the training rows are used"
    return _words_of_split(material, rule, task) + fewer


def _words_of_split(material: Material, rule: SplitRule, task: str) -> str:
    if material.in_order and material.parts is None:
        return _words_in_time(rule)
    how = f"{'stratified' if task == 'classification' else 'at random'}, seed {rule.seed}"
    if rule.validation_seed is not None:
        how += f" (validation rows: draw {rule.validation_seed})"
    if material.in_order:
        how = "the latest of them"
    given = set() if material.parts is None else set(np.unique(material.parts).tolist())
    shares = {VALIDATION: rule.validation_share, TEST: rule.test_share}
    names = {VALIDATION: "validation", TEST: "test"}
    drawn = " and ".join(
        f"{shares[part]:.0%} for {names[part]}" for part in names if part not in given
    )
    if material.parts is None:
        return f"split: {drawn}, the rest to train on; {how}"
    by = f"split: by {material.parts_rule}"
    return f"{by}; {drawn} taken from the training rows, {how}" if drawn else by


def _words_in_time(rule: SplitRule) -> str:
    train = 1 - rule.validation_share - rule.test_share
    return (
        f"split: by time, the first {train:.0%} to train on, the next {rule.validation_share:.0%} "
        f"for validation, the last {rule.test_share:.0%} for test; a window belongs where its "
        "target lies, and reads nothing later"
    )


BALANCE_WORDS: dict[str, Callable[[int, int], str]] = {
    "balanced": lambda before, after: (
        f"balance: training rows of smaller classes repeated until all are equal, "
        f"{before:,} rows became {after:,}"
    ),
    "bootstrap": lambda before, after: f"balance: {after:,} training rows drawn with replacement",
}


def balance_words(rule: SplitRule, before: int, after: int) -> list[str]:
    """Return what balancing did to the number of training rows, if anything was asked for."""
    words = BALANCE_WORDS.get(rule.balance)
    return [words(before, after)] if words else []
