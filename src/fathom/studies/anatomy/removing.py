"""How few layers are enough: greedy removal by bypass, judged on validation rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fathom import measure, train
from fathom.studies.anatomy.material import Material
from fathom.studies.anatomy.subject import Subject


def removed(material: Material, means: Sequence[Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what can be bypassed, and what is removed within one standard error, in order."""
    sites = material.subject.sites
    places = outermost(material.subject)
    scores = measure.Scores(material.subject.task, material.validation.y, seed=material.spec.seed)
    whole = _without(material, [()], means)[0]  # (network, rows)
    floor = float(scores.scores(whole).mean()) - scores.standard_error(whole)
    gone = measure.greedy_removal(
        lambda sets: [float(scores.scores(one).mean()) for one in _without(material, sets, means)],
        places,
        floor=floor,
    )
    return tuple(sites[place].name for place in places), tuple(sites[p].name for p, _ in gone)


def outermost(subject: Subject) -> list[int]:
    """Return the places of the blocks, and of the layers outside them, that can be bypassed."""
    blocks = [site for site in subject.sites if site.is_block and site.no_bypass is None]
    inside = {call for block in blocks for call in block.calls}
    return [
        place
        for place, site in enumerate(subject.sites)
        if site.no_bypass is None
        and not site.is_head
        and (site.is_block or not inside.issuperset(site.calls))
        and not _is_inside_another(site, blocks)
    ]


def _is_inside_another(site: Any, blocks: Sequence[Any]) -> bool:
    return any(block is not site and set(site.calls) < set(block.calls) for block in blocks)


def _without(
    material: Material, sets: Sequence[tuple[int, ...]], means: Sequence[Any]
) -> np.ndarray:
    """Return credits on validation rows without each set of sites, (set, network, rows)."""
    actions = np.zeros((len(sets), len(material.subject.sites)), np.int32)
    for row, places in enumerate(sets):
        actions[row, list(places)] = train.BYPASS
    number = material.subject.networks.number
    credits = material.laboratory.credits(
        material.subject.networks,
        train.Variants.of(number, actions=actions),
        material.validation.x,
        material.validation.y,
        means=means,
    )
    return credits.reshape(number, len(sets), -1).swapaxes(0, 1)
