"""`fathom.export`: a model in another tool's format."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fathom import exports
from fathom.errors import SpecError, StoreError
from fathom.specs import one_of, typed
from fathom.store import check_output, write_output

_HEAD_BYTES = 500
_OURS = b" program; the weights are in "


@typed
def export(
    model: Any,
    path: str | Path,
    *,
    to: str | None = None,
    depth: int | None = None,
    width: int | None = None,
) -> tuple[Path, ...]:
    """Write a model in another tool's format, with its exact layers and weights.

    Args:
        model: A Keras model, a `.keras` file, a `Study` for its best network,
            or what `fathom.fit` returned.
        path: The file. A program's weights go into an .npz file of the same
            name beside it.
        to: "onnx", "keras-code", "pytorch-code" or "savedweights" (names and
            arrays, safetensors or .npz); None for what the file's ending says.
        depth: Of a study, another depth than that of its verdict.
        width: Of a study, another width.

    Returns:
        The files that were written, `path` first.

    Raises:
        SpecError: The format is unknown, does not end so, or needs a package
            that is not installed.
        ModelError: Some layers cannot be written so; the message names them.
        StoreError: The file cannot be written, or would replace a program that
            is not one of these.

    Example:
        >>> import keras
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        >>> export(model, "model.onnx")  # doctest: +SKIP
        (PosixPath('model.onnx'),)
    """
    first = Path(path).expanduser()
    kind = format_of(first, to)
    check_destination(first, kind)
    from fathom.api.subjects import trained

    network = trained(model, depth=depth, width=width).model
    files = exports.model_files(network, to=kind, name=first.name)
    for name, data in reversed(files.items()):  # a program comes after the weights that it reads
        write_output(first.with_name(name), data)
    return tuple(first.with_name(name) for name in files)


def format_of(path: Path, to: str | None) -> str:
    """Return the format that is asked for, or that the file's ending says.

    Raises:
        SpecError: It is unknown, or ends in another way.
    """
    ending = path.suffix.lower()
    if to is None:
        kinds = [kind for kind, endings in exports.ENDINGS.items() if ending in endings]
        if len(kinds) == 1:
            return kinds[0]
        raise SpecError(
            f"The format must be one of {', '.join(exports.MODEL_FORMATS)}. Received: none, and "
            f"a file that ends in {ending or 'nothing'}.",
            hint="say which with `to`",
        )
    endings = exports.ENDINGS[one_of("to", to, exports.MODEL_FORMATS)]
    if ending not in endings:
        raise SpecError(
            f"A file of {to} must end in {' or '.join(endings)}. Received: {path}.",
            hint=f"use {path.with_suffix(endings[0])}" if path.name else None,
        )
    return to


def check_destination(path: Path, to: str) -> None:
    """Raise unless a model can be written to `path`; leaves nothing behind.

    Raises:
        StoreError: It cannot be written, or is a program that was not exported.
    """
    check_output(path)
    if not to.endswith("-code"):
        return
    check_output(path.with_suffix(".npz"))
    if path.is_file() and _OURS not in path.read_bytes()[:_HEAD_BYTES]:
        raise StoreError(
            f"{path} is there already, and is no exported program.",
            hint="choose another name, or remove the file first",
        )
