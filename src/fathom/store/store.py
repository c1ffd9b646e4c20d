"""A folder of studies, and of series, each of them such a folder again."""

from __future__ import annotations

import os
import sqlite3
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from fathom.errors import StoreError, UnknownNameError
from fathom.specs import SeriesRecord, SeriesVerdict, StudyRecord, typed
from fathom.store.disk import check_folder_takes_files, disk_errors, sync_folder
from fathom.store.folders import Fingerprint, study_folders
from fathom.store.index import update_index
from fathom.store.lifecycle import begin_study, continue_study, free_name, remove_study
from fathom.store.listing import list_studies, rebuild_index
from fathom.store.naming import shown
from fathom.store.series import (
    SeriesFolder,
    SeriesSummary,
    begun_series,
    continued_series,
    refuse_running,
    series_folders,
    summarise_series,
    write_verdict,
)
from fathom.store.stored import StoredStudy, unknown_name
from fathom.store.summary import StudySummary
from fathom.store.writer import StudyWriter

DEFAULT_ROOT = "fathom-runs"


def store_of(store: Store | str | Path | None) -> Store:
    """Return a store, or that of a folder; the usual one for None."""
    return store if isinstance(store, Store) else Store(store)


class Store:
    """A folder of studies; nothing is read or written before a method needs it.

    Args:
        root: The folder; None for `$FATHOM_STORE`, or `fathom-runs` here.

    Raises:
        StoreError: `root` cannot be the name of a folder.

    Example:
        >>> Store("fathom-runs").root.name
        'fathom-runs'
    """

    @typed
    def __init__(self, root: Path | str | None = None) -> None:
        chosen = os.fspath(root or os.environ.get("FATHOM_STORE") or DEFAULT_ROOT)
        if "\0" in chosen:
            raise StoreError(
                f"A store must be the name of a folder. Received: {shown(chosen)}.",
                hint="use --store DIR with a plain name",
            )
        self.root = Path(chosen).expanduser().absolute()

    def __repr__(self) -> str:
        return f"Store({str(self.root)!r})"

    def check_writable(self) -> None:
        """Raise unless a study can be written here; leaves nothing behind.

        Meant for before a training: what takes hours must not end in a refusal.

        Raises:
            StoreError: The store is a file, is read-only, is full, or its
                parent folder is missing.
        """
        self._refuse_bad_root()
        with disk_errors(self.root):
            folder = self.root if self.root.is_dir() else self.root.parent
            check_folder_takes_files(folder)

    def _refuse_bad_root(self) -> None:
        with disk_errors(self.root):
            if os.path.lexists(self.root) and not self.root.is_dir():
                raise StoreError(
                    f"A store must be a folder. Received: {self.root}, which is not one.",
                    hint="choose another with --store DIR or $FATHOM_STORE",
                )
            if not self.root.parent.is_dir():
                raise StoreError(
                    f"A store must be in a folder that exists. Received: {self.root}, "
                    f"but {self.root.parent} is not a folder.",
                    hint=f"create it with mkdir -p {self.root.parent}, or choose another "
                    "with --store DIR or $FATHOM_STORE",
                )

    def create(self, record: StudyRecord) -> StudyWriter:
        """Begin a study: the first writing to disk.

        Args:
            record: What is to be run. Its name is made safe and unique; the
                name it got is the writer's `name`.

        Raises:
            SpecError: A number in the record is not finite.
            StoreError: The store cannot be written; nothing is left behind.
        """
        self._refuse_bad_root()
        with disk_errors(self.root):
            made = self._make_root()
            try:
                return begin_study(self.root, record)
            except BaseException:
                if made:
                    with suppress(OSError):  # another process may have begun a study meanwhile
                        self.root.rmdir()
                raise

    def _make_root(self) -> bool:
        try:
            self.root.mkdir()
        except FileExistsError:
            return False
        sync_folder(self.root.parent)
        return True

    @typed
    def reopen(self, name: str) -> StudyWriter:
        """Go on writing a study that was paused, was interrupted or has ended.

        Raises:
            UnknownNameError: There is no study of that name.
            StoreError: Another process is writing it, or it cannot be written.
        """
        folder = self._folder_of(name)
        with disk_errors(folder):
            return continue_study(folder)

    @typed
    def open(self, name: str) -> StoredStudy:
        """Return a study to be read.

        Args:
            name: The study's name; SERIES/STUDY for a study of a series.

        Raises:
            UnknownNameError: There is no study of that name.
        """
        folder = self._folder_of(name)
        is_member = folder.parent != self.root
        series = f"{folder.parent.name}/" if is_member else ""
        return StoredStudy(f"{series}{folder.name}", folder)

    def _folder_of(self, name: str) -> Path:
        """Return a study's folder; only names that were found in the store make a path."""
        known = self._folders()
        for candidate in _spellings(name):
            if candidate in known:
                return self.root / candidate
        series, _, member = name.partition("/")
        if member and self.has_series(series):
            return self.open_series(series).store._folder_of(member)
        if self.has_series(name):
            raise _is_a_series(self.open_series(name))
        names = (*known, *self._series())
        raise unknown_name(f"{self.root} has no study {shown(name)}.", name, tuple(sorted(names)))

    # -- series ------------------------------------------------------------------------

    @contextmanager
    def create_series(self, record: SeriesRecord) -> Iterator[SeriesWriter]:
        """Begin a series, and own it meanwhile: the first writing to disk.

        Args:
            record: What is to be run. Its name is made safe and unique; the name it got is
                the writer's `name`.

        Raises:
            StoreError: The store cannot be written; nothing is left behind.
        """
        self._refuse_bad_root()
        with disk_errors(self.root):
            self._make_root()
        with begun_series(self.root, record) as folder:
            yield SeriesWriter(StoredSeries(folder.name, folder))

    @contextmanager
    def reopen_series(self, name: str) -> Iterator[SeriesWriter]:
        """Own a series that was begun before, to go on with it.

        Raises:
            UnknownNameError: There is no series of that name.
            StoreError: Another process runs it.
        """
        stored = self.open_series(name)
        with continued_series(stored.folder):
            yield SeriesWriter(stored)

    @typed
    def has_series(self, name: str) -> bool:
        """Whether there is a series of that name."""
        return any(candidate in self._series() for candidate in _spellings(name))

    @typed
    def open_series(self, name: str) -> StoredSeries:
        """Return a series to be read.

        Raises:
            UnknownNameError: There is no series of that name.
        """
        known = self._series()
        for candidate in _spellings(name):
            if candidate in known:
                return StoredSeries(candidate, self.root / candidate)
        raise unknown_name(f"{self.root} has no sweep {shown(name)}.", name, known)

    @typed
    def list_series(self, *, matching: str | None = None) -> tuple[SeriesSummary, ...]:
        """Return the series, newest first.

        Args:
            matching: Only those with these letters in their name, source, task, metric,
                status or setting; case does not matter.

        Raises:
            StoreError: The store cannot be read.
        """
        found = [self.open_series(name).summary() for name in self._series()]
        fitting = [row for row in found if matching is None or _series_matches(row, matching)]
        return tuple(sorted(fitting, key=lambda row: (row.created, row.name), reverse=True))

    def _series(self) -> tuple[str, ...]:
        with disk_errors(self.root):
            return series_folders(self.root)

    def _folders(self) -> dict[str, Fingerprint]:
        with disk_errors(self.root):
            return study_folders(self.root)

    @typed
    def list(self, *, matching: str | None = None) -> tuple[StudySummary, ...]:
        """Return the studies, newest first.

        Args:
            matching: Only those with these letters in their name, source,
                task, metric or status; case does not matter.

        Raises:
            StoreError: The store cannot be read.
        """
        studies = list_studies(self.root, self._folders())
        found = [row for row in studies if matching is None or _matches(row, matching)]
        return tuple(sorted(found, key=lambda row: (row.created, row.name), reverse=True))

    def rebuild_index(self) -> None:
        """Make the index again from the folders.

        Raises:
            StoreError: The index cannot be written.
        """
        rebuild_index(self.root, self._folders())

    @typed
    def delete(self, name: str) -> None:
        """Remove a study and all it keeps, or a series with all its studies, for good.

        Raises:
            UnknownNameError: There is nothing of that name.
            StoreError: A process is writing it, or it cannot be removed.
        """
        if self.has_series(name):
            series = self.open_series(name)
            refuse_running(series.name, series.store.list())
            folder = series.folder
        else:
            folder = self._folder_of(name)
        with disk_errors(folder):
            remove_study(folder)
        with suppress(OSError, sqlite3.Error):
            update_index(folder.parent, {}, [folder.name])

    @typed
    def unique_name(self, wanted: str) -> str:
        """Return `wanted` as a safe name that no study here has yet.

        Example:
            >>> Store("no-such-folder").unique_name("  my study ")
            'my-study'
        """
        return free_name(self.root, wanted)


@dataclass(frozen=True)
class StoredSeries(SeriesFolder):
    """A series as it lies on disk, and its studies.

    Args:
        name: The series' name in its store.
        folder: The series' folder.
    """

    @property
    def store(self) -> Store:
        """The store of its studies."""
        return Store(self.folder)

    def summary(self) -> SeriesSummary:
        """Return the series in one line, read anew.

        Raises:
            StoreError: The folder cannot be read.
        """
        with disk_errors(self.folder):
            return summarise_series(self, self.store.list())


class SeriesWriter:
    """Owns a series while its studies run; no other process can meanwhile.

    Made by `Store.create_series` and `Store.reopen_series`, used as a context manager.

    Args:
        stored: The series.
    """

    def __init__(self, stored: StoredSeries) -> None:
        self.stored = stored

    @property
    def name(self) -> str:
        """The series' name in its store."""
        return self.stored.name

    @property
    def store(self) -> Store:
        """The store of its studies."""
        return self.stored.store

    def write_verdict(self, verdict: SeriesVerdict) -> None:
        """Keep what was found, instead of what was found before.

        Raises:
            StoreError: The disk cannot take it; what was kept before is as it was.
        """
        write_verdict(self.stored.folder, verdict)


def _spellings(name: str) -> tuple[str, str]:
    return name, unicodedata.normalize("NFC", name)


def _is_a_series(series: StoredSeries) -> UnknownNameError:
    names = [f"{series.name}/{study.name}" for study in reversed(series.store.list())]
    error = unknown_name(f"{series.name} is a sweep of studies, not a study.", "", tuple(names))
    error.hint = f"name one of its studies, such as {names[0]}" if names else None
    return error


def _series_matches(summary: SeriesSummary, text: str) -> bool:
    words = (summary.name, summary.source, summary.task, summary.metric, summary.status)
    return any(text.casefold() in word.casefold() for word in (*words, summary.setting or "splits"))


def _matches(summary: StudySummary, text: str) -> bool:
    words = (summary.name, summary.source, summary.task, summary.metric, summary.status)
    return any(text.casefold() in word.casefold() for word in words)
