"""Training programs of several architectures, compiled as one.

XLA compiles kernel by kernel, and equal kernels of one program only once. Networks
that differ in depth alone are made of the same kernels: one program of four depths
compiles in little more than the time of one. A call trains one of them; the loops of
the others take no step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from functools import partial
from typing import Any, NamedTuple

import jax
import numpy as np

from fathom.train import program_cache
from fathom.train.compiling import TRACING
from fathom.train.programs import State, Work


class Trainable(NamedTuple):
    """An architecture's training program, not compiled yet.

    Args:
        make: Makes the `advance_program`.
        state: Shapes of its state.
        work: Shapes of its work.
        name: All that it depends on beside its arguments; None if that cannot be told.
    """

    make: Callable[[], Any]
    state: State
    work: Work
    name: str | None


class Together:
    """The training programs of architectures that learn from the same data, as one.

    The memory of the states is taken over: otherwise every call would copy those of
    all architectures.

    Args:
        parts: The architectures.
        data: Shapes of the data.
    """

    def __init__(self, parts: Sequence[Trainable], data: Any) -> None:
        self._parts, self._data = tuple(parts), data
        self._compiling: Future[Any] | None = None
        self._idle: dict[int, State] = {}
        self._rest: dict[int, Work] = {}

    def compile(self, executor: Executor) -> None:
        """Begin to compile."""
        self._compiling = executor.submit(self._compiled)

    def wait(self) -> Any:
        """Wait until the program is compiled, and return it; nothing begins to compile."""
        if self._compiling is None:
            raise RuntimeError("a cohort is compiled before it trains")
        return self._compiling.result()

    def advance(self, place: int, state: State, data: Any, work: Work) -> State:
        """Train one architecture, and return its state; the one that was given is used up."""
        program = self.wait()
        places = range(len(self._parts))
        others = [other for other in places if other != place]
        self._let_rest(others)
        states, works = self._idle | {place: state}, self._rest | {place: work}
        found = program(tuple(states[i] for i in places), data, tuple(works[i] for i in places))
        self._idle |= {other: found[other] for other in others}
        return jax.block_until_ready(found[place])

    def _let_rest(self, others: Sequence[int]) -> None:
        """See that there are states and work with which others take no step."""
        for other in others:
            if other not in self._idle:
                self._idle[other] = _zeros(self._parts[other].state)
                self._rest[other] = _zeros(self._parts[other].work)

    def _compiled(self) -> Any:
        names = [part.name for part in self._parts]
        return program_cache.compiled(
            partial(_joined, [part.make for part in self._parts]),
            (
                tuple(part.state for part in self._parts),
                self._data,
                tuple(part.work for part in self._parts),
            ),
            name=" ".join(["advance", *map(str, names)]) if all(names) else None,
            donate=(0,),
            tracing=TRACING,
        )


def _joined(makers: Sequence[Callable[[], Any]]) -> Any:
    """Return the function that trains each architecture, from their states to their states."""
    functions = [make() for make in makers]

    def advance(states: tuple[State, ...], data: Any, works: tuple[Work, ...]) -> tuple[State, ...]:
        return tuple(
            function(work.blocks, state, data, work.order, work.span, work.settings)
            for function, state, work in zip(functions, states, works, strict=True)
        )

    return advance


def _zeros(shapes: Any) -> Any:
    return jax.tree.map(
        lambda shape: jax.device_put(np.zeros(shape.shape, shape.dtype), shape.sharding), shapes
    )
