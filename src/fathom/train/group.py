"""Members that share a program: made, trained in chunks that memory allows, given back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import jax
import keras
import numpy as np

from fathom.errors import DataError
from fathom.train import hyperparameters, initial, keras_internals, memory, rebuilding
from fathom.train.blueprint import Blueprint, build_with_values, record
from fathom.train.crew import Crew, Parked, beginning
from fathom.train.lineup import Sharing
from fathom.train.programs import Weights
from fathom.train.rows import Data
from fathom.train.terms import Watch


@dataclass(frozen=True)
class Source:
    """The user's model, or the function that builds it.

    Args:
        model: The compiled model as it was given, or as the function builds it.
        function: The function, None if a model was given.
    """

    model: keras.Model
    function: Callable[[], keras.Model] | None = None

    @classmethod
    def of(cls, given: Any) -> Source:
        """Check what the user gave.

        Raises:
            ModelError: It is no compiled model, nor a function that builds one.
        """
        if isinstance(given, keras.Model) or not callable(given):
            rebuilding.check_model(given)
            return cls(given)
        function: Any = given
        return cls(rebuilding.call_builder(function), function)

    def build(self, x: Any) -> keras.Model:
        """Return the model anew, with variables of its own, built for inputs like `x`."""
        copied = self.function() if self.function else rebuilding.uncompiled_copy(self.model)
        if x is not None:
            rebuilding.build(copied, x)
        rebuilding.check_is_same(self.model, copied)
        if self.function is None:
            rebuilding.copy_statistics(copied, self.model)
        return copied

    def own_weights(self) -> Weights | None:
        """Return the weights that the model has now, None if it is not built."""
        if not self.model.built:
            return None
        parts = self.model.trainable_variables, self.model.non_trainable_variables
        trainable, non_trainable = ([np.asarray(v) for v in part] for part in parts)
        return Weights(trainable, non_trainable)

    def kept_places(self) -> list[int]:
        """Return which non-trainable variables no seed draws: of frozen and adapted layers."""
        if self.function or not self.model.built:
            return []
        kept = {
            id(variable)
            for layer in self.model._flatten_layers(include_self=False)
            if not layer.trainable or hasattr(layer, "adapt")
            for variable in layer.variables
            if variable.dtype != "uint32"  # the state of a seed
        }
        return [i for i, v in enumerate(self.model.non_trainable_variables) if id(v) in kept]


@dataclass
class Group:
    """Members that share a program.

    Args:
        source: The user's model.
        places: Which members of the population they are, (member,).
        members: Their hyperparameters.
        sharing: What they have in common.
        watch: How layers are watched.
    """

    source: Source
    places: np.ndarray
    members: list[dict[str, Any]]
    sharing: Sharing
    watch: Watch | None = None
    parked: Parked | None = None
    best: Parked | None = None
    _crew: Crew | None = None
    _blueprint: Blueprint | None = None
    _prepared_for: Any = None
    _example: Any = None
    _is_leaving: np.ndarray = field(default_factory=lambda: np.zeros(0, bool))
    _on_board: np.ndarray = field(default_factory=lambda: np.zeros(0, int))

    # -- made --------------------------------------------------------------------

    def prepare(self, data: Data, *, batch_size: int, is_trained: bool = True) -> None:
        """Record the model and draw what is not drawn yet; nothing is compiled.

        Args:
            data: All rows, or as many as there are to look at.
            batch_size: Rows per step, unless the members have their own.
            is_trained: Whether they are to be trained, or only to predict.
        """
        size = self.sharing.batch_size or batch_size
        batch = jax.tree.map(lambda a: a[:size], data)
        key = jax.tree.structure(batch), [(a.shape[1:], a.dtype) for a in jax.tree.leaves(batch)]
        if self._prepared_for == (size, key, is_trained):
            return
        self.rest()
        self._crew = None
        self._blueprint = record(
            partial(self.source.build, batch[0]), self._compiled, *batch, is_trained=is_trained
        )
        if self.parked is None or (is_trained and not self.parked.optimizer):
            self._begin(is_trained)
        self._prepared_for, self._example = (size, key, is_trained), batch[0]

    def is_prepared(self, *, is_trained: bool) -> bool:
        """Return whether the group can train, or at least predict."""
        return self._prepared_for is not None and (self._prepared_for[2] or not is_trained)

    def _compiled(self, model: keras.Model) -> keras.Model:
        """Compile as the user did, with the hyperparameters that all have in common in place."""
        like = rebuilding.compile_like(model, self.source.model, optimizer=self.sharing.optimizer)
        self._put_common(like)
        return like

    def _put_common(self, model: keras.Model) -> None:
        places = hyperparameters.places_in(model)
        common = {**dict(self.sharing.fixed), **self._references(places)}
        for name, value in common.items():
            for place in places[name]:
                place.put(value)

    def _references(self, places: hyperparameters.Places) -> dict[str, float]:
        """Return values to build for: Keras keeps momenta only where momentum is not zero."""
        asked = [n for n in self.sharing.varied if any(place.is_asked for place in places[n])]
        return {name: max(member[name] for member in self.members) or 0.5 for name in asked}

    def _begin(self, is_trained: bool) -> None:
        parked = self.parked
        weights = Weights(parked.trainable, parked.non_trainable) if parked else self._drawn()
        rates = [member.get("learning_rate") for member in self.members]
        begun = beginning(self.blueprint, weights, rates)
        self.parked = begun if is_trained else Parked(begun.trainable, begun.non_trainable, [])

    def _drawn(self) -> Weights:
        """Return the weights that members begin with: drawn by their seeds, or the model's own."""
        is_seeded = any("seed" in member for member in self.members)
        own = None if is_seeded else self.source.own_weights()
        if own is not None:
            return _repeated(own, len(self.members))
        seeds = [member.get("seed", 0) for member in self.members]
        drawn = Weights(*initial.initial_weights(self.blueprint, seeds))
        for place in self.source.kept_places():
            drawn.non_trainable[place] = np.broadcast_to(
                np.asarray(self.source.model.non_trainable_variables[place]),
                np.shape(drawn.non_trainable[place]),
            )
        return drawn

    @property
    def at_rest(self) -> Parked:
        """The members' variables, once the group is prepared."""
        if self.parked is None:
            raise RuntimeError("the group is not prepared")
        return self.parked

    @property
    def blueprint(self) -> Blueprint:
        """The recorded model, once the group is prepared."""
        if self._blueprint is None:
            raise RuntimeError("the group is not prepared")
        return self._blueprint

    # -- trained -------------------------------------------------------------------

    def crew(self, data: Data, *, batch_size: int, budget: int) -> Crew:
        """Return the place on the devices, as large as memory allows.

        Raises:
            DataError: Not even one member fits.
        """
        if self._crew is None:
            size = self.sharing.batch_size or batch_size
            each = memory.member_bytes(self.blueprint.model, size, data[0])
            self._crew = Crew(
                self.blueprint,
                capacity=len(self.members),
                affordable=_affordable(each, budget, self.blueprint.model),
                batch_size=size,
                varied=[name for name in self.sharing.varied if self._is_traced(name)],
                watch=self.watch,
            )
        return self._crew

    def _is_traced(self, name: str) -> bool:
        return name in hyperparameters.places_in(self.blueprint.model)

    def chunks(self, chosen: np.ndarray) -> Iterator[np.ndarray]:
        """Yield which members are on board, one chunk after the other; `chosen` of them in all."""
        crew = self.crew_on_board
        for start in range(0, len(chosen), crew.width):
            chunk = chosen[start : start + crew.width]
            if not self._is_as_good_on_board(chunk, crew):
                self._bring(chunk, crew)
            yield self._on_board

    def _is_as_good_on_board(self, chunk: np.ndarray, crew: Crew) -> bool:
        """Return whether those on board may stay: all of the chunk, in as few blocks."""
        is_there = np.isin(chunk, self._on_board).all()
        return bool(is_there) and crew.blocks_for(len(chunk)) == crew.blocks_for(
            len(self._on_board)
        )

    def _bring(self, chunk: np.ndarray, crew: Crew) -> None:
        self.rest()
        names = crew.varied
        settings = {n: np.array([self.members[i][n] for i in chunk], "float32") for n in names}
        crew.board(self.at_rest.take(chunk), settings)
        self._on_board = chunk
        self._is_leaving = np.zeros(len(chunk), bool)

    def finish(self) -> None:
        """Let the optimizers touch all weights a last time, where they do."""
        if getattr(keras_internals.inner_optimizer(self.blueprint.model.optimizer), "use_ema", 0):
            self.rest()
            for _ in self.chunks(np.arange(len(self.members))):
                self.crew_on_board.finish()
        self.rest()

    @property
    def crew_on_board(self) -> Crew:
        """The place on the devices, once it was made."""
        if self._crew is None:
            raise RuntimeError("the group has no crew yet")
        return self._crew

    def stop(self, stopped: np.ndarray) -> None:
        """Park members as they are; what happens to them on board is of no account any more."""
        rows = np.flatnonzero(np.isin(self._on_board, stopped) & ~self._is_leaving)
        if len(rows):
            self._park(rows)
            self._is_leaving[rows] = True

    def rest(self) -> None:
        """Park all members that are on board."""
        if len(self._on_board):
            self._park(np.flatnonzero(~self._is_leaving))
        self._on_board = np.zeros(0, int)

    def _park(self, rows: np.ndarray) -> None:
        if len(rows):
            self.at_rest.put(self._on_board[rows], self.crew_on_board.leave(rows))

    def remember(self, improved: np.ndarray) -> None:
        """Keep the present weights of members as their best."""
        if not len(improved):
            return
        if self.best is None:
            self.best = self.at_rest.take(np.arange(len(self.members))).weights
        rows = np.flatnonzero(np.isin(self._on_board, improved))
        if len(rows):
            self.best.put(self._on_board[rows], self.crew_on_board.weights(rows))
        resting = np.setdiff1d(improved, self._on_board)
        self.best.put(resting, self.at_rest.take(resting).weights)

    def restore(self, members: np.ndarray) -> None:
        """Give resting members their best weights back."""
        if self.best is not None and len(members):
            self.at_rest.weights.put(members, self.best.take(members))

    # -- given back ------------------------------------------------------------------

    def model(self, member: int) -> keras.Model:
        """Return one member as an ordinary compiled model that can go on training."""
        one = self.at_rest.take(member)
        values = [*one.trainable, *one.non_trainable]
        made = build_with_values(partial(self.source.build, self._example), values)
        compiled = rebuilding.compile_like(
            made, self.source.model, optimizer=self.sharing.optimizer
        )
        self._put_common(compiled)
        compiled.optimizer.build(compiled.trainable_variables)
        if one.optimizer:
            keras_internals.assign_values(compiled.optimizer.variables, one.optimizer)
        self._put_own(compiled, self.members[member])
        return compiled

    def _put_own(self, model: keras.Model, member: Mapping[str, Any]) -> None:
        places = hyperparameters.places_in(model)
        for name, value in member.items():
            for place in places.get(name, ()):
                place.put(value)
        if "learning_rate" in member and "learning_rate" not in places:
            model.optimizer.learning_rate = member["learning_rate"]

    def keep(self, chosen: Sequence[int]) -> None:
        """Let go of all members but some, given by their places in the group."""
        self.rest()
        rows = np.array(chosen, int)
        self.places = self.places[rows]
        self.members = [self.members[row] for row in rows]
        if self.parked is not None:
            self.parked = self.parked.take(rows)
        self.best = None


def _repeated(weights: Weights, count: int) -> Weights:
    trainable, non_trainable = (
        [np.repeat(a[None], count, axis=0) for a in part] for part in weights
    )
    return Weights(trainable, non_trainable)


def _affordable(each: int, budget: int, model: keras.Model) -> int:
    """Return how many members fit into memory at once."""
    fit = budget // max(each, 1)
    if fit < 1:
        raise DataError(
            "There must be memory for at least one member. Received: about "
            f"{memory.in_words(each)} for one member of {model.name!r}, "
            f"{memory.in_words(budget)} to use.",
            hint="use a smaller batch_size, or allow more with memory_bytes=",
        )
    return int(fit)
