"""What is stored, in other tools' formats: models as programs and ONNX, runs for trackers."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from fathom.exports.models import ENDINGS, MODEL_FORMATS, model_files
from fathom.exports.pytorch_words import ACTIVATIONS, EXPONENTIAL
from fathom.exports.trackers import TRACKERS, export_to_tracker

if TYPE_CHECKING:
    from fathom.exports.curves import curve_table, export_curves
    from fathom.exports.graph import graph_of
    from fathom.exports.tensorboard import TensorBoard

__all__ = [
    "ACTIVATIONS",
    "ENDINGS",
    "EXPONENTIAL",
    "MODEL_FORMATS",
    "TRACKERS",
    "TensorBoard",
    "curve_table",
    "export_curves",
    "export_to_tracker",
    "graph_of",
    "model_files",
]

_HOMES = {
    "TensorBoard": "tensorboard",
    "curve_table": "curves",
    "export_curves": "curves",
    "graph_of": "graph",
}


def __getattr__(name: str) -> Any:
    """Load what needs Keras or Polars only when it is asked for."""
    if name in _HOMES:
        return getattr(import_module(f"fathom.exports.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
