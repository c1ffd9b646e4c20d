"""A study run and kept: its events pass through the store on their way to whoever watches."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from fathom import launch, studies
from fathom.api.best import best_model_bytes, best_row
from fathom.errors import DataError, FathomError, SpecError
from fathom.launch import Cluster
from fathom.specs import (
    ArchitectureRecord,
    Progress,
    Record,
    RunRecord,
    StudyRecord,
    StudySpec,
    TestRecord,
    VerdictRecord,
)
from fathom.store import Store, StoredStudy, StudyWriter
from fathom.studies import Artifact, Event, StudyResult, artifact_name

if TYPE_CHECKING:
    from fathom.data import Dataset

BEST_MODEL = "model/best.keras"
PREPROCESSING = "preprocessing.skops"


def stream_study(
    spec: StudySpec,
    dataset: Dataset,
    *,
    name: str,
    store: Store | None = None,
    started: float | None = None,
    ray: bool | str | Cluster = False,
) -> Generator[Event, None, None]:
    """Run a study, keep what it tells, and pass it on as it happens.

    Nothing is written before the spec is known to be sound. Where the stream
    is closed or interrupted, what is finished stays, and the study is marked
    as paused.

    Args:
        spec: What to run.
        dataset: On what.
        name: The study's name; one that is taken gets a number behind it.
        store: Where it is kept; the default store if None.
        started: `time.perf_counter()` when the minutes of the spec began; None for now.
        ray: Whether architectures train on a Ray cluster that is started here, or the
            address of one that runs; or one that whoever asks has opened, and closes.

    Yields:
        Records, progress and artifacts; the first is the `StudyRecord`,
        with the name the study has in the store.

    Raises:
        FathomError: The spec, the model or the store cannot be used; nothing
            was written.
    """
    store = store or Store()
    store.check_writable()
    with cluster_for([spec], ray) as cluster:
        named = store.unique_name(name)
        events = studies.depth_study(spec, dataset, name=named, started=started, cluster=cluster)
        yield from _written(events, dataset, store)


def _written(events: Iterator[Event], dataset: Dataset, store: Store) -> Iterator[Event]:
    header = next(events)
    if not isinstance(header, StudyRecord):
        raise TypeError(f"a study begins with its StudyRecord, not {type(header).__name__}")
    with store.create(header) as writer:
        named = replace(header, name=writer.name)
        yield named
        if dataset.preprocessing is not None:
            writer.write_file(PREPROCESSING, dataset.preprocessing.to_bytes())
        yield from _kept(events, writer, store, [named])


@contextmanager
def cluster_for(specs: Sequence[StudySpec], ray: bool | str | Cluster) -> Iterator[Cluster | None]:
    """Start or join a Ray cluster, if one is wanted and there is something to train.

    Args:
        specs: What is to be run on it.
        ray: As for `stream_study`.

    Yields:
        The cluster; None for this process.

    Raises:
        SpecError: A study cannot be run on a cluster.
        LaunchError: There is no cluster.
    """
    if not ray or not specs:
        yield None
        return
    for spec in specs:
        studies.check_scatters(spec)
    if isinstance(ray, Cluster):
        yield ray
        return
    with launch.cluster(None if ray is True else ray) as cluster:
        yield cluster


def stream_resumed(
    name: str,
    dataset: Dataset,
    *,
    store: Store | None = None,
    depths: Iterable[int] = (),
    widths: Iterable[int] = (),
    ray: bool | str | Cluster = False,
) -> Generator[Event, None, None]:
    """Go on with a study that stopped, or add depths and widths to one that ended.

    What was tested is not trained again; of a network whose training was cut
    short all members begin anew, so that the study ends as if it had never stopped.

    Args:
        name: The study's name.
        dataset: The data it was begun on.
        store: Where it is kept; the default store if None.
        depths: Depths to add to those it has.
        widths: Widths to add.
        ray: As for `stream_study`.

    Yields:
        What the study told before, then what it tells now, as `stream_study` does.

    Raises:
        UnknownNameError: There is no such study.
        DataError: The data are not those the study was begun on.
        SpecError: Depths cannot be added.
        StoreError: Another process is writing the study.
    """
    store = store or Store()
    store.check_writable()
    with store.reopen(name) as writer:
        stored = store.open(name)
        earlier = _usable(stored)
        spec = extended(StudyResult.from_records(earlier).spec, depths=depths, widths=widths)
        check_same_data(stored, dataset)
        with cluster_for([spec], ray) as cluster:
            yield from earlier
            events = studies.depth_study(
                spec, dataset, name=writer.name, earlier=earlier, cluster=cluster
            )
            yield from _kept(events, writer, store, earlier)


def extended(spec: StudySpec, *, depths: Iterable[int], widths: Iterable[int]) -> StudySpec:
    """Return `spec` with more depths and widths, its own first.

    Raises:
        SpecError: Its networks are matched in size, so that others would change them.
    """
    more_depths = sorted(set(depths) - set(spec.depths))
    more_widths = [width for width in dict.fromkeys(widths) if width not in spec.widths]
    if not (more_depths or more_widths):
        return spec
    if spec.match_parameters:
        raise SpecError(
            "A study with matched parameters cannot be added to: its widths follow from its "
            f"depths. Received: {[*more_depths, *more_widths]}.",
            hint="run a new study with all depths",
        )
    return replace(
        spec,
        depths=tuple(sorted({*spec.depths, *more_depths})),
        widths=(*spec.widths, *more_widths),
    )


def check_same_data(stored: StoredStudy, dataset: Dataset) -> None:
    """Raise unless `dataset` is what the study was begun on.

    Raises:
        DataError: Its rows, their preprocessing or their split differ.
    """
    known = stored.record.dataset.get("fingerprint")
    if known is not None and known != dataset.fingerprint:
        raise DataError(
            f"A study goes on with the data it was begun on. Received: {dataset.source}, whose "
            f"rows, preprocessing or split differ from those of {stored.name}.",
            hint="restore the data, or begin a new study",
        )


def _usable(stored: StoredStudy) -> list[Record]:
    """Return the records that need not be told again: an untested or damaged network's are not."""
    records = stored.records()
    sound = {
        (record.depth, record.width)
        for record in records
        if isinstance(record, TestRecord) and _has_sound_weights(stored, record)
    }
    return [
        record
        for record in records
        if not isinstance(record, ArchitectureRecord | RunRecord | TestRecord)
        or (record.depth, record.width) in sound
    ]


def _has_sound_weights(stored: StoredStudy, test: TestRecord) -> bool:
    try:
        stored.weights(artifact_name(test.depth, test.width))
    except FathomError:
        return False
    return True


def _kept(
    events: Iterator[Event], writer: StudyWriter, store: Store, records: list[Record]
) -> Iterator[Event]:
    """Pass events on once they are kept; the writer notes how the study ends.

    A network's runs are kept together with its test, all or none.
    """
    told = list(records)
    runs: list[RunRecord] = []
    for event in events:
        if isinstance(event, Artifact):
            writer.write_weights(event.name, event.arrays, event.metadata)
        elif isinstance(event, RunRecord):
            runs.append(event)
        elif isinstance(event, TestRecord):
            writer.append_many([*runs, event])
            told += [*runs, event]
            runs.clear()
        elif not isinstance(event, Progress):
            writer.append(event)
            told.append(event)
        if isinstance(event, VerdictRecord) and event.depth is not None:
            _keep_best_model(StudyResult.from_records(told), writer, store)
        yield event


def _keep_best_model(result: StudyResult, writer: StudyWriter, store: Store) -> None:
    row = best_row(result)
    arrays = store.open(writer.name).weights(artifact_name(row.depth, row.width))
    writer.write_file(BEST_MODEL, best_model_bytes(result, arrays))
