"""A frame for what a notebook shows: colours that follow the notebook's, day or night."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from fathom.report import palette
from fathom.report.markup import Markup, element, plain
from fathom.report.scripts import asset

# How the pages that show notebooks say that they are dark: JupyterLab, VS Code, Colab, marimo,
# and Sphinx themes. A page that says nothing is taken for a light one.
DARK_HOSTS = (
    'body[data-jp-theme-light="false"]',
    "body.vscode-dark",
    "body.vscode-high-contrast",
    'html[theme="dark"]',
    ".dark",
    '[data-theme="dark"]',
)
# Sphinx themes that leave it to the system.
UNDECIDED_HOST = 'body[data-theme="auto"]'
HEAT_STEPS = 8


def framed(*children: object) -> str:
    """Return a piece of HTML that brings its own style, and no script.

    Args:
        children: As of `element`: what is not `Markup` is escaped.
    """
    style = element("style", Markup(host_colours() + notebook_style()))
    return str(element("div", style, children, class_="fathom-cell"))


def notebook_style() -> str:
    """Return the rules of cells, and their colours by day and at night."""
    variables = palette.css_variables() + _heat_variables()
    rules = [f".fathom-cell{{{variables}}}", *asset("cells/cell.css").splitlines()]
    return "".join(line.strip() for line in rules)


def host_colours() -> str:
    """Return the rules that tell day from night by the page around."""
    dark = ",".join(f"{host} .fathom-cell" for host in DARK_HOSTS)
    return (
        ".fathom-cell{color-scheme:light}"
        f"{dark}{{color-scheme:dark}}"
        "@media(prefers-color-scheme:dark)"
        f"{{{UNDECIDED_HOST} .fathom-cell{{color-scheme:dark}}}}"
    )


def _heat_variables() -> str:
    night = palette.night_colours()
    return "".join(
        f"--heat-{step}:light-dark({colour},{night[colour]});"
        for step, colour in enumerate(palette.depth_colours(HEAT_STEPS))
    )


def told(text: str, *, limit: int = 4000) -> list[Markup]:
    """Return text as paragraphs, which empty lines part."""
    return [element("p", plain(part, limit=limit)) for part in text.split("\n\n") if part]


def table(rows: Iterable[Mapping[str, object]], *, chosen: Sequence[int] = ()) -> Markup | None:
    """Return rows of one kind as a table that scrolls by itself; None without rows.

    Args:
        rows: Cells by header.
        chosen: Places of rows that stand out.
    """
    listed = list(rows)
    if not listed:
        return None
    head = element("tr", [element("th", header, scope="col") for header in listed[0]])
    body = [
        element(
            "tr",
            [element("td", _cell(cell)) for cell in row.values()],
            class_="chosen" if place in chosen else None,
        )
        for place, row in enumerate(listed)
    ]
    whole = element("table", element("thead", head), element("tbody", body))
    return element("div", whole, class_="scroll")


def _cell(cell: object) -> object:
    return cell if isinstance(cell, Markup) else plain(cell, limit=60)
