"""The input that a unit responds to most: gradient ascent that stays among plausible inputs.

Inputs are climbed in coordinates that run from 0 to 1 over the data's range, many at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from fathom.specs import at_least, within

# From what is asked of all rows, inputs (rows, ...), and what is asked of each row to
# responses, float32 (rows,).
Respond = Callable[[Any, Any, Any], Any]
SMOOTHING = 0.05  # differences below this share of the range count as none, for the variation
SLOWEST = 0.05  # share of the first step that the last one has


@dataclass(frozen=True, kw_only=True)
class AscentSpec:
    """How inputs are climbed; strengths are relative to a gradient of length one per feature.

    Args:
        steps: Steps of ascent.
        rate: Share of the range that the first step moves a feature by, in the mean.
        decay: L2: pull towards the centre of the data.
        variation: Of images: pull towards neighbouring pixels (total variation).
        blur: Of images: share of each step's picture that is replaced by its 3 x 3 blur, in
            [0, 1).
        jitter: Of images: pixels, at most, that the picture is moved by before each step.

    Raises:
        SpecError: A number is out of range.

    References:
        Erhan et al., "Visualizing Higher-Layer Features of a Deep Network", 2009.
        Mahendran and Vedaldi, "Understanding Deep Image Representations by Inverting Them",
        CVPR 2015 (total variation, jitter).
        Yosinski et al., "Understanding Neural Networks Through Deep Visualization", 2015 (L2
        decay, blur).
    """

    steps: int = 100
    rate: float = 0.1
    decay: float = 1.0
    variation: float = 0.3
    blur: float = 0.0
    jitter: int = 0

    def __post_init__(self) -> None:
        at_least("steps", self.steps, 1)
        at_least("rate", self.rate, 0)
        at_least("decay", self.decay, 0)
        at_least("variation", self.variation, 0)
        within("blur", self.blur, 0, 1)
        at_least("jitter", self.jitter, 0)


class Bounds(NamedTuple):
    """Where plausible inputs lie; float32, shaped like one input.

    Args:
        low: Least values in the data.
        high: Largest values in the data; features that do not vary are not moved.
        centre: Mean of the data.
    """

    low: np.ndarray
    high: np.ndarray
    centre: np.ndarray

    @property
    def span(self) -> np.ndarray:
        """The range of each feature; 1 for those that do not vary."""
        return np.where(self.varies, self.high - self.low, 1).astype("float32")

    @property
    def varies(self) -> np.ndarray:
        """Which features vary."""
        return self.high > self.low

    def inside(self, x: np.ndarray) -> np.ndarray:
        """Return inputs as coordinates in [0, 1]."""
        shares = np.clip((x - self.low) / self.span, 0, 1)
        return np.where(self.varies, shares, 0).astype("float32")

    def outside(self, z: np.ndarray) -> np.ndarray:
        """Return coordinates as inputs."""
        return (self.low + z * self.span).astype("float32")


def climb(
    respond: Respond,
    asked: Any,
    start: np.ndarray,
    which: Any,
    *,
    bounds: Bounds,
    strength: np.ndarray,
    spec: AscentSpec,
    is_image: bool,
    rows_at_once: int,
    seed: int,
) -> np.ndarray:
    """Return inputs that respond more than those at the start.

    Each step goes along the gradient, scaled to length one per feature so that weak units
    move as well; one compiled program takes the steps of all rows.

    Args:
        respond: From `asked`, inputs and `which` to responses; traceable, each response of its
            own row alone.
        asked: A tree of arrays that all rows share, such as weights.
        start: Inputs, float32 (rows, ...).
        which: What is asked of each row, a tree of arrays (rows,).
        bounds: What inputs stay within.
        strength: How strongly each row is held by decay, variation and blur, float32 (rows,):
            1 for as strongly as `spec` says; 0 for not at all, and then the best input on the way
            is returned, not the last.
        spec: How.
        is_image: Whether inputs are (height, width, ...): only these are moved and smoothed.
        rows_at_once: Rows of one call of the program.
        seed: Of the jitter.

    Returns:
        Inputs, float32 (rows, ...).
    """
    step = jax.jit(
        lambda asked, state, which, strength, shift, rate: _stepped(
            lambda z: respond(asked, bounds.low + z * bounds.span, which),
            state, strength, shift, rate, bounds, spec, is_image,
        )
    )  # fmt: skip
    found = []
    for first in range(0, len(start), rows_at_once):
        places = np.minimum(np.arange(first, first + rows_at_once), len(start) - 1)
        here = jax.tree.map(lambda one, places=places: one[places], which)
        z, held = bounds.inside(start[places]), strength[places]
        state: Any = z, z, np.full(len(z), -np.inf, "float32")
        for shift, rate in _schedule(spec, seed):
            state = step(asked, state, here, held, shift, rate)
        last, best = np.asarray(state[0]), np.asarray(state[1])
        found.append(np.where(held.reshape(-1, *(1,) * (z.ndim - 1)) > 0, last, best))
    return bounds.outside(np.concatenate(found)[: len(start)])


def _schedule(spec: AscentSpec, seed: int) -> Iterator[tuple[np.ndarray, np.float32]]:
    """Yield how far pictures are moved, int32 (2,), and the rate, for each step."""
    draw = np.random.default_rng([seed, 11])
    for number in range(spec.steps):
        share = number / max(spec.steps - 1, 1)
        rate = np.float32(spec.rate * (1 - (1 - SLOWEST) * share))
        yield draw.integers(-spec.jitter, spec.jitter, 2, endpoint=True).astype("int32"), rate


def _stepped(
    respond: Callable[[Any], Any],
    state: tuple[Any, Any, Any],
    strength: Any,
    shift: Any,
    rate: Any,
    bounds: Bounds,
    spec: AscentSpec,
    is_image: bool,
) -> tuple[Any, Any, Any]:
    """Return coordinates after a step, and those with the largest response yet, and that one."""
    z, best, largest = state
    is_moved = is_image and spec.jitter > 0

    def total(z: Any) -> Any:
        moved = jnp.roll(z, shift, axis=(1, 2)) if is_moved else z
        return respond(moved).sum()

    held = strength.reshape(-1, *(1,) * (z.ndim - 1))
    uphill = _unit_length(jax.grad(total)(z), bounds.varies)
    centre = jnp.asarray(bounds.inside(bounds.centre))
    pull = spec.decay * (z - centre)
    if is_image and spec.variation > 0:
        pull = pull + spec.variation * _roughness(z)
    z = z + jnp.where(bounds.varies, rate * (uphill - held * pull), 0.0)
    if is_image and spec.blur > 0:
        z = z + held * spec.blur * (_blurred(z) - z)
    z = jnp.clip(z, 0.0, 1.0)
    values = respond(z)
    is_better = values > largest
    best = jnp.where(is_better.reshape(held.shape), z, best)
    return z, best, jnp.where(is_better, values, largest)


def _unit_length(gradient: Any, varies: np.ndarray) -> Any:
    """Return gradients with a mean square of one over the features that vary; zero stays zero."""
    over = tuple(range(1, gradient.ndim))
    gradient = jnp.where(varies, gradient, 0.0)
    largest = jnp.abs(gradient).max(axis=over, keepdims=True)
    scaled = gradient / jnp.where(largest > 0, largest, 1.0)  # squares of tiny slopes underflow
    square = jnp.square(scaled).sum(axis=over, keepdims=True) / max(int(varies.sum()), 1)
    return scaled / jnp.sqrt(jnp.where(square > 0, square, 1.0))


def _roughness(z: Any) -> Any:
    """Return the gradient of the smoothed total variation over axes 1 and 2."""
    slope = jnp.zeros_like(z)
    for axis in (1, 2):
        step = jnp.diff(z, axis=axis)
        force = step / jnp.sqrt(jnp.square(step) + SMOOTHING**2)
        before = [(0, 0)] * z.ndim
        after = [(0, 0)] * z.ndim
        before[axis], after[axis] = (1, 0), (0, 1)
        slope = slope + jnp.pad(force, before) - jnp.pad(force, after)
    return slope


def _blurred(z: Any) -> Any:
    """Return the mean of 1-2-1 weighted neighbours over axes 1 and 2; edges are repeated."""
    for axis in (1, 2):
        widths = [(0, 0)] * z.ndim
        widths[axis] = (1, 1)
        wide = jnp.pad(z, widths, mode="edge")
        size = z.shape[axis]
        parts = [jax.lax.slice_in_dim(wide, k, k + size, axis=axis) for k in range(3)]
        z = 0.25 * parts[0] + 0.5 * parts[1] + 0.25 * parts[2]
    return z
