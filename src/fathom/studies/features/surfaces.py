"""Every unit's response over the plane of two features."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from fathom import train
from fathom.data import Dataset, Split
from fathom.studies.anatomy import Subject
from fathom.studies.features.inputs import shown_as
from fathom.studies.features.outputs import BLOCK_ROWS, by_unit, first_network
from fathom.studies.features.result import Inputs, Surfaces

RESOLUTION = 41
MOST_UNITS = 32
MOST_POINTS = 400
MARGIN = 0.05  # of the range, around the data


def response_surfaces(
    subject: Subject,
    dataset: Dataset,
    split: Split,
    inputs: Inputs,
    units: list[tuple[int, ...]],
    labels: np.ndarray,
) -> Surfaces:
    """Return the responses of units of every layer over the range of the data.

    Args:
        subject: The network; the first is looked at.
        dataset: The data, of two features.
        split: Training rows.
        inputs: What the inputs are.
        units: The units of each site, most telling first.
        labels: Of the training rows: class numbers, or targets.
    """
    low, high = split.x.reshape(-1, 2).min(axis=0), split.x.reshape(-1, 2).max(axis=0)
    margin = MARGIN * (high - low)
    across, up = np.linspace(low - margin, high + margin, RESOLUTION, dtype="float32").T
    plane = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2)
    grid = plane.reshape(len(plane), *split.x.shape[1:])
    drawn = [tuple(sorted(one[:MOST_UNITS])) for one in units]

    def look(_: Any, outputs: list[Any], __: Any) -> list[Any]:
        return [
            by_unit(output, site).max(axis=1)[:, jnp.array(own, "int32")]
            for output, site, own in zip(outputs, subject.sites, drawn)
        ]

    kept: list[list[np.ndarray]] = [[] for _ in drawn]
    for count, block in train.observed(
        subject.model, subject.sites, first_network(subject), grid, look, rows=BLOCK_ROWS
    ):
        for store, values in zip(kept, block):
            store.append(values[0, :count])
    values = [
        np.concatenate(store).T.reshape(-1, RESOLUTION, RESOLUTION).astype("float32")
        for store in kept
    ]
    axes = shown_as(dataset, np.stack([across, up], axis=1), inputs.shape)
    points = shown_as(dataset, split.x[:MOST_POINTS], inputs.shape)
    return Surfaces(
        x=axes[:, 0],
        y=axes[:, 1],
        layers=tuple(site.name for site in subject.sites),
        units=tuple(drawn),
        values=tuple(values),
        points=points,
        labels=labels[:MOST_POINTS],
    )
