"""The command line: options in, words and tables out; no arithmetic."""

from fathom.cli.entry import main

__all__ = ["main"]
