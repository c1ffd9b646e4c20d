"""Whether deep networks train at all: vanishing and exploding gradients, and what cures them."""

from __future__ import annotations

from fathom.studies.experiments.arms import Arm, Data, Network, Training
from fathom.studies.experiments.frame import (
    DECADES,
    Axis,
    Experiment,
    Quantity,
    gain,
    inside,
    level,
)
from fathom.studies.experiments.networks import drawn, mlp, naive_residual, residual
from fathom.studies.experiments.quantities import final_loss, largest_rate, test_accuracy

THEME = "What lets deep networks train"
DIGITS = Data(source="digits")
ACCURACY = Quantity(name="test accuracy", of=test_accuracy)
GRADIENT = Quantity(
    name="gradient at the first layer over the last, before training",
    of=inside("initial_gradient_ratio"),
    unit=DECADES,
)
DEPTH = Axis(title="hidden layers", is_log=True)

VANISHING = Experiment(
    name="sigmoid-vanishes",
    theme=THEME,
    seconds=10,
    claim="Sigmoid networks stop training as they get deeper, because their gradients vanish.",
    source="Hochreiter, 1991; Glorot and Bengio, AISTATS 2010",
    data=DIGITS,
    arms=tuple(
        Arm(
            name=f"{depth} layer{'s' if depth > 1 else ''}",
            network=mlp(depth, 64, activation="sigmoid"),
            training=Training(learning_rates=(1e-3, 1e-2), epochs=20),
            at=depth,
        )
        for depth in (1, 2, 4, 8, 16)
    ),
    quantities=(ACCURACY, GRADIENT),
    expectations=(
        level("Two layers: at least 90% right", "2 layers", at_least=0.9),
        level("Sixteen layers: at most 30% right", "16 layers", at_most=0.3),
        level(
            "At sixteen layers a thousandth of the gradient or less reaches the first",
            "16 layers",
            of=GRADIENT.name,
            at_most=-3,
        ),
    ),
    because="Each sigmoid multiplies the gradient by a slope of at most a quarter.",
    depends_on="the depth",
    axis=DEPTH,
)

EXPLODING = Experiment(
    name="large-weights-explode",
    theme=THEME,
    seconds=9,
    claim="With large initial weights the gradients of deep sigmoid networks explode.",
    source="Glorot and Bengio, AISTATS 2010; Schoenholz et al., ICLR 2017",
    data=DIGITS,
    arms=tuple(
        Arm(
            name=f"weights {scale:g} times 1/√n",
            network=drawn(10, 64, scale=scale),
            training=Training(learning_rates=(1e-3, 1e-2), epochs=15),
            at=scale,
        )
        for scale in (1, 4, 16, 64)
    ),
    quantities=(GRADIENT, ACCURACY),
    expectations=(
        level("At 1/√n they vanish: a thousandth or less", "weights 1 times 1/√n", at_most=-3),
        level("At 64/√n they explode: tenfold or more", "weights 64 times 1/√n", at_least=1),
    ),
    because="A layer multiplies the gradient by its weights and by slopes. Large weights saturate "
    "most sigmoids, but the few that are not pass on a gradient that has grown: by mean-field "
    "theory the factor grows like the weights' scale.",
    depends_on="the scale of the weights",
    axis=Axis(title="standard deviation of the initial weights, times √n", is_log=True),
)

AILING = "ReLU, small weights"
DEEP = 12
ABOUT_CURES: tuple[tuple[str, Network], ...] = (
    (AILING, drawn(DEEP, 32, scale=0.5, activation="relu")),
    ("ReLU, Glorot", mlp(DEEP, 32, initializer="glorot_uniform")),
    ("ReLU, He", mlp(DEEP, 32)),
    (
        "ReLU, small weights, batch normalisation",
        drawn(DEEP, 32, scale=0.5, activation="relu", normalized=True),
    ),
    ("ReLU, zero-initialised skips", residual(DEEP, 32)),
    ("sigmoid, Glorot", mlp(DEEP, 32, activation="sigmoid")),
    ("sigmoid, He", mlp(DEEP, 32, activation="sigmoid", initializer="he_normal")),
    ("sigmoid, batch normalisation", mlp(DEEP, 32, activation="sigmoid", normalization="batch")),
    ("sigmoid, zero-initialised skips", residual(DEEP, 32, activation="sigmoid")),
)

CURES = Experiment(
    name="cures-for-depth",
    theme=THEME,
    seconds=42,
    claim="He and Glorot initialisation, batch normalisation and zero-initialised skips each make "
    "a deep network train that did not.",
    source="Glorot and Bengio, 2010; He et al., 2015 and 2016; Ioffe and Szegedy, 2015; Goyal et "
    "al., 2017",
    data=DIGITS,
    arms=tuple(
        Arm(name=name, network=network, training=Training(learning_rates=(1e-3, 3e-3), epochs=15))
        for name, network in ABOUT_CURES
    ),
    quantities=(ACCURACY,),
    expectations=(
        *(
            level(f"{name}: at least 80% right", name, at_least=0.8)
            for name, _ in ABOUT_CURES
            if name != AILING
        ),
        level("The patient, ReLU and small weights: at most 50%", AILING, at_most=0.5, votes=False),
    ),
    because="Initialisation keeps the size of signals for an activation whose slope at zero is "
    "about one; a sigmoid's is a quarter and its mean is not zero, so no variance alone helps. "
    "Normalisation restores the size at every layer, and a skip passes the gradient by.",
    depends_on="the activation: initialisation alone does not rescue sigmoids",
)

NAIVE, ZERO = "h + relu(Wh), He", "zero-initialised branch"
SKIPS = Experiment(
    name="naive-skips",
    theme=THEME,
    seconds=11,
    claim="Skip connections alone make very deep networks train.",
    source="Common reading of He et al., CVPR 2016, who also normalise",
    data=DIGITS,
    arms=tuple(
        Arm(
            name=f"{name}, {depth} blocks",
            network=network(depth, 32),
            training=Training(learning_rates=(1e-3,), epochs=20),
            at=depth,
            line=name,
        )
        for name, network in ((NAIVE, naive_residual), (ZERO, residual))
        for depth in (8, 32)
    ),
    quantities=(ACCURACY, Quantity(name="training loss", of=final_loss, unit=DECADES)),
    expectations=(
        *(
            level(
                f"Naive skips, {depth} blocks: at least 80% right",
                f"{NAIVE}, {depth} blocks",
                at_least=0.8,
            )
            for depth in (8, 32)
        ),
        level(
            "Branches that are zero at the start, 32 blocks: at least 80% right",
            f"{ZERO}, 32 blocks",
            at_least=0.8,
            votes=False,
        ),
    ),
    because="Every naive block adds its output's variance to the stream, which doubles about once "
    "a block: the first loss is astronomical. A branch that starts at zero, or is scaled or "
    "normalised, leaves the stream as it is.",
    depends_on="the depth: naive skips serve at 8 blocks and fail at 32",
    axis=Axis(title="residual blocks", is_log=True),
)

RATES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
BATCH_NORMALISATION = Experiment(
    name="batch-normalisation-rates",
    theme=THEME,
    seconds=10,
    claim="Batch normalisation allows larger learning rates.",
    source="Ioffe and Szegedy, ICML 2015; Bjorck et al., NeurIPS 2018",
    data=DIGITS,
    arms=tuple(
        Arm(
            name=name,
            network=mlp(4, 64, normalization=normalization),
            training=Training(optimizer="sgd", learning_rates=RATES, epochs=15),
        )
        for name, normalization in (("none", "none"), ("batch normalisation", "batch"))
    ),
    quantities=(
        Quantity(
            name="largest rate within 5 points of the best (validation)",
            of=largest_rate,
            unit=DECADES,
        ),
        ACCURACY,
    ),
    expectations=(
        gain(
            "The largest rate that works is at least twice as large",
            "batch normalisation",
            over="none",
            at_least=0.301,
        ),
        gain(
            "And the best rate gives at least 1 point more",
            "batch normalisation",
            over="none",
            of=ACCURACY.name,
            at_least=0.01,
            votes=False,
        ),
    ),
    because="The normalised output does not change when the weights grow, so a step that is too "
    "large shrinks its own gradient in the next one.",
    seeds=10,
)

EXPERIMENTS = (VANISHING, EXPLODING, CURES, SKIPS, BATCH_NORMALISATION)
