"""What Python users hold: studies run, kept and opened again."""

from fathom.api.asking import reloaded, study_spec
from fathom.api.best import best_model, best_model_bytes, why_none
from fathom.api.running import (
    BEST_MODEL,
    PREPROCESSING,
    extended,
    stream_resumed,
    stream_study,
)
from fathom.api.study import Plots, Study, open_study, resume, study

__all__ = [
    "BEST_MODEL",
    "PREPROCESSING",
    "Plots",
    "Study",
    "best_model",
    "best_model_bytes",
    "extended",
    "open_study",
    "reloaded",
    "resume",
    "stream_resumed",
    "stream_study",
    "study",
    "study_spec",
    "why_none",
]
