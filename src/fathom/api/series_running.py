"""A series run and kept: one ordinary study after another, in a store of their own."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fathom.api.asking import study_spec
from fathom.api.running import cluster_for, extended, stream_resumed, stream_study
from fathom.api.series_drawing import Load
from fathom.errors import DataError
from fathom.launch import Cluster
from fathom.specs import (
    ModelSpec,
    SeriesMember,
    SeriesRecord,
    SeriesVerdict,
    StudySpec,
    VerdictRecord,
    as_typed,
    from_json_data,
)
from fathom.store import SeriesWriter, Store, StoredSeries
from fathom.studies import Event, StudyResult, architectures
from fathom.studies.series import (
    Asked,
    SeriesResult,
    check_not_given,
    check_options,
    judge,
    planned,
)

if TYPE_CHECKING:
    from fathom.data import Dataset


@dataclass(frozen=True, kw_only=True)
class StudyBegins:
    """The next study of a series begins; what follows is about it.

    Args:
        series: The series' name in its store.
        member: The study.
        place: Its place, from 0.
        networks: The networks it compares, in order.
        is_done: Whether it was finished before, so that nothing is trained.
    """

    series: str
    member: SeriesMember
    place: int
    networks: Sequence[ModelSpec]
    is_done: bool


@dataclass(frozen=True, kw_only=True)
class SeriesBegins:
    """A series begins, or goes on.

    Args:
        record: What is run, with the name it has in the store.
    """

    record: SeriesRecord


SeriesEvent = SeriesBegins | StudyBegins | Event | SeriesVerdict


def planned_series(
    asked: Asked, draw: Load, *, name: str, options: Mapping[str, Any], usual: Mapping[str, Any]
) -> SeriesRecord:
    """Return the series that answers what was asked, all of it checked.

    Args:
        asked: What is compared.
        draw: Returns its data sets.
        name: Its name.
        options: Of `fathom.study_spec`.
        usual: The same as they are if nobody gives them.

    Raises:
        FathomError: Something cannot be used as it is; nothing was written.
    """
    options = as_typed(study_spec, options)
    check_options(asked, options)
    check_not_given(asked, options, usual)

    def specify(dataset: Dataset, changed: Mapping[str, Any]) -> StudySpec:
        return study_spec(dataset, **{**options, **changed})

    baselines = options.get("baselines", True)
    return planned(asked, draw, specify, name=name, baselines=baselines)


def stream_series(
    record: SeriesRecord, draw: Load, *, store: Store, ray: bool | str = False
) -> Generator[SeriesEvent, None, None]:
    """Run a series, keep what its studies tell, and pass it on as it happens.

    Where the stream is closed or interrupted, what is finished stays, and `resumed_series`
    goes on.

    Args:
        record: What to run; a name that is taken gets a number behind it.
        draw: Returns its data sets.
        store: Where it is kept.
        ray: Whether architectures train on a Ray cluster that is started here, once for all
            studies, or the address of one that runs.

    Yields:
        `SeriesBegins`, then for each study `StudyBegins` and what `stream_study` tells, at the
        end the `SeriesVerdict`.

    Raises:
        FathomError: The store or the cluster cannot be used; nothing was written.
    """
    store.check_writable()
    specs = [from_json_data(member.spec, StudySpec) for member in record.members]
    with cluster_for(specs, ray) as cluster, store.create_series(record) as writer:
        yield from _run(writer, draw, cluster, depths=(), widths=())


def stream_resumed_series(
    name: str,
    draw: Load,
    *,
    store: Store,
    depths: Iterable[int] = (),
    widths: Iterable[int] = (),
    ray: bool | str = False,
) -> Generator[SeriesEvent, None, None]:
    """Go on with a series that stopped, or add depths to one that ended.

    Args:
        name: The series' name.
        draw: Returns its data sets.
        store: Where it is kept.
        depths: Depths to add to every study.
        widths: Widths to add to every study.
        ray: As for `stream_series`; nothing is started where nothing is left to train.

    Yields:
        As `stream_series` does; of finished studies only that they begin.

    Raises:
        UnknownNameError: There is no such series.
        DataError: The data are not those it was begun on.
        StoreError: Another process runs it.
    """
    store.check_writable()
    with store.reopen_series(name) as writer:
        _check_same_data(writer.stored, draw)
        depths, widths = tuple(depths), tuple(widths)
        specs = _unfinished(writer.stored, depths, widths) if ray else []
        with cluster_for(specs, ray) as cluster:
            yield from _run(writer, draw, cluster, depths=depths, widths=widths)


def _check_same_data(stored: StoredSeries, draw: Load) -> None:
    """Raise if studies that have not begun would get other data than the series began on."""
    if all(_has_begun(stored, member) for member in stored.record.members):
        return  # each study knows its own
    dataset, known = draw({}), stored.record.dataset.get("fingerprint")
    if known != dataset.fingerprint:
        raise DataError(
            f"A sweep goes on with the data it was begun on. Received: {dataset.source}, whose "
            f"rows, preprocessing or split differ from those of {stored.name}.",
            hint="restore the data, or begin a new sweep",
        )


def _run(
    writer: SeriesWriter,
    draw: Load,
    cluster: Cluster | None,
    *,
    depths: Sequence[int],
    widths: Sequence[int],
) -> Iterator[SeriesEvent]:
    stored = writer.stored
    yield SeriesBegins(record=stored.record)
    for place, member in enumerate(stored.record.members):
        spec = _spec_of(stored, member, depths, widths)
        is_done = _is_done(stored, member, spec)
        yield StudyBegins(
            series=writer.name,
            member=member,
            place=place,
            networks=architectures(spec),
            is_done=is_done,
        )
        if not is_done:
            yield from _study(writer, member, draw, cluster, depths, widths)
    verdict = judge(series_result(stored))
    writer.write_verdict(verdict)
    yield verdict


def _study(
    writer: SeriesWriter,
    member: SeriesMember,
    draw: Load,
    cluster: Cluster | None,
    depths: Sequence[int],
    widths: Sequence[int],
) -> Iterator[Event]:
    dataset, store, ray = draw(member.drawn), writer.store, cluster or False
    if _has_begun(writer.stored, member):
        yield from stream_resumed(
            member.name, dataset, store=store, depths=depths, widths=widths, ray=ray
        )
        return
    spec = _spec_of(writer.stored, member, depths, widths)
    yield from stream_study(spec, dataset, name=member.name, store=store, ray=ray)


def _has_begun(stored: StoredSeries, member: SeriesMember) -> bool:
    return member.name in {study.name for study in stored.store.list()}


def _spec_of(
    stored: StoredSeries, member: SeriesMember, depths: Sequence[int], widths: Sequence[int]
) -> StudySpec:
    """Return a member's spec: that of its study, or the planned one, with what is added."""
    planned_spec = from_json_data(member.spec, StudySpec)
    if _has_begun(stored, member):
        spec = from_json_data(stored.store.open(member.name).record.spec, StudySpec)
    else:
        spec = planned_spec
    return extended(spec, depths=depths, widths=widths)


def _unfinished(
    stored: StoredSeries, depths: Sequence[int], widths: Sequence[int]
) -> list[StudySpec]:
    """Return the specs of the members that are still to be run."""
    specs = [(member, _spec_of(stored, member, depths, widths)) for member in stored.record.members]
    return [spec for member, spec in specs if not _is_done(stored, member, spec)]


def _is_done(stored: StoredSeries, member: SeriesMember, spec: StudySpec) -> bool:
    if not _has_begun(stored, member):
        return False
    result = StudyResult.from_records(stored.store.open(member.name).records())
    return _is_finished(result) and result.spec == spec


def _is_finished(result: StudyResult) -> bool:
    return result.status is not None and result.status.status == "finished"


def series_result(stored: StoredSeries) -> SeriesResult:
    """Return a stored series' result, as far as it got; unfinished studies do not count."""
    begun = {study.name for study in stored.store.list()}
    results = {}
    for member in stored.record.members:
        if member.name in begun:
            records = stored.store.open(member.name).records()
            result = StudyResult.from_records(records)
            if _is_finished(result) and any(isinstance(r, VerdictRecord) for r in records):
                results[member.name] = result
    return SeriesResult(stored.record, results)
