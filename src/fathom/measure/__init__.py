"""What is measured: arrays in, arrays out."""

from fathom import runtime

runtime.start()

from fathom.measure.activity import Activity, activity, unit_shares  # noqa: E402
from fathom.measure.diagnosis import Course, Diagnosis, Finding, diagnosed  # noqa: E402
from fathom.measure.drops import Scores, credit_of  # noqa: E402
from fathom.measure.effective_depth import (  # noqa: E402
    first_within,
    greedy_removal,
    mean_path_length,
)
from fathom.measure.flops import flops_by_scope  # noqa: E402
from fathom.measure.guessing import guess_accuracy, guess_loss  # noqa: E402
from fathom.measure.health import layer_records, layer_statistics  # noqa: E402
from fathom.measure.importance import (  # noqa: E402
    IMPORTANCES,
    MAGNITUDE,
    GradientMoments,
    kept_units,
    least_important,
    unit_importance,
    weight_importance,
)
from fathom.measure.intervals import Interval, accuracy_interval, r2_interval  # noqa: E402
from fathom.measure.noise_scale import GradientNoise, gradient_noise  # noqa: E402
from fathom.measure.probes import (  # noqa: E402
    Prepared,
    Rows,
    Targets,
    classification_probe,
    prepared,
    regression_probe,
)
from fathom.measure.rate_search import RateCurve, rate_curve  # noqa: E402
from fathom.measure.scores import is_correct, metric_name, scorer  # noqa: E402
from fathom.measure.similarity import SMALLEST_BATCH, cka, hsic_matrix  # noqa: E402

__all__ = [
    "IMPORTANCES",
    "MAGNITUDE",
    "SMALLEST_BATCH",
    "Activity",
    "Course",
    "Diagnosis",
    "Finding",
    "GradientMoments",
    "GradientNoise",
    "Interval",
    "Prepared",
    "RateCurve",
    "Rows",
    "Scores",
    "Targets",
    "accuracy_interval",
    "activity",
    "cka",
    "classification_probe",
    "credit_of",
    "diagnosed",
    "first_within",
    "flops_by_scope",
    "gradient_noise",
    "greedy_removal",
    "guess_accuracy",
    "guess_loss",
    "hsic_matrix",
    "is_correct",
    "kept_units",
    "layer_records",
    "layer_statistics",
    "least_important",
    "mean_path_length",
    "metric_name",
    "prepared",
    "r2_interval",
    "rate_curve",
    "regression_probe",
    "scorer",
    "unit_importance",
    "unit_shares",
    "weight_importance",
]
