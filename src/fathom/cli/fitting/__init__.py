"""What `fathom fit` shows while one network trains, and hands over at its end."""

from fathom.cli.fitting.board import FitBoard
from fathom.cli.fitting.document import fit_document
from fathom.cli.fitting.lines import FitLines
from fathom.cli.fitting.live import FitScreen
from fathom.cli.fitting.summary import print_fit

__all__ = [
    "FitBoard",
    "FitLines",
    "FitScreen",
    "fit_document",
    "print_fit",
]
