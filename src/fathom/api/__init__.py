"""What Python users hold: studies run, kept and opened again."""

from fathom.api.asking import study_spec
from fathom.api.best import best_model, best_model_bytes
from fathom.api.running import BEST_MODEL, PREPROCESSING, stream_study
from fathom.api.study import Plots, Study, open_study, study

__all__ = [
    "BEST_MODEL",
    "PREPROCESSING",
    "Plots",
    "Study",
    "best_model",
    "best_model_bytes",
    "open_study",
    "stream_study",
    "study",
    "study_spec",
]
