"""All architectures of a study side by side, from rung to rung; at each, members are let go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from fathom.specs import HALVING, LetGo, ModelSpec, RungRecord, RunRecord
from fathom.studies import halving
from fathom.studies.artifacts import Event
from fathom.studies.bench import Bench, Training
from fathom.studies.budget import Budget, EpochCost, in_words, least_seconds, plan
from fathom.studies.halving import Course
from fathom.studies.members import course_of, courses
from fathom.studies.pace import Legs, Pace
from fathom.studies.wording import number, plural
from fathom.train import Cohort

# How often the end is fitted to the time that is left.
STRETCHES = 4
# What an epoch of a member costs beyond its parameters, as a number of them.
FIXED_PARAMETERS = 1000
Compiled = Iterable[tuple[ModelSpec, Cohort]]


@dataclass
class Stages:
    """A study in stages.

    Args:
        bench: What the architectures share.
        earlier: Runs of architectures that were trained and tested before.
        told: Rungs that the study told before it stopped: they are not decided again.
        pace: Knows when the study began.
        budget: The time there is; None takes what it takes.
        trainings: Architectures that have begun.
        is_new: Whether the plan was made now, and is to be told.
    """

    bench: Bench
    earlier: Sequence[RunRecord]
    told: Sequence[RungRecord]
    pace: Pace
    budget: Budget | None = None
    trainings: list[Training] = field(default_factory=list)
    is_new: bool = False

    def __post_init__(self) -> None:
        self.legs = Legs(self.pace)
        self.epochs = self.told[-1].epochs if self.told else self.bench.spec.train.epochs
        self.planned = self.told[0].epochs if self.told else self.epochs
        self._ends = {one.epoch: one.epochs for one in self.told if one.is_end}

    def plan(self, compiled: Sequence[tuple[ModelSpec, Cohort]]) -> None:
        """Measure what epochs cost, and decide what is trained in the minutes there are.

        Raises:
            SpecError: Not one training of every depth fits.
        """
        for _, population in compiled:
            population.wait()
        spec = self.bench.spec
        costs = {(n.depth, n.width): EpochCost.measured(one) for n, one in compiled}
        chosen = plan(spec, list(costs.values()), elapsed=self.pace.elapsed)
        self.budget = Budget(spec, chosen, costs, self.pace)
        left = [one for n, cohort in compiled for one in chosen.left(cohort, n.depth, n.width)]
        predicted = least_seconds(spec, chosen, list(costs.values()))
        record = RungRecord(
            epoch=0,
            epochs=chosen.epochs,
            architectures=tuple(sorted(costs)),
            members=len(compiled) * chosen.members + len(left),
            left=tuple(left),
            message=in_words(spec, chosen, predicted),
        )
        self.told, self.is_new = (record,), True
        self.epochs = self.planned = chosen.epochs

    def run(self, compiled: Compiled) -> Iterator[Event]:
        """Train all; yield records, progress, rungs, and what each architecture ends with.

        Args:
            compiled: Architectures and their populations, as soon as they are compiled.
        """
        if self.is_new:
            yield from self.told
        first, *others = (*halving.rungs(self.planned), self.epochs)
        yield from self._begin(compiled, until=first)
        for rung, until in pairwise((first, *others)):
            yield from self._let_go(rung)
            if rung != until < self.epochs:
                yield from self._climb(until)
        if self.budget is not None:
            yield from self._end_in_time(self.budget)
        for training in self.trainings:
            yield from self._leg(training, until=self.epochs)
            yield from self.bench.finish(training)

    def _begin(self, compiled: Compiled, *, until: int) -> Iterator[Event]:
        """Train the first leg of each architecture while the next ones are compiled."""
        for network, population in compiled:
            training = self.bench.begin(network, population)
            training.end_after(self.planned)
            yield training.record()
            planned = self._told(0)
            training.let_go(planned.left if planned else ())
            yield from self._leg(training, until=until)
            self.trainings.append(training)

    def _climb(self, epoch: int) -> Iterator[Event]:
        for training in self.trainings:
            yield from self._leg(training, until=epoch)

    def _leg(self, training: Training, *, until: int) -> Iterator[Event]:
        """Train up to an epoch, with the ends that were told before on the way."""
        for end in (*sorted(end for end in self._ends if training.epoch < end < until), until):
            yield from self._stretch(training, until=end)
            if end in self._ends:
                training.end_after(self._ends[end])

    def _stretch(self, training: Training, *, until: int) -> Iterator[Event]:
        if self.trainings:
            work = sum(self._work(one, until=self.epochs) for one in self.trainings)
            leg = self._work(training, until=until)
            self.legs.begin(leg, left=work - leg)
        begun, active = training.epoch, training.active
        for progress in self.bench.go_on(training, until=until, pace=self.legs):
            yield progress
            if self.budget is not None and training.epoch and self.budget.is_up(training):
                training.is_over = True
        if self.budget is not None:
            self.budget.learn(training, since=begun, members=active)

    def _work(self, training: Training, *, until: int) -> float:
        """Return the work up to an epoch, as parameters times members times epochs."""
        stops = [rung for rung in halving.rungs(self.planned) if training.epoch < rung < until]
        members, total = float(training.active), 0.0
        for start, stop in pairwise((training.epoch, *stops, max(until, training.epoch))):
            if start in stops and self.bench.spec.allocation == HALVING:
                kept = training.population.num_members / halving.share(start, epochs=self.planned)
                members = min(members, max(kept, halving.FEWEST))
            total += members * (stop - start)
        return (training.population.blueprint.num_parameters + FIXED_PARAMETERS) * total

    # -- rungs -----------------------------------------------------------------------

    def _told(self, rung: int) -> RungRecord | None:
        told = (one for one in reversed(self.told) if one.epoch == rung and not one.is_end)
        return next(told, None)

    def _let_go(self, rung: int) -> Iterator[RungRecord]:
        """Let members go as it was told before, or as is decided now, and then told."""
        decided = told = self._told(rung)
        if told is None or not self._architectures <= set(told.architectures):
            decided = self._decide(rung, told)
            yield decided
        for training in self.trainings:
            training.let_go(decided.left if decided else ())

    @property
    def _architectures(self) -> set[tuple[int, int]]:
        return {(one.network.depth, one.network.width) for one in self.trainings}

    def _decide(self, rung: int, told: RungRecord | None) -> RungRecord:
        """Return who leaves; of what was decided before, nothing changes."""
        entrants = self._entrants(rung)
        old = () if told is None else told.architectures
        left = tuple(
            one for one in self._leaving(entrants, rung) if (one.depth, one.width) not in old
        )
        active = sum(course.is_active for course in entrants)
        return RungRecord(
            epoch=rung,
            epochs=self.epochs,
            architectures=tuple(sorted({*old, *((c.depth, c.width) for c in entrants)})),
            members=active,
            left=left if told is None else (*told.left, *left),
            message=_in_words(rung, active, left),
        )

    def _leaving(self, entrants: Sequence[Course], rung: int) -> tuple[LetGo, ...]:
        if self.bench.spec.allocation != HALVING:
            return ()
        keep = halving.survivors(rung, epochs=self.planned, members=self._num_raced)
        if self.budget is not None:
            linear = [one for one in self.trainings if not halving.is_raced(one.network.depth)]
            affordable = self.budget.affordable(self.trainings, rung=rung)
            keep = max(affordable - sum(one.active for one in linear), 0)
        return halving.leaving(
            entrants,
            rung=rung,
            keep=keep,
            guess=self.bench.guess,
            is_first=rung == halving.rungs(self.planned)[0],
        )

    @property
    def _num_raced(self) -> int:
        """Members of networks that began to train."""
        trainings = [one for one in self.trainings if halving.is_raced(one.network.depth)]
        begun = sum(halving.is_raced(run.depth) for run in self.earlier)
        begun += sum(one.population.num_members for one in trainings)
        planned = self._told(0)
        left = planned.left if planned else ()
        return begun - sum(halving.is_raced(one.depth) for one in left)

    def _entrants(self, rung: int) -> list[Course]:
        before = [course_of(run, rung=rung) for run in self.earlier]
        now = [
            course
            for training in self.trainings
            for course in courses(
                training.network, training.population, training.told, metric=self.bench.metric
            )
        ]
        return [course for course in before if course is not None] + now

    # -- time ------------------------------------------------------------------------

    def _end_in_time(self, budget: Budget) -> Iterator[Event]:
        """Train on in stretches; after each, fit the epochs that are left to the time."""
        for stretch in range(STRETCHES, 0, -1):
            reached = max(training.epoch for training in self.trainings)
            fitting = budget.epochs_that_fit(self.trainings, most=self.bench.spec.train.epochs)
            if fitting != self.epochs:
                self.epochs = max(fitting, reached)
                yield self._new_end(reached)
                for training in self.trainings:
                    training.end_after(self.epochs)
            until = reached + -(-(self.epochs - reached) // stretch)
            yield from self._climb(until)

    def _new_end(self, reached: int) -> RungRecord:
        return RungRecord(
            epoch=reached,
            epochs=self.epochs,
            architectures=tuple(sorted(self._architectures)),
            members=sum(training.active for training in self.trainings),
            left=(),
            message=f"after epoch {number(reached)} there is time for "
            f"{plural(self.epochs, 'epoch')} in all",
            is_end=True,
        )


def _in_words(rung: int, active: int, left: Sequence[LetGo]) -> str:
    after = f"after epoch {number(rung)}"
    if not left:
        return f"{after} all {plural(active, 'member')} in training go on"
    return f"{after} {number(len(left))} of {plural(active, 'member')} in training were let go"
