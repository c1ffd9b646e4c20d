"""What there is to choose from, in the words that the page shows."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

LEARNING_RATES = (0.00001, 0.0001, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
REGULARIZATION_RATES = (0.0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
NORMALIZATIONS = ("none", "batch", "layer")
REGULARIZATIONS = ("none", "l1", "l2")


@dataclass(frozen=True, kw_only=True)
class SettingOf:
    """A setting of an optimizer or schedule: kind is "number", "whole" or "flag"."""

    key: str
    title: str
    default: float | bool
    kind: str = "number"
    low: float = 0.0
    high: float = 1.0
    words: str = ""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Something to choose, with what it takes.

    Args:
        key: As in the experiment.
        title: As people call it.
        words: What it does, in a sentence.
        classic: Whether the classic mode has it.
        settings: What else it takes.
    """

    key: str
    title: str
    words: str = ""
    classic: bool = False
    settings: tuple[SettingOf, ...] = ()


@dataclass(frozen=True, kw_only=True)
class LossChoice:
    """A loss, with the outputs it goes with and its task ("" for both)."""

    key: str
    title: str
    words: str
    outputs: tuple[str, ...]
    task: str = ""


@dataclass(frozen=True, kw_only=True)
class SourceChoice:
    """Data: kind is "plane", "table" or "image"."""

    key: str
    title: str
    kind: str
    task: str
    words: str
    classic: bool = False


SOURCES = (
    SourceChoice(
        key="circle",
        title="Circle",
        kind="plane",
        task="classification",
        words="A disc inside a ring.",
        classic=True,
    ),
    SourceChoice(
        key="xor",
        title="Exclusive or",
        kind="plane",
        task="classification",
        words="Four quarters; opposite ones belong together.",
        classic=True,
    ),
    SourceChoice(
        key="gauss",
        title="Two clouds",
        kind="plane",
        task="classification",
        words="Two clouds that a straight line parts.",
        classic=True,
    ),
    SourceChoice(
        key="spiral",
        title="Spiral",
        kind="plane",
        task="classification",
        words="Two arms wound around each other: the hardest of the four.",
        classic=True,
    ),
    SourceChoice(
        key="plane",
        title="Plane",
        kind="plane",
        task="regression",
        words="A slope.",
        classic=True,
    ),
    SourceChoice(
        key="gaussian",
        title="Hills",
        kind="plane",
        task="regression",
        words="Three hills and three hollows.",
        classic=True,
    ),
    SourceChoice(
        key="moons",
        title="Moons",
        kind="plane",
        task="classification",
        words="Two half circles that reach into each other.",
    ),
    SourceChoice(
        key="formula",
        title="Your formula",
        kind="plane",
        task="classification",
        words="Classes on the two sides of f(x, y) = 0, or the values of f.",
    ),
    SourceChoice(
        key="iris",
        title="Iris",
        kind="table",
        task="classification",
        words="150 flowers, four measurements, three species.",
    ),
    SourceChoice(
        key="wine",
        title="Wine",
        kind="table",
        task="classification",
        words="178 wines, 13 measurements, three growers.",
    ),
    SourceChoice(
        key="breast-cancer",
        title="Breast cancer",
        kind="table",
        task="classification",
        words="569 tumours, 30 measurements.",
    ),
    SourceChoice(
        key="diabetes",
        title="Diabetes",
        kind="table",
        task="regression",
        words="442 patients; how far the disease has gone after a year.",
    ),
    SourceChoice(
        key="parity",
        title="Parity",
        kind="table",
        task="classification",
        words="Is the number of ones among eight bits odd?",
    ),
    SourceChoice(
        key="sawtooth",
        title="Sawtooth",
        kind="table",
        task="regression",
        words="A line folded three times.",
    ),
    SourceChoice(
        key="digits",
        title="Digits",
        kind="image",
        task="classification",
        words="1,797 handwritten digits of 8 x 8 pixels.",
    ),
)

FEATURES = (
    Choice(key="x", title="X₁", classic=True),
    Choice(key="y", title="X₂", classic=True),
    Choice(key="x^2", title="X₁²", classic=True),
    Choice(key="y^2", title="X₂²", classic=True),
    Choice(key="x*y", title="X₁X₂", classic=True),
    Choice(key="sin(x)", title="sin(X₁)", classic=True),
    Choice(key="sin(y)", title="sin(X₂)", classic=True),
)

ACTIVATIONS = (
    Choice(key="relu", title="ReLU", words="Passes what is positive.", classic=True),
    Choice(key="tanh", title="Tanh", words="Squeezes into -1 to 1.", classic=True),
    Choice(key="sigmoid", title="Sigmoid", words="Squeezes into 0 to 1.", classic=True),
    Choice(key="linear", title="Linear", words="Changes nothing.", classic=True),
    Choice(
        key="leaky_relu", title="Leaky ReLU", words="Lets a little of what is negative through."
    ),
    Choice(key="elu", title="ELU", words="Bends smoothly to -1."),
    Choice(key="selu", title="SELU", words="Keeps mean and variance from layer to layer."),
    Choice(key="gelu", title="GELU", words="A smooth ReLU, usual in transformers."),
    Choice(key="silu", title="SiLU (Swish)", words="z times sigmoid(z)."),
    Choice(key="mish", title="Mish", words="A smooth ReLU with a dip below zero."),
    Choice(key="softplus", title="Softplus", words="A rounded ReLU."),
    Choice(key="softsign", title="Softsign", words="Squeezes like tanh, more slowly."),
    Choice(key="hard_tanh", title="Hard tanh", words="A straight line cut off at -1 and 1."),
    Choice(key="exponential", title="Exponential", words="e to the z; grows without bounds."),
)

_BETA_1 = SettingOf(
    key="beta_1",
    title="β₁",
    default=0.9,
    high=0.9999,
    words="How long gradients are remembered.",
)
_BETA_2 = SettingOf(
    key="beta_2",
    title="β₂",
    default=0.999,
    high=0.99999,
    words="How long squared gradients are remembered.",
)
_RHO = SettingOf(
    key="rho", title="ρ", default=0.9, high=0.9999, words="How long squared gradients count."
)
_EPSILON = SettingOf(
    key="epsilon", title="ε", default=1e-7, low=1e-12, high=1.0, words="Keeps from dividing by 0."
)
_MOMENTUM = SettingOf(
    key="momentum",
    title="Momentum",
    default=0.0,
    high=0.999,
    words="How much of the last step goes on.",
)
_NESTEROV = SettingOf(
    key="nesterov",
    title="Nesterov",
    default=False,
    kind="flag",
    words="Look where momentum leads before taking the gradient.",
)
_DECAY = SettingOf(
    key="weight_decay",
    title="Weight decay",
    default=0.004,
    high=1.0,
    words="Shrinks the weights beside the gradient's step.",
)
_START = SettingOf(key="initial_accumulator_value", title="First sum", default=0.1, high=10.0)
_AMSGRAD = SettingOf(key="amsgrad", title="AMSGrad", default=False, kind="flag")

OPTIMIZERS = (
    Choice(
        key="sgd",
        title="SGD",
        words="Steps against the gradient; with momentum it rolls on, Nesterov's brakes in time.",
        classic=True,
        settings=(_MOMENTUM, _NESTEROV),
    ),
    Choice(
        key="adagrad",
        title="Adagrad",
        words="Smaller steps for weights that were moved much.",
        settings=(_START, _EPSILON),
    ),
    Choice(
        key="adadelta",
        title="Adadelta",
        words="Adagrad that forgets; use a learning rate near 1.",
        settings=(SettingOf(key="rho", title="ρ", default=0.95, high=0.9999), _EPSILON),
    ),
    Choice(
        key="rmsprop",
        title="RMSprop",
        words="Divides by a running mean of the gradient's size.",
        settings=(
            _RHO,
            _MOMENTUM,
            _EPSILON,
            SettingOf(key="centered", title="Centred", default=False, kind="flag"),
        ),
    ),
    Choice(
        key="adam",
        title="Adam",
        words="Momentum and RMSprop together; the usual choice.",
        settings=(_BETA_1, _BETA_2, _EPSILON, _AMSGRAD),
    ),
    Choice(
        key="adamax",
        title="Adamax",
        words="Adam with the largest gradient in place of the mean.",
        settings=(_BETA_1, _BETA_2, _EPSILON),
    ),
    Choice(
        key="nadam",
        title="Nadam",
        words="Adam with Nesterov's look ahead.",
        settings=(_BETA_1, _BETA_2, _EPSILON),
    ),
    Choice(
        key="adamw",
        title="AdamW",
        words="Adam with weight decay done rightly.",
        settings=(_BETA_1, _BETA_2, _EPSILON, _DECAY, _AMSGRAD),
    ),
    Choice(
        key="ftrl",
        title="FTRL",
        words="Follows the regularised leader; made for sparse linear models.",
        settings=(_START,),
    ),
    Choice(
        key="lion",
        title="Lion",
        words="Steps by the sign of a momentum; use a tenth of Adam's learning rate.",
        settings=(_BETA_1, SettingOf(key="beta_2", title="β₂", default=0.99, high=0.99999)),
    ),
    Choice(
        key="lamb",
        title="LAMB",
        words="Adam with steps in proportion to each layer's weights.",
        settings=(_BETA_1, _BETA_2, _EPSILON),
    ),
    Choice(key="adafactor", title="Adafactor", words="Adam in little memory."),
    Choice(
        key="muon",
        title="Muon",
        words="Makes each kernel's step orthogonal; Adam for the biases.",
        settings=(SettingOf(key="momentum", title="Momentum", default=0.95, high=0.999),),
    ),
    Choice(
        key="schedulefreeadamw",
        title="Schedule-free AdamW",
        words="Averages its own path in place of a schedule.",
        settings=(_BETA_1, _BETA_2),
    ),
)

SCHEDULES = (
    Choice(key="constant", title="Constant", words="The same all the time.", classic=True),
    Choice(
        key="exponential",
        title="Exponential decay",
        words="Multiplied by the factor every so many epochs, smoothly.",
        settings=(
            SettingOf(key="factor", title="Factor", default=0.5, low=0.001, high=1.0),
            SettingOf(key="epochs", title="Epochs", default=100, kind="whole", low=1, high=100_000),
        ),
    ),
    Choice(
        key="step",
        title="Steps",
        words="Multiplied by the factor every so many epochs, at once.",
        settings=(
            SettingOf(key="factor", title="Factor", default=0.5, low=0.001, high=1.0),
            SettingOf(key="epochs", title="Epochs", default=100, kind="whole", low=1, high=100_000),
        ),
    ),
    Choice(
        key="cosine",
        title="Cosine",
        words="Falls to zero along half a cosine.",
        settings=(
            SettingOf(key="epochs", title="Epochs", default=300, kind="whole", low=1, high=100_000),
        ),
    ),
    Choice(
        key="restarts",
        title="Cosine with restarts",
        words="Falls along half a cosine, and starts anew.",
        settings=(
            SettingOf(key="epochs", title="Epochs", default=100, kind="whole", low=1, high=100_000),
        ),
    ),
    Choice(
        key="warmup",
        title="Warm-up",
        words="Rises from zero for so many epochs, then falls as one over the root.",
        settings=(
            SettingOf(key="epochs", title="Epochs", default=10, kind="whole", low=1, high=100_000),
        ),
    ),
    Choice(
        key="inverse",
        title="Inverse time",
        words="Divided by 1 + epochs over so many.",
        settings=(
            SettingOf(key="epochs", title="Epochs", default=100, kind="whole", low=1, high=100_000),
        ),
    ),
)

LOSSES = (
    LossChoice(
        key="half_squared_error",
        title="Half squared error",
        words="½ (output - label)²: the original's.",
        outputs=("tanh", "linear", "sigmoid"),
    ),
    LossChoice(
        key="mean_squared_error",
        title="Squared error",
        words="(output - label)².",
        outputs=("tanh", "linear", "sigmoid", "softmax"),
    ),
    LossChoice(
        key="mean_absolute_error",
        title="Absolute error",
        words="|output - label|: outliers count less.",
        outputs=("tanh", "linear", "sigmoid", "softmax"),
    ),
    LossChoice(
        key="huber",
        title="Huber",
        words="Squared near zero, absolute far away.",
        outputs=("tanh", "linear", "sigmoid"),
    ),
    LossChoice(
        key="log_cosh",
        title="Log-cosh",
        words="A smooth absolute error.",
        outputs=("tanh", "linear"),
    ),
    LossChoice(
        key="crossentropy",
        title="Cross-entropy",
        words="Minus the logarithm of the true class's probability.",
        outputs=("sigmoid", "softmax"),
        task="classification",
    ),
    LossChoice(
        key="focal",
        title="Focal cross-entropy",
        words="Cross-entropy that looks away from what is already right.",
        outputs=("sigmoid", "softmax"),
        task="classification",
    ),
    LossChoice(
        key="hinge",
        title="Hinge",
        words="Zero once the output is on the right side by a margin of one.",
        outputs=("tanh", "linear"),
        task="classification",
    ),
    LossChoice(
        key="squared_hinge",
        title="Squared hinge",
        words="The hinge, squared.",
        outputs=("tanh", "linear"),
        task="classification",
    ),
)

OUTPUTS = (
    Choice(key="auto", title="By itself", words="tanh for two classes, softmax for more, linear."),
    Choice(key="tanh", title="Tanh", words="One unit; labels are -1 and +1.", classic=True),
    Choice(key="sigmoid", title="Sigmoid", words="One unit; the probability of the second class."),
    Choice(key="softmax", title="Softmax", words="A unit for each class; probabilities."),
    Choice(key="linear", title="Linear", words="One unit without bounds.", classic=True),
)

INITIALIZERS = (
    Choice(
        key="playground",
        title="The original's",
        words="Weights from -0.5 to 0.5, biases 0.1.",
        classic=True,
    ),
    Choice(key="glorot_uniform", title="Glorot uniform", words="Keras's own; suits tanh."),
    Choice(key="glorot_normal", title="Glorot normal"),
    Choice(key="he_normal", title="He normal", words="Suits ReLU and its kin."),
    Choice(key="he_uniform", title="He uniform"),
    Choice(key="lecun_normal", title="LeCun normal", words="Suits SELU."),
    Choice(key="lecun_uniform", title="LeCun uniform"),
    Choice(key="orthogonal", title="Orthogonal", words="Keeps lengths from layer to layer."),
    Choice(key="random_normal", title="Small normal", words="Deviation 0.05: often too small."),
    Choice(key="random_uniform", title="Small uniform", words="From -0.05 to 0.05."),
    Choice(key="zeros", title="Zeros", words="All units alike: see why that cannot learn."),
    Choice(key="ones", title="Ones", words="All units alike."),
)


def keys(choices: tuple[Any, ...]) -> tuple[str, ...]:
    """Return the keys of some choices."""
    return tuple(choice.key for choice in choices)


def classic_keys(choices: tuple[Any, ...]) -> tuple[str, ...]:
    """Return the keys of the choices that the classic mode has."""
    return tuple(choice.key for choice in choices if choice.classic)


def chosen(choices: tuple[Any, ...], key: object) -> Any:
    """Return the choice with a key that is known to be there."""
    return next(choice for choice in choices if choice.key == key)


def described(choices: tuple[Any, ...]) -> list[dict[str, Any]]:
    """Return choices as JSON data."""
    return [asdict(choice) for choice in choices]
