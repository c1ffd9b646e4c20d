"""From a spec to a Keras model."""

from __future__ import annotations

from typing import Any

import keras

from fathom.errors import ModelError, SpecError
from fathom.models.activations import check_activation
from fathom.models.blocks import Tensor, flattened
from fathom.models.families import FAMILIES
from fathom.models.heads import check_is_functional, classification_head, head_activation
from fathom.models.initializers import check_initializer, head_initializer
from fathom.models.inputs import check_reads, check_shape
from fathom.models.own import call_own, check_own, is_own
from fathom.models.shapes import names_from_one
from fathom.specs import ModelSpec, one_of

# Python's limit of 1000 nested calls, less those that are open before Keras starts.
_MAX_LAYERS_IN_A_ROW = 800


def families() -> tuple[str, ...]:
    """Return the names of the built-in families."""
    return tuple(FAMILIES)


def check(spec: ModelSpec) -> None:
    """Refuse, before any training, a spec that cannot be built.

    Raises:
        SpecError: The family, activation or initializer is unknown, the
            input has no size, or the family cannot read it.
        ModelError: The user's own file or function is missing or unfit.
    """
    check_shape(spec)
    if is_own(spec.family):
        check_own(spec)
    else:
        one_of("family", spec.family, (*families(), "FILE.py:FUNCTION"))
        check_activation(spec.activation)
        check_initializer(spec.initializer)
        family = FAMILIES[spec.family]
        check_reads(family.name, family.reads, spec.input_shape)
        family.check(spec)
        _check_depth(spec, family.layers_per_block(spec))


def _check_depth(spec: ModelSpec, layers_per_block: int) -> None:
    deepest = _MAX_LAYERS_IN_A_ROW // layers_per_block
    if spec.depth > deepest:
        raise SpecError(
            f"`depth` must be at most {deepest} in blocks of {layers_per_block} layers, "
            f"because Keras follows layers by recursion. Received: depth={spec.depth}."
        )


def build(spec: ModelSpec) -> keras.Model:
    """Return the network of `spec`, from inputs to probabilities or to the value.

    Classification ends in a layer "probabilities": a softmax, or for two
    classes one sigmoid unit, the probability of class 1. Regression ends in
    one linear unit.

    Raises:
        SpecError, ModelError: As `check`, and what the user's own function
            returns does not fit the spec.
    """
    check(spec)
    return _own(spec) if is_own(spec.family) else _of_family(spec)


def _of_family(spec: ModelSpec) -> keras.Model:
    with names_from_one():
        return _stacked(spec)


def _stacked(spec: ModelSpec) -> keras.Model:
    inputs = keras.Input(spec.input_shape, name="input")
    linear = spec.depth == 0
    x: Tensor = flattened(inputs) if linear else FAMILIES[spec.family].hidden(spec, inputs)
    head = keras.layers.Dense(
        spec.outputs, kernel_initializer=head_initializer(spec), name="logits"
    )
    return keras.Model(inputs, _with_probabilities(spec, head(x)), name=spec.family)


def _with_probabilities(spec: ModelSpec, logits: Tensor, *, name: str = "probabilities") -> Tensor:
    if spec.task == "regression":
        return logits
    activation = head_activation(int(logits.shape[-1]))
    return keras.layers.Activation(activation, name=name)(logits)


def _own(spec: ModelSpec) -> keras.Model:
    model = call_own(spec)
    _build_if_sequential(model, spec)
    check_is_functional(model)
    _check_shapes(model, spec)
    if spec.task == "regression" or classification_head(model).gives_probabilities:
        return model
    taken = {layer.name for layer in model.layers}
    names = ("probabilities", *(f"probabilities_{number}" for number in range(len(taken))))
    name = next(name for name in names if name not in taken)
    outputs = _with_probabilities(spec, model.outputs[0], name=name)
    return keras.Model(model.inputs[0], outputs, name=model.name)


def _build_if_sequential(model: Any, spec: ModelSpec) -> None:
    if not isinstance(model, keras.Sequential) or model.built:
        return
    try:
        model.build((None, *spec.input_shape))
    except Exception as error:  # whatever a layer makes of an input it cannot take
        raise ModelError(
            f"The model of {spec.family} does not take inputs of shape {spec.input_shape}. "
            f"Received: {error}"
        ) from error


def _check_shapes(model: keras.Model, spec: ModelSpec) -> None:
    _match(spec, "inputs", tuple(model.inputs[0].shape[1:]), [spec.input_shape])
    wanted = [(spec.outputs,)]
    if spec.task == "classification" and spec.num_classes == 2:
        wanted.append((2,))
    _match(spec, "outputs", tuple(model.outputs[0].shape[1:]), wanted)


def _match(
    spec: ModelSpec,
    what: str,
    shape: tuple[int | None, ...],
    wanted: list[tuple[int, ...]],
) -> None:
    if any(_fits(shape, one) for one in wanted):
        return
    classes = f" with {spec.num_classes} classes" if spec.num_classes else ""
    raise ModelError(
        f"The model of {spec.family} must have {what} of shape {' or '.join(map(str, wanted))} "
        f"for {spec.task}{classes}. Received: {what} of shape {shape}.",
        hint="the function can take input_shape, num_classes and outputs as parameters",
    )


def _fits(shape: tuple[int | None, ...], wanted: tuple[int, ...]) -> bool:
    """Tell whether `shape`, in which None is any size, takes `wanted`."""
    return len(shape) == len(wanted) and all(
        size is None or size == other for size, other in zip(shape, wanted, strict=True)
    )
