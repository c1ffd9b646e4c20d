"""What each layer has learned: subject and data in, findings out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax
import numpy as np

from fathom import measure, models, train
from fathom.data import Dataset, Split
from fathom.errors import ModelError, SpecError, UnknownNameError
from fathom.specs import closest
from fathom.studies.anatomy import Estimate, Subject, fitted
from fathom.studies.anatomy.probing import Probed, ProbeRows, probed
from fathom.studies.anatomy.subject import drawn_rows
from fathom.studies.features.conducting import unit_conductance
from fathom.studies.features.exciting import Excitement, excitement
from fathom.studies.features.filters import first_filters
from fathom.studies.features.inputs import bounds_of, inputs_of, shown_as
from fathom.studies.features.maximising import Maximised, maximised
from fathom.studies.features.outputs import has_units_first, num_units
from fathom.studies.features.result import (
    INPUT,
    PICTURE,
    PLANE,
    Embeddings,
    FeaturesResult,
    FeaturesSpec,
    Inputs,
    LayerFeatures,
    Surfaces,
    UnitFeatures,
)
from fathom.studies.features.separating import Separated, separated
from fathom.studies.features.surfaces import response_surfaces
from fathom.studies.features.words import findings

# Fresh weights are drawn from a seed that no study is likely to train with.
FRESH_SEED = 2_000_003
MOST_UNTRAINED = 5
WHOLE_NUMBERS = "its inputs are whole numbers, which have no gradient"


def learned_features(subject: Subject, dataset: Dataset, spec: FeaturesSpec) -> FeaturesResult:
    """Find out what the layers of a network have learned.

    Scores are means over all networks of the subject; pictures are of the first.

    Args:
        subject: Trained networks of one model.
        dataset: The data they were trained for. Rows that excite units are training rows; scores,
            separation, embedding and conductance are of test rows.
        spec: How.

    Raises:
        UnknownNameError: There is no layer, or no unit, of that name or number.
        SpecError: The picture does not fit the rows.
    """
    return _Search.of(subject, dataset, spec).result()


@dataclass(frozen=True, kw_only=True)
class _Search:
    """One subject on one data set."""

    subject: Subject
    dataset: Dataset
    spec: FeaturesSpec
    inputs: Inputs
    watched: Split
    probes: ProbeRows
    scores: measure.Scores
    untrained: train.Networks | None

    @classmethod
    def of(cls, subject: Subject, dataset: Dataset, spec: FeaturesSpec) -> _Search:
        def some(split: Split, rows: int) -> Split:
            return fitted(subject.model, drawn_rows(split, rows, spec.seed), dataset.name)

        watched = some(dataset.train, spec.rows)
        _check_units(subject, spec)
        test = some(dataset.test, spec.score_rows)
        return cls(
            subject=subject,
            dataset=dataset,
            spec=spec,
            inputs=inputs_of(dataset, watched.x, spec),
            watched=watched,
            probes=ProbeRows(
                train=some(dataset.train, spec.probe_rows),
                validation=some(dataset.validation, spec.probe_rows),
                test=test,
            ),
            scores=measure.Scores(subject.task, test.y, seed=spec.seed),
            untrained=_untrained(subject, spec.seed),
        )

    @property
    def test(self) -> Split:
        """Test rows."""
        return self.probes.test

    def result(self) -> FeaturesResult:
        excited = excitement(self.subject, self.watched, top=self.spec.top)
        probes = probed(
            self.subject,
            self.probes,
            untrained=self.untrained,
            num_classes=self.dataset.num_classes,
            seed=self.spec.seed,
        )
        apart = separated(self.subject, self.test, self.untrained, self.spec)
        shown = self._shown(excited)
        layers = self._layers(excited, probes, apart[1:])
        finished, error = self._finished(probes, layers)
        filters = first_filters(
            self.subject, self.inputs, {row.name: own for row, own in zip(layers, shown)}
        )
        surfaces = self._surfaces(excited)
        conductance = self._conductance()
        score, guess = self._score()
        notes = {"filters": filters, "surfaces": surfaces, "conductance": conductance}
        result = FeaturesResult(
            model=self.subject.model.name,
            dataset=self.dataset.name,
            task=self.subject.task,
            metric=measure.metric_name(self.subject.task),
            classes=self.dataset.classes,
            target=self.dataset.target,
            networks=self.subject.networks.number,
            rows={
                "exciting": len(self.watched),
                "train": len(self.probes.train),
                "validation": len(self.probes.validation),
                "test": len(self.test),
            },
            score=score,
            error=error,
            guess=guess,
            is_trained=score.low > guess + _chance(guess, len(self.test)),
            inputs=self.inputs,
            probe_input=Estimate(*self.scores.interval(probes.input[None])),
            between_input=apart[0].between,
            silhouette_input=apart[0].silhouette,
            finished=finished,
            layers=layers,
            units=self._units(shown, excited),
            filters=None if isinstance(filters, str) else filters,
            embedding=self._embeddings(apart),
            surfaces=None if isinstance(surfaces, str) else surfaces,
            conductance=None if isinstance(conductance, str) else conductance,
            notes={name: found for name, found in notes.items() if isinstance(found, str)},
            notices=self._notices(),
        )
        return replace(result, findings=findings(result))

    # -- layers ----------------------------------------------------------------------------

    def _layers(
        self, excited: Sequence[Excitement], probes: Probed, apart: Sequence[Separated]
    ) -> tuple[LayerFeatures, ...]:
        return tuple(
            LayerFeatures(
                name=site.name,
                kind=site.kind,
                type="block" if site.is_block else type(site.entry).__name__,
                output_shape=site.output_shape,
                activation=None if site.activation == "linear" else site.activation,
                units=num_units(site),
                dead=found.dead(site.activation),
                mean=found.mean.astype("float32"),
                deviation=found.deviation.astype("float32"),
                active=found.active.astype("float32"),
                top_rows=self.watched.rows[found.places],
                top_responses=found.responses,
                probe=self._estimate(probes.layers[place]),
                probe_untrained=self._estimate(probes.untrained[place]),
                probe_shuffled=self._estimate(probes.shuffled[place]),
                between=one.between,
                between_untrained=one.between_untrained,
                silhouette=one.silhouette,
                explained=one.explained,
                notes=self._notes_of(site),
            )
            for place, (site, found, one) in enumerate(zip(self.subject.sites, excited, apart))
        )

    def _estimate(self, credits: np.ndarray) -> Estimate | None:
        return Estimate(*self.scores.interval(credits)) if len(credits) else None

    def _notes_of(self, site: models.Site) -> dict[str, str]:
        notes = {}
        if site.num_calls > 1:
            notes["layer"] = f"used {site.num_calls} times; what leaves it the last time is shown"
            notes["conductance"] = "it is used several times, so there is no one place to cut"
        if not self._has_gradient:
            notes["maximiser"] = WHOLE_NUMBERS
        return notes

    def _finished(self, probes: Probed, layers: Sequence[LayerFeatures]) -> tuple[str, float]:
        """Return where the best probe is reached within its standard error, and that error."""
        places = [place for place, row in enumerate(layers) if not row.is_block]
        credits = [np.repeat(probes.input[None], self.subject.networks.number, axis=0)]
        credits += [probes.layers[place] for place in places]
        scored = [float(self.scores.scores(one).mean()) for one in credits]
        error = self.scores.standard_error(credits[int(np.argmax(scored))])
        first = measure.first_within(scored, error)
        return (INPUT if first == 0 else layers[places[first - 1]].name), error

    # -- units -------------------------------------------------------------------------------

    def _shown(self, excited: Sequence[Excitement]) -> list[tuple[int, ...]]:
        """Return the units of each site that are shown, those that vary most first."""
        return [
            ()
            if self.spec.layers and site.name not in self.spec.layers
            else tuple(unit for unit in self.spec.units if unit < num_units(site))
            or _liveliest(found, site)[: self.spec.num_units]
            for site, found in zip(self.subject.sites, excited)
        ]

    def _units(
        self, shown: Sequence[tuple[int, ...]], excited: Sequence[Excitement]
    ) -> tuple[UnitFeatures, ...]:
        sites = self.subject.sites
        asked = [(place, unit) for place, units in enumerate(shown) for unit in units]
        alive = [
            (place, unit)
            for place, unit in asked
            if unit not in excited[place].dead(sites[place].activation)
        ]
        best = self._maximised(alive, excited)
        numbers = {pair: number for number, pair in enumerate(alive)}
        return tuple(self._unit(pair, excited[pair[0]], best, numbers.get(pair)) for pair in asked)

    def _unit(
        self,
        pair: tuple[int, int],
        found: Excitement,
        best: Maximised | None,
        number: int | None,
    ) -> UnitFeatures:
        """Return one unit; `number` is its place among those climbed for, None if it is dead."""
        place, unit = pair
        rows = found.places[unit] if number is not None else found.places[unit][:0]
        is_climbed = best is not None and number is not None
        return UnitFeatures(
            layer=self.subject.sites[place].name,
            unit=unit,
            rows=tuple(self.watched.rows[rows].tolist()),
            responses=tuple(found.responses[unit][: len(rows)].tolist()),
            labels=self._labels(self.watched.y[rows]),
            inputs=shown_as(self.dataset, self.watched.x[rows], self.inputs.shape),
            positions=_positions(found.positions[unit][: len(rows)], self.subject.sites[place]),
            maximiser=self._as_shown(best.inputs[number]) if best and is_climbed else None,
            reached=float(best.responses[number]) if best and is_climbed else None,
        )

    def _maximised(
        self, asked: Sequence[tuple[int, int]], excited: Sequence[Excitement]
    ) -> Maximised | None:
        if not self._has_gradient or not asked:
            return None
        rows = np.array([excited[place].places[unit][0] for place, unit in asked])
        is_picture = self.inputs.kind == PICTURE and self.watched.x.ndim > 2
        return maximised(
            self.subject,
            asked,
            self.watched.x[rows],
            bounds=bounds_of(self.dataset, self.watched.x, self.inputs),
            spec=self.spec,
            is_picture=is_picture,
        )

    def _as_shown(self, x: np.ndarray) -> np.ndarray:
        return shown_as(self.dataset, x[None], self.inputs.shape)[0]

    def _labels(self, y: np.ndarray) -> tuple[str, ...]:
        if self.subject.task == "classification":
            return tuple(self.dataset.classes[int(one)] for one in y)
        return tuple(f"{value:.4g}" for value in self._targets(y))

    def _targets(self, y: np.ndarray) -> np.ndarray:
        """Return class numbers, or targets in their own units."""
        if self.subject.task == "classification":
            return y
        return y.astype("float64") * self.dataset.target_std + self.dataset.target_mean

    # -- pictures ------------------------------------------------------------------------------

    def _embeddings(self, apart: Sequence[Separated]) -> Embeddings:
        return Embeddings(
            by=self.spec.embedding,
            names=(INPUT, *(site.name for site in self.subject.sites)),
            points=np.stack([one.points for one in apart]),
            explained=tuple(one.explained for one in apart),
            labels=self._targets(self.test.y[: self.spec.embedding_rows]),
        )

    def _surfaces(self, excited: Sequence[Excitement]) -> Surfaces | str:
        if self.inputs.kind != PLANE:
            number = math.prod(self.inputs.shape)
            return f"the data have {number:,} features; a surface is drawn over two"
        return response_surfaces(
            self.subject,
            self.dataset,
            self.watched,
            self.inputs,
            [tuple(_by_deviation(found)) for found in excited],
            self._targets(self.watched.y),
        )

    def _conductance(self) -> Any:
        if not self._has_gradient:
            return WHOLE_NUMBERS
        if all(site.num_calls > 1 for site in self.subject.sites):
            return "every layer is used several times, so there is no one place to cut"
        return unit_conductance(
            self.subject,
            self.dataset,
            self.test,
            self.watched.x.mean(axis=0),
            baseline=self.spec.baseline,
        )

    # -- around it -------------------------------------------------------------------------------

    @property
    def _has_gradient(self) -> bool:
        return bool(np.issubdtype(self.watched.x.dtype, np.floating)) and not any(
            type(site.entry).__name__ == "Embedding" and site.calls[0] == 0
            for site in self.subject.sites
        )

    def _score(self) -> tuple[Estimate, float]:
        laboratory = train.Laboratory(
            self.subject.model, self.subject.sites, self.subject.credit, self.subject.input_shape
        )
        as_it_is = np.zeros((1, len(self.subject.sites)), "int32")
        credits = laboratory.credits(
            self.subject.networks,
            train.Variants.of(self.subject.networks.number, actions=as_it_is),
            self.test.x,
            self.test.y,
        )
        guess = 0.0
        if self.subject.task == "classification":
            counts = np.bincount(self.dataset.train.y, minlength=self.dataset.num_classes)
            guess = float((self.test.y == counts.argmax()).mean())
        return Estimate(*self.scores.interval(credits)), guess

    def _notices(self) -> tuple[str, ...]:
        told = []
        if self.subject.networks.number > 1:
            told.append(
                f"Scores are means over {self.subject.networks.number} networks; filters, units, "
                "surfaces, embedding and conductance are those of the first."
            )
        for split, whole, words in (
            (self.watched, self.dataset.train, "training rows were searched for what excites"),
            (self.test, self.dataset.test, "test rows were used"),
        ):
            if len(split) < len(whole):
                told.append(f"{len(split):,} of {len(whole):,} {words}.")
        side = math.isqrt(math.prod(self.inputs.shape))
        if self.inputs.kind == "table" and side >= 8 and side**2 == self.inputs.shape[-1]:
            told.append(
                f"Rows of {side**2} numbers may be pictures: picture=({side}, {side}), or "
                f"--picture {side}x{side}, shows them so."
            )
        return tuple(told)


def _check_units(subject: Subject, spec: FeaturesSpec) -> None:
    names = [site.name for site in subject.sites]
    for name in spec.layers:
        if name not in names:
            meant = closest(name, names)
            raise UnknownNameError(
                f"{subject.model.name!r} has no layer {name!r} with weights. "
                f"There are: {', '.join(names)}.",
                hint=f"did you mean {meant!r}?" if meant else None,
            )
    named = [site for site in subject.sites if site.name in spec.layers]
    widest = max(subject.sites, key=num_units)
    for site in named or [widest]:
        bad = [unit for unit in spec.units if unit >= num_units(site)]
        if bad:
            raise SpecError(
                f"Units of {site.name} are numbered 0 to {num_units(site) - 1}. "
                f"Received: {', '.join(map(str, bad))}.",
                hint="name the layers that have such units with `layers`" if named else None,
            )


def _positions(flat: np.ndarray, site: models.Site) -> tuple[tuple[int, ...], ...]:
    """Return places in a flattened map as places on each of its axes."""
    sides = site.output_shape[1:] if has_units_first(site) else site.output_shape[:-1]
    axes = np.unravel_index(flat, sides) if sides else ()
    return tuple(tuple(int(axis[row]) for axis in axes) for row in range(len(flat)))


def _liveliest(found: Excitement, site: models.Site) -> tuple[int, ...]:
    """Return the units that respond at all, those that vary most first."""
    dead = set(found.dead(site.activation))
    return tuple(unit for unit in _by_deviation(found) if unit not in dead)


def _by_deviation(found: Excitement) -> list[int]:
    return [int(unit) for unit in np.argsort(-found.deviation, kind="stable")]


def _untrained(subject: Subject, seed: int) -> train.Networks | None:
    """Return the networks before training, or freshly drawn ones; None if neither is known."""
    if subject.initial is not None:
        return jax.tree.map(lambda array: array[:MOST_UNTRAINED], subject.initial)
    try:
        build = models.renewal(subject.model, subject.input_shape)
    except ModelError:
        return None
    return train.fresh_weights(build, [FRESH_SEED + seed * 1000 + draw for draw in range(2)])


def _chance(guess: float, rows: int) -> float:
    """Return by how much a guess may exceed its mean on so many rows."""
    return math.sqrt(max(guess * (1 - guess), 0.01) / rows)
