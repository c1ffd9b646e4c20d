"""scikit-learn's small real data sets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fathom import runtime
from fathom.data.material import Arrays, Material, Options, RawTarget
from fathom.data.sources.kind import Kind


@dataclass(frozen=True, kw_only=True)
class BuiltIn:
    """One data set of scikit-learn.

    Args:
        loader: Name of its function in `sklearn.datasets`.
        line: What it is, in one line.
        target: What is predicted.
        divisor: Largest value of a pixel, for images.
        options: Arguments of the loader.
    """

    loader: str
    line: str
    target: str
    divisor: float | None = None
    options: tuple[tuple[str, object], ...] = ()


BUILT_IN = {
    "digits": BuiltIn(
        loader="load_digits",
        line="1,797 handwritten digits of 8 x 8 pixels, 10 classes",
        target="digit",
        divisor=16.0,
    ),
    "iris": BuiltIn(
        loader="load_iris", line="150 iris flowers, 4 measurements, 3 species", target="species"
    ),
    "wine": BuiltIn(
        loader="load_wine", line="178 wines, 13 chemical measurements, 3 growers", target="grower"
    ),
    "breast-cancer": BuiltIn(
        loader="load_breast_cancer",
        line="569 tumours, 30 measurements, malignant or benign",
        target="diagnosis",
    ),
    "diabetes": BuiltIn(
        loader="load_diabetes",
        line="442 patients, 10 measurements, progression of the disease after a year",
        target="progression",
        options=(("scaled", False),),
    ),
}


def accepts(source: object) -> bool:
    """Return whether `source` is one of the names."""
    return source in BUILT_IN


def describe() -> dict[str, str]:
    """Return each name with its line."""
    return {name: each.line for name, each in BUILT_IN.items()}


def read(source: Any, options: Options) -> Material:
    """Return the named data set."""
    runtime.import_sklearn()
    from sklearn import datasets

    chosen = BUILT_IN[source]
    bunch = getattr(datasets, chosen.loader)(**dict(chosen.options))
    return Material(
        name=source,
        source=f"scikit-learn's {source}: {chosen.line}",
        features=_features(bunch, chosen),
        target=_target(bunch, chosen.target),
    )


def _features(bunch: Any, chosen: BuiltIn) -> Arrays:
    if chosen.divisor:
        return Arrays(x=bunch.images, divisor=chosen.divisor)
    return Arrays(x=bunch.data, names=tuple(map(str, bunch.feature_names)))


def _target(bunch: Any, name: str) -> RawTarget:
    if "target_names" not in bunch:
        return RawTarget(name=name, values=bunch.target.astype(np.float64))
    names = tuple(map(str, bunch.target_names))
    return RawTarget(name=name, values=bunch.target.astype(np.int64), names=names)


KIND = Kind(
    what="a built-in data set",
    accepts=accepts,
    read=read,
    describe=describe,
)
