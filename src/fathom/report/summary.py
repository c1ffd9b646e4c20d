"""The study in a notebook cell: its answer, its table, and the verdict in full."""

from __future__ import annotations

from fathom.report.markup import Markup, element, plain
from fathom.report.table import html_table
from fathom.report.words import headline, progress_text
from fathom.studies import StudyResult


def html_summary(result: StudyResult) -> str:
    """Return the study's name, answer, table and verdict as HTML."""
    progress = progress_text(result)
    return element(
        "div",
        element("p", "Fathom study · ", plain(result.header.name, limit=120)),
        element("p", element("strong", headline(result))),
        element("p", progress) if progress else None,
        Markup(html_table(result)),
        _verdict(result),
        class_="fathom-study",
    )


def _verdict(result: StudyResult) -> Markup | None:
    if result.verdict is None:
        return None
    paragraphs = [element("p", text) for text in result.verdict.text.split("\n\n")]
    return element("details", element("summary", "The verdict in full"), paragraphs)
