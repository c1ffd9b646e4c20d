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

# Bytes of members' variables, which every program that is compiled with others holds once more.
SMALL = 64 * 2**20


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

    Programs that train are compiled as one, and so are those that evaluate, which takes
    little longer than one of them where the populations differ in depth alone. Members
    learn what they learn without it, bit for bit. Of large ones whole batches and the rest
    of the rows are programs of their own: as one they would hold the members twice.

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
    for those in _together(crews, rows_trained or num_rows(rows), validation):
        data = validation if those[0].way.kind == EVALUATE else rows
        compile_passes(those, data, executor=executor)
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


def _together(
    crews: Sequence[tuple[Crew, Parked]], rows: int, validation: Data | None
) -> list[list[Going]]:
    """Return how the crews go through the rows, in lists of what is compiled as one."""
    found: dict[Any, list[Going]] = defaultdict(list)
    for crew, members in crews:
        state = crew.state_shapes(members)
        is_small = sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(state)) <= SMALL
        for way in crew.ways(rows, validation and num_rows(validation)):
            going = Going(crew.passes, way, crew.passes.part(way, state))
            found[way.kind if is_small else way].append(going)
    return list(found.values())


def _shapes(data: Any) -> Any:
    """Return arrays' shapes, and their types as they are on the devices."""
    return jax.tree.map(
        lambda a: jax.ShapeDtypeStruct(a.shape, dtypes.canonicalize_dtype(a.dtype)), data
    )
