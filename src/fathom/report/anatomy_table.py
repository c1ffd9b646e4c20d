"""The table of an anatomy as text: the same cells in the terminal, in notebooks and on pages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from fathom.report.numbers import ABSENT, count_text, ratio_text, score_text, share_text
from fathom.studies.anatomy import AnatomyResult, Estimate, LayerRow

if TYPE_CHECKING:
    from fathom.studies.features import LayerFeatures

LAYER = "layer"
_ORDERS = ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "k"))

Cells = dict[str, str]


def structure_cells(result: AnatomyResult) -> list[Cells]:
    """Return what each layer is, and how far training moved it."""
    return [
        {
            LAYER: row_name(row),
            "type": row.type if row.activation is None else f"{row.type}, {row.activation}",
            "shape": _shapes(row),
            "parameters": count_text(row.parameters),
            "FLOPs": size_of(row.flops),
            "moved": ABSENT if row.moved is None else ratio_text(row.moved.mean),
            "gradient": ABSENT
            if row.gradient_share is None
            else share_text(row.gradient_share.mean),
            "dead": share_text(row.dead),
            "saturated": share_text(row.saturated),
        }
        for row in result.layers
    ]


def cost_cells(result: AnatomyResult, *, with_spread: bool = True) -> list[Cells]:
    """Return what each change of each layer costs."""
    headers = {
        "re-init": "reinit",
        "re-random": "rerandom",
        "bypass": "bypass",
        "zero": "zero",
        "mean": "mean",
    }
    rows = []
    for row in result.layers:
        cells = {LAYER: row_name(row)}
        for header, name in headers.items():
            cells[header] = estimate_text(getattr(row, name), with_spread=with_spread)
        cells["worth"] = estimate_text(row.worth, with_spread=False)
        cells["rank"] = ABSENT if row.rank is None else str(row.rank)
        rows.append(cells)
    return rows


def recalibrated_cells(result: AnatomyResult) -> list[Cells]:
    """Return the costs with batch normalisation computed anew; [] if that was not asked for."""
    names = {"re-init": "reinit", "re-random": "rerandom", "bypass": "bypass", "zero": "zero"}
    return [
        {
            LAYER: row_name(row),
            **{
                header: _pair(getattr(row, name), row.recalibrated.get(name))
                for header, name in names.items()
            },
        }
        for row in result.layers
        if row.recalibrated
    ]


def content_cells(result: AnatomyResult, *, with_spread: bool = True) -> list[Cells]:
    """Return what each layer's output holds."""
    rows = [_input_cells(result, with_spread=with_spread)]
    for row in result.layers:
        rows.append(
            {
                LAYER: row_name(row),
                "probe": estimate_text(row.probe, with_spread=with_spread),
                "untrained": estimate_text(row.probe_untrained, with_spread=with_spread),
                "shuffled": estimate_text(row.probe_shuffled, with_spread=with_spread),
                "CKA before": estimate_text(row.similar_before, with_spread=with_spread),
                "CKA output": estimate_text(row.similar_output, with_spread=with_spread),
            }
        )
    return rows


def notes(result: AnatomyResult) -> list[str]:
    """Return why cells are empty, or what they stand for: each reason once, with its layers."""
    told = layers_by_note(result.layers)
    return [_note(name, text, names, result) for (name, text), names in told.items()]


def layers_by_note(
    rows: Iterable[LayerRow | LayerFeatures],
) -> dict[tuple[str, str], list[str]]:
    """Return the layers of which a reason is told, by what it is about and the reason."""
    told: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        for note in row.notes.items():
            told.setdefault(note, []).append(row.name)
    return told


def row_name(row: LayerRow) -> str:
    """Return a row's name, blocks marked as such."""
    return f"[{row.name}]" if row.is_block else row.name


def estimate_text(estimate: Estimate | None, *, with_spread: bool = True) -> str:
    """Return a number, with half of its interval behind it.

    Example:
        >>> estimate_text(Estimate(0.8468, 0.8, 0.88)), estimate_text(None)
        ('0.847 ±0.040', '–')
    """
    if estimate is None:
        return ABSENT
    mean = score_text(estimate.mean)
    half = (estimate.high - estimate.low) / 2
    return f"{mean} ±{score_text(half)}" if with_spread else mean


def size_of(number: int) -> str:
    """Return a large count in a few characters.

    Example:
        >>> size_of(950), size_of(13_130), size_of(2_400_000)
        ('950', '13.1k', '2.4M')
    """
    for order, letter in _ORDERS:
        if number >= order:
            return f"{number / order:.1f}{letter}"
    return str(number)


def _input_cells(result: AnatomyResult, *, with_spread: bool) -> Cells:
    return {
        LAYER: "(raw input)",
        "probe": estimate_text(result.probe_input, with_spread=with_spread),
        "untrained": "",
        "shuffled": "",
        "CKA before": "",
        "CKA output": _similarity_of_input(result),
    }


def _similarity_of_input(result: AnatomyResult) -> str:
    last = [place for place, row in enumerate(result.layers) if not row.is_block][-1]
    return score_text(result.similarity[0][1 + last])


def _shapes(row: LayerRow) -> str:
    shapes = ["×".join(map(str, shape)) or "1" for shape in (row.input_shape, row.output_shape)]
    return shapes[0] if shapes[0] == shapes[1] else " → ".join(shapes)


def _pair(before: Estimate | None, after: Estimate | None) -> str:
    return f"{estimate_text(before, with_spread=False)} / {estimate_text(after, with_spread=False)}"


_HEADERS = {
    "reinit": "re-init",
    "rerandom": "re-random",
    "probe_untrained": "untrained",
    "layer": "shared",
}


def _note(name: str, text: str, names: list[str], result: AnatomyResult) -> str:
    layers = sum(not row.is_block for row in result.layers)
    of = "" if len(names) >= layers else f" of {_some(names)}"
    return f"{_HEADERS.get(name, name)}{of}: {text}"


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:4])
    return shown if len(names) <= 4 else f"{shown} and {len(names) - 4} more"
