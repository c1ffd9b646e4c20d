"""The input that a unit responds to most, found by gradient ascent for many units at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from fathom import measure, models
from fathom.studies.anatomy import Subject
from fathom.studies.features.outputs import by_unit, rows_at_once, weights_of_first
from fathom.studies.features.result import FeaturesSpec

STARTS = 3
NOISE = 0.1  # of the range, around the mean input
MOST_JITTER = 16  # sides of a picture for one pixel of jitter
SMALLEST = 1e-6
# Bounded activations flatten where units respond most; what they were made of does not.
_UNBOUNDED: dict[str, Callable[[Any], Any]] = {
    "softmax": lambda h: jnp.log(jnp.maximum(h, 1e-30)),
    "sigmoid": lambda h: _logit(h),
    "tanh": lambda h: _logit(0.5 * (h + 1.0)),
}


class Maximised(NamedTuple):
    """Inputs, float32 (units, ...), and responses to them, float32 (units,)."""

    inputs: np.ndarray
    responses: np.ndarray


def maximised(
    subject: Subject,
    asked: Sequence[tuple[int, int]],
    exciting: np.ndarray,
    *,
    bounds: measure.Bounds,
    spec: FeaturesSpec,
    is_picture: bool,
) -> Maximised:
    """Climb from three starts for each unit, all in one batch, and keep the best.

    The row that excites it most, held by the regularisers; noise around the mean input, likewise;
    and that row without regularisers, which is taken only where the others respond less than it.

    Args:
        subject: The network.
        asked: Places of sites, and units.
        exciting: The row that excites each most, float32 (units, ...).
        bounds: What inputs stay within.
        spec: How.
        is_picture: Whether inputs are (height, width, ...).
    """
    number = len(asked)
    sites = [subject.sites[place] for place in sorted({place for place, _ in asked})]
    order = {site.name: place for place, site in enumerate(sites)}
    site = np.array([order[subject.sites[place].name] for place, _ in asked], "int32")
    unit = np.array([unit for _, unit in asked], "int32")
    found = measure.climb(
        _responding(subject, sites, is_climbed=True),
        weights_of_first(subject),
        _starts(exciting, bounds, spec.seed),
        (np.tile(site, STARTS), np.tile(unit, STARTS)),
        bounds=bounds,
        strength=np.repeat(np.array([1, 1, 0], "float32"), number),
        spec=_ascent(subject, spec, bounds, is_picture=is_picture),
        is_image=is_picture,
        rows_at_once=min(rows_at_once(sites, 4), number * STARTS),
        seed=spec.seed,
    )
    inputs = np.concatenate([found, exciting]).reshape(STARTS + 1, number, *found.shape[1:])
    which = np.tile(site, STARTS + 1), np.tile(unit, STARTS + 1)
    responses = _responses(subject, sites, inputs.reshape(-1, *found.shape[1:]), which)
    responses = responses.reshape(STARTS + 1, number)
    best, places = _best(responses), np.arange(number)
    return Maximised(inputs[best, places], responses[best, places])


def _best(responses: np.ndarray) -> np.ndarray:
    """Return which input to take: the better regularised one, unless the row itself beats it.

    Args:
        responses: To what was climbed to from each start, and to the row, float32 (4, units).
    """
    held = responses[:2].argmax(axis=0)
    is_enough = responses[:2].max(axis=0) >= responses[-1]
    return np.where(is_enough, held, responses.argmax(axis=0))


def _starts(exciting: np.ndarray, bounds: measure.Bounds, seed: int) -> np.ndarray:
    draw = np.random.default_rng([seed, 12])
    noise = draw.normal(size=exciting.shape) * NOISE * bounds.span * bounds.varies
    around = np.clip(bounds.centre + noise, bounds.low, bounds.high)
    return np.concatenate([exciting, around, exciting]).astype("float32")


def _ascent(
    subject: Subject, spec: FeaturesSpec, bounds: measure.Bounds, *, is_picture: bool
) -> measure.AscentSpec:
    jitter = spec.jitter
    if jitter is None:
        convolves = any("Conv" in type(site.entry).__name__ for site in subject.sites)
        side = min(bounds.low.shape[:2]) if is_picture else 0
        jitter = max(1, side // MOST_JITTER) if is_picture and convolves else 0
    return measure.AscentSpec(
        steps=spec.steps,
        decay=spec.decay,
        variation=spec.variation,
        blur=spec.blur,
        jitter=jitter,
    )


def _responding(
    subject: Subject, sites: Sequence[models.Site], *, is_climbed: bool
) -> Callable[[Any, Any, Any], Any]:
    """Return the function from weights, inputs, and (site, unit) of each row to responses.

    A response is the strongest over positions.

    Args:
        subject: The network.
        sites: Those that are asked about.
        is_climbed: Whether bounded activations are undone, so that there is a slope where they
            are flat.
    """

    def respond(weights: Any, x: Any, which: Any) -> Any:
        trainable, others = weights
        seen: dict[int, Any] = {}
        with models.hooked_sites(sites, [_keeping(seen, k) for k in range(len(sites))]):
            models.stateless_outputs(subject.model, trainable, others, x)
        place, unit = which
        rows = jnp.arange(len(x))
        values = []
        for k, site in enumerate(sites):
            output = by_unit(seen[k], site).max(axis=1)
            if is_climbed and site.activation in _UNBOUNDED:
                output = _UNBOUNDED[site.activation](output)
            values.append(output[rows, jnp.minimum(unit, output.shape[1] - 1)])
        return jnp.stack(values)[place, rows]

    return respond


def _keeping(seen: dict[int, Any], place: int) -> Callable[[Any, Any], Any]:
    def keep(_: Any, leaving: Any) -> Any:
        seen[place] = leaving
        return leaving

    return keep


def _responses(
    subject: Subject,
    sites: Sequence[models.Site],
    x: np.ndarray,
    which: tuple[np.ndarray, np.ndarray],
) -> np.ndarray:
    """Return what units respond to inputs, the strongest over positions, float32 (rows,)."""
    program = jax.jit(_responding(subject, sites, is_climbed=False))
    size = min(rows_at_once(sites, 2), len(x))
    weights = weights_of_first(subject)
    found = []
    for first in range(0, len(x), size):
        places = np.minimum(np.arange(first, first + size), len(x) - 1)
        block = program(weights, x[places], tuple(one[places] for one in which))
        found.append(np.asarray(block, "float32"))
    return np.concatenate(found)[: len(x)]


def _logit(share: Any) -> Any:
    """Return the logit of a share in [0, 1], finite at its ends."""
    inside = jnp.clip(share, SMALLEST, 1 - SMALLEST)
    # Beyond the ends the slope goes on, so that the climb does not stop there.
    return jnp.log(inside) - jnp.log1p(-inside) + (share - inside)
