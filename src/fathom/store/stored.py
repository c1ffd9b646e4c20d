"""A study as it lies on disk, for those who read it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from fathom.errors import StoreError, UnknownNameError
from fathom.specs import Record, StudyRecord, closest
from fathom.store import weights
from fathom.store.disk import disk_errors
from fathom.store.findings import study_record
from fathom.store.folders import LOCK, FolderContents, kept_files, read_folder
from fathom.store.locks import is_held
from fathom.store.log import LOG, decode_lines
from fathom.store.naming import relative_parts, shown
from fathom.store.summary import StudySummary, summarise, with_liveness

if TYPE_CHECKING:
    import numpy as np

_MAX_LISTED = 20


@dataclass(frozen=True)
class StoredStudy:
    """A study as it lies on disk; its records are those it had when they were first asked for.

    Args:
        name: The study's name in its store.
        folder: The study's folder.
    """

    name: str
    folder: Path
    _told: dict[str, None] = field(default_factory=dict, init=False, repr=False, compare=False)

    @cached_property
    def _contents(self) -> FolderContents:
        with disk_errors(self.folder):
            return read_folder(self.folder)

    @cached_property
    def _records(self) -> tuple[Record, ...]:
        restored = self._contents.restored
        decoded = decode_lines(self.folder / LOG, self._contents.log.lines)
        return decoded if restored is None else (restored, *decoded)

    def records(self) -> tuple[Record, ...]:
        """Return the study's records in the order they happened.

        Raises:
            StoreError: The log cannot be read, or was written by a newer Fathom.
        """
        return self._records

    @property
    def record(self) -> StudyRecord:
        """What is studied, on what, with what.

        Raises:
            StoreError: It is lost from both the log and spec.json.
        """
        record = study_record(self.records())
        if record is None:
            raise StoreError(
                f"{self.folder} must say what was studied. Received: neither {LOG} nor spec.json "
                "can be read.",
                hint=f"remove it with: fathom runs delete {self.name}",
            )
        return record

    @property
    def notices(self) -> tuple[str, ...]:
        """What was found damaged or cut short so far, and what was done about it."""
        return (*self._contents.notices, *self._told)

    @property
    def is_running(self) -> bool:
        """Whether a living process writes this study."""
        return is_held(self.folder / LOCK)

    def summary(self) -> StudySummary:
        """Return the study in one line, read anew.

        Raises:
            StoreError: The folder cannot be read.
        """
        with disk_errors(self.folder):
            return with_liveness(summarise(self.folder), self.folder)

    def weights_names(self) -> tuple[str, ...]:
        """Return the names of the weights the study keeps, sorted."""
        return weights.weights_names(self.folder)

    def has_weights(self, name: str) -> bool:
        """Whether the study keeps weights under this name."""
        return name in self.weights_names()

    def weights(self, name: str) -> dict[str, np.ndarray]:
        """Return arrays by name, checked against their checksum.

        If they are damaged, the generation before them is returned and
        `notices` says so.

        Raises:
            UnknownNameError: The study keeps no weights of that name.
            StoreError: They are damaged, and there is no sound generation before.
        """
        return self._weights(name).arrays

    def weights_metadata(self, name: str) -> dict[str, str]:
        """Return the words kept with the weights of this name; raises as `weights` does."""
        return self._weights(name).metadata

    def _weights(self, name: str) -> weights.Weights:
        if not self.has_weights(name):
            raise _unknown("weights", name, self.weights_names(), self.name)
        path = self._inside(weights.weights_path(self.folder, name))
        with disk_errors(path):
            try:
                return weights.read_weights(path)
            except FileNotFoundError:
                reason = f"{path.name} is missing"
            except StoreError as error:
                if not weights.previous_path(path).exists():
                    raise
                reason = error.message.removesuffix(".")
            found = weights.read_weights(self._inside(weights.previous_path(path)))
        self._told[f"{reason}; the generation before it is used instead."] = None
        return found

    def files(self) -> tuple[str, ...]:
        """Return the relative names of the files the study keeps beside its log, sorted."""
        return kept_files(self.folder)

    def has(self, relative_name: str) -> bool:
        """Whether the study keeps a file of this name, such as "model/best.keras"."""
        return relative_name in self.files()

    def path(self, relative_name: str) -> Path:
        """Return where a file of the study lies.

        Raises:
            UnknownNameError: The study keeps no such file.
        """
        try:
            path = self._inside(self.folder.joinpath(*relative_parts(relative_name)))
        except StoreError:
            path = None
        if path is None or not path.is_file():
            raise _unknown("file", relative_name, self.files(), self.name)
        return path

    def file(self, relative_name: str) -> bytes:
        """Return the content of a file of the study.

        Raises:
            UnknownNameError: The study keeps no such file.
            StoreError: It cannot be read.
        """
        path = self.path(relative_name)
        with disk_errors(path):
            return path.read_bytes()

    def _inside(self, path: Path) -> Path:
        if not path.resolve().is_relative_to(self.folder.resolve()):
            raise StoreError(
                f"A file of a study must lie in its folder. Received: {path}, a link out of it.",
                hint="remove the link",
            )
        return path


def _unknown(kind: str, name: str, known: tuple[str, ...], study: str) -> UnknownNameError:
    return unknown_name(f"Study {shown(study)} has no {kind} {shown(name)}.", name, known)


def unknown_name(message: str, name: str, known: tuple[str, ...]) -> UnknownNameError:
    """Return an error that lists the names there are, and the one that was likely meant."""
    listed = ", ".join(known[:_MAX_LISTED]) or "none"
    more = f" and {len(known) - _MAX_LISTED} more" if len(known) > _MAX_LISTED else ""
    meant = closest(name[:200], known)
    return UnknownNameError(
        f"{message} There are: {listed}{more}.",
        hint=f"did you mean {meant!r}?" if meant else None,
    )
