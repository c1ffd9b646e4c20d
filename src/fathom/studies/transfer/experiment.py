"""The transfer experiment: populations for every cut, compared seed by seed."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import keras
import numpy as np

from fathom import measure, models, train
from fathom.data import Dataset, Split
from fathom.errors import DataError
from fathom.studies.anatomy import fitted
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
        base = yield from self._base()
        for cut in range(1, len(self.line.sites) + 1):
            for is_frozen in (True, False):
                yield from self._arms(cut, base, is_frozen=is_frozen)
        result = replace(self._result(), seconds=time.perf_counter() - started)
        return Made(result, self._model(result))

    # -- trained ---------------------------------------------------------------------

    def _base(self) -> Generator[Stage, None, Bank]:
        """Train networks from scratch, and return one for every seed at the best rate."""
        yield self._stage("networks from scratch")
        begun = {BASE: self.line.drawn_bank(self.seeds)}
        self._train(begun, 0, is_frozen=False)
        return self.found[BASE, 0].bank

    def _arms(self, cut: int, base: Bank, *, is_frozen: bool) -> Iterator[Stage]:
        """Train all kinds of networks that keep so many layers, frozen or not."""
        how = "frozen" if is_frozen else "fine-tuned"
        yield self._stage(f"{cut} of {len(self.line.sites)} layers kept, {how}")
        drawn = self.line.drawn_bank([seed + SECOND_DRAW for seed in self.seeds])
        sources = len(self.source[0])
        kept = {
            FROZEN: rows_of(self.source, [place % sources for place in range(len(self.seeds))]),
            SELF: base,
            RANDOM: drawn,
        }
        begun = {
            name: self.line.begun(drawn, kept[name.removesuffix("+")], cut=cut)
            for name in KINDS[is_frozen]
        }
        self._train(begun, cut, is_frozen=is_frozen, shift=SECOND_DRAW)

    def _train(self, begun: dict[str, Bank], cut: int, *, is_frozen: bool, shift: int = 0) -> None:
        """Train every kind at every rate from every seed, as one population; keep the best rate.

        Args:
            begun: What the networks of each kind begin with, one for every seed.
            cut: Layers they keep.
            is_frozen: Whether these are frozen.
            shift: What is added to the seeds.
        """
        model = self.line.copy(cut=cut, is_frozen=is_frozen)
        view = models.compile_for(model, task=self.dataset.task, optimizer=self.spec.optimizer)
        rates = self.spec.learning_rates
        members = [
            {"seed": seed + shift, "learning_rate": rate}
            for _ in begun
            for rate in rates
            for seed in self.seeds
        ]
        bank = joined([one for one in begun.values() for _ in rates])
        population = train.begun_with(view, members, by_kind(bank, view))
        diverged = self._run(population, {s + shift: rows for s, rows in self.rows.items()})
        self.done += 1
        trained = comparing.Population(
            shape=(len(begun), len(rates), len(self.seeds)),
            validation=population.scores[f"val_{self.metric}"],
            credits=self._credits(population, view),
            bank=in_order(train.weights_of(population), view),
            diverged=diverged,
        )
        self.found |= comparing.at_best_rates(list(begun), cut, trained, rates)

    def _run(self, population: train.Population, rows: dict[int, np.ndarray]) -> np.ndarray:
        """Train to the end, and return which members diverged, bool (member,)."""
        standing = None
        for epoch in population.train(
            self.training.x,
            self.training.y,
            validation_data=(self.validation.x, self.validation.y),
            epochs=self.spec.epochs,
            batch_size=min(self.spec.batch_size, self.num_rows),
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

    def _stage(self, what: str) -> Stage:
        return Stage(done=self.done, total=1 + 2 * len(self.line.sites), words=what)

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
