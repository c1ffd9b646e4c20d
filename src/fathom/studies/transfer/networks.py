"""The networks of a transfer experiment: one model for every cut, and what each begins with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import keras
import numpy as np

from fathom import models, train
from fathom.data import Dataset
from fathom.errors import ModelError
from fathom.studies.anatomy import fitted

# Weights of several networks: an array (network, ...) for every variable of the model.
Bank = list[np.ndarray]


@dataclass(frozen=True)
class Line:
    """A network for the new task, and the layers of it that can be kept.

    Args:
        model: It shares all layers but the head with the source network.
        input_shape: Of one row.
        sites: Layers and blocks from the input on, without the head.
    """

    model: keras.Model
    input_shape: tuple[int, ...]
    sites: tuple[models.Site, ...]

    @classmethod
    def of(cls, source: keras.Model, dataset: Dataset) -> Line:
        """Return the line for a new task.

        Raises:
            ModelError: The source's layers cannot be followed, or there is none to keep.
            DataError: The data do not fit its input.
        """
        rows = fitted(source, dataset.train, dataset.name)
        model = models.with_new_head(source, task=dataset.task, num_classes=dataset.num_classes)
        sites = kept_sites(model, rows.x)
        if not sites:
            raise ModelError(
                "A network must have a layer with weights before its head to carry over. "
                f"Received: {source.name!r}, which has none.",
                hint="give the trained network with its hidden layers",
            )
        return cls(model, tuple(rows.x.shape[1:]), sites)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the layers that can be kept, from the input on."""
        return tuple(site.name for site in self.sites)

    @cached_property
    def kept(self) -> list[frozenset[int]]:
        """The places of the variables that are kept for each cut, from 0 layers on."""
        place = {id(v): i for i, v in enumerate(self.model.variables)}
        found = [frozenset(self._adapted(place))]
        for site in self.sites:
            own = [place[id(v)] for layer in site.layers for v in layer.variables]
            found.append(found[-1].union(i for i in own if not self._is_seed(i)))
        return found

    def _adapted(self, place: dict[int, int]) -> list[int]:
        """Return the variables that were computed from data, not trained: no seed draws them."""
        layers: list[Any] = list(self.model._flatten_layers(include_self=False))
        return [place[id(v)] for one in layers if hasattr(one, "adapt") for v in one.variables]

    def _is_seed(self, place: int) -> bool:
        return self.model.variables[place].dtype == "uint32"

    # -- models ---------------------------------------------------------------------

    def copy(self, *, cut: int, is_frozen: bool) -> keras.Model:
        """Return the network anew, its first layers frozen if asked for."""
        made = models.renewal(self.model, self.input_shape)()
        made.trainable = True
        if is_frozen:
            x = np.zeros((2, *self.input_shape), "float32")
            for site in kept_sites(made, x)[:cut]:
                for layer in site.layers:
                    layer.trainable = False
        self._check_same(made)
        return made

    def _check_same(self, made: keras.Model) -> None:
        ours, theirs = (
            [(v.name, tuple(v.shape)) for v in model.variables] for model in (self.model, made)
        )
        if ours != theirs:
            raise ModelError(
                f"{self.model.name!r} must be built again as it was. Received: variables in "
                "another order, or of other shapes.",
                hint="give every layer a name of its own, and all it needs in get_config",
            )

    # -- weights ----------------------------------------------------------------------

    def source_bank(self, source: keras.Model, networks: Sequence[Sequence[Any]] | None) -> Bank:
        """Return the weights of the source networks; those of the new head mean nothing.

        Args:
            source: The source model.
            networks: Weights of each, trainable then others; those of `source` if None.

        Raises:
            ModelError: A weight that can be kept is no finite number.
        """
        bank = self._bank_of(source, networks)
        bad = [
            self.model.variables[place].path
            for place in sorted(self.kept[-1])
            if not np.isfinite(bank[place]).all()
        ]
        if bad:
            raise ModelError(
                f"Weights must be finite numbers. Received: others in {', '.join(bad[:5])}.",
                hint="the training diverged: train again with a smaller learning rate",
            )
        return bank

    def _bank_of(self, source: keras.Model, networks: Sequence[Sequence[Any]] | None) -> Bank:
        if networks is None:
            return [np.asarray(v)[None] for v in self.model.variables]
        variables = [*source.trainable_variables, *source.non_trainable_variables]
        values = {id(v): np.stack(own) for v, own in zip(variables, zip(*networks))}
        count = len(networks)
        return [
            values.get(id(v), np.repeat(np.asarray(v)[None], count, axis=0))
            for v in self.model.variables
        ]

    def drawn_bank(self, seeds: Sequence[int]) -> Bank:
        """Return the weights that a network from scratch begins with, for every seed."""
        build = models.renewal(self.model, self.input_shape)

        def trainable() -> keras.Model:
            model = build()
            model.trainable = True
            return model

        drawn = train.fresh_weights(trainable, seeds)
        return in_order(drawn, trainable())

    def begun(self, drawn: Bank, kept: Bank | None, *, cut: int) -> Bank:
        """Return networks whose first layers are those of `kept`, the others as drawn."""
        places = self.kept[cut] if kept is not None else frozenset()
        return [
            (kept[i] if kept is not None and i in places else values).astype(values.dtype)
            for i, values in enumerate(drawn)
        ]


def kept_sites(model: keras.Model, x: np.ndarray) -> tuple[models.Site, ...]:
    """Return the blocks, and the layers outside them, in the order they run, without the head."""
    sites = models.find_sites(models.trace(model, x))
    inside = [set(site.calls) for site in sites if site.is_block]
    return tuple(
        site
        for site in sites
        if not site.is_head and not any(set(site.calls) < calls for calls in inside)
    )


def in_order(networks: train.Networks, model: keras.Model) -> Bank:
    """Return weights in the order of `model.variables`."""
    variables: list[Any] = [*model.trainable_variables, *model.non_trainable_variables]
    values = {
        id(v): np.asarray(value)
        for v, value in zip(variables, [*networks.trainable, *networks.non_trainable])
    }
    return [values[id(v)] for v in model.variables]


def by_kind(bank: Bank, model: keras.Model) -> train.Networks:
    """Return weights in the order of the model's trainable and non-trainable variables."""
    place = {id(v): i for i, v in enumerate(model.variables)}
    return train.Networks(
        [np.array(bank[place[id(v)]]) for v in model.trainable_variables],
        [np.array(bank[place[id(v)]]) for v in model.non_trainable_variables],
    )


def rows_of(bank: Bank, rows: Sequence[int] | np.ndarray) -> Bank:
    """Return some of the networks, in this order."""
    chosen = np.asarray(rows, int)
    return [values[chosen] for values in bank]


def joined(banks: Sequence[Bank]) -> Bank:
    """Return networks one after another."""
    return [np.concatenate(values) for values in zip(*banks)]
