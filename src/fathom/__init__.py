"""Find out by experiment how deep a neural network should be, and what its layers do."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from fathom.version import __version__

if TYPE_CHECKING:
    from fathom.api import Study, open_study, study, study_spec
    from fathom.data import Dataset, load
    from fathom.store import Store

__all__ = [
    "Dataset",
    "Store",
    "Study",
    "__version__",
    "load",
    "open_study",
    "study",
    "study_spec",
]

_HOMES = {
    "Dataset": "fathom.data",
    "Store": "fathom.store",
    "Study": "fathom.api",
    "load": "fathom.data",
    "open_study": "fathom.api",
    "study": "fathom.api",
    "study_spec": "fathom.api",
}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used, so that `import fathom` is quick."""
    if name in _HOMES:
        value = getattr(import_module(_HOMES[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
