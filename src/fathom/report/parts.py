"""Parts that pages have in common."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from fathom.report.exhibits import Exhibit
from fathom.report.markup import Markup, element, fragment, plain
from fathom.report.scripts import data_block

if TYPE_CHECKING:
    from fathom.report.anatomy_table import Cells


def part(
    title: str, *content: object, caption: str = "", name: str | None = None, kind: str = ""
) -> Markup:
    """Return a section: its heading and caption beside its content, above it if "wide"."""
    heading = element(
        "header",
        element("h2", title),
        element("p", caption, class_="caption") if caption else None,
    )
    return element(
        "section",
        heading,
        element("div", content),
        class_=f"part {kind}".strip(),
        id=name,
    )


# -- at the top --------------------------------------------------------------------------


def topline(what: str, name: str | None = None) -> Markup:
    """Return the line above the answer: what the page is, of what, and the button for the night."""
    named = [] if name is None else [" · ", element("bdi", plain(name, limit=120))]
    button = element("button", "Dark page", class_="theme", type="button")
    return element("div", element("p", what, named), button, class_="topline")


def masthead_of(
    what: str,
    headline: str,
    facts: Mapping[str, object],
    *,
    name: str | None = None,
    banner: str | None = None,
) -> Markup:
    """Return a page's name, its answer in one line, and the numbers behind it.

    Args:
        what: What the page is, such as "Fathom layers".
        headline: The answer.
        facts: Numbers by name; what follows a bracket is written small; None is left out.
        name: Of what it is about.
        banner: What has to be read before the answer.
    """
    return element(
        "header",
        topline(what, name),
        element("p", banner, class_="banner", role="status") if banner else None,
        element("h1", plain(headline)),
        _fact_list(facts) if facts else None,
        class_="masthead",
    )


def _fact_list(facts: Mapping[str, object]) -> Markup:
    pairs = [
        element("div", element("dt", name), element("dd", _fact(value)))
        for name, value in facts.items()
        if value is not None
    ]
    return element("dl", pairs, class_="facts")


def _fact(value: object) -> object:
    if not isinstance(value, str):
        return value
    mean, bracket, rest = plain(value, limit=80).partition("[")
    return [mean, element("small", bracket + rest)] if bracket else mean


# -- figures -----------------------------------------------------------------------------


def exhibit(shown: Exhibit) -> Markup:
    """Return a figure's place on the page, and its data."""
    height = int(shown.drawing["layout"].get("height", 440))
    identifier = f"{shown.name}-data"
    plot = element(
        "figure",
        element("noscript", "This figure is drawn by JavaScript, which is switched off."),
        class_="plot",
        role="group",
        aria_label=f"{shown.title}. {shown.caption}",
        data_figure=identifier,
        style=f"min-height:{height}px",
    )
    content = fragment(plot, data_block(identifier, shown.drawing))
    return part(shown.title, content, caption=shown.caption, name=shown.name, kind="exhibit")


# -- words -------------------------------------------------------------------------------


def found_part(texts: Iterable[str]) -> Markup:
    """Return what was found: paragraphs, the first of them larger."""
    return part("What was found", element("div", _paragraphs(texts), class_="lead"))


def sentences_part(title: str, texts: Iterable[str]) -> Markup:
    """Return paragraphs of one size."""
    return part(title, _paragraphs(texts))


def _paragraphs(texts: Iterable[str]) -> list[Markup]:
    return [element("p", plain(text, limit=4000)) for text in texts]


def notices_part(notices: Iterable[str]) -> Markup | None:
    """Return what else the reader should know; None if there is nothing."""
    told = dict.fromkeys(plain(text, limit=1000) for text in notices)
    if not told:
        return None
    items = [element("li", text) for text in told]
    return part("Notices", element("ul", items, class_="notices"))


def provenance_part(
    spec: object, facts: Mapping[str, object] | None = None, *, whose: str = "The spec"
) -> Markup:
    """Return what a result came from: facts by name, and a spec as JSON behind a button."""
    details = element(
        "details",
        element("summary", f"{whose}, as JSON"),
        element("pre", json.dumps(spec, indent=2, ensure_ascii=False), tabindex="0"),
    )
    return part("Where it comes from", None if facts is None else pairs_list(facts), details)


def pairs_list(facts: Mapping[str, object]) -> Markup:
    """Return facts by name, one below the other; those that are None or empty are left out."""
    pairs = [
        (element("dt", name), element("dd", plain(value, limit=600)))
        for name, value in facts.items()
        if value not in (None, "")
    ]
    return element("dl", pairs, class_="pairs")


# -- tables ------------------------------------------------------------------------------


def table_part(title: str, rows: Sequence[Cells], *, caption: str = "") -> Markup | None:
    """Return a table that scrolls sideways in a container of its own; None without rows."""
    if not rows:
        return None
    return part(title, cells_table(title, rows), caption=caption, kind="wide")


def cells_table(title: str, rows: Sequence[Cells]) -> Markup:
    """Return rows of one kind as a table; columns in which nothing stands are left out."""
    empty = {name for name in rows[0] if all(row[name] in ("–", "") for row in rows)}
    headers = [name for name in rows[0] if name not in empty]
    head = element("tr", [element("th", name, scope="col") for name in headers])
    body = [
        element(
            "tr",
            element("th", plain(row[headers[0]], limit=80), scope="row"),
            [element("td", plain(row[name], limit=80)) for name in headers[1:]],
        )
        for row in rows
    ]
    table = element("table", element("thead", head), element("tbody", body), class_="fathom-table")
    return scrolling(table, title)


def scrolling(table: Markup, title: str) -> Markup:
    """Return a table in a container that scrolls sideways, also with the keyboard."""
    return element("div", table, class_="scroll", role="region", aria_label=title, tabindex="0")
