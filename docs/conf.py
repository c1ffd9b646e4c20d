"""How `make docs` builds these pages. Warnings are errors."""

from __future__ import annotations

import re
from pathlib import Path

import fathom

ROOT = Path(__file__).resolve().parents[1]

project = "Fathom"
author = "The Fathom developers"
copyright = "The Fathom developers"
release = version = fathom.__version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
# The second is where MyST-NB puts the notebooks it has run, beside the pages.
exclude_patterns = ["_build", "jupyter_execute"]
source_suffix = {".md": "myst-nb", ".ipynb": "myst-nb"}
nb_execution_mode = "off"  # notebooks show what scripts/notebooks.py stored
nb_merge_streams = True

html_theme = "furo"
html_title = f"Fathom {release}"
html_static_path = ["_static"]
html_css_files = ["fathom.css"]
html_show_sphinx = False
smartquotes = False  # it would turn --seed into a dash and a word

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True

# Pages outside of this folder that the pages link to; elsewhere they are files to download.
PAGES = {
    "../benchmarks/README.md": "benchmarks.md",
    "../../benchmarks/README.md": "../benchmarks.md",
}
BAR = re.compile(r"\|(?=[^`]*(?:`[^`]*`[^`]*)*$)")  # outside of backticks
# Commands and code in one pair of backticks: code in Markdown, roles in reStructuredText.
LITERAL = re.compile(r"(?<![`:])`([^`\n]+)`(?!`)")


def commands_in(app, docname: str, source: list[str]) -> None:
    """Put the help of all commands on its page."""
    if docname == "reference/commands":
        from fathom.cli.app import commands

        told = commands().generate_docs(output_format="markdown", recursive=True)
        source[0] += told[told.index("## fathom study") :]


def link_within(app, docname: str, source: list[str]) -> None:
    """Let links that work in the repository work on these pages too."""
    for outside, inside in PAGES.items():
        source[0] = source[0].replace(f"({outside}", f"({inside}")


def as_literals(app, what, name, obj, options, lines: list[str]) -> None:
    """Show `code` of docstrings as code, as Markdown does, and bars as bars."""
    lines[:] = [LITERAL.sub(r"``\1``", BAR.sub(r"\|", line)) for line in lines]


def setup(app) -> None:
    """Connect them."""
    app.connect("source-read", commands_in)
    app.connect("source-read", link_within)
    app.connect("autodoc-process-docstring", as_literals, priority=0)
