"""The places in a model whose worth can be asked for: its layers, and its residual blocks.

A layer is taken together with the normalisation and activation that follow it and
serve it alone, so that `Dense(relu)` and `Dense, Activation(relu)` are the same thing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import keras

from fathom.models.activations import applied_activation, fused_activation
from fathom.models.hooks import Operation
from fathom.models.tracing import Call, Trace

LAYER, BLOCK = "layer", "block"
_NORMALIZATIONS = (
    "BatchNormalization",
    "LayerNormalization",
    "GroupNormalization",
    "RMSNormalization",
    "UnitNormalization",
)
_PASSED = ("Dropout", "GaussianDropout", "GaussianNoise", "AlphaDropout", "ActivityRegularization")
_HEADS = ("softmax", "sigmoid")


@dataclass(frozen=True, kw_only=True)
class Site:
    """A layer, or a block that adds to what runs past it.

    Args:
        name: The layer's name; for a block, the name of its sum.
        kind: "layer" or "block".
        layers: The Keras layers whose weights belong to it.
        entry: The operation whose first input is the input of the site.
        exit: The operation whose output is the output of the site; for a block the sum.
        skip: For a block, the place among the sum's inputs of what runs past it; else None.
        calls: Places, in the trace, of all calls that belong to it.
        input_shape: Without rows; of a block what runs past it.
        output_shape: Without rows.
        activation: Keras name of the activation at the exit, None if there is none.
        is_head: Whether its output is the model's, but for a softmax or sigmoid.
        no_bypass: Why the input cannot take the place of the output; None if it can.
        num_calls: How often the model calls it; more than once if it is shared.
        container: The model that holds it.
    """

    name: str
    kind: str
    layers: tuple[keras.layers.Layer, ...]
    entry: Operation
    exit: Operation
    skip: int | None
    calls: tuple[int, ...]
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    activation: str | None
    is_head: bool
    no_bypass: str | None
    num_calls: int
    container: keras.Model

    @property
    def is_block(self) -> bool:
        """Whether it is a residual block."""
        return self.kind == BLOCK


def find_sites(trace: Trace) -> tuple[Site, ...]:
    """Return the layers with weights and the residual blocks, in the order they run.

    A layer that is called several times is one site. A block stands after its layers.
    """
    readers = _readers(trace.calls)
    members: dict[int, str] = {}  # layers taken into the site of another, by identity
    layers: dict[int, Site] = {}
    for place, call in enumerate(trace.calls):
        operation = call.operation
        if not _has_weights(operation) or id(operation) in members:
            continue
        if id(operation) in layers:
            layers[id(operation)] = _called_again(layers[id(operation)], place)
            continue
        chain = _chain(place, trace, readers)
        if trace.calls[chain[-1]].output_shape is None:
            continue
        site = _layer_site(chain, trace)
        layers[id(operation)] = site
        members.update((id(layer), site.name) for layer in site.layers[1:])
    blocks = _blocks(trace, tuple(layers.values()))
    ordered = sorted((*layers.values(), *blocks), key=lambda site: (max(site.calls), site.is_block))
    return _told_apart(ordered)


def head_call(trace: Trace) -> Call | None:
    """Return the call that makes the model's output, None if it is not an operation's."""
    made = [call for call in trace.calls if call.makes == trace.output is not None]
    return made[-1] if made else None


def output_activation(trace: Trace) -> str | None:
    """Return the activation that the model's output went through, None if there is none known."""
    call = head_call(trace)
    if call is None:
        return None
    return applied_activation(call.operation) or fused_activation(call.operation)


# -- layers ------------------------------------------------------------------------


def _has_weights(operation: Operation) -> bool:
    return isinstance(operation, keras.layers.Layer) and bool(operation.weights)


def _readers(calls: Sequence[Call]) -> dict[int, list[int]]:
    """Return, by the number of each tensor, the places of the calls that read it."""
    found: dict[int, list[int]] = {}
    for place, call in enumerate(calls):
        for number in set(call.reads):
            found.setdefault(number, []).append(place)
    return found


def _chain(start: int, trace: Trace, readers: dict[int, list[int]]) -> list[int]:
    """Return the places of a layer's call and of what serves it alone, up to its activation."""
    chain, taken = [start], [start]
    while fused_activation(trace.calls[chain[-1]].operation) is None:
        after = _only_reader(trace.calls[taken[-1]], trace, readers)
        if after is None:
            break
        operation = trace.calls[after].operation
        taken.append(after)
        activation = applied_activation(operation)
        if activation is not None:
            is_output = trace.calls[after].makes == trace.output
            return chain if is_output and activation in _HEADS else [*chain, *taken[len(chain) :]]
        if _is_of(operation, _NORMALIZATIONS) and not _is_norm_after_norm(chain, trace):
            chain = [*chain, *taken[len(chain) :]]
        elif not _is_of(operation, _PASSED):
            break
    return chain


def _is_norm_after_norm(chain: Sequence[int], trace: Trace) -> bool:
    return _is_of(trace.calls[chain[-1]].operation, _NORMALIZATIONS)


def _only_reader(call: Call, trace: Trace, readers: dict[int, list[int]]) -> int | None:
    """Return the place of the one call that reads what `call` makes, and reads nothing else."""
    if call.makes is None or call.makes == trace.output:
        return None
    reading = readers.get(call.makes, [])
    if len(reading) != 1 or len(trace.calls[reading[0]].reads) != 1:
        return None
    return reading[0]


def _is_of(operation: Operation, names: Sequence[str]) -> bool:
    return isinstance(operation, keras.layers.Layer) and type(operation).__name__ in names


def _layer_site(chain: Sequence[int], trace: Trace) -> Site:
    first, last = trace.calls[chain[0]], trace.calls[chain[-1]]
    operations = [trace.calls[place].operation for place in chain]
    return Site(
        name=first.operation.name,
        kind=LAYER,
        layers=tuple(operation for operation in operations if _has_weights(operation)),
        entry=first.operation,
        exit=last.operation,
        skip=None,
        calls=tuple(chain),
        input_shape=first.input_shape or (),
        output_shape=last.output_shape or (),
        activation=_activation(last.operation),
        is_head=_is_head(last, trace),
        no_bypass=_no_bypass(first, last),
        num_calls=1,
        container=first.container,
    )


def _activation(operation: Operation) -> str | None:
    """Return the activation that gives the output; of recurrent layers a gate gives it."""
    if isinstance(operation, keras.layers.RNN | keras.layers.Bidirectional):
        return None
    return applied_activation(operation) or fused_activation(operation)


def _called_again(site: Site, place: int) -> Site:
    return replace(site, num_calls=site.num_calls + 1, calls=(*site.calls, place))


def _is_head(last: Call, trace: Trace) -> bool:
    if last.makes == trace.output:
        return True
    call = head_call(trace)
    return call is not None and call.reads == (last.makes,) and output_activation(trace) in _HEADS


def _no_bypass(first: Call, last: Call) -> str | None:
    if first.input_shape is None:
        return "it reads nothing"
    if first.input_shape != last.output_shape:
        return f"{_shape(first.input_shape)} goes in, {_shape(last.output_shape)} comes out"
    if not first.is_float:
        return "its input and output are not numbers of one kind"
    return None


def _shape(shape: Sequence[int] | None) -> str:
    return "×".join(map(str, shape or ())) or "a number"


# -- residual blocks ---------------------------------------------------------------


def _blocks(trace: Trace, layers: Sequence[Site]) -> list[Site]:
    ancestors = _ancestors(trace.calls)
    maker: dict[int | None, int] = {
        call.makes: place for place, call in enumerate(trace.calls) if call.makes
    }
    found = []
    for place, call in enumerate(trace.calls):
        if type(call.operation).__name__ == "Add" and len(call.reads) == 2:
            block = _block(place, trace, ancestors, maker, layers)
            if block is not None:
                found.append(block)
    return found


def _ancestors(calls: Sequence[Call]) -> dict[int, frozenset[int]]:
    """Return, by the number of each tensor made, the numbers of all it was made from and itself."""
    known: dict[int, frozenset[int]] = {}
    for call in calls:
        if call.makes is not None:
            above = [known.get(number, frozenset((number,))) for number in call.reads]
            known[call.makes] = frozenset((call.makes,)).union(*above)
    return known


def _block(
    place: int,
    trace: Trace,
    ancestors: dict[int, frozenset[int]],
    maker: dict[int | None, int],
    layers: Sequence[Site],
) -> Site | None:
    call = trace.calls[place]
    above = [ancestors.get(number, frozenset((number,))) for number in call.reads]
    own = [_places(above[side] - above[1 - side], maker) for side in (0, 1)]
    weights = [_layers_at(places, trace) for places in own]
    skip = _skip_side(call, above, weights)
    if skip is None or not weights[1 - skip] or call.output_shape != call.input_shape:
        return None
    shared = [site for site in layers if site.num_calls > 1]
    if any(layer in site.layers for site in shared for layer in weights[1 - skip]):
        return None
    return Site(
        name=call.operation.name,
        kind=BLOCK,
        layers=weights[1 - skip],
        entry=call.operation,
        exit=call.operation,
        skip=skip,
        calls=(*own[1 - skip], place),
        input_shape=call.output_shape or (),
        output_shape=call.output_shape or (),
        activation=None,
        is_head=call.makes == trace.output,
        no_bypass=None,
        num_calls=1,
        container=call.container,
    )


def _places(numbers: frozenset[int], maker: dict[int | None, int]) -> tuple[int, ...]:
    return tuple(sorted(maker[number] for number in numbers if number in maker))


def _layers_at(places: Sequence[int], trace: Trace) -> tuple[keras.layers.Layer, ...]:
    operations = [trace.calls[place].operation for place in places]
    return tuple(operation for operation in operations if _has_weights(operation))


def _skip_side(
    call: Call, above: Sequence[frozenset[int]], weights: Sequence[Sequence[Any]]
) -> int | None:
    """Return which input of a sum runs past the block: the one the other was made from.

    Where neither was made from the other, the one made by fewer layers (a projection).
    """
    for side in (0, 1):
        if call.reads[side] in above[1 - side]:
            return side
    if not above[0] & above[1] or len(weights[0]) == len(weights[1]):
        return None
    return 0 if len(weights[0]) < len(weights[1]) else 1


def _told_apart(sites: Sequence[Site]) -> tuple[Site, ...]:
    """Return the sites under names that differ, the model's name before those that did not."""
    names = Counter(site.name for site in sites)
    return tuple(
        replace(site, name=f"{site.container.name}/{site.name}") if names[site.name] > 1 else site
        for site in sites
    )
