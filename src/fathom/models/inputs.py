"""What kind of inputs a shape is, and which family can read them."""

from __future__ import annotations

from collections.abc import Sequence

from fathom.errors import SpecError
from fathom.specs import ModelSpec

VECTORS, SEQUENCES, IMAGES, ARRAYS = "vectors", "sequences", "images", "arrays"
KINDS = (VECTORS, SEQUENCES, IMAGES, ARRAYS)

_AXES = {
    VECTORS: "features",
    SEQUENCES: "steps, features",
    IMAGES: "height, width, channels",
    ARRAYS: "any shape",
}
_TO_GET = {
    SEQUENCES: "sequences are arrays (rows, steps, features), grey images read with "
    "inputs='sequences', or a table read with `time` and `window`",
    IMAGES: "images are arrays (rows, height, width, channels) or (rows, height, width), if need "
    "be read with inputs='images', or a folder of image files",
}


def kind_of(shape: Sequence[int]) -> str:
    """Return what inputs of this shape are.

    Example:
        >>> kind_of((4,)), kind_of((20, 3)), kind_of((28, 28, 1))
        ('vectors', 'sequences', 'images')
    """
    return {1: VECTORS, 2: SEQUENCES, 3: IMAGES}.get(len(shape), ARRAYS)


def check_shape(spec: ModelSpec) -> None:
    """Raise SpecError unless the input has a size, and what is said of it fits."""
    shape = spec.input_shape
    if not shape or min(shape) < 1:
        raise SpecError(
            "`input_shape` must name the sizes of one input, each at least 1. "
            f"Received: input_shape={shape}."
        )
    if spec.masked and (kind_of(shape) != SEQUENCES or shape[-1] < 2):
        raise SpecError(
            "`masked` needs sequences of a feature and a mark of the steps that are there. "
            f"Received: masked=True with input_shape={shape}."
        )
    if spec.tokens and (min(spec.tokens) < 1 or (sum(spec.tokens),) != shape):
        raise SpecError(
            "`tokens` must share out the features of a vector. "
            f"Received: {sum(spec.tokens)} features in tokens with input_shape={shape}."
        )


def check_reads(family: str, reads: Sequence[str], shape: Sequence[int]) -> None:
    """Raise SpecError unless `family` can read inputs of this shape."""
    kind = kind_of(shape)
    if kind in reads:
        return
    wanted = " or ".join(f"{name} ({_AXES[name]})" for name in reads)
    ways = "; ".join(_TO_GET[name] for name in reads if name in _TO_GET)
    raise SpecError(
        f"Family {family!r} reads {wanted}. Received: {kind}, input_shape={tuple(shape)}.",
        hint=f"mlp and residual read inputs of any shape; {ways}",
    )
