"""Programs of several architectures, compiled as one.

XLA compiles kernel by kernel, and equal kernels of one program only once. Networks
that differ in depth alone are made of the same kernels: one program of four depths
compiles in little more than the time of one. A call computes one of them; the others
take no step.
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


class Part(NamedTuple):
    """An architecture's program, not compiled yet.

    Args:
        make: Makes the function from `(state, data, work)` to the state; with work of
            zeros it does nothing.
        state: Shapes of its state.
        work: Shapes of what else it takes.
        name: All that it depends on beside its arguments; None if that cannot be told.
    """

    make: Callable[[], Callable[[Any, Any, Any], Any]]
    state: Any
    work: Any
    name: str | None


class Program(NamedTuple):
    """What an architecture does, in a program that others may share.

    Args:
        together: The program.
        place: Of the architecture in it.
    """

    together: Together
    place: int

    def wait(self) -> None:
        """Wait until it is compiled."""
        self.together.wait()

    def run(self, state: Any, data: Any, work: Any) -> Any:
        """Return the state afterwards; a donated one is used up."""
        return self.together.run(self.place, state, data, work)


def compile_parts(
    kind: str, parts: Sequence[Part], data: Any, *, donate: bool, executor: Executor | None
) -> list[Program]:
    """Begin to compile the programs of architectures as one, and return each one's.

    Args:
        kind: What they do, such as "advance".
        parts: The architectures.
        data: Shapes of what all of them read.
        donate: Whether the memory of the states is taken over. Otherwise every call
            copies those of all architectures.
        executor: Where it is compiled; None compiles it now.
    """
    together = Together(kind, parts, data, donate=donate)
    together.compile(executor)
    return [Program(together, place) for place in range(len(parts))]


class Together:
    """A program of each of some architectures, as one; see `compile_parts`."""

    def __init__(self, kind: str, parts: Sequence[Part], data: Any, *, donate: bool) -> None:
        self._kind, self._parts, self._data = kind, tuple(parts), data
        self._donate = donate
        self._compiling: Future[Any] | None = None
        self._idle: dict[int, Any] = {}
        self._rest: dict[int, Any] = {}

    def compile(self, executor: Executor | None) -> None:
        """Begin to compile; without an executor, compile now."""
        if executor is None:
            self._compiling = Future()
            self._compiling.set_result(self._compiled())
        else:
            self._compiling = executor.submit(self._compiled)

    def wait(self) -> Any:
        """Wait until the program is compiled, and return it; nothing begins to compile."""
        if self._compiling is None:
            raise RuntimeError("a program is compiled before it is run")
        return self._compiling.result()

    def run(self, place: int, state: Any, data: Any, work: Any) -> Any:
        """Compute one architecture, and return its state; a donated one is used up."""
        program = self.wait()
        places = range(len(self._parts))
        others = [other for other in places if other != place]
        states, works = self._idle | {place: state}, self._rest | {place: work}
        found = program(tuple(states[i] for i in places), data, tuple(works[i] for i in places))
        if self._donate:
            self._idle |= {other: found[other] for other in others}
        return found[place]

    def _compiled(self) -> Any:
        """Compile, and make the states and work with which architectures take no step."""
        if len(self._parts) > 1:
            self._idle = {place: _zeros(part.state) for place, part in enumerate(self._parts)}
            self._rest = {place: _zeros(part.work) for place, part in enumerate(self._parts)}
        names = [part.name for part in self._parts]
        return program_cache.compiled(
            partial(_joined, [part.make for part in self._parts]),
            (
                tuple(part.state for part in self._parts),
                self._data,
                tuple(part.work for part in self._parts),
            ),
            name=" ".join([self._kind, *map(str, names)]) if all(names) else None,
            donate=(0,) if self._donate else (),
            tracing=TRACING,
        )


NOT_COMPILED = Program(Together("nothing", [], None, donate=False), 0)


def _joined(makers: Sequence[Callable[[], Any]]) -> Any:
    """Return the function that computes each architecture, from their states to their states."""
    functions = [make() for make in makers]

    def every(states: tuple[Any, ...], data: Any, works: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(
            function(state, data, work)
            for function, state, work in zip(functions, states, works, strict=True)
        )

    return every


def _zeros(shapes: Any) -> Any:
    return jax.tree.map(
        lambda shape: jax.device_put(np.zeros(shape.shape, shape.dtype), shape.sharding), shapes
    )
