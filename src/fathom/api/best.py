"""The model that a study recommends, as an ordinary Keras model."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from fathom.errors import ModelError
from fathom.specs import RunRecord
from fathom.studies import DepthRow, StudyResult, allowed

if TYPE_CHECKING:
    import keras


def best_row(result: StudyResult) -> DepthRow:
    """Return the row of the verdict's depth.

    Raises:
        ModelError: The study has no verdict, or found that nothing was learned.
    """
    verdict = result.verdict
    if verdict is None or verdict.depth is None:
        what = "is not finished" if verdict is None else f"chose none: {why_none(result)}"
        raise ModelError(
            f"Only a study with a chosen depth has a best model. {result.header.name} {what}.",
            hint="read its verdict with `fathom runs show`",
        )
    key = (verdict.depth, verdict.width)
    return next(row for row in result.rows() if (row.depth, row.width) == key)


def why_none(result: StudyResult) -> str:
    """Return why a finished study chose no depth, in words."""
    fits = allowed(result.rows(), result.spec)
    return "no depth learned anything" if fits else "no network keeps within its limits"


def best_run(result: StudyResult) -> RunRecord:
    """Return the run of the verdict's depth and rate with the lowest validation loss."""
    runs = [run for run in result.runs_at_best(best_row(result)) if run.best_epoch]
    return min(runs, key=lambda run: (run.validation_loss, run.seed))


def best_model(result: StudyResult, arrays: Mapping[str, np.ndarray]) -> keras.Model:
    """Return the best run's model, from the weights kept of its architecture."""
    from fathom import models, train

    run = best_run(result)
    network = result.spec.model.at(depth=run.depth, width=run.width)
    prefix = f"kept/{run.seed}/"
    values = [arrays[name] for name in sorted(arrays) if name.startswith(prefix)]
    model = train.build_with_values(partial(models.build, network), values)
    return models.ready_to_use(
        model,
        task=network.task,
        optimizer=result.spec.train.optimizer,
        learning_rate=run.learning_rate,
    )


def best_model_bytes(result: StudyResult, arrays: Mapping[str, np.ndarray]) -> bytes:
    """Return the best run's model as the bytes of a `.keras` file."""
    from fathom import models

    return models.model_bytes(best_model(result, arrays))
