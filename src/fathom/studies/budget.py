"""What fits into a number of minutes: measured first, then planned."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from fathom.errors import SpecError
from fathom.specs import CONSTANT, HALVING, LetGo, StudySpec
from fathom.studies import halving
from fathom.studies.bench import Training
from fathom.studies.pace import Pace
from fathom.studies.timing import least_time
from fathom.studies.wording import listed, plural, seconds
from fathom.train import Cohort

# A rehearsal long enough to be timed.
REHEARSED_SECONDS = 0.05
# A step that takes so long needs no others beside it, and dwarfs the call.
LONG_SECONDS = 0.3
# An epoch calls so many programs: training, predictions, scores, best weights.
CALLS_PER_EPOCH = 4
# The time that a plan may fill; the rest is for tests, weights, and what takes longer than planned.
PLANNED_SHARE = 0.9
# A training of fewer epochs answers nothing.
FEWEST_EPOCHS = 3
EPOCHS_STEP = 0.9
# Where learning rates fall to zero, this part of the epochs is nearly as good as all. Of shorter
# trainings the first rung comes after so little that it prefers low rates, whatever they end in.
ENOUGH = 1 / 2
# A rate that falls to zero is this part of itself, on average.
MEAN_FACTOR = 1 / 2
# What is done after training: tests, weights, verdict.
RESERVED_SECONDS = 0.5
RESERVED_PER_ARCHITECTURE = 0.1


@dataclass
class EpochCost:
    """What an epoch of an architecture costs.

    Args:
        block_seconds: Training and validation of one block of members on each device.
        fixed_seconds: What every epoch takes beside it.
        blocks_for: How many blocks a number of members takes.
        scale: How much longer epochs took than this says, as last seen.
    """

    block_seconds: float
    fixed_seconds: float
    blocks_for: Callable[[int], int]
    scale: float = 1.0

    @classmethod
    def measured(cls, cohort: Cohort) -> EpochCost:
        """Measure a compiled cohort by a few steps, or by one where that takes long."""
        step, call = _step_and_call(cohort)
        validation = least_time(cohort.rehearse_validation) * cohort.num_row_blocks
        seconds = cohort.steps_per_epoch * step + validation
        return cls(seconds, CALLS_PER_EPOCH * call, cohort.blocks_for)

    def of(self, members: int) -> float:
        """Return the seconds of an epoch with so many members in training."""
        if members == 0:
            return 0.0
        blocks = self.blocks_for(members)
        return self.scale * (blocks * self.block_seconds + self.fixed_seconds)

    def learn(self, seconds: float, *, epochs: int, members: int) -> None:
        """Correct the scale by what epochs took."""
        expected = self.of(members) * epochs / self.scale
        if epochs and expected:
            self.scale = min(max(seconds / expected, 0.3), 5.0)


def _step_and_call(cohort: Cohort) -> tuple[float, float]:
    """Return the seconds of a step, and those that calling programs takes beside."""
    once = least_time(lambda: cohort.rehearse(1))
    if once > LONG_SECONDS:
        return once, 0.0
    steps = max(2, min(cohort.steps_per_epoch, round(REHEARSED_SECONDS / once)))
    longer = least_time(lambda: cohort.rehearse(steps))
    return max(longer - once, 0.0) / (steps - 1), once


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What of the grid is trained.

    Args:
        rates: Learning rates that are trained.
        seeds: How many of the seeds.
        epochs: Of a whole training, at most.
    """

    rates: tuple[float, ...]
    seeds: int
    epochs: int

    @property
    def members(self) -> int:
        """Members of each architecture."""
        return len(self.rates) * self.seeds

    def left(self, cohort: Cohort, depth: int, width: int) -> Iterator[LetGo]:
        """Yield the members of an architecture that are not trained."""
        first = min(member.seed for member in cohort.members)
        for member in cohort.members:
            if member.learning_rate in self.rates and member.seed - first < self.seeds:
                continue
            yield LetGo(
                depth=depth,
                width=width,
                learning_rate=member.learning_rate,
                seed=member.seed,
                reason=halving.TIME,
            )


def plan(spec: StudySpec, costs: Sequence[EpochCost], *, elapsed: float) -> Plan:
    """Return the largest part of the grid that fits the time.

    What does not fit is given up in this order: seeds beyond two, epochs beyond half of them
    where learning rates fall, learning rates, epochs, the second seed. The rate that stays
    is the middle one, or the one that is nearest to it on average where rates fall.

    Args:
        spec: What was asked for; it has `minutes`.
        costs: Of every architecture.
        elapsed: Seconds that the study has taken so far.

    Raises:
        SpecError: Not one training of every depth fits.
    """
    time_left = 60 * (spec.minutes or 0) - elapsed
    for one in _candidates(spec):
        if least_seconds(spec, one, costs) <= PLANNED_SHARE * time_left:
            return one
    shortest = (elapsed + least_seconds(spec, one, costs) / PLANNED_SHARE) / 60
    raise SpecError(
        "`minutes` must be enough to train every depth once, for "
        f"{plural(one.epochs, 'epoch')}. Received: minutes={spec.minutes:g}.",
        hint=f"the shortest possible here is --minutes {_rounded_up(shortest):g}, "
        "or compare fewer depths",
    )


def _rounded_up(minutes: float) -> float:
    """Return minutes with two significant digits, and a margin for a slower moment."""
    generous = 1.15 * minutes
    unit = 10.0 ** (math.floor(math.log10(generous)) - 1)
    return round(math.ceil(generous / unit) * unit, 10)


def _candidates(spec: StudySpec) -> Iterator[Plan]:
    rates, epochs = spec.learning_rates, spec.train.epochs
    fewest = min(halving.FEWEST, spec.seeds)
    for seeds in range(spec.seeds, fewest - 1, -1):
        yield Plan(rates=rates, seeds=seeds, epochs=epochs)
    enough, factor = _enough(spec), _mean_factor(spec)
    for length in _shorter(epochs, enough):
        yield Plan(rates=rates, seeds=fewest, epochs=length)
    for count in range(len(rates) - 1, 0, -1):
        yield Plan(rates=_middle(rates, count, factor), seeds=fewest, epochs=enough)
    for seeds in sorted({fewest, 1}, reverse=True):
        for length in _shorter(enough, FEWEST_EPOCHS):
            yield Plan(rates=_middle(rates, 1, factor), seeds=seeds, epochs=length)
    yield Plan(rates=_middle(rates, 1, factor), seeds=1, epochs=min(epochs, FEWEST_EPOCHS))


def _enough(spec: StudySpec) -> int:
    """Return the epochs down to which all learning rates stay."""
    epochs = spec.train.epochs
    if spec.train.decay == CONSTANT:
        return epochs
    return min(epochs, max(math.ceil(ENOUGH * epochs), FEWEST_EPOCHS))


def _mean_factor(spec: StudySpec) -> float:
    """Return what part of itself a learning rate is, on average."""
    return 1.0 if spec.train.decay == CONSTANT else MEAN_FACTOR


def _shorter(epochs: int, fewest: int) -> Iterator[int]:
    """Yield ever fewer epochs."""
    while epochs > fewest:
        epochs = max(int(epochs * EPOCHS_STEP), fewest)
        yield epochs


def _middle(rates: Sequence[float], count: int, factor: float) -> tuple[float, ...]:
    """Return the rates that, times a factor, are nearest to the middle one, in their order."""
    ordered = sorted(rates)
    middle = math.log(ordered[(len(ordered) - 1) // 2])
    near = sorted(ordered, key=lambda rate: abs(math.log(factor * rate) - middle))[:count]
    return tuple(rate for rate in rates if rate in near)


def least_seconds(spec: StudySpec, one: Plan, costs: Sequence[EpochCost]) -> float:
    """Return the seconds that a plan takes at least, if nothing stops early.

    Halving lets as many go at each rung as it may; a full grid lets nobody go.
    """
    each = one.members
    stops = (0, *halving.rungs(one.epochs), one.epochs)
    total = 0.0
    for start, stop in pairwise(stops):
        members = each
        if start and spec.allocation == HALVING:
            share = halving.share(start, epochs=one.epochs)
            members = max(math.ceil(each / share), min(halving.FEWEST, each))
        total += (stop - start) * sum(cost.of(members) for cost in costs)
    return total


def in_words(spec: StudySpec, one: Plan, predicted: float) -> str:
    """Return the plan in a sentence."""
    what = [
        plural(one.seeds, "seed") + _of(one.seeds, spec.seeds),
        plural(len(one.rates), "learning rate") + _of(len(one.rates), len(spec.learning_rates)),
        f"at most {plural(one.epochs, 'epoch')}" + _of(one.epochs, spec.train.epochs),
    ]
    return (
        f"plan for {spec.minutes:g} minutes: {listed(what)}; "
        f"training takes {seconds(predicted)} or more"
    )


def _of(planned: int, asked: int) -> str:
    return "" if planned == asked else f" of {asked}"


@dataclass
class Budget:
    """The time of a study in training.

    Args:
        spec: What was asked for.
        planned: What of it is trained.
        costs: Of an epoch of each architecture, by depth and width.
        pace: Knows when the study began.
    """

    spec: StudySpec
    planned: Plan
    costs: Mapping[tuple[int, int], EpochCost]
    pace: Pace

    @property
    def seconds_left(self) -> float:
        """Seconds that training may still take."""
        kept_back = RESERVED_SECONDS + RESERVED_PER_ARCHITECTURE * len(self.costs)
        return 60 * (self.spec.minutes or 0) - self.pace.elapsed - kept_back

    def affordable(self, trainings: Sequence[Training], *, rung: int) -> int:
        """Return how many members can train on after a rung, later rungs included."""
        counts = range(sum(training.active for training in trainings), 0, -1)
        time_left = PLANNED_SHARE * self.seconds_left
        fitting = (n for n in counts if self._rest(trainings, rung, n) <= time_left)
        return next(fitting, 0)

    def _rest(self, trainings: Sequence[Training], rung: int, members: int) -> float:
        """Return the seconds after a rung if so many go on, and as few as possible later."""
        stops = (*halving.rungs(self.planned.epochs), self.planned.epochs)
        share = members / max(len(trainings), 1)
        total = 0.0
        for start, stop in pairwise(stops[stops.index(rung) :]):
            if start > rung:
                fewest = self.planned.members / halving.share(start, epochs=self.planned.epochs)
                share = min(share, max(fewest, halving.FEWEST))
            total += (stop - start) * sum(self._cost(one).of(math.ceil(share)) for one in trainings)
        return total

    def epochs_that_fit(self, trainings: Sequence[Training], *, most: int) -> int:
        """Return with how many epochs in all those in training end in time."""
        each = [(one.epoch, self._cost(one).of(one.active)) for one in trainings if one.active]
        time_left = self.seconds_left
        reached = max((one.epoch for one in trainings), default=1)
        for epochs in range(most, reached, -1):
            if sum((epochs - epoch) * cost for epoch, cost in each) <= time_left:
                return epochs
        return max(reached, 1)

    def is_up(self, training: Training) -> bool:
        """Return whether there is no time for another epoch of a training."""
        return self._cost(training).of(training.active) / 2 > self.seconds_left

    def learn(self, training: Training, *, since: int, members: int) -> None:
        """Correct an architecture's cost by the epochs it took since."""
        laps = training.clock.laps[since:]
        self._cost(training).learn(sum(laps), epochs=len(laps), members=members)

    def _cost(self, training: Training) -> EpochCost:
        return self.costs[training.network.depth, training.network.width]
