"""Conductance: how much of the answer for each class passes through each unit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from fathom import measure, models
from fathom.data import Dataset, Split
from fathom.studies.anatomy import Subject
from fathom.studies.features.outputs import by_unit, rows_at_once, weights_of_first
from fathom.studies.features.result import ZERO_BASELINE, Conductance

STEPS = 50
ROWS_OF_A_CLASS = 16
MOST_CLASSES = 20


def unit_conductance(
    subject: Subject, dataset: Dataset, test: Split, centre: np.ndarray, *, baseline: str
) -> Conductance:
    """Return the conductance of every unit for every class, mean over rows of the class.

    Args:
        subject: The network; the first is looked at.
        dataset: Names the classes.
        test: Rows that paths lead to, of every class up to `ROWS_OF_A_CLASS`.
        centre: Mean of the training rows, shaped like an input.
        baseline: Where paths begin: "mean" or "zero".
    """
    sites = [site for site in subject.sites if site.num_calls == 1]
    origin = np.zeros_like(centre) if baseline == ZERO_BASELINE else centre
    chosen = _rows_by_class(dataset, test)
    x = np.concatenate([test.x[places] for places in chosen.values()])
    wanted = np.repeat(np.array(list(chosen), "int32"), [len(p) for p in chosen.values()])
    parts, change = _passed(subject, sites, x, wanted, origin)
    groups = [wanted == one for one in chosen]
    total = np.stack([change[own].mean() for own in groups])
    values = tuple(np.stack([part[own].mean(axis=0) for own in groups]) for part in parts)
    size = np.where(np.abs(total) > 0, total, 1)
    return Conductance(
        targets=tuple(_target(dataset, one) for one in chosen),
        change=total,
        layers=tuple(site.name for site in sites),
        values=values,
        gap=tuple((total - one.sum(axis=1)) / size for one in values),
        rows=max(map(len, chosen.values())),
        baseline=baseline,
    )


def _rows_by_class(dataset: Dataset, test: Split) -> dict[int, np.ndarray]:
    """Return the first rows of each class; of a regression those of low and of high targets."""
    if dataset.task == "regression":
        quarter = max(1, min(len(test) // 4, ROWS_OF_A_CLASS))
        order = np.argsort(test.y, kind="stable")
        return {0: order[:quarter], 1: order[-quarter:]}
    found = {
        one: np.flatnonzero(test.y == one)[:ROWS_OF_A_CLASS]
        for one in range(min(dataset.num_classes, MOST_CLASSES))
    }
    return {one: places for one, places in found.items() if len(places)}


def _target(dataset: Dataset, number: int) -> str:
    if dataset.task == "regression":
        return f"{('low', 'high')[number]} {dataset.target or 'target'}"
    return dataset.classes[number]


def _passed(
    subject: Subject,
    sites: Sequence[models.Site],
    x: np.ndarray,
    wanted: np.ndarray,
    origin: np.ndarray,
) -> tuple[list[np.ndarray], np.ndarray]:
    """Return each site's conductances (rows, units), and F(x) - F(x') (rows,)."""
    program = jax.jit(_passing(subject, sites))
    weights = weights_of_first(subject)
    rows = max(1, min(len(x), rows_at_once(sites, 4) // (STEPS + 1)))
    kept: list[list[np.ndarray]] = [[] for _ in sites]
    changes = []
    for first in range(0, len(x), rows):
        places = np.minimum(np.arange(first, first + rows), len(x) - 1)
        parts, change = program(weights, x[places], wanted[places], origin)
        for store, part in zip(kept, parts):
            store.append(np.asarray(part))
        changes.append(np.asarray(change))
    found = [np.concatenate(store)[: len(x)] for store in kept]
    return found, np.concatenate(changes)[: len(x)]


def _passing(subject: Subject, sites: Sequence[models.Site]) -> Any:
    points = STEPS + 1

    def passed(weights: Any, x: Any, wanted: Any, origin: Any) -> Any:
        rows = len(x)
        trainable, others = weights
        path = measure.path_points(x, origin, STEPS).reshape(rows * points, *x.shape[1:])
        nothing = [jnp.zeros((rows * points, *site.output_shape)) for site in sites]

        def answer(added: list[Any]) -> Any:
            seen: dict[int, Any] = {}
            hooks = [_adding(seen, added, k) for k in range(len(sites))]
            with models.hooked_sites(sites, hooks):
                outputs = models.stateless_outputs(subject.model, trainable, others, path)
            values = _of_class(outputs, jnp.repeat(wanted, points), subject)
            return values.sum(), ([seen[k] for k in range(len(sites))], values)

        gradients, (outputs, values) = jax.grad(answer, has_aux=True)(nothing)
        parts = []
        for site, output, gradient in zip(sites, outputs, gradients):
            shape = (rows, points, *site.output_shape)
            along = measure.conductance(
                output.astype(jnp.float32).reshape(shape), gradient.reshape(shape)
            )
            parts.append(by_unit(along, site).sum(axis=1))
        ends = values.reshape(rows, points)
        return parts, ends[:, -1] - ends[:, 0]

    return passed


def _adding(seen: dict[int, Any], added: list[Any], place: int) -> Any:
    def add(_: Any, leaving: Any) -> Any:
        seen[place] = leaving
        return leaving + added[place].astype(leaving.dtype)

    return add


def _of_class(outputs: Any, wanted: Any, subject: Subject) -> Any:
    """Return the output for each row's class, float32 (rows,); one column means the second."""
    outputs = outputs.astype(jnp.float32)
    if subject.task == "regression":
        return outputs.reshape(len(outputs))
    if outputs.shape[-1] == 1:
        return jnp.where(wanted == 1, outputs[:, 0], -outputs[:, 0])
    return outputs[jnp.arange(len(outputs)), wanted]
