"""Several ordinary studies that answer one question: over splits, and over a setting's values."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from fathom.studies.series.settings import SETTINGS, Setting, asked, checked, setting

if TYPE_CHECKING:
    from fathom.studies.series.growing import Gain, Growth, growth
    from fathom.studies.series.judging import (
        against,
        combination,
        has_learned,
        judge,
        probabilities,
    )
    from fathom.studies.series.planning import Asked, check_not_given, check_options, planned
    from fathom.studies.series.result import Cell, SeriesResult, best_cell, chosen_cell
    from fathom.studies.series.wording import difference_words, named, percent, signed, spoken

__all__ = [
    "SETTINGS",
    "Asked",
    "Cell",
    "Gain",
    "Growth",
    "SeriesResult",
    "Setting",
    "against",
    "asked",
    "best_cell",
    "check_not_given",
    "check_options",
    "checked",
    "chosen_cell",
    "combination",
    "difference_words",
    "growth",
    "has_learned",
    "judge",
    "named",
    "percent",
    "planned",
    "probabilities",
    "setting",
    "signed",
    "spoken",
]

# What compares scores loads JAX with them; what is asked for is looked at without.
_FILES = ("growing", "judging", "planning", "result", "wording")


def __getattr__(name: str) -> Any:
    """Load what plans and judges only when it is asked for."""
    if name in __all__:
        for file in _FILES:
            module = import_module(f"fathom.studies.series.{file}")
            if name in vars(module):
                return getattr(module, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
