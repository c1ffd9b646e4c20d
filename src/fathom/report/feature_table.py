"""What layers have learned as text: the same cells in the terminal, in notebooks and on pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fathom.report.anatomy_table import LAYER, Cells, estimate_text, layers_by_note
from fathom.report.numbers import ABSENT, score_text
from fathom.studies.anatomy import Estimate
from fathom.studies.features import FeaturesResult, LayerFeatures, UnitFeatures

FINISHED = " ●"


def feature_cells(result: FeaturesResult, *, with_spread: bool = True) -> list[Cells]:
    """Return a row for the raw input, and one for each layer and block."""
    of = {"with_spread": with_spread}
    raw = {
        LAYER: "(raw input)" + (FINISHED if result.finished == "input" else ""),
        "type": "",
        "units": "",
        "dead": "",
        "probe": estimate_text(result.probe_input, **of),
        "untrained": "",
        "shuffled": "",
        "between": share_of(result.between_input),
        "between, untrained": "",
        "silhouette": estimate_text(result.silhouette_input, **of),
    }
    return [raw, *(_layer_cells(row, result, **of) for row in result.layers)]


def _layer_cells(row: LayerFeatures, result: FeaturesResult, *, with_spread: bool) -> Cells:
    of = {"with_spread": with_spread}
    mark = FINISHED if row.name == result.finished else ""
    name = f"[{row.name}]" if row.is_block else row.name
    return {
        LAYER: name + mark,
        "type": row.type if row.activation is None else f"{row.type}, {row.activation}",
        "units": str(row.units),
        "dead": str(len(row.dead)),
        "probe": estimate_text(row.probe, **of),
        "untrained": estimate_text(row.probe_untrained, **of),
        "shuffled": estimate_text(row.probe_shuffled, **of),
        "between": share_of(row.between),
        "between, untrained": share_of(row.between_untrained),
        "silhouette": estimate_text(row.silhouette, **of),
    }


def share_of(estimate: Estimate | None) -> str:
    """Return a share as a percentage.

    Example:
        >>> share_of(Estimate(0.428, 0.4, 0.5)), share_of(None)
        ('43%', '–')
    """
    return ABSENT if estimate is None else f"{100 * estimate.mean:.0f}%"


def unit_cells(result: FeaturesResult, units: Sequence[UnitFeatures]) -> list[Cells]:
    """Return a row for each unit: what it responds to most, and how strongly."""
    rows = []
    for unit in units:
        label, number = unit.common_label
        often = f"{label} ({number} of {len(unit.rows)})" if result.classes else _spread(unit)
        rows.append(
            {
                "unit": f"{unit.layer}:{unit.unit}",
                "strongest response": score_text(unit.responses[0]) if unit.rows else "none",
                "to row": str(unit.rows[0]) if unit.rows else ABSENT,
                "top rows": often if unit.rows else ABSENT,
                "found by ascent": score_text(unit.reached),
            }
        )
    return rows


def _spread(unit: UnitFeatures) -> str:
    """Return the targets of the rows that excite a unit most, first to last."""
    return ", ".join(unit.labels[:4]) + (", ..." if len(unit.labels) > 4 else "")


def feature_notes(result: FeaturesResult) -> list[str]:
    """Return why something is missing: each reason once, with the layers it is about."""
    told = layers_by_note(result.layers)
    layers = len(result.layers)
    of_layers = [
        f"{name}{'' if len(names) == layers else ' of ' + ', '.join(names[:4])}: {text}"
        for (name, text), names in told.items()
    ]
    return of_layers + [f"no {name}: {text}" for name, text in result.notes.items()]


def features_document(result: FeaturesResult) -> dict[str, Any]:
    """Return what was found as JSON data: all but pictures, planes and surfaces."""
    return {
        "model": result.model,
        "dataset": result.dataset,
        "task": result.task,
        "metric": result.metric,
        "classes": list(result.classes),
        "networks": result.networks,
        "rows": result.rows,
        "score": result.score._asdict(),
        "guess": result.guess,
        "is_trained": result.is_trained,
        "input": {
            "kind": result.inputs.kind,
            "shape": list(result.inputs.shape),
            "probe": result.probe_input._asdict(),
            "between": _numbers(result.between_input),
            "silhouette": _numbers(result.silhouette_input),
        },
        "finished": result.finished,
        "layers": [_layer_document(row) for row in result.layers],
        "units": [_unit_document(unit) for unit in result.units],
        "conductance": _conductance_document(result),
        "notes": result.notes,
        "findings": result.findings,
        "notices": list(result.notices),
        "seconds": result.seconds,
        "text": result.text,
    }


def _numbers(estimate: Estimate | None) -> dict[str, float] | None:
    return None if estimate is None else estimate._asdict()


def _layer_document(row: LayerFeatures) -> dict[str, Any]:
    estimates = (
        "probe", "probe_untrained", "probe_shuffled", "between", "between_untrained", "silhouette",
    )  # fmt: skip
    return {
        "name": row.name,
        "kind": row.kind,
        "type": row.type,
        "output_shape": list(row.output_shape),
        "activation": row.activation,
        "units": row.units,
        "dead": list(row.dead),
        **{name: _numbers(getattr(row, name)) for name in estimates},
        "fisher": row.fisher,
        "explained": row.explained,
        "notes": row.notes,
    }


def _unit_document(unit: UnitFeatures) -> dict[str, Any]:
    found = None if unit.maximiser is None else unit.maximiser.tolist()
    kept = {"layer", "unit", "rows", "responses", "labels", "positions", "reached"}
    cells = {name: value for name, value in vars(unit).items() if name in kept}
    return {**cells, "maximiser": found}


def _conductance_document(result: FeaturesResult) -> dict[str, Any] | None:
    found = result.conductance
    if found is None:
        return None
    return {
        "targets": list(found.targets),
        "change": found.change.tolist(),
        "baseline": found.baseline,
        "rows": found.rows,
        "layers": [
            {"name": name, "values": values.tolist(), "gap": gap.tolist()}
            for name, values, gap in zip(found.layers, found.values, found.gap)
        ],
    }
