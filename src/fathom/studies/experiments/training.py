"""One arm, trained: every seed at every rate as one population, and what is known of it."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from fathom import measure, models, train
from fathom.studies.experiments.arms import Arm, Training
from fathom.studies.experiments.splits import Splits

CLASSES_LOSS = "sparse_categorical_crossentropy"
WATCH = train.Watch(
    taps=models.watched_layers, statistics=measure.layer_statistics, every_epoch=True
)


@dataclass
class Trained:
    """The members of an arm after some epochs.

    Args:
        arm: What was trained.
        splits: What it learned from.
        seeds: The seeds of the members.
        population: Every rate and seed, rates outermost.
        build: Makes the network anew, compiled.
        epoch: Epochs trained, in the arm's own count.
        epochs: What was told after each epoch.
    """

    arm: Arm
    splits: Splits
    seeds: tuple[int, ...]
    population: train.Population
    build: Any
    epoch: int = 0
    epochs: list[train.Epoch] = field(default_factory=list)

    @property
    def rates(self) -> tuple[float, ...]:
        """The learning rates that were tried."""
        return self.arm.training.learning_rates

    def by_rate(self, values: np.ndarray) -> np.ndarray:
        """Return values (member, ...) as (rate, seed, ...)."""
        return np.asarray(values).reshape(len(self.rates), len(self.seeds), *values.shape[1:])

    @property
    def validation(self) -> np.ndarray:
        """Scores on validation rows, (rate, seed): accuracy or R2; a diverged member guesses."""
        score = "accuracy" if self.splits.num_classes else "r2"
        return self.by_rate(self._known(f"val_{score}", self.guess))

    @property
    def guess(self) -> float:
        """The score of the best prediction that is the same for all validation rows."""
        share = measure.guess_accuracy(CLASSES_LOSS, self.splits.validation.y)
        return (share or 0.0) if self.splits.num_classes else 0.0

    def _known(self, name: str, otherwise: float) -> np.ndarray:
        values = np.asarray(self.population.scores[name], "float64")
        values = np.where(self.diverged, np.nan, values)
        return np.where(np.isfinite(values), values, otherwise)

    @property
    def diverged(self) -> np.ndarray:
        """Which members diverged, (member,)."""
        return np.asarray(self.epochs[-1].standing.diverged)

    @property
    def chosen_rate(self) -> int:
        """The place of the rate with the best mean over seeds on validation rows."""
        if len(self.rates) == 1:
            return 0
        if self.arm.training.chosen_by == "loss":
            losses = self.by_rate(self._known("val_loss", np.inf)).mean(axis=1)
            return int(np.argmin(losses))
        return int(np.argmax(self.validation.mean(axis=1)))

    @property
    def learning_rate(self) -> float:
        """The chosen rate."""
        return self.rates[self.chosen_rate]

    def chosen(self, values: Any) -> np.ndarray:
        """Return those of values (member, ...) that are at the chosen rate, (seed, ...)."""
        return self.by_rate(np.asarray(values))[self.chosen_rate]

    def curve(self, name: str) -> np.ndarray:
        """Return a loss or metric of every epoch at the chosen rate, (seed, epoch).

        Args:
            name: "loss", "val_loss", or another with or without "val_".
        """
        wanted = name.removeprefix("val_")
        told = [
            (one.validation if wanted != name else {"loss": one.loss, **one.metrics})[wanted]
            for one in self.epochs
        ]
        return self.chosen(np.stack(told, axis=1))

    @functools.cached_property
    def outputs(self) -> np.ndarray:
        """What the chosen members put out on test rows, float (seed, rows, units)."""
        return self.chosen(self.population.predict(self.splits.test.x))

    @functools.cached_property
    def networks(self) -> train.Networks:
        """The weights of the chosen members."""
        places = np.arange(len(self.seeds)) + self.chosen_rate * len(self.seeds)
        members = [self.population.member(int(place)) for place in places]
        parts = [
            [np.stack([np.asarray(v) for v in same]) for same in zip(*variables)]
            for variables in (
                [member.trainable_variables for member in members],
                [member.non_trainable_variables for member in members],
            )
        ]
        return train.Networks(parts[0], parts[1])

    @functools.cached_property
    def initial(self) -> train.Networks:
        """The weights that the seeds began with."""
        return train.fresh_weights(self.build, self.seeds)

    @functools.cached_property
    def model(self) -> keras.Model:
        """The network, its weights those of no seed."""
        return self.build()


def trained(arm: Arm, splits: Splits, seeds: Sequence[int]) -> Iterator[Trained | None]:
    """Train an arm; yield it wherever something is measured, and None after every other epoch.

    Args:
        arm: What is trained.
        splits: What it learns from.
        seeds: Of the members.
    """
    settings = arm.training
    stops = {_epochs(settings, splits, stop): stop for stop in settings.stops}
    build = functools.partial(compiled, arm, splits, epochs=max(stops))
    population = train.Population(
        build,
        members=[
            {"seed": seed, "learning_rate": rate}
            for rate in settings.learning_rates
            for seed in seeds
        ],
        watch=WATCH if settings.watch else None,
    )
    told: list[train.Epoch] = []
    for epoch in population.train(
        *splits.train,
        validation_data=tuple(splits.validation),
        epochs=max(stops),
        batch_size=min(settings.batch_size, len(splits.train.y)),
        patience=settings.patience,
    ):
        told.append(epoch)
        if epoch.epoch in stops and epoch.epoch != max(stops):
            yield _measurable(arm, splits, seeds, population, build, stops[epoch.epoch], told)
        else:
            yield None
    yield _measurable(arm, splits, seeds, population, build, stops[max(stops)], told)


def _measurable(
    arm: Arm,
    splits: Splits,
    seeds: Sequence[int],
    population: train.Population,
    build: Any,
    epoch: int,
    told: Sequence[train.Epoch],
) -> Trained:
    return Trained(arm, splits, tuple(seeds), population, build, epoch, list(told))


def _epochs(settings: Training, splits: Splits, epochs: int) -> int:
    """Return the passes over these rows that take as many steps as the arm's epochs mean."""
    if settings.epoch_rows is None:
        return epochs
    size = settings.batch_size
    steps = math.ceil(settings.epoch_rows / size)
    return max(1, round(epochs * steps / math.ceil(len(splits.train.y) / size)))


def compiled(arm: Arm, splits: Splits, *, epochs: int) -> keras.Model:
    """Return the arm's network, compiled for its task with the arm's optimizer."""
    settings = arm.training
    model = models.compile_for(
        arm.network(splits), task=splits.task, optimizer=settings.optimizer, learning_rate=1e-3
    )
    config = {**model.optimizer.get_config(), **settings.settings}
    rate: Any = settings.learning_rates[0]
    if settings.schedule == "cosine":
        steps = math.ceil(len(splits.train.y) / min(settings.batch_size, len(splits.train.y)))
        rate = keras.optimizers.schedules.CosineDecay(rate, epochs * steps)
    model.optimizer = type(model.optimizer)(**{**config, "learning_rate": rate})
    return model
