"""Views of a stored study: figures, a table, words, and one self-contained page."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from fathom.report.anatomy_figures import layer_costs, layer_probes, layer_similarity
from fathom.report.anatomy_page import anatomy_page
from fathom.report.anatomy_table import (
    content_cells,
    cost_cells,
    recalibrated_cells,
    structure_cells,
)
from fathom.report.anatomy_table import notes as anatomy_notes
from fathom.report.cells import (
    LayerStrip,
    anatomy_cell,
    features_cell,
    history_cell,
    layer_strips,
    notebook_style,
    population_cell,
    pruning_cell,
    rate_search_cell,
    score_name,
    separation_cell,
    study_cell,
    transfer_cell,
    trimming_cell,
)
from fathom.report.document import page
from fathom.report.experiment_figure import experiment_figure
from fathom.report.experiment_markdown import experiments_markdown
from fathom.report.experiment_page import experiment_summary, experiments_page
from fathom.report.experiment_words import (
    effect_text,
    experiment_text,
    mark_of,
    value_text,
    verdict_text,
)
from fathom.report.facts import all_series, metric_name
from fathom.report.feature_answer_figures import (
    feature_conductance,
    feature_plane,
    feature_surfaces,
)
from fathom.report.feature_layer_figures import (
    feature_embedding,
    feature_probes,
    feature_separation,
)
from fathom.report.feature_page import features_page
from fathom.report.feature_points import known_layer
from fathom.report.feature_table import (
    feature_cells,
    feature_notes,
    features_document,
)
from fathom.report.feature_table import unit_cells as feature_unit_cells
from fathom.report.feature_unit_figures import feature_filters, feature_units
from fathom.report.figures import (
    cost,
    depth_curve,
    gradient_flow,
    layer_health,
    learning_curves,
    learning_rates,
    rate_search,
    shallow_against_deep,
)
from fathom.report.numbers import (
    count_text,
    counted,
    duration_text,
    interval_text,
    rate_text,
    ratio_text,
    score_text,
    seconds_text,
    size_text,
)
from fathom.report.pruning_figure import pruning_curve
from fathom.report.separation_figures import separation_errors, separation_regions
from fathom.report.separation_page import separation_page
from fathom.report.separation_table import separation_cells, separation_document
from fathom.report.table import DisplayRow, html_table, table_rows
from fathom.report.transfer_figures import transfer_differences, transfer_scores
from fathom.report.transfer_page import transfer_page
from fathom.report.transfer_table import (
    transfer_arm_cells,
    transfer_differences_cells,
    transfer_document,
    transfer_score_cells,
)
from fathom.report.words import describe_method, headline, next_commands, progress_text

if TYPE_CHECKING:
    from fathom.report.series_figures import (
        series_differences,
        series_effects,
        series_growth,
        series_odds,
        series_scores,
        series_splits,
    )
    from fathom.report.series_html import series_headline, series_page, series_summary
    from fathom.report.series_table import SeriesRow, series_document, series_notes, series_rows

__all__ = [
    "DisplayRow",
    "LayerStrip",
    "SeriesRow",
    "all_series",
    "anatomy_cell",
    "anatomy_notes",
    "anatomy_page",
    "content_cells",
    "cost",
    "cost_cells",
    "count_text",
    "counted",
    "depth_curve",
    "describe_method",
    "duration_text",
    "effect_text",
    "experiment_figure",
    "experiment_summary",
    "experiment_text",
    "experiments_markdown",
    "experiments_page",
    "feature_cells",
    "feature_conductance",
    "feature_embedding",
    "feature_filters",
    "feature_notes",
    "feature_plane",
    "feature_probes",
    "feature_separation",
    "feature_surfaces",
    "feature_unit_cells",
    "feature_units",
    "features_cell",
    "features_document",
    "features_page",
    "gradient_flow",
    "headline",
    "history_cell",
    "html_table",
    "interval_text",
    "known_layer",
    "layer_costs",
    "layer_health",
    "layer_probes",
    "layer_similarity",
    "layer_strips",
    "learning_curves",
    "learning_rates",
    "mark_of",
    "metric_name",
    "next_commands",
    "notebook_style",
    "page",
    "population_cell",
    "progress_text",
    "pruning_cell",
    "pruning_curve",
    "rate_search",
    "rate_search_cell",
    "rate_text",
    "ratio_text",
    "recalibrated_cells",
    "score_name",
    "score_text",
    "seconds_text",
    "separation_cell",
    "separation_cells",
    "separation_document",
    "separation_errors",
    "separation_page",
    "separation_regions",
    "series_differences",
    "series_document",
    "series_effects",
    "series_growth",
    "series_headline",
    "series_notes",
    "series_odds",
    "series_page",
    "series_rows",
    "series_scores",
    "series_splits",
    "series_summary",
    "shallow_against_deep",
    "size_text",
    "structure_cells",
    "study_cell",
    "table_rows",
    "transfer_arm_cells",
    "transfer_cell",
    "transfer_differences",
    "transfer_differences_cells",
    "transfer_document",
    "transfer_page",
    "transfer_score_cells",
    "transfer_scores",
    "trimming_cell",
    "value_text",
    "verdict_text",
]

# What compares scores loads JAX; lists and other pages do without.
_SERIES = ("series_html", "series_table", "series_figures")


def __getattr__(name: str) -> Any:
    """Load the views of a series only when they are asked for."""
    if name in __all__:
        for file in _SERIES:
            module = import_module(f"fathom.report.{file}")
            if name in vars(module):
                return getattr(module, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
