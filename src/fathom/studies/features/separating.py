"""How far apart the classes are layer by layer, and where their rows lie in the plane."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fathom import measure, train
from fathom.data import Split
from fathom.studies.anatomy import Estimate, Subject
from fathom.studies.anatomy.subject import joined
from fathom.studies.features.outputs import outputs_by_site
from fathom.studies.features.result import FeaturesSpec


@dataclass(frozen=True, kw_only=True, eq=False)
class Separated:
    """One representation: the raw input, or what leaves a site.

    Args:
        between: Share of its variance between classes; None where that says nothing.
        silhouette: Mean silhouette of the classes, likewise.
        between_untrained: That share in untrained networks.
        points: The first network's rows in the plane, float64 (rows, 2).
        explained: Share of the variance that the plane keeps; None but for PCA.
    """

    between: Estimate | None
    silhouette: Estimate | None
    between_untrained: Estimate | None
    points: np.ndarray
    explained: float | None


def separated(
    subject: Subject, test: Split, untrained: train.Networks | None, spec: FeaturesSpec
) -> list[Separated]:
    """Return what the raw input and every site's output are like, in that order.

    Outputs of few layers are held at a time.
    """
    number = subject.networks.number
    both = joined(subject.networks, untrained)
    raw = test.x.reshape(1, len(test), -1).astype("float32")
    y = test.y if subject.task == "classification" else None
    found = [_separated(raw, None, y, None, spec)]
    for outputs in outputs_by_site(subject, both, test.x):
        own, control = outputs[:number], outputs[number:]
        found.append(_separated(own, control if len(control) else None, y, found[-1].points, spec))
    return found


def _separated(
    features: np.ndarray,
    control: np.ndarray | None,
    y: np.ndarray | None,
    before: np.ndarray | None,
    spec: FeaturesSpec,
) -> Separated:
    apart = None if y is None else measure.class_separation(features, y, seed=spec.seed)
    of_control = None
    if y is not None and control is not None:
        of_control = measure.class_separation(control, y, seed=spec.seed)
    points, explained = measure.embedding(
        features[0, : spec.embedding_rows], by=spec.embedding, seed=spec.seed
    )
    if before is not None:
        points = measure.turned_alike(points, before)
    return Separated(
        between=None if apart is None else Estimate(*apart.between),
        silhouette=None if apart is None else Estimate(*apart.silhouette),
        between_untrained=None if of_control is None else Estimate(*of_control.between),
        points=points,
        explained=explained,
    )
