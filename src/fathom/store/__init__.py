"""What is kept: studies as folders of checked records, weights and models; nothing else writes."""

from fathom.store.disk import check_output, write_output
from fathom.store.naming import default_name
from fathom.store.series import SeriesSummary
from fathom.store.store import SeriesWriter, Store, StoredSeries, store_of
from fathom.store.stored import StoredStudy
from fathom.store.summary import INTERRUPTED, UNREADABLE, StudySummary, Summary
from fathom.store.tables import (
    EXPORT_FORMATS,
    ComparisonRow,
    RunRow,
    compare,
    export,
    export_rows,
)
from fathom.store.writer import StudyWriter

__all__ = [
    "EXPORT_FORMATS",
    "INTERRUPTED",
    "UNREADABLE",
    "ComparisonRow",
    "RunRow",
    "SeriesSummary",
    "SeriesWriter",
    "Store",
    "StoredSeries",
    "StoredStudy",
    "StudySummary",
    "StudyWriter",
    "Summary",
    "check_output",
    "compare",
    "default_name",
    "export",
    "export_rows",
    "store_of",
    "write_output",
]
