"""Ways through rows, and the programs of an architecture that go them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import jax
import keras
import numpy as np
from jax import dtypes

from fathom.train import devices, hyperparameters
from fathom.train.programs import (
    Judging,
    State,
    Work,
    advance_program,
    evaluate_program,
    weights_of,
)
from fathom.train.rows import Data
from fathom.train.together import Part, Program, compile_parts

ADVANCE, EVALUATE = "advance", "evaluate"


@dataclass(frozen=True)
class Pass:
    """A way through rows, batch by batch.

    Args:
        kind: "advance" or "evaluate".
        batch_size: Rows per step.
        steps: In the order that is on the devices; 0 where rows are taken as they come.
    """

    kind: str
    batch_size: int
    steps: int = 0


class Passes:
    """The programs of one architecture that go through rows.

    Args:
        model: The model, compiled and built for training.
        width: Slots of members.
        block: Members that a device takes side by side.
        varied: Names of the hyperparameters that each member has for itself.
        donate: Whether training uses the members' state up.
        name: All that the programs depend on; None if that cannot be told.
    """

    def __init__(
        self,
        model: keras.Model,
        *,
        width: int,
        block: int,
        varied: Sequence[str],
        donate: bool,
        name: str | None,
    ) -> None:
        self.donate = donate
        self._model, self._width, self._block = model, width, block
        self._varied, self._name = tuple(varied), name
        self._places = hyperparameters.places_in(model)
        self._programs: dict[Any, Program] = {}

    def part(self, one: Pass, state: State) -> Part:
        """Return a program, not compiled yet.

        Args:
            one: The way through the rows.
            state: Shapes of the members' state.
        """
        blocks = devices.shape_of(np.zeros(devices.num_devices(), np.int32), by_member=True)
        span = devices.shape_of(np.zeros(2, np.int32), by_member=False)
        settings = {name: self.by_member((), "float32") for name in self._varied}
        if one.kind == EVALUATE:
            evaluate = partial(evaluate_program, batch_size=one.batch_size)
            judging = Judging(blocks, weights_of(state), span, settings)
            return Part(self._making(evaluate), state.metrics, judging, self._name)
        order = self.by_member((one.steps, one.batch_size), "int32")
        work = Work(blocks, order, span, settings)
        return Part(self._making(advance_program), state, work, self._name)

    def _making(self, program: Callable[..., Any]) -> Callable[[], Any]:
        apply = partial(hyperparameters.applied, self._places)
        return partial(program, self._model, block=self._block, apply=apply)

    def program(self, one: Pass, data: Data, state: State) -> Program:
        """Return the program that goes through rows; one that there is not is compiled now.

        Args:
            one: The way through the rows.
            data: The rows.
            state: The members' state.
        """
        key = one, _form(data)
        if key not in self._programs:
            part = self.part(one, devices.shape_of(state, by_member=True))
            compile_passes([Going(self, one, part)], data, executor=None)
        return self._programs[key]

    def take(self, one: Pass, data: Data, program: Program) -> None:
        """Go through rows of this form by a program."""
        self._programs[one, _form(data)] = program

    def wait(self) -> None:
        """Wait until all that is being compiled is ready, or has failed: who runs it is told."""
        for program in self._programs.values():
            with contextlib.suppress(Exception):
                program.wait()

    def by_member(self, shape: tuple[int, ...], dtype: Any) -> Any:
        """Return the shape of an array with the axes (slot, *shape)."""
        return devices.by_member_shape((self._width, *shape), dtypes.canonicalize_dtype(dtype))


class Going(NamedTuple):
    """An architecture's way through rows, and its program, not compiled yet."""

    passes: Passes
    way: Pass
    part: Part


def compile_passes(those: Sequence[Going], data: Data, *, executor: Executor | None) -> None:
    """Begin to compile how architectures go through the same rows, as one program.

    Args:
        those: What they do, all to train or all to evaluate.
        data: The rows, or their shapes.
        executor: Where it is compiled; None compiles it now.
    """
    kind = those[0].way.kind
    is_training = kind == ADVANCE
    batch_sizes = () if is_training else [str(one.way.batch_size) for one in those]
    programs = compile_parts(
        " ".join([kind, *batch_sizes]),
        [one.part for one in those],
        devices.shape_of(data, by_member=False),
        donate=is_training and all(one.passes.donate for one in those),
        executor=executor,
    )
    for one, program in zip(those, programs, strict=True):
        one.passes.take(one.way, data, program)


def _form(data: Data) -> Any:
    """Return what a program knows of rows: structure, shapes and types."""
    leaves, structure = jax.tree.flatten(data)
    return structure, tuple((leaf.shape, str(leaf.dtype)) for leaf in leaves)
