"""The widget: one value that Python writes and the notebook's page draws."""

from __future__ import annotations

from typing import Any

import anywidget
import traitlets

from fathom import report
from fathom.notebook.modules import one_module

NOTHING: dict[str, Any] = {
    "kind": "",
    "head": "Waiting for a training.",
    "phase": "",
    "share": 0.0,
}


class TrainingWidget(anywidget.AnyWidget):
    """A live picture of a training.

    Attributes:
        told: What there is to show, as JSON data; `web/static/notebook` says how it is drawn.
    """

    _esm = one_module("notebook/live.js")
    _css = report.notebook_style()
    told = traitlets.Dict(NOTHING).tag(sync=True)
