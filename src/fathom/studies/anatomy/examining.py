"""A network examined layer by layer: subject and data in, table and sentences out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import jax
import numpy as np
from threadpoolctl import threadpool_limits

from fathom import measure, train
from fathom.data import Dataset
from fathom.studies.anatomy import cells, looks, removing
from fathom.studies.anatomy.costs import RERANDOM, Costs, measured_costs
from fathom.studies.anatomy.material import Material
from fathom.studies.anatomy.probing import Probed, ProbeRows, probed
from fathom.studies.anatomy.result import (
    AnatomyResult,
    AnatomySpec,
    EffectiveDepth,
    Estimate,
    LayerRow,
)
from fathom.studies.anatomy.subject import Subject
from fathom.studies.anatomy.words import findings

MOST_UNTRAINED = 5
INPUT = "input"


def examine(subject: Subject, dataset: Dataset, spec: AnatomySpec) -> AnatomyResult:
    """Measure everything about the layers of a network.

    Args:
        subject: Trained networks of one model.
        dataset: The data they were trained for. Scores are read on its test rows; means,
            activity, gradients and probes come from its training rows; penalties of probes and
            removable layers are chosen on its validation rows.
        spec: How.
    """
    # BLAS's own threads would wait, spinning, for the cores that the compiled programs use.
    with threadpool_limits(1, user_api="blas"):
        material = Material.of(subject, dataset, spec)
        return _result(material, _measured(material))


# -- measuring ---------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class _Measured:
    """All measurements.

    Args:
        activity: By site, sums over rows.
        costs: Of every change.
        recalibrated: The same with batch normalisation computed anew, where that was asked for.
        probes: What linear models read.
        hsic: (network, batch, 1 + site, 1 + site).
        gradients: Shares of the squared gradient, (network, batch, site).
        path_lengths: By network; [] without blocks.
        removable: Names of the sites that can be bypassed.
        removed: Those that greedy removal took away.
    """

    activity: list[measure.Activity]
    costs: Costs
    recalibrated: Costs | None
    probes: Probed
    hsic: np.ndarray
    gradients: np.ndarray
    path_lengths: list[float]
    removable: tuple[str, ...]
    removed: tuple[str, ...]


def _measured(material: Material) -> _Measured:
    """Measure; probes on a thread of their own, so that programs are compiled beside them."""
    subject, spec = material.subject, material.spec
    with ThreadPoolExecutor(1, thread_name_prefix="fathom-probes") as beside:
        probing = beside.submit(_probes, material)
        activity = looks.unit_activity(subject, material.watched.x)
        means = [one.total.astype("float32") / len(material.watched) for one in activity]
        costs = _costs(material, means)
        removable, removed = removing.removed(material, means)
        return _Measured(
            activity=activity,
            costs=costs,
            recalibrated=_recalibrated(material, means),
            hsic=looks.similarity_by_batch(subject, material.test.x[: spec.similarity_rows]),
            gradients=looks.gradient_shares(subject, material.watched),
            path_lengths=looks.mean_path_lengths(subject, material.watched, seed=spec.seed),
            removable=removable,
            removed=removed,
            probes=probing.result(),
        )


def _costs(
    material: Material, means: Sequence[Any], *, calibration: np.ndarray | None = None
) -> Costs:
    costs = measured_costs(
        material.subject,
        material.laboratory,
        material.test,
        means=means,
        fresh=material.fresh or _first(material.subject.networks),
        calibration=calibration,
    )
    if material.fresh is None:
        for name in (RERANDOM, *(() if material.subject.initial else ("reinit",))):
            costs.changed.pop(name, None)
    return costs


def _recalibrated(material: Material, means: Sequence[Any]) -> Costs | None:
    if not material.spec.recalibrate or not material.laboratory.has_batch_statistics:
        return None
    return _costs(material, means, calibration=material.watched.x)


def _probes(material: Material) -> Probed:
    rows = ProbeRows(train=material.watched, validation=material.validation, test=material.test)
    untrained = material.subject.initial or material.fresh
    if untrained is not None:
        untrained = jax.tree.map(lambda array: array[:MOST_UNTRAINED], untrained)
    return probed(
        material.subject,
        rows,
        untrained=untrained,
        num_classes=material.dataset.num_classes,
        seed=material.spec.seed,
    )


def _first(networks: train.Networks) -> train.Networks:
    return jax.tree.map(lambda array: array[:1], networks)


# -- the result ------------------------------------------------------------------------------


def _result(material: Material, measured: _Measured) -> AnatomyResult:
    subject, scores = material.subject, material.scores
    rows = _rows(
        cells.merged(
            cells.structure_cells(subject),
            cells.movement_cells(material),
            cells.cost_cells(material, measured.costs),
            cells.recalibrated_cells(material, measured.recalibrated),
            cells.probe_cells(material, measured.probes),
            cells.similarity_cells(material, measured.hsic),
            cells.activity_cells(material, measured.activity),
            cells.gradient_cells(material, measured.gradients),
        )
    )
    score, guess = Estimate(*scores.interval(measured.costs.whole)), _guess(material)
    result = AnatomyResult(
        model=subject.model.name,
        dataset=material.dataset.name,
        task=subject.task,
        metric=measure.metric_name(subject.task),
        networks=subject.networks.number,
        initial="drawn" if subject.initial is None else "stored",
        rows={
            "train": len(material.watched),
            "validation": len(material.validation),
            "test": len(material.test),
        },
        score=score,
        error=scores.standard_error(measured.costs.whole),
        guess=guess,
        parameters=_count(subject.networks.trainable),
        flops=sum(subject.flops().values()),
        probe_input=Estimate(*scores.interval(measured.probes.input[None])),
        layers=rows,
        similarity=cells.similarity_matrix(measured.hsic),
        similarity_names=(INPUT, *(site.name for site in subject.sites)),
        depth=_depth(material, measured, rows),
        is_trained=score.low > guess + _chance(material, guess),
        notices=_notices(material),
    )
    return replace(result, findings=findings(result))


def _rows(of_sites: Mapping[int, dict[str, Any]]) -> tuple[LayerRow, ...]:
    rows = [LayerRow(**of_sites[place]) for place in sorted(of_sites)]
    ranks: dict[int, int] = {}
    for is_block in (False, True):
        own = [place for place, row in enumerate(rows) if row.is_block is is_block]
        own.sort(key=lambda place: -(rows[place].worth or Estimate(0, 0, 0)).mean)
        ranks.update({place: rank for rank, place in enumerate(own, start=1)})
    return tuple(replace(row, rank=ranks[place]) for place, row in enumerate(rows))


def _depth(material: Material, measured: _Measured, rows: Sequence[LayerRow]) -> EffectiveDepth:
    probes, scores = measured.probes, material.scores
    layers = [place for place, row in enumerate(rows) if not row.is_block]
    credits = [np.repeat(probes.input[None], material.subject.networks.number, axis=0)]
    credits += [probes.layers[place] for place in layers]
    scored = [float(scores.scores(one).mean()) for one in credits]
    error = scores.standard_error(credits[int(np.argmax(scored))])
    place = measure.first_within(scored, error)
    lengths = measured.path_lengths
    return EffectiveDepth(
        by_probe=INPUT if place == 0 else rows[layers[place - 1]].name,
        probe_place=place,
        removable=measured.removable,
        removed=measured.removed,
        needed=len(measured.removable) - len(measured.removed),
        path_length=float(np.mean(lengths)) if lengths else None,
    )


def _guess(material: Material) -> float:
    if material.subject.task == "regression":
        return 0.0
    counts = np.bincount(material.dataset.train.y, minlength=material.dataset.num_classes)
    return float((material.test.y == counts.argmax()).mean())


def _chance(material: Material, guess: float) -> float:
    """Return by how much a guess may exceed its mean on so many rows."""
    return math.sqrt(max(guess * (1 - guess), 0.01) / len(material.test))


def _count(trainable: Sequence[np.ndarray]) -> int:
    return sum(math.prod(values.shape[1:]) for values in trainable)


def _notices(material: Material) -> tuple[str, ...]:
    told = []
    for name, split, all_rows in (
        ("training", material.watched, material.dataset.train),
        ("test", material.test, material.dataset.test),
    ):
        if len(split) < len(all_rows):
            told.append(f"{len(split):,} of {len(all_rows):,} {name} rows were used.")
    if material.spec.recalibrate and not material.laboratory.has_batch_statistics:
        told.append("The model has no batch normalisation to recalibrate.")
    return tuple(told)
