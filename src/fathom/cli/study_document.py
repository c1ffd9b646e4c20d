"""A study as a JSON document."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fathom.specs import DROPPED
from fathom.studies import fronts_of, regularized_score

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fathom.specs import BaselineRecord, RegularizedRecord, RungRecord, VerdictRecord
    from fathom.store import StoredStudy
    from fathom.studies import DepthRow, StudyResult


def study_document(
    result: StudyResult, stored: StoredStudy, *, written: Mapping[str, Path] | None = None
) -> dict[str, Any]:
    """Return a study as JSON data; what is unknown is None.

    Args:
        result: The study, finished or not.
        stored: The same in its store.
        written: What was written where, such as a report.
    """
    header, dataset, status = result.header, result.header.dataset, result.status
    rows = result.rows()
    return {
        "study": stored.name,
        "folder": stored.folder,
        "source": dataset["source"],
        "task": dataset["task"],
        "metric": header.metric,
        "status": stored.summary().status,
        "trainings": header.trainings,
        "trained": sum(run.status != DROPPED for run in result.runs),
        "dropped": sum(run.status == DROPPED for run in result.runs),
        "wall_seconds": status.wall_seconds if status else None,
        "depths": [_row(row, rows) for row in rows],
        "regularized": [_regularized(one) for one in result.regularized],
        "rungs": [_rung(rung) for rung in result.rungs],
        "verdict": _verdict(result.verdict),
        "baselines": [_baseline(baseline) for baseline in result.baselines],
        "target": dataset["target"],
        "classes": dataset["classes"],
        "rows": dataset["rows"],
        "columns": dataset["columns"],
        "notices": [*dataset["notices"], *stored.notices],
        "spec": header.spec,
        "versions": header.versions,
        "machine": header.machine,
        "written": dict(written or {}),
    }


def _row(row: DepthRow, rows: Sequence[DepthRow]) -> dict[str, Any]:
    test = row.test
    return {
        "depth": row.depth,
        "width": row.width,
        "parameters": row.parameters,
        "learning_rate": row.learning_rate,
        "validation": row.validation,
        "test": None
        if test is None
        else {"mean": test.mean, "low": test.low, "high": test.high, "scores": test.scores},
        "diverged": row.diverged,
        "dropped": row.dropped,
        "gradient_ratio": row.gradient_ratio,
        "train_seconds": row.train_seconds,
        "bytes": row.bytes,
        "flops": row.flops,
        "latency_ms": row.latency_ms,
        "batch_ms": row.batch_ms,
        "pareto": fronts_of(row, rows),
        "train_loss": row.train,
        "best_epoch": row.best_epoch,
        "rates": [{"learning_rate": rate, "validation": score} for rate, score in row.rates],
    }


def _regularized(told: RegularizedRecord) -> dict[str, Any]:
    return {
        "depth": told.depth,
        "width": told.width,
        "learning_rate": told.learning_rate,
        "dropout": told.dropout,
        "l2": told.l2,
        "validation": regularized_score(told),
        "test": None
        if told.mean is None
        else {"mean": told.mean, "low": told.low, "high": told.high, "scores": told.test_scores},
        "train_seconds": told.train_seconds,
        "tried": told.tried,
        "reason": told.reason,
    }


def _rung(rung: RungRecord) -> dict[str, Any]:
    return {
        "epoch": rung.epoch,
        "epochs": rung.epochs,
        "members": rung.members,
        "dropped": len(rung.left),
        "message": rung.message,
    }


def _verdict(verdict: VerdictRecord | None) -> dict[str, Any] | None:
    if verdict is None:
        return None
    return {
        "depth": verdict.depth,
        "width": verdict.width,
        "rule": verdict.rule,
        "text": verdict.text,
        "findings": verdict.findings,
        "comparisons": verdict.comparisons,
    }


def _baseline(baseline: BaselineRecord) -> dict[str, Any]:
    return {
        "name": baseline.name,
        "validation": baseline.validation,
        "test": baseline.test,
        "low": baseline.low,
        "high": baseline.high,
        "train_seconds": baseline.train_seconds,
    }
