"""A series' folder: what it is, what was found, and the folders of its studies.

    NAME/series.json     what is to be run; written once
    NAME/verdict.json    what was found; written again whenever all studies are finished
    NAME/writer.lock     held by the process that runs it
    NAME/STUDY/          an ordinary study, for each member that has begun

A folder without spec.json and log is no study, so lists of studies pass it by.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from fathom.errors import FathomError, StoreError
from fathom.specs import SeriesRecord, SeriesVerdict, from_json_data, to_json_data
from fathom.store.disk import disk_errors, sync_folder, write_bytes
from fathom.store.folders import LOCK, folder_bytes
from fathom.store.lifecycle import clear_leftovers, free_name, own, renamed
from fathom.store.locks import FileLock, is_held
from fathom.store.naming import plain_text
from fathom.store.summary import (
    FINISHED,
    INTERRUPTED,
    RUNNING,
    UNREADABLE,
    StudySummary,
    Summary,
)

SERIES, VERDICT = "series.json", "verdict.json"
FORMAT = 1
_STAGED = ".new-"
# Of several states, the one that most wants to be told.
_WORST = ("failed", INTERRUPTED, UNREADABLE)


@dataclass(frozen=True, kw_only=True)
class SeriesSummary(Summary):
    """A series in one line: all its studies together.

    Args:
        setting: What is compared beside depth; None for splits alone.
        values: Its values.
        splits: Number of splits.
        studies: Studies it is made of.
        finished: Those that are finished.
        value: The verdict's value of the setting; None before the verdict.
    """

    setting: str | None = None
    values: tuple[str, ...] = ()
    splits: int = 0
    studies: int = 0
    finished: int = 0
    value: str | None = None


@dataclass(frozen=True)
class SeriesFolder:
    """A series as it lies on disk, but for its studies.

    Args:
        name: The series' name in its store.
        folder: The series' folder.
    """

    name: str
    folder: Path

    @cached_property
    def _data(self) -> dict[str, Any]:
        return _read(self.folder / SERIES)

    @cached_property
    def record(self) -> SeriesRecord:
        """What is to be run.

        Raises:
            StoreError: It cannot be read, or was written by a newer Fathom.
        """
        return _decoded(self.folder / SERIES, self._data, SeriesRecord)

    @property
    def created(self) -> datetime:
        """When it was made, in UTC."""
        try:
            return datetime.fromisoformat(self._data["created"]).astimezone(UTC)
        except (KeyError, TypeError, ValueError, StoreError):
            return datetime.fromtimestamp(self.folder.stat().st_mtime, UTC)

    @property
    def verdict(self) -> SeriesVerdict | None:
        """What was found when it was finished last; None before, or if that is damaged."""
        try:
            path = self.folder / VERDICT
            return _decoded(path, _read(path), SeriesVerdict)
        except StoreError:
            return None

    @property
    def is_running(self) -> bool:
        """Whether a living process runs it."""
        return is_held(self.folder / LOCK)


def write_verdict(folder: Path, verdict: SeriesVerdict) -> None:
    """Keep what was found, instead of what was found before.

    Raises:
        StoreError: The disk cannot take it; what was kept before is as it was.
    """
    path = folder / VERDICT
    with disk_errors(path):
        write_bytes(path, _encoded(verdict))


@contextmanager
def begun_series(root: Path, record: SeriesRecord) -> Iterator[Path]:
    """Make a series' folder, complete with what it is, own it, and yield it.

    Args:
        root: The store's folder, which exists.
        record: What is to be run; its name is made safe and unique.

    Raises:
        StoreError: The disk cannot take it; nothing is left behind.
    """
    with disk_errors(root):
        clear_leftovers(root)
        folder, lock = _made(root, record)
    try:
        yield folder
    finally:
        lock.release()


def _made(root: Path, record: SeriesRecord) -> tuple[Path, FileLock]:
    """Fill a folder under a hidden name and rename it, so that nobody sees half of it."""
    staged = root / (_STAGED + secrets.token_hex(8))
    staged.mkdir()
    try:
        lock = own(staged)
        try:
            return _placed(root, staged, record), lock
        except BaseException:
            lock.release()
            raise
    except BaseException:
        shutil.rmtree(staged, ignore_errors=True)
        raise


def _placed(root: Path, staged: Path, record: SeriesRecord) -> Path:
    created = datetime.now(UTC).isoformat()
    while True:
        folder = root / free_name(root, record.name)
        named = replace(record, name=folder.name)
        write_bytes(staged / SERIES, _encoded(named, created=created))
        if renamed(staged, folder):
            sync_folder(root)
            return folder


@contextmanager
def continued_series(folder: Path) -> Iterator[None]:
    """Own a series that was begun before.

    Raises:
        StoreError: Another process runs it.
    """
    with disk_errors(folder):
        lock = own(folder)
    try:
        yield
    finally:
        lock.release()


def series_folders(root: Path) -> tuple[str, ...]:
    """Return the names of the series in `root`; links and hidden folders are none.

    Raises:
        OSError: `root` cannot be read. A missing `root` has none.
    """
    try:
        with os.scandir(root) as entries:
            return tuple(sorted(entry.name for entry in entries if _is_series(entry)))
    except FileNotFoundError:
        return ()


def _is_series(entry: os.DirEntry[str]) -> bool:
    return (
        not entry.name.startswith(".")
        and entry.is_dir(follow_symlinks=False)
        and plain_text(entry.name) == entry.name
        and Path(entry.path, SERIES).is_file()
    )


def refuse_running(series: str, studies: Iterable[StudySummary]) -> None:
    """Raise if a living process writes one of a series' studies.

    Args:
        series: The series' name.
        studies: Its studies.

    Raises:
        StoreError: Names the study.
    """
    for study in studies:
        if study.status == RUNNING:
            raise StoreError(
                f"A sweep is deleted once none of its studies is written. Received: "
                f"{series}, of which {study.name} is running.",
                hint="wait until it ends, or stop it",
            )


def _encoded(value: SeriesRecord | SeriesVerdict, **more: str) -> bytes:
    data = {"format": FORMAT, **more, **to_json_data(value)}
    return (json.dumps(data, indent=2, ensure_ascii=False) + "\n").encode(errors="backslashreplace")


def _read(path: Path) -> dict[str, Any]:
    with disk_errors(path):
        content = path.read_bytes()
    try:
        data = json.loads(content)
    except ValueError:
        data = None
    if not isinstance(data, dict):
        raise StoreError(
            f"{path} must be what Fathom wrote there. Received: something else.",
            hint="its studies can still be read: fathom runs list --store "
            f"{path.parent}; or remove it with: fathom runs delete {path.parent.name}",
        )
    if isinstance(data.get("format"), int) and data["format"] > FORMAT:
        raise StoreError(
            f"{path} was written by a newer Fathom: store format {data['format']}, "
            f"this Fathom reads up to {FORMAT}.",
            hint="upgrade Fathom to read it",
        )
    return data


def _decoded(path: Path, data: dict[str, Any], kind: type[Any]) -> Any:
    fields = {key: value for key, value in data.items() if key not in ("format", "created")}
    try:
        return from_json_data(fields, kind)
    except (FathomError, KeyError, TypeError) as error:
        raise StoreError(f"{path} must be what Fathom wrote there. Received: {error}.") from error


def summarise_series(stored: SeriesFolder, studies: tuple[StudySummary, ...]) -> SeriesSummary:
    """Return a series in one line.

    Args:
        stored: The series.
        studies: Its studies.

    Raises:
        OSError: The folder cannot be read.
    """
    try:
        record, verdict = stored.record, stored.verdict
    except StoreError:
        return _unreadable(stored)
    seconds = [study.wall_seconds for study in studies if study.wall_seconds is not None]
    return SeriesSummary(
        name=stored.name,
        source=plain_text(str(record.dataset.get("source", ""))),
        task=plain_text(str(record.dataset.get("task", ""))),
        metric=plain_text(record.metric),
        status=_status(stored, record, studies, verdict),
        created=stored.created,
        setting=record.setting,
        values=record.values,
        splits=record.splits,
        studies=len(record.members),
        finished=sum(study.status == FINISHED for study in studies),
        trainings=record.trainings,
        runs=sum(study.runs for study in studies),
        value=verdict and verdict.value,
        depth=verdict and verdict.depth,
        width=verdict and verdict.width,
        score=verdict and verdict.score,
        wall_seconds=sum(seconds) if seconds else None,
        size_bytes=folder_bytes(stored.folder),
    )


def _status(
    stored: SeriesFolder,
    record: SeriesRecord,
    studies: tuple[StudySummary, ...],
    verdict: SeriesVerdict | None,
) -> str:
    if stored.is_running:
        return RUNNING
    states = {study.status for study in studies}
    worst = next((state for state in _WORST if state in states), None)
    if worst is not None:
        return worst
    is_whole = len(studies) == len(record.members) and states == {FINISHED}
    return FINISHED if is_whole and verdict is not None else "paused"


def _unreadable(stored: SeriesFolder) -> SeriesSummary:
    return SeriesSummary(
        name=stored.name,
        status=UNREADABLE,
        created=stored.created,
        size_bytes=folder_bytes(stored.folder),
    )
