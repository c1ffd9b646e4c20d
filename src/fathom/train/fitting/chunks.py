"""Taking the steps of a slab: compiled calls that are short, and survive Ctrl-C.

Of a small model the arrays before a call stay, so an interrupted call
changes nothing. A large one hands its memory over to the call, which Ctrl-C
then does not reach.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras
import numpy as np

from fathom.train.fitting.compiled import Program, Programs
from fathom.train.fitting.failures import explaining
from fathom.train.fitting.slabs import Slab
from fathom.train.fitting.steps import Outcome
from fathom.train.uninterrupted import Uninterrupted

# Variables that take more than this are not held twice.
DONATED_BYTES = 64 * 2**20


@dataclass(frozen=True)
class Chunk:
    """Steps that were taken in one call.

    Args:
        steps: How many.
        results: What the program says of the metrics.
        asked: How many were asked for; more than `steps` if the loss was not finite.
    """

    steps: int
    results: Any
    asked: int

    @property
    def halted(self) -> bool:
        """Whether the program stopped by itself."""
        return self.steps < self.asked


class Walker:
    """Walks through slabs with one kind of program, and holds the arrays as they change.

    Args:
        model: What is trained or tested.
        programs: The model's.
        name: Which program, with all its settings.
        make: Returns the function to compile.
        donate: Whether a call takes over the memory of the weights.
    """

    def __init__(
        self,
        model: keras.Model,
        programs: Programs,
        name: str,
        make: Callable[[], Any],
        *,
        donate: bool,
    ) -> None:
        self._model = model
        self._programs = programs
        self._name = name
        self._make = make
        self._donate = (1,) if donate else ()
        self._uninterrupted = Uninterrupted() if donate else None
        self._fixed: Any = []
        self.weights: Any = None
        self.metrics: list[Any] = []
        self.before: Any = None  # the trainable arrays before the last step, if remembered

    def begin(self, weights: Any, metrics: list[Any], *, fixed: Any = ()) -> None:
        """Hold these arrays, of which `fixed` do not change."""
        self._fixed, self.weights, self.metrics = list(fixed), weights, metrics

    def compile(self, slab: Slab) -> Program:
        """Return the program for a slab, compiled if need be.

        Raises:
            FathomError: The model cannot be traced, or the data do not fit it.
        """
        arguments = (
            self._fixed,
            self.weights,
            self.metrics,
            slab.batches,
            np.int32(0),
            np.int32(0),
        )
        with explaining(self._model, slab.batches, batch_axes=2):
            return self._programs.program(self._name, self._make, arguments, donate=self._donate)

    def walk(self, slab: Slab, pause: Callable[[int, int], int]) -> Iterator[Chunk]:
        """Take all steps of a slab, a call at a time.

        Args:
            slab: The batches.
            pause: From the slab's next step and the step wanted next to the
                step at which the call ends.
        """
        program, step = self.compile(slab), 0
        while step < slab.steps:
            affordable = program.pace.affordable_steps()
            stop = pause(step, min(slab.steps, step + affordable))
            chunk = self._call(program, slab, step, stop)
            yield chunk
            step = slab.steps if chunk.halted else stop

    def _call(self, program: Program, slab: Slab, start: int, stop: int) -> Chunk:
        began = time.perf_counter()
        outcome = self._run(program, slab, start, stop)
        reached = int(outcome.step)  # waits until the call is done
        program.pace.note(reached - start, time.perf_counter() - began)
        return Chunk(reached - start, outcome.results, stop - start)

    def _run(self, program: Program, slab: Slab, start: int, stop: int) -> Outcome:
        advance = partial(self._advance, program, slab, start, stop)
        return advance() if self._uninterrupted is None else self._uninterrupted(advance)

    def _advance(self, program: Program, slab: Slab, start: int, stop: int) -> Outcome:
        outcome = program.call(
            self._fixed,
            self.weights,
            self.metrics,
            slab.batches,
            np.int32(start),
            np.int32(stop),
        )
        self.weights, self.metrics = outcome.weights, outcome.metrics
        self.before = outcome.before
        return outcome
