"""What the members of a cohort predict, block of rows by block of rows."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from functools import cached_property, partial
from typing import Any

import keras
import numpy as np

from fathom.train import devices
from fathom.train.programs import Asked, outputs_program
from fathom.train.row_blocks import row_block, rows_at_once
from fathom.train.together import NOT_COMPILED, Part, compile_parts


class Outputs:
    """Predicts for members in their slots.

    Args:
        model: The model.
        rows: Rows that are mostly predicted.
        width: Slots there are.
        block: Members that a device takes side by side; None for all of its own.

    Attributes:
        rows: Rows that are predicted at once.
    """

    def __init__(self, model: keras.Model, *, rows: int, width: int, block: int | None) -> None:
        self.rows = rows_at_once(model, rows, members=width)
        self._model, self._width, self._block = model, width, block
        self._program = NOT_COMPILED

    def part(self, asked: Asked, *, name: str | None) -> Part:
        """Return the program that predicts a block of rows, not compiled yet.

        Args:
            asked: What it will be asked, or arrays of those shapes.
            name: All that it depends on; None if that cannot be told.
        """
        make = partial(outputs_program, self._model, block=self._block)
        state, work = devices.shape_of((self._latest, asked), by_member=True)
        return Part(make, state=state, work=work, name=name)

    def wait(self) -> None:
        """Wait until the program is compiled."""
        self._program.wait()

    def of_rows(self, x: Any, asked: Asked) -> Any:
        """Return the outputs by slot, (width, rows, ...): one block's stays on the devices."""
        if len(x) == self.rows:
            return self.of_block(x, asked)
        starts = range(0, len(x), self.rows)
        blocks = [np.asarray(self.of_block(x, asked, start=start)) for start in starts]
        return np.concatenate(blocks, axis=1)[:, : len(x)]

    def of_block(self, x: Any, asked: Asked, *, start: int = 0) -> Any:
        """Return the outputs of the block of rows that begins with `start`, (width, rows, ...).

        One that goes beyond the last row is filled up with it.
        """
        self._latest = self._program.run(self._latest, self._placed(x, start), asked)
        return self._latest

    @cached_property
    def _latest(self) -> Any:
        """The outputs that were computed last: those of members who train no more stay."""
        output: Any = self._model.output
        shape = (self._width, self.rows, *output.shape[1:])
        return devices.place_by_member(np.zeros(shape, output.dtype))

    def _placed(self, x: Any, start: int) -> Any:
        return devices.place_everywhere(row_block(x, start, self.rows))


def compile_outputs(
    outputs: Sequence[Outputs], parts: Sequence[Part], x: Any, executor: Executor
) -> None:
    """Begin to compile how architectures predict, as one those that take as many rows at once."""
    for rows in dict.fromkeys(one.rows for one in outputs):
        those = [place for place, one in enumerate(outputs) if one.rows == rows]
        shape = devices.shape_of(row_block(x, 0, rows), by_member=False)
        asked = [parts[place] for place in those]
        programs = compile_parts("predict", asked, shape, donate=False, executor=executor)
        for place, program in zip(those, programs, strict=True):
            outputs[place]._program = program
