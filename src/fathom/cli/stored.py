"""Studies out of the store, as the commands want them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fathom.store import Store, StoredStudy

if TYPE_CHECKING:
    from pathlib import Path

    from fathom.studies import StudyResult


def open_stored(name: str, folder: Path | None) -> tuple[StoredStudy, StudyResult]:
    """Return a stored study, and its records sorted by kind.

    Raises:
        UnknownNameError: There is no such study.
        StoreError: It cannot be read.
    """
    from fathom.studies import StudyResult

    stored = Store(folder).open(name)
    _ = stored.record  # raises, and says why, where what was studied is lost
    return stored, StudyResult.from_records(stored.records())
