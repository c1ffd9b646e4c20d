"""One HTML document that holds a study: nothing is loaded from anywhere else."""

from __future__ import annotations

from collections.abc import Iterable

from fathom.report import palette, sections
from fathom.report.exhibits import first_exhibit, other_exhibits
from fathom.report.markup import Markup, element, fragment, plain
from fathom.report.numbers import size_text
from fathom.report.parts import exhibit
from fathom.report.scripts import asset, data_block, inline_script, plotly_script, policy
from fathom.studies import StudyResult


def page(result: StudyResult, *, notices: Iterable[str] = ()) -> str:
    """Return the study as one HTML document that works from a file, offline.

    Args:
        result: The study, finished or not.
        notices: What else the reader should know, a sentence each.
    """
    return self_contained(
        f"{plain(result.header.name, limit=80)} · Fathom study",
        _body(result, notices),
        has_figures=bool(result.runs),
        version=result.header.versions.get("fathom", ""),
    )


def self_contained(
    title: str,
    body: Markup,
    *,
    has_figures: bool = True,
    version: str | None = None,
    style: str = "",
) -> str:
    """Return a page of Fathom's as one HTML document that works from a file, offline.

    The document is about 5 MB, nearly all of it plotly.min.js (which is left
    out where it has nothing to draw). It requests nothing, and runs only
    the scripts that its policy names by hash.

    Args:
        title: Of the page; it ends in what the page is, such as "Fathom study".
        body: Masthead, main part and data.
        has_figures: Whether there is anything for Plotly to draw.
        version: Fathom's, that made what is shown; this one if None.
        style: Rules beside those that all pages have.
    """
    from fathom.version import __version__

    body = fragment(body, data_block("night-colours", palette.night_colours()))
    scripts = [asset("page.js")]
    if has_figures:
        scripts.insert(0, plotly_script())
    size = len(body) + sum(map(len, scripts))
    colophon = _colophon(__version__ if version is None else version, size)
    document = element(
        "html",
        _head(title, scripts, style),
        element("body", body, colophon, [inline_script(one) for one in scripts]),
        lang="en",
    )
    return f"<!doctype html>\n{document}\n"


def _head(title: str, scripts: list[str], style: str) -> Markup:
    rules = "\n".join((f":root {{{palette.css_variables()}}}", asset("style.css"), style))
    return element(
        "head",
        element("meta", charset="utf-8"),
        policy(scripts),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", title),
        element("style", Markup(rules)),
    )


def _body(result: StudyResult, notices: Iterable[str]) -> Markup:
    has_runs = bool(result.runs)
    return fragment(
        sections.masthead(result),
        element(
            "main",
            sections.question(result),
            sections.found(result),
            exhibit(first_exhibit(result)) if has_runs else None,
            sections.table(result) if has_runs else None,
            sections.comparisons(result),
            [exhibit(shown) for shown in other_exhibits(result)] if has_runs else None,
            sections.method(result),
            sections.next_steps(result),
            sections.provenance(result),
            sections.notices(result, notices),
        ),
    )


def _colophon(version: str, size: int) -> Markup:
    return element(
        "footer",
        f"Made by Fathom {plain(version, limit=40)}. This page is one file of {size_text(size)}; "
        "it loads nothing from anywhere else and works offline.",
        class_="colophon",
    )
