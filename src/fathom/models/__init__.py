"""From a spec to an ordinary Keras model, and to and from `.keras` files."""
# ruff: noqa: E402

from fathom import runtime

# Keras reads its backend, and JAX its devices, once: before anything here imports them.
runtime.start()

from fathom.models.building import build, check, families
from fathom.models.compiling import (
    check_optimizer,
    compile_for,
    gives_logits,
    known_optimizers,
    ready_to_use,
)
from fathom.models.counting import count_trainable, matched_width, num_parameters
from fathom.models.describing import describe
from fathom.models.files import load_model, model_bytes
from fathom.models.heads import training_view
from fathom.models.shapes import without_values
from fathom.models.watching import Watched, watched_layers

__all__ = [
    "Watched",
    "build",
    "check",
    "check_optimizer",
    "compile_for",
    "count_trainable",
    "describe",
    "families",
    "gives_logits",
    "known_optimizers",
    "load_model",
    "matched_width",
    "model_bytes",
    "num_parameters",
    "ready_to_use",
    "training_view",
    "watched_layers",
    "without_values",
]
