"""Series judged together: what the words say follows from scores that are known."""

from __future__ import annotations

import re

import numpy as np
import pytest
from support.made_series import make_series

from fathom.studies.series import (
    best_cell,
    chosen_cell,
    combination,
    growth,
    judge,
    named,
    probabilities,
)

RIGHT = {1: 0.80, 2: 0.90, 3: 0.902}


def _wobble(*key: int) -> float:
    return float(np.random.default_rng(list(key)).normal(0, 0.004))


def _by_split(value: str | None, split: int, depth: int, seed: int) -> float:
    hard = 0.05 * split  # for every depth
    return RIGHT[depth] - hard + _wobble(split, depth, seed)


def test_a_hard_split_does_not_hide_what_depth_gives() -> None:
    result = make_series(_by_split, splits=4)
    chosen = combination(result)
    assert chosen.depth == 2
    told = result.compare(chosen, result.of(None)[0])
    assert told.is_clear
    assert told.difference == pytest.approx(0.1, abs=0.01)
    assert chosen.error > 0.03  # the mean itself varies with the splits


def test_the_verdict_over_splits_names_what_is_sure_and_what_is_not() -> None:
    verdict = judge(make_series(_by_split, splits=4))
    assert verdict.depth == 2
    assert verdict.findings["answer"].startswith("Depth 2 is enough")
    assert "4 splits of 3 seeds each" in verdict.findings["answer"]
    assert "depth 1 is surely worse" in verdict.findings["certainty"]
    assert "1 cannot be told apart" in verdict.findings["certainty"]
    assert "Nadeau and Bengio" in verdict.findings["blocks"]


def test_depths_of_equal_worth_are_not_called_different() -> None:
    result = make_series(lambda v, split, d, seed: 0.9 + _wobble(split, d, seed, 5), splits=5)
    verdict = judge(result)
    assert "no depth is surely better or worse" in verdict.findings["certainty"]
    shares = probabilities(result, result.cells)
    assert shares is not None
    assert sum(shares) == pytest.approx(1)


def test_two_splits_that_agree_by_chance_do_not_make_a_depth_sure() -> None:
    result = make_series(lambda v, split, depth, seed: 0.9 + 0.001 * depth, splits=2)
    assert not result.compare(result.cells[2], result.cells[0]).is_clear
    assert combination(result).depth == 1


def _normalised(value: str | None, split: int, depth: int, seed: int) -> float:
    if value == "none" and depth > 2:
        return 0.1
    return {1: 0.85, 2: 0.90, 16: 0.96}[depth] + _wobble(depth, seed)


def test_a_setting_that_lets_deep_networks_train_is_said_so() -> None:
    values = ("none", "batch")
    result = make_series(_normalised, setting="normalization", values=values, depths=(1, 2, 16))
    verdict = judge(result)
    assert (verdict.value, verdict.depth) == ("batch", 16)
    assert "Without normalization depth 2 is enough" in verdict.findings["values"]
    assert "nothing deeper than 2 trains" in verdict.findings["values"]
    assert "depth 16, the deepest tried, still trains" in verdict.findings["values"]
    assert "depth 16 without normalization −0.8" in verdict.findings["differences"]
    assert "All leave zero out" in verdict.findings["differences"]


def test_what_a_setting_is_worth_at_the_deepest_is_told_where_less_depth_is_enough() -> None:
    def score(value: str | None, split: int, depth: int, seed: int) -> float:
        fails = value == "none" and depth > 2
        return (0.1 if fails else 0.9) + _wobble(depth, seed, len(value or ""))

    values = ("none", "batch")
    result = make_series(score, setting="normalization", values=values, depths=(1, 2, 16))
    assert combination(result).depth < 16
    words = judge(result).findings["differences"]
    assert re.search(r"At depth 16 the normalization is worth \+0\.(79|8)", words)
    assert re.search(r"with batch normalization 0\.(89|9)", words)


def test_where_every_depth_trains_that_is_said_once() -> None:
    result = make_series(
        lambda v, s, depth, seed: 0.9 + _wobble(depth, seed),
        setting="dropout",
        values=("0", "0.5"),
    )
    assert judge(result).findings["values"].endswith("Every depth trains with each of them.")


def test_with_one_split_each_value_keeps_the_choice_of_its_own_study() -> None:
    values = ("none", "batch")
    result = make_series(_normalised, setting="normalization", values=values, depths=(1, 2, 16))
    for value in values:
        verdict = result.studies[f"{value}-0"].verdict
        assert verdict is not None
        assert chosen_cell(result, result.of(value)).depth == verdict.depth


def test_values_that_are_alike_are_told_to_be() -> None:
    result = make_series(
        lambda v, s, depth, seed: 0.9 + _wobble(len(v or ""), depth, seed),
        setting="activation",
        values=("relu", "tanh", "swish"),
    )
    assert "None leaves zero out" in judge(result).findings["differences"]


def _closing(per_doubling: float, noise: float = 0.0) -> object:
    """Return scores in which depth 2 lies below depth 1, and closes in as rows double."""
    rows = {"100": 0, "200": 1, "400": 2, "800": 3}

    def score(value: str | None, split: int, depth: int, seed: int) -> float:
        behind = 0.08 - per_doubling * rows[value or ""]
        own = noise * float(np.random.default_rng([rows[value or ""], depth, seed]).normal())
        return 0.9 - (behind if depth == 2 else 0.0) + own

    return score


def test_the_rows_a_deeper_network_needs_are_extrapolated_with_an_interval() -> None:
    values = ("100", "200", "400", "800")
    result = make_series(
        _closing(0.02, noise=0.002),  # level after four doublings: 1600 rows
        setting="rows",
        values=values,
        depths=(1, 2),
        seeds=5,
        training_rows=tuple(map(int, values)),
    )
    found = growth(result)
    assert found is not None
    assert found.crossing is not None
    estimate, low, high = found.crossing
    assert low < 1600 < high
    assert estimate == pytest.approx(1600, rel=0.2)
    assert "draws level at about" in judge(result).findings["growth"]


def test_a_gap_that_does_not_close_is_not_extrapolated() -> None:
    values = ("100", "200", "400", "800")
    result = make_series(
        _closing(0.0, noise=0.01),
        setting="rows",
        values=values,
        depths=(1, 2),
        training_rows=tuple(map(int, values)),
    )
    found = growth(result)
    assert found is not None
    assert found.crossing is None
    assert "cannot be told" in judge(result).findings["growth"]


def test_two_numbers_of_rows_show_no_trend() -> None:
    result = make_series(
        _closing(0.02),
        setting="rows",
        values=("100", "200"),
        depths=(1, 2),
        training_rows=(100, 200),
    )
    found = growth(result)
    assert found is not None
    assert found.crossing is None
    assert "no trend" in found.reason


def test_where_deeper_pays_already_the_rows_between_are_named() -> None:
    def score(value: str | None, split: int, depth: int, seed: int) -> float:
        pays = value in ("400", "800")
        return 0.8 + (0.1 if pays and depth == 2 else 0.0) + _wobble(int(value or 0), depth, seed)

    values = ("100", "200", "400", "800")
    result = make_series(
        score, setting="rows", values=values, depths=(1, 2), training_rows=tuple(map(int, values))
    )
    words = judge(result).findings["growth"]
    assert "starts to pay between 200 and 400 training rows" in words


def test_what_learns_nothing_has_no_best_combination() -> None:
    verdict = judge(make_series(lambda v, split, d, seed: 0.1, splits=2))
    assert verdict.depth is None
    assert verdict.text.startswith("No depth learned anything")


def test_studies_that_are_missing_are_left_out() -> None:
    result = make_series(_by_split, splits=3, missing=("None-2",))
    assert not result.is_finished
    assert len(best_cell(result.cells).scores) == 2


def test_a_combination_is_named_as_it_is_spoken_of() -> None:
    values = ("none", "batch")
    result = make_series(_normalised, setting="normalization", values=values, depths=(1, 2, 16))
    assert named(result, result.of("batch")[1]) == "depth 2 with batch normalization"
