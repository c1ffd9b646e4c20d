"""A network examined layer by layer: subject and data in, table and sentences out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax
import numpy as np

from fathom import measure, train
from fathom.data import Dataset, Split
from fathom.studies.anatomy import looks
from fathom.studies.anatomy.costs import ACTIONS, RERANDOM, Costs, measured_costs
from fathom.studies.anatomy.result import (
    AnatomyResult,
    AnatomySpec,
    EffectiveDepth,
    Estimate,
    LayerRow,
)
from fathom.studies.anatomy.subject import Subject, fitted
from fathom.studies.anatomy.words import findings

# Fresh weights are drawn from seeds that no study is likely to train with.
FRESH_SEED = 1_000_003
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
    return _Examination.of(subject, dataset, spec).result()


@dataclass(frozen=True, kw_only=True)
class _Examination:
    """One subject on one data set."""

    subject: Subject
    dataset: Dataset
    spec: AnatomySpec
    watched: Split
    validation: Split
    test: Split
    laboratory: train.Laboratory
    scores: measure.Scores
    fresh: train.Networks | None
    no_fresh: str

    @classmethod
    def of(cls, subject: Subject, dataset: Dataset, spec: AnatomySpec) -> _Examination:
        def some(split: Split, rows: int) -> Split:
            return fitted(subject.model, _drawn_rows(split, rows, spec.seed), dataset.name)

        test = some(dataset.test, spec.score_rows)
        fresh, why = _fresh(subject, spec)
        return cls(
            subject=subject,
            dataset=dataset,
            spec=spec,
            watched=some(dataset.train, spec.probe_rows),
            validation=some(dataset.validation, spec.probe_rows),
            test=test,
            laboratory=train.Laboratory(
                subject.model, subject.sites, subject.credit, subject.input_shape
            ),
            scores=measure.Scores(subject.task, test.y, seed=spec.seed),
            fresh=fresh,
            no_fresh=why,
        )

    def result(self) -> AnatomyResult:
        activity = looks.unit_activity(self.subject, self.watched.x)
        means = [one.total.astype("float32") / len(self.watched) for one in activity]
        costs = self._costs(means)
        probes = self._probes()
        hsic = looks.similarity_by_batch(self.subject, self.test.x[: self.spec.similarity_rows])
        rows = self._rows(
            _merged(
                self._structure(),
                self._moved(),
                self._cost_cells(costs),
                self._recalibrated(means),
                self._probe_cells(probes),
                self._similarity_cells(hsic),
                self._activity_cells(activity),
                self._gradient_cells(),
            )
        )
        score = Estimate(*self.scores.interval(costs.whole))
        guess = self._guess()
        result = AnatomyResult(
            model=self.subject.model.name,
            dataset=self.dataset.name,
            task=self.subject.task,
            metric=measure.metric_name(self.subject.task),
            networks=self.subject.networks.number,
            initial="drawn" if self.subject.initial is None else "stored",
            rows={
                "train": len(self.watched),
                "validation": len(self.validation),
                "test": len(self.test),
            },
            score=score,
            error=self.scores.standard_error(costs.whole),
            guess=guess,
            parameters=_count(self.subject.networks.trainable),
            flops=sum(self.subject.flops().values()),
            probe_input=Estimate(*self.scores.interval(probes.input[None])),
            layers=rows,
            similarity=_similarity_matrix(hsic),
            similarity_names=(INPUT, *(site.name for site in self.subject.sites)),
            depth=self._depth(rows, probes, means),
            is_trained=score.low > guess + self._chance(guess),
            notices=self._notices(),
        )
        return replace(result, findings=findings(result))

    # -- the parts ------------------------------------------------------------------------

    def _costs(self, means: Sequence[Any], *, calibration: np.ndarray | None = None) -> Costs:
        fresh = self.fresh or _first(self.subject.networks)
        costs = measured_costs(
            self.subject,
            self.laboratory,
            self.test,
            means=means,
            fresh=fresh,
            calibration=calibration,
        )
        if self.fresh is None:
            for name in (RERANDOM, *(() if self.subject.initial else ("reinit",))):
                costs.changed.pop(name, None)
        return costs

    def _probes(self) -> looks.Probed:
        rows = looks.ProbeRows(train=self.watched, validation=self.validation, test=self.test)
        untrained = self.subject.initial or self.fresh
        if untrained is not None:
            untrained = jax.tree.map(lambda array: array[:MOST_UNTRAINED], untrained)
        return looks.probed(
            self.subject,
            rows,
            untrained=untrained,
            num_classes=self.dataset.num_classes,
            seed=self.spec.seed,
        )

    def _depth(
        self, rows: Sequence[LayerRow], probes: looks.Probed, means: Sequence[Any]
    ) -> EffectiveDepth:
        lengths = looks.mean_path_lengths(self.subject, self.watched, seed=self.spec.seed)
        layers = [place for place, row in enumerate(rows) if not row.is_block]
        credits = [np.repeat(probes.input[None], self.subject.networks.number, axis=0)]
        credits += [probes.layers[place] for place in layers]
        scored = [float(self.scores.scores(one).mean()) for one in credits]
        error = self.scores.standard_error(credits[int(np.argmax(scored))])
        place = measure.first_within(scored, error)
        removable, removed = self._removed(means)
        return EffectiveDepth(
            by_probe=INPUT if place == 0 else rows[layers[place - 1]].name,
            probe_place=place,
            removable=removable,
            removed=removed,
            needed=len(removable) - len(removed),
            path_length=float(np.mean(lengths)) if lengths else None,
        )

    def _removed(self, means: Sequence[Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Remove by bypass, greedily, on validation rows, within one standard error."""
        sites = self.subject.sites
        places = outermost(self.subject)
        scores = measure.Scores(self.subject.task, self.validation.y, seed=self.spec.seed)
        whole = self._without([()], means)[0]  # (network, rows)
        floor = float(scores.scores(whole).mean()) - scores.standard_error(whole)
        removed = measure.greedy_removal(
            lambda sets: [float(scores.scores(one).mean()) for one in self._without(sets, means)],
            places,
            floor=floor,
        )
        return (
            tuple(sites[place].name for place in places),
            tuple(sites[place].name for place, _ in removed),
        )

    def _without(self, sets: Sequence[tuple[int, ...]], means: Sequence[Any]) -> np.ndarray:
        """Return credits on validation rows without each set of sites, (set, network, rows)."""
        actions = np.zeros((len(sets), len(self.subject.sites)), np.int32)
        for row, places in enumerate(sets):
            actions[row, list(places)] = train.BYPASS
        number = self.subject.networks.number
        credits = self.laboratory.credits(
            self.subject.networks,
            train.Variants.of(number, actions=actions),
            self.validation.x,
            self.validation.y,
            means=means,
        )
        return credits.reshape(number, len(sets), -1).swapaxes(0, 1)

    # -- the table ----------------------------------------------------------------------------

    def _rows(self, cells: Mapping[int, dict[str, Any]]) -> tuple[LayerRow, ...]:
        rows = [LayerRow(**cells[place]) for place in range(len(self.subject.sites))]
        ranks: dict[int, int] = {}
        for is_block in (False, True):
            own = [place for place, row in enumerate(rows) if row.is_block is is_block]
            own.sort(key=lambda place: -(rows[place].worth or Estimate(0, 0, 0)).mean)
            ranks.update({place: rank for rank, place in enumerate(own, start=1)})
        return tuple(replace(row, rank=ranks[place]) for place, row in enumerate(rows))

    def _structure(self) -> dict[int, dict[str, Any]]:
        flops = self.subject.flops()
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
                "notes": self._structure_notes(site),
            }
            for place, site in enumerate(self.subject.sites)
        }

    def _structure_notes(self, site: Any) -> dict[str, str]:
        notes = {}
        if site.no_bypass is not None:
            notes["bypass"] = site.no_bypass
        if site.num_calls > 1:
            notes["layer"] = (
                f"the model uses it {site.num_calls} times: it is changed at every use, and what "
                "leaves it is looked at the last time"
            )
        return notes

    def _moved(self) -> dict[int, dict[str, Any]]:
        initial = self.subject.initial
        if initial is None:
            note = "the weights it began with are not known"
            return {place: {"notes": {"moved": note}} for place in range(len(self.subject.sites))}
        owned = train.owners(self.subject.model, self.subject.sites)
        now = self.subject.networks.trainable
        return {
            place: _movement(
                [
                    (before, after)
                    for before, after, own in zip(initial.trainable, now, owned)
                    if place in own
                ],
                seed=self.spec.seed,
            )
            for place in range(len(self.subject.sites))
        }

    def _cost_cells(self, costs: Costs) -> dict[int, dict[str, Any]]:
        cells: dict[int, dict[str, Any]] = {p: {} for p in range(len(self.subject.sites))}
        for name in costs.changed:
            for place, estimate in costs.estimates(name, self.scores).items():
                cells[place][name] = estimate
        for place, own in cells.items():
            ways = [name for name in ACTIONS if name in own]
            best = min(ways, key=lambda name: own[name].mean)
            own |= {"worth": own[best], "worth_by": best, "notes": self._cost_notes(place)}
        return cells

    def _cost_notes(self, place: int) -> dict[str, str]:
        if self.fresh is None:
            missing = {"rerandom": self.no_fresh, "probe_untrained": self.no_fresh}
            return missing if self.subject.initial else {**missing, "reinit": self.no_fresh}
        if self.subject.initial is None:
            return {"reinit": "fresh draws: the weights it began with are not known"}
        return {}

    def _recalibrated(self, means: Sequence[Any]) -> dict[int, dict[str, Any]]:
        if not self.spec.recalibrate or not self.laboratory.has_batch_statistics:
            return {}
        costs = self._costs(means, calibration=self.watched.x)
        cells: dict[int, dict[str, Any]] = {}
        for name in costs.changed:
            for place, estimate in costs.estimates(name, self.scores).items():
                cells.setdefault(place, {"recalibrated": {}})["recalibrated"][name] = estimate
        return cells

    def _probe_cells(self, probes: looks.Probed) -> dict[int, dict[str, Any]]:
        kinds = {
            "probe": probes.layers,
            "probe_shuffled": probes.shuffled,
            "probe_untrained": probes.untrained,
        }
        return {
            place: {
                name: Estimate(*self.scores.interval(credits[place]))
                for name, credits in kinds.items()
                if len(credits[place])
            }
            for place in range(len(self.subject.sites))
        }

    def _similarity_cells(self, hsic: np.ndarray) -> dict[int, dict[str, Any]]:
        draws = _drawn_similarities(hsic, self.spec.seed)
        whole = measure.cka(hsic.mean(axis=1)).mean(axis=0)
        last = 1 + self._output_place()
        cells = {}
        for place, before in enumerate(self._places_before()):
            pair = {"similar_before": (place + 1, before + 1), "similar_output": (place + 1, last)}
            estimates = {name: _percentiles(whole[ij], draws[:, *ij]) for name, ij in pair.items()}
            cells[place] = {name: one for name, one in estimates.items() if one is not None}
        return cells

    def _places_before(self) -> Iterator[int]:
        """Yield, for each site, the place of what is before it: a layer, or -1 for the input."""
        starts = [min(site.calls) for site in self.subject.sites]
        ends = [max(site.calls) for site in self.subject.sites]
        for place, start in enumerate(starts):
            earlier = [other for other, end in enumerate(ends) if end < start and other != place]
            yield max(earlier, key=lambda other: ends[other], default=-1)

    def _output_place(self) -> int:
        heads = [place for place, site in enumerate(self.subject.sites) if site.is_head]
        return heads[-1] if heads else len(self.subject.sites) - 1

    def _activity_cells(self, activity: Sequence[measure.Activity]) -> dict[int, dict[str, Any]]:
        cells = {}
        for place, (site, sums) in enumerate(zip(self.subject.sites, activity)):
            shares = [
                measure.unit_shares(one, rows=len(self.watched), activation=site.activation)
                for one in _by_network(sums)
            ]
            cells[place] = {name: _mean([one[name] for one in shares]) for name in shares[0]}
        return cells

    def _gradient_cells(self) -> dict[int, dict[str, Any]]:
        shares = looks.gradient_shares(self.subject, self.watched)  # (network, batch, site)
        draws = _resampled_means(shares, self.spec.seed)
        found = shares.mean(axis=(0, 1))
        return {
            place: {"gradient_share": _percentiles(found[place], draws[:, place])}
            for place in range(len(self.subject.sites))
        }

    # -- around it ------------------------------------------------------------------------------

    def _guess(self) -> float:
        if self.subject.task == "regression":
            return 0.0
        counts = np.bincount(self.dataset.train.y, minlength=self.dataset.num_classes)
        return float((self.test.y == counts.argmax()).mean())

    def _chance(self, guess: float) -> float:
        """Return by how much a guess may exceed its mean on so many rows."""
        return math.sqrt(max(guess * (1 - guess), 0.01) / len(self.test))

    def _notices(self) -> tuple[str, ...]:
        told = []
        for name, split, all_rows in (
            ("training", self.watched, self.dataset.train),
            ("test", self.test, self.dataset.test),
        ):
            if len(split) < len(all_rows):
                told.append(f"{len(split):,} of {len(all_rows):,} {name} rows were used.")
        if self.spec.recalibrate and not self.laboratory.has_batch_statistics:
            told.append("The model has no batch normalisation to recalibrate.")
        return tuple(told)


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


def _fresh(subject: Subject, spec: AnatomySpec) -> tuple[train.Networks | None, str]:
    """Return fresh weights, or why there are none."""
    from fathom import models
    from fathom.errors import ModelError

    try:
        build = models.renewal(subject.model, subject.input_shape)
    except ModelError:
        return None, "the model does not say how it is built, so no fresh weights can be drawn"
    seeds = [FRESH_SEED + spec.seed * 1000 + draw for draw in range(spec.draws)]
    return train.fresh_weights(build, seeds), ""


def _drawn_rows(split: Split, rows: int, seed: int) -> Split:
    """Return all rows, or as many drawn at random, in their order."""
    if len(split) <= rows:
        return split
    chosen = np.sort(np.random.default_rng([seed, 3]).permutation(len(split))[:rows])
    return Split(split.x[chosen], split.y[chosen], split.rows[chosen])


def _first(networks: train.Networks) -> train.Networks:
    return jax.tree.map(lambda array: array[:1], networks)


def _count(trainable: Sequence[np.ndarray]) -> int:
    return sum(math.prod(values.shape[1:]) for values in trainable)


def _merged(*parts: Mapping[int, dict[str, Any]]) -> dict[int, dict[str, Any]]:
    """Return the cells of all parts by site; their notes together."""
    merged: dict[int, dict[str, Any]] = {}
    for part in parts:
        for place, cells in part.items():
            own = merged.setdefault(place, {})
            notes = {**own.get("notes", {}), **cells.get("notes", {})}
            own |= {**cells, "notes": notes}
    return merged


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
    draws = _resampled_means(ratios[:, None, None], seed)[:, 0]
    return {"moved": _percentiles(float(ratios.mean()), draws)}


DRAWS = 500


def _resampled_means(values: np.ndarray, seed: int) -> np.ndarray:
    """Return means over resampled networks and batches, (draw, ...) from (network, batch, ...)."""
    draw = np.random.default_rng([seed, 4])
    networks, batches = values.shape[:2]
    by_batch = draw.multinomial(batches, np.full(batches, 1 / batches), size=DRAWS) / batches
    by_network = draw.multinomial(networks, np.full(networks, 1 / networks), size=DRAWS) / networks
    return np.einsum("dn,db,nb...->d...", by_network, by_batch, values)


def _drawn_similarities(hsic: np.ndarray, seed: int) -> np.ndarray:
    """Return CKA over resampled networks and batches, (draw, 1 + site, 1 + site)."""
    draw = np.random.default_rng([seed, 5])
    networks, batches = hsic.shape[:2]
    found = []
    for _ in range(DRAWS // 2):
        of = draw.integers(networks, size=networks)
        among = draw.integers(batches, size=batches)
        found.append(measure.cka(hsic[of][:, among].mean(axis=1)).mean(axis=0))
    return np.stack(found)


def _percentiles(mean: float, draws: np.ndarray) -> Estimate | None:
    if not math.isfinite(mean):
        return None
    low, high = np.nanquantile(draws, [0.025, 0.975])
    return Estimate(float(mean), float(min(low, mean)), float(max(high, mean)))


def _similarity_matrix(hsic: np.ndarray) -> tuple[tuple[float | None, ...], ...]:
    whole = measure.cka(hsic.mean(axis=1)).mean(axis=0)
    return tuple(
        tuple(float(value) if math.isfinite(value) else None for value in row) for row in whole
    )


def _by_network(sums: measure.Activity) -> list[measure.Activity]:
    return [measure.Activity(*parts) for parts in zip(*sums)]


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
