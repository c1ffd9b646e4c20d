"""Find out by experiment how deep a neural network should be, and what its layers do."""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

from fathom.version import __version__

if TYPE_CHECKING:
    from fathom import sklearn
    from fathom.api import Study, open_study, resume, study, study_spec
    from fathom.api.anatomy import Anatomy, anatomy
    from fathom.api.diagnosing import diagnose
    from fathom.api.experiments import Judged, experiment, experiments
    from fathom.api.exporting import export
    from fathom.api.features import Features, features
    from fathom.api.fitting import fit
    from fathom.api.history import History
    from fathom.api.learning_rates import find_learning_rate, gradient_noise_scale
    from fathom.api.parquet_batches import ParquetBatches
    from fathom.api.population import Population
    from fathom.api.separating import Separation, depth_separation
    from fathom.api.series import Sweep, open_sweep, resume_sweep, sweep
    from fathom.api.transferring import Transfer, transfer
    from fathom.api.trimming import Pruned, Trimmed, prune, trim
    from fathom.data import Dataset, load
    from fathom.exports import TensorBoard
    from fathom.notebook import live
    from fathom.store import Store
    from fathom.web import playground

__all__ = [
    "Anatomy",
    "Dataset",
    "Features",
    "History",
    "Judged",
    "ParquetBatches",
    "Population",
    "Pruned",
    "Separation",
    "Store",
    "Study",
    "Sweep",
    "TensorBoard",
    "Transfer",
    "Trimmed",
    "__version__",
    "anatomy",
    "depth_separation",
    "diagnose",
    "experiment",
    "experiments",
    "export",
    "features",
    "find_learning_rate",
    "fit",
    "gradient_noise_scale",
    "live",
    "load",
    "open_study",
    "open_sweep",
    "playground",
    "prune",
    "resume",
    "resume_sweep",
    "sklearn",
    "study",
    "study_spec",
    "sweep",
    "transfer",
    "trim",
]

# Keras chooses its backend when it is imported, which a user may do right after Fathom.
os.environ.setdefault("KERAS_BACKEND", "jax")

_HOMES = {
    "transfer": "fathom.api.transferring",
    "Transfer": "fathom.api.transferring",
    "trim": "fathom.api.trimming",
    "prune": "fathom.api.trimming",
    "Trimmed": "fathom.api.trimming",
    "Pruned": "fathom.api.trimming",
    "Anatomy": "fathom.api.anatomy",
    "anatomy": "fathom.api.anatomy",
    "Dataset": "fathom.data",
    "Features": "fathom.api.features",
    "features": "fathom.api.features",
    "Population": "fathom.api.population",
    "ParquetBatches": "fathom.api.parquet_batches",
    "Separation": "fathom.api.separating",
    "depth_separation": "fathom.api.separating",
    "Store": "fathom.store",
    "TensorBoard": "fathom.exports",
    "Study": "fathom.api",
    "Sweep": "fathom.api.series",
    "open_sweep": "fathom.api.series",
    "resume_sweep": "fathom.api.series",
    "sweep": "fathom.api.series",
    "diagnose": "fathom.api.diagnosing",
    "experiment": "fathom.api.experiments",
    "experiments": "fathom.api.experiments",
    "Judged": "fathom.api.experiments",
    "find_learning_rate": "fathom.api.learning_rates",
    "export": "fathom.api.exporting",
    "fit": "fathom.api.fitting",
    "History": "fathom.api.history",
    "gradient_noise_scale": "fathom.api.learning_rates",
    "live": "fathom.notebook",
    "load": "fathom.data",
    "open_study": "fathom.api",
    "playground": "fathom.web",
    "resume": "fathom.api",
    "study": "fathom.api",
    "study_spec": "fathom.api",
}

# Rooms with a public name of their own.
_ROOMS = ("sklearn",)


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used, so that `import fathom` is quick."""
    if name in _ROOMS:
        return import_module(f"fathom.{name}")
    if name in _HOMES:
        value = getattr(import_module(_HOMES[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
