"""One HTML document that holds a study: nothing is loaded from anywhere else."""

from __future__ import annotations

from collections.abc import Iterable

from fathom.report import palette, sections
from fathom.report.exhibits import first_exhibit, other_exhibits
from fathom.report.markup import Markup, element, fragment, plain
from fathom.report.numbers import size_text
from fathom.report.scripts import asset, data_block, inline_script, plotly_script, policy
from fathom.studies import StudyResult


def page(result: StudyResult, *, notices: Iterable[str] = ()) -> str:
    """Return the study as one HTML document that works from a file, offline.

    The document is about 5 MB, nearly all of it plotly.min.js (which is left
    out while there is nothing to draw). It requests nothing, and runs only
    the scripts that its policy names by hash.

    Args:
        result: The study, finished or not.
        notices: What else the reader should know, a sentence each.
    """
    body = _body(result, notices)
    scripts = [asset("page.js")]
    if result.runs:
        scripts.insert(0, plotly_script())
    size = len(body) + sum(map(len, scripts))
    document = element(
        "html",
        _head(result, scripts),
        element("body", body, _colophon(result, size), [inline_script(one) for one in scripts]),
        lang="en",
    )
    return f"<!doctype html>\n{document}\n"


def _head(result: StudyResult, scripts: list[str]) -> Markup:
    style = f":root {{{palette.css_variables()}}}\n{asset('style.css')}"
    return element(
        "head",
        element("meta", charset="utf-8"),
        policy(scripts),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", f"{plain(result.header.name, limit=80)} · Fathom study"),
        element("style", Markup(style)),
    )


def _body(result: StudyResult, notices: Iterable[str]) -> Markup:
    has_runs = bool(result.runs)
    return fragment(
        sections.masthead(result),
        element(
            "main",
            sections.question(result),
            sections.found(result),
            sections.exhibit(first_exhibit(result)) if has_runs else None,
            sections.table(result) if has_runs else None,
            [sections.exhibit(shown) for shown in other_exhibits(result)] if has_runs else None,
            sections.method(result),
            sections.next_steps(result),
            sections.provenance(result),
            sections.notices_part(result, notices),
        ),
        data_block("night-colours", palette.night_colours()),
    )


def _colophon(result: StudyResult, size: int) -> Markup:
    fathom = plain(result.header.versions.get("fathom", ""), limit=40)
    return element(
        "footer",
        f"Made by Fathom {fathom}. This page is one file of {size_text(size)}; it loads nothing "
        "from anywhere else and works offline.",
        class_="colophon",
    )
