"""Views of a stored study: figures, a table, words, and one self-contained page."""

from fathom.report.document import page
from fathom.report.figures import (
    cost,
    depth_curve,
    gradient_flow,
    layer_health,
    learning_curves,
    learning_rates,
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
from fathom.report.summary import html_summary
from fathom.report.table import DisplayRow, html_table, table_rows
from fathom.report.words import describe_method, headline, next_commands, progress_text

__all__ = [
    "DisplayRow",
    "cost",
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
    "layer_health",
    "learning_curves",
    "learning_rates",
    "next_commands",
    "page",
    "progress_text",
    "rate_text",
    "ratio_text",
    "score_text",
    "seconds_text",
    "shallow_against_deep",
    "size_text",
    "table_rows",
]
