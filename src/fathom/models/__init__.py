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
    metric_for,
    ready_to_use,
)
from fathom.models.counting import count_trainable, matched_width, num_parameters
from fathom.models.describing import describe
from fathom.models.files import load_model, model_bytes
from fathom.models.graph import calls, is_functional
from fathom.models.heads import training_view
from fathom.models.hooks import replaced
from fathom.models.new_heads import with_new_head
from fathom.models.renewing import renewal
from fathom.models.shapes import without_values
from fathom.models.site_hooks import hooked_sites
from fathom.models.sites import Site, find_sites, output_activation
from fathom.models.surgery import no_removal, with_fewer_units, without
from fathom.models.tracing import SCOPE, Trace, stateless_outputs, trace
from fathom.models.units import Units, removable_units
from fathom.models.watching import Tap, kernels, watched_layers

__all__ = [
    "SCOPE",
    "Site",
    "Tap",
    "Trace",
    "Units",
    "build",
    "calls",
    "check",
    "check_optimizer",
    "compile_for",
    "count_trainable",
    "describe",
    "families",
    "find_sites",
    "gives_logits",
    "hooked_sites",
    "is_functional",
    "kernels",
    "known_optimizers",
    "load_model",
    "matched_width",
    "metric_for",
    "model_bytes",
    "no_removal",
    "num_parameters",
    "output_activation",
    "ready_to_use",
    "removable_units",
    "renewal",
    "replaced",
    "stateless_outputs",
    "trace",
    "training_view",
    "watched_layers",
    "with_fewer_units",
    "with_new_head",
    "without",
    "without_values",
]
