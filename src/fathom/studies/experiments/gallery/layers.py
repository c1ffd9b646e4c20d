"""What is inside: which layers and weights matter, what layers hold, and what kills units."""

from __future__ import annotations

from fathom.studies.experiments.arms import Arm, Data, Training
from fathom.studies.experiments.frame import Axis, Experiment, Quantity, gain, inside, level
from fathom.studies.experiments.loading import digits_five_to_nine, digits_zero_to_four
from fathom.studies.experiments.networks import mlp
from fathom.studies.experiments.quantities import dead_units, test_accuracy

THEME = "What is inside"
DIGITS = Data(source="digits", options={"test_share": 0.5})
ACCURACY = Quantity(name="test accuracy", of=test_accuracy)
LAYER = Axis(title="layer")

SIX = "6 layers of 64"
UNEQUAL = Experiment(
    name="layers-unequal",
    theme=THEME,
    seconds=3,
    claim="Layers matter unequally: some can have their initial weights again at little cost.",
    source="Zhang, Bengio and Singer, JMLR 23(67), 2022",
    data=DIGITS,
    arms=(Arm(name=SIX, network=mlp(6, 64), training=Training(epochs=30)),),
    quantities=(
        Quantity(name="test accuracy with one layer's initial weights", of=inside("reinitialised")),
    ),
    expectations=(
        gain(
            "The first layer's reset costs at least 5 points more than the fifth's",
            f"{SIX}, layer 5",
            over=f"{SIX}, layer 1",
            at_least=0.05,
        ),
        gain(
            "The fifth's reset costs at most 2 points",
            f"{SIX}, layer 5",
            over=f"{SIX}, none",
            at_least=-0.02,
        ),
    ),
    because="Early layers move furthest from where they began in what they compute, and all later "
    "ones are fitted to them; late layers can do much with random weights that are near.",
    depends_on="what is asked: unequal they are, but none is free",
    seeds=10,
    axis=LAYER,
)

OLD, NEW = "trained on 0 to 4", "trained on 5 to 9"
FOUR = mlp(4, 64)
TRANSFER = Experiment(
    name="early-layers-transfer",
    theme=THEME,
    seconds=4,
    claim="Early layers transfer to another task, late ones do not.",
    source="Yosinski et al., NeurIPS 2014",
    data=DIGITS,
    arms=tuple(
        Arm(name=name, network=FOUR, training=Training(epochs=40), data=data, line=name)
        for name, data in (
            (OLD, Data(make=digits_zero_to_four, words="handwritten digits 0 to 4")),
            (NEW, Data(make=digits_five_to_nine, words="handwritten digits 5 to 9")),
        )
    ),
    quantities=(
        Quantity(
            name="accuracy of a linear model on 5 to 9, from each layer", of=inside("transferred")
        ),
    ),
    expectations=(
        gain(
            "Layer 1 of the other task loses at most 3 points",
            f"{OLD}, layer 1",
            over=f"{NEW}, layer 1",
            at_least=-0.03,
        ),
        gain(
            "Layer 4 of the other task loses at least 3 points",
            f"{OLD}, layer 4",
            over=f"{NEW}, layer 4",
            at_most=-0.03,
        ),
    ),
    because="A late layer keeps what its own classes need and lets the rest go; an early one has "
    "not yet chosen.",
    depends_on="the layer",
    seeds=10,
    axis=LAYER,
)

TRAINED, UNTRAINED = "trained", "untrained"
BUILDING = Experiment(
    name="features-build",
    theme=THEME,
    seconds=3,
    claim="Features build on features: each layer makes the classes easier to tell apart.",
    source="Alain and Bengio, 2016; LeCun, Bengio and Hinton, Nature 2015",
    data=Data(source="spiral", options={"rows": 2000, "test_share": 0.4}),
    arms=(
        Arm(
            name=TRAINED,
            network=mlp(5, 32),
            training=Training(learning_rates=(3e-3,), epochs=60),
            line=TRAINED,
        ),
        Arm(
            name=UNTRAINED,
            network=mlp(5, 32),
            training=Training(learning_rates=(0.0,), epochs=1),
            line=UNTRAINED,
        ),
    ),
    quantities=(Quantity(name="accuracy of a linear model from each layer", of=inside("probes")),),
    expectations=(
        gain(
            "Layer 2 gives at least 5 points more than the input",
            f"{TRAINED}, layer 2",
            over=f"{TRAINED}, input",
            at_least=0.05,
        ),
        gain(
            "Layer 4 gives at least 5 points more than layer 2",
            f"{TRAINED}, layer 4",
            over=f"{TRAINED}, layer 2",
            at_least=0.05,
        ),
        gain(
            "Training, not depth alone: layer 4 gives at least 20 points more than untrained",
            f"{TRAINED}, layer 4",
            over=f"{UNTRAINED}, layer 4",
            at_least=0.2,
        ),
    ),
    because="A layer can only bend what it is given a little; the next bends the bent.",
    depends_on="the layers that are compared",
    axis=LAYER,
    playground="#dataset=spiral&networkShape=8,8,8,8,8&activation=relu&learningRate=0.03"
    "&batchSize=10",
)

DEAD = Quantity(name="dead units (never on, 128 training rows)", of=dead_units)
DYING = Experiment(
    name="dead-relus",
    theme=THEME,
    seconds=4,
    claim="Large learning rates kill ReLUs.",
    source="Lu et al., 2019; lecture notes since 2013",
    data=DIGITS,
    arms=tuple(
        Arm(
            name=f"rate {rate:g}",
            network=mlp(4, 64),
            training=Training(learning_rates=(rate,), epochs=15, watch=True),
            at=rate,
        )
        for rate in (1e-3, 1e-2, 3e-2, 1e-1)
    ),
    quantities=(DEAD, ACCURACY),
    expectations=(
        level("At 0.001 at most 20% are dead", "rate 0.001", at_most=0.2),
        level("At 0.1 at least half are dead", "rate 0.1", at_least=0.5),
    ),
    because="One large step can push a unit's bias so low that no row turns it on again; from then "
    "on its gradient is zero.",
    depends_on="the rate",
    axis=Axis(title="learning rate of Adam", is_log=True),
)

NARROW, BROAD = "3 layers of 64", "3 layers of 256"
HALF = Experiment(
    name="half-the-weights",
    theme=THEME,
    seconds=9,
    claim="Weights matter unequally: half of them can go.",
    source="LeCun, Denker and Solla, NeurIPS 1989; Han et al., NeurIPS 2015",
    data=DIGITS,
    arms=tuple(
        Arm(name=name, network=mlp(3, width), training=Training(epochs=30))
        for name, width in ((NARROW, 64), (BROAD, 256))
    ),
    quantities=(
        Quantity(name="test accuracy without half of the weights", of=inside("half_the_weights")),
    ),
    expectations=(
        *(
            gain(
                f"{name.capitalize()}: without the smallest half at most 1 point is lost",
                f"{name}, smallest half gone",
                over=f"{name}, none gone",
                at_least=-0.01,
            )
            for name in (NARROW, BROAD)
        ),
        *(
            gain(
                f"{name.capitalize()}: any half costs at least 5 points more",
                f"{name}, smallest half gone",
                over=f"{name}, any half gone",
                at_least=0.05,
            )
            for name in (NARROW, BROAD)
        ),
    ),
    because="A small weight adds little to the sum it is part of, and a network with more weights "
    "than it needs has many.",
    depends_on="which half, and how broad the layers are",
    seeds=10,
)

EXPERIMENTS = (UNEQUAL, TRANSFER, BUILDING, DYING, HALF)
