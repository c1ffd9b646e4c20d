"""The transfer experiment: populations for every cut, compared seed by seed."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import keras
import numpy as np

from fathom import measure, models, train
from fathom.data import Dataset, Split
from fathom.errors import DataError
from fathom.studies.anatomy import fitted
from fathom.studies.bench import SMALL_PARAMETERS, compiler, compiling_ahead
from fathom.studies.following import Stage
from fathom.studies.transfer import comparing, words
from fathom.studies.transfer.networks import Bank, Line, by_kind, in_order, joined, rows_of
from fathom.studies.transfer.result import (
    FINE_TUNED,
    FROZEN,
    RANDOM,
    SELF,
    SELF_FINE_TUNED,
    Cut,
    TransferResult,
    TransferSpec,
)

BASE = "baseB"
# Networks with kept layers are drawn, shuffled and dropped out by other seeds than those from
# scratch: layers above a cut that began as they did once would find their partners again.
SECOND_DRAW = 1_000_003
KINDS = {True: (FROZEN, SELF, RANDOM), False: (FINE_TUNED, SELF_FINE_TUNED)}


@dataclass(frozen=True)
class Arms:
    """Kinds of networks that train as one population.

    Args:
        kinds: Each one's name and the layers it keeps, outermost among the members.
        frozen: Layers that are frozen in all of them.
        words: What they are.
        shift: What is added to the seeds.
    """

    kinds: tuple[tuple[str, int], ...]
    frozen: int
    words: str
    shift: int = SECOND_DRAW


@dataclass(frozen=True)
class Fleet:
    """Networks that are to train together.

    Args:
        view: The compiled model they are.
        population: The networks.
    """

    view: keras.Model
    population: train.Population


@dataclass(frozen=True)
class Made:
    """What an experiment leaves.

    Args:
        result: What was found.
        model: The network that the verdict recommends.
    """

    result: TransferResult
    model: keras.Model


def transferring(
    source: keras.Model,
    dataset: Dataset,
    spec: TransferSpec,
    *,
    networks: Sequence[Sequence[Any]] | None = None,
) -> Generator[Stage, None, Made]:
    """Find out how many layers of a network carry over to another task.

    Args:
        source: Functional or Sequential, trained on another task.
        dataset: The new task.
        spec: How.
        networks: Weights of several source networks, trainable then others; they take
            turns over the seeds. Those of `source` if None.

    Yields:
        What is trained next.

    Returns:
        The result, and the network that it recommends.

    Raises:
        ModelError: The layers cannot be followed, or there is none to keep.
        DataError: The data do not fit the network, or have too few labels.

    References:
        Yosinski, Clune, Bengio, Lipson, "How transferable are features in deep neural networks?",
        NeurIPS 2014.
    """
    line = Line.of(source, dataset)
    experiment = _Experiment(line, line.source_bank(source, networks), dataset, spec)
    return experiment.run()


@dataclass
class _Experiment:
    """One experiment; what it has trained so far is in `found`."""

    line: Line
    source: Bank
    dataset: Dataset
    spec: TransferSpec
    found: dict[tuple[str, int], comparing.Trained] = field(default_factory=dict)
    done: int = 0

    def run(self) -> Generator[Stage, None, Made]:
        started = time.perf_counter()
        arms = self._arms()
        with compiler() as executor:
            for one, fleet in self._fleets(arms, executor):
                yield Stage(done=self.done, total=len(arms), words=one.words)
                self._train(one, fleet)
        result = replace(self._result(), seconds=time.perf_counter() - started)
        return Made(result, self._model(result))

    # -- trained ---------------------------------------------------------------------

    def _arms(self) -> list[Arms]:
        """Return what is trained, in order: networks from scratch, frozen ones, fine-tuned ones.

        All layers of those that are fine-tuned are trained, whatever they keep, so that
        they have one program. Small ones train all at once.
        """
        cuts = range(1, len(self.line.sites) + 1)
        of = f"of {len(cuts)} layers kept"
        frozen = [
            Arms(tuple((name, cut) for name in KINDS[True]), cut, f"{cut} {of}, frozen")
            for cut in cuts
        ]
        tuned = [
            Arms(tuple((name, cut) for name in KINDS[False]), 0, f"{cut} {of}, fine-tuned")
            for cut in cuts
        ]
        if self._is_small:
            kinds = tuple(kind for one in tuned for kind in one.kinds)
            all_ = "1" if len(cuts) == 1 else f"1 to {len(cuts)}"
            tuned = [Arms(kinds, 0, f"{all_} {of}, fine-tuned")]
        return [Arms(((BASE, 0),), 0, "networks from scratch", shift=0), *frozen, *tuned]

    @property
    def _is_small(self) -> bool:
        return self.line.model.count_params() <= SMALL_PARAMETERS

    def _fleets(self, arms: Sequence[Arms], executor: Executor) -> Iterator[tuple[Arms, Fleet]]:
        """Yield a fleet for each, those of small networks compiled ahead, several as one."""
        if not self._is_small:
            yield from ((one, self._fleet(one)) for one in arms)
            return

        def begin(group: Sequence[Arms]) -> list[Fleet]:
            fleets = [self._fleet(one) for one in group]
            train.compile_ahead(
                [fleet.population for fleet in fleets],
                executor,
                **self._data,
                rows_trained=self.num_rows,
                predicted=self.test.x,
            )
            return fleets

        yield from compiling_ahead(arms, begin, is_small=lambda _: True)

    def _fleet(self, arms: Arms) -> Fleet:
        """Return every kind at every rate from every seed; what they begin with comes later."""
        model = self.line.copy(cut=arms.frozen, is_frozen=arms.frozen > 0)
        view = models.compile_for(model, task=self.dataset.task, optimizer=self.spec.optimizer)
        members = [
            {"seed": seed + arms.shift, "learning_rate": rate}
            for _ in arms.kinds
            for rate in self.spec.learning_rates
            for seed in self.seeds
        ]
        return Fleet(view, train.Population(view, members=members))

    def _train(self, arms: Arms, fleet: Fleet) -> None:
        """Train a fleet, and keep every kind's networks at its best rate."""
        rates, view, population = self.spec.learning_rates, fleet.view, fleet.population
        begun = [self._begun(name, cut) for name, cut in arms.kinds]
        train.begin_with(population, by_kind(joined([one for one in begun for _ in rates]), view))
        diverged = self._run(population, {s + arms.shift: rows for s, rows in self.rows.items()})
        self.done += 1
        trained = comparing.Population(
            shape=(len(begun), len(rates), len(self.seeds)),
            validation=population.scores[f"val_{self.metric}"],
            credits=self._credits(population, view),
            bank=in_order(train.weights_of(population), view),
            diverged=diverged,
        )
        self.found |= comparing.at_best_rates(arms.kinds, trained, rates)

    def _begun(self, name: str, cut: int) -> Bank:
        """Return what the networks of a kind begin with, one for every seed."""
        if name == BASE:
            return self.line.drawn_bank(self.seeds)
        kept = {
            FROZEN: self._source_by_seed,
            SELF: self.found[BASE, 0].bank,
            RANDOM: self._drawn,
        }
        return self.line.begun(self._drawn, kept[name.removesuffix("+")], cut=cut)

    @cached_property
    def _drawn(self) -> Bank:
        """What layers that are not kept begin with."""
        return self.line.drawn_bank([seed + SECOND_DRAW for seed in self.seeds])

    @property
    def _source_by_seed(self) -> Bank:
        """The source networks, which take turns over the seeds."""
        sources = len(self.source[0])
        return rows_of(self.source, [place % sources for place in range(len(self.seeds))])

    def _run(self, population: train.Population, rows: dict[int, np.ndarray]) -> np.ndarray:
        """Train to the end, and return which members diverged, bool (member,)."""
        standing = None
        for epoch in population.train(
            **self._data,
            epochs=self.spec.epochs,
            patience=self.spec.patience,
            rows_of_seed=rows or None,
        ):
            standing = epoch.standing
        return np.zeros(len(population), bool) if standing is None else standing.diverged

    def _credits(self, population: train.Population, view: keras.Model) -> np.ndarray:
        """Return what each member earns on each test row, float32 (member, rows)."""
        credit = measure.credit_of(self.dataset.task, from_logits=models.gives_logits(view))
        outputs = np.nan_to_num(np.asarray(population.predict(self.test.x), "float32"))
        return np.stack([np.asarray(credit(self.test.y, one)) for one in outputs])

    # -- what is trained on -------------------------------------------------------------

    @property
    def _data(self) -> Mapping[str, Any]:
        return {
            "x": self.training.x,
            "y": self.training.y,
            "validation_data": (self.validation.x, self.validation.y),
            "batch_size": min(self.spec.batch_size, self.num_rows),
        }

    @property
    def metric(self) -> str:
        return measure.metric_name(self.dataset.task)

    @property
    def seeds(self) -> list[int]:
        return list(range(self.spec.seed, self.spec.seed + self.spec.seeds))

    @cached_property
    def validation(self) -> Split:
        return self._fitted(self.dataset.validation)

    @cached_property
    def test(self) -> Split:
        return self._fitted(self.dataset.test)

    @cached_property
    def training(self) -> Split:
        return self._fitted(self.dataset.train)

    @cached_property
    def rows(self) -> dict[int, np.ndarray]:
        """The labelled rows of every seed; {} where all rows have labels."""
        if self.spec.labels is None:
            return {}
        check_labels(self.spec.labels, self.dataset)
        is_classes = self.dataset.task == "classification"
        y = self.dataset.train.y
        return {
            seed: labelled(y, self.spec.labels, seed=seed, is_classes=is_classes)
            for seed in self.seeds
        }

    @property
    def num_rows(self) -> int:
        return self.spec.labels or len(self.training)

    def _fitted(self, split: Split) -> Split:
        return fitted(self.line.model, split, self.dataset.name)

    # -- found ---------------------------------------------------------------------------

    def _result(self) -> TransferResult:
        judge = comparing.Judge(self.dataset.task, self.test.y, seed=self.spec.seed)
        base = self.found[BASE, 0]
        cuts = tuple(self._cut(number, judge) for number in range(1, len(self.line.sites) + 1))
        each = len(self.spec.learning_rates) * self.spec.seeds
        result = TransferResult(
            spec=self.spec,
            model=self.line.model.name,
            dataset=self.dataset.name,
            metric=self.metric,
            networks=len(self.source[0]),
            layers=self.line.names,
            rows={
                "train": self.num_rows,
                "validation": len(self.validation),
                "test": len(self.test),
            },
            base=judge.arm(base, None),
            cuts=cuts,
            choice=comparing.choice(cuts),
            trainings=each * (1 + sum(len(cut.arms) for cut in cuts)),
        )
        return replace(result, text=words.text(result), notices=words.notices(result))

    def _cut(self, number: int, judge: comparing.Judge) -> Cut:
        base = self.found[BASE, 0]
        of = {name: self.found[name, number] for names in KINDS.values() for name in names}
        return Cut(
            cut=number,
            layer=self.line.names[number - 1],
            arms={name: judge.arm(trained, base) for name, trained in of.items()},
            specificity=judge.difference(of[SELF], of[FROZEN]),
            lost_coadaptation=judge.difference(base, of[SELF]),
            learned_benefit=judge.difference(of[FROZEN], of[RANDOM]),
        )

    def _model(self, result: TransferResult) -> keras.Model:
        """Return the recommended network: of its kind the seed that validates best."""
        choice = result.choice
        key = (choice.arm, choice.cut) if choice.is_gain else (BASE, 0)
        trained = self.found[key]
        is_frozen = choice.is_gain and not choice.is_fine_tuned
        model = self.line.copy(cut=key[1], is_frozen=is_frozen)
        best = int(np.argmax(trained.validation))
        for variable, values in zip(model.variables, trained.bank):
            variable.assign(values[best])
        return models.ready_to_use(
            model,
            task=self.dataset.task,
            optimizer=self.spec.optimizer,
            learning_rate=trained.learning_rate,
        )


def check_labels(labels: int, dataset: Dataset) -> None:
    """Raise unless there are so many training rows, and a row for each class.

    Raises:
        DataError: There are not.
    """
    rows = len(dataset.train)
    least = max(2, dataset.num_classes)
    if least <= labels <= rows:
        return
    why = f"one for each of {dataset.num_classes} classes" if least > 2 else "two"
    raise DataError(
        f"`labels` must be between {least}, {why}, and the {rows} training rows of "
        f"{dataset.name}. Received: labels={labels}.",
        hint="leave it out to use all training rows" if labels > rows else None,
    )


def labelled(y: np.ndarray, labels: int, *, seed: int, is_classes: bool) -> np.ndarray:
    """Return the places of some rows, drawn by seed, of every class in the same share.

    Args:
        y: Targets of all training rows.
        labels: How many to draw.
        seed: Of the draw.
        is_classes: Whether targets are class numbers.
    """
    order = np.random.default_rng([seed, labels]).permutation(len(y))
    if is_classes:
        order = order[np.argsort(_share_before(y[order]), kind="stable")]
    return np.sort(order[:labels])


def _share_before(classes: np.ndarray) -> np.ndarray:
    """Return which share of its class comes before each row; the first of each class is first."""
    share = np.empty(len(classes))
    for one in np.unique(classes):
        places = np.flatnonzero(classes == one)
        share[places] = np.arange(len(places)) / len(places)
    return share
