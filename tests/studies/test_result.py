"""The table is a function of the records."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from support.made_studies import make_records
from support.studies import planted

from fathom.report import page, table_rows
from fathom.specs import Record, decode_record, encode_record
from fathom.studies import StudyResult


def test_the_rate_with_the_best_mean_is_chosen_for_each_depth():
    result = planted({1: 0.9, 2: 0.95}, best_rate=3e-3)
    assert [row.learning_rate for row in result.rows()] == [3e-3, 3e-3]
    assert [row.validation.mean for row in result.rows()] == pytest.approx([0.9, 0.95])


def test_of_equal_rates_the_smallest_is_chosen():
    result = planted({1: 0.9}, rates=(3e-3, 1e-3), best_rate=1e-3)
    equal = [replace(run, validation_score=0.9) for run in result.runs]
    assert replace(result, runs=tuple(equal)).rows()[0].learning_rate == 1e-3


def test_the_standard_error_is_over_seeds():
    row = planted({1: 0.9}, spread=0.01).rows()[0]
    deviation = math.sqrt(sum((0.01 * s) ** 2 for s in (1.5, 0.5, 0.5, 1.5)) / 3)
    assert row.validation.se == pytest.approx(deviation / 2)


def test_one_seed_has_no_standard_error():
    assert planted({1: 0.9}, seeds=1).rows()[0].validation.se is None


def test_a_diverged_member_is_worth_a_guess():
    row = planted({1: 0.9}, diverged={1: 4}, guess=0.1).rows()[0]
    assert row.validation.mean == pytest.approx(0.1)
    assert row.diverged == 12
    assert row.diverged_at_best == 4


def test_the_gradient_ratio_is_that_at_initialization():
    assert planted({3: 0.9}, ratios={3: 1e-4}).rows()[0].gradient_ratio == pytest.approx(1e-4)


def test_the_linear_model_has_no_gradient_ratio():
    assert planted({0: 0.9}).rows()[0].gradient_ratio is None


def test_the_table_is_the_same_after_records_went_through_json():
    result = planted({0: 0.9, 2: 0.95})
    records = [result.header, *result.baselines, *result.architectures, *result.runs, *result.tests]
    again = StudyResult.from_records(decode_record(encode_record(record)) for record in records)
    assert again.rows() == result.rows()


def test_an_architecture_without_runs_has_no_row_yet():
    result = planted({0: 0.9, 1: 0.95})
    assert len(replace(result, runs=result.runs[:12]).rows()) == 1


def test_records_begin_with_a_study_record():
    with pytest.raises(ValueError, match="begin with a study record"):
        StudyResult.from_records([])


def test_a_study_from_before_costs_were_kept_still_opens():
    def older(record: Record) -> dict[str, Any]:
        """Return the record as version 1 wrote it: without what was added since."""
        data: dict[str, Any] = encode_record(record) | {"version": 1}
        for added in ("flops", "batch_ms", "row_scores", "comparisons"):
            data.pop(added, None)
        return data | ({"predict_seconds": 2e-4} if data["kind"] == "test" else {})

    records = [older(record) for record in make_records()]
    del records[0]["spec"]["regularize"], records[0]["spec"]["max_parameters"]
    result = StudyResult.from_records(map(decode_record, records))
    assert result.spec.max_parameters is None
    assert {row.flops for row in result.rows()} == {row.batch_ms for row in result.rows()} == {None}
    headers = table_rows(result)[0].cells
    assert "operations per row" not in headers and "memory of training" in headers
    assert "What a score costs" in page(result)
