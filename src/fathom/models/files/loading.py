"""Reading a model from a file that may have been made by anyone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras

from fathom.errors import ModelError
from fathom.models.files.archive import read_archive
from fathom.models.files.configuration import check_configuration
from fathom.models.files.declared import check_declared, unbuildable
from fathom.models.files.noise import without_keras_noise
from fathom.models.files.stored import stored_bytes


def load_model(path: str | Path) -> keras.Model:
    """Return the model in the `.keras` file at `path`, compiled if it was saved so.

    Before Keras sees the file, its members, every class and function it names,
    every array it stores and every variable it declares are checked. A refused
    file leaves the process as it was.

    Args:
        path: A local file.

    Raises:
        ModelError: The file is missing, damaged, too large, or asks for
            anything but Keras's own layers.
    """
    if "://" in str(path):
        raise ModelError(
            f"A model must be a local file. Received: {path}.", hint="download it first"
        )
    _check_file(Path(path))
    try:
        with without_keras_noise():
            model: Any = keras.models.load_model(path, safe_mode=True)
    except Exception as error:  # Keras has no class of its own for a file it cannot load
        raise unbuildable(str(path), error) from error
    return model


def _check_file(path: Path) -> None:
    archive = read_archive(path)
    check_configuration(archive.config, str(path))
    check_declared(archive.config, stored_bytes(archive.weights, str(path)), str(path))
