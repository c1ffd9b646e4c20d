"""Points in the plane, and curves: how many units, and how many layers, a shape needs."""

from __future__ import annotations

from fathom.studies.experiments.arms import Arm, Data, Training
from fathom.studies.experiments.frame import DECADES, Axis, Experiment, Quantity, gain, level
from fathom.studies.experiments.networks import mlp
from fathom.studies.experiments.quantities import test_accuracy, test_error, test_r2

THEME = "What a shape needs"
PLAYGROUND = "TensorFlow Playground (Smilkov et al., 2017) and courses that use it"
POINTS = {"rows": 1500, "test_share": 0.5, "validation_share": 0.2}
ACCURACY = Quantity(name="test accuracy", of=test_accuracy)
UNITS = Axis(title="units of the one hidden layer")


def _units(numbers: tuple[int, ...], epochs: int) -> tuple[Arm, ...]:
    """Return arms of one hidden tanh layer."""
    training = Training(learning_rates=(0.01, 0.03), epochs=epochs, batch_size=30)
    return tuple(
        Arm(
            name=f"{number} unit{'s' if number > 1 else ''}",
            network=mlp(1, number, activation="tanh"),
            training=training,
            at=number,
        )
        for number in numbers
    )


NEURON = Experiment(
    name="one-neuron",
    theme=THEME,
    seconds=2,
    claim="A single neuron separates two clusters, and cannot separate a disc from a ring.",
    source="Minsky and Papert, Perceptrons, 1969",
    data=Data(source="gauss", options=POINTS),
    arms=tuple(
        Arm(
            name=name,
            network=mlp(0),
            training=Training(learning_rates=(0.03,), epochs=30),
            data=Data(source=source, options=POINTS),
        )
        for name, source in (("two clusters", "gauss"), ("disc in a ring", "circle"))
    ),
    quantities=(ACCURACY,),
    expectations=(
        level("Two clusters: at least 97% right", "two clusters", at_least=0.97),
        level("Disc in a ring: at most 75% right", "disc in a ring", at_most=0.75),
    ),
    because="A neuron without a hidden layer cuts the plane along one straight line.",
    depends_on="the shape",
    playground="#dataset=circle&networkShape=&learningRate=0.03&batchSize=10",
)

CIRCLE = Experiment(
    name="three-units",
    theme=THEME,
    seconds=3,
    claim="Three hidden units separate a disc from the ring around it; two do not.",
    source=PLAYGROUND,
    data=Data(source="circle", options=POINTS),
    arms=_units((1, 2, 3, 4), 60),
    quantities=(ACCURACY,),
    expectations=(
        level("Three units: at least 97% right", "3 units", at_least=0.97),
        level("Two units: at most 97% right", "2 units", at_most=0.97),
    ),
    because="Each unit draws one line. Three lines close a triangle around the disc; two leave it "
    "open on a side.",
    depends_on="the number of units",
    axis=UNITS,
    playground="#dataset=circle&networkShape=3&activation=tanh&learningRate=0.03&batchSize=10",
)

QUADRANTS = Experiment(
    name="four-quadrants",
    theme=THEME,
    seconds=8,
    claim="Four quadrants (exclusive or) need about five hidden units.",
    source=PLAYGROUND,
    data=Data(source="xor", options=POINTS),
    arms=_units((2, 3, 4, 5, 6), 60),
    quantities=(ACCURACY,),
    expectations=(
        level("Five units: at least 97% right", "5 units", at_least=0.97),
        level("Three units: at most 97% right", "3 units", at_most=0.97),
        level("Four units: at most 97% right", "4 units", at_most=0.97, votes=False),
    ),
    because="Two lines separate the quadrants, but two units add up to no border along both; "
    "each further unit bends the border, and more units make a good start likelier.",
    depends_on="what counts as enough",
    seeds=10,
    axis=UNITS,
    playground="#dataset=xor&networkShape=5&activation=tanh&learningRate=0.03&batchSize=10",
)

SPIRAL = Experiment(
    name="spiral-layers",
    theme=THEME,
    seconds=4,
    claim="The spiral needs more than one hidden layer.",
    source=PLAYGROUND,
    data=Data(source="spiral", options=POINTS),
    arms=tuple(
        Arm(
            name=name,
            network=mlp(depth, width, activation="tanh"),
            training=Training(learning_rates=(0.01, 0.03), epochs=100, batch_size=30),
        )
        for name, depth, width in (
            ("1 layer of 8", 1, 8),
            ("2 layers of 8", 2, 8),
            ("3 layers of 8", 3, 8),
            ("4 layers of 8", 4, 8),
            ("1 layer of 62", 1, 62),
        )
    ),
    quantities=(ACCURACY,),
    expectations=(
        gain(
            "Two layers of 8 are at least 10 points better than one",
            "2 layers of 8",
            over="1 layer of 8",
            at_least=0.1,
        ),
        gain(
            "Four layers of 8 are at least 5 points better than one layer of as many parameters",
            "4 layers of 8",
            over="1 layer of 62",
            at_least=0.05,
        ),
    ),
    because="One layer adds up ridges; every further layer folds the plane once more, and a spiral "
    "is unrolled by folding. A wide layer can do it too, with more units and longer training.",
    depends_on="whether units or parameters are held equal",
    playground="#dataset=spiral&networkShape=8,8,8&activation=tanh&learningRate=0.03&batchSize=10",
)

TENTS = Experiment(
    name="composed-functions",
    theme=THEME,
    seconds=11,
    claim="For composed functions deep networks need far fewer parameters than shallow ones.",
    source="Telgarsky, Benefits of depth in neural networks, COLT 2016",
    data=Data(source="sawtooth:3", options={"rows": 2000}),
    arms=tuple(
        Arm(
            name=name,
            network=mlp(depth, width),
            training=Training(
                learning_rates=(3e-3, 1e-2), epochs=120, batch_size=40, schedule="cosine"
            ),
            at=depth,
        )
        for name, depth, width in (
            ("1 layer of 160", 1, 160),
            ("2 layers of 20", 2, 20),
            ("3 layers of 15", 3, 15),
            ("5 layers of 11", 5, 11),
        )
    ),
    quantities=(Quantity(name="test error (share of the variance)", of=test_error, unit=DECADES),),
    expectations=(
        gain(
            "Five layers of 11 units have at most a tenth of the error of one layer of 160, with "
            "about 500 parameters each",
            "5 layers of 11",
            over="1 layer of 160",
            at_most=-1,
        ),
        gain(
            "Two layers of 20 units, too",
            "2 layers of 20",
            over="1 layer of 160",
            at_most=-1,
            votes=False,
        ),
    ),
    because="Composing the tent map doubles its teeth, and one more layer composes once more; one "
    "layer needs a unit for every bend. The teeth are there to be found, but gradient descent "
    "has to find them.",
    axis=Axis(title="hidden layers, about 500 parameters each"),
    seeds=10,
)

LINEAR = Experiment(
    name="linear-data",
    theme=THEME,
    seconds=13,
    claim="On linear data depth gains nothing.",
    source="Tuning guides; a linear model is the Bayes-optimal predictor there",
    data=Data(source="plane", options={"rows": 1000, "noise": 20, "test_share": 0.5}),
    arms=tuple(
        Arm(
            name=f"{depth} hidden layer{'s' if depth != 1 else ''}",
            network=mlp(depth, 32),
            training=Training(learning_rates=(1e-3, 1e-2), epochs=40),
            at=depth,
        )
        for depth in (0, 1, 2, 4, 8)
    ),
    quantities=(Quantity(name="R² on test rows", of=test_r2, unit="number", digits=3),),
    expectations=(
        gain(
            "Two layers add less than 0.01 to R²",
            "2 hidden layers",
            over="0 hidden layers",
            at_most=0.01,
        ),
        gain(
            "Eight layers add less than 0.01 to R²",
            "8 hidden layers",
            over="0 hidden layers",
            at_most=0.01,
        ),
    ),
    because="What is left beside the plane is noise; layers can only fit that.",
    axis=Axis(title="hidden layers"),
    playground="#problem=regression&regDataset=reg-plane&noise=20&networkShape=8,8"
    "&learningRate=0.03&batchSize=10",
)

EXPERIMENTS = (NEURON, CIRCLE, QUADRANTS, SPIRAL, TENTS, LINEAR)
