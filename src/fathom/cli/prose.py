"""Sentences in the terminal, in lines no longer than is easy to read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from fathom.cli.terminal import plain

if TYPE_CHECKING:
    from rich.console import Console

WIDEST = 88
# From here on tables have room for every column.
WIDE = 100


def prose_width(console: Console) -> int:
    """Return how long the lines of sentences may be."""
    return min(console.width, WIDEST)


def print_prose(words: str, console: Console, *, style: str = "") -> None:
    """Print sentences, wrapped."""
    from rich.text import Text

    console.print(Text(plain(words), style=style), width=prose_width(console))


def print_paragraph(words: str, console: Console, *, style: str = "") -> None:
    """Print sentences below an empty line."""
    console.print()
    print_prose(words, console, style=style)


def print_findings(findings: Mapping[str, str], console: Console) -> None:
    """Print what was found, a paragraph each; the score stands out."""
    for name, paragraph in findings.items():
        print_paragraph(paragraph, console, style="bold" if name == "score" else "")


def print_notes(lines: Iterable[str], console: Console) -> None:
    """Print what helps to read a table, below it."""
    console.print()
    for line in lines:
        print_prose(line, console, style="dim")
