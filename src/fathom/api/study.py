"""A stored study in the hand: verdict, table, figures, report, best model."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fathom.api.asking import reloaded, study_spec
from fathom.api.best import best_model
from fathom.api.results import as_page, as_table, begun_by
from fathom.api.running import PREPROCESSING, stream_resumed, stream_study
from fathom.errors import DataError
from fathom.specs import StudyRecord, VerdictRecord, several, typed
from fathom.store import Store, StoredStudy, default_name, store_of
from fathom.studies import Event, StudyResult, artifact_name, pareto_front

if TYPE_CHECKING:
    import keras
    import numpy as np
    import plotly.graph_objects as go
    import polars as pl

    from fathom.data import Dataset, Preprocessing


class Study:
    """A study that is kept in a store.

    Args:
        stored: The study in its store.
    """

    def __init__(self, stored: StoredStudy) -> None:
        self._stored = stored

    @property
    def name(self) -> str:
        """The study's name in its store."""
        return self._stored.name

    @property
    def folder(self) -> Path:
        """The folder that holds the study."""
        return self._stored.folder

    @cached_property
    def result(self) -> StudyResult:
        """All records, sorted by kind."""
        return StudyResult.from_records(self._stored.records())

    @property
    def verdict(self) -> VerdictRecord | None:
        """The chosen depth and why; None if the study is unfinished."""
        return self.result.verdict

    @cached_property
    def plot(self) -> Plots:
        """The study's figures."""
        return Plots(self.result)

    def table(self) -> pl.DataFrame:
        """Return a row per architecture, at its best learning rate."""
        return as_table(map(_flat, self.result.rows()))

    @typed
    def pareto(self, cost: str = "parameters") -> pl.DataFrame:
        """Return the architectures that score more than every cheaper one, the cheapest first.

        Args:
            cost: "parameters", "flops", "latency_ms", "batch_ms", "train_seconds" or "bytes".

        Raises:
            UnknownNameError: There is no such cost; the message lists those there are.
        """
        return as_table(map(_flat, pareto_front(self.result.rows(), cost)))

    def comparisons(self) -> pl.DataFrame:
        """Return every other architecture against the chosen one, on the same test rows.

        A row has the difference of the mean test scores, positive where the other is better,
        with its 95% interval; the probability that the other is better; and whether the
        difference is clear when all comparisons must hold at once.
        """
        found = self.verdict.comparisons if self.verdict else ()
        return as_table(map(asdict, found))

    @typed
    def report(self, path: str | Path | None = None) -> str:
        """Return the study as one self-contained HTML page, and write it to `path` if given.

        Raises:
            StoreError: `path` cannot be written.
        """
        from fathom import report

        return as_page(report.page(self.result, notices=self._stored.notices), path)

    def best_model(self) -> keras.Model:
        """Return the best network of the chosen depth, compiled, as a `keras.Model`.

        Of the chosen depth and learning rate's seeds it is the one with the
        lowest validation loss.

        Raises:
            ModelError: The study has no chosen depth.
        """
        row = self.result.verdict
        depth, width = (row.depth, row.width) if row else (None, None)
        arrays = (
            self._stored.weights(artifact_name(depth, width))
            if depth is not None and width is not None
            else {}
        )
        return best_model(self.result, arrays)

    def preprocessing(self) -> Preprocessing | None:
        """Return what was fitted on the training rows; None if inputs were used as they are."""
        if not self._stored.has(PREPROCESSING):
            return None
        from fathom.data import Preprocessing

        return Preprocessing.from_bytes(self._stored.file(PREPROCESSING))

    def predict(self, rows: Any) -> np.ndarray:
        """Return predictions for new rows: class names, or values in the target's units.

        Args:
            rows: A file, dataframe or array with the columns of the study's data.

        Raises:
            DataError: The rows do not have the study's columns.
        """
        preprocessing = self.preprocessing()
        if preprocessing is None:
            raise DataError(f"{self.name} was stored without its preprocessing.")
        inputs = preprocessing.transform(rows).x
        model: Any = self.best_model()
        return preprocessing.labels(model.predict(inputs, verbose=0))

    def _repr_html_(self) -> str:
        from fathom import report

        return report.study_cell(self.result)

    def __repr__(self) -> str:
        verdict = self.verdict
        found = "unfinished" if verdict is None else f"depth {verdict.depth}"
        return f"<Study {self.name}: {found}, {len(self.result.runs)} trainings>"


class Plots:
    """A study's figures, each a `plotly.graph_objects.Figure`."""

    def __init__(self, result: StudyResult) -> None:
        self._result = result

    def depth_curve(self) -> go.Figure:
        """Score against depth, with intervals and the verdict."""
        from fathom import report

        return report.depth_curve(self._result)

    def learning_rates(self) -> go.Figure:
        """Validation score by learning rate and depth."""
        from fathom import report

        return report.learning_rates(self._result)

    def learning_curves(self) -> go.Figure:
        """Training and validation loss by epoch."""
        from fathom import report

        return report.learning_curves(self._result)

    def gradient_flow(self) -> go.Figure | None:
        """Gradient that reaches each layer, by depth; None where no two layers were watched."""
        from fathom import report

        return report.gradient_flow(self._result)

    def layer_health(self) -> go.Figure | None:
        """Dead and saturated units by layer and depth; None where neither was measured."""
        from fathom import report

        return report.layer_health(self._result)

    def cost(self) -> go.Figure:
        """Parameters and training time against score."""
        from fathom import report

        return report.cost(self._result)

    def shallow_against_deep(self) -> go.Figure | None:
        """Score against parameters by depth; None where one width was tried."""
        from fathom import report

        return report.shallow_against_deep(self._result)


@typed
def study(
    data: Any,
    *,
    target: str | None = None,
    name: str | None = None,
    store: Store | str | Path | None = None,
    on_event: Callable[[Event], None] | None = None,
    seed: int = 0,
    ray: bool | str = False,
    **options: Any,
) -> Study:
    """Find out how deep a network the data need.

    Every depth is trained at every learning rate from every seed, as
    populations; the rate is chosen per depth on the validation split; the
    verdict is the shallowest depth within one standard error of the best.

    Args:
        data: A `Dataset`, or whatever `fathom.load` takes.
        target: The target column, where `data` is a table.
        name: The study's name; made from the data's name and the time if None.
        store: A store or its folder; `$FATHOM_STORE` or `fathom-runs/` if None.
        on_event: Called with every record and progress as it happens.
        seed: Of the split and of the first member.
        ray: Whether architectures train on a Ray cluster, started here; or the address
            of one that runs, such as "10.0.0.5:6379" or "auto". The table is the same.
        **options: As in `fathom.study_spec`: `depths`, `widths`, `seeds`,
            `learning_rates`, `family`, `epochs` and the others.

    Returns:
        The stored study.

    Raises:
        FathomError: Something cannot be used as it is; nothing was trained.

    Example:
        >>> import fathom
        >>> study = fathom.study("iris", depths=[0, 1], seeds=2, epochs=5)  # doctest: +SKIP
        >>> study.verdict.depth  # doctest: +SKIP
        0
    """
    started = time.perf_counter()
    dataset = _dataset(data, target=target, seed=seed)
    spec = study_spec(dataset, seed=seed, **options)
    kept_in = store_of(store)
    wanted = name or default_name(dataset.name)
    events = stream_study(spec, dataset, name=wanted, store=kept_in, started=started, ray=ray)
    return Study(kept_in.open(begun_by(events, StudyRecord, on_event=on_event).name))


@typed
def resume(
    name: str,
    *,
    data: Dataset | None = None,
    store: Store | str | Path | None = None,
    depths: int | Iterable[int] = (),
    widths: int | Iterable[int] = (),
    on_event: Callable[[Event], None] | None = None,
    ray: bool | str = False,
) -> Study:
    """Go on with a study that stopped, or add depths and widths to one that ended.

    What was tested is not trained again; the study ends with the same table
    and the same weights as if it had never stopped.

    Args:
        name: The study's name in its store.
        data: The `Dataset` it was begun on; None reads its source again.
        store: A store or its folder; `$FATHOM_STORE` or `fathom-runs/` if None.
        depths: Depths to add.
        widths: Widths to add.
        on_event: Called with every record and progress as it happens, those
            that were told before the stop first.
        ray: As for `study`.

    Raises:
        UnknownNameError: There is no such study.
        DataError: The data are not those the study was begun on.
        StoreError: Another process is writing the study.
    """
    kept_in = store_of(store)
    dataset = reloaded(kept_in.open(name)) if data is None else data
    events = stream_resumed(
        name, dataset, store=kept_in, depths=several(depths), widths=several(widths), ray=ray
    )
    return Study(kept_in.open(begun_by(events, StudyRecord, on_event=on_event).name))


@typed
def open_study(name: str, *, store: Store | str | Path | None = None) -> Study:
    """Return a study that was stored before.

    Raises:
        UnknownNameError: There is no such study; the message lists those there are.
    """
    kept_in = store_of(store)
    return Study(kept_in.open(name))


def _dataset(data: Any, *, target: str | None, seed: int) -> Dataset:
    from fathom.data import Dataset, load

    return data if isinstance(data, Dataset) else load(data, target=target, seed=seed)


def _flat(row: Any) -> dict[str, Any]:
    test = row.test
    return {
        "depth": row.depth,
        "width": row.width,
        "parameters": row.parameters,
        "learning_rate": row.learning_rate,
        "validation_mean": row.validation.mean,
        "validation_se": row.validation.se,
        "seeds": row.validation.n,
        "test_mean": test.mean if test else None,
        "test_low": test.low if test else None,
        "test_high": test.high if test else None,
        "diverged": row.diverged,
        "dropped": row.dropped,
        "gradient_ratio": row.gradient_ratio,
        "train_seconds": row.train_seconds,
        "bytes": row.bytes,
        "flops": row.flops,
        "latency_ms": row.latency_ms,
        "batch_ms": row.batch_ms,
        "best_epoch": row.best_epoch,
    }
