"""`fathom.find_learning_rate` and `fathom.gradient_noise_scale`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from fathom import train
from fathom.errors import SpecError
from fathom.measure import GradientNoise, RateCurve, gradient_noise, rate_curve
from fathom.specs import above, at_least, typed

if TYPE_CHECKING:
    import plotly.graph_objects as go

RATES = np.geomspace(1e-6, 10, 43)  # six a decade, and both ends
SMALLEST_LARGE_BATCH = 8  # in small ones


class RateSearch:
    """What a search for a learning rate found.

    Args:
        curve: All of it, as data.
    """

    def __init__(self, curve: RateCurve) -> None:
        self.curve = curve

    @property
    def suggestion(self) -> float | None:
        """The learning rate to try; None if no rate learned."""
        return self.curve.suggestion

    @property
    def text(self) -> str:
        """What was found, in words."""
        return self.curve.text

    def plot(self) -> go.Figure:
        """Draw the loss that each rate reached."""
        from fathom import report

        return report.rate_search(self.curve)

    def __repr__(self) -> str:
        return f"<RateSearch: {self.text}>"

    def _repr_html_(self) -> str:
        from fathom import report

        return report.rate_search_cell(self.curve)


@typed
def find_learning_rate(
    model: Any,
    x: Any,
    y: Any = None,
    *,
    rates: Iterable[float] = RATES,
    steps: int = 300,
    batch_size: int = 32,
    sample_weight: Any = None,
    seed: int = 0,
) -> RateSearch:
    """Train copies of a model at many learning rates for some hundred steps, and compare.

    Every copy begins with the same weights, sees the same batches and keeps
    its rate; all of them train as one population. A sweep that raises the rate
    as it goes would blame each rate for what the rates before it did.

    Args:
        model: A compiled Keras model without a learning-rate schedule, which
            is left as it is; or a function that builds and compiles one.
        x: Inputs as for `fathom.fit`.
        y: Targets.
        rates: Learning rates to try, each above 0.
        steps: Optimisation steps at each rate.
        batch_size: Rows per step; at most the rows there are.
        sample_weight: Weights of the rows.
        seed: Draws the batches, and the weights of a model that has none yet.

    Raises:
        SpecError: A setting is outside what it may be.
        DataError, ModelError: As of `Population`.
    """
    tried = sorted({float(rate) for rate in rates})
    if len(tried) < 2:
        raise SpecError(f"`rates` must hold at least two learning rates. Received: {tried}.")
    above("rates", tried[0], 0)
    at_least("steps", steps, 1)
    at_least("batch_size", batch_size, 1)
    at_least("seed", seed, 0)
    population = train.Population(model, learning_rate=tried)
    rows = train.as_rows(x, y, sample_weight)
    count = train.num_rows(rows)
    size = min(batch_size, count)
    batches, looked = _rows_of_steps(count, steps * size, seed)
    judged = train.taken(rows, looked)
    first = population.evaluate(*judged[:2], sample_weight=judged[2])["loss"]
    _train_on(population, train.taken(rows, batches), batch_size=size)
    last = population.evaluate(*judged[:2], sample_weight=judged[2])["loss"]
    initial = float(np.asarray(first)[0])
    return RateSearch(rate_curve(np.array(tried), last, initial_loss=initial, steps=steps))


def _rows_of_steps(count: int, wanted: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows to train on, shuffle after shuffle, and at most 4096 to judge by."""
    generator = np.random.default_rng(seed)
    shuffles = [generator.permutation(count) for _ in range(-(-wanted // count))]
    return np.concatenate(shuffles)[:wanted], np.sort(shuffles[0][:4096])


def _train_on(population: train.Population, rows: Any, *, batch_size: int) -> None:
    x, y, weight = rows
    for _ in population.train(x, y, sample_weight=weight, batch_size=batch_size, shuffle=False):
        pass


@typed
def gradient_noise_scale(
    model: Any,
    x: Any,
    y: Any = None,
    *,
    batch_size: int = 16,
    draws: int = 100,
    sample_weight: Any = None,
    seed: int = 0,
) -> GradientNoise:
    """Estimate how many rows a batch needs before more of them stop helping.

    Compares the squared length of the gradient on small batches with that on
    batches of eight times as many rows, where the weights stand now: the
    noise scale grows in the course of training.

    Args:
        model: A compiled Keras model, which is left as it is; or a function.
        x: Inputs as for `fathom.fit`.
        y: Targets.
        batch_size: Rows of the small batches.
        draws: Large batches that are drawn, with replacement.
        sample_weight: Weights of the rows.
        seed: Draws the batches.

    References:
        McCandlish, Kaplan, Amodei et al., "An Empirical Model of Large-Batch
        Training", arXiv:1812.06162, 2018.
    """
    at_least("batch_size", batch_size, 1)
    at_least("draws", draws, 2)
    at_least("seed", seed, 0)
    small, large = train.batch_gradient_lengths(
        model,
        x,
        y,
        sample_weight,
        batch_size=batch_size,
        batches=SMALLEST_LARGE_BATCH,
        draws=draws,
        seed=seed,
    )
    rows = SMALLEST_LARGE_BATCH * batch_size
    return gradient_noise(small, large, small_rows=batch_size, large_rows=rows, seed=seed)
