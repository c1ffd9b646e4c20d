"""What newcomers are told to expect on MNIST: 784-10-10 and 784-512-10, SGD at rate 0.01."""

from __future__ import annotations

from fathom.studies.experiments.arms import MNIST, Arm, Data, Training
from fathom.studies.experiments.frame import Experiment, Quantity, gain, level
from fathom.studies.experiments.networks import mlp
from fathom.studies.experiments.quantities import test_accuracy

THEME = "The MNIST ladder"
ACCURACY = Quantity(name="test accuracy", of=test_accuracy)
ROWS = 60_000


def _arm(name: str, units: int, activation: str, batch_size: int) -> Arm:
    # Keras's Dense(units, "relu") draws Glorot's weights, which is what the numbers are about.
    return Arm(
        name=name,
        network=mlp(1, units, activation=activation, initializer="glorot_uniform"),
        training=Training(
            optimizer="sgd",
            learning_rates=(0.01,),
            epochs=(5, 20),
            batch_size=batch_size,
            epoch_rows=ROWS,
        ),
    )


RELU = Experiment(
    name="relu-over-sigmoid",
    theme=THEME,
    seconds=18,
    claim="ReLU instead of sigmoid gains about 2% on MNIST.",
    source="Introductory MNIST courses",
    data=Data(source=MNIST),
    arms=(_arm("10 sigmoid", 10, "sigmoid", 100), _arm("10 ReLU", 10, "relu", 100)),
    quantities=(ACCURACY,),
    expectations=(
        gain(
            "ReLU is better by at least 1 point after 5 epochs",
            "10 ReLU, 5 epochs",
            over="10 sigmoid, 5 epochs",
            at_least=0.01,
        ),
        gain(
            "The gain is 1 to 3 points after 5 epochs",
            "10 ReLU, 5 epochs",
            over="10 sigmoid, 5 epochs",
            at_least=0.01,
            at_most=0.03,
        ),
        gain(
            "The gain is 1 to 3 points after 20 epochs",
            "10 ReLU, 20 epochs",
            over="10 sigmoid, 20 epochs",
            at_least=0.01,
            at_most=0.03,
        ),
    ),
    because="A sigmoid's slope is at most a quarter, so SGD at the same rate takes smaller steps: "
    "much of the gain is speed, and shrinks as both train on.",
    depends_on="how long both train: ReLU gains, but not 2%",
)

UNITS = Experiment(
    name="mnist-94-96",
    theme=THEME,
    seconds=118,
    claim="On MNIST 512 hidden units instead of 10 reach 94%, and 20 epochs instead of 5 reach "
    "96%.",
    source="Introductory MNIST courses",
    data=Data(source=MNIST),
    arms=(
        _arm("10 units, batch 100", 10, "relu", 100),
        _arm("512 units, batch 100", 512, "relu", 100),
        _arm("512 units, batch 32", 512, "relu", 32),
    ),
    quantities=(ACCURACY,),
    expectations=(
        level(
            "512 units, 5 epochs, batches of 100: at least 94%",
            "512 units, batch 100, 5 epochs",
            at_least=0.94,
        ),
        level(
            "512 units, 20 epochs, batches of 100: at least 96%",
            "512 units, batch 100, 20 epochs",
            at_least=0.96,
        ),
        level(
            "512 units, 5 epochs, batches of 32: at least 94%",
            "512 units, batch 32, 5 epochs",
            at_least=0.94,
        ),
        level(
            "512 units, 20 epochs, batches of 32: at least 96%",
            "512 units, batch 32, 20 epochs",
            at_least=0.96,
        ),
        gain(
            "512 units are better than 10 by at least 1 point after 5 epochs",
            "512 units, batch 100, 5 epochs",
            over="10 units, batch 100, 5 epochs",
            at_least=0.01,
            votes=False,
        ),
    ),
    because="An epoch of batches of 32 has three times the steps of one of batches of 100, at the "
    "same rate: the numbers that go round belong to the smaller batch.",
    depends_on="the batch size",
)

EXPERIMENTS = (RELU, UNITS)
