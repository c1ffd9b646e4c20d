"""One step of learning in six stages, with every number: what a page walks through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from fathom.play.lane import Lane
from fathom.play.network import Network, State

MOST_ROWS = 16
STAGES = ("batch", "forward", "loss", "backward", "gradient", "update")

Numbers = np.ndarray


@dataclass(frozen=True)
class _Step:
    """A batch and the state before and after its step."""

    rows: Numbers
    before: State
    after: State
    rate: float


def slow_motion(lane: Lane) -> dict[str, Any]:
    """Return the next batch's step, not taken, as JSON data.

    Every delta is the derivative of one row's loss by the layer's outputs
    before their activation; gradients are means over the batch.
    """
    step = _next_step(lane)
    setup, network = lane.setup, lane.setup.machine.network
    x, y = setup.x[step.rows], setup.y[step.rows]
    with network.precision():
        losses, outputs, slopes, sums = setup.machine.anatomy(step.before, x, y)
        losses_after = np.asarray(setup.machine.anatomy(step.after, x, y)[0])
    losses = np.asarray(losses)
    layers = [_LayerNumbers(np.asarray(a), np.asarray(d)) for a, d in zip(outputs, slopes)]
    gradients = [np.asarray(one) / len(step.rows) for one in sums]
    shown = slice(0, MOST_ROWS)
    total = len(step.rows)
    return {
        "stages": _stages(total, float(np.mean(losses)), float(np.mean(losses_after)), step.rate),
        "rows": setup.material.ids[step.rows][shown].tolist(),
        "rows_total": total,
        "inputs": plain(x[shown]),
        "labels": plain(y[shown]),
        "layers": [
            _layer_data(lane, place, layers, step, gradients) for place in range(1, len(layers) + 1)
        ],
        "losses": plain(losses[shown]),
        "loss": plain(np.mean(losses)),
        "loss_after": plain(np.mean(losses_after)),
        "learning_rate": step.rate,
    }


def _next_step(lane: Lane) -> _Step:
    rows = lane.next_batch()
    before = lane.snapshot()
    lane.train("batch", 1)
    after = lane.snapshot()
    lane.position, lane.state = before.position, before.state
    return _Step(rows, before.state, after.state, lane.learning_rate)


@dataclass(frozen=True)
class _LayerNumbers:
    """A layer's outputs (rows, units), and the derivatives of the losses by them."""

    a: Numbers
    by_output: Numbers


def _layer_data(
    lane: Lane,
    layer: int,
    layers: list[_LayerNumbers],
    step: _Step,
    gradients: list[Numbers],
) -> dict[str, Any]:
    numbers = layers[layer - 1]
    layout = lane.setup.machine.network.layout
    shown = slice(0, MOST_ROWS)
    parameters: dict[str, dict[str, Any]] = {
        "before": {},
        "change": {},
        "after": {},
        "gradient": {},
    }
    for one in layout.parameters:
        if one.layer != layer or one.group != "trainable" or one.size > 4096:
            continue
        old, new = (np.asarray(state.trainable[one.index]) for state in (step.before, step.after))
        parameters["before"][one.name] = plain(old)
        parameters["after"][one.name] = plain(new)
        parameters["change"][one.name] = plain(new - old)
        parameters["gradient"][one.name] = plain(gradients[one.index])
    below = lane.setup.x[step.rows] if layer == 1 else layers[layer - 2].a
    z, slope = _before_activation(lane, layer, below, step)
    return {
        "a": plain(numbers.a[shown]),
        "z": plain(z[shown]) if z is not None else None,
        "delta": plain((numbers.by_output * slope)[shown]) if slope is not None else None,
        "by_output": plain(numbers.by_output[shown]),
        **parameters,
    }


def _before_activation(
    lane: Lane, layer: int, below: Numbers, step: _Step
) -> tuple[Numbers | None, Numbers | None]:
    """Return z and the activation's slope there; None where other parts lie in between."""
    network = lane.setup.machine.network
    activation = network.layout.layers[layer].activation
    if not network.is_plain(layer):
        return None, None
    kernel, bias = _kernel_and_bias(network, step.before, layer)
    z = below @ kernel + bias
    if activation == "softmax":
        return z, None
    with network.precision():
        _, slope = jax.jvp(network.activation(activation), (z,), (np.ones_like(z),))
    return z, np.asarray(slope)


def _kernel_and_bias(network: Network, state: State, layer: int) -> tuple[Numbers, Numbers]:
    groups = {"trainable": state.trainable, "other": state.other}
    found = {
        one.name: np.asarray(groups[one.group][one.index])
        for one in network.layout.parameters
        if one.layer == layer
    }
    return found["kernel"], found["bias"]


def plain(values: Any) -> Any:
    """Return numbers as JSON data, to seven digits; what is no number is None."""
    array = np.asarray(values, np.float64)
    if array.ndim == 0:
        return float(f"{array:.7g}") if np.isfinite(array) else None
    return [plain(one) for one in array]


def _stages(rows: int, loss: float, after: float, rate: float) -> list[dict[str, str]]:
    better = "falls" if after < loss else "rises"
    words = {
        "batch": ("Take a batch", f"{rows} training point{'s' if rows != 1 else ''} at once."),
        "forward": (
            "Forward",
            "Each unit adds up what comes in, times its weights, plus its bias, and bends the sum.",
        ),
        "loss": ("Loss", f"How wrong the answers are: {loss:.4g} on average."),
        "backward": (
            "Backward",
            "How much each unit is to blame: the error goes back along the same wires.",
        ),
        "gradient": (
            "Gradient",
            "What a little more of each weight would do to the loss, averaged over the batch.",
        ),
        "update": (
            "Update",
            f"Every weight moves against its gradient, at the rate {rate:g}; the batch's loss "
            f"{better} to {after:.4g}.",
        ),
    }
    return [{"key": key, "title": words[key][0], "words": words[key][1]} for key in STAGES]
