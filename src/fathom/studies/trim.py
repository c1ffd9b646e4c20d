"""Which layers can go? Removed one by one on validation rows, mended by a little training.

A layer goes if the network without it, trained a little more where that is needed, keeps its
validation score within the tolerance. The test rows are read once, at the end, and a model
that loses more than the tolerance there is not handed out either.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import jax
import keras
import numpy as np

from fathom import measure, models, train
from fathom.data import Dataset, Split
from fathom.errors import ModelError
from fathom.specs import at_least, within
from fathom.studies.anatomy.removing import outermost
from fathom.studies.anatomy.subject import Subject, fitted, subject_of
from fathom.studies.wording import listed, number

# Rows and repeats of a timed prediction.
TIMED_ROWS, TIMED = 256, 15
# Removals that are tried with training before the rest is left as it is.
MOST_TRAINED = 3
# From a compiled model to nothing: trains it in place.
FineTune = Callable[[keras.Model], None]


@dataclass(frozen=True, kw_only=True)
class TrimSpec:
    """How a network is trimmed.

    Args:
        tolerance: By how much the score may fall, at most.
        epochs: Epochs of training after a removal that costs more; 0 trains nothing.
        seed: Of the intervals.

    Raises:
        SpecError: A number is out of range.
    """

    tolerance: float = 0.005
    epochs: int = 10
    seed: int = 0

    def __post_init__(self) -> None:
        within("tolerance", self.tolerance, 0, 1)
        at_least("epochs", self.epochs, 0)
        at_least("seed", self.seed, 0)


@dataclass(frozen=True, kw_only=True)
class Step:
    """One removal that was accepted.

    Args:
        name: The layer or block that went.
        validation: Score on validation rows afterwards.
        trained: Whether the network was trained for it.
    """

    name: str
    validation: float
    trained: bool


@dataclass(frozen=True, kw_only=True)
class Size:
    """What a network costs.

    Args:
        layers: Layers and blocks that could be bypassed.
        parameters: Trainable parameters.
        flops: Floating-point operations for one row.
        milliseconds: Of predicting 256 rows, the fastest of 15.
    """

    layers: int
    parameters: int
    flops: int
    milliseconds: float


@dataclass(frozen=True, kw_only=True)
class Trimming:
    """What was removed from a network, and what that saved and cost.

    Args:
        spec: How.
        metric: Name of the score.
        steps: Removals, in order; () if nothing could go.
        refused: Layers and blocks that had to stay, by name with the reason.
        before: The whole network.
        after: The trimmed one.
        validation_before: Score of the whole network on validation rows.
        validation: Score of the trimmed one.
        test_before: Score of the whole network on test rows.
        test: Score of the trimmed one.
        is_smaller: Whether the model that was handed out is smaller.
        text: What was done, in sentences.
    """

    spec: TrimSpec
    metric: str
    steps: tuple[Step, ...]
    refused: dict[str, str]
    before: Size
    after: Size
    validation_before: float
    validation: float
    test_before: float
    test: float
    is_smaller: bool
    text: str = ""


def trimmed(
    model: keras.Model, dataset: Dataset, spec: TrimSpec, *, fine_tune: FineTune
) -> tuple[keras.Model, Trimming]:
    """Return a smaller model that is as good, or the model itself if nothing can go.

    Args:
        model: Functional or Sequential, trained.
        dataset: The data it was trained on.
        spec: How.
        fine_tune: Trains a model in place, and leaves it with its best weights.

    Raises:
        ModelError: The model cannot be followed, or is no better than guessing.
        DataError: The data do not fit the model.
    """
    return _Trim(model, dataset, spec, fine_tune).result()


@dataclass
class _Trim:
    """One trimming: the network as it stands, and what has gone."""

    model: keras.Model
    dataset: Dataset
    spec: TrimSpec
    fine_tune: FineTune
    steps: list[Step] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)

    def result(self) -> tuple[keras.Model, Trimming]:
        whole = self._bench(self.model)
        self._check_trained(whole)
        floor = whole.validation - self.spec.tolerance
        bench = self._without_loss(whole, floor)
        while (mended := self._with_training(bench, floor)) is not None:
            bench = self._without_loss(mended, floor)
        return self._handed_out(whole, bench)

    def _bench(self, model: keras.Model) -> _Bench:
        return _Bench.of(subject_of(model, self.dataset), self.dataset, self.spec)

    def _without_loss(self, bench: _Bench, floor: float) -> _Bench:
        """Remove, without training, all that keeps the score above the floor."""
        removed = measure.greedy_removal(bench.scores_without, bench.candidates(self), floor=floor)
        if not removed:
            return bench
        sites = bench.subject.sites
        smaller = models.without(bench.subject.model, [sites[place] for place, _ in removed])
        self.steps += [
            Step(name=sites[place].name, validation=score, trained=False)
            for place, score in removed
        ]
        after = self._bench(smaller)
        if after.validation >= floor:
            return after
        raise ModelError(
            f"{bench.subject.model.name!r} built without "
            f"{listed([sites[place].name for place, _ in removed])} must predict as it did with "
            f"them bypassed. Received: {after.validation:.4f} for {removed[-1][1]:.4f}.",
            hint="it computes what cannot be seen from its layers: trim it by hand",
        )

    def _with_training(self, bench: _Bench, floor: float) -> _Bench | None:
        """Remove what costs little, train a little, and return the first that is good enough."""
        places = [
            place
            for place in bench.candidates(self)
            if bench.subject.sites[place].name not in self.refused
        ]
        if not places or not self.spec.epochs:
            return None
        scores = bench.scores_without([(place,) for place in places])
        for best in np.argsort(scores)[::-1][:MOST_TRAINED]:
            site = bench.subject.sites[places[int(best)]]
            smaller = models.without(bench.subject.model, [site])
            self.fine_tune(smaller)
            after = self._bench(smaller)
            if after.validation >= floor:
                self.steps.append(Step(name=site.name, validation=after.validation, trained=True))
                return after
            self.refused[site.name] = (
                f"without it, and after {self.spec.epochs} epochs of training, the validation "
                f"score is {after.validation:.3f}"
            )
        return None

    def _check_trained(self, bench: _Bench) -> None:
        guess = bench.guess(self.dataset)
        if bench.validation > guess:
            return
        raise ModelError(
            "Only a network that has learned something can be trimmed: any other loses nothing "
            f"without its layers. Received: {self.model.name!r}, which scores "
            f"{bench.validation:.3f} on the validation rows of {self.dataset.name}, where guessing "
            f"scores {guess:.3f}.",
            hint="use the data, split and preprocessing that it was trained with",
        )

    def _handed_out(self, whole: _Bench, bench: _Bench) -> tuple[keras.Model, Trimming]:
        test = fitted(self.model, self.dataset.test, self.dataset.name)
        test_before, test_after = whole.score(test), bench.score(test)
        is_smaller = bench is not whole and test_after >= test_before - self.spec.tolerance
        chosen = bench if is_smaller else whole
        trimming = Trimming(
            spec=self.spec,
            metric=measure.metric_name(whole.subject.task),
            steps=tuple(self.steps),
            refused=self.refused,
            before=whole.size(test),
            after=bench.size(test),
            validation_before=whole.validation,
            validation=bench.validation,
            test_before=test_before,
            test=test_after,
            is_smaller=is_smaller,
        )
        return chosen.subject.model, replace(trimming, text=_text(trimming))


@dataclass(frozen=True)
class _Bench:
    """One network, and its score on validation rows."""

    subject: Subject
    rows: Split
    laboratory: train.Laboratory
    validation: float

    @classmethod
    def of(cls, subject: Subject, dataset: Dataset, spec: TrimSpec) -> _Bench:
        rows = fitted(subject.model, dataset.validation, dataset.name)
        laboratory = train.Laboratory(
            subject.model, subject.sites, subject.credit, subject.input_shape
        )
        bench = cls(subject, rows, laboratory, 0.0)
        return replace(bench, validation=bench.score(rows))

    def candidates(self, trim: _Trim) -> list[int]:
        """Return the places of what could be removed; note why the rest could not."""
        found = []
        for place in outermost(self.subject):
            site = self.subject.sites[place]
            reason = models.no_removal(self.subject.model, site)
            if reason is None:
                found.append(place)
            else:
                trim.refused[site.name] = reason
        return found

    def score(self, rows: Split) -> float:
        """Return the whole network's score on some rows."""
        return self._scores([()], rows)[0]

    def scores_without(self, sets: Sequence[tuple[int, ...]]) -> list[float]:
        """Return the validation score without each set of sites."""
        return self._scores(sets, self.rows)

    def _scores(self, sets: Sequence[tuple[int, ...]], rows: Split) -> list[float]:
        actions = np.zeros((len(sets), len(self.subject.sites)), np.int32)
        for row, places in enumerate(sets):
            actions[row, list(places)] = train.BYPASS
        variants = train.Variants.of(1, actions=actions)
        credits = self.laboratory.credits(self.subject.networks, variants, rows.x, rows.y)
        scores = measure.Scores(self.subject.task, rows.y, seed=0)
        return [float(score) for score in scores.scores(credits)]

    def guess(self, dataset: Dataset) -> float:
        """Return the validation score of guessing."""
        if self.subject.task == "regression":
            return 0.0
        return float((self.rows.y == np.bincount(dataset.train.y).argmax()).mean())

    def size(self, rows: Split) -> Size:
        """Return what the network costs."""
        model = self.subject.model
        return Size(
            layers=sum(not site.is_block for site in self.subject.sites),
            parameters=models.count_trainable(model),
            flops=sum(self.subject.flops().values()),
            milliseconds=_prediction_milliseconds(model, rows.x[:TIMED_ROWS]),
        )


def _prediction_milliseconds(model: keras.Model, x: Any) -> float:
    predict = jax.jit(lambda w, x: models.stateless_outputs(model, w[0], w[1], x))
    weights = (
        [v.value for v in model.trainable_variables],
        [v.value for v in model.non_trainable_variables],
    )
    placed = jax.device_put(np.resize(x, (TIMED_ROWS, *x.shape[1:])))
    jax.block_until_ready(predict(weights, placed))
    times = []
    for _ in range(TIMED):
        started = time.perf_counter()
        jax.block_until_ready(predict(weights, placed))
        times.append(time.perf_counter() - started)
    return 1000 * min(times)


# -- in words -----------------------------------------------------------------------------


def _text(trimming: Trimming) -> str:
    metric = {"accuracy": "accuracy", "r2": "R²"}[trimming.metric]
    tolerance = f"{trimming.spec.tolerance:g}"
    if not trimming.steps:
        reasons = "; ".join(f"{name}: {why}" for name, why in trimming.refused.items())
        why = f" ({reasons})" if reasons else ""
        return (
            f"Nothing can go: no layer or block can be left out within {tolerance} of the "
            f"validation {metric}{why}. The model is as it was."
        )
    names = listed([step.name for step in trimming.steps])
    scores = f"{metric} on test rows {trimming.test_before:.3f} before, {trimming.test:.3f} after"
    if not trimming.is_smaller:
        return (
            f"Nothing is handed out: without {names} the validation score holds, but not that on "
            f"test rows ({scores}, more than {tolerance} lower). The model is as it was."
        )
    trained = [step.name for step in trimming.steps if step.trained]
    mended = f", with training after {listed(trained)}" if trained else ", without any training"
    return f"Removed {names}{mended}: {scores}. {_saved(trimming)}"


def _saved(trimming: Trimming) -> str:
    before, after = trimming.before, trimming.after
    return (
        f"Saved: {_less(before.parameters, after.parameters)} of {number(before.parameters)} "
        f"parameters, {_less(before.flops, after.flops)} of the operations, and predicting "
        f"{TIMED_ROWS} rows takes {after.milliseconds:.2f} ms instead of "
        f"{before.milliseconds:.2f} ms."
    )


def _less(before: float, after: float) -> str:
    return f"{100 * (1 - after / before):.0f}%"
