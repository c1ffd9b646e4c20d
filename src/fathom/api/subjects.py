"""Which trained networks and which data are meant by what anatomy, prune and trim are given."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from fathom.errors import DataError, ModelError, SpecError, UnknownNameError
from fathom.store import StoredStudy
from fathom.studies import StudyResult, artifact_name

if TYPE_CHECKING:
    import keras

    from fathom.api.study import Study
    from fathom.data import Dataset, Preprocessing, Split
    from fathom.studies.anatomy import Subject

Result = TypeVar("Result")


@dataclass(frozen=True)
class Trained:
    """Trained networks of one model, as they were asked for.

    Args:
        model: The model, with the weights of one of them.
        networks: Weights of each, trainable then others; those of `model` if None.
        initial: The weights each began with, likewise; None if they are not known.
        notices: What the reader should know.
    """

    model: keras.Model
    networks: list[list[np.ndarray]] | None = None
    initial: list[list[np.ndarray]] | None = None
    notices: tuple[str, ...] = field(default_factory=tuple)


def trained(
    model: Any, *, initial: Any = None, depth: int | None = None, width: int | None = None
) -> Trained:
    """Return the networks that `model` stands for.

    Args:
        model: A Keras model, a `.keras` file, a `Study`, or what `fathom.fit` returned.
        initial: The weights before training in the order of `get_weights`, or what `fathom.fit`
            returned.
        depth: Of a study, the depth; that of its verdict if None.
        width: Of a study, the width.

    Raises:
        ModelError: It is none of these, or `initial` does not fit it.
    """
    from fathom.api.study import Study

    if isinstance(model, Study):
        return _of_study(model, depth, width)
    if depth is not None or width is not None:
        raise SpecError("`depth` and `width` choose among the networks of a study.")
    if isinstance(model, str | Path):
        from fathom import models

        model = models.load_model(model)
    is_history = hasattr(model, "initial_weights") and hasattr(model, "model")
    history, model = (model, model.model) if is_history else (initial, model)
    if not hasattr(model, "trainable_variables"):
        raise ModelError(
            "The model must be a Keras model, a .keras file, a study, or the history that "
            f"fathom.fit returned. Received: {type(model).__name__}."
        )
    begun = getattr(history, "initial_weights", history)
    return Trained(model, initial=None if begun is None else [_in_order(model, begun)])


def _in_order(model: keras.Model, weights: Sequence[Any]) -> list[np.ndarray]:
    """Return weights in the order of `get_weights` as trainable, then others."""
    shapes = [tuple(v.shape) for v in model.weights]
    are_several = isinstance(weights, list | tuple)
    received = [tuple(np.shape(value)) for value in weights] if are_several else type(weights)
    if received != shapes:
        raise ModelError(
            "`initial` must be the weights before training, in the order of the model's "
            f"get_weights, of shapes {shapes}. Received: {received}.",
            hint="take them with model.get_weights() before training, or train with fathom.fit",
        )
    values = {id(variable): np.asarray(value) for variable, value in zip(model.weights, weights)}
    variables: list[Any] = [*model.trainable_variables, *model.non_trainable_variables]
    return [values.get(id(v), np.asarray(v.value)) for v in variables]


def examined(
    model: Any,
    data: Any,
    examine: Callable[[Subject, Dataset], Result],
    *,
    initial: Any = None,
    depth: int | None = None,
    width: int | None = None,
) -> Result:
    """Return what an examination found, with what the reader should know, and how long it took.

    Args:
        model: As for `trained`.
        data: As for `dataset_for`.
        examine: The examination.
        initial: As for `trained`.
        depth: As for `trained`.
        width: As for `trained`.
    """
    from fathom.studies.anatomy import subject_of

    started = time.perf_counter()
    networks = trained(model, initial=initial, depth=depth, width=width)
    dataset = dataset_for(data, model=model)
    subject = subject_of(
        networks.model, dataset, networks=networks.networks, initial=networks.initial
    )
    found: Any = examine(subject, dataset)
    notices = (*networks.notices, *strangers(model, dataset), *found.notices)
    return replace(found, notices=notices, seconds=time.perf_counter() - started)


# -- studies -----------------------------------------------------------------------


def _of_study(study: Study, depth: int | None, width: int | None) -> Trained:
    from fathom import models, train

    result = study.result
    depth, width = _architecture(result, depth, width)
    arrays = StoredStudy(study.name, study.folder).weights(artifact_name(depth, width))
    seeds = _finite_seeds(result, arrays, depth, width)
    network = result.spec.model.at(depth=depth, width=width)
    networks = [_values(arrays, f"kept/{seed}/") for seed in seeds]
    model = train.build_with_values(partial(models.build, network), networks[0])
    return Trained(
        model,
        networks=networks,
        initial=[_values(arrays, f"initial/{seed}/") for seed in seeds],
        notices=(_which(study.name, depth, width, seeds),),
    )


def _which(name: str, depth: int, width: int, seeds: Sequence[int]) -> str:
    return (
        f"Depth {depth}, width {width} of {name}: the networks of "
        f"{len(seeds)} seed{'s' * (len(seeds) != 1)} at the chosen learning rate."
    )


def _architecture(result: StudyResult, depth: int | None, width: int | None) -> tuple[int, int]:
    """Return the depth and width that are meant: those asked for, else the verdict's."""
    if depth is None and width is None:
        from fathom.api.best import best_row

        row = best_row(result)
        return row.depth, row.width
    sizes = [(row.depth, row.width) for row in result.rows()]
    fitting = [
        size
        for size in sizes
        if (depth is None or size[0] == depth) and (width is None or size[1] == width)
    ]
    if not fitting:
        listed = ", ".join(f"{d}×{w}" for d, w in sizes) or "none"
        raise UnknownNameError(
            f"{result.header.name} has no network of depth {depth} and width {width}. "
            f"There are (depth×width): {listed}."
        )
    return fitting[0]


def _finite_seeds(
    result: StudyResult, arrays: Mapping[str, np.ndarray], depth: int, width: int
) -> list[int]:
    kept = sorted({int(name.split("/")[1]) for name in arrays if name.startswith("kept/")})
    seeds = [
        seed for seed in kept if any(np.any(value) for value in _values(arrays, f"kept/{seed}/"))
    ]
    if not seeds:
        raise ModelError(
            f"At depth {depth} and width {width} no network of {result.header.name} kept weights: "
            "all diverged.",
            hint="choose another depth with --depth",
        )
    return seeds


def _values(arrays: Mapping[str, np.ndarray], prefix: str) -> list[np.ndarray]:
    return [arrays[name] for name in sorted(arrays) if name.startswith(prefix)]


# -- data --------------------------------------------------------------------------------


def dataset_for(data: Any, *, model: Any = None) -> Dataset:
    """Return the data set that `data` stands for.

    Args:
        data: A `Dataset`, a source that `fathom.load` reads, or `(x, y)` as a Keras model takes
            them: those are split, and left as they are. None reads a study's own data again.
        model: What was examined, for its own data.

    Raises:
        DataError: The data cannot be used.
    """
    from fathom.data import Dataset, load

    if isinstance(data, Dataset):
        return data
    if data is None:
        return _own_data(model)
    if isinstance(data, tuple) and len(data) == 2:
        return _as_given(*data)
    return load(data)


def strangers(model: Any, dataset: Dataset) -> tuple[str, ...]:
    """Return a notice if the data are not those that a study's networks were trained on."""
    from fathom.api.study import Study

    if not isinstance(model, Study):
        return ()
    known = model.result.header.dataset.get("fingerprint")
    if known in (None, dataset.fingerprint):
        return ()
    return (
        f"These are not the rows of {model.name}, or not its split: the networks may have been "
        "trained on rows that are used as test rows here.",
    )


def _own_data(model: Any) -> Dataset:
    from fathom.api.asking import reloaded
    from fathom.api.study import Study

    if not isinstance(model, Study):
        raise DataError(
            "A model is examined on data. Received: none.",
            hint="name the data it was trained on; only a study knows its own",
        )
    return reloaded(StoredStudy(model.name, model.folder))


def _as_given(x: Any, y: Any) -> Dataset:
    """Split arrays, and leave the numbers as they are."""
    from fathom.data import load

    if isinstance(x, dict | list) and not np.isscalar(x) and _are_several(x):
        raise DataError(
            "The data must be one array of inputs. Received: several inputs.",
            hint="make a model of the input that you want to know about",
        )
    inputs, targets = np.asarray(x), np.asarray(y)
    if targets.ndim == 2 and targets.shape[1] == 1:
        targets = targets[:, 0]
    dataset = load((inputs, targets))
    kind = inputs.dtype if np.issubdtype(inputs.dtype, np.integer) else np.dtype("float32")
    given = inputs.astype("int32" if np.issubdtype(kind, np.integer) else "float32")

    def raw(split: Split) -> Split:
        values = split.y if dataset.task == "classification" else targets[split.rows]
        return replace(split, x=given[split.rows], y=values.astype(split.y.dtype))

    return _with_splits(dataset, raw)


def _with_splits(dataset: Dataset, raw: Callable[[Split], Split]) -> Dataset:
    """Return a data set of arrays with other numbers in its splits, which are not scaled."""
    splits: Any = {name: raw(split) for name, split in dataset.splits.items()}
    return replace(dataset, **splits, preprocessing=_unscaled(dataset.preprocessing))


def _unscaled(preprocessing: Preprocessing) -> Preprocessing:
    """Return a preprocessing of arrays that leaves their numbers as they stand."""
    inputs: Any = preprocessing.inputs
    if not hasattr(inputs, "row_shape"):
        return preprocessing
    plain = replace(inputs, mean=(0.0,), scale=(1.0,), rule="as they stand", constant=())
    return replace(preprocessing, inputs=plain)


def _are_several(x: Any) -> bool:
    parts = list(x.values()) if isinstance(x, dict) else x
    return isinstance(x, dict) or any(getattr(part, "ndim", 0) > 1 for part in parts)


def without_scaling(dataset: Dataset) -> Dataset:
    """Return a data set of arrays as it was before its inputs and target were scaled.

    Raises:
        DataError: It is no data set of arrays.
    """
    inputs: Any = dataset.preprocessing.inputs
    if not hasattr(inputs, "row_shape") or inputs.padded:
        raise DataError(
            "Only arrays can be used as they stand: tables and images have to be encoded. "
            f"Received: {dataset.name}.",
            hint="leave out --raw, or give a .npz file with x and y",
        )
    mean, scale = np.array(inputs.mean), np.array(inputs.scale)

    def raw(split: Split) -> Split:
        x = (split.x * scale + mean).astype("float32")
        y = split.y
        if dataset.task == "regression":
            y = (y * dataset.target_std + dataset.target_mean).astype("float32")
        return replace(split, x=x, y=y)

    return _with_splits(dataset, raw)
