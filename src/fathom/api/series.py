"""Several studies that answer one question: over splits, and over a setting's values."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fathom.api.asking import study_spec
from fathom.api.best import best_model
from fathom.api.results import as_page, as_table, begun_by
from fathom.api.series_drawing import Load, drawing, reloading
from fathom.api.series_running import (
    SeriesBegins,
    SeriesEvent,
    planned_series,
    series_result,
    stream_resumed_series,
    stream_series,
)
from fathom.api.study import Study
from fathom.errors import ModelError, SpecError
from fathom.specs import SeriesVerdict, VerdictRecord, several, typed
from fathom.store import (
    SeriesSummary,
    Store,
    StoredSeries,
    default_name,
    store_of,
)
from fathom.studies import artifact_name
from fathom.studies.series import (
    Asked,
    Cell,
    SeriesResult,
    asked,
    checked,
    probabilities,
    setting,
)

if TYPE_CHECKING:
    import keras
    import plotly.graph_objects as go
    import polars as pl


class Sweep:
    """A series of studies that answer one question together, kept in a store.

    Args:
        stored: The series in its store.
    """

    def __init__(self, stored: StoredSeries) -> None:
        self._stored = stored

    @property
    def name(self) -> str:
        """The sweep's name in its store."""
        return self._stored.name

    @property
    def folder(self) -> Path:
        """The folder that holds its studies."""
        return self._stored.folder

    @cached_property
    def result(self) -> SeriesResult:
        """What its finished studies found, together."""
        return series_result(self._stored)

    @property
    def studies(self) -> dict[str, Study]:
        """Its studies that have begun, by name, in the order they ran."""
        begun = {study.name for study in self._stored.store.list()}
        return {
            member.name: Study(self._stored.store.open(member.name))
            for member in self._stored.record.members
            if member.name in begun
        }

    @cached_property
    def verdict(self) -> SeriesVerdict | None:
        """The best combination and why; None until every study is finished."""
        from fathom.studies.series import judge

        return judge(self.result) if self.result.is_finished else None

    def summary(self) -> SeriesSummary:
        """Return the sweep in one line, read anew."""
        return self._stored.summary()

    @property
    def text(self) -> str:
        """The verdict in words; how far it got until there is one."""
        if self.verdict is not None:
            return self.verdict.text
        done, total = len(self.result.finished), len(self.result.record.members)
        return f"{done} of {total} studies are finished."

    @cached_property
    def plot(self) -> SweepPlots:
        """The sweep's figures."""
        return SweepPlots(self.result)

    def table(self) -> pl.DataFrame:
        """Return a row per value and architecture: scores over all splits and seeds."""
        return as_table(_flat(self.result, cell) for cell in self.result.cells)

    def comparisons(self) -> pl.DataFrame:
        """Return a row per pair of cells: the paired difference, and which one is likely better.

        Every interval is for itself; those in the verdict hold together.
        """
        return as_table(_pair(self.result, *pair) for pair in combinations(self.result.cells, 2))

    @typed
    def report(self, path: str | Path | None = None) -> str:
        """Return the sweep as one self-contained HTML page, and write it to `path` if given.

        Raises:
            StoreError: `path` cannot be written.
        """
        from fathom import report

        return as_page(report.series_page(self.result), path)

    def best_model(self) -> keras.Model:
        """Return the best combination's network, compiled, as a `keras.Model`.

        Of its first split's seeds it is the one with the lowest validation loss.

        Raises:
            ModelError: The sweep is not finished, or nothing learned anything.
        """
        verdict = self.verdict
        if verdict is None or verdict.depth is None or verdict.width is None:
            what = "is not finished" if verdict is None else "found nothing that learned anything"
            raise ModelError(
                f"Only a sweep with a best combination has a model. {self.name} {what}."
            )
        member = next(one for one in self._stored.record.members if one.value == verdict.value)
        chosen = VerdictRecord(
            depth=verdict.depth, width=verdict.width, rule=verdict.rule, text=verdict.text
        )
        arrays = self._stored.store.open(member.name).weights(
            artifact_name(verdict.depth, verdict.width)
        )
        return best_model(replace(self.result.studies[member.name], verdict=chosen), arrays)

    def _repr_html_(self) -> str:
        from fathom import report

        return report.series_summary(self.result)

    def __repr__(self) -> str:
        verdict = self.verdict
        found = "unfinished" if verdict is None else f"depth {verdict.depth}"
        if verdict is not None and verdict.value is not None:
            found += f", {self.result.record.setting} {verdict.value}"
        return f"<Sweep {self.name}: {found}, {len(self.result.finished)} studies>"


class SweepPlots:
    """A sweep's figures, each a `plotly.graph_objects.Figure`."""

    def __init__(self, result: SeriesResult) -> None:
        self._result = result

    def scores(self) -> go.Figure:
        """Score against depth, a line per value."""
        from fathom import report

        return report.series_scores(self._result)

    def differences(self) -> go.Figure | None:
        """Paired differences from the best combination; None where nothing varies."""
        from fathom import report

        return report.series_differences(self._result)

    def effects(self) -> go.Figure | None:
        """What each value is worth at each depth, against the first; None without a setting."""
        from fathom import report

        return report.series_effects(self._result)

    def splits(self) -> go.Figure | None:
        """Score against depth on each split; None for one split."""
        from fathom import report

        return report.series_splits(self._result)

    def odds(self) -> go.Figure | None:
        """Probability that each depth beats each other, with the best value."""
        from fathom import report

        return report.series_odds(self._result)

    def growth(self) -> go.Figure | None:
        """What depth gains against training rows; None where rows are not compared."""
        from fathom import report

        return report.series_growth(self._result)


@typed
def sweep(
    data: Any,
    *,
    across: str | Mapping[str, Sequence[object]] | None = None,
    splits: int = 1,
    target: Any = None,
    name: str | None = None,
    store: Store | str | Path | None = None,
    on_event: Callable[[SeriesEvent], None] | None = None,
    seed: int = 0,
    ray: bool | str = False,
    **options: Any,
) -> Sweep:
    """Repeat a study on several splits or with several values of a setting, and judge them all.

    Every study is an ordinary one, kept and resumable by itself. Scores are paired by split,
    or by seed where there is one split, and compared as paired differences.

    Args:
        data: A `Dataset`, or whatever `fathom.load` takes.
        across: A setting and two of its values or more, such as
            {"normalization": ["none", "batch"]} or "rows=25%,50%,100%". Of activation,
            batch-size, cell, decay, dropout, family, initializer, l1, l2, normalization, optimizer,
            readout, rows and width.
        splits: Splits into training and validation rows; the test rows are the same in all.
        target: The target column, where `data` is a table.
        name: The sweep's name; made from the data's name and the time if None.
        store: A store or its folder; `$FATHOM_STORE` or `fathom-runs/` if None.
        on_event: Called with everything as it happens.
        seed: Of the splits and of the first member.
        ray: Whether architectures train on a Ray cluster, started here once for all studies;
            or the address of one that runs, such as "10.0.0.5:6379" or "auto". The results
            are the same.
        **options: As in `fathom.study_spec`: `depths`, `seeds`, `learning_rates` and the others.

    Raises:
        FathomError: Something cannot be used as it is; nothing was trained.

    Example:
        >>> import fathom
        >>> sweep = fathom.sweep("iris", splits=3, depths=[0, 1], seeds=2)  # doctest: +SKIP
        >>> sweep.verdict.depth  # doctest: +SKIP
        0

    References:
        Nadeau and Bengio, "Inference for the Generalization Error", Machine Learning 52, 2003.
    """
    wanted = _asked(across, splits)
    draw = drawing(data, target=target, seed=seed)
    kept_in = store_of(store)
    kept_in.check_writable()
    record = planned_series(
        wanted,
        draw,
        name=name or default_name(draw({}).name),
        options={**options, "seed": seed},
        usual=usual_options(),
    )
    stream = stream_series(record, draw, store=kept_in, ray=ray)
    return Sweep(kept_in.open_series(begun_by(stream, SeriesBegins, on_event=on_event).record.name))


def usual_options() -> dict[str, Any]:
    """Return the options of `fathom.study_spec` as they are if nobody gives them."""
    parameters = inspect.signature(study_spec).parameters.values()
    return {one.name: one.default for one in parameters if one.default is not one.empty}


@typed
def resume_sweep(
    name: str,
    *,
    data: Any = None,
    store: Store | str | Path | None = None,
    depths: int | Iterable[int] = (),
    widths: int | Iterable[int] = (),
    target: Any = None,
    on_event: Callable[[SeriesEvent], None] | None = None,
    ray: bool | str = False,
) -> Sweep:
    """Go on with a sweep that stopped, or add depths to all its studies.

    Args:
        name: The sweep's name in its store.
        data: The data it was begun on; None reads their source again.
        store: A store or its folder; `$FATHOM_STORE` or `fathom-runs/` if None.
        depths: Depths to add to every study.
        widths: Widths to add to every study.
        target: The target column, where `data` is a table.
        on_event: Called with everything as it happens.
        ray: As for `sweep`.

    Raises:
        UnknownNameError: There is no such sweep.
        DataError: The data are not those it was begun on.
        StoreError: Another process runs it.
    """
    kept_in = store_of(store)
    stored = kept_in.open_series(name)
    draw = reloading(stored) if data is None else _given_again(stored, data, target)
    stream = stream_resumed_series(
        stored.name, draw, store=kept_in, depths=several(depths), widths=several(widths), ray=ray
    )
    return Sweep(kept_in.open_series(begun_by(stream, SeriesBegins, on_event=on_event).record.name))


@typed
def open_sweep(name: str, *, store: Store | str | Path | None = None) -> Sweep:
    """Return a sweep that was stored before.

    Raises:
        UnknownNameError: There is no such sweep; the message lists those there are.
    """
    kept_in = store_of(store)
    return Sweep(kept_in.open_series(name))


def _given_again(stored: StoredSeries, data: Any, target: Any) -> Load:
    return drawing(data, target=target, seed=stored.record.dataset.get("seed", 0))


def _asked(across: str | Mapping[str, Sequence[object]] | None, splits: int) -> Asked:
    if across is None:
        return Asked(splits=splits)
    if isinstance(across, str):
        found, values = asked(across)
        return Asked(setting=found, values=values, splits=splits)
    if len(across) != 1:
        raise SpecError(
            f"`across` compares one setting beside depth. Received: {', '.join(across) or 'none'}.",
            hint="such as across={'normalization': ['none', 'batch']}",
        )
    ((name, values),) = across.items()
    found, texts = checked(setting(name), several(values))
    return Asked(setting=found, values=texts, splits=splits)


def _flat(result: SeriesResult, cell: Cell) -> dict[str, Any]:
    shares = probabilities(result, result.of(cell.value))
    chance = None if shares is None else shares[result.of(cell.value).index(cell)]
    named = {} if result.record.setting is None else {result.record.setting: cell.value}
    return {
        **named,
        "depth": cell.depth,
        "width": cell.width,
        "parameters": cell.parameters,
        "training_rows": result.training_rows(cell.value),
        "validation_mean": cell.mean,
        "validation_error": cell.error,
        f"{result.block}s": len(cell.scores),
        "test_mean": cell.test,
        "test_low": cell.test_low,
        "test_high": cell.test_high,
        "probability_best": chance,
        "failed": cell.failed,
        "studies": cell.studies,
        "diverged": cell.diverged,
        "gradient_ratio": cell.gradient_ratio,
        "train_seconds": cell.train_seconds,
    }


def _pair(result: SeriesResult, one: Cell, other: Cell) -> dict[str, Any]:
    told = result.compare(one, other)
    return {
        "first_value": one.value,
        "first_depth": one.depth,
        "first_width": one.width,
        "second_value": other.value,
        "second_depth": other.depth,
        "second_width": other.width,
        "difference": told.difference,
        "error": told.error,
        "low": told.low,
        "high": told.high,
        "probability": told.probability,
    }
