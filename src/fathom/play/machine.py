"""A network's programs, compiled once and shared by every experiment that can use them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from functools import cached_property
from typing import Any

import jax

from fathom.play import health, programs
from fathom.play.classic import ClassicNetwork
from fathom.play.experiment import Experiment
from fathom.play.materials import Material
from fathom.play.modern import ModernNetwork
from fathom.play.network import Network

MOST_KEPT = 24


class Machine:
    """The compiled programs of one network; each compiles when it is first called.

    Args:
        network: What they compute.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self.lock = threading.Lock()
        self._losses: dict[tuple[int, ...], Any] = {}

    @cached_property
    def advance(self) -> Any:
        """`programs.advance_function`."""
        return jax.jit(programs.advance_function(self.network))

    @cached_property
    def advance_members(self) -> Any:
        """The same for members on axis 0 of the state."""
        over = (0, None, None, None, None, None, None, None)
        return jax.jit(jax.vmap(programs.advance_function(self.network), in_axes=over))

    @cached_property
    def score(self) -> Any:
        """`programs.score_function`."""
        return jax.jit(programs.score_function(self.network))

    @cached_property
    def score_members(self) -> Any:
        """The same for members on axis 0 of the state."""
        function = programs.score_function(self.network)
        return jax.jit(jax.vmap(function, in_axes=(0, None, None)))

    @cached_property
    def pictures(self) -> Any:
        """`programs.picture_function`."""
        return jax.jit(programs.picture_function(self.network), static_argnames="as_bytes")

    @cached_property
    def answers(self) -> Any:
        """From `(state, x)` to the last layer's outputs (k, rows)."""
        return jax.jit(lambda state, x: self.network.units(state, x)[-1].T)

    @cached_property
    def one_unit(self) -> Any:
        """From `(state, x, unit)` to the outputs (rows,) of one unit after the input."""

        def outputs(state: Any, x: Any, unit: Any) -> Any:
            return programs.picture_function(self.network)(state, x, as_bytes=False)[unit]

        return jax.jit(outputs)

    @cached_property
    def output_members(self) -> Any:
        """From `(state, x)` of members to the last layer's outputs (member, rows, k)."""

        def outputs(state: Any, x: Any) -> Any:
            return self.network.units(state, x)[-1]

        return jax.jit(jax.vmap(outputs, in_axes=(0, None)))

    @cached_property
    def is_finite(self) -> Any:
        """`programs.is_finite`."""
        return jax.jit(programs.is_finite)

    @cached_property
    def anatomy(self) -> Any:
        """`programs.anatomy_function`."""
        return jax.jit(programs.anatomy_function(self.network))

    def loss_along(self, parameters: tuple[int, ...]) -> Any:
        """Return `programs.loss_function` along values of these trainable arrays, compiled."""
        if parameters not in self._losses:
            function = programs.loss_function(self.network, parameters)
            self._losses[parameters] = jax.jit(programs.over_points(function))
        return self._losses[parameters]

    @cached_property
    def health(self) -> Any:
        """`health.health_function`."""
        return jax.jit(health.health_function(self.network))


_kept: OrderedDict[tuple[Any, ...], Machine] = OrderedDict()
_keeping = threading.Lock()


def machine_for(experiment: Experiment, material: Material, inputs: tuple[str, ...]) -> Machine:
    """Return the machine of an experiment's network, the same one for the same network.

    Raises:
        SpecError: Output, loss and data do not go together.
    """
    key = structure_key(experiment, material, inputs)
    with _keeping:
        found = _kept.get(key)
        if found is not None:
            _kept.move_to_end(key)
            return found
    made = Machine(_network(experiment, material, inputs))
    with _keeping:
        _kept[key] = made
        while len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)
    return made


def _network(experiment: Experiment, material: Material, inputs: tuple[str, ...]) -> Network:
    if experiment.is_classic:
        return ClassicNetwork(
            experiment, inputs=inputs, is_classification=material.is_classification
        )
    return ModernNetwork(experiment, material, inputs)


def structure_key(
    experiment: Experiment, material: Material, inputs: tuple[str, ...]
) -> tuple[Any, ...]:
    """Return what two experiments share if one program serves both."""
    settings = experiment.optimizer.items()
    optimizer = tuple(sorted((key, value) for key, value in settings if key != "learning_rate"))
    has_moments = any(layer.normalization == "batch" for layer in experiment.network.layers)
    return (
        experiment.mode,
        experiment.network,
        None if experiment.is_classic else (experiment.loss, optimizer),
        experiment.batch_size if has_moments else None,
        experiment.init_zero,
        inputs,
        (material.task, material.labels, material.classes),
    )
