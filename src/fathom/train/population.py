"""Any Keras model, many at once: members that differ in seed and hyperparameters."""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import keras
import numpy as np

from fathom.errors import DataError, FathomError, FathomWarning, SpecError, UnknownNameError
from fathom.specs import at_least, closest, typed
from fathom.train import lineup, memory, stopping, targets
from fathom.train.crew import Crew, Parked, placed
from fathom.train.fitting.failures import failure
from fathom.train.group import Group, Source
from fathom.train.orders import Shuffles
from fathom.train.rows import Data, as_rows, num_rows
from fathom.train.terms import Epoch, Watch

LOG = logging.getLogger("fathom")


class Population:
    """Members of one architecture that train together, each with its own seed and settings.

    Args:
        model: A compiled Keras model, which is left as it is; or a function
            without arguments that builds and compiles one. Members with a
            `seed` begin as after `keras.utils.set_random_seed(seed)` and
            building the model again; frozen layers keep the weights they
            have. Where no member has a seed, all begin with the model's own
            weights.
        members: Each member's hyperparameters by name, in place of lists.
        watch: How layers are watched.
        memory_bytes: Memory that training may take; by default half of what is
            free.
        **hyperparameters: A value, or a list of values, for each of: seed,
            learning_rate; what the optimizer has of momentum, beta_1, beta_2,
            rho, epsilon, weight_decay, clipnorm, clipvalue, global_clipnorm;
            what the layers have of dropout, noise, l1, l2, activity_l1,
            activity_l2; what the loss has of label_smoothing, delta, gamma,
            alpha; what a learning-rate schedule has of decay_rate, alpha;
            optimizer; batch_size. Members are the product, the first name
            outermost.

    Raises:
        ModelError: The model is not compiled, or cannot be built again.
        SpecError: A value cannot be.
        UnknownNameError: The model has no such hyperparameter; the message lists those it has.

    Attributes:
        members: Every member's hyperparameters by name.
        notes: What there is to know, such as why there are several programs.
        epochs: Epochs trained so far.

    Example:
        >>> import fathom, keras, numpy
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> x = numpy.random.default_rng(0).normal(size=(40, 2)).astype("float32")
        >>> population = fathom.Population(model, seed=range(2), learning_rate=[0.01, 0.1])
        >>> for epoch in population.train(x, x.sum(axis=1), epochs=5, batch_size=10):
        ...     pass
        >>> epoch.loss.shape
        (4,)
    """

    def __init__(
        self,
        model: Any,
        *,
        members: Sequence[Mapping[str, Any]] | None = None,
        watch: Watch | None = None,
        memory_bytes: int | None = None,
        **hyperparameters: Any,
    ) -> None:
        if memory_bytes is not None:
            at_least("memory_bytes", memory_bytes, 1)
        self._source = Source.of(model)
        self._memory_bytes = memory_bytes
        self._watch = watch
        self.notes: tuple[str, ...] = ()
        self.epochs = 0
        self._scores: dict[str, np.ndarray] = {}
        self._line_up(lineup.members_of(members, hyperparameters))
        self._shuffles = Shuffles(sorted({self._seed(member) for member in self.members}))

    def _line_up(self, members: Sequence[dict[str, Any]]) -> None:
        self.members = tuple(members)
        shared = lineup.sharing(self._source.model, self.members)
        self._groups = [
            Group(
                self._source, places, [self.members[i] for i in places], shared[first], self._watch
            )
            for first, places in lineup.together(shared).items()
        ]
        self._note(lineup.note_on_programs(shared, len(self._groups)))

    def _note(self, note: str | None) -> None:
        if note is not None and note not in self.notes:
            self.notes = (*self.notes, note)
            LOG.info(note)

    @property
    def num_members(self) -> int:
        """Number of members."""
        return len(self.members)

    def __len__(self) -> int:
        return self.num_members

    # -- training --------------------------------------------------------------------

    @typed
    def train(
        self,
        x: Any,
        y: Any = None,
        *,
        validation_data: Any = None,
        epochs: int = 1,
        batch_size: int = 32,
        patience: int | None = None,
        sample_weight: Any = None,
        class_weight: Mapping[int, float] | None = None,
        shuffle: bool = True,
        rows_of_seed: Mapping[int, Any] | None = None,
    ) -> Iterator[Epoch]:
        """Train for some epochs and tell after each; called again, training goes on.

        A member sees its rows in the order that `keras.Model.fit` draws after
        `keras.utils.set_random_seed(seed)`, and the last batch may be smaller.
        What was refused is raised here; training begins with the first epoch
        that is asked for.

        Args:
            x: Inputs: an array, or a list or dict of arrays, rows on the first axis.
            y: Targets, likewise.
            validation_data: `(x, y)` or `(x, y, sample_weight)`.
            epochs: How many.
            batch_size: Rows per step, for members that have none of their own.
            patience: Epochs without a lower validation loss (or training loss,
                if there are no validation data) after which a member stops. With
                it every member ends with the weights of its best epoch.
            sample_weight: Weights of the rows.
            class_weight: Weights of the rows by their class.
            shuffle: Whether the rows are shuffled in every epoch.
            rows_of_seed: Where members of different seeds see different rows of `x`: the
                places of these rows by seed, as many for each.

        Yields:
            A record per epoch. Its arrays have the axis (member,); members that
            have stopped keep the numbers of their last epoch.

        Raises:
            DataError: The data do not fit each other, the model or the memory.
            SpecError: A setting is outside what it may be.
        """
        at_least("epochs", epochs, 1)
        if patience is not None:
            at_least("patience", patience, 1)
        rows, validation = self._made_ready(
            x,
            y,
            sample_weight,
            class_weight=class_weight,
            validation_data=validation_data,
            batch_size=batch_size,
        )
        own_rows = self._own_rows(rows_of_seed, num_rows(rows))
        call = _Call(rows, validation, epochs, patience, shuffle, own_rows)
        return self._epochs(call)

    def _made_ready(
        self,
        x: Any,
        y: Any,
        sample_weight: Any,
        *,
        validation_data: Any,
        batch_size: int,
        class_weight: Mapping[int, float] | None = None,
    ) -> tuple[Data, Data | None]:
        """Return rows to train on and to validate with, checked, with all in place for them.

        All that `train` does before it compiles is done.
        """
        lineup.check_batch_size(batch_size)
        rows = self._rows(x, y, sample_weight, class_weight=class_weight)
        validation = self._validation_rows(validation_data)
        self._check_batches(rows, batch_size)
        self._prepare(rows, batch_size)
        self._note_chunks(rows, validation, batch_size)
        return rows, validation

    def _crews(self) -> Iterator[tuple[Crew, Parked]]:
        """Yield where members that share programs train, and the members, at rest."""
        for group in self._groups:
            yield group.crew_on_board, group.at_rest

    def _epochs(self, call: _Call) -> Iterator[Epoch]:
        standing = stopping.at_start(self.num_members)
        best = {}
        data, validation = placed(call.rows), call.validation and placed(call.validation)
        first, last = self.epochs + 1, self.epochs + call.epochs
        try:
            for number in range(first, last + 1):
                orders = self._orders(call)
                with self._explained(call.rows):
                    told = self._train_epoch(data, validation, orders, standing.active)
                loss, monitored = told.loss, told.validation.get("loss", told.loss)
                before, standing = (
                    standing,
                    stopping.judge(
                        standing,
                        epoch=number,
                        loss=loss,
                        validation_loss=monitored,
                        patience=call.patience,
                    ),
                )
                self.epochs = number
                self._settle(before, standing, is_best_kept=call.patience is not None)
                best = _merged(best, self._scores, standing.improved)
                yield Epoch(
                    epoch=number,
                    loss=loss,
                    validation=told.validation,
                    standing=standing,
                    layers=told.layers,
                    metrics=told.metrics,
                )
                if not standing.active.any():
                    break
        finally:
            self._finish(standing, best, is_best_kept=call.patience is not None)

    def _train_epoch(
        self, data: Data, validation: Data | None, orders: Mapping[int, Any], active: np.ndarray
    ) -> _Told:
        """Train the active members for an epoch; the others' numbers stay as they were."""
        told = _Told({}, {}, {})
        for group in self._groups:
            for on_board in group.chunks(np.flatnonzero(active[group.places])):
                crew = group.crew_on_board
                seeds = [self._seed(group.members[i]) for i in on_board]
                trained = crew.train(data, np.stack([orders[seed] for seed in seeds]))
                validated = {} if validation is None else crew.evaluate(validation)
                looked = crew.measure_layers(data) or {}
                rows = np.flatnonzero(active[group.places[on_board]])
                places = group.places[on_board[rows]]
                for kept, found in ((told.metrics, trained), (told.validation, validated)):
                    self._put(kept, found, places, rows)
                self._put(told.layers_found, looked, places, rows)
        self._carry_on(told, active)
        return told

    def _put(
        self, kept: dict[str, np.ndarray], found: Mapping[str, Any], places: Any, rows: Any
    ) -> None:
        for name, values in found.items():
            shape = (self.num_members, *values.shape[1:])
            kept.setdefault(name, np.full(shape, np.nan))[places] = values[rows]

    def _carry_on(self, told: _Told, active: np.ndarray) -> None:
        """Let members that stopped keep their last numbers, and note everybody's."""
        named = {**told.metrics, **{f"val_{name}": v for name, v in told.validation.items()}}
        for name, values in named.items():
            if name in self._scores:
                values[~active] = self._scores[name][~active]
        self._scores = {name: values.copy() for name, values in named.items()}

    def _orders(self, call: _Call) -> dict[int, np.ndarray]:
        if call.shuffle:
            orders = self._shuffles.draw(call.num_rows)
        else:
            order = np.arange(call.num_rows, dtype=np.int32)
            orders = {self._seed(member): order for member in self.members}
        own = call.own_rows
        return orders if own is None else {seed: own[seed][at] for seed, at in orders.items()}

    def _settle(
        self, before: stopping.Standing, now: stopping.Standing, *, is_best_kept: bool
    ) -> None:
        """Keep the weights of members that improved, and hold those still that stopped."""
        stopped = before.active & ~now.active
        for group in self._groups:
            if is_best_kept:
                group.remember(np.flatnonzero(now.improved[group.places]))
            group.stop(np.flatnonzero(stopped[group.places]))

    def _finish(self, standing: stopping.Standing, best: Any, *, is_best_kept: bool) -> None:
        for group in self._groups:
            group.finish()
            if is_best_kept:
                group.restore(np.flatnonzero(standing.best_epoch[group.places] > 0))
            group.best = None
        if is_best_kept:
            self._scores = {name: best.get(name, v) for name, v in self._scores.items()}

    # -- looking ---------------------------------------------------------------------

    def evaluate(
        self,
        x: Any,
        y: Any = None,
        *,
        sample_weight: Any = None,
        batch_size: int | None = None,
    ) -> dict[str, np.ndarray]:
        """Return loss and metrics over all rows by name, each (member,).

        Args:
            x: Inputs as in training.
            y: Targets.
            sample_weight: Weights of the rows.
            batch_size: Rows per batch; results depend on it only by rounding.
        """
        lineup.check_batch_size(batch_size)
        rows = self._rows(x, y, sample_weight)
        found: dict[str, np.ndarray] = {}
        self._prepare_if_new(rows)
        data = placed(rows)
        for group in self._groups:
            for on_board in self._all_on_board(group, rows):
                values = group.crew_on_board.evaluate(data, batch_size=batch_size)
                every = np.arange(len(on_board))
                self._put(found, values, group.places[on_board], every)
        return found

    def predict(self, x: Any) -> Any:
        """Return every member's outputs, (member, rows, ...); a structure of them for several.

        Args:
            x: Inputs as in training.
        """
        rows = self._rows(x, None, None, is_trained=False)
        found: Any = None
        self._prepare_if_new(rows, is_trained=False)
        for group in self._groups:
            for on_board in self._all_on_board(group, rows):
                outputs = group.crew_on_board.predict(rows[0])
                if found is None:
                    found = jax.tree.map(
                        lambda a: np.zeros((self.num_members, *a.shape[1:]), a.dtype), outputs
                    )
                for kept, new in zip(jax.tree.leaves(found), jax.tree.leaves(outputs)):
                    kept[group.places[on_board]] = new
        return found

    def _all_on_board(self, group: Group, rows: Data) -> Iterator[np.ndarray]:
        size = group.sharing.batch_size or 32
        group.crew(rows, batch_size=size, budget=self._budget(memory.data_bytes(rows)))
        try:
            yield from group.chunks(np.arange(len(group.members)))
        finally:
            group.rest()

    @typed
    def member(self, member: int) -> keras.Model:
        """Return a member as an ordinary compiled model, with the state of its optimizer.

        Args:
            member: Its place in `members`.

        Raises:
            SpecError: There is no such member.
            ModelError: The model waits for its first data to be built.
        """
        group, place = self._find(member)
        if group.parked is None:
            group.prepare((None, None, None), batch_size=1, is_trained=False)
        return group.model(place)

    def _find(self, member: int) -> tuple[Group, int]:
        if not -self.num_members <= member < self.num_members:
            raise SpecError(
                f"A member must be between 0 and {self.num_members - 1}. Received: {member}."
            )
        member %= self.num_members
        group = next(group for group in self._groups if member in group.places)
        return group, int(np.flatnonzero(group.places == member)[0])

    @typed
    def best(self, metric: str | None = None, *, mode: str = "auto") -> int:
        """Return the place of the best member by its last epoch (by its best with `patience`).

        Args:
            metric: A name of `scores`, such as "val_accuracy"; "accuracy" means
                that of the validation data, if there were any. By default the loss.
            mode: "min", "max", or "auto" to go by what the metric is.

        Raises:
            SpecError: Nothing was trained yet.
            UnknownNameError: There is no such metric; the message lists those there are.
        """
        name = self._score_name(metric or "loss")
        values = self._scores[name]
        if not np.isfinite(values).any():
            raise SpecError(f"No member has a finite {name}: all have diverged.")
        is_higher_better = targets.is_higher_better(self._source.model, name, mode)
        return int((np.nanargmax if is_higher_better else np.nanargmin)(_finite(values)))

    @property
    def scores(self) -> dict[str, np.ndarray]:
        """The members' last loss and metrics by name, validation as "val_...", each (member,)."""
        return {name: values.copy() for name, values in self._scores.items()}

    def _score_name(self, metric: str) -> str:
        if not self._scores:
            raise SpecError("There is no best member yet.", hint="train the population first")
        for name in (f"val_{metric}", metric):
            if name in self._scores:
                return name
        meant = closest(metric, self._scores)
        raise UnknownNameError(
            f"`metric` must be one of {', '.join(self._scores)}. Received: metric={metric!r}.",
            hint=f"did you mean {meant!r}?" if meant else None,
        )

    # -- fewer members -----------------------------------------------------------------

    def keep(self, indices: Any) -> None:
        """Let go of all members but some, in the order given; those that are gone cost nothing.

        No program is compiled for it: the programs there are compute fewer
        blocks of members.

        Args:
            indices: Places in `members`.

        Raises:
            SpecError: None, one that there is not, or one twice.
        """
        chosen = [int(index) for index in np.asarray(indices).ravel()]
        if not chosen or len(set(chosen)) != len(chosen):
            raise SpecError(
                f"`indices` must name at least one member, and none twice. Received: {chosen}."
            )
        found = [self._find(index) for index in chosen]
        for group in self._groups:
            mine = [(new, place) for new, (owner, place) in enumerate(found) if owner is group]
            group.keep([place for _, place in mine])
            group.places = np.array([new for new, _ in mine], int)
        self._groups = [group for group in self._groups if len(group.places)]
        self.members = tuple(self.members[index] for index in chosen)
        self._scores = {name: values[chosen] for name, values in self._scores.items()}

    def _restore(
        self,
        *,
        parked: Sequence[Parked | None],
        scores: Mapping[str, np.ndarray],
        epochs: int,
        seeds: Sequence[int],
        shuffles: np.ndarray | None,
    ) -> None:
        """Put members where a snapshot left them."""
        for group, members in zip(self._groups, parked, strict=True):
            group.parked = members
        self._scores = {name: np.array(values) for name, values in scores.items()}
        self.epochs = epochs
        self._shuffles = Shuffles(seeds)
        if shuffles is not None:
            self._shuffles.state = shuffles

    # -- data and memory -----------------------------------------------------------------

    def _rows(
        self,
        x: Any,
        y: Any,
        sample_weight: Any,
        *,
        class_weight: Mapping[int, float] | None = None,
        is_trained: bool = True,
    ) -> Data:
        if class_weight is not None and sample_weight is not None:
            raise SpecError("Give `sample_weight` or `class_weight`, not both. Received: both.")
        rows = as_rows(x, y, sample_weight, class_weight=class_weight)
        targets.check_rows(self._source.model, rows, is_trained=is_trained)
        return rows

    def _validation_rows(self, validation_data: Any) -> Data | None:
        if validation_data is None:
            return None
        if not isinstance(validation_data, tuple | list) or len(validation_data) not in (2, 3):
            raise DataError(
                "`validation_data` must be (x, y) or (x, y, sample_weight). "
                f"Received: {type(validation_data).__name__}."
            )
        x, y, *weight = validation_data
        return self._rows(x, y, weight[0] if weight else None)

    def _own_rows(
        self, rows_of_seed: Mapping[int, Any] | None, count: int
    ) -> dict[int, np.ndarray] | None:
        """Return the rows that each seed's members see, checked; None if all see all."""
        if rows_of_seed is None:
            return None
        own = {int(seed): np.asarray(rows, np.int32) for seed, rows in rows_of_seed.items()}
        missing = {self._seed(member) for member in self.members} - own.keys()
        sizes = sorted({len(rows) for rows in own.values()})
        if missing or len(sizes) != 1 or not sizes[0]:
            raise SpecError(
                "`rows_of_seed` must have as many rows for every seed. Received: "
                f"{sizes} rows" + (f", none for seeds {sorted(missing)}." if missing else ".")
            )
        if any(rows.min() < 0 or rows.max() >= count for rows in own.values()):
            raise SpecError(f"`rows_of_seed` must name rows from 0 to {count - 1}.")
        return own

    def _check_batches(self, rows: Data, batch_size: int) -> None:
        count = num_rows(rows)
        for size in {group.sharing.batch_size or batch_size for group in self._groups}:
            if size > count:
                raise DataError(
                    "`batch_size` must be at most the number of rows. Received: "
                    f"batch_size={size} for {count} rows.",
                    hint=f"use batch_size={count} to see all rows in every step",
                )

    def _prepare(self, rows: Data, batch_size: int) -> None:
        for group in self._groups:
            with self._explained(rows):
                group.prepare(rows, batch_size=batch_size)

    def _prepare_if_new(self, rows: Data, *, is_trained: bool = True) -> None:
        """Prepare groups that never were; the others can do what is asked as they are."""
        for group in self._groups:
            if not group.is_prepared(is_trained=is_trained):
                with self._explained(rows):
                    group.prepare(rows, batch_size=32, is_trained=is_trained)

    @contextlib.contextmanager
    def _explained(self, rows: Data) -> Iterator[None]:
        try:
            yield
        except (FathomError, jax.errors.JaxRuntimeError):
            raise
        except Exception as error:  # what Keras and JAX say of data that do not fit
            raise failure(error, self._source.model, rows, batch_axes=1) from error

    def _note_chunks(self, rows: Data, validation: Data | None, batch_size: int) -> None:
        """Make the crews, and say so if a population does not fit into memory at once."""
        budget = self._budget(memory.data_bytes((rows, validation)))
        for group in self._groups:
            crew = group.crew(rows, batch_size=batch_size, budget=budget)
            chunks = -(-len(group.members) // crew.width)
            if chunks > 1:
                note = (
                    f"{len(group.members)} members do not fit into "
                    f"{memory.in_words(budget)} at once: each epoch trains {chunks} chunks of "
                    f"at most {crew.width}, one after the other"
                )
                self._note(note)
                warnings.warn(note, FathomWarning, stacklevel=4)

    def _budget(self, taken: int) -> int:
        """Return the bytes that members may take, beside data that take some."""
        if self._memory_bytes is not None:
            return max(self._memory_bytes - taken, 0)
        return int(max(memory.SHARE * memory.free_bytes() - taken, 0))

    @staticmethod
    def _seed(member: Mapping[str, Any]) -> int:
        return member.get("seed", 0) or 0


@dataclass(frozen=True)
class _Call:
    """What one call of `train` was given."""

    rows: Data
    validation: Data | None
    epochs: int
    patience: int | None
    shuffle: bool
    own_rows: dict[int, np.ndarray] | None = None

    @property
    def num_rows(self) -> int:
        """Rows that a member sees in an epoch."""
        if self.own_rows is not None:
            return len(next(iter(self.own_rows.values())))
        return num_rows(self.rows)


@dataclass(frozen=True)
class _Told:
    """What an epoch told: by name, arrays (member, ...)."""

    metrics: dict[str, np.ndarray]
    validation: dict[str, np.ndarray]
    layers_found: dict[str, np.ndarray]

    @property
    def loss(self) -> np.ndarray:
        return self.metrics["loss"]

    @property
    def layers(self) -> dict[str, np.ndarray] | None:
        return self.layers_found or None


def _merged(
    best: Mapping[str, np.ndarray], now: Mapping[str, np.ndarray], improved: np.ndarray
) -> dict[str, np.ndarray]:
    """Return the scores of each member's best epoch so far."""
    return {name: np.where(improved, v, best.get(name, np.nan)) for name, v in now.items()}


def _finite(values: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(values), values, np.nan)
