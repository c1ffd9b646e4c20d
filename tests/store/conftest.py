"""Samples that the store's tests share."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fathom.specs import (
    ArchitectureRecord,
    BaselineRecord,
    LayerRecord,
    Record,
    RunRecord,
    StatusRecord,
    StudyRecord,
    TestRecord,
    VerdictRecord,
)
from fathom.store import Store


class Samples:
    """Records of a small study, each with the changes a test asks for."""

    def study(self, **changes: Any) -> StudyRecord:
        record = StudyRecord(
            name="digits",
            spec={"depths": [0, 1], "seeds": 2, "model": {"family": "mlp", "width": 64}},
            dataset={"name": "digits", "source": "digits", "task": "classification"},
            metric="accuracy",
            versions={"fathom": "0.1"},
            machine={"cores": 2},
            trainings=8,
        )
        return replace(record, **changes)

    def architecture(self, **changes: Any) -> ArchitectureRecord:
        record = ArchitectureRecord(
            depth=1,
            width=64,
            parameters=4810,
            layers=("dense", "head"),
            members=4,
            bytes=1_000_000,
        )
        return replace(record, **changes)

    def run(self, **changes: Any) -> RunRecord:
        record = RunRecord(
            depth=1,
            width=64,
            learning_rate=1e-3,
            seed=0,
            status="finished",
            reason="trained all epochs",
            epochs=2,
            best_epoch=2,
            validation_score=0.9,
            validation_loss=0.3,
            train_loss=(0.7, 0.4),
            validation_losses=(0.5, 0.3),
            validation_scores=(0.8, 0.9),
            layers=(
                LayerRecord(
                    layer="dense",
                    epoch=0,
                    activation_gradient=0.1,
                    weight_gradient=0.2,
                    weight_norm=3.0,
                    update_ratio=None,
                    activation_mean=0.4,
                    activation_std=0.5,
                ),
            ),
            train_seconds=0.25,
        )
        return replace(record, **changes)

    def test(self, **changes: Any) -> TestRecord:
        record = TestRecord(
            depth=1,
            width=64,
            learning_rate=1e-3,
            scores=(0.9, 0.92),
            mean=0.91,
            low=0.88,
            high=0.94,
        )
        return replace(record, **changes)

    def baseline(self, **changes: Any) -> BaselineRecord:
        record = BaselineRecord(
            name="majority-class", validation=0.1, test=0.1, low=0.08, high=0.12, train_seconds=0.01
        )
        return replace(record, **changes)

    def verdict(self, **changes: Any) -> VerdictRecord:
        record = VerdictRecord(
            depth=1, width=64, rule="one-standard-error", text="One hidden layer is enough."
        )
        return replace(record, **changes)

    def status(self, status: str = "running", **changes: Any) -> StatusRecord:
        return replace(StatusRecord(status=status, message="", wall_seconds=None), **changes)

    def after_the_first(self) -> tuple[Record, ...]:
        """Return all records of a finished study but its first."""
        return (
            self.status(),
            self.architecture(),
            self.run(seed=0),
            self.run(seed=1, validation_score=0.92),
            self.run(seed=0, learning_rate=1e-2, status="diverged", validation_score=None),
            self.test(),
            self.baseline(),
            self.verdict(),
            self.status("finished", wall_seconds=1.5),
        )


@pytest.fixture(scope="session")
def sample() -> Samples:
    return Samples()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "runs")


@pytest.fixture
def finished(store: Store, sample: Samples) -> str:
    """The name of a finished study in `store`."""
    with store.create(sample.study()) as writer:
        writer.append_many(sample.after_the_first())
    return writer.name
