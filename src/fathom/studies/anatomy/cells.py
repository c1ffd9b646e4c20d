"""From measurements to the cells of the table, by the place of the site."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from fathom import measure, train
from fathom.studies.anatomy.costs import ACTIONS, Costs
from fathom.studies.anatomy.material import Material
from fathom.studies.anatomy.probing import Probed
from fathom.studies.anatomy.resampling import drawn_similarities, percentiles, resampled_means
from fathom.studies.anatomy.result import Estimate
from fathom.studies.anatomy.subject import Subject

Cells = dict[int, dict[str, Any]]


def merged(*parts: Mapping[int, dict[str, Any]]) -> Cells:
    """Return the cells of all parts by site; their notes together."""
    whole: Cells = {}
    for part in parts:
        for place, cells in part.items():
            own = whole.setdefault(place, {})
            notes = {**own.get("notes", {}), **cells.get("notes", {})}
            own |= {**cells, "notes": notes}
    return whole


# -- what a layer is ---------------------------------------------------------------------


def structure_cells(subject: Subject) -> Cells:
    """Return names, shapes and sizes."""
    flops = subject.flops()
    return {
        place: {
            "name": site.name,
            "kind": site.kind,
            "layers": tuple(layer.name for layer in site.layers),
            "type": "block" if site.is_block else type(site.entry).__name__,
            "input_shape": site.input_shape,
            "output_shape": site.output_shape,
            "activation": None if site.activation == "linear" else site.activation,
            "parameters": sum(
                math.prod(v.shape) for layer in site.layers for v in layer.trainable_variables
            ),
            "flops": sum(flops.get(call, 0) for call in site.calls),
            "notes": _structure_notes(site),
        }
        for place, site in enumerate(subject.sites)
    }


def _structure_notes(site: Any) -> dict[str, str]:
    notes = {}
    if site.no_bypass is not None:
        notes["bypass"] = site.no_bypass
    if site.num_calls > 1:
        notes["layer"] = (
            f"the model uses it {site.num_calls} times: it is changed at every use, and what "
            "leaves it is looked at the last time"
        )
    return notes


# -- how far its weights moved -------------------------------------------------------------


def movement_cells(material: Material) -> Cells:
    """Return how far each site's weights are from where they began."""
    initial = material.subject.initial
    if initial is None:
        note = "the weights it began with are not known"
        return {place: {"notes": {"moved": note}} for place in material.places}
    owned = train.owners(material.subject.model, material.subject.sites)
    now = material.subject.networks.trainable
    return {
        place: _movement(
            [
                (before, after)
                for before, after, own in zip(initial.trainable, now, owned)
                if place in own
            ],
            seed=material.spec.seed,
        )
        for place in material.places
    }


def _movement(pairs: Sequence[tuple[np.ndarray, np.ndarray]], *, seed: int) -> dict[str, Any]:
    """Return how far a site's weights are from where they began, over networks."""
    if not pairs:
        return {"notes": {"moved": "it has no weights to train"}}

    def square(values: np.ndarray) -> np.ndarray:
        wide = values.astype("float64")
        return np.square(wide).reshape(len(wide), -1).sum(axis=1)

    start = sum(square(before) for before, _ in pairs)
    change = sum(square(after.astype("float64") - before) for before, after in pairs)
    if not np.all(np.asarray(start) > 0):
        return {"notes": {"moved": "it began at zero, so there is nothing to compare with"}}
    ratios = np.sqrt(np.asarray(change) / np.asarray(start))
    draws = resampled_means(ratios[:, None, None], seed)[:, 0]
    return {"moved": percentiles(float(ratios.mean()), draws)}


# -- what it costs to change it ----------------------------------------------------------------


def cost_cells(material: Material, costs: Costs) -> Cells:
    """Return what every change costs, and what doing without the site costs at least."""
    cells: Cells = {place: {} for place in material.places}
    for name in costs.changed:
        for place, estimate in costs.estimates(name, material.scores).items():
            cells[place][name] = estimate
    for own in cells.values():
        ways = [name for name in ACTIONS if name in own]
        best = min(ways, key=lambda name, own=own: own[name].mean)
        own |= {"worth": own[best], "worth_by": best, "notes": _cost_notes(material)}
    return cells


def _cost_notes(material: Material) -> dict[str, str]:
    if material.fresh is None:
        missing = {"rerandom": material.no_fresh, "probe_untrained": material.no_fresh}
        return missing if material.subject.initial else {**missing, "reinit": material.no_fresh}
    if material.subject.initial is None:
        return {"reinit": "fresh draws: the weights it began with are not known"}
    return {}


def recalibrated_cells(material: Material, costs: Costs | None) -> Cells:
    """Return the costs once batch normalisation was computed anew; none if it was not."""
    cells: Cells = {}
    for name in costs.changed if costs else ():
        for place, estimate in costs.estimates(name, material.scores).items():  # type: ignore[union-attr]
            cells.setdefault(place, {"recalibrated": {}})["recalibrated"][name] = estimate
    return cells


# -- what it holds -------------------------------------------------------------------------------


def probe_cells(material: Material, probes: Probed) -> Cells:
    """Return what linear models read from each site, and the controls."""
    kinds = {
        "probe": probes.layers,
        "probe_shuffled": probes.shuffled,
        "probe_untrained": probes.untrained,
    }
    return {
        place: {
            name: Estimate(*material.scores.interval(credits[place]))
            for name, credits in kinds.items()
            if len(credits[place])
        }
        for place in material.places
    }


def similarity_cells(material: Material, hsic: np.ndarray) -> Cells:
    """Return how alike each site's output is to what is before it, and to the last one's."""
    draws = drawn_similarities(hsic, material.spec.seed)
    whole = measure.cka(hsic.mean(axis=1)).mean(axis=0)
    last = 1 + _output_place(material.subject)
    cells = {}
    for place, before in enumerate(_places_before(material.subject)):
        pair = {"similar_before": (place + 1, before + 1), "similar_output": (place + 1, last)}
        estimates = {name: percentiles(whole[ij], draws[:, *ij]) for name, ij in pair.items()}
        cells[place] = {name: one for name, one in estimates.items() if one is not None}
    return cells


def similarity_matrix(hsic: np.ndarray) -> tuple[tuple[float | None, ...], ...]:
    """Return the CKA of every pair, mean over networks; None where it is not defined."""
    whole = measure.cka(hsic.mean(axis=1)).mean(axis=0)
    return tuple(
        tuple(float(value) if math.isfinite(value) else None for value in row) for row in whole
    )


def _places_before(subject: Subject) -> Iterator[int]:
    """Yield, for each site, the place of what is before it: a layer, or -1 for the input."""
    starts = [min(site.calls) for site in subject.sites]
    ends = [max(site.calls) for site in subject.sites]
    for place, start in enumerate(starts):
        earlier = [other for other, end in enumerate(ends) if end < start and other != place]
        yield max(earlier, key=lambda other: ends[other], default=-1)


def _output_place(subject: Subject) -> int:
    heads = [place for place, site in enumerate(subject.sites) if site.is_head]
    return heads[-1] if heads else len(subject.sites) - 1


# -- how its units and gradients do ------------------------------------------------------------


def activity_cells(material: Material, activity: Sequence[measure.Activity]) -> Cells:
    """Return the shares of dead and saturated units, means over networks."""
    cells = {}
    for place, (site, sums) in enumerate(zip(material.subject.sites, activity)):
        shares = [
            measure.unit_shares(one, rows=len(material.watched), activation=site.activation)
            for one in (measure.Activity(*parts) for parts in zip(*sums))
        ]
        cells[place] = {name: _mean([one[name] for one in shares]) for name in shares[0]}
    return cells


def gradient_cells(material: Material, shares: np.ndarray) -> Cells:
    """Return each site's part of the squared gradient, from (network, batch, site)."""
    draws = resampled_means(shares, material.spec.seed)
    found = shares.mean(axis=(0, 1))
    return {
        place: {"gradient_share": percentiles(found[place], draws[:, place])}
        for place in material.places
    }


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
