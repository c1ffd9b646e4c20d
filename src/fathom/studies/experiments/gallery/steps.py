"""Steps: their size, their direction, their number, and how many rows each one sees."""

from __future__ import annotations

import numpy as np

from fathom.studies.experiments.addresses import moons_address
from fathom.studies.experiments.arms import Arm, Data, Training
from fathom.studies.experiments.frame import (
    DECADES,
    NUMBER,
    Axis,
    Experiment,
    Quantity,
    gain,
    level,
)
from fathom.studies.experiments.networks import mlp
from fathom.studies.experiments.quantities import (
    final_loss,
    rising_epochs,
    steps_taken,
    test_accuracy,
    test_loss,
)
from fathom.studies.experiments.splits import Rows, Splits

THEME = "Steps and batches"
DIGITS = Data(source="digits", options={"test_share": 0.5})
ACCURACY = Quantity(name="test accuracy", of=test_accuracy)
LOSS = Quantity(name="training loss", of=final_loss, unit=DECADES)
RISES = Quantity(name="epochs in which the training loss rises", of=rising_epochs)

RATE_SIZE = Experiment(
    name="rate-too-large-or-small",
    theme=THEME,
    seconds=3,
    claim="A learning rate that is too large bounces, and one that is too small crawls.",
    source="Every introduction to gradient descent",
    data=DIGITS,
    arms=tuple(
        Arm(
            name=f"rate {rate:g}",
            network=mlp(2, 32),
            training=Training(optimizer="sgd", learning_rates=(rate,), epochs=20),
            at=rate,
        )
        for rate in (0.001, 0.01, 0.1, 1.0, 3.0)
    ),
    quantities=(LOSS, RISES),
    expectations=(
        gain(
            "At 0.001 the loss stays at least three times that at 0.1",
            "rate 0.001",
            over="rate 0.1",
            at_least=0.477,
        ),
        level("and falls in nearly every epoch", "rate 0.001", of=RISES.name, at_most=0.05),
        gain(
            "At 3 the loss stays at least three times that at 0.1",
            "rate 3",
            over="rate 0.1",
            at_least=0.477,
        ),
        level("and rises in a quarter of the epochs", "rate 3", of=RISES.name, at_least=0.25),
    ),
    because="Along a direction of curvature c gradient descent multiplies the distance by "
    "1 − rate × c: near 1 it crawls, below −1 it grows with every bounce.",
    depends_on="the rate",
    axis=Axis(title="learning rate", is_log=True),
    playground="#dataset=circle&networkShape=4,2&activation=tanh&learningRate=3&batchSize=10",
)

CONSTANT, COSINE = "constant rate", "rate that falls to 0"
LARGE_RATE, RATES = 0.3, (0.01, 0.03, 0.1, 0.3)
DECAY = Experiment(
    name="decay-helps",
    theme=THEME,
    seconds=10,
    claim="Letting the learning rate decay helps.",
    source="Robbins and Monro, 1951; Loshchilov and Hutter, ICLR 2017",
    data=Data(
        source="moons",
        options={"rows": 20_000, "noise": 30, "test_share": 0.9, "validation_share": 0.05},
    ),
    arms=tuple(
        Arm(
            name=f"{name}, {rate_name}",
            network=mlp(2, 32),
            training=Training(
                optimizer="sgd",
                learning_rates=rates,
                epochs=30,
                batch_size=4,
                schedule=schedule,
            ),
        )
        for rate_name, rates in ((f"from {LARGE_RATE:g}", (LARGE_RATE,)), ("best rate", RATES))
        for name, schedule in ((CONSTANT, "constant"), (COSINE, "cosine"))
    ),
    quantities=(ACCURACY, LOSS),
    expectations=(
        gain(
            f"From a large rate, {LARGE_RATE:g}: at least 1 point more on test rows",
            f"{COSINE}, from {LARGE_RATE:g}",
            over=f"{CONSTANT}, from {LARGE_RATE:g}",
            at_least=0.01,
        ),
        gain(
            "With the best rate for each: at least 1 point more",
            f"{COSINE}, best rate",
            over=f"{CONSTANT}, best rate",
            at_least=0.01,
        ),
        gain(
            f"From {LARGE_RATE:g}: a training loss that is at least a tenth lower",
            f"{COSINE}, from {LARGE_RATE:g}",
            over=f"{CONSTANT}, from {LARGE_RATE:g}",
            of=LOSS.name,
            at_most=-0.046,
        ),
    ),
    because="At a constant rate the noise of small batches keeps the weights moving around the "
    "minimum, the further the larger the rate; a falling rate lets them settle. A smaller constant "
    "rate does so too, if it is looked for.",
    depends_on="what is looked at: the training loss falls, test rows hardly notice",
    playground=moons_address(
        units=16,
        layers=2,
        train_share=50,
        batch_size=4,
        optimizer={"name": "sgd", "learning_rate": LARGE_RATE},
        schedule={"name": "cosine"},
    ),
)

FEATURES, ROWS = 20, 400


def _ill(seed: int) -> Splits:
    return _linear_task(seed, condition=1000.0)


def _well(seed: int) -> Splits:
    return _linear_task(seed, condition=1.0)


def _linear_task(seed: int, *, condition: float) -> Splits:
    """Return a linear target of features whose variances span `condition`, without noise."""
    draw = np.random.default_rng([seed, 12])
    basis = np.linalg.qr(draw.normal(size=(ROWS, FEATURES)))[0] * np.sqrt(ROWS)
    x = basis * np.sqrt(np.geomspace(1, 1 / condition, FEATURES))
    y = basis @ draw.normal(size=FEATURES)
    rows = Rows(x.astype("float32"), (y / y.std()).astype("float32"))
    return Splits(train=rows, validation=rows, test=rows, num_classes=0, words="")


ILL = Data(make=_ill, words="20 features whose variances span 1,000, a linear target, 400 rows")
WELL = Data(make=_well, words="20 features of one variance, a linear target, 400 rows")
MOMENTA = (
    ("gradient descent", {}),
    ("momentum 0.9", {"momentum": 0.9}),
    ("Nesterov 0.9", {"momentum": 0.9, "nesterov": True}),
)
MOMENTUM = Experiment(
    name="momentum",
    theme=THEME,
    seconds=3,
    claim="Momentum and Nesterov's momentum help on ill-conditioned problems.",
    source="Polyak, 1964; Nesterov, 1983; Sutskever et al., ICML 2013",
    data=ILL,
    arms=tuple(
        Arm(
            name=f"{name}, {data_name}",
            network=mlp(0),
            training=Training(
                optimizer="sgd",
                settings=settings,
                learning_rates=(0.03, 0.1, 0.3, 0.9, 1.5),
                epochs=100,
                batch_size=ROWS,
                chosen_by="loss",
            ),
            data=data,
        )
        for data_name, data in (("ill-conditioned", ILL), ("well-conditioned", WELL))
        for name, settings in MOMENTA
    ),
    quantities=(LOSS,),
    expectations=(
        *(
            gain(
                f"Ill-conditioned: {name} leaves at most half of the loss",
                f"{name}, ill-conditioned",
                over="gradient descent, ill-conditioned",
                at_most=-0.301,
            )
            for name, _ in MOMENTA[1:]
        ),
        gain(
            "Well-conditioned: it does not",
            "momentum 0.9, well-conditioned",
            over="gradient descent, well-conditioned",
            at_least=-0.301,
            votes=False,
        ),
    ),
    because="Steps along a flat direction add up, those across a steep one cancel. Where all "
    "directions are alike there is nothing to gain.",
    depends_on="which momentum",
)

EPOCHS, SMALL, LARGE = 15, 8, 512
BATCH_RATES = (0.01, 0.03, 0.1, 0.3, 1.0)


def _batch(size: int, epochs: int, name: str) -> Arm:
    return Arm(
        name=name,
        network=mlp(2, 32),
        training=Training(
            optimizer="sgd", learning_rates=BATCH_RATES, epochs=epochs, batch_size=size
        ),
    )


STEPS = Quantity(name="steps", of=steps_taken, unit=DECADES)
BATCHES = Experiment(
    name="larger-batches",
    theme=THEME,
    seconds=8,
    claim="Larger batches make a network more accurate, because their gradients are more exact.",
    source="A common belief; against it Keskar et al., ICLR 2017, and Shallue et al., JMLR 2019",
    data=DIGITS,
    arms=(
        *(_batch(size, EPOCHS, f"batch {size}") for size in (SMALL, 32, 128, LARGE)),
        _batch(LARGE, 34 * EPOCHS, f"batch {LARGE}, as many steps as batch {SMALL}"),
    ),
    quantities=(ACCURACY, LOSS, STEPS),
    expectations=(
        gain(
            f"At equal epochs batches of {LARGE} are at least 2 points better than of {SMALL}",
            f"batch {LARGE}",
            over=f"batch {SMALL}",
            at_least=0.02,
        ),
        gain(
            "At equal steps, too",
            f"batch {LARGE}, as many steps as batch {SMALL}",
            over=f"batch {SMALL}",
            at_least=0.02,
        ),
        gain(
            "What they are is fewer: at equal epochs at most a thirtieth of the steps",
            f"batch {LARGE}",
            over=f"batch {SMALL}",
            of=STEPS.name,
            at_most=-1.477,
            votes=False,
        ),
        gain(
            "and at equal epochs they have learned less: the training loss is at least doubled",
            f"batch {LARGE}",
            over=f"batch {SMALL}",
            of=LOSS.name,
            at_least=0.301,
            votes=False,
        ),
    ),
    because="The noise of small batches averages out over steps and does not mislead; past the "
    "gradient noise scale more rows make a step hardly better, and at equal epochs there are "
    "fewer steps. What large batches are is parallel: fewer steps in a row.",
    depends_on="whether epochs or steps are held equal",
)

NATS = Quantity(name="test loss (nats)", of=test_loss, unit=NUMBER)
TURNING = Experiment(
    name="more-epochs-turn",
    theme=THEME,
    seconds=2,
    claim="After some number of epochs, more of them make a network worse.",
    source="Textbooks on early stopping; Prechelt, 1998",
    data=Data(
        source="moons",
        options={"rows": 5000, "noise": 30, "test_share": 0.8, "validation_share": 0.1},
        train_rows=100,
    ),
    arms=(
        Arm(
            name="3 layers of 64",
            network=mlp(3, 64),
            training=Training(epochs=(5, 20, 80, 320), batch_size=20),
            line="",
        ),
    ),
    quantities=(NATS, ACCURACY),
    expectations=(
        gain(
            "The test loss rises by at least 0.1 nats from 20 epochs to 320",
            "3 layers of 64, 320 epochs",
            over="3 layers of 64, 20 epochs",
            at_least=0.1,
        ),
        gain(
            "The test accuracy falls by at least 1 point",
            "3 layers of 64, 320 epochs",
            over="3 layers of 64, 20 epochs",
            of=ACCURACY.name,
            at_most=-0.01,
        ),
    ),
    because="Once the training rows are right, the loss can only fall by surer predictions; where "
    "those are wrong, on test rows, the loss grows. Accuracy does not count how sure they are.",
    depends_on="what is looked at, loss or accuracy",
    axis=Axis(title="epochs", is_log=True),
    playground=moons_address(units=16, layers=3, batch_size=20),
)

EXPERIMENTS = (RATE_SIZE, DECAY, MOMENTUM, BATCHES, TURNING)
