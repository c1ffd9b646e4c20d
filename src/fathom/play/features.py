"""What the network sees: formulas of two inputs, or the inputs themselves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fathom.errors import SpecError
from fathom.play import formulas
from fathom.play.materials import IMAGE, PLANE, Material

LARGEST = 1e6


@dataclass(frozen=True)
class Features:
    """The network's inputs, made of a material's.

    Args:
        names: A formula, or an input's name, for each.
        formulas: Empty where inputs are used as they are.
    """

    names: tuple[str, ...]
    formulas: tuple[formulas.Formula, ...]

    def of(self, x: np.ndarray) -> np.ndarray:
        """Return the features float64 (rows, features) of raw inputs (rows, inputs)."""
        if not self.formulas:
            return x
        return np.column_stack([formula(x[:, 0], x[:, 1]) for formula in self.formulas])


def features_of(material: Material, wanted: tuple[str, ...]) -> Features:
    """Return the features of a material.

    Raises:
        SpecError: A formula has no value, or one above a million, somewhere on the square.
    """
    if material.kind != PLANE:
        return Features(material.inputs, ())
    features = Features(wanted, tuple(formulas.parse(text) for text in wanted))
    everywhere = np.concatenate([material.x, grid(material, 21)])
    for text, values in zip(wanted, features.of(everywhere).T):
        bad = np.flatnonzero(~(np.abs(values) <= LARGEST))
        if len(bad):
            place = ", ".join(f"{value:.2f}" for value in everywhere[bad[0]])
            raise SpecError(
                f"A feature must have a value below a million everywhere. Received: {text!r}, "
                f"which has none at ({place}).",
                hint="keep logarithms, roots and divisors above 0, such as log(abs(x) + 1)",
            )
    return features


def grid(material: Material, resolution: int) -> np.ndarray:
    """Return raw inputs (resolution^2, inputs) over the drawn square, row by row from the top.

    Inputs that are not drawn are held at their means.
    """
    if material.kind == IMAGE:
        return np.zeros((0, material.x.shape[1]))
    (left, right), (bottom, top) = material.ranges
    across = np.linspace(left, right, resolution)
    down = np.linspace(top, bottom, resolution)
    points = np.repeat(material.x.mean(axis=0)[None], resolution**2, axis=0)
    points[:, material.axes[0]] = np.tile(across, resolution)
    points[:, material.axes[1]] = np.repeat(down, resolution)
    return points
