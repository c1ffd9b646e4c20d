"""Experiments worth opening, each with a sentence on what to look at."""

from __future__ import annotations

from typing import Any

from fathom.play.experiment import (
    DEFAULT,
    Data,
    Experiment,
    Layer,
    Network,
    Regularization,
    changed,
    experiment_data,
)


def presets_data() -> list[dict[str, Any]]:
    """Return the presets as JSON data."""
    return [
        {"key": key, "title": title, "words": words, "experiment": experiment_data(experiment)}
        for key, title, words, experiment in _presets()
    ]


def _stack(*units: int, activation: str = "tanh", **layer: Any) -> tuple[Layer, ...]:
    return tuple(Layer(units=count, activation=activation, **layer) for count in units)


def _modern(source: str, layers: tuple[Layer, ...], **changes: Any) -> Experiment:
    initializer = changes.pop("initializer", "glorot_uniform")
    data = changes.pop("data", Data(source=source))
    rate = changes.pop("rate", 0.01)
    return changed(
        DEFAULT,
        mode="modern",
        shuffle=True,
        data=data,
        network=Network(layers=layers, initializer=initializer),
        optimizer={"name": changes.pop("optimizer", "adam"), "learning_rate": rate},
        **changes,
    )


def _classic(source: str, layers: tuple[Layer, ...], **changes: Any) -> Experiment:
    data = Data(source=source, noise=changes.pop("noise", 0))
    rate = {"name": "sgd", "learning_rate": changes.pop("rate", 0.03)}
    return changed(DEFAULT, data=data, network=Network(layers=layers), optimizer=rate, **changes)


def _presets() -> list[tuple[str, str, str, Experiment]]:
    return [
        (
            "straight-line",
            "One straight line",
            "No hidden layer: watch the border stay straight, which is enough for two clouds.",
            _classic("gauss", ()),
        ),
        (
            "line-fails",
            "Where a line fails",
            "Still no hidden layer: the loss stops falling early. Add a layer of three units.",
            _classic("circle", ()),
        ),
        (
            "better-features",
            "Better features, no layers",
            "With squared inputs a ring is a straight line: features can replace depth.",
            _classic("circle", (), features=("x^2", "y^2")),
        ),
        (
            "too-narrow",
            "Two units are too few",
            "A closed border needs three lines: try another seed, then add a third unit.",
            _classic("circle", _stack(2), rate=0.1),
        ),
        (
            "spiral",
            "The spiral, solved",
            "Each layer folds the plane a little more; open the transformed space to see it.",
            _modern("spiral", _stack(16, 16, 16), rate=0.01),
        ),
        (
            "rate-too-high",
            "A learning rate too high",
            "The loss jumps instead of falling. Divide the rate by ten, then look at the descent.",
            _classic("xor", _stack(4, 2), rate=3.0),
        ),
        (
            "exploding",
            "Not a number",
            "Nothing bounds these layers: read what broke first, then click a mend.",
            _modern(
                "plane",
                _stack(8, 8, 8, activation="linear"),
                optimizer="sgd",
                rate=0.01,
                initializer="he_normal",
            ),
        ),
        (
            "vanishing",
            "The vanishing gradient",
            "Ten sigmoid layers: the health strip shows hardly any gradient reach the first.",
            _modern("circle", _stack(*[8] * 10, activation="sigmoid"), optimizer="sgd", rate=0.3),
        ),
        (
            "skip",
            "The same depth with skips",
            "Ten layers that add to what they get: the gradient arrives, and it learns.",
            _modern("circle", _stack(*[8] * 10, activation="tanh", skip=True), rate=0.01),
        ),
        (
            "dead-units",
            "Dead units",
            "A large rate kills ReLU units: grey maps that say the same everywhere, for good.",
            _classic("xor", _stack(8, 8, activation="relu"), rate=0.3),
        ),
        (
            "overfitting",
            "Learning by heart",
            "Few noisy points, many units: the test loss turns up while the training loss falls.",
            _modern(
                "gauss",
                _stack(32, 32, activation="relu"),
                data=Data(source="gauss", noise=50, train_share=10),
                initializer="he_normal",
            ),
        ),
        (
            "pruning",
            "L1 cuts links",
            "Links die one by one until few are left: the network that is needed.",
            _classic(
                "circle",
                _stack(6, 4, activation="relu"),
                rate=0.03,
                regularization=Regularization(name="l1", rate=0.003),
                features=("x", "y", "x^2", "y^2"),
            ),
        ),
        (
            "zeros",
            "All weights zero",
            "Units that begin alike stay alike: all maps of a layer are the same picture.",
            changed(_classic("xor", _stack(4, 4)), init_zero=True),
        ),
        (
            "hills",
            "Regression: six hills",
            "Colours are values now. Watch which hills are found first.",
            _modern("gaussian", _stack(16, 16), rate=0.01),
        ),
        (
            "three-classes",
            "Three classes",
            "Softmax: three outputs that share one certainty between them.",
            _modern("iris", _stack(8, activation="relu"), initializer="he_normal"),
        ),
        (
            "digits",
            "Handwritten digits",
            "The first layer's weights as pictures: see strokes appear.",
            _modern(
                "digits",
                _stack(16, activation="relu"),
                initializer="he_normal",
                rate=0.003,
                batch_size=32,
            ),
        ),
    ]
