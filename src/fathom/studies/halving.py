"""Halving: who is let go at a rung, from the validation curves of all members so far.

References:
    Jamieson and Talwalkar, "Non-stochastic Best Arm Identification and Hyperparameter
    Optimization", AISTATS 2016 (successive halving). The guards are this study's own.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from fathom.specs import LetGo

# Rungs stand at these fractions of the epochs; after each, so many of all members go on.
FIRST_RUNG = 27
RUNGS = ((FIRST_RUNG, 2), (9, 4), (3, 5))
# Members at its best rate that an architecture keeps to the end.
FEWEST = 2

RATE, DEPTH, TIME = "rate", "depth", "time"


@dataclass(frozen=True, kw_only=True)
class Course:
    """A member's training so far, as a rung looks at it.

    Args:
        depth: Hidden blocks.
        width: Units per hidden block.
        learning_rate: The member's.
        seed: The member's.
        losses: Validation loss by epoch; None where it was not finite.
        scores: Validation score by epoch.
        is_active: Whether it trains on.
        has_diverged: Whether its loss stopped being finite.
    """

    depth: int
    width: int
    learning_rate: float
    seed: int
    losses: tuple[float | None, ...]
    scores: tuple[float | None, ...]
    is_active: bool
    has_diverged: bool = False

    @property
    def group(self) -> Group:
        """Members that differ in their seed alone."""
        return self.depth, self.width, self.learning_rate

    def kept_score(self, epochs: int, *, guess: float) -> float:
        """Return the score of the weights that are kept after so many epochs."""
        finite = [
            (loss, place) for place, loss in enumerate(self.losses[:epochs]) if loss is not None
        ]
        score = self.scores[min(finite)[1]] if finite else None
        return guess if score is None else score


Group = tuple[int, int, float]


def rungs(epochs: int) -> tuple[int, ...]:
    """Return the epochs after which members are let go, ascending.

    Example:
        >>> rungs(59), rungs(200), rungs(3)
        ((3, 7, 20), (8, 23, 67), (1,))
    """
    found = {math.ceil(epochs / part) for part, _ in RUNGS}
    return tuple(sorted(epoch for epoch in found if epoch < epochs))


def survivors(rung: int, *, epochs: int, members: int) -> int:
    """Return how many members train on after a rung, before guards.

    Args:
        rung: Its epoch.
        epochs: Epochs of a whole training.
        members: Members that began.
    """
    return members // share(rung, epochs=epochs)


def share(rung: int, *, epochs: int) -> int:
    """Return which part of all members trains on after a rung: one of so many."""
    return max(share for part, share in RUNGS if math.ceil(epochs / part) == rung)


def is_raced(depth: int) -> bool:
    """Return whether members of a depth are let go for others: not those of the linear model.

    What it has is where it ends, which slow rates reach as well as fast ones; it costs a
    small part of what networks cost, and they are all judged by it.
    """
    return depth > 0


def leaving(
    courses: Sequence[Course], *, rung: int, keep: int, guess: float, is_first: bool
) -> tuple[LetGo, ...]:
    """Return the members that are let go at a rung.

    Every rate of every architecture is ranked by its mean validation score over
    seeds, across the whole study. The worst rate loses its members first. Seeds of
    one rate go by their number, the highest first, and not by their scores: the mean
    over the luckiest seeds would flatter those that lost most.

    The last two members at an architecture's best rate stay, whatever their rank. At
    the first rung a rate that is catching up keeps two as well. The linear model keeps all.

    Args:
        courses: All members that were not let go before.
        rung: Epochs that those in training have trained.
        keep: Members of networks that train on, unless guards keep more.
        guess: What a member without a finite loss is worth.
        is_first: Whether this is the first rung.
    """
    courses = [course for course in courses if is_raced(course.depth)]
    race = _Race.at(courses, rung=rung, guess=guess)
    guarded = race.guarded() | (race.catching_up() if is_first else set())
    active = [course for course in courses if course.is_active]
    excess = max(len(active) - keep, 0)
    order = sorted(active, key=lambda course: (race.rank[course.group], -course.seed))
    unguarded = [course for course in order if _name(course) not in guarded]
    return tuple(race.let_go(course) for course in unguarded[:excess])


@dataclass(frozen=True)
class _Race:
    """The groups of a rung and how they stand."""

    rung: int
    groups: Mapping[Group, list[Course]]
    scores: Mapping[Group, float]
    before: Mapping[Group, float]
    rank: Mapping[Group, int]  # 0 is the worst

    @classmethod
    def at(cls, courses: Sequence[Course], *, rung: int, guess: float) -> _Race:
        groups: dict[Group, list[Course]] = defaultdict(list)
        for course in sorted(courses, key=lambda course: course.seed):
            groups[course.group].append(course)
        means = _means(groups, guess)
        scores, before = means(rung), means(max(rung // 2, 1))
        order = sorted(groups, key=lambda one: (scores[one], -one[0], -one[1], -one[2]))
        return cls(rung, groups, scores, before, {group: i for i, group in enumerate(order)})

    def leader(self, group: Group) -> Group:
        """Return the best rate of a group's architecture."""
        rates = [other for other in self.groups if other[:2] == group[:2]]
        return max(rates, key=lambda other: self.rank[other])

    def guarded(self) -> set[_Name]:
        """Return the members that every architecture keeps: of its best rate, then of the next."""
        kept: dict[tuple[int, int], list[_Name]] = defaultdict(list)
        for group in sorted(self.groups, key=lambda group: -self.rank[group]):
            kept[group[:2]] += self._first(group)
        return {name for names in kept.values() for name in names[:FEWEST]}

    def catching_up(self) -> set[_Name]:
        """Return members of rates whose gap to the leader halved since half the epochs."""
        return {
            name
            for group in self.groups
            if self._gap(self.scores, group) <= self._gap(self.before, group) / 2
            for name in self._first(group)
        }

    def let_go(self, course: Course) -> LetGo:
        """Return a member and why it goes."""
        is_leader = self.leader(course.group) == course.group
        return LetGo(
            depth=course.depth,
            width=course.width,
            learning_rate=course.learning_rate,
            seed=course.seed,
            reason=DEPTH if is_leader else RATE,
        )

    def _gap(self, scores: Mapping[Group, float], group: Group) -> float:
        return scores[self.leader(group)] - scores[group]

    def _first(self, group: Group) -> list[_Name]:
        sound = [course for course in self.groups[group] if not course.has_diverged]
        return [_name(course) for course in sound[:FEWEST]]


_Name = tuple[Group, int]


def _name(course: Course) -> _Name:
    return course.group, course.seed


def _means(
    groups: Mapping[Group, Sequence[Course]], guess: float
) -> Callable[[int], dict[Group, float]]:
    def at(epochs: int) -> dict[Group, float]:
        return {
            group: fmean(course.kept_score(epochs, guess=guess) for course in courses)
            for group, courses in groups.items()
        }

    return at
