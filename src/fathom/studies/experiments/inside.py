"""What is inside trained members: their layers' features, and what changed weights cost."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from fathom import measure, models, train
from fathom.studies.experiments.loading import digits_five_to_nine
from fathom.studies.experiments.splits import Rows, Splits
from fathom.studies.experiments.training import Trained

BLOCK_ROWS, PROBED_ROWS = 256, 128


def initial_gradient_ratio(trained: Trained) -> np.ndarray:
    """Return the gradient's norm at the first layer over that at the last, log10, by seed.

    Over rows and units, with respect to pre-activations, which is that of a row's loss with
    respect to the layer's bias; at initialisation, on the first training rows. A gradient too
    small for float32 counts as the smallest that is not.
    """
    model, splits = trained.model, trained.splits
    biases = [place for place, v in enumerate(model.trainable_variables) if len(v.shape) == 1]
    loss = measure.scorer(splits.task, from_logits=True)

    def of_row(ends: Any, network: Any, x: Any, y: Any) -> Any:
        weights = list(network.trainable)
        weights[biases[0]], weights[biases[-1]] = ends
        outputs = models.stateless_outputs(model, weights, network.non_trainable, x[None])
        return loss(y[None], outputs)["loss"]

    def norms(network: Any, x: Any, y: Any) -> Any:
        ends = network.trainable[biases[0]], network.trainable[biases[-1]]
        rows = jax.vmap(jax.grad(of_row), in_axes=(None, None, 0, 0))(ends, network, x, y)
        return [jnp.linalg.norm(one) for one in rows]

    rows = (part[:PROBED_ROWS] for part in splits.train)
    first, last = train.spread(norms, trained.initial, *rows)
    smallest = np.finfo("float32").tiny
    return np.log10(np.maximum(first, smallest) / np.maximum(last, smallest))


def reinitialised(trained: Trained) -> dict[str, np.ndarray]:
    """Return which test rows are right when one layer has its initial weights again, by layer,
    and when none has.

    References:
        Zhang, Bengio, Singer, "Are All Layers Created Equal?", JMLR 23(67), 2022.
    """
    sites = _sites(trained)
    exchanged = np.eye(len(sites) + 1, len(sites), dtype=bool)
    variants = train.Variants.of(len(trained.seeds), exchanged=exchanged)
    x, y = trained.splits.test
    credits = _laboratory(trained, sites).credits(
        trained.networks, variants, x, y, others=trained.initial.trainable
    )
    by_site = credits.reshape(len(trained.seeds), len(sites) + 1, -1)
    reset = {_word(place, sites): by_site[:, place] for place in range(len(sites))}
    return {**reset, "none": by_site[:, -1]}


def half_the_weights(trained: Trained) -> dict[str, np.ndarray]:
    """Return which test rows are right when half of all kernels' weights are zero, by which."""
    gone = {
        "none gone": _without(trained, 0.0, lambda sizes, _: sizes),
        "smallest half gone": _without(trained, 0.5, lambda sizes, _: sizes),
        "any half gone": _without(trained, 0.5, _at_random),
        "largest half gone": _without(trained, 0.5, lambda sizes, _: [-one for one in sizes]),
    }
    return {name: _credits(trained, networks) for name, networks in gone.items()}


def _at_random(sizes: list[np.ndarray], seed: int) -> list[np.ndarray]:
    draw = np.random.default_rng([seed, 13])
    return [draw.random(one.shape) for one in sizes]


def _without(
    trained: Trained,
    share: float,
    importance: Callable[[list[np.ndarray], int], list[np.ndarray]],
) -> train.Networks:
    """Return the members without the share of weights that count least; biases stay."""
    values = trained.networks.trainable
    places = [place for place, array in enumerate(values) if array.ndim >= 3]
    kept = list(map(np.array, values))
    for member, seed in enumerate(trained.seeds):
        sizes = [np.abs(values[place][member]) for place in places]
        gone = measure.least_important(importance(sizes, seed), share)
        for place, mask in zip(places, gone):
            kept[place][member][mask] = 0
    return train.Networks(kept, trained.networks.non_trainable)


def probes(trained: Trained) -> dict[str, np.ndarray]:
    """Return which test rows a linear model classifies rightly from each layer's output."""
    splits = trained.splits
    found = {"input": _probe([_flat(part.x) for part in _parts(splits)], splits)}
    for place, features in enumerate(_features(trained, trained.networks, splits)):
        found[f"layer {place + 1}"] = _probe(features, splits)
    return {name: _for_every(seed_rows, len(trained.seeds)) for name, seed_rows in found.items()}


def transferred(trained: Trained) -> dict[str, np.ndarray]:
    """Return which test rows of the other five digits a linear model gets right, by layer."""
    splits = digits_five_to_nine(trained.seeds[0])
    found = {"input": _probe([_flat(part.x) for part in _parts(splits)], splits)}
    for place, features in enumerate(_features(trained, trained.networks, splits)):
        found[f"layer {place + 1}"] = _probe(features, splits)
    return {name: _for_every(rows, len(trained.seeds)) for name, rows in found.items()}


# -- the members' parts ------------------------------------------------------------------


def _sites(trained: Trained) -> tuple[models.Site, ...]:
    return models.find_sites(models.trace(trained.model, trained.splits.train.x[:2]))


def _word(place: int, sites: Sequence[models.Site]) -> str:
    return "last layer" if place == len(sites) - 1 else f"layer {place + 1}"


def _laboratory(trained: Trained, sites: Sequence[models.Site]) -> train.Laboratory:
    splits = trained.splits
    credit = measure.credit_of(splits.task, from_logits=True)
    return train.Laboratory(trained.model, sites, credit, splits.input_shape)


def _credits(trained: Trained, networks: train.Networks) -> np.ndarray:
    """Return which test rows networks classify rightly, (seed, rows)."""
    sites = _sites(trained)
    unchanged = np.zeros((1, len(sites)), np.int32)
    variants = train.Variants.of(networks.number, actions=unchanged)
    return _laboratory(trained, sites).credits(networks, variants, *trained.splits.test)


# -- features and probes -----------------------------------------------------------------


def _parts(splits: Splits) -> tuple[Rows, Rows, Rows]:
    return splits.train, splits.validation, splits.test


def _flat(x: np.ndarray) -> np.ndarray:
    return x.reshape(1, len(x), -1)


def _features(trained: Trained, networks: train.Networks, splits: Splits) -> list[list[np.ndarray]]:
    """Return, for every hidden layer, its outputs on the three splits, (network, rows, units)."""
    sites = [site for site in _sites(trained) if not site.is_head]
    x = np.concatenate([part.x for part in _parts(splits)])
    blocks: list[list[np.ndarray]] = [[] for _ in sites]
    for count, outputs in train.observed(
        trained.model, sites, networks, x, _outputs_alone, rows=BLOCK_ROWS
    ):
        for kept, values in zip(blocks, outputs):
            kept.append(values[:, :count])
    ends = np.cumsum([len(part.y) for part in _parts(splits)])[:-1]
    return [np.split(np.concatenate(one, axis=1), ends, axis=1) for one in blocks]


def _outputs_alone(_: Any, outputs: list[Any], __: Any) -> list[Any]:
    return [output.reshape(len(output), -1) for output in outputs]


def _probe(features: Sequence[np.ndarray], splits: Splits) -> np.ndarray:
    """Return which test rows a softmax regression gets right, (network, test rows)."""
    each = [measure.prepared(measure.Rows(*parts)) for parts in zip(*features)]
    stacked = jax.tree.map(lambda *arrays: np.stack(arrays), *each)
    labels = measure.Targets(*(part.y[:, None].astype("int32") for part in _parts(splits)))
    return train.spread(_solver(splits.num_classes), stacked, labels)[:, 0]


@functools.lru_cache(maxsize=4)
def _solver(num_classes: int) -> Any:
    return functools.partial(measure.classification_probe, num_classes=num_classes)


def _for_every(rows: np.ndarray, seeds: int) -> np.ndarray:
    """Return (seed, rows), what has no seeds repeated for each."""
    return np.repeat(rows, seeds, axis=0) if len(rows) == 1 else rows
