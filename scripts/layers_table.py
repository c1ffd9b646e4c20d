"""Reproduce what is known about layers with Fathom's own parts, and tell what does not come out.

python scripts/layers_table.py                      every row, as a Markdown table; minutes
python scripts/layers_table.py --only conductance   one row, or several
python scripts/layers_table.py --write              also write them into docs/layers-results.md

A row computes its numbers, and says by a rule of its own whether they are what was expected.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

PAGE = Path(__file__).resolve().parents[1] / "docs" / "layers-results.md"
BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"
HEAD = (
    "| experiment | expected | measured here | comes out | setting |",
    "|---|---|---|---|---|",
)
TRAIN_ROWS = 1200  # of the 1797 digits; the others are test rows
SPLIT = "digits"  # as docs/layers-results.md describes them, and `digits` draws them


@dataclass(frozen=True)
class Found:
    """What a row found.

    Args:
        numbers: Measured, by name.
        text: The same in a line of the table.
        agrees: Whether the finding is what was expected.
        is_close: Whether the numbers are, too.
        remark: What there is to know about the difference.
    """

    numbers: dict[str, Any]
    text: str
    agrees: bool
    is_close: bool = True
    remark: str = ""

    @property
    def verdict(self) -> str:
        """Whether it comes out."""
        if not self.agrees:
            return "**no**"
        return "yes" if self.is_close else "the finding does, the numbers do not"


@dataclass(frozen=True)
class Row:
    """A row of the table.

    Args:
        name: As `--only` takes it.
        experiment: In words.
        expected: What others, or a pilot without Fathom, found.
        setting: Exactly how it was done.
        run: Does it.
    """

    name: str
    experiment: str
    expected: str
    setting: str
    run: Callable[[], Found]


ROWS: dict[str, Row] = {}


def row(
    name: str, *, experiment: str, expected: str, setting: str
) -> Callable[[Callable[[], Found]], Callable[[], Found]]:
    """Enter a function into the table."""

    def entered(run: Callable[[], Found]) -> Callable[[], Found]:
        ROWS[name] = Row(name, experiment, expected, setting, run)
        return run

    return entered


# -- what several rows need ------------------------------------------------------------


def digits() -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Return training and test rows of the digits, float32 (rows, 64) and classes."""
    from sklearn.datasets import load_digits
    from sklearn.preprocessing import StandardScaler

    x, y = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(x))
    first, rest = order[:TRAIN_ROWS], order[TRAIN_ROWS:]
    scaler = StandardScaler().fit(x[first])
    scaled = [scaler.transform(x[part]).astype("float32") for part in (first, rest)]
    classes = [y[part].astype("int32") for part in (first, rest)]
    return (scaled[0], classes[0]), (scaled[1], classes[1])


def network(depth: int, **options: Any) -> Any:
    """Return a network of a family for the digits, not yet compiled."""
    from fathom import models
    from fathom.specs import ModelSpec

    given = {"family": "mlp", "width": 100, "input_shape": (64,), "num_classes": 10}
    return models.build(ModelSpec(depth=depth, **{"task": "classification", **given, **options}))


def population(model: Any, *, optimizer: str = "adam", watch: bool = False, **varied: Any) -> Any:
    """Return a population of a classifier or regression model."""
    import fathom
    from fathom import models

    task = "classification" if not models.gives_logits(model) else "regression"
    view = models.compile_for(model, task=task, optimizer=optimizer)
    return fathom.Population(view, watch="layers" if watch else None, **varied)


def trained(members: Any, data: Any, *, epochs: int, batch_size: int = 32) -> Any:
    """Train a population to the end, and return its last epoch."""
    last = None
    for epoch in members.train(*data, epochs=epochs, batch_size=batch_size):
        last = epoch
    return last


def at_start(model: Any, seeds: int) -> dict[str, np.ndarray]:
    """Return what is measured of every layer at initialisation, (seed, layer) by name.

    Layers are measured after an epoch: one step by a rate that changes no weight.
    """
    members = population(model, optimizer="sgd", watch=True, seed=range(seeds), learning_rate=1e-30)
    return trained(members, digits()[0], epochs=1, batch_size=TRAIN_ROWS).layers


def signal_ratio(layers: dict[str, np.ndarray]) -> float:
    """Return dL/dz of the first over the last hidden layer, the geometric mean over seeds."""
    delta = layers["activation_gradient"].astype("float64")
    return float(np.exp(np.log(delta[:, 0] / delta[:, -2]).mean()))


def accuracies(members: Any, test: Any) -> np.ndarray:
    """Return every member's accuracy on test rows."""
    return np.asarray(members.evaluate(*test)["accuracy"])


def spread(values: np.ndarray, digits: int = 2) -> str:
    """Return a mean and the range it comes from."""
    low, high = values.min(), values.max()
    return f"{values.mean():.{digits}f} ({low:.{digits}f}-{high:.{digits}f})"


def relu(**options: Any) -> dict[str, Any]:
    """Return the options of a ReLU network."""
    return {"activation": "relu", "initializer": "he_normal", **options}


SIGMOID = {"activation": "sigmoid", "initializer": "glorot_uniform"}


# -- signals ---------------------------------------------------------------------------


@row(
    "sigmoid-start",
    experiment="sigmoid, Glorot, width 100, at initialisation",
    expected="δ₁/δ_L = 2e-6 at 10 layers; underflows float32 by 30",
    setting=f"{SPLIT}; 5 seeds, geometric mean; δ is the norm of dL/dz over the training rows' "
    "first 128, first over last hidden layer",
)
def sigmoid_start() -> Found:
    layers = {depth: at_start(network(depth, **SIGMOID), 5) for depth in (10, 30)}
    ratios = {depth: signal_ratio(found) for depth, found in layers.items()}
    first = float(layers[30]["activation_gradient"][:, 0].mean())
    entry = first / (128 * 100) ** 0.5
    underflows = entry**2 < float(np.finfo("float32").tiny)
    return Found(
        {"ratio_10": ratios[10], "ratio_30": ratios[30], "entry_30": entry},
        f"{ratios[10]:.0e} at 10 layers; {ratios[30]:.0e} at 30, where entries of δ₁ are "
        f"{entry:.0e}: their squares {'underflow' if underflows else 'do not underflow'} float32",
        agrees=5e-7 < ratios[10] < 8e-6 and underflows,
        is_close=1e-6 < ratios[10] < 4e-6,
        remark="δ₁ itself can still be written at 30 layers; a norm of squares is zero, which is "
        "why Fathom scales norms",
    )


@row(
    "sigmoid-trained",
    experiment="the same trained (Adam 1e-3, 30 epochs)",
    expected="accuracy 0.96 at 1-2 layers, 0.95 at 4, 0.44-0.55 at 8, chance at 16 and 32; "
    "ReLU/He at 16: 0.97",
    setting=f"{SPLIT}; batches of 32, 3 seeds, test accuracy: mean (range)",
)
def sigmoid_trained() -> Found:
    train, test = digits()
    found = {}
    for depth in (1, 2, 4, 8, 16, 32):
        members = population(network(depth, **SIGMOID), seed=range(3), learning_rate=1e-3)
        trained(members, train, epochs=30)
        found[depth] = accuracies(members, test)
    members = population(network(16, **relu()), seed=range(3), learning_rate=1e-3)
    trained(members, train, epochs=30)
    deep = accuracies(members, test)
    listed = "; ".join(f"{depth}: {spread(values)}" for depth, values in found.items())
    return Found(
        {**{f"sigmoid_{d}": float(v.mean()) for d, v in found.items()}, "relu_16": deep.mean()},
        f"sigmoid by depth {listed}; ReLU/He 16: {spread(deep)}",
        agrees=found[2].mean() > 0.93
        and found[4].mean() > 0.9
        and 0.15 < found[8].mean() < 0.8
        and max(found[16].mean(), found[32].mean()) < 0.15
        and deep.mean() > 0.95,
        is_close=abs(found[2].mean() - 0.96) < 0.03
        and abs(found[4].mean() - 0.95) < 0.03
        and 0.39 < found[8].mean() < 0.6,
        remark="at 8 layers less is learned in as many epochs",
    )


@row(
    "relu-start",
    experiment="ReLU, 30 layers, at initialisation",
    expected="δ₁/δ_L: He 1.0, Glorot 4.5e-5",
    setting=f"{SPLIT}; width 100, 10 seeds, geometric mean, first over last hidden layer",
)
def relu_start() -> Found:
    he, glorot = (
        signal_ratio(at_start(network(30, activation="relu", initializer=name), 10))
        for name in ("he_normal", "glorot_normal")
    )
    return Found(
        {"he": he, "glorot": glorot},
        f"He {he:.2f}, Glorot {glorot:.1e}",
        agrees=0.5 < he < 2 and 1e-5 < glorot < 2e-4,
        is_close=0.8 < he < 1.25 and 3e-5 < glorot < 6.8e-5,
    )


@row(
    "hanin",
    experiment="ReLU/He: fluctuation of activations between networks (Hanin 2018)",
    expected="variance of log mean-square activation about 5 Σ 1/n",
    setting="1000 networks drawn per architecture, one input of standard normal features; depth x "
    "width 5x50, 10x50, 20x50, 10x20",
)
def hanin(
    sizes: Sequence[tuple[int, int]] = ((5, 50), (10, 50), (20, 50), (10, 20)),
    networks: int = 1000,
) -> Found:
    slopes = {}
    for depth, width in sizes:
        logs = log_mean_squares(network(depth, **relu(width=width)), networks=networks)
        slopes[depth, width] = float(logs.var(ddof=1)) / (depth / width)
    mean = float(np.mean(list(slopes.values())))
    listed = ", ".join(f"{depth}x{width}: {slope:.1f}" for (depth, width), slope in slopes.items())
    return Found(
        {"slope": mean, **{f"slope_{d}x{w}": s for (d, w), s in slopes.items()}},
        f"variance over Σ 1/n: {listed}",
        agrees=4 < mean < 6.5,
        is_close=4.2 < mean < 6,
    )


def log_mean_squares(model: Any, *, networks: int) -> np.ndarray:
    """Return log of the last hidden layer's mean-square activation, by fresh network."""
    import jax.numpy as jnp

    from fathom import models, train

    x = np.random.default_rng(0).normal(size=(1, 64)).astype("float32")
    sites = [site for site in models.find_sites(models.trace(model, x)) if not site.is_head]
    drawn = train.fresh_weights(models.renewal(model, (64,)), range(networks))

    def look(_: Any, outputs: list[Any], __: Any) -> Any:
        return jnp.log(jnp.square(outputs[-1]).mean())

    ((_, found),) = train.observed(model, sites[-1:], drawn, x, look, rows=1)
    return np.asarray(found, "float64")


# -- blocks ----------------------------------------------------------------------------


@row(
    "delete-blocks",
    experiment="one of 8 or 16 blocks deleted after training",
    expected="plain: median accuracy 0.14, 0.08; residual with zero-initialised branch: worst "
    "0.965, 0.985; half deleted: 0.94",
    setting=f"{SPLIT}; width 64, ReLU/He, Adam 1e-3, 30 epochs, batches of 32, 3 seeds; a residual "
    "block holds one Dense layer; half: 20 draws of 8 of 16 blocks",
)
def delete_blocks() -> Found:
    numbers: dict[str, float] = {}
    for family, kept in (("mlp", np.median), ("residual", np.min)):
        for depth in (8, 16):
            whole, without, half = deleted(family, depth)
            numbers[f"{family}_{depth}"] = float(kept(without))
            numbers[f"{family}_{depth}_whole"] = float(whole.mean())
            numbers[f"{family}_{depth}_half"] = float(half.mean())
    return Found(
        numbers,
        f"plain: median {numbers['mlp_8']:.2f}, {numbers['mlp_16']:.2f} (whole "
        f"{numbers['mlp_8_whole']:.3f}, {numbers['mlp_16_whole']:.3f}); residual: worst "
        f"{numbers['residual_8']:.3f}, {numbers['residual_16']:.3f} (whole "
        f"{numbers['residual_8_whole']:.3f}, {numbers['residual_16_whole']:.3f}); half of 16 "
        f"deleted: {numbers['residual_16_half']:.3f}",
        agrees=max(numbers["mlp_8"], numbers["mlp_16"]) < 0.3
        and min(numbers["residual_8"], numbers["residual_16"]) > 0.94
        and numbers["residual_16_half"] > 0.9,
        is_close=abs(numbers["mlp_8"] - 0.14) < 0.05
        and abs(numbers["mlp_16"] - 0.08) < 0.05
        and abs(numbers["residual_8"] - 0.965) < 0.02
        and abs(numbers["residual_16"] - 0.985) < 0.02
        and abs(numbers["residual_16_half"] - 0.94) < 0.02,
    )


def deleted(family: str, depth: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return test accuracies of 3 networks: whole, without each block, without half of them."""
    from fathom import measure, models, train

    learned, (x, y) = digits()
    model = network(depth, **relu(width=64, family=family))
    members = population(model, seed=range(3), learning_rate=1e-3)
    trained(members, learned, epochs=30)
    view = models.training_view(model)
    sites = models.find_sites(models.trace(view, x))
    places = [
        place
        for place, site in enumerate(sites)
        if site.is_block == (family == "residual") and not site.is_head and not site.no_bypass
    ]
    sets = [(), *((place,) for place in places)]
    draw = np.random.default_rng(0)
    sets += [tuple(draw.permutation(places)[: len(places) // 2]) for _ in range(20)]
    actions = np.zeros((len(sets), len(sites)), np.int32)
    for row_, chosen in enumerate(sets):
        actions[row_, list(chosen)] = train.BYPASS
    credit = measure.credit_of("classification", from_logits=True)
    laboratory = train.Laboratory(view, sites, credit, (64,))
    networks = train.weights_of(members)
    variants = train.Variants.of(networks.number, actions=actions)
    scores = laboratory.credits(networks, variants, x, y).mean(axis=1).reshape(3, len(sets))
    return scores[:, 0], scores[:, 1 : 1 + len(places)], scores[:, 1 + len(places) :]


@row(
    "naive-skips",
    experiment="naive h + relu(Wh), no zero-init, 32 layers",
    expected="accuracy 0.73, train loss 45: skips need zero-init, scaling or normalisation",
    setting=f"{SPLIT}; width 64, He, Adam 1e-3, 30 epochs, batches of 32, 3 seeds: mean (range); "
    "train loss in the last epoch",
)
def naive_skips() -> Found:
    learned, test = digits()
    members = population(naive_network(32), seed=range(3), learning_rate=1e-3)
    last = trained(members, learned, epochs=30)
    losses = np.asarray(last.loss)
    scores = accuracies(members, test)
    return Found(
        {"accuracy": float(scores.mean()), "train_loss": float(np.mean(losses))},
        f"accuracy {spread(scores)}, train loss {spread(losses, 1)}",
        agrees=scores.mean() < 0.9 and losses.mean() > 5,
        is_close=abs(scores.mean() - 0.73) < 0.08 and 22 < losses.mean() < 90,
    )


def naive_network(depth: int, width: int = 64) -> Any:
    """Return a network whose blocks add a ReLU layer to what they read, drawn as He does."""
    import keras

    stream = inputs = keras.Input((64,))
    for _ in range(depth):
        branch = keras.layers.Dense(width, activation="relu", kernel_initializer="he_normal")
        stream = keras.layers.Add()([stream, branch(stream)])
    logits = keras.layers.Dense(10)(stream)
    return keras.Model(inputs, keras.layers.Activation("softmax")(logits))


# -- features on features, and depth by function ---------------------------------------


@row(
    "spiral-probes",
    experiment="two spirals, 32x5: what a linear probe reads from each layer",
    expected="0.648 input, 0.82 second layer, 0.999 fourth; untrained <= 0.66",
    setting="spiral, 2000 rows, 60/20/20 by seed 0; ReLU/He, Adam 3e-3, 100 epochs, batches of 32, "
    "3 seeds of one study; probe on test rows, mean over networks",
)
def spiral_probes() -> Found:
    import tempfile

    import fathom

    with tempfile.TemporaryDirectory() as folder:
        study = _spiral_study(folder)
        found = fathom.anatomy(study, depth=5)
    layers = [one for one in found.result.layers if one.name.startswith("dense")]
    probes = [one.probe.mean for one in layers]
    untrained = max(one.probe_untrained.mean for one in layers)
    start = found.result.probe_input.mean
    listed = ", ".join(f"{value:.3f}" for value in probes)
    return Found(
        {"input": start, "probes": probes, "untrained": untrained},
        f"{start:.3f} input, layers {listed}; untrained at most {untrained:.3f}",
        agrees=start < 0.7 and start < probes[1] < 0.95 and probes[3] > 0.98 and untrained < 0.7,
        is_close=abs(start - 0.648) < 0.05 and abs(probes[1] - 0.82) < 0.05,
    )


def _spiral_study(folder: str) -> Any:
    import fathom

    return fathom.study(
        fathom.load("spiral", rows=2000),
        depths=[5],
        widths=32,
        learning_rates=[3e-3],
        epochs=100,
        batch_size=32,
        patience=None,
        seeds=3,
        baselines=False,
        store=folder,
    )


@row(
    "tent-map",
    experiment="tent map composed 4 times, shallow against deep (Telgarsky 2016)",
    expected="relative MSE, best of 5: one layer of 160 units 0.136; 5 layers of 11 units 0.0002",
    setting="2000 rows drawn, 2000 on a grid to test; ReLU/He, Adam at 1e-3, 3e-3, 1e-2, 300 "
    "epochs, batches of 32; best of 5 seeds at the rate that is best for each",
)
def tent_map() -> Found:
    shallow, deep = (tent_errors(*size) for size in ((1, 160), (5, 11)))
    best = {name: float(errors.min()) for name, errors in (("shallow", shallow), ("deep", deep))}
    median = {
        name: float(np.median(errors, axis=1).min())
        for name, errors in (("shallow", shallow), ("deep", deep))
    }
    return Found(
        {**best, "median_shallow": median["shallow"], "median_deep": median["deep"]},
        f"best of 5: 1x160 {best['shallow']:.3f}, 5x11 {best['deep']:.1e} (median over seeds "
        f"{median['shallow']:.2f}, {median['deep']:.2f})",
        agrees=best["shallow"] > 0.03 and best["deep"] < best["shallow"] / 20,
        is_close=0.07 < best["shallow"] < 0.27 and 1e-4 < best["deep"] < 4e-4,
        remark="here biases begin at zero, so all kinks of the shallow network begin at one point",
    )


def tent_errors(depth: int, width: int) -> np.ndarray:
    """Return relative squared errors on a grid, (rate, seed)."""
    import fathom

    rates, seeds = [1e-3, 3e-3, 1e-2], 5
    drawn = fathom.load("sawtooth", rows=2000, compositions=4, seed=0)
    parts = [drawn.train, drawn.validation, drawn.test]
    x = np.concatenate([part.x for part in parts])
    x = np.asarray(drawn.preprocessing.in_units(x), "float32")
    grid = np.linspace(0, 1, 2000, dtype="float32")[:, None]
    model = network(depth, **relu(width=width, input_shape=(1,), task="regression", num_classes=0))
    members = population(model, seed=range(seeds), learning_rate=rates)
    trained(members, (x * 2 - 1, tents(x)), epochs=300)
    errors = np.square(np.asarray(members.predict(grid * 2 - 1)) - tents(grid)).mean(axis=(1, 2))
    return (errors / tents(grid).var()).reshape(seeds, len(rates)).T


def tents(x: np.ndarray) -> np.ndarray:
    """Return the tent map of [0, 1], four times over."""
    for _ in range(4):
        x = 1 - np.abs(2 * x - 1)
    return x


# -- training --------------------------------------------------------------------------


@row(
    "dead-relus",
    experiment="dead ReLUs against Adam's learning rate",
    expected="1e-3: at most 11% per layer; 0.03: 36-56%; 0.1: above 90%",
    setting="digits / 16, 1200 training rows drawn by seed 0; 4 layers of 100, He, 30 epochs, "
    "batches of 32, 3 seeds; share of units above zero on none of the 1200 rows, by layer, mean "
    "over seeds",
)
def dead_relus() -> Found:
    rates, seeds = [1e-3, 0.03, 0.1], 3
    x, y = digits()[0]
    x = plain_digits()
    model = network(4, **relu())
    members = population(model, seed=range(seeds), learning_rate=rates)
    trained(members, (x, y), epochs=30)
    dead = dead_shares(model, members, x).reshape(seeds, len(rates), 4).mean(axis=0)
    shown = {
        rate: f"{100 * one.min():.0f}-{100 * one.max():.0f}%" for rate, one in zip(rates, dead)
    }
    return Found(
        {f"dead_{rate:g}": one.tolist() for rate, one in zip(rates, dead)},
        "; ".join(f"{rate:g}: {text}" for rate, text in shown.items()),
        agrees=bool(dead[0].max() <= 0.15 and 0.3 < dead[1].mean() < 0.9 and dead[2].min() > 0.9),
        is_close=bool(dead[1].min() > 0.31 and dead[1].max() < 0.61),
    )


def plain_digits() -> np.ndarray:
    """Return the training rows of the digits with features between 0 and 1."""
    from sklearn.datasets import load_digits

    x = load_digits().data
    order = np.random.default_rng(0).permutation(len(x))[:TRAIN_ROWS]
    return (x[order] / 16).astype("float32")


def dead_shares(model: Any, members: Any, x: np.ndarray) -> np.ndarray:
    """Return the share of units that no row brings above zero, (member, hidden layer)."""
    import jax.numpy as jnp

    from fathom import models, train

    sites = [site for site in models.find_sites(models.trace(model, x)) if not site.is_head]

    def look(_: Any, outputs: list[Any], __: Any) -> Any:
        return jnp.stack([(one.max(axis=0) <= 0).mean() for one in outputs])

    ((_, found),) = train.observed(model, sites, train.weights_of(members), x, look, rows=len(x))
    return np.asarray(found)


@row(
    "edge-of-stability",
    experiment="full-batch gradient descent, half-MSE, step 0.1 (Cohen et al. 2021)",
    expected="sharpness climbs to 19.3 against 2/step = 20",
    setting=f"{SPLIT}; one-hot targets, 2 tanh layers of 100, Glorot, 4000 steps, 2 seeds; largest "
    "eigenvalue of the Hessian by 60 power iterations",
)
def edge_of_stability() -> Found:
    import keras

    import fathom

    (x, y), _ = digits()
    targets = np.eye(10, dtype="float32")[y]
    model = keras.Sequential(
        [
            keras.Input((64,)),
            *(keras.layers.Dense(100, activation="tanh") for _ in range(2)),
            keras.layers.Dense(10),
        ]
    )
    model.compile(keras.optimizers.SGD(0.1), half_squared_error)
    members = fathom.Population(model, seed=range(2), learning_rate=0.1)
    steps = {0: sharpness_at_start(model, (x, targets))}
    for steps_so_far in (500, 1000, 2000, 4000):
        done = max(steps)
        trained(members, (x, targets), epochs=steps_so_far - done, batch_size=len(x))
        steps[steps_so_far] = sharpnesses(model, members, (x, targets))
    start, end = steps[0], steps[4000]
    course = ", ".join(f"{at}: {values.mean():.1f}" for at, values in steps.items())
    return Found(
        {f"sharpness_{at}": values.tolist() for at, values in steps.items()},
        f"sharpness by step {course}",
        agrees=bool(start.mean() + 1 < end.mean() and (np.abs(end - 20) < 2).all()),
        is_close=bool((np.abs(end - 20) < 1).all()),
    )


def half_squared_error(y_true: Any, y_pred: Any) -> Any:
    """Return half the squared distance of each row's outputs from its targets."""
    import keras

    return 0.5 * keras.ops.sum(keras.ops.square(y_true - y_pred), axis=-1)


def sharpness_at_start(model: Any, data: Any) -> np.ndarray:
    """Return the sharpness that two fresh networks begin with."""
    from fathom import models, train

    return _sharpness(model, train.fresh_weights(models.renewal(model, (64,)), range(2)), data)


def sharpnesses(model: Any, members: Any, data: Any) -> np.ndarray:
    """Return every member's sharpness."""
    from fathom import train

    return _sharpness(model, train.weights_of(members), data)


def _sharpness(model: Any, networks: Any, data: Any) -> np.ndarray:
    import jax
    import jax.numpy as jnp

    from fathom import models

    x, y = data

    def loss(weights: Any) -> Any:
        outputs = models.stateless_outputs(model, weights, [], x)
        return half_squared_error(y, outputs).mean()

    def largest(weights: Any) -> Any:
        def unit(v: Any) -> Any:
            norm = jnp.sqrt(sum(jnp.square(one).sum() for one in v))
            return [one / norm for one in v]

        def step(_: int, v: Any) -> Any:
            return unit(jax.jvp(jax.grad(loss), (weights,), (v,))[1])

        keys = jax.random.split(jax.random.key(0), len(weights))
        start = unit([jax.random.normal(k, w.shape) for k, w in zip(keys, weights)])
        v = jax.lax.fori_loop(0, 60, step, start)
        product = jax.jvp(jax.grad(loss), (weights,), (v,))[1]
        return sum((a * b).sum() for a, b in zip(v, product))

    each = jax.jit(largest)
    return np.array(
        [
            float(each([np.asarray(values[place]) for values in networks.trainable]))
            for place in range(networks.number)
        ]
    )


# -- attribution and transfer ------------------------------------------------------------


@row(
    "conductance",
    experiment="conductance completeness",
    expected="error below 0.2% at 50 steps",
    setting=f"{SPLIT}; 3 ReLU layers of 64, Adam 1e-3, 10 epochs, seed 0; path from the mean input "
    "to 200 test rows, logit of the predicted class; sum over the units of each layer",
)
def conductance() -> Found:
    learned, (x, _) = digits()
    members = population(network(3, **relu(width=64)), seed=[0], learning_rate=1e-3)
    trained(members, learned, epochs=10)
    errors = [completeness(members.member(0), place, x[:200]) for place in range(3)]
    worst = max(errors)
    return Found(
        {"errors": errors},
        "by layer " + ", ".join(f"{100 * error:.3f}%" for error in errors),
        agrees=worst < 0.002,
    )


def completeness(model: Any, place: int, x: np.ndarray, steps: int = 50) -> float:
    """Return by how much the conductances of a layer miss F(x) - F(x'), relative, over all rows."""
    import jax
    import jax.numpy as jnp
    import keras

    from fathom import measure

    hidden = [layer for layer in model.layers if layer.name.startswith("activation")][place]
    below = keras.Model(model.inputs[0], hidden.output)
    above = keras.Model(hidden.output, model.outputs[0])
    classes = jnp.argmax(model(x), axis=1)
    points = measure.path_points(jnp.asarray(x), jnp.zeros(64), steps)  # (rows, steps + 1, 64)
    outputs = jax.vmap(below)(points)

    def logit(h: Any, one: Any) -> Any:
        return above(h[None])[0, one]

    along = jax.vmap(jax.vmap(jax.value_and_grad(logit), (0, None)))
    values, gradients = along(outputs, classes)
    summed = measure.conductance(outputs, gradients).sum(axis=-1)
    difference = values[:, -1] - values[:, 0]
    return float(jnp.abs(summed - difference).sum() / jnp.abs(difference).sum())


@row(
    "transfer",
    experiment="digits 0-4 to 5-9, 100 labels",
    expected="no transfer gain; claim none",
    setting="source: 3 ReLU layers of 64 trained on digits 0-4 (features/16, Adam 1e-3, 40 epochs, "
    "seed 1); fathom.transfer, labels=100 (drawn for each of 5 seeds), all else as it comes",
)
def transfer() -> Found:
    import keras
    from sklearn.datasets import load_digits

    import fathom

    x, y = load_digits(return_X_y=True)
    x, low = (x / 16).astype("float32"), y < 5
    keras.utils.set_random_seed(1)
    hidden = [keras.layers.Dense(64, activation="relu") for _ in range(3)]
    source = keras.Sequential([keras.Input((64,)), *hidden, keras.layers.Dense(5)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    source.compile(keras.optimizers.Adam(1e-3), loss)
    fathom.fit(source, x[low], y[low], epochs=40, batch_size=32, verbose=0)
    found = fathom.transfer(source, (x[~low], y[~low] - 5), labels=100)
    arm, gain = found.result.chosen_arm(), found.result.choice.gain
    return Found(
        {"is_gain": found.is_gain, "gain": gain.mean, "low": gain.low, "high": gain.high},
        f"{'gain' if found.is_gain else 'no gain claimed'}: best way {arm.name} with {arm.cut} "
        f"kept, {arm.test.mean:.3f} against {found.result.base.test.mean:.3f} from scratch, "
        f"difference {gain.mean:+.3f} [{gain.low:+.3f}, {gain.high:+.3f}]",
        agrees=not found.is_gain,
    )


# -- the table ---------------------------------------------------------------------------


def main() -> int:
    """Run the rows, and print or write each as it is done."""
    options = _options()
    import fathom  # noqa: F401  chooses Keras's backend

    print("\n".join(HEAD))
    for name in options.only or ROWS:
        line = _line(ROWS[name])
        print(line, flush=True)
        if options.write:
            _write(name, line)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=list(ROWS), metavar="ROW")
    parser.add_argument("--write", action="store_true")
    return parser.parse_args()


def _line(one: Row) -> str:
    started, busy = time.perf_counter(), time.process_time()
    found = one.run()
    seconds, busy = time.perf_counter() - started, time.process_time() - busy
    told = f"{one.name}: {found.text} [{seconds:.0f} s, {busy:.0f} s of processor]"
    print(told, file=sys.stderr, flush=True)
    verdict = f"{found.verdict}: {found.remark}" if found.remark else found.verdict
    cells = (
        f"{one.experiment} (`{one.name}`)",
        one.expected,
        found.text,
        verdict,
        one.setting,
    )
    return f"| {' | '.join(cells)} |"


def _write(name: str, line: str) -> None:
    """Put a row into the page, in the script's order."""
    text = PAGE.read_text("utf-8")
    before, _, rest = text.partition(BEGIN)
    old, _, after = rest.partition(END)
    lines = {key: one for one in old.splitlines() for key in ROWS if f"(`{key}`)" in one}
    lines[name] = line
    table = [*HEAD, *(lines[key] for key in ROWS if key in lines)]
    PAGE.write_text("\n".join([f"{before}{BEGIN}", *table, f"{END}{after}"]), "utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
