"""A population as arrays and words, and back; nothing here touches the disk."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from fathom.errors import StoreError
from fathom.train.crew import Parked
from fathom.train.population import Population

KINDS = ("trainable", "non_trainable", "optimizer")
VERSION = 1


def snapshot(population: Population) -> tuple[dict[str, np.ndarray], str]:
    """Return all that a population needs to go on: arrays by name, and a JSON document."""
    arrays = {"shuffles": population._shuffles.state}
    arrays |= {f"scores/{name}": values for name, values in population.scores.items()}
    for number, group in enumerate(population._groups):
        if group.parked is not None:
            for kind, part in zip(KINDS, group.parked.parts, strict=True):
                arrays |= {f"{number}/{kind}/{i:04d}": array for i, array in enumerate(part)}
    words = {
        "version": VERSION,
        "members": [_as_data(member) for member in population.members],
        "epochs": population.epochs,
        "seeds": population._shuffles.seeds,
        "is_new": population._shuffles.is_new,
    }
    return arrays, json.dumps(words)


def restored(
    model: Any,
    arrays: Mapping[str, np.ndarray],
    words: str,
    *,
    kind: type[Population] = Population,
    **options: Any,
) -> Population:
    """Return the population that a snapshot was taken of.

    Args:
        model: The model, or the function that builds it, as it was given then.
        arrays: Arrays by name.
        words: The JSON document.
        kind: The class of the population.
        **options: Of the population: `watch`, `memory_bytes`.

    Raises:
        StoreError: The snapshot is of another version or another architecture.
    """
    told = json.loads(words)
    if told.get("version") != VERSION:
        raise StoreError(
            f"A saved population must be of version {VERSION}. Received: {told.get('version')}."
        )
    members = [_from_data(member) for member in told["members"]]
    population = kind(model, members=members, **options)
    population._restore(
        parked=[_parked(arrays, number) for number in range(len(population._groups))],
        scores={n.removeprefix("scores/"): a for n, a in arrays.items() if n.startswith("scores/")},
        epochs=told["epochs"],
        seeds=told["seeds"],
        shuffles=None if told["is_new"] else arrays["shuffles"],
    )
    return population


def _parked(arrays: Mapping[str, np.ndarray], group: int) -> Parked | None:
    parts = []
    for kind in KINDS:
        start = f"{group}/{kind}/"
        parts.append([np.array(arrays[n]) for n in sorted(arrays) if n.startswith(start)])
    return Parked(*parts) if parts[0] else None


def _as_data(member: Mapping[str, Any]) -> dict[str, Any]:
    optimizer = member.get("optimizer")
    if not isinstance(optimizer, keras.Optimizer):
        return dict(member)
    return {**member, "optimizer": keras.optimizers.serialize(optimizer)}


def _from_data(member: Mapping[str, Any]) -> dict[str, Any]:
    optimizer = member.get("optimizer")
    if not isinstance(optimizer, Mapping):
        return dict(member)
    return {**member, "optimizer": keras.optimizers.deserialize(dict(optimizer))}
