"""HTML that is escaped unless it was made here."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

VOID = frozenset({"br", "hr", "img", "input", "link", "meta"})

# Characters that HTML forbids, and those that turn the direction of the text after them.
_UNWANTED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def element(name: str, /, *children: object, **attributes: object) -> Markup:
    """Return an element; children that are not `Markup` are escaped.

    Args:
        children: Text, numbers, `Markup`, or lists of them; None is left out.
        attributes: `class_` is written `class`, `aria_label` `aria-label`;
            True writes the name alone, None and False nothing.

    Example:
        >>> element("p", "a < b", class_="note")
        '<p class="note">a &lt; b</p>'
    """
    opening = f"<{name}{''.join(_attribute(*pair) for pair in attributes.items())}>"
    if name in VOID:
        return Markup(opening)
    return Markup(f"{opening}{fragment(*children)}</{name}>")


def fragment(*children: object) -> Markup:
    """Return children one after another, those that are not `Markup` escaped."""
    return Markup("".join(_flatten(children)))


def plain(text: object, *, limit: int = 300) -> str:
    """Return `text` without control characters, shortened to `limit` characters.

    Example:
        >>> plain("a" * 400, limit=5)
        'aaaa…'
    """
    cleaned = _UNWANTED.sub("�", str(text))
    return cleaned if len(cleaned) <= limit else cleaned[: limit - 1] + "…"


def figure_text(text: object, *, limit: int = 40) -> str:
    """Return `text` for inside a Plotly figure, which reads a little HTML of its own.

    Example:
        >>> figure_text("<b>&")
        '&lt;b&gt;&amp;'
    """
    return html.escape(plain(text, limit=limit), quote=False)


def _flatten(children: Iterable[object]) -> Iterable[str]:
    for child in children:
        if child is None:
            continue
        if isinstance(child, Markup):
            yield child
        elif isinstance(child, list | tuple):
            yield from _flatten(child)
        else:
            yield html.escape(_UNWANTED.sub("�", str(child)))


def _attribute(name: str, value: object) -> str:
    written = name.rstrip("_").replace("_", "-")
    if value is None or value is False:
        return ""
    if value is True:
        return f" {written}"
    return f' {written}="{html.escape(_UNWANTED.sub("�", str(value)))}"'
