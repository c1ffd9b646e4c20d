"""What notebooks show of results: words, tables and small figures, without a script."""

from fathom.report.cells.frame import framed, host_colours, notebook_style, table, told
from fathom.report.cells.population import population_cell
from fathom.report.cells.results import (
    anatomy_cell,
    features_cell,
    pruning_cell,
    rate_search_cell,
    separation_cell,
    study_cell,
    transfer_cell,
    trimming_cell,
)
from fathom.report.cells.strips import LayerStrip, layer_strips
from fathom.report.cells.training import history_cell, score_name

__all__ = [
    "LayerStrip",
    "anatomy_cell",
    "features_cell",
    "framed",
    "history_cell",
    "host_colours",
    "layer_strips",
    "notebook_style",
    "population_cell",
    "pruning_cell",
    "rate_search_cell",
    "score_name",
    "separation_cell",
    "study_cell",
    "table",
    "told",
    "transfer_cell",
    "trimming_cell",
]
