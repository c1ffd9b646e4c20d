"""Appends to a study of its own until it is done or killed; prints what it knows to be safe.

appender.py STORE RUNS     0 runs: until killed
"""

from __future__ import annotations

import itertools
import os
import sys

import numpy as np

from fathom.specs import RunRecord, StatusRecord, StudyRecord
from fathom.store import Store, StudyWriter


def main(root: str, runs: int) -> None:
    with Store(root).create(first()) as writer:
        writer.append(StatusRecord(status="running", message=""))
        say(writer.name)
        for seed in range(runs) if runs else itertools.count():
            step(writer, seed)
            say(seed + 1)
        writer.close(StatusRecord(status="finished", message="", wall_seconds=1.0))


def step(writer: StudyWriter, seed: int) -> None:
    writer.append(run(seed))
    if seed % 5 == 0:
        writer.write_weights("depth-1", {"a": np.full(5000, seed)}, {"seed": str(seed)})
        writer.write_file("model/best.keras", str(seed % 10).encode() * 5000)


def say(word: object) -> None:
    os.write(1, f"{word}\n".encode())


def first() -> StudyRecord:
    return StudyRecord(
        name="shared",
        spec={},
        dataset={"source": "digits", "task": "classification"},
        metric="accuracy",
        versions={},
        machine={},
        trainings=100,
    )


def run(seed: int) -> RunRecord:
    return RunRecord(
        depth=1,
        width=8,
        learning_rate=0.1,
        seed=seed,
        status="finished",
        reason="x" * 500,
        epochs=1,
        best_epoch=1,
        validation_score=0.5,
        validation_loss=0.5,
        train_loss=(0.5,),
        validation_losses=(0.5,),
        validation_scores=(0.5,),
        layers=(),
        train_seconds=0.1,
    )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
