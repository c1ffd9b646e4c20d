"""A study run and kept: its events pass through the store on their way to whoever watches."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from fathom import studies
from fathom.api.best import best_model_bytes
from fathom.specs import Progress, Record, StudyRecord, StudySpec, VerdictRecord
from fathom.store import Store, StudyWriter
from fathom.studies import Artifact, Event, StudyResult

if TYPE_CHECKING:
    from fathom.data import Dataset

BEST_MODEL = "model/best.keras"
PREPROCESSING = "preprocessing.skops"


def stream_study(
    spec: StudySpec, dataset: Dataset, *, name: str, store: Store | None = None
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

    Yields:
        Records, progress and artifacts; the first is the `StudyRecord`,
        with the name the study has in the store.

    Raises:
        FathomError: The spec, the model or the store cannot be used; nothing
            was written.
    """
    store = store or Store()
    store.check_writable()
    events = studies.depth_study(spec, dataset, name=store.unique_name(name))
    header = next(events)
    if not isinstance(header, StudyRecord):
        raise TypeError(f"a study begins with its StudyRecord, not {type(header).__name__}")
    with store.create(header) as writer:
        named = replace(header, name=writer.name)
        yield named
        yield from _kept(events, writer, dataset, [named])


def _kept(
    events: Iterator[Event], writer: StudyWriter, dataset: Dataset, records: list[Record]
) -> Iterator[Event]:
    """Pass events on once they are kept; the writer notes how the study ends."""
    if dataset.preprocessing is not None:
        writer.write_file(PREPROCESSING, dataset.preprocessing.to_bytes())
    weights: dict[str, Artifact] = {}
    for event in events:
        if isinstance(event, Artifact):
            weights[event.name] = event
            writer.write_weights(event.name, event.arrays, event.metadata)
        elif not isinstance(event, Progress):
            writer.append(event)
            records.append(event)
        if isinstance(event, VerdictRecord) and event.depth is not None:
            result = StudyResult.from_records(records)
            writer.write_file(BEST_MODEL, best_model_bytes(result, weights))
        yield event
