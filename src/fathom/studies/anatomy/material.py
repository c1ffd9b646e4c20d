"""All that an examination works with: networks, rows, and what predicts and scores."""

from __future__ import annotations

from dataclasses import dataclass

from fathom import measure, models, train
from fathom.data import Dataset, Split
from fathom.errors import ModelError
from fathom.studies.anatomy.result import AnatomySpec
from fathom.studies.anatomy.subject import Subject, drawn_rows, fitted

# Fresh weights are drawn from seeds that no study is likely to train with.
FRESH_SEED = 1_000_003


@dataclass(frozen=True, kw_only=True)
class Material:
    """One subject on one data set.

    Args:
        subject: The networks.
        dataset: The data they were trained for.
        spec: How they are examined.
        watched: Training rows that are looked at.
        validation: Validation rows that are used.
        test: Rows on which scores are read.
        laboratory: Predicts with variants of the networks.
        scores: Of networks on the test rows.
        fresh: Networks with fresh weights; None if none can be drawn.
        no_fresh: Why not.
    """

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
    def of(cls, subject: Subject, dataset: Dataset, spec: AnatomySpec) -> Material:
        """Draw the rows and the fresh weights."""

        def some(split: Split, rows: int) -> Split:
            return fitted(subject.model, drawn_rows(split, rows, spec.seed), dataset.name)

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

    @property
    def places(self) -> range:
        """The places of the sites."""
        return range(len(self.subject.sites))


def _fresh(subject: Subject, spec: AnatomySpec) -> tuple[train.Networks | None, str]:
    """Return fresh weights, or why there are none."""
    try:
        build = models.renewal(subject.model, subject.input_shape)
    except ModelError:
        return None, "the model does not say how it is built, so no fresh weights can be drawn"
    seeds = [FRESH_SEED + spec.seed * 1000 + draw for draw in range(spec.draws)]
    return train.fresh_weights(build, seeds), ""
