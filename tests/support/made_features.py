"""What layers have learned, made up, so that views can be tested without a network."""

from __future__ import annotations

import numpy as np

from fathom.studies.anatomy import Estimate
from fathom.studies.features import (
    Conductance,
    Embeddings,
    FeaturesResult,
    Filters,
    Inputs,
    LayerFeatures,
    Surfaces,
    UnitFeatures,
)

DRAW = np.random.default_rng(0)
SHAPES = {"picture": (6, 5, 1), "plane": (2,), "table": (3,), "sequence": (7, 2)}


def make_features(
    *, kind: str = "picture", names: tuple[str, ...] = ("first", "second"), regression: bool = False
) -> FeaturesResult:
    """Return findings about two layers.

    Args:
        kind: What the inputs are.
        names: Of the layers.
        regression: Whether there are no classes.
    """
    shape = SHAPES[kind]
    half = Estimate(0.5, 0.4, 0.6)
    classes = () if regression else ("cat", "dog")
    labels = DRAW.normal(size=20) if regression else np.arange(20) % 2
    return FeaturesResult(
        model="made",
        dataset="up",
        task="regression" if regression else "classification",
        metric="r2" if regression else "accuracy",
        classes=classes,
        target="price",
        networks=2,
        rows={"exciting": 30, "train": 30, "validation": 10, "test": 20},
        score=Estimate(0.9, 0.85, 0.95),
        error=0.01,
        guess=0.5,
        is_trained=True,
        inputs=_inputs(kind, shape),
        probe_input=half,
        between_input=None if regression else half,
        silhouette_input=None if regression else half,
        finished=names[-1],
        layers=tuple(_layer(name, half, regression) for name in names),
        units=tuple(_unit(name, number, shape) for name in names for number in (0, 2)),
        filters=_filters(kind, shape, names[0]),
        embedding=Embeddings(
            by="pca",
            names=("input", *names),
            points=DRAW.normal(size=(3, 20, 2)),
            explained=(0.5, 0.75, 1.0),
            labels=labels,
        ),
        surfaces=_surfaces(names, labels) if kind == "plane" else None,
        conductance=Conductance(
            targets=classes or ("low price", "high price"),
            change=np.array([1.0, -1.0]),
            layers=names,
            values=tuple(DRAW.normal(size=(2, 4)).astype("float32") for _ in names),
            gap=tuple(np.zeros(2) for _ in names),
            rows=16,
            baseline="mean",
        ),
        notes={} if kind == "plane" else {"surfaces": "there are too many features"},
        findings={"score": "made reaches 0.9.", "building": "Features build on features."},
        notices=("Scores are means over 2 networks.",),
        seconds=1.5,
    )


def _inputs(kind: str, shape: tuple[int, ...]) -> Inputs:
    last = shape[-1:]
    return Inputs(
        kind=kind,
        shape=shape,
        names=() if kind == "picture" else tuple(f"column {k}" for k in range(shape[-1])),
        low=np.zeros(last),
        high=np.ones(last),
        mean=np.full(shape, 0.5),
        deviation=np.full(shape, 0.25),
    )


def _layer(name: str, half: Estimate, regression: bool) -> LayerFeatures:
    apart = {} if regression else {"between": half, "between_untrained": half, "silhouette": half}
    return LayerFeatures(
        name=name,
        kind="layer",
        type="Dense",
        output_shape=(4,),
        activation="relu",
        units=4,
        dead=(3,),
        mean=np.ones(4),
        deviation=np.ones(4),
        active=np.ones(4),
        top_rows=np.arange(8).reshape(4, 2),
        top_responses=np.ones((4, 2)),
        probe=half,
        probe_untrained=half,
        probe_shuffled=half,
        explained=0.75,
        notes={"maximiser": "its inputs are whole numbers"},
        **apart,
    )


def _unit(name: str, number: int, shape: tuple[int, ...]) -> UnitFeatures:
    return UnitFeatures(
        layer=name,
        unit=number,
        rows=(11, 12, 13),
        responses=(3.0, 2.0, 1.0),
        labels=("cat", "cat", "dog"),
        inputs=DRAW.uniform(size=(3, *shape)),
        positions=((2, 1), (0, 0), (3, 3)),
        maximiser=None if number else DRAW.uniform(size=shape),
        reached=None if number else 4.0,
    )


def _filters(kind: str, shape: tuple[int, ...], layer: str) -> Filters:
    form = {"picture": "picture", "sequence": "kernels"}.get(kind, "weights")
    own = shape if kind == "picture" else (2, 3, 1) if kind == "sequence" else shape
    values = DRAW.normal(size=(4, *own)).astype("float32")
    return Filters(layer=layer, kind=form, values=values, units=(0, 1, 2, 3), total=9)


def _surfaces(names: tuple[str, ...], labels: np.ndarray) -> Surfaces:
    return Surfaces(
        x=np.linspace(-1, 1, 5),
        y=np.linspace(0, 2, 5),
        layers=names,
        units=((0, 1), (3,)),
        values=(DRAW.normal(size=(2, 5, 5)), DRAW.normal(size=(1, 5, 5))),
        points=DRAW.normal(size=(20, 2)),
        labels=labels,
    )
