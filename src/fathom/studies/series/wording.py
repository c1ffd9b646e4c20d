"""Scores, differences and combinations as a verdict speaks of them."""

from __future__ import annotations

from fathom.measure import PairedComparison
from fathom.specs import ROWS
from fathom.studies.series.growing import Gain
from fathom.studies.series.result import Cell, SeriesResult
from fathom.studies.wording import interval_words, number, plural, score_words


def signed(value: float) -> str:
    """Return a difference with its sign."""
    text = score_words(value)
    return text if text.startswith("−") or text == "0.000" else f"+{text}"


def difference_words(told: PairedComparison | Gain) -> str:
    """Return a difference with its interval.

    Example:
        >>> difference_words(PairedComparison(
        ...     difference=0.01, error=0.002, low=0.004, high=0.016, probability=0.99, blocks=5))
        '+0.010 [+0.004, +0.016]'
    """
    if told.low is None or told.high is None:
        return signed(told.difference)
    return f"{signed(told.difference)} [{signed(told.low)}, {signed(told.high)}]"


def percent(probability: float) -> str:
    """Return a probability; never more certain than the draws can tell.

    Example:
        >>> percent(0.634), percent(0.9999)
        ('63%', 'more than 99%')
    """
    if probability > 0.99:
        return "more than 99%"
    return "less than 1%" if probability < 0.01 else f"{probability:.0%}"


def named(result: SeriesResult, cell: Cell) -> str:
    """Return what a cell is called in a sentence, such as "depth 2 with batch normalization"."""
    name = sized(result, cell)
    return name if cell.value is None else f"{name} {spoken(result, cell.value)}"


def sized(result: SeriesResult, cell: Cell) -> str:
    """Return a cell's depth, with its width where a depth comes in several."""
    depths = [one.depth for one in result.of(cell.value)]
    width = f" of width {number(cell.width)}" if depths.count(cell.depth) > 1 else ""
    return f"depth {cell.depth}{width}"


def spoken(result: SeriesResult, value: str | None) -> str:
    """Return how a value is spoken of, such as "with batch normalization"."""
    if result.setting is None or value is None:
        return ""
    if result.record.setting == ROWS:
        return f"with {plural(result.training_rows(value), 'training row')}"
    return result.setting.words(value)


def metric_words(result: SeriesResult) -> str:
    """Return what the score is called."""
    return {"accuracy": "accuracy", "r2": "R²"}[result.record.metric]


def repeats(result: SeriesResult) -> str:
    """Return over what a mean is taken, such as "5 splits of 3 seeds each"."""
    seeds = plural(result.seeds, "seed")
    if result.splits < 2:
        return seeds
    return f"{plural(result.splits, 'split')} of {seeds} each"


def with_error(cell: Cell) -> str:
    """Return a mean and its standard error."""
    return f"{score_words(cell.mean)} ± {score_words(cell.error)}"


def test_words(cell: Cell) -> str:
    """Return the test score with its interval, as the end of a sentence; "" if unknown."""
    if cell.test is None or cell.test_low is None or cell.test_high is None:
        return ""
    interval = interval_words(cell.test, cell.test_low, cell.test_high)
    return f", and on the test rows {interval}"


def capital(text: str) -> str:
    """Return `text` with its first letter as a capital."""
    return text[0].upper() + text[1:]
