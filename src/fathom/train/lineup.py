"""Who trains: members from lists of hyperparameters, and which of them can share a program."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from fathom.errors import SpecError, UnknownNameError
from fathom.specs import closest
from fathom.train import hyperparameters

# What sets the program apart, beside hyperparameters that are turned off.
OF_THE_PROGRAM = ("optimizer", "batch_size")
LARGEST_SEED = 2**32 - 1  # what NumPy's generators take

Asked = Mapping[str, Any]


@dataclass(frozen=True)
class Sharing:
    """What members of one compiled program have in common.

    Args:
        optimizer: A Keras optimizer, or the name of one; None for the model's.
        batch_size: Rows per step; None for what `train` is given.
        fixed: Hyperparameters that are the same for all, as pairs.
        varied: Names of hyperparameters that each member has for itself.
    """

    optimizer: Any
    batch_size: int | None
    fixed: tuple[tuple[str, Any], ...]
    varied: tuple[str, ...]


def members_of(
    members: Sequence[Asked] | None, hyperparameters: Mapping[str, Any]
) -> tuple[dict[str, Any], ...]:
    """Return every member's hyperparameters: those that are listed, or the product of lists.

    Raises:
        SpecError: Both were given, neither, or an empty list.
    """
    if members is not None and hyperparameters:
        raise SpecError(
            "Members are given as `members` or as lists of hyperparameters, not both. "
            f"Received: members and {', '.join(hyperparameters)}."
        )
    if members is not None:
        return _listed(members)
    lists = {name: _as_list(name, values) for name, values in hyperparameters.items()}
    return tuple(dict(zip(lists, values)) for values in itertools.product(*lists.values()))


def _listed(members: Sequence[Asked]) -> tuple[dict[str, Any], ...]:
    if isinstance(members, Mapping) or not all(isinstance(one, Mapping) for one in members):
        raise SpecError(
            "`members` must be a list of dicts, one per member. "
            f"Received: {type(members).__name__}.",
            hint="for example members=[{'seed': 0, 'learning_rate': 1e-3}]",
        )
    if len(members) == 0:
        raise SpecError("A population must have at least one member. Received: members=[].")
    return tuple({name: _as_python(value) for name, value in one.items()} for one in members)


def _as_list(name: str, values: Any) -> list[Any]:
    if isinstance(values, str | Mapping) or not isinstance(values, Iterable):
        return [_as_python(values)]
    found = [_as_python(value) for value in values]
    if not found:
        raise SpecError(f"`{name}` must list at least one value. Received: {name}=[].")
    return found


def _as_python(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def sharing(model: keras.Model, members: Sequence[Asked]) -> list[Sharing]:
    """Return what each member has in common with those that can share its program.

    Raises:
        UnknownNameError: The model has no such hyperparameter; the message lists those it has.
        SpecError: A value cannot be.
    """
    found: dict[Any, hyperparameters.Places] = {}
    for member in members:
        optimizer = member.get("optimizer")
        if _key(optimizer) not in found:
            places = hyperparameters.places_in(model, optimizer=_optimizer(optimizer))
            found[_key(optimizer)] = places
    return [_sharing(member, found[_key(member.get("optimizer"))]) for member in members]


def _key(optimizer: Any) -> Any:
    return optimizer if isinstance(optimizer, str) else id(optimizer)


def _sharing(member: Asked, places: hyperparameters.Places) -> Sharing:
    optimizer, batch_size = member.get("optimizer"), member.get("batch_size")
    there_are = ("seed", "learning_rate", *sorted({*places} - {"learning_rate"}), *OF_THE_PROGRAM)
    hyperparameters.check_names(tuple(member), there_are)
    check_batch_size(batch_size)
    _check_seed(member.get("seed"))
    own = {name: value for name, value in member.items() if name in places}
    if "learning_rate" in member:
        hyperparameters.check_value("learning_rate", member["learning_rate"], ())
    for name, value in own.items():
        hyperparameters.check_value(name, value, places[name])
    off = {
        name: value for name, value in own.items() if hyperparameters.is_off(value, places[name])
    }
    varied = tuple(sorted({*own} - {*off}))
    return Sharing(optimizer, batch_size, tuple(sorted(off.items())), varied)


def _optimizer(optimizer: Any) -> Any:
    if optimizer is None or isinstance(optimizer, keras.Optimizer):
        return optimizer
    known = {name.lower(): kind for name, kind in vars(keras.optimizers).items()}
    if isinstance(optimizer, str) and optimizer.lower() in known:
        return keras.optimizers.get(optimizer)
    meant = closest(str(optimizer).lower(), known)
    raise UnknownNameError(
        f"`optimizer` must be a Keras optimizer or the name of one. Received: {optimizer!r}.",
        hint=f"did you mean {meant!r}?" if meant else None,
    )


def _check_seed(seed: Any) -> None:
    is_whole = isinstance(seed, int) and not isinstance(seed, bool)
    if seed is not None and not (is_whole and 0 <= seed <= LARGEST_SEED):
        raise SpecError(
            f"`seed` must be a whole number between 0 and {LARGEST_SEED}. Received: seed={seed!r}."
        )


def check_batch_size(batch_size: Any) -> None:
    """Raise SpecError unless `batch_size` is None or a whole number above 0."""
    is_whole = isinstance(batch_size, int) and not isinstance(batch_size, bool)
    if batch_size is not None and not (is_whole and batch_size >= 1):
        raise SpecError(
            f"`batch_size` must be a whole number of at least 1. Received: {batch_size!r}."
        )


def together(shared: Sequence[Sharing]) -> dict[int, np.ndarray]:
    """Return the members of each program: their places, by the place of the first."""
    groups: list[tuple[Sharing, list[int]]] = []
    for place, one in enumerate(shared):
        for other, places in groups:
            if _is_same(one, other):
                places.append(place)
                break
        else:
            groups.append((one, [place]))
    return {places[0]: np.array(places) for _, places in groups}


def _is_same(one: Sharing, other: Sharing) -> bool:
    return _key(one.optimizer) == _key(other.optimizer) and (
        (one.batch_size, one.fixed, one.varied) == (other.batch_size, other.fixed, other.varied)
    )


def note_on_programs(shared: Sequence[Sharing], programs: int) -> str | None:
    """Return why members need several programs, None if they share one."""
    if programs == 1:
        return None
    reasons = [name for name in OF_THE_PROGRAM if len({str(getattr(s, name)) for s in shared}) > 1]
    reasons += sorted({name for s in shared for name, _ in s.fixed})
    if len({s.varied for s in shared}) > 1:
        reasons.append("which hyperparameters they have")
    return f"{programs} programs: members differ in {', '.join(dict.fromkeys(reasons))}"
