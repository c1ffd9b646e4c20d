"""What is measured: arrays in, arrays out."""

from fathom import runtime

runtime.start()

from fathom.measure.activity import Activity, activity, unit_shares  # noqa: E402
from fathom.measure.ascent import AscentSpec, Bounds, climb  # noqa: E402
from fathom.measure.comparing import (  # noqa: E402
    PairedComparison,
    paired_comparison,
    paired_draws,
    probability_best,
    row_draws,
    standard_error_of,
)
from fathom.measure.conductance import conductance, path_points  # noqa: E402
from fathom.measure.diagnosis import Course, Diagnosis, Finding, diagnosed  # noqa: E402
from fathom.measure.drops import Scores, credit_of  # noqa: E402
from fathom.measure.effective_depth import (  # noqa: E402
    first_within,
    greedy_removal,
    mean_path_length,
)
from fathom.measure.embedding import EMBEDDINGS, Embedding, embedding, turned_alike  # noqa: E402
from fathom.measure.exciting import Excited, UnitSums, excited, most_excited  # noqa: E402
from fathom.measure.extrapolating import extrapolated  # noqa: E402
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
from fathom.measure.intervals import (  # noqa: E402
    Interval,
    accuracy_interval,
    mean_interval,
    r2_interval,
)
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
from fathom.measure.regions import (  # noqa: E402
    breakpoints_along,
    most_pieces_along,
    most_regions,
    most_regions_of_one_layer,
    pieces_along,
    reachable_pieces_along,
    reachable_regions,
    regions_along,
)
from fathom.measure.scores import is_correct, metric_name, scorer  # noqa: E402
from fathom.measure.separation import Separation, class_separation  # noqa: E402
from fathom.measure.similarity import SMALLEST_BATCH, cka, hsic_matrix  # noqa: E402

__all__ = [
    "EMBEDDINGS",
    "IMPORTANCES",
    "MAGNITUDE",
    "SMALLEST_BATCH",
    "Activity",
    "AscentSpec",
    "Bounds",
    "Course",
    "Diagnosis",
    "Embedding",
    "Excited",
    "Finding",
    "GradientMoments",
    "GradientNoise",
    "Interval",
    "PairedComparison",
    "Prepared",
    "RateCurve",
    "Rows",
    "Scores",
    "Separation",
    "Targets",
    "UnitSums",
    "accuracy_interval",
    "activity",
    "breakpoints_along",
    "cka",
    "class_separation",
    "classification_probe",
    "climb",
    "conductance",
    "credit_of",
    "diagnosed",
    "embedding",
    "excited",
    "extrapolated",
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
    "mean_interval",
    "mean_path_length",
    "metric_name",
    "most_excited",
    "most_pieces_along",
    "most_regions",
    "most_regions_of_one_layer",
    "paired_comparison",
    "paired_draws",
    "path_points",
    "pieces_along",
    "prepared",
    "probability_best",
    "r2_interval",
    "rate_curve",
    "reachable_pieces_along",
    "reachable_regions",
    "regions_along",
    "regression_probe",
    "row_draws",
    "scorer",
    "standard_error_of",
    "turned_alike",
    "unit_importance",
    "unit_shares",
    "weight_importance",
]
