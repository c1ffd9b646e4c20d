"""Depths that were cut short, and what more epochs would give."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from support.studies import EPOCHS, planted

from fathom.specs import TrainSpec
from fathom.studies.verdict import judge

EPOCH = np.arange(1, EPOCHS + 1)


def learning(errors_of, *, depths=(1, 2)):
    """Return a study whose validation errors by epoch are planted at the depths given."""
    result = planted({0: 0.6, 1: 0.7, 2: 0.7}, train=TrainSpec(epochs=EPOCHS))
    runs = []
    for run in result.runs:
        errors = errors_of(run.seed, run.depth)
        if run.depth in depths and run.learning_rate == 1e-3:
            place = int(np.argmin(errors))
            run = replace(
                run,
                validation_losses=tuple(map(float, errors)),
                validation_scores=tuple(map(float, 1 - errors)),
                validation_loss=float(errors[place]),
                validation_score=float(1 - errors[place]),
                best_epoch=place + 1,
            )
        runs.append(run)
    return replace(result, runs=tuple(runs))


def falling(seed, depth):
    return 0.02 + (0.5 + 0.02 * seed) * EPOCH**-0.6


def test_a_curve_that_still_falls_is_foretold_with_an_interval():
    verdict = judge(learning(falling))
    told = verdict.findings["more_epochs"]
    assert told.startswith("Depths 1 and 2 were still improving after 20 epochs. With 40,")
    assert "95% interval" in told
    assert "--epochs 40" in verdict.findings["next"]
    reached = float(told.split("may reach ")[1][:5])
    there = 1 - np.mean([0.02 + (0.5 + 0.02 * seed) * 40**-0.6 for seed in range(4)])
    assert abs(reached - there) < 0.005


def test_a_curve_that_was_flat_is_not_mentioned():
    assert (
        "more_epochs"
        not in judge(planted({0: 0.8, 1: 0.95, 2: 0.95}, train=TrainSpec(epochs=EPOCHS))).findings
    )


def test_a_curve_that_turned_is_not_mentioned():
    verdict = judge(learning(lambda seed, depth: 0.1 + 0.01 * np.abs(EPOCH - 10)))
    assert "more_epochs" not in verdict.findings


def test_a_sudden_fall_at_the_end_is_not_extrapolated():
    def sudden(seed, depth):
        return np.where(EPOCH < 18, 0.5 - 0.0001 * EPOCH, 0.5 - 0.1 * (EPOCH - 17))

    told = judge(learning(sudden)).findings["more_epochs"]
    assert "follow no law" in told
    assert "may reach" not in told


def test_a_linear_model_that_was_cut_short_is_named_so_beside_the_networks():
    def slowly(seed, depth):
        return falling(seed, depth) + (0.0 if depth else 0.2)

    cut, whole = learning(slowly, depths=(0, 1, 2)), learning(slowly, depths=(1, 2))
    assert "the linear model" in judge(whole).findings["baselines"]
    assert "(still improving)" not in judge(whole).findings["baselines"]
    assert "(still improving)" in judge(cut).findings["baselines"]
