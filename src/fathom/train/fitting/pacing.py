"""How many steps one call into compiled code takes: about half a second's.

Python cannot act on Ctrl-C, nor show progress, while compiled code runs.
"""

from __future__ import annotations

from fathom.train.fitting.compiled import Program

SECONDS_PER_CALL = 0.4
# Nothing is known of a new program: begin with this many, and grow by at most this factor.
FIRST_STEPS = 2
GROWTH = 64


def affordable_steps(program: Program) -> int:
    """Return how many steps the next call of a program may take."""
    if program.steps == 0:
        return FIRST_STEPS
    affordable = max(1, int(SECONDS_PER_CALL / program.seconds_per_step))
    return min(affordable, program.steps * GROWTH)


def note(program: Program, steps: int, seconds: float) -> None:
    """Remember how long a call took, unless it was too short to tell more than the one before."""
    if steps * GROWTH > program.steps:
        program.seconds_per_step = max(seconds, 1e-9) / steps
        program.steps = steps
