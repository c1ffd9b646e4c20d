"""What more depth gives, what it costs, and what it needs."""

from __future__ import annotations

from fathom.studies.experiments.addresses import moons_address
from fathom.studies.experiments.arms import Arm, Data, Training
from fathom.studies.experiments.frame import DECADES, Axis, Expectation, Experiment, Quantity, gain
from fathom.studies.experiments.networks import mlp, with_dense_ending
from fathom.studies.experiments.quantities import (
    chosen_rate,
    generalisation_gap,
    num_parameters,
    test_accuracy,
)

THEME = "What more depth gives"
DIGITS = Data(source="digits", options={"test_share": 0.5})
ACCURACY = Quantity(name="test accuracy", of=test_accuracy)
DEPTH = Axis(title="hidden layers")

SPIRAL = Data(source="spiral", options={"rows": 3000, "noise": 5, "test_share": 0.7})
RETURNS_DEPTHS = {"digits": (0, 1, 2, 4, 8), "spiral": (0, 1, 2, 4, 8)}


def _returns(name: str, data: Data, depth: int) -> Arm:
    return Arm(
        name=f"{name}, {depth} layer{'s' if depth != 1 else ''}",
        network=mlp(depth, 32),
        training=Training(learning_rates=(1e-3, 1e-2), epochs=30),
        data=data,
        at=depth,
        line=name,
    )


RETURNS = Experiment(
    name="diminishing-returns",
    theme=THEME,
    seconds=12,
    claim="Returns diminish with depth: the first layers gain most.",
    source="Tuning guides; He et al., CVPR 2016, figure 1",
    data=DIGITS,
    arms=tuple(
        _returns(name, data, depth)
        for name, data in (("digits", DIGITS), ("spiral", SPIRAL))
        for depth in RETURNS_DEPTHS[name]
    ),
    quantities=(ACCURACY,),
    expectations=(
        *(
            Expectation(
                says=f"{name.capitalize()}: layers 1 and 2 together gain at least 1 point more "
                "than layers 3 to 8",
                weights={f"{name}, 2 layers": 2.0, f"{name}, 0 layers": -1.0}
                | {f"{name}, 8 layers": -1.0},
                at_least=0.01,
            )
            for name in RETURNS_DEPTHS
        ),
        gain(
            "Digits: layers 3 to 8 gain at most 1 point",
            "digits, 8 layers",
            over="digits, 2 layers",
            at_most=0.01,
        ),
    ),
    because="Each layer can only improve on what the layers before left wrong, and is harder to "
    "train than they were.",
    depends_on="the data",
    axis=DEPTH,
)

GAP = Quantity(name="accuracy on training rows less that on test rows", of=generalisation_gap)
NOISY = {"rows": 5000, "noise": 30, "test_share": 0.8, "validation_share": 0.1}
MOONS = Data(source="moons", options=NOISY, train_rows=60)
FEW_DIGITS = Data(source="digits", options={"test_share": 0.6}, train_rows=100)

OVERFITTING = Experiment(
    name="deep-overfits",
    theme=THEME,
    seconds=14,
    claim="Deeper networks overfit small data.",
    source="Textbooks; against it, Zhang et al., ICLR 2017, and Belkin et al., PNAS 2019",
    data=MOONS,
    arms=tuple(
        Arm(
            name=f"{name}, {depth} layer{'s' if depth > 1 else ''}",
            network=mlp(depth, 64),
            training=Training(learning_rates=(1e-3, 3e-3), epochs=150, batch_size=20),
            data=data,
            at=depth,
            line=name,
        )
        for name, data in (("60 noisy points", MOONS), ("100 digits", FEW_DIGITS))
        for depth in (1, 6)
    ),
    quantities=(ACCURACY, GAP),
    expectations=(
        *(
            gain(
                f"{name.capitalize()}: six layers are at least 1 point worse on test rows",
                f"{name}, 6 layers",
                over=f"{name}, 1 layer",
                at_most=-0.01,
            )
            for name in ("60 noisy points", "100 digits")
        ),
        gain(
            "60 noisy points: the gap between training and test rows widens by 2 points",
            "60 noisy points, 6 layers",
            over="60 noisy points, 1 layer",
            of=GAP.name,
            at_least=0.02,
        ),
    ),
    because="A deep network has more ways to fit the rows it saw, and few rows do not tell them "
    "apart. But most of those ways are smooth: it costs less than counting weights suggests.",
    depends_on="the data, and on whether the gap or the test score is looked at",
    playground=moons_address(units=16, layers=6, batch_size=20),
    seeds=10,
    axis=DEPTH,
)

NONE = "no regularisation"
REGULARISED = (
    (NONE, {}, None),
    ("dropout 0.3", {"dropout": 0.3}, None),
    ("L2 0.01", {"l2": 0.01}, None),
    ("early stopping", {}, 10),
)
REGULARISERS = Experiment(
    name="regularisers-help",
    theme=THEME,
    seconds=5,
    claim="Dropout, L2 and early stopping each help a deep network on small data.",
    source="Srivastava et al., JMLR 2014; Prechelt, 1998; textbooks",
    data=MOONS,
    arms=tuple(
        Arm(
            name=name,
            network=mlp(4, 64, **settings),
            training=Training(
                learning_rates=(1e-3, 3e-3), epochs=200, batch_size=20, patience=patience
            ),
        )
        for name, settings, patience in REGULARISED
    ),
    quantities=(ACCURACY, GAP),
    expectations=tuple(
        gain(f"{name.capitalize()}: at least half a point more", name, over=NONE, at_least=0.005)
        for name, *_ in REGULARISED[1:]
    ),
    because="Each keeps the network from fitting single noisy points: by noise of its own, by a "
    "price on large weights, by stopping before it happens.",
    depends_on="which one it is",
    playground=moons_address(
        units=16, layers=4, regularization={"name": "l2", "rate": 0.01}, batch_size=20
    ),
)

RATES = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
BEST_RATE = Quantity(name="best learning rate (validation)", of=chosen_rate, unit=DECADES)
RATE_FALLS = Experiment(
    name="best-rate-falls",
    theme=THEME,
    seconds=19,
    claim="The best learning rate falls with depth.",
    source="Tuning guides; for plain networks Saxe et al., ICLR 2014",
    data=DIGITS,
    arms=tuple(
        Arm(
            name=f"{optimizer_word}, {depth} layer{'s' if depth > 1 else ''}",
            network=mlp(depth, 32),
            training=Training(optimizer=optimizer, learning_rates=rates, epochs=12),
            at=depth,
            line=optimizer_word,
        )
        for optimizer, optimizer_word, rates in (
            ("sgd", "SGD", tuple(10 * rate for rate in RATES)),
            ("adam", "Adam", RATES),
        )
        for depth in (1, 4, 12)
    ),
    quantities=(BEST_RATE, ACCURACY),
    expectations=tuple(
        gain(
            f"{name}: at twelve layers it is at most half of that at one",
            f"{name}, 12 layers",
            over=f"{name}, 1 layer",
            at_most=-0.301,
        )
        for name in ("SGD", "Adam")
    ),
    because="A step changes all layers at once, and the changes multiply: the deeper, the smaller "
    "the step that still does what its gradient promised.",
    depends_on="the optimizer",
    axis=Axis(title="hidden layers", is_log=True),
)

PARAMETERS = Quantity(name="parameters", of=num_parameters, unit=DECADES)
WITH, WITHOUT = "convolutions, 2 dense of 128", "convolutions alone"
LAST_LAYERS = Experiment(
    name="removing-dense-layers",
    theme=THEME,
    seconds=5,
    claim="The last dense layers of a convolutional network can be removed at little cost.",
    source="Zeiler and Fergus, ECCV 2014, table 3 (retrained); Lin et al., ICLR 2014",
    data=DIGITS,
    arms=tuple(
        Arm(
            name=name,
            network=with_dense_ending(2, 8, dense=dense, units=128),
            training=Training(learning_rates=(1e-3, 3e-3), epochs=25),
        )
        for name, dense in ((WITH, 2), (WITHOUT, 0))
    ),
    quantities=(ACCURACY, PARAMETERS),
    expectations=(
        gain("Without them at most 3 points are lost", WITHOUT, over=WITH, at_least=-0.03),
        gain(
            "and at least two thirds of the parameters are gone",
            WITHOUT,
            over=WITH,
            of=PARAMETERS.name,
            at_most=-0.477,
        ),
    ),
    because="Dense layers hold most parameters, since every unit reads every position; the last "
    "layer alone can read what convolutions found.",
    depends_on="what is counted: parameters or accuracy",
)

EXPERIMENTS = (RETURNS, OVERFITTING, REGULARISERS, RATE_FALLS, LAST_LAYERS)
