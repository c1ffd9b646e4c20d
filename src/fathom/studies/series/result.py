"""A series' table, as a function of its studies' results."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean, median

import numpy as np

from fathom.measure import (
    PairedComparison,
    mean_interval,
    paired_comparison,
    standard_error_of,
)
from fathom.specs import FAILED_SHARE, ROWS, SeriesMember, SeriesRecord
from fathom.studies.constraints import allowed
from fathom.studies.result import DepthRow, StudyResult
from fathom.studies.rule import standard_error
from fathom.studies.series.settings import SETTINGS, Setting

Place = tuple[int, int]  # depth and width


@dataclass(frozen=True, kw_only=True, eq=False)
class Cell:
    """One architecture with one value of the setting, over all splits and seeds.

    Args:
        value: The setting's value; None where none is compared.
        depth: Hidden blocks.
        width: Units per hidden block.
        parameters: Trainable parameters.
        scores: Validation score by block: by split, mean over seeds, where there are
            several splits; else by seed.
        error: Standard error of the mean over blocks; for a single block that of the
            validation rows.
        tests: Test score by block, where all are known.
        row_scores: What each test row adds to the test score, mean over splits and seeds,
            float (rows,); None where that was not kept.
        test: Mean test score over splits and seeds; None where it could not be computed.
        test_low: Lower end of its 95% interval.
        test_high: Upper end.
        learning_rates: The rate each split's study chose.
        gradient_ratio: First over last layer's gradient at the start, geometric mean.
        failed: Number of studies in which it learned far less than others did.
        studies: Number of studies it was trained in.
        is_allowed: Whether it keeps within the studies' limits on cost, in most of them.
        diverged: Members that diverged, over all rates.
        train_seconds: Mean time to train one member.
    """

    value: str | None
    depth: int
    width: int
    parameters: int
    scores: dict[int, float]
    error: float
    tests: dict[int, float]
    row_scores: np.ndarray | None
    test: float | None
    test_low: float | None
    test_high: float | None
    learning_rates: tuple[float, ...]
    gradient_ratio: float | None
    failed: int
    studies: int
    is_allowed: bool
    diverged: int
    train_seconds: float

    @property
    def mean(self) -> float:
        """Mean validation score over blocks."""
        return fmean(self.scores.values())

    @property
    def has_failed(self) -> bool:
        """Whether it failed in most studies."""
        return 2 * self.failed > self.studies

    @property
    def place(self) -> Place:
        """Depth and width."""
        return self.depth, self.width


@dataclass(frozen=True)
class SeriesResult:
    """A series as far as it got.

    Args:
        record: What was to be run.
        studies: Results by the members' names; those that are finished count.
    """

    record: SeriesRecord
    studies: Mapping[str, StudyResult]

    @cached_property
    def finished(self) -> tuple[SeriesMember, ...]:
        """The studies that have a verdict, in order."""
        return tuple(
            member
            for member in self.record.members
            if member.name in self.studies and self.studies[member.name].verdict is not None
        )

    @property
    def is_finished(self) -> bool:
        """Whether every study has a verdict."""
        return len(self.finished) == len(self.record.members)

    @property
    def setting(self) -> Setting | None:
        """What is compared beside depth."""
        return None if self.record.setting is None else SETTINGS[self.record.setting]

    @property
    def values(self) -> tuple[str | None, ...]:
        """Values with a finished study, in order; (None,) where no setting is compared."""
        return tuple(dict.fromkeys(member.value for member in self.finished))

    @property
    def splits(self) -> int:
        """Splits asked for."""
        return self.record.splits

    @property
    def block(self) -> str:
        """What scores are paired by: "split" or "seed"."""
        return "split" if self.splits > 1 else "seed"

    @property
    def seeds(self) -> int:
        """Seeds of each study."""
        return int(self.record.members[0].spec["seeds"])

    def results_of(self, value: str | None) -> dict[int, StudyResult]:
        """Return the finished studies of a value by split."""
        return {
            member.split: self.studies[member.name]
            for member in self.finished
            if member.value == value
        }

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """All architectures of all values, in the order they were asked for."""
        return tuple(cell for value in self.values for cell in self._cells_of(value))

    def of(self, value: str | None) -> tuple[Cell, ...]:
        """Return the cells of one value, shallow to deep."""
        return tuple(cell for cell in self.cells if cell.value == value)

    def cell(self, value: str | None, depth: int, width: int | None = None) -> Cell | None:
        """Return a cell; None if there is none."""
        found = [
            cell
            for cell in self.of(value)
            if cell.depth == depth and (width is None or cell.width == width)
        ]
        return found[0] if found else None

    @cached_property
    def depths(self) -> tuple[int, ...]:
        """All depths, ascending."""
        return tuple(sorted({cell.depth for cell in self.cells}))

    def training_rows(self, value: str | None) -> int:
        """Return the training rows behind a value."""
        return next(one.training_rows for one in self.record.members if one.value == value)

    @property
    def overlap(self) -> float:
        """Validation over training rows, for splits of the same rows; 0 for seeds."""
        if self.splits < 2:
            return 0.0
        rows = self.record.dataset["rows"]
        return rows["validation"] / rows["train"]

    @property
    def smallest_error(self) -> float:
        """Half a validation row's worth of score: what is smaller cannot be told apart."""
        return 0.5 / self.record.dataset["rows"]["validation"]

    @property
    def compared_on(self) -> str:
        """The rows on which differences are measured.

        Splits have validation rows of their own. Seeds of one split share theirs, and the
        choice of the rates: they are compared on the test rows.
        """
        return "validation" if self.splits > 1 else "test"

    def compared_mean(self, cell: Cell) -> float:
        """Return a cell's mean score on the rows on which differences are measured."""
        return cell.mean if self.splits > 1 or not cell.tests else fmean(cell.tests.values())

    def aligned(self, cells: Sequence[Cell]) -> tuple[np.ndarray, np.ndarray]:
        """Return what cells are compared by, and what the rows alone make uncertain.

        Returns:
            Scores, float (cell, block), of the blocks that all have; and the smallest
            standard error of each cell's difference from their mean, float (cell,).
        """
        kept = [cell.scores if self.splits > 1 else cell.tests for cell in cells]
        blocks = sorted(set.intersection(*map(set, kept)))
        scores = np.array([[one[block] for block in blocks] for one in kept])
        return scores, self._row_errors(cells)

    def _row_errors(self, cells: Sequence[Cell]) -> np.ndarray:
        rows = [cell.row_scores for cell in cells]
        known = [one for one in rows if one is not None]
        is_known = len(known) == len(rows) and len({len(one) for one in known}) == 1
        if self.splits > 1 or not is_known:
            return np.full(len(cells), self.smallest_error)
        deviations = np.stack(known) - np.mean(known, axis=0)
        rows = deviations.shape[1]
        return np.maximum(deviations.std(axis=1, ddof=1) / math.sqrt(rows), 0.25 / rows)

    def compare(self, first: Cell, second: Cell, *, comparisons: int = 1) -> PairedComparison:
        """Return how much better one cell is than another, paired by block.

        Args:
            first: One cell.
            second: Another.
            comparisons: How many comparisons are told together.
        """
        scores, errors = self.aligned([first, second])
        if self.splits > 1:
            error = self.smallest_error
        else:
            error = float(errors.sum())  # each is half of the difference's
        told = paired_comparison(
            scores[0],
            scores[1],
            overlap=self.overlap,
            smallest_error=error,
            comparisons=comparisons,
        )
        return told if self.record.metric != "accuracy" else told.within(-1.0, 1.0)

    # -- how a cell comes to be ----------------------------------------------------

    def _cells_of(self, value: str | None) -> list[Cell]:
        found = {split: _by_place(one) for split, one in self.results_of(value).items()}
        first = next(iter(found.values()))
        places = [place for place in first if all(place in rows for rows in found.values())]
        return [
            self._cell(value, {split: rows[place] for split, rows in found.items()})
            for place in sorted(places)
        ]

    def _cell(self, value: str | None, rows: Mapping[int, DepthRow]) -> Cell:
        first = next(iter(rows.values()))
        results = self.results_of(value)
        scores = self._scores(rows, results)
        test = self._test(rows)
        ratios = [math.log(row.gradient_ratio) for row in rows.values() if row.gradient_ratio]
        return Cell(
            value=value,
            depth=first.depth,
            width=first.width,
            parameters=first.parameters,
            scores=scores,
            error=self._error(scores, first, next(iter(results.values()))),
            tests=self._tests(rows, results),
            row_scores=_mean_row_scores(list(rows.values())),
            test=test[0],
            test_low=test[1],
            test_high=test[2],
            learning_rates=tuple(row.learning_rate for row in rows.values()),
            gradient_ratio=math.exp(fmean(ratios)) if ratios else None,
            failed=sum(self._has_failed(row, value, split) for split, row in rows.items()),
            studies=len(rows),
            is_allowed=2 * sum(bool(allowed([row], results[k].spec)) for k, row in rows.items())
            > len(rows),
            diverged=sum(row.diverged for row in rows.values()),
            train_seconds=fmean(row.train_seconds for row in rows.values()),
        )

    def _scores(
        self, rows: Mapping[int, DepthRow], results: Mapping[int, StudyResult]
    ) -> dict[int, float]:
        if self.splits > 1:
            return {split: row.validation.mean for split, row in rows.items()}
        (split, row), *_ = rows.items()
        result = results[split]
        runs = sorted(result.runs_at_best(row), key=lambda run: run.seed)
        known = {run.seed: run.validation_score for run in runs}
        return {seed: result.guess if score is None else score for seed, score in known.items()}

    def _tests(
        self, rows: Mapping[int, DepthRow], results: Mapping[int, StudyResult]
    ) -> dict[int, float]:
        if self.splits > 1:
            means = {split: row.test.mean for split, row in rows.items() if row.test is not None}
            return {split: mean for split, mean in means.items() if mean is not None}
        (split, row), *_ = rows.items()
        runs = results[split].runs_at_best(row)
        if row.test is None or len(runs) != len(row.test.scores):
            return {}
        scores = {run.seed: score for run, score in zip(runs, row.test.scores, strict=True)}
        return {seed: score for seed, score in scores.items() if math.isfinite(score)}

    def _error(self, scores: Mapping[int, float], row: DepthRow, result: StudyResult) -> float:
        """Return the standard error of the mean: over splits, or as the study has it."""
        if self.splits < 2 or len(scores) < 2:
            return standard_error(row, result)
        error = standard_error_of(np.array(list(scores.values())), overlap=self.overlap)
        return max(error, self.smallest_error)

    def _test(self, rows: Mapping[int, DepthRow]) -> tuple[float | None, ...]:
        """Return the mean test score over splits with a 95% interval.

        Splits and test rows are drawn with replacement; the rows are the same in all
        splits, so that what they make uncertain does not shrink with splits.
        """
        tests = [row.test for row in rows.values() if row.test is not None]
        known = [(test.mean, test.low, test.high) for test in tests]
        if len(known) < len(rows) or any(None in ends for ends in known):
            return None, None, None
        scores = [test.row_scores for test in tests if test.row_scores is not None]
        if len(tests) > 1 and len(scores) == len(tests):
            told = mean_interval(np.array(scores), seed=0)
            least = 0.0 if self.record.metric == "accuracy" else -math.inf
            return told.mean, max(told.low, least), min(told.high, 1.0)
        means = [mean for mean, _, _ in known if mean is not None]
        widest = [max(known, key=lambda ends: (ends[2] or 0) - (ends[1] or 0))]
        (mean, low, high), *_ = widest
        shift = fmean(means) - (mean or 0)
        return fmean(means), (low or 0) + shift, min((high or 0) + shift, 1.0)

    def _has_failed(self, row: DepthRow, value: str | None, split: int) -> bool:
        """Return whether an architecture learned far less than the best did on its split.

        Where settings are compared the best is that of any value: a value with which
        nothing trains has failed. With fewer rows all learn less, so there it is the
        best of as many rows.
        """
        values = [value] if self.record.setting == ROWS else self.values
        results = [self.results_of(one).get(split) for one in values]
        known = [result for result in results if result is not None]
        best = max(other.validation.mean for result in known for other in result.rows())
        guess = known[0].guess
        gained = row.validation.mean - guess
        return row.depth > 0 and gained < FAILED_SHARE * (best - guess)


def _by_place(result: StudyResult) -> dict[Place, DepthRow]:
    return {(row.depth, row.width): row for row in result.rows()}


def _mean_row_scores(rows: Sequence[DepthRow]) -> np.ndarray | None:
    known = [row.test.row_scores for row in rows if row.test is not None]
    if len(known) < len(rows) or any(scores is None for scores in known):
        return None
    return np.mean(np.array(known, "float64"), axis=0)


def _student(blocks: int) -> float:
    """Return what an error of so few blocks is multiplied by to hold in 68%, as one of many does.

    Example:
        >>> round(_student(3), 2), round(_student(100), 2)
        (1.32, 1.01)
    """
    from scipy.special import ndtr, stdtrit

    return float(stdtrit(max(blocks - 1, 1), ndtr(1)))


# -- the rule -----------------------------------------------------------------------------


def best_cell(cells: Sequence[Cell]) -> Cell:
    """Return the cell with the highest mean; of equals the shallowest and smallest.

    Where members were let go, only cells with the most seeds can be the best.
    """
    most = max(len(cell.scores) for cell in cells)
    known = [cell for cell in cells if len(cell.scores) == most]
    return min(known, key=lambda cell: (-cell.mean, cell.depth, cell.parameters))


def chosen_cell(result: SeriesResult, cells: Sequence[Cell]) -> Cell:
    """Return the shallowest cell within one standard error of the best; of equals the best.

    With one split this is, for the cells of one value, what its study chose.
    Cells beyond the limits on cost do not count, unless all are.
    """
    cells = [cell for cell in cells if cell.is_allowed] or cells
    own = _own_choice(result, cells)
    if own is not None:
        return own
    best = best_cell(cells)
    within = tolerance(result, cells)
    enough = [cell for cell in cells if best.mean - cell.mean <= within(cell)]
    return min(enough, key=lambda cell: (cell.depth, cell.parameters, -cell.mean))


def _own_choice(result: SeriesResult, cells: Sequence[Cell]) -> Cell | None:
    """Return the choice of the one study that cells belong to; None where there are more."""
    values = {cell.value for cell in cells}
    if result.splits > 1 or len(values) > 1:
        return None
    (study,) = result.results_of(*values).values()
    verdict = study.verdict
    places = (cell for cell in cells if verdict and cell.place == (verdict.depth, verdict.width))
    return next(places, None)


def tolerance(result: SeriesResult, cells: Sequence[Cell]) -> Callable[[Cell], float]:
    """Return what gives how far a cell may lie below the best to count as equally good.

    With one split it is the standard error of the best mean, over seeds and validation rows.
    With several it is the standard error of the paired difference over splits, so that what
    makes a split hard for all cancels; at least what differences of other cells to the best
    usually err, because two or three splits may agree by chance; at most the standard error
    of the best mean itself, so that a depth that trains by luck is not excused by how much
    it varies. Student's factor makes errors of few splits hold as often as those of many.
    """
    best = best_cell(cells)
    if result.splits < 2:
        return lambda cell: best.error
    factor = _student(result.splits)
    errors = {cell: result.compare(best, cell).error for cell in cells if cell is not best}
    known = [error for error in errors.values() if error is not None]
    usual = median(known) if known else 0.0

    def within(cell: Cell) -> float:
        error = 0.0 if cell is best else errors[cell]
        return factor * (best.error if error is None else min(best.error, max(error, usual)))

    return within
