"""Series made by formula: studies with given scores, without training anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from fathom.specs import (
    FINISHED,
    ArchitectureRecord,
    BaselineRecord,
    ModelSpec,
    Record,
    RunRecord,
    SeriesMember,
    SeriesRecord,
    StatusRecord,
    StudyRecord,
    StudySpec,
    TestRecord,
    TrainSpec,
    to_json_data,
)
from fathom.studies import StudyResult
from fathom.studies.series import SeriesResult
from fathom.studies.verdict import judge

ROWS = {"train": 300, "validation": 100, "test": 200}
RATE = 1e-3
Scoring = Callable[[str | None, int, int, int], float]  # of value, split, depth and seed


def make_series(
    score: Scoring,
    *,
    setting: str | None = None,
    values: Sequence[str] = (),
    splits: int = 1,
    seeds: int = 3,
    depths: Sequence[int] = (1, 2, 3),
    training_rows: Sequence[int] = (),
    missing: Sequence[str] = (),
) -> SeriesResult:
    """Return a series whose members score as `score` says, on validation and test rows.

    Args:
        score: Of a value, a split, a depth and a seed.
        setting: What is compared.
        values: Its values.
        splits: Number of splits.
        seeds: Number of seeds.
        depths: Depths compared.
        training_rows: Training rows for each value; 300 if none.
        missing: Names of studies that are not there yet.
    """
    spec = _spec(depths, seeds)
    members = [
        SeriesMember(
            name=f"{value}-{split}",
            value=value,
            split=split,
            spec=to_json_data(spec),
            training_rows=training_rows[place] if training_rows else ROWS["train"],
        )
        for place, value in enumerate(values or (None,))
        for split in range(splits)
    ]
    record = SeriesRecord(
        name="made",
        setting=setting,
        values=tuple(values),
        splits=splits,
        members=tuple(members),
        dataset={"source": "made", "task": "classification", "rows": ROWS, "notices": []},
        metric="accuracy",
    )
    studies = {
        one.name: _study(score, one, spec, depths, seeds)
        for one in members
        if one.name not in missing
    }
    return SeriesResult(record, studies)


def _spec(depths: Sequence[int], seeds: int) -> StudySpec:
    return StudySpec(
        model=ModelSpec(input_shape=(4,), num_classes=10),
        train=TrainSpec(epochs=5, watch=False),
        depths=tuple(depths),
        learning_rates=(RATE,),
        seeds=seeds,
    )


def _study(
    score: Scoring, member: SeriesMember, spec: StudySpec, depths: Sequence[int], seeds: int
) -> StudyResult:
    records = list(_records(score, member, spec, depths, seeds))
    return StudyResult.from_records([*records, judge(StudyResult.from_records(records))])


def _records(
    score: Scoring, member: SeriesMember, spec: StudySpec, depths: Sequence[int], seeds: int
) -> Iterator[Record]:
    yield StudyRecord(
        name=member.name,
        spec=to_json_data(spec),
        dataset={"source": "made", "rows": ROWS, "classes": list("0123456789"), "columns": []},
        metric="accuracy",
        versions={},
        machine={},
        trainings=len(depths) * seeds,
    )
    yield StatusRecord(status="running", message="")
    yield BaselineRecord(
        name="majority-class", validation=0.1, test=0.1, low=0.08, high=0.12, train_seconds=0.0
    )
    for depth in depths:
        yield ArchitectureRecord(
            depth=depth, width=64, parameters=1000 * depth, layers=(), members=seeds, bytes=None
        )
        scores = [score(member.value, member.split, depth, seed) for seed in range(seeds)]
        yield from (_run(depth, seed, one) for seed, one in enumerate(scores))
        yield _test(depth, scores)


def _run(depth: int, seed: int, score: float) -> RunRecord:
    return RunRecord(
        depth=depth,
        width=64,
        learning_rate=RATE,
        seed=seed,
        status=FINISHED,
        reason="trained all 5 epochs",
        epochs=5,
        best_epoch=5,
        validation_score=score,
        validation_loss=1 - score,
        train_loss=(1 - score,) * 5,
        validation_losses=(1 - score,) * 5,
        validation_scores=(score,) * 5,
        layers=(),
        train_seconds=0.1,
    )


def _test(depth: int, scores: Sequence[float]) -> TestRecord:
    mean = float(np.mean(scores))
    right = round(mean * ROWS["test"])
    rows = np.r_[np.ones(right), np.zeros(ROWS["test"] - right)]
    return TestRecord(
        depth=depth,
        width=64,
        learning_rate=RATE,
        scores=tuple(scores),
        mean=mean,
        low=mean - 0.02,
        high=mean + 0.02,
        row_scores=tuple(rows.tolist()),
    )
