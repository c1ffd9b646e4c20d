"""`fathom.Population`: any Keras model as a population, kept in a file and watched."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fathom import models, store, train
from fathom.errors import FathomError, StoreError
from fathom.measure import layer_statistics
from fathom.specs import one_of, typed

MODEL = "model.keras"
CHECKSUM = "checksum"
WORDS = "population"


class Population(train.Population):
    __doc__ = train.Population.__doc__

    @typed
    def __init__(
        self,
        model: Any,
        *,
        members: Sequence[Mapping[str, Any]] | None = None,
        watch: str | None = None,
        memory_bytes: int | None = None,
        **hyperparameters: Any,
    ) -> None:
        super().__init__(
            model,
            members=members,
            watch=_watch(watch),
            memory_bytes=memory_bytes,
            **hyperparameters,
        )

    def __repr__(self) -> str:
        model = self._source.model.name
        return f"<Population: {len(self)} members of {model}, {self.epochs} epochs trained>"

    def _repr_html_(self) -> str:
        from fathom import report

        return report.population_cell(
            self.members,
            model=self._source.model.name,
            epochs=self.epochs,
            scores={name: values.tolist() for name, values in self.scores.items()},
            notes=self.notes,
        )

    @typed
    def save(self, path: str | Path) -> None:
        """Write everything that training needs to go on into one file, whole or not at all.

        Args:
            path: The file, a safetensors file; what is there is replaced.

        Raises:
            StoreError: It cannot be written.
        """
        from safetensors.numpy import save

        arrays, words = train.snapshot(self)
        arrays = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
        file = self._model_bytes()
        if file is not None:
            arrays[MODEL] = np.frombuffer(file, np.uint8)
        metadata = {WORDS: words, CHECKSUM: _checksum(arrays, words)}
        store.write_output(path, save(arrays, metadata=metadata))

    def _model_bytes(self) -> bytes | None:
        """Return the model as a file, None if it is not built or its classes are not Keras's."""
        model = self._source.model
        if not model.built:
            return None
        try:
            return models.model_bytes(model)
        except Exception:  # a part of the model that cannot tell its configuration
            return None

    @classmethod
    @typed
    def load(
        cls, path: str | Path, *, model: Any = None, memory_bytes: int | None = None
    ) -> train.Population:
        """Return a population that was saved; training goes on as if it had not stopped.

        Args:
            path: The file.
            model: The model, or the function that builds it, as it was given to
                the population; only needed where it has classes that are not
                Keras's, or was not built.
            memory_bytes: As of the population.

        Raises:
            StoreError: The file is missing or damaged.
            ModelError: The model in it asks for classes that are not Keras's.
        """
        arrays, words = _read(Path(path))
        file = arrays.pop(MODEL, None)
        if model is None:
            model = _model_of(file, path)
        return train.restored(model, arrays, words, memory_bytes=memory_bytes, kind=cls)


def _watch(watch: str | None) -> train.Watch | None:
    if watch is None:
        return None
    one_of("watch", watch, ("layers",))
    return train.Watch(taps=models.watched_layers, statistics=layer_statistics, every_epoch=True)


def _checksum(arrays: Mapping[str, np.ndarray], words: str) -> str:
    digest = hashlib.blake2b(words.encode(), digest_size=16)
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(json.dumps([name, array.dtype.str, array.shape]).encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def _read(path: Path) -> tuple[dict[str, np.ndarray], str]:
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise StoreError(f"There is no file {path}.", hint="the path is read from this folder")
    try:
        with safe_open(path, framework="np", backend="pread") as file:
            metadata = dict(file.metadata() or {})
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, AttributeError, TypeError, ValueError, OSError) as error:
        raise StoreError(f"{path} is no saved population, or damaged: {error}.") from error
    words = metadata.get(WORDS, "")
    if metadata.get(CHECKSUM) != _checksum(arrays, words):
        raise StoreError(f"{path} is no saved population, or damaged: its checksum does not match.")
    return arrays, words


def _model_of(file: np.ndarray | None, path: str | Path) -> Any:
    hint = "give the model: fathom.Population.load(path, model=model)"
    if file is None:
        raise StoreError(f"{path} holds no model: its classes are not all Keras's.", hint=hint)
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / MODEL
        kept.write_bytes(file.tobytes())
        try:
            return models.load_model(kept)
        except FathomError as error:
            raise type(error)(error.message.replace(str(kept), str(path)), hint=hint) from error
