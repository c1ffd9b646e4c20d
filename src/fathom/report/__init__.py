"""Views of a stored study: figures, a table, words, and one self-contained page."""

from fathom.report.anatomy_figures import layer_costs, layer_probes, layer_similarity
from fathom.report.anatomy_page import anatomy_page
from fathom.report.anatomy_table import (
    anatomy_summary,
    content_cells,
    cost_cells,
    recalibrated_cells,
    structure_cells,
)
from fathom.report.anatomy_table import notes as anatomy_notes
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
    features_summary,
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
from fathom.report.summary import html_summary
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

__all__ = [
    "DisplayRow",
    "anatomy_notes",
    "anatomy_page",
    "anatomy_summary",
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
    "features_document",
    "features_page",
    "features_summary",
    "gradient_flow",
    "headline",
    "html_summary",
    "html_table",
    "interval_text",
    "known_layer",
    "layer_costs",
    "layer_health",
    "layer_probes",
    "layer_similarity",
    "learning_curves",
    "learning_rates",
    "mark_of",
    "next_commands",
    "page",
    "progress_text",
    "pruning_curve",
    "rate_search",
    "rate_text",
    "ratio_text",
    "recalibrated_cells",
    "score_text",
    "seconds_text",
    "separation_cells",
    "separation_document",
    "separation_errors",
    "separation_page",
    "separation_regions",
    "shallow_against_deep",
    "size_text",
    "structure_cells",
    "table_rows",
    "transfer_arm_cells",
    "transfer_differences",
    "transfer_differences_cells",
    "transfer_document",
    "transfer_page",
    "transfer_score_cells",
    "transfer_scores",
    "value_text",
    "verdict_text",
]
