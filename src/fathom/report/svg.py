"""Marks of drawings that need no JavaScript."""

from __future__ import annotations

from fathom.report.markup import Markup, element


def drawn_text(x: float, y: float, text: str, anchor: str = "start", kind: str = "label") -> Markup:
    """Return words at a point, which is their "start", "middle" or "end"."""
    return element("text", text, x=f"{x:g}", y=f"{y:g}", text_anchor=anchor, class_=kind)


def drawn_line(x1: float, y1: float, x2: float, y2: float, kind: str) -> Markup:
    """Return a straight line."""
    return element("line", x1=f"{x1:g}", y1=f"{y1:g}", x2=f"{x2:g}", y2=f"{y2:g}", class_=kind)
