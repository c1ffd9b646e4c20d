"""The network as a Keras program."""

from __future__ import annotations

from fathom.play.catalog import OPTIMIZERS, chosen
from fathom.play.experiment import Experiment, Layer
from fathom.play.setup import Setup

LOSSES = {
    "half_squared_error": "half_squared_error",
    "mean_squared_error": "'mean_squared_error'",
    "mean_absolute_error": "'mean_absolute_error'",
    "huber": "'huber'",
    "log_cosh": "'log_cosh'",
    "hinge": "'hinge'",
    "squared_hinge": "'squared_hinge'",
}
HALF = """
def half_squared_error(y_true, y_pred):
    return keras.ops.mean(keras.ops.square(y_true - y_pred), axis=-1) / 2

"""
CLASSES = {
    "adagrad": "Adagrad", "adadelta": "Adadelta", "rmsprop": "RMSprop", "adam": "Adam",
    "adamax": "Adamax", "nadam": "Nadam", "adamw": "AdamW", "ftrl": "Ftrl", "lion": "Lion",
    "lamb": "Lamb", "adafactor": "Adafactor", "muon": "Muon", "sgd": "SGD",
    "schedulefreeadamw": "ScheduleFreeAdamW",
}  # fmt: skip


def keras_code(setup: Setup, data: str) -> str:
    """Return the program."""
    experiment = setup.experiment
    half = HALF if loss_of(setup) == "half_squared_error" else ""
    epochs = experiment.stop.epochs or 100
    return (
        f"import numpy as np\n{_imports(data)}"
        f"\n{_without_import(data)}{half}\n"
        f"{_model(setup)}\n"
        f"{schedule_code(setup)}"
        f"model.compile(\n    optimizer={_optimizer(experiment)},\n    loss={_loss(setup)},\n"
        ")\n"
        "model.fit(\n    features[:train],\n    targets[:train],\n"
        "    validation_data=(features[train:], targets[train:]),\n"
        f"    batch_size={experiment.batch_size},\n    epochs={epochs},\n"
        f"    shuffle={experiment.shuffle},\n    verbose=2,\n{_callbacks(experiment)})\n"
    )


def _imports(data: str) -> str:
    line = data.splitlines()[0]
    own = f"{line}\n" if line.startswith("import fathom") else ""
    return f"{own}import keras\n"


def _without_import(data: str) -> str:
    lines = data.splitlines(keepends=True)
    return "".join(lines[2:] if lines[0].startswith("import fathom") else lines)


def loss_of(setup: Setup) -> str:
    """Return the loss's key."""
    return getattr(setup.machine.network, "loss", "half_squared_error")


def _loss(setup: Setup) -> str:
    name = loss_of(setup)
    prefix = "binary" if setup.output_activation == "sigmoid" else "categorical"
    if name == "crossentropy":
        return f"'{prefix}_crossentropy'"
    if name == "focal":
        return f"'{prefix}_focal_crossentropy'"
    return LOSSES[name]


def _model(setup: Setup) -> str:
    experiment = setup.experiment
    outputs = setup.machine.network.layout.layers[-1].units
    targets = (
        f"keras.utils.to_categorical(labels, {outputs})"
        if setup.output_activation == "softmax"
        else "labels[:, None].astype('float32')"
    )
    lines = [
        f"targets = {targets}",
        "",
        f"inputs = keras.Input(({len(setup.features.names)},))",
        "x = inputs",
    ]
    width = len(setup.features.names)
    for layer in experiment.network.layers:
        lines += _layer(layer, experiment, width)
        width = layer.units
    lines += [
        f"outputs = {_dense(outputs, experiment, frozen=experiment.network.output.frozen)}(x)",
        f"outputs = keras.layers.Activation('{setup.output_activation}')(outputs)",
        "model = keras.Model(inputs, outputs)",
        "",
    ]
    return "\n".join(lines)


def _layer(layer: Layer, experiment: Experiment, width: int) -> list[str]:
    trains = ", trainable=False" if layer.frozen else ""
    lines = ["", "before = x"] if layer.skip else [""]
    lines.append(f"x = {_dense(layer.units, experiment, frozen=layer.frozen)}(x)")
    if layer.normalization != "none":
        kind = "BatchNormalization" if layer.normalization == "batch" else "LayerNormalization"
        lines.append(f"x = keras.layers.{kind}({trains.removeprefix(', ')})(x)")
    lines.append(f"x = keras.layers.Activation('{layer.activation}')(x)")
    if layer.dropout:
        lines.append(f"x = keras.layers.Dropout({layer.dropout:g})(x)")
    if layer.skip and width != layer.units:
        lines.append(f"before = keras.layers.Dense({layer.units}, use_bias=False{trains})(before)")
    return [*lines, "x = keras.layers.Add()([x, before])"] if layer.skip else lines


def _dense(units: int, experiment: Experiment, *, frozen: bool) -> str:
    settings = [str(units), *_initializers(experiment), *_penalty(experiment)]
    if frozen:
        settings.append("trainable=False")
    return f"keras.layers.Dense({', '.join(settings)})"


def _initializers(experiment: Experiment) -> list[str]:
    if experiment.init_zero:
        return ["kernel_initializer='zeros'"]
    if experiment.network.initializer == "playground":
        return [
            "kernel_initializer=keras.initializers.RandomUniform(-0.5, 0.5)",
            "bias_initializer=keras.initializers.Constant(0.1)",
        ]
    return [f"kernel_initializer='{experiment.network.initializer}'"]


def _penalty(experiment: Experiment) -> list[str]:
    regularization = experiment.regularization
    if regularization.name == "none" or not regularization.rate:
        return []
    # Keras's L2 is rate * w^2, the playground's rate / 2 * w^2.
    rate = regularization.rate / (2 if regularization.name == "l2" else 1)
    return [f"kernel_regularizer=keras.regularizers.{regularization.name.upper()}({rate:g})"]


def _optimizer(experiment: Experiment) -> str:
    name = str(experiment.optimizer["name"])
    known = {one.key for one in chosen(OPTIMIZERS, name).settings}
    rate = f"learning_rate={experiment.learning_rate!r}"
    own = [f"{key}={value!r}" for key, value in experiment.optimizer.items() if key in known]
    extra = ["relative_step=False"] if name == "adafactor" else []
    return f"keras.optimizers.{CLASSES[name]}({', '.join([rate, *own, *extra])})"


# -- schedules -----------------------------------------------------------------------

SCALES = {
    "exponential": "{factor:g} ** (epoch / {epochs:g})",
    "step": "{factor:g} ** (epoch // {epochs:g})",
    "cosine": "(1 + np.cos(np.pi * min(epoch / {epochs:g}, 1))) / 2",
    "restarts": "(1 + np.cos(np.pi * (epoch / {epochs:g} % 1))) / 2",
    "warmup": "min((epoch + 1) / {epochs:g}, 1) * ({epochs:g} / max(epoch + 1, {epochs:g})) ** 0.5",
    "inverse": "1 / (1 + epoch / {epochs:g})",
}


def schedule_code(setup: Setup) -> str:
    """Return the function of the learning rate by epoch, or nothing where it is constant."""
    schedule = setup.experiment.schedule
    if schedule["name"] not in SCALES:
        return ""
    settings = {"factor": 0.5, "epochs": 100, **schedule}
    scale = SCALES[str(schedule["name"])].format(**settings)
    return (
        f"def rate_at(epoch, rate=None):\n"
        f"    return {setup.experiment.learning_rate!r} * ({scale})\n\n\n"
    )


def _callbacks(experiment: Experiment) -> str:
    if experiment.schedule["name"] not in SCALES:
        return ""
    return "    callbacks=[keras.callbacks.LearningRateScheduler(rate_at)],\n"
