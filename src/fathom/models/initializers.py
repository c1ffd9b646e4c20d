"""Keras's initializers by name, and the one a network gets when none is named."""

from __future__ import annotations

import keras

from fathom.errors import SpecError
from fathom.models.activations import default_initializer
from fathom.specs import ModelSpec, one_of

# "constant" needs a value, "stft" makes the kernel of a spectrogram, "Initializer" is abstract.
_NOT_FOR_KERNELS = {"Constant", "constant", "Initializer", "STFT", "STFTInitializer", "stft"}
_MATRICES_ALONE = ("identity", "identityinitializer")
_SHORT_NAMES = ("normal", "uniform", "zero", "one")


def known_initializers() -> tuple[str, ...]:
    """Return the names of the Keras initializers, in lower case."""
    return tuple(sorted(name for name in _all_names() if name.islower()))


def check_initializer(name: str) -> None:
    """Raise SpecError unless `name` is "auto" or a Keras initializer in either of its spellings."""
    if name not in _all_names():
        one_of("initializer", name, ("auto", *known_initializers()))


def check_is_drawn(spec: ModelSpec) -> None:
    """Raise SpecError if the initializer makes matrices alone, which not all kernels are."""
    if spec.initializer.lower() in _MATRICES_ALONE:
        raise SpecError(
            f"Family {spec.family!r} has kernels of more than two axes. "
            f"Received: initializer={spec.initializer!r}, which makes matrices alone.",
            hint="use orthogonal, or leave `initializer` out",
        )


def hidden_initializer(spec: ModelSpec) -> str:
    """Return the initializer's name for hidden kernels."""
    return default_initializer(spec.activation) if spec.initializer == "auto" else spec.initializer


def linear_initializer(spec: ModelSpec) -> str:
    """Return the initializer's name for hidden kernels that read what no activation changed."""
    return "lecun_normal" if spec.initializer == "auto" else spec.initializer


def head_initializer(spec: ModelSpec) -> str:
    """Return the initializer's name for the head, which the spec's activation does not follow."""
    return "glorot_uniform" if spec.initializer == "auto" else spec.initializer


def _all_names() -> set[str]:
    public = {name for name, value in vars(keras.initializers).items() if isinstance(value, type)}
    return {*public, *_SHORT_NAMES} - _NOT_FOR_KERNELS
