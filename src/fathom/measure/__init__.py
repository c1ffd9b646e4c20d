"""What is measured: arrays in, arrays out."""

from fathom import runtime

runtime.start()

from fathom.measure.health import layer_statistics  # noqa: E402
from fathom.measure.intervals import Interval, accuracy_interval, r2_interval  # noqa: E402
from fathom.measure.scores import is_correct, metric_name, scorer  # noqa: E402

__all__ = [
    "Interval",
    "accuracy_interval",
    "is_correct",
    "layer_statistics",
    "metric_name",
    "r2_interval",
    "scorer",
]
