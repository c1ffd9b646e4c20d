"""Populations: many networks of one architecture trained as one compiled program."""

from fathom import runtime

runtime.start()

from fathom.train.ahead import compile_ahead, wait_for_programs  # noqa: E402
from fathom.train.batch_gradients import batch_gradient_lengths  # noqa: E402
from fathom.train.begun import begin_with, weights_of  # noqa: E402
from fathom.train.blueprint import Blueprint, build_with_values, record  # noqa: E402
from fathom.train.cohort import Cohort, compile_together  # noqa: E402
from fathom.train.devices import num_devices, platform  # noqa: E402
from fathom.train.divergence import first_cause  # noqa: E402
from fathom.train.fitting.layer_watch import LayerWatch  # noqa: E402
from fathom.train.fresh import fresh_weights  # noqa: E402
from fathom.train.initial import initial_weights  # noqa: E402
from fathom.train.memory import free_bytes, member_bytes  # noqa: E402
from fathom.train.moments import gradient_moments  # noqa: E402
from fathom.train.observing import layer_gradients, observed, path_gradients  # noqa: E402
from fathom.train.orders import batch_order, steps_per_epoch  # noqa: E402
from fathom.train.population import Population  # noqa: E402
from fathom.train.probe import Tap  # noqa: E402
from fathom.train.rows import as_rows, num_rows, taken  # noqa: E402
from fathom.train.saving import restored, snapshot  # noqa: E402
from fathom.train.stopping import Standing  # noqa: E402
from fathom.train.terms import Epoch, Member, TrainingData, Watch, product  # noqa: E402
from fathom.train.variants import (  # noqa: E402
    BYPASS,
    KEEP,
    MEAN,
    ZERO,
    Laboratory,
    Networks,
    Variants,
    owners,
    spread,
    streamed,
)

__all__ = [
    "BYPASS",
    "KEEP",
    "MEAN",
    "ZERO",
    "Blueprint",
    "Cohort",
    "Epoch",
    "Laboratory",
    "LayerWatch",
    "Member",
    "Networks",
    "Population",
    "Standing",
    "Tap",
    "TrainingData",
    "Variants",
    "Watch",
    "as_rows",
    "batch_gradient_lengths",
    "batch_order",
    "begin_with",
    "build_with_values",
    "compile_ahead",
    "compile_together",
    "first_cause",
    "free_bytes",
    "fresh_weights",
    "gradient_moments",
    "initial_weights",
    "layer_gradients",
    "member_bytes",
    "num_devices",
    "num_rows",
    "observed",
    "owners",
    "path_gradients",
    "platform",
    "product",
    "record",
    "restored",
    "snapshot",
    "spread",
    "steps_per_epoch",
    "streamed",
    "taken",
    "wait_for_programs",
    "weights_of",
]
