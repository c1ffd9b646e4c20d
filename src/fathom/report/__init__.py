"""Views of a stored study: figures, a table, words, and one self-contained page."""

from fathom.report.anatomy_figures import layer_costs, layer_probes, layer_similarity
from fathom.report.anatomy_table import (
    anatomy_summary,
    content_cells,
    cost_cells,
    recalibrated_cells,
    structure_cells,
)
from fathom.report.anatomy_table import notes as anatomy_notes
from fathom.report.document import page
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
from fathom.report.summary import html_summary
from fathom.report.table import DisplayRow, html_table, table_rows
from fathom.report.words import describe_method, headline, next_commands, progress_text

__all__ = [
    "DisplayRow",
    "anatomy_notes",
    "anatomy_summary",
    "content_cells",
    "cost",
    "cost_cells",
    "count_text",
    "counted",
    "depth_curve",
    "describe_method",
    "duration_text",
    "gradient_flow",
    "headline",
    "html_summary",
    "html_table",
    "interval_text",
    "layer_costs",
    "layer_health",
    "layer_probes",
    "layer_similarity",
    "learning_curves",
    "learning_rates",
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
    "shallow_against_deep",
    "size_text",
    "structure_cells",
    "table_rows",
]
