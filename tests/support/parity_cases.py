"""What `fathom.fit` is compared with Keras's `fit` on: everything Keras offers for training."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import keras
import numpy as np
from keras import layers, losses, metrics, ops, optimizers, regularizers

from support.parity import Case

ROWS = 32
_random = np.random.default_rng(0)
X = _random.normal(size=(ROWS, 6)).astype("float32")
CLASSES = _random.integers(0, 3, ROWS)
ONE_HOT = np.eye(3, dtype="float32")[CLASSES]
BINARY = (X[:, :1] > 0).astype("float32")
REAL = (X @ _random.normal(size=(6, 2))).astype("float32")
POSITIVE = np.abs(REAL) + 0.1
IMAGES = _random.normal(size=(ROWS, 8, 8, 2)).astype("float32")
SEQUENCES = _random.normal(size=(ROWS, 7, 4)).astype("float32")
TOKENS = np.where(np.arange(7) < 5, _random.integers(1, 12, (ROWS, 7)), 0)
WEIGHTS = _random.uniform(0.1, 2, ROWS).astype("float32")
SPARSE = "sparse_categorical_crossentropy"

CASES: dict[str, dict[str, Case]] = {}


def _add(
    group: str,
    name: str,
    build: Callable[[], keras.Model],
    *,
    data: Any = (X, CLASSES),
    loss: Any = SPARSE,
    optimizer: Any = lambda: optimizers.Adam(0.01),
    compiled: Callable[[], dict[str, Any]] = dict,
    **fit: Any,
) -> None:
    """Add a case; losses and optimizers that hold state are made anew by functions."""

    def arguments() -> dict[str, Any]:
        made = loss() if isinstance(loss, partial) or _is_lambda(loss) else loss
        return {"optimizer": optimizer(), "loss": made, **compiled()}

    CASES.setdefault(group, {})[name] = Case(name, build, arguments, data, fit)


def _is_lambda(value: Any) -> bool:
    return getattr(value, "__name__", "") == "<lambda>"


def _mlp(
    *extra: Callable[[], Any], units: int = 3, activation: str | None = "softmax", **dense: Any
) -> Callable[[], keras.Model]:
    def build() -> keras.Model:
        hidden = layers.Dense(8, "tanh", **dense)
        parts = [hidden, *(make() for make in extra), layers.Dense(units, activation)]
        return keras.Sequential([keras.Input((6,)), *parts])

    return build


def _stack(shape: tuple[int, ...], *make: Callable[[], Any]) -> Callable[[], keras.Model]:
    """A network on images or sequences that ends in three classes."""

    def build() -> keras.Model:
        parts = [one() for one in make]
        return keras.Sequential(
            [keras.Input(shape), *parts, layers.Flatten(), layers.Dense(3, "softmax")]
        )

    return build


# -- optimizers ------------------------------------------------------------------------

_OPTIMIZERS: dict[str, Callable[[], Any]] = {
    "SGD": lambda: optimizers.SGD(0.05),
    "SGD, momentum": lambda: optimizers.SGD(0.05, momentum=0.9),
    "SGD, Nesterov": lambda: optimizers.SGD(0.05, momentum=0.9, nesterov=True),
    "RMSprop": lambda: optimizers.RMSprop(0.01),
    "RMSprop, centered, momentum": lambda: optimizers.RMSprop(0.01, momentum=0.5, centered=True),
    "Adagrad": lambda: optimizers.Adagrad(0.05),
    "Adadelta": lambda: optimizers.Adadelta(1.0),
    "Adam": lambda: optimizers.Adam(0.01),
    "Adam, AMSGrad": lambda: optimizers.Adam(0.01, amsgrad=True),
    "AdamW": lambda: optimizers.AdamW(0.01, weight_decay=0.01),
    "Adamax": lambda: optimizers.Adamax(0.01),
    "Nadam": lambda: optimizers.Nadam(0.01),
    "Ftrl": lambda: optimizers.Ftrl(0.05),
    "Lion": lambda: optimizers.Lion(0.002),
    "Lamb": lambda: optimizers.Lamb(0.01),
    "Adafactor": lambda: optimizers.Adafactor(0.01),
    "Muon": lambda: optimizers.Muon(0.01),
    "ScheduleFreeAdamW": lambda: optimizers.ScheduleFreeAdamW(0.01),
    "LossScaleOptimizer": lambda: optimizers.LossScaleOptimizer(
        optimizers.Adam(0.01), initial_scale=2.0**10, dynamic_growth_steps=3
    ),
}
for _name, _make in _OPTIMIZERS.items():
    _add("optimizers", _name, _mlp(), optimizer=_make)

_SETTINGS: dict[str, dict[str, Any]] = {
    "clipnorm": {"clipnorm": 0.1},
    "clipvalue": {"clipvalue": 0.01},
    "global_clipnorm": {"global_clipnorm": 0.1},
    "weight_decay": {"weight_decay": 0.05},
    "EMA": {"use_ema": True, "ema_momentum": 0.8},
    "EMA, overwriting": {"use_ema": True, "ema_momentum": 0.8, "ema_overwrite_frequency": 3},
    "gradient accumulation": {"gradient_accumulation_steps": 3},
    "gradient accumulation, clipping, EMA": {
        "gradient_accumulation_steps": 2,
        "clipnorm": 0.1,
        "use_ema": True,
        "ema_momentum": 0.8,
    },
    "loss_scale_factor": {"loss_scale_factor": 128.0},
}
for _name, _setting in _SETTINGS.items():
    _add("optimizer settings", _name, _mlp(), optimizer=partial(optimizers.Adam, 0.01, **_setting))

_SCHEDULES: dict[str, Callable[[], Any]] = {
    "ExponentialDecay": lambda: optimizers.schedules.ExponentialDecay(0.02, 2, 0.7),
    "ExponentialDecay, staircase": lambda: optimizers.schedules.ExponentialDecay(
        0.02, 2, 0.7, staircase=True
    ),
    "CosineDecay": lambda: optimizers.schedules.CosineDecay(0.02, 4),
    "CosineDecay, warmup": lambda: optimizers.schedules.CosineDecay(
        0.0, 4, warmup_target=0.02, warmup_steps=2
    ),
    "PiecewiseConstantDecay": lambda: optimizers.schedules.PiecewiseConstantDecay(
        [2, 3], [0.02, 0.01, 0.001]
    ),
    "InverseTimeDecay": lambda: optimizers.schedules.InverseTimeDecay(0.02, 2, 0.5),
    "PolynomialDecay": lambda: optimizers.schedules.PolynomialDecay(0.02, 4),
    "CosineDecayRestarts": lambda: optimizers.schedules.CosineDecayRestarts(0.02, 2),
}
for _name, _make in _SCHEDULES.items():
    _add(
        "learning-rate schedules",
        _name,
        _mlp(),
        optimizer=lambda make=_make: optimizers.Adam(make()),
    )

# -- losses and metrics --------------------------------------------------------------------

for _name in (
    "mean_squared_error",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "huber",
    "log_cosh",
    "cosine_similarity",
):
    _add("losses", _name, _mlp(units=2, activation=None), loss=_name, data=(X, REAL))
for _name in ("mean_squared_logarithmic_error", "poisson"):
    _add("losses", _name, _mlp(units=2, activation="softplus"), loss=_name, data=(X, POSITIVE))
for _name in (
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "categorical_hinge",
    "dice",
    "tversky",
):
    _add("losses", _name, _mlp(), loss=_name, data=(X, ONE_HOT))
_add("losses", "kl_divergence", _mlp(), loss="kl_divergence", data=(X, ONE_HOT * 0.8 + 0.1))
for _name in ("binary_crossentropy", "binary_focal_crossentropy"):
    _add("losses", _name, _mlp(units=1, activation="sigmoid"), loss=_name, data=(X, BINARY))
for _name in ("hinge", "squared_hinge"):
    _add("losses", _name, _mlp(units=1, activation="tanh"), loss=_name, data=(X, BINARY))
_add("losses", SPARSE, _mlp())
_add(
    "losses",
    "sparse, from logits, a class ignored",
    _mlp(activation=None),
    loss=lambda: losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=2),
)
_add(
    "losses",
    "categorical, from logits, label smoothing",
    _mlp(activation=None),
    loss=lambda: losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1),
    data=(X, ONE_HOT),
)
_add(
    "losses",
    "categorical_generalized_cross_entropy",
    _mlp(),
    loss=lambda: losses.CategoricalGeneralizedCrossEntropy(),
)
_add("losses", "circle", _mlp(activation=None), loss=lambda: losses.Circle())
for _reduction in ("sum", "mean_with_sample_weight"):
    _add(
        "losses",
        f"reduction {_reduction}",
        _mlp(units=2, activation=None),
        loss=lambda reduction=_reduction: losses.MeanSquaredError(reduction=reduction),
        data=(X, REAL),
        sample_weight=WEIGHTS,
    )


def own_loss(y_true: Any, y_pred: Any) -> Any:
    """A loss that Keras does not have."""
    return ops.mean(ops.abs(y_true - y_pred) ** 1.5, axis=-1)


_add("losses", "a function", _mlp(units=2, activation=None), loss=own_loss, data=(X, REAL))


def _classes_measured() -> dict[str, Any]:
    return {
        "metrics": [
            "accuracy",
            metrics.TopKCategoricalAccuracy(2),
            metrics.AUC(num_thresholds=20),
            metrics.Precision(),
            metrics.Recall(),
            metrics.F1Score(),
            metrics.KLDivergence(),
        ]
    }


def _numbers_measured() -> dict[str, Any]:
    return {
        "metrics": ["mae", metrics.RootMeanSquaredError(), metrics.R2Score()],
        "weighted_metrics": [metrics.CosineSimilarity()],
    }


_add(
    "metrics",
    "of classes",
    _mlp(),
    loss="categorical_crossentropy",
    data=(X, ONE_HOT),
    compiled=_classes_measured,
)
_add(
    "metrics",
    "of numbers",
    _mlp(units=2, activation=None),
    loss="mse",
    data=(X, REAL),
    compiled=_numbers_measured,
)
_add(
    "metrics",
    "of two classes",
    _mlp(units=1, activation="sigmoid"),
    loss="binary_crossentropy",
    data=(X, BINARY),
    compiled=lambda: {
        "metrics": ["accuracy", metrics.TruePositives(), metrics.BinaryIoU(), metrics.FBetaScore()]
    },
)
_add(
    "metrics",
    "of integer classes",
    _mlp(),
    compiled=lambda: {
        "metrics": ["accuracy", metrics.MeanIoU(3, sparse_y_pred=False)],
        "weighted_metrics": ["accuracy"],
    },
    class_weight={0: 1.0, 1: 3.0},
)

# -- layers ------------------------------------------------------------------------------------

_REGULARIZED: dict[str, dict[str, Any]] = {
    "L2 of the kernel": {"kernel_regularizer": regularizers.L2(0.01)},
    "L1L2 of the kernel, L1 of the bias": {
        "kernel_regularizer": regularizers.L1L2(0.01, 0.01),
        "bias_regularizer": regularizers.L1(0.01),
    },
    "L2 of the activity": {"activity_regularizer": regularizers.L2(0.1)},
    "orthogonal": {"kernel_regularizer": regularizers.OrthogonalRegularizer(0.01)},
    "MaxNorm": {"kernel_constraint": keras.constraints.MaxNorm(0.5)},
    "NonNeg": {"kernel_constraint": keras.constraints.NonNeg()},
    "UnitNorm": {"kernel_constraint": keras.constraints.UnitNorm()},
    "MinMaxNorm": {"kernel_constraint": keras.constraints.MinMaxNorm(0.2, 0.6)},
}
for _name, _dense in _REGULARIZED.items():
    _add("regularizers and constraints", _name, _mlp(**_dense))


class AddsLoss(layers.Layer):
    """A layer with a loss of its own."""

    def call(self, x: Any) -> Any:
        """Add the loss."""
        self.add_loss(ops.mean(ops.square(x)) * 0.1)
        return x


_add("regularizers and constraints", "add_loss in a layer", _mlp(AddsLoss))

_NORMALIZED: dict[str, Callable[[], Any]] = {
    "BatchNormalization": lambda: layers.BatchNormalization(momentum=0.5),
    "LayerNormalization": lambda: layers.LayerNormalization(),
    "GroupNormalization": lambda: layers.GroupNormalization(2),
    "RMSNormalization": lambda: layers.RMSNormalization(),
    "UnitNormalization": lambda: layers.UnitNormalization(),
    "SpectralNormalization": lambda: layers.SpectralNormalization(layers.Dense(8, "tanh")),
    "PReLU": lambda: layers.PReLU(),
    "Dropout": lambda: layers.Dropout(0.3),
    "GaussianNoise": lambda: layers.GaussianNoise(0.3),
    "GaussianDropout": lambda: layers.GaussianDropout(0.3),
    "AlphaDropout": lambda: layers.AlphaDropout(0.3),
    "Lambda": lambda: layers.Lambda(lambda tensor: tensor * 2),
}
for _name, _make in _NORMALIZED.items():
    _add("normalization, noise and other layers", _name, _mlp(_make), validation_split=0.5)


def _frozen() -> keras.Model:
    model = _mlp(lambda: layers.BatchNormalization(trainable=False))()
    model.layers[0].trainable = False
    return model


def _adapted() -> keras.Model:
    normalization = layers.Normalization()
    normalization.adapt(X)
    return keras.Sequential([keras.Input((6,)), normalization, layers.Dense(3, "softmax")])


def _of_policy(policy: str) -> Callable[[], keras.Model]:
    def build() -> keras.Model:
        hidden = layers.Dense(8, "tanh", dtype=policy)
        head = layers.Dense(3, "softmax", dtype="float32")
        return keras.Sequential(
            [keras.Input((6,)), hidden, layers.LayerNormalization(dtype=policy), head]
        )

    return build


_add("normalization, noise and other layers", "frozen layers", _frozen)
_add("normalization, noise and other layers", "Normalization, adapted", _adapted)
_add(
    "normalization, noise and other layers",
    "mixed_bfloat16",
    _of_policy("mixed_bfloat16"),
)
_add(
    "normalization, noise and other layers",
    "mixed_float16, loss scaling",
    _of_policy("mixed_float16"),
    optimizer=lambda: optimizers.LossScaleOptimizer(optimizers.Adam(0.01)),
)

_SEQUENCE_LAYERS: dict[str, tuple[Callable[[], Any], ...]] = {
    "LSTM": (lambda: layers.LSTM(5),),
    "GRU": (lambda: layers.GRU(5),),
    "SimpleRNN": (lambda: layers.SimpleRNN(5),),
    "LSTM, dropout": (lambda: layers.LSTM(5, dropout=0.2, recurrent_dropout=0.2),),
    "Bidirectional": (lambda: layers.Bidirectional(layers.LSTM(4)),),
    "TimeDistributed": (lambda: layers.TimeDistributed(layers.Dense(5)),),
    "Conv1D": (
        lambda: layers.Conv1D(5, 3, activation="relu"),
        lambda: layers.GlobalMaxPooling1D(),
    ),
    "SeparableConv1D": (
        lambda: layers.SeparableConv1D(5, 3),
        lambda: layers.GlobalAveragePooling1D(),
    ),
    "EinsumDense": (lambda: layers.EinsumDense("abc,cd->abd", (7, 5), activation="relu"),),
}
for _name, _parts in _SEQUENCE_LAYERS.items():
    _add("sequences", _name, _stack((7, 4), *_parts), data=(SEQUENCES, CLASSES))


def _embedded() -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((7,), dtype="int32"),
            layers.Embedding(12, 5, mask_zero=True),
            layers.LSTM(5),
            layers.Dense(3, "softmax"),
        ]
    )


def _attending() -> keras.Model:
    inputs = keras.Input((7, 4))
    attended = layers.MultiHeadAttention(2, 4, dropout=0.1)(inputs, inputs)
    hidden = layers.LayerNormalization()(attended + inputs)
    pooled = layers.GlobalAveragePooling1D()(hidden)
    return keras.Model(inputs, layers.Dense(3, "softmax")(pooled))


def _stateful() -> keras.Model:
    inputs = keras.Input((7, 4), batch_size=16)
    hidden = layers.LSTM(5, stateful=True)(inputs)
    return keras.Model(inputs, layers.Dense(3, "softmax")(hidden))


_add("sequences", "Embedding, masked LSTM", _embedded, data=(TOKENS, CLASSES))
_add("sequences", "MultiHeadAttention", _attending, data=(SEQUENCES, CLASSES))
_add("sequences", "LSTM, stateful", _stateful, data=(SEQUENCES, CLASSES))

_IMAGE_LAYERS: dict[str, tuple[Callable[[], Any], ...]] = {
    "Conv2D, pooling": (
        lambda: layers.Conv2D(4, 3, activation="relu"),
        lambda: layers.MaxPooling2D(),
        lambda: layers.Conv2D(4, 2, strides=2, padding="same"),
        lambda: layers.AveragePooling2D(2, padding="same"),
    ),
    "SeparableConv2D": (lambda: layers.SeparableConv2D(4, 3, activation="relu"),),
    "DepthwiseConv2D": (lambda: layers.DepthwiseConv2D(3, depth_multiplier=2),),
    "Conv2DTranspose": (lambda: layers.Conv2DTranspose(3, 3, strides=2),),
    "Conv2D, groups and dilation": (
        lambda: layers.Conv2D(4, 3, groups=2),
        lambda: layers.Conv2D(4, 2, dilation_rate=2),
    ),
    "UpSampling2D": (lambda: layers.UpSampling2D(2), lambda: layers.Conv2D(2, 3)),
    "SpatialDropout2D": (lambda: layers.Conv2D(4, 3), lambda: layers.SpatialDropout2D(0.4)),
    "RandomFlip, RandomRotation": (
        lambda: layers.RandomFlip("horizontal", seed=1),
        lambda: layers.RandomRotation(0.1, seed=2),
    ),
}
for _name, _parts in _IMAGE_LAYERS.items():
    _add("images", _name, _stack((8, 8, 2), *_parts), data=(IMAGES, CLASSES))

# -- architectures ---------------------------------------------------------------------------


def _two_in_two_out() -> keras.Model:
    numbers, sequence = keras.Input((6,), name="numbers"), keras.Input((7, 4), name="sequence")
    hidden = layers.Concatenate()([layers.Dense(8, "tanh")(numbers), layers.Flatten()(sequence)])
    outputs = [
        layers.Dense(3, "softmax", name="kind")(hidden),
        layers.Dense(2, name="size")(hidden),
    ]
    return keras.Model([numbers, sequence], outputs)


def _named_in_and_out() -> keras.Model:
    model: Any = _two_in_two_out()
    inputs = dict(zip(("numbers", "sequence"), model.inputs))
    return keras.Model(inputs, dict(zip(("kind", "size"), model.outputs)))


_add(
    "architectures",
    "two inputs, two outputs, in lists",
    _two_in_two_out,
    loss=[SPARSE, "mse"],
    data=([X, SEQUENCES], [CLASSES, REAL]),
    compiled=lambda: {"loss_weights": [1.0, 0.3], "metrics": [["accuracy"], ["mae"]]},
    sample_weight=WEIGHTS,
)
_add(
    "architectures",
    "two inputs, two outputs, by name",
    _named_in_and_out,
    loss={"kind": SPARSE, "size": "mse"},
    data=({"numbers": X, "sequence": SEQUENCES}, {"kind": CLASSES, "size": REAL}),
    compiled=lambda: {"metrics": {"kind": ["accuracy"], "size": ["mae"]}},
)


def _shared_layer() -> keras.Model:
    inputs, dense = keras.Input((6,)), layers.Dense(6, "tanh")
    return keras.Model(inputs, layers.Dense(3, "softmax")(dense(dense(inputs))))


def _residual() -> keras.Model:
    inputs = keras.Input((6,))
    hidden = layers.Dense(8, "relu")(inputs)
    for _ in range(2):
        branch = layers.Dense(8, "relu")(layers.LayerNormalization()(hidden))
        hidden = layers.Add()([hidden, branch])
    hidden = hidden * 0.5 + ops.mean(hidden, axis=-1, keepdims=True)
    return keras.Model(inputs, layers.Dense(3, "softmax")(hidden))


def _nested() -> keras.Model:
    inputs = keras.Input((6,))
    inner = keras.Sequential(
        [keras.Input((6,)), layers.Dense(8, "relu"), layers.BatchNormalization()]
    )
    return keras.Model(inputs, layers.Dense(3, "softmax")(inner(inputs)))


def _rematerialized() -> keras.Model:
    with keras.RematScope(mode="full"):
        return _mlp()()


class Subclassed(keras.Model):
    """Layers in attributes and lists, called by Python code."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = [layers.Dense(6, "relu") for _ in range(2)]
        self.normalization = layers.BatchNormalization()
        self.dropout = layers.Dropout(0.2)
        self.head = layers.Dense(3, "softmax")

    def call(self, x: Any, training: bool = False) -> Any:
        """Return class probabilities."""
        for block in self.blocks:
            x = x + block(x)
        x = self.dropout(self.normalization(x, training=training), training=training)
        return self.head(x)


class Variational(keras.Model):
    """A variational autoencoder: random numbers and a loss of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.decoder = layers.Dense(6), layers.Dense(6)
        self.seeds = keras.random.SeedGenerator(3)

    def call(self, x: Any) -> Any:
        """Return the inputs as they are made again."""
        code = self.encoder(x)
        mean, log_variance = code[:, :3], code[:, 3:]
        noise = keras.random.normal(ops.shape(mean), seed=self.seeds)
        self.add_loss(-0.5 * ops.mean(1 + log_variance - mean**2 - ops.exp(log_variance)))
        return self.decoder(mean + ops.exp(0.5 * log_variance) * noise)


class OwnStep(keras.Model):
    """A `train_step` that halves gradients and logs what it likes."""

    def train_step(self, state: Any, data: Any) -> Any:
        """Take one step."""
        trainable, non_trainable, optimizer, measured = state
        x, y, weight = keras.utils.unpack_x_y_sample_weight(data)
        gradient = jax.value_and_grad(self.compute_loss_and_updates, has_aux=True)
        (_, updates), gradients = gradient(
            trainable,
            non_trainable,
            measured,
            x,
            y,
            weight,
            training=True,
            optimizer_variables=optimizer,
        )
        loss, y_pred, non_trainable, measured = updates
        trainable, optimizer = self.optimizer.stateless_apply(
            optimizer, [g * 0.5 for g in gradients], trainable
        )
        logs, measured = self._update_metrics_variables(measured, loss, x, y, y_pred, weight)
        return {**logs, "half": loss / 2}, (trainable, non_trainable, optimizer, measured)


class OwnLoss(keras.Model):
    """A `compute_loss` with a term more."""

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True) -> Any:
        """Return the loss and a tenth of the outputs' square."""
        loss = super().compute_loss(x, y, y_pred, sample_weight, training)
        squares: Any = ops.mean(ops.square(y_pred))
        return loss + 0.1 * squares


def _functional(kind: type[keras.Model]) -> Callable[[], keras.Model]:
    def build() -> keras.Model:
        inputs = keras.Input((6,))
        return kind(inputs, layers.Dense(3, "softmax")(layers.Dense(8, "tanh")(inputs)))

    return build


_add("architectures", "functional, residual", _residual)
_add("architectures", "a layer called twice", _shared_layer)
_add("architectures", "a model inside a model", _nested)
_add("architectures", "rematerialized", _rematerialized)
_add("architectures", "subclassed", Subclassed, compiled=lambda: {"metrics": ["accuracy"]})
_add("architectures", "subclassed, VAE", Variational, loss="mse", data=(X, X))
_add("architectures", "own train_step", _functional(OwnStep))
_add("architectures", "own compute_loss", _functional(OwnLoss))
_add(
    "architectures",
    "not built before",
    lambda: keras.Sequential([layers.Dense(8, "relu"), layers.Dense(3, "softmax")]),
)

# -- data and arguments of fit -------------------------------------------------------------------

_MEASURED = partial(dict, metrics=["accuracy"])
_ARGUMENTS: dict[str, dict[str, Any]] = {
    "a partial last batch": {"batch_size": 12},
    "a last batch of one row": {"batch_size": 31},
    "a batch larger than the data": {"batch_size": 200},
    "batches of one row": {"batch_size": 1},
    "no batch_size": {"batch_size": None},
    "no shuffling": {"shuffle": False},
    'shuffle="batch"': {"shuffle": "batch", "batch_size": 12},
    "class_weight": {"class_weight": {0: 1.0, 1: 3.0, 2: 0.5}},
    "sample_weight": {"sample_weight": WEIGHTS},
    "validation_split": {"validation_split": 0.3},
    "validation_data": {"validation_data": (X[:9], CLASSES[:9])},
    "validation_data with weights": {"validation_data": (X[:9], CLASSES[:9], WEIGHTS[:9])},
    "validation_steps, validation_batch_size": {
        "validation_data": (X, CLASSES),
        "validation_steps": 2,
        "validation_batch_size": 5,
    },
    "validation_freq": {"validation_split": 0.5, "validation_freq": 2, "epochs": 4},
    "validation_freq, a list": {"validation_split": 0.5, "validation_freq": [1, 4], "epochs": 4},
    "initial_epoch": {"initial_epoch": 2, "epochs": 4},
    "steps_per_epoch": {"steps_per_epoch": 3, "batch_size": 8, "epochs": 3},
    "steps_per_epoch without batch_size": {"steps_per_epoch": 2, "batch_size": None},
    "no epochs": {"epochs": 0},
}
for _name, _fit in _ARGUMENTS.items():
    _add("arguments of fit", _name, _mlp(), compiled=_MEASURED, **_fit)
_add(
    "arguments of fit",
    "steps_per_execution",
    _mlp(),
    compiled=lambda: {"steps_per_execution": 3},
    batch_size=8,
)


class Served(keras.utils.PyDataset):
    """Batches made one by one, the last of them smaller."""

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        rows = slice(index * 9, min(index * 9 + 9, ROWS))
        return X[rows] + np.random.random(), CLASSES[rows]


def _generated(batches: int) -> Any:
    for start in range(batches):
        rows = np.arange(start * 4, start * 4 + 8) % ROWS
        yield X[rows], CLASSES[rows], WEIGHTS[rows]


def _frame(module: str) -> Any:
    import importlib

    frames = importlib.import_module(module)
    columns = {f"x{i}": X[:, i].astype("float64") for i in range(6)}
    return frames.DataFrame(columns), frames.Series(CLASSES.astype("float64"))


_UNBATCHED = {"batch_size": None}
_add("data", "float64 and int64 arrays", _mlp(), data=(X.astype("float64"), CLASSES))
_add("data", "JAX arrays", _mlp(), data=lambda: (jax.numpy.asarray(X), jax.numpy.asarray(CLASSES)))
_add("data", "pandas", _mlp(), data=lambda: _frame("pandas"), validation_split=0.5)
_add("data", "Polars", _mlp(), data=lambda: _frame("polars"))
_add("data", "PyDataset", _mlp(), data=lambda: (Served(),), **_UNBATCHED)
_add(
    "data", "PyDataset, not shuffled", _mlp(), data=lambda: (Served(),), shuffle=False, **_UNBATCHED
)
_add(
    "data",
    "PyDataset, validated on one",
    _mlp(),
    data=lambda: (Served(workers=2),),
    validation_data=Served(),
    **_UNBATCHED,
)
_add("data", "generator", _mlp(), data=lambda: (_generated(9),), steps_per_epoch=4, **_UNBATCHED)
_add("data", "generator that ends", _mlp(), data=lambda: (_generated(5),), **_UNBATCHED)
_add(
    "data",
    "generator, class weights in its batches",
    _mlp(),
    data=lambda: (_generated(8),),
    steps_per_epoch=4,
    validation_data=(X, CLASSES),
    **_UNBATCHED,
)
