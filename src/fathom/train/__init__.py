"""Populations: many networks of one architecture trained as one compiled program."""

from fathom import runtime

runtime.start()

from fathom.train.blueprint import Blueprint, build_with_values, record  # noqa: E402
from fathom.train.initial import initial_weights  # noqa: E402
from fathom.train.orders import batch_order, steps_per_epoch  # noqa: E402
from fathom.train.population import Population  # noqa: E402
from fathom.train.probe import Tap  # noqa: E402
from fathom.train.stopping import Standing  # noqa: E402
from fathom.train.terms import Epoch, Member, TrainingData, Watch, product  # noqa: E402

__all__ = [
    "Blueprint",
    "Epoch",
    "Member",
    "Population",
    "Standing",
    "Tap",
    "TrainingData",
    "Watch",
    "batch_order",
    "build_with_values",
    "initial_weights",
    "product",
    "record",
    "steps_per_epoch",
]
