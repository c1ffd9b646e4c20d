"""Populations whose members begin with weights of their own, and the weights they end with."""

from __future__ import annotations

from fathom.train.crew import Parked
from fathom.train.population import Population
from fathom.train.variants import Networks


def begin_with(population: Population, networks: Networks) -> None:
    """Let members that have not trained begin with the weights given.

    A member's seed still draws the order of its rows; the state of its dropout is
    among the weights.

    Args:
        population: The members; all must share one program.
        networks: The weights each begins with, in the order of the model's trainable and
            non-trainable variables; each array (member, ...).

    Raises:
        ValueError: The members need several programs.
    """
    if len(population._groups) > 1:
        raise ValueError("members that begin with given weights must share one program")
    (group,) = population._groups
    optimizer = [] if group.parked is None else group.parked.optimizer
    group.parked = Parked(networks.trainable, networks.non_trainable, optimizer)


def weights_of(population: Population) -> Networks:
    """Return the members' weights as they are, each array (member, ...).

    Raises:
        ValueError: The members have several programs.
    """
    if len(population._groups) > 1:
        raise ValueError("the members of several programs have no weights in common")
    parked = population._groups[0].at_rest
    return Networks(list(parked.trainable), list(parked.non_trainable))
