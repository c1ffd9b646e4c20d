"""A study's folder: what lies where in it, and what a glance at it tells."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fathom.errors import FathomError, StoreError
from fathom.specs import StudyRecord, decode_record
from fathom.store.locks import is_held
from fathom.store.log import EMPTY_LOG, LOG, LogContents, notices, read_log, record_data
from fathom.store.naming import plain_text

SPEC = "spec.json"
LOCK = "writer.lock"
FORMAT = 1
_RESERVED = {LOG, SPEC, LOCK}


@dataclass(frozen=True)
class Fingerprint:
    """What changes whenever something is written in a study's folder.

    Args:
        log_bytes: Size of the log; 0 if it is missing.
        log_mtime: When the log was written, nanoseconds since 1970.
        folder_mtime: When the folder or spec.json was touched, whichever is
            later, nanoseconds since 1970.
    """

    log_bytes: int
    log_mtime: int
    folder_mtime: int


def study_folders(root: Path) -> dict[str, Fingerprint]:
    """Return the studies in `root` by name; links and hidden folders are none.

    Raises:
        OSError: `root` cannot be read. A missing `root` has no studies.
    """
    try:
        with os.scandir(root) as scanned:
            entries = [entry for entry in scanned if _may_be_study(entry)]
    except FileNotFoundError:
        return {}
    found = {entry.name: fingerprint(Path(entry.path)) for entry in entries}
    return {name: seen for name, seen in found.items() if seen is not None}


def _may_be_study(entry: os.DirEntry[str]) -> bool:
    return (
        not entry.name.startswith(".")
        and entry.is_dir(follow_symlinks=False)
        and plain_text(entry.name) == entry.name
    )


def fingerprint(folder: Path) -> Fingerprint | None:
    """Return the fingerprint of a study's folder, or None if it is not one."""
    spec, log = _status_of(folder / SPEC), _status_of(folder / LOG)
    touched = _status_of(folder)
    if touched is None or (spec is None and log is None):
        return None
    return Fingerprint(
        log_bytes=log.st_size if log else 0,  # a lost log is worth saying
        log_mtime=log.st_mtime_ns if log else 0,
        folder_mtime=max(touched.st_mtime_ns, spec.st_mtime_ns if spec else 0),
    )


def _status_of(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except OSError:
        return None


def folder_bytes(folder: Path) -> int:
    """Return the bytes of all files in a folder; links are not followed."""
    found = map(_status_of, _files(folder))  # a temporary file may be renamed meanwhile
    return sum(status.st_size for status in found if status is not None)


def _files(folder: Path) -> Iterator[Path]:
    for parent, _, names in os.walk(folder):
        yield from (Path(parent, name) for name in names)


def kept_files(folder: Path) -> tuple[str, ...]:
    """Return the names of the files a study keeps beside its log, relative and sorted."""
    names = (path.relative_to(folder).as_posix() for path in _files(folder))
    return tuple(sorted(name for name in names if _is_kept(name)))


def _is_kept(name: str) -> bool:
    is_hidden = any(part.startswith(".") for part in name.split("/"))
    return name not in _RESERVED and not is_hidden and plain_text(name) == name


def refuse_reserved(relative_name: str) -> None:
    """Raise a StoreError if `relative_name` is one of the store's own files."""
    if relative_name in _RESERVED:
        raise StoreError(
            f"{relative_name} is kept by the store itself. Received: a file of that name.",
            hint="choose another name, such as model/best.keras",
        )


def spec_text(record: StudyRecord, created: datetime) -> bytes:
    """Return the content of spec.json: the study's first record, for people and as a spare."""
    data = {"format": FORMAT, "created": created.isoformat(), **record_data(record)}
    return (json.dumps(data, indent=2, ensure_ascii=False) + "\n").encode(errors="backslashreplace")


@dataclass(frozen=True, kw_only=True)
class SpecFile:
    """What spec.json says.

    Args:
        created: When the study was made.
        record: The study's first record; None if it cannot be read.
    """

    created: datetime
    record: StudyRecord | None


def read_spec(folder: Path) -> SpecFile:
    """Read spec.json, as far as it can be read.

    Raises:
        StoreError: The study was written by a newer Fathom.
    """
    data = _spec_data(folder / SPEC)
    if isinstance(data.get("format"), int) and data["format"] > FORMAT:
        raise StoreError(
            f"{folder} was written by a newer Fathom: store format {data['format']}, "
            f"this Fathom reads up to {FORMAT}.",
            hint="upgrade Fathom to read it",
        )
    return SpecFile(created=_created(data, folder), record=_spec_record(data))


def _spec_data(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def _created(data: dict[str, Any], folder: Path) -> datetime:
    try:
        return datetime.fromisoformat(data["created"]).astimezone(UTC)
    except (KeyError, TypeError, ValueError, OverflowError):
        return datetime.fromtimestamp(_oldest_mtime(folder), UTC)


def _oldest_mtime(folder: Path) -> float:
    found = map(_status_of, folder.iterdir())
    return min((status.st_mtime for status in found if status is not None), default=0.0)


def _spec_record(data: dict[str, Any]) -> StudyRecord | None:
    fields = {key: value for key, value in data.items() if key not in ("format", "created")}
    try:
        record = decode_record(fields)
    except (FathomError, TypeError):
        return None
    return record if isinstance(record, StudyRecord) else None


@dataclass(frozen=True, kw_only=True)
class FolderContents:
    """What a study's folder tells, with its first record restored if the log lost it.

    Args:
        spec: What spec.json says.
        log: What the log says.
        restored: The study's first record, if only spec.json still has it.
        notices: What a reader should be told, in sentences.
    """

    spec: SpecFile
    log: LogContents
    restored: StudyRecord | None
    notices: tuple[str, ...]


def read_folder(folder: Path) -> FolderContents:
    """Read a study's folder, as far as it can be read.

    Raises:
        StoreError: The study was written by a newer Fathom.
        OSError: The log cannot be read.
    """
    spec = read_spec(folder)
    try:
        log, told = read_log(folder / LOG), ()
    except FileNotFoundError:
        log, told = EMPTY_LOG, (f"{LOG} is missing: what the study found is lost.",)
    if is_held(folder / LOCK):
        log = replace(log, torn_bytes=0)  # its writer is in the midst of a line
    told += notices(log)
    is_lost = not any(payload.startswith(b'{"kind":"study"') for _, payload in log.lines)
    restored = spec.record if is_lost else None
    if restored is not None:
        told += (f"The study's first record is lost from {LOG} and was taken from {SPEC}.",)
    return FolderContents(spec=spec, log=log, restored=restored, notices=told)
