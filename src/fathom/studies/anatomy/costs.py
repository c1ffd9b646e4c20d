"""What the network loses without a layer: every change of every layer, as one population."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fathom import measure, train
from fathom.data import Split
from fathom.studies.anatomy.result import BYPASS, MEAN, ZERO, Estimate
from fathom.studies.anatomy.subject import Subject

ACTIONS = {BYPASS: train.BYPASS, ZERO: train.ZERO, MEAN: train.MEAN}
REINIT, RERANDOM = "reinit", "rerandom"


@dataclass(frozen=True, kw_only=True)
class Costs:
    """Credits of the whole networks, and of those with one site changed.

    Args:
        whole: (network, rows).
        changed: By the name of the change, then by the place of the site: (network, version,
            rows).
    """

    whole: np.ndarray
    changed: dict[str, dict[int, np.ndarray]]

    def estimates(self, name: str, scores: measure.Scores) -> dict[int, Estimate]:
        """Return what a change costs at every site where it was made."""
        return {
            place: Estimate(*scores.drop(self.whole, credits))
            for place, credits in self.changed.get(name, {}).items()
        }


def measured_costs(
    subject: Subject,
    laboratory: train.Laboratory,
    split: Split,
    *,
    means: Sequence[Any],
    fresh: train.Networks,
    calibration: np.ndarray | None = None,
) -> Costs:
    """Return what every change of every site costs.

    Args:
        subject: The networks.
        laboratory: Predicts with their variants.
        split: The rows on which scores are read.
        means: Mean output of each site, (network, *shape).
        fresh: Fresh weights, a network per draw; the first stand for the initial weights where
            those are not known.
        calibration: Rows on which batch normalisation is computed anew; None leaves it as it is.
    """
    number, sites = subject.networks.number, len(subject.sites)
    variants = _changes(subject)
    initial = subject.initial or train.Networks(*_repeated(fresh, 0, number))
    first = laboratory.credits(
        subject.networks,
        train.Variants.of(number, variants.exchanged, variants.actions),
        split.x,
        split.y,
        others=initial.trainable,
        means=means,
        calibration=calibration,
    ).reshape(number, len(variants.names), -1)
    changed: dict[str, dict[int, np.ndarray]] = {}
    for place, (name, site) in enumerate(variants.names[1:], start=1):
        changed.setdefault(name, {})[site] = first[:, place, None]
    draws = [
        laboratory.credits(
            subject.networks,
            train.Variants.of(number, np.eye(sites, dtype=bool)),
            split.x,
            split.y,
            others=_repeated(fresh, draw, number)[0],
            means=means,
            calibration=calibration,
        ).reshape(number, sites, -1)
        for draw in range(fresh.number)
    ]
    by_draw = np.stack(draws, axis=2)  # (network, site, draw, rows)
    changed[RERANDOM] = {site: by_draw[:, site] for site in range(sites)}
    if subject.initial is None:
        changed[REINIT] = changed[RERANDOM]
    return Costs(whole=first[:, 0], changed=changed)


@dataclass(frozen=True, kw_only=True)
class _Changes:
    names: list[tuple[str, int]]
    exchanged: np.ndarray
    actions: np.ndarray


def _changes(subject: Subject) -> _Changes:
    """Return no change, then every change but fresh weights, each at one site."""
    names = [("", -1)]
    if subject.initial is not None:
        names += [(REINIT, place) for place in range(len(subject.sites))]
    for name in ACTIONS:
        names += [
            (name, place) for place in range(len(subject.sites)) if _can(subject, name, place)
        ]
    exchanged = np.zeros((len(names), len(subject.sites)), bool)
    actions = np.zeros((len(names), len(subject.sites)), np.int32)
    for row, (name, place) in enumerate(names):
        if name == REINIT:
            exchanged[row, place] = True
        elif name:
            actions[row, place] = ACTIONS[name]
    return _Changes(names=names, exchanged=exchanged, actions=actions)


def _can(subject: Subject, name: str, place: int) -> bool:
    return name != BYPASS or subject.sites[place].no_bypass is None


def _repeated(fresh: train.Networks, draw: int, number: int) -> tuple[list[Any], list[Any]]:
    """Return one draw as if it were every network's."""

    def of(values: list[Any]) -> list[Any]:
        return [np.broadcast_to(value[draw], (number, *value.shape[1:])) for value in values]

    return of(fresh.trainable), of(fresh.non_trainable)
