"""How each layer fares: gradients, updates, activations, units that say nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

from fathom.play.layout import Layout
from fathom.play.network import Network, Settings, State

COLUMNS = ("gradient", "update", "mean", "deviation", "dead", "saturated")
MOST_ROWS = 256
SATURATED = 0.97
SOME, MOST = 0.1, 0.5
TINY = 1e-12


def health_function(network: Network) -> Callable[..., Any]:
    """Return the function that measures every layer after the input.

    From `(state, x, y, rate, settings)` to (layers, 6): norm of the gradient
    of the mean loss; size of the next step as a share of the weights; mean and
    deviation of the activations; share of dead units (the same at all rows)
    and of saturated ones.
    """

    def measure(state: State, x: Any, y: Any, rate: Any, settings: Settings) -> Any:
        mask = jnp.ones_like(y)
        sums, _ = network.gradients(state, x, y, mask)
        means = [one / y.shape[0] for one in sums]
        moved = network.updated(state, means, rate, settings)
        outputs = network.units(state, x)
        rows = []
        for place, values in enumerate(outputs, start=1):
            own = _places(network.layout, place)
            gradient = _norm([means[k] for k in own], values)
            step = _norm([moved.trainable[k] - state.trainable[k] for k in own], values)
            size = _norm([state.trainable[k] for k in own], values)
            activation = network.layout.layers[place].activation
            rows.append(jnp.stack([gradient, step / (size + TINY), *_activity(values, activation)]))
        return jnp.stack(rows)

    return measure


def _places(layout: Layout, layer: int) -> list[int]:
    """Return the places of a layer's kernels among the trainable arrays."""
    return [
        one.index
        for one in layout.parameters
        if one.layer == layer and one.group == "trainable" and one.name in ("kernel", "projection")
    ]


def _norm(arrays: list[Any], like: Any) -> Any:
    squares = [jnp.sum(jnp.square(one)) for one in arrays]
    return jnp.sqrt(sum(squares, jnp.zeros((), like.dtype)))


def _activity(values: Any, activation: str) -> list[Any]:
    """Return mean, deviation, and the shares of dead and saturated units; values (rows, units)."""
    deviation = values.std(axis=0)
    dead = (deviation < 1e-6).astype(values.dtype).mean()
    squeezed = {"tanh": jnp.abs(values), "sigmoid": jnp.abs(2 * values - 1)}.get(activation)
    saturated = (
        jnp.zeros((), values.dtype)
        if squeezed is None
        else (squeezed.mean(axis=0) > SATURATED).astype(values.dtype).mean()
    )
    return [values.mean(), values.std(), dead, saturated]


# -- in words ----------------------------------------------------------------------


def diagnosis(measured: np.ndarray) -> list[dict[str, Any]]:
    """Return what is worth saying about the layers, the worst first.

    Args:
        measured: (layers, 6), as `health_function` gives it.
    """
    found = [one for layer, row in enumerate(measured[:-1], start=1) for one in _about(layer, row)]
    found += _about_flow(measured[:, 0])
    ranks = {"problem": 0, "warning": 1, "info": 2}
    return sorted(found, key=lambda one: ranks[one["level"]])[:6]


def _about(layer: int, row: np.ndarray) -> list[dict[str, Any]]:
    _, update, _, _, dead, saturated = row
    said = []
    if dead > SOME:
        level = "problem" if dead > MOST else "warning"
        words = f"{dead:.0%} of layer {layer}'s units are dead: they say the same for every point."
        said.append(_said(layer, level, words))
    if saturated > MOST:
        words = f"{saturated:.0%} of layer {layer}'s units are saturated, and learn slowly."
        said.append(_said(layer, "warning", words))
    if update > SOME:
        words = (
            f"Each step changes layer {layer} by {update:.0%}: the learning rate is high for it."
        )
        said.append(_said(layer, "warning", words))
    return said


def _about_flow(gradients: np.ndarray) -> list[dict[str, Any]]:
    """Compare the first layer's gradient with the last one's."""
    if len(gradients) < 2 or not gradients[-1] > 0:
        return []
    ratio = float(gradients[0] / gradients[-1])
    if ratio < 0.01:
        words = f"The gradient vanishes: layer 1 gets {ratio:.1e} of the last layer's."
        return [_said(1, "problem", words)]
    if ratio > 100:
        words = f"The gradient explodes: layer 1 gets {ratio:.0f} times the last layer's."
        return [_said(1, "problem", words)]
    return []


def _said(layer: int, level: str, words: str) -> dict[str, Any]:
    return {"layer": layer, "level": level, "words": words}
