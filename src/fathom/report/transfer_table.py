"""A transfer experiment as rows of text, and as JSON data."""

from __future__ import annotations

from typing import Any

from fathom.report.numbers import ABSENT, MINUS, interval_text, rate_text, score_text
from fathom.studies.anatomy import Estimate
from fathom.studies.transfer import ARMS, Arm, TransferResult

KEPT = "kept up to"
DIFFERENCES = {
    "specificity": f"BnB {MINUS} AnB",
    "lost_coadaptation": f"baseB {MINUS} BnB",
    "learned_benefit": f"AnB {MINUS} RnB",
}


def transfer_score_cells(result: TransferResult, *, digits: int = 3) -> list[dict[str, str]]:
    """Return a row per number of layers: the score of every kind and half of its interval."""
    return [
        {
            "layers": str(cut.cut),
            KEPT: cut.layer,
            **{name: _spread(cut.arms[name].test, digits) for name in ARMS},
        }
        for cut in result.cuts
    ]


def transfer_differences_cells(result: TransferResult, *, digits: int = 3) -> list[dict[str, str]]:
    """Return a row per number of layers: what the kinds of networks differ by."""
    return [
        {
            "layers": str(cut.cut),
            KEPT: cut.layer,
            **{
                header: _difference(getattr(cut, name), digits)
                for name, header in DIFFERENCES.items()
            },
        }
        for cut in result.cuts
    ]


def transfer_arm_cells(result: TransferResult) -> list[dict[str, str]]:
    """Return a row per kind of network with its learning rate, and its gain over scratch."""
    kinds = [("", result.base)] + [(c.layer, c.arms[name]) for c in result.cuts for name in ARMS]
    return [_arm_cells(layer, arm) for layer, arm in kinds]


def _arm_cells(layer: str, arm: Arm) -> dict[str, str]:
    words = f"{arm.name}: {ARMS[arm.name]}" if arm.name in ARMS else "baseB: from scratch"
    return {
        "layers": str(arm.cut),
        KEPT: layer,
        "network": words,
        "learning rate": rate_text(arm.learning_rate),
        "validation": score_text(arm.validation),
        "test [95% interval]": _interval(arm.test),
        "above scratch": ABSENT if arm.gain is None else _difference(arm.gain),
    }


def transfer_document(result: TransferResult) -> dict[str, Any]:
    """Return all of it as JSON data, intervals by the names of their parts."""
    return _by_name(result)


def _by_name(value: Any) -> Any:
    if isinstance(value, Estimate):
        return value._asdict()
    if isinstance(value, list | tuple):
        return [_by_name(one) for one in value]
    if isinstance(value, dict):
        return {key: _by_name(one) for key, one in value.items()}
    if hasattr(value, "__dataclass_fields__"):
        return {name: _by_name(getattr(value, name)) for name in value.__dataclass_fields__}
    return value


def _interval(estimate: Estimate) -> str:
    return interval_text(*estimate)


def _difference(estimate: Estimate, digits: int = 3) -> str:
    mean, low, high = (_signed(value, digits) for value in estimate)
    return f"{mean} [{low}, {high}]"


def _signed(value: float, digits: int) -> str:
    rounded = round(value, digits) + 0.0
    return f"{rounded:{'+' if rounded else ''}.{digits}f}".replace("-", MINUS)


def _spread(estimate: Estimate, digits: int) -> str:
    half = (estimate.high - estimate.low) / 2
    return f"{score_text(estimate.mean, digits=digits)} ± {score_text(half, digits=digits)}"
