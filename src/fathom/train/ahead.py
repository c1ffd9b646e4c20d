"""What populations will run, compiled before they run it, in the background and as one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import Executor
from typing import Any

import jax
from jax import dtypes

from fathom.train.crew import Crew, Parked
from fathom.train.passes import EVALUATE, Going, compile_passes
from fathom.train.population import Population
from fathom.train.rows import Data, num_rows


def compile_ahead(
    populations: Sequence[Population],
    executor: Executor,
    x: Any,
    y: Any = None,
    *,
    validation_data: Any = None,
    batch_size: int = 32,
    sample_weight: Any = None,
    rows_trained: int | None = None,
    predicted: Any = None,
) -> None:
    """Begin to compile what these populations run when they train on such data.

    Programs that go through the rows in the same way are compiled as one, which takes
    little longer than one of them where the populations differ in depth alone. Members
    learn what they learn without it, bit for bit.

    Args:
        populations: Who will train.
        executor: Where it is compiled.
        x: Inputs, as for `train`, like all that follows.
        y: Targets.
        validation_data: `(x, y)` or `(x, y, sample_weight)`.
        batch_size: Rows per step, for members that have none of their own.
        sample_weight: Weights of the rows.
        rows_trained: As many of the rows as each member sees, where `train` is given
            `rows_of_seed`.
        predicted: Inputs that members will be asked to predict for, if any.

    Raises:
        DataError: The data do not fit each other, a model or the memory.
        SpecError: A setting is outside what it may be.
    """
    ready = [
        population._made_ready(
            x, y, sample_weight, validation_data=validation_data, batch_size=batch_size
        )
        for population in populations
    ]
    rows, validation = map(_shapes, ready[0])  # of the same data for all
    crews = [crew for population in populations for crew in population._crews()]
    for kind, those in _by_kind(crews, rows_trained or num_rows(rows), validation).items():
        compile_passes(those, validation if kind == EVALUATE else rows, executor=executor)
    for crew, members in crews:
        crew.compile_results(executor)
        if predicted is not None:
            crew.compile_prediction(members, predicted, executor)


def wait_for_programs(population: Population) -> None:
    """Wait until what is being compiled for a population is ready, or has failed.

    What has failed is told of by training.
    """
    for crew, _ in population._crews():
        crew.wait()


def _by_kind(
    crews: Sequence[tuple[Crew, Parked]], rows: int, validation: Data | None
) -> dict[str, list[Going]]:
    """Return how the crews go through the rows, training apart from evaluating."""
    found: dict[str, list[Going]] = defaultdict(list)
    for crew, members in crews:
        state = crew.state_shapes(members)
        for way in crew.ways(rows, validation and num_rows(validation)):
            found[way.kind].append(Going(crew.passes, way, crew.passes.part(way, state)))
    return found


def _shapes(data: Any) -> Any:
    """Return arrays' shapes, and their types as they are on the devices."""
    return jax.tree.map(
        lambda a: jax.ShapeDtypeStruct(a.shape, dtypes.canonicalize_dtype(a.dtype)), data
    )
