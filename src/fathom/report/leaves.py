"""Parts that pages about a trained network have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from fathom.report.anatomy_table import Cells
from fathom.report.markup import Markup, element, plain
from fathom.report.sections import fact_list, part


def named_masthead(what: str, name: str, headline: str, facts: Mapping[str, str | None]) -> Markup:
    """Return a page's name, its answer in one line, and the numbers behind it.

    Args:
        what: What the page is, such as "Fathom layers".
        name: Of what it is about.
        headline: The answer.
        facts: Numbers by name; what follows a bracket is written small; None is left out.
    """
    return element(
        "header",
        element(
            "div",
            element("p", f"{what} · ", element("bdi", plain(name, limit=120))),
            element("button", "Dark page", class_="theme", type="button"),
            class_="topline",
        ),
        element("h1", plain(headline, limit=300)),
        fact_list({one: None if text is None else _value(text) for one, text in facts.items()}),
        class_="masthead",
    )


def _value(text: str) -> list[object]:
    mean, bracket, rest = plain(text, limit=80).partition("[")
    return [mean, element("small", bracket + rest)] if bracket else [mean]


def paragraphs_part(title: str, texts: Iterable[str]) -> Markup:
    """Return paragraphs, the first of them larger."""
    content = [element("p", plain(text, limit=4000)) for text in texts]
    return part(title, element("div", content, class_="lead"))


def sentences_part(title: str, texts: Iterable[str]) -> Markup:
    """Return paragraphs of one size."""
    return part(title, [element("p", plain(text, limit=4000)) for text in texts])


def table_part(title: str, rows: Sequence[Cells], *, caption: str = "") -> Markup | None:
    """Return a table that scrolls sideways in a container of its own; None without rows."""
    if not rows:
        return None
    return part(title, scrolling(title, rows), caption=caption, kind="wide")


def scrolling(title: str, rows: Sequence[Cells]) -> Markup:
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
    return element("div", table, class_="scroll", role="region", aria_label=title, tabindex="0")


def notices_list(notices: Iterable[str]) -> Markup | None:
    """Return what else the reader should know; None if there is nothing."""
    told = [plain(text, limit=1000) for text in dict.fromkeys(notices)]
    if not told:
        return None
    items = [element("li", text) for text in told]
    return part("Notices", element("ul", items, class_="notices"))
