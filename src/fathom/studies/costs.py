"""What a prediction costs: operations, and milliseconds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from statistics import median
from typing import Any

import jax
import numpy as np

from fathom import measure, models
from fathom.errors import ModelError
from fathom.specs import LatencyRecord, ModelSpec
from fathom.studies.timing import least_time, seconds_of
from fathom.train import Cohort

# A latency is the median of calls that take so long together, but for their number's limits.
MEASURED_SECONDS = 0.05
FEWEST_CALLS, MOST_CALLS = 5, 200
# What compiling the program of one row takes, about.
COMPILING_SECONDS = 0.25
SMALL = 0.05


def flops_per_row(model: Any, x: np.ndarray) -> int:
    """Return the floating-point operations of a prediction for one row.

    Args:
        model: A built model; its variables may hold no values.
        x: Inputs (rows, ...); only shape and dtype matter.
    """
    program = models.trace(model, x).program
    return sum(measure.flops_by_scope(program, models.SCOPE).values())


def batch_ms(population: Cohort) -> float:
    """Return the milliseconds that a device takes for a row of one member, in batches.

    The batch is the validation rows, and members share the devices, as they do in a study.
    """
    return 1000 * least_time(population.rehearse_validation) / population.rows_rehearsed


def compiled_row(network: ModelSpec, x: np.ndarray) -> Callable[[], Callable[[], object]]:
    """Return what compiles a network's prediction of one row, and gives the call of it.

    The weights are made up: how long a prediction takes does not depend on them. Keras
    builds here and now, so that what is returned may run in another thread.

    Args:
        network: The architecture.
        x: Inputs (rows, ...), of which the first is predicted.
    """
    model = _built(network)
    generator = np.random.default_rng(0)
    trainable = [
        SMALL * generator.standard_normal(variable.shape, "float32")
        for variable in model.trainable_variables
    ]
    non_trainable = [np.ones(v.shape, v.dtype) for v in model.non_trainable_variables]
    weights = [trainable, non_trainable]

    def compile_call() -> Callable[[], object]:
        placed, row = jax.device_put(weights), jax.device_put(np.asarray(x[:1]))
        predict = jax.jit(lambda held, one: models.stateless_outputs(model, held[0], held[1], one))
        program = predict.lower(placed, row).compile()
        return lambda: jax.block_until_ready(program(placed, row))

    return compile_call


def _built(network: ModelSpec) -> Any:
    """Return the model without values, or with, where building looks at them."""
    try:
        with models.without_values():
            return models.build(network)
    except (ModelError, ValueError):
        return models.build(network)


def latency_ms(call: Callable[[], object]) -> float:
    """Return the milliseconds of a call: the median of some, after one that counts for nothing."""
    call()
    first = seconds_of(call)
    calls = round(MEASURED_SECONDS / max(first, 1e-9))
    return 1000 * median(seconds_of(call) for _ in range(min(max(calls, FEWEST_CALLS), MOST_CALLS)))


@dataclass(frozen=True)
class Latencies:
    """Networks whose prediction of one row is being compiled.

    Args:
        waiting: Each network, and its call once it is compiled.
    """

    waiting: tuple[tuple[ModelSpec, Future[Callable[[], object]]], ...]

    @classmethod
    def begin(cls, networks: Sequence[ModelSpec], x: np.ndarray, executor: Executor) -> Latencies:
        """Compile in the background.

        Args:
            networks: The architectures.
            x: Inputs (rows, ...).
            executor: Where it is done.
        """
        return cls(tuple((n, executor.submit(compiled_row(n, x))) for n in networks))

    def records(self) -> list[LatencyRecord]:
        """Measure one after the other, when nothing else is to do."""
        calls = [(network, call.result()) for network, call in self.waiting]
        return [
            LatencyRecord(depth=network.depth, width=network.width, milliseconds=latency_ms(call))
            for network, call in calls
        ]
