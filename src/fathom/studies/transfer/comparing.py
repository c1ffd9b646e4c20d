"""Trained networks compared: a rate for each kind, differences seed by seed, and the choice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fathom import measure
from fathom.studies.anatomy import Estimate
from fathom.studies.transfer.networks import Bank, rows_of
from fathom.studies.transfer.result import FINE_TUNED, FROZEN, Arm, Choice, Cut

SMALLEST_SPREAD = 1e-12


@dataclass(frozen=True)
class Population:
    """Members that were trained together, in the order kind, rate, seed.

    Args:
        shape: Kinds, rates and seeds.
        validation: Scores on validation rows, (member,).
        credits: What each earns on each test row, (member, rows).
        bank: Weights.
        diverged: Whose loss did not stay finite, bool (member,).
    """

    shape: tuple[int, int, int]
    validation: np.ndarray
    credits: np.ndarray
    bank: Bank
    diverged: np.ndarray

    def places(self, kind: int, rate: int) -> np.ndarray:
        """Return the members of one kind at one rate, by seed."""
        return np.arange(len(self.validation)).reshape(self.shape)[kind, rate]


@dataclass(frozen=True)
class Trained:
    """The networks of one kind, one for each seed, at the rate that suits the kind best.

    Args:
        name: The kind.
        cut: Layers it keeps.
        learning_rate: The rate.
        validation: Scores on validation rows, (seed,).
        credits: On test rows, (seed, rows).
        bank: Weights, (seed, ...).
        diverged: Networks whose loss did not stay finite.
    """

    name: str
    cut: int
    learning_rate: float
    validation: np.ndarray
    credits: np.ndarray
    bank: Bank
    diverged: int


def at_best_rates(
    kinds: Sequence[tuple[str, int]], population: Population, rates: Sequence[float]
) -> dict[tuple[str, int], Trained]:
    """Return the networks of every kind at its best rate, by mean validation score over seeds.

    Args:
        kinds: Their names and the layers they keep, in the order of the population.
        population: All that were trained.
        rates: The rates, in the order of the population.
    """
    return {
        (name, cut): _at_best_rate(name, kind, cut, population, rates)
        for kind, (name, cut) in enumerate(kinds)
    }


def _at_best_rate(
    name: str, kind: int, cut: int, population: Population, rates: Sequence[float]
) -> Trained:
    scores = population.validation.reshape(population.shape)[kind]  # (rate, seed)
    scores = np.where(np.isfinite(scores), scores, -np.inf)
    best = int(np.argmax(scores.mean(axis=1)))
    places = population.places(kind, best)
    return Trained(
        name=name,
        cut=cut,
        learning_rate=rates[best],
        validation=scores[best],
        credits=population.credits[places],
        bank=rows_of(population.bank, places),
        diverged=int(population.diverged[places].sum()),
    )


@dataclass(frozen=True)
class Judge:
    """Scores and their differences on test rows, with intervals over seeds and rows.

    Args:
        task: "classification" or "regression".
        y: Targets of the test rows.
        seed: Of the draws.
    """

    task: str
    y: np.ndarray
    seed: int

    def arm(self, trained: Trained, base: Trained | None) -> Arm:
        """Return what is told of one kind; `base` is the network from scratch."""
        return Arm(
            name=trained.name,
            cut=trained.cut,
            learning_rate=trained.learning_rate,
            validation=float(trained.validation.mean()),
            test=self._possible(self._estimate(self._parts(trained))),
            gain=None if base is None else self.difference(trained, base),
            diverged=trained.diverged,
        )

    def difference(self, one: Trained, other: Trained) -> Estimate:
        """Return by how much `one` scores above `other`, seed by seed on the same rows."""
        found = self._estimate(self._parts(one) - self._parts(other))
        if self.task != "classification":
            return found
        return Estimate(found.mean, max(found.low, -1.0), min(found.high, 1.0))

    def _parts(self, trained: Trained) -> np.ndarray:
        """Return what each test row adds to the score, (seed, rows): their mean is the score."""
        if self.task == "classification":
            return trained.credits
        return 1 - trained.credits / max(float(np.var(self.y)), SMALLEST_SPREAD)

    def _estimate(self, parts: np.ndarray) -> Estimate:
        """Return the mean of what rows add, with its interval; of one seed, over rows alone."""
        if len(parts) > 1:
            return Estimate(*measure.mean_interval(parts, seed=self.seed))
        of_means = measure.Scores("classification", self.y, seed=self.seed)
        return Estimate(*of_means.interval(parts))

    def _possible(self, estimate: Estimate) -> Estimate:
        """Return an interval within what a score can be: at most 1, an accuracy at least 0."""
        lowest = 0.0 if self.task == "classification" else float("-inf")
        return Estimate(estimate.mean, max(estimate.low, lowest), min(estimate.high, 1.0))


def choice(cuts: Sequence[Cut]) -> Choice:
    """Return the best way to keep layers, chosen on validation rows, and whether it is a gain.

    Equal scores go to frozen layers, and to more of them: there is less to train. Frozen layers
    are a gain only if they are better than random ones, too.
    """
    ways = [(cut, name) for cut in reversed(cuts) for name in (FROZEN, FINE_TUNED)]
    best, name = max(ways, key=lambda way: way[0].arms[way[1]].validation)
    gain = best.arms[name].gain or Estimate(0.0, 0.0, 0.0)
    is_learned = name == FINE_TUNED or best.learned_benefit.low > 0
    return Choice(
        is_gain=gain.low > 0 and is_learned,
        cut=best.cut,
        is_fine_tuned=name == FINE_TUNED,
        gain=gain,
        carried=_carried(cuts),
    )


def _carried(cuts: Sequence[Cut]) -> int:
    """Return the cut up to which frozen layers lose nothing measurable and beat random ones."""
    general = 0
    for cut in cuts:
        if cut.specificity.low > 0:
            break
        if cut.learned_benefit.low > 0:
            general = cut.cut
    return general
