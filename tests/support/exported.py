"""Small networks that between them have every layer that exports know, with drawn weights."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np

Layers = keras.layers
# Weights are drawn by NumPy afterwards: to compile Keras's drawing takes longer than all the rest.
ZEROS = {"kernel_initializer": "zeros"}
BOTH_ZEROS = {"kernel_initializer": "zeros", "recurrent_initializer": "zeros"}


def _dense() -> keras.Model:
    inputs = keras.Input((6,), name="my input")
    x = Layers.Dense(8, kernel_initializer="he_normal", kernel_regularizer="l2")(inputs)
    x = Layers.LeakyReLU()(Layers.BatchNormalization()(x))
    for name in ("elu", "selu", "silu", "mish", "softplus", "softsign", "hard_sigmoid", "gelu"):
        branch = Layers.Dense(
            8, activation=name, use_bias=name != "elu", name=f"{name}.1", **ZEROS
        )(x)
        x = Layers.Add()([x, Layers.Dropout(0.3)(branch)])
    for name in ("relu6", "exponential", "log_sigmoid", "hard_silu", "celu", "hard_tanh", "tanh"):
        x = Layers.Activation(name)(x)
    return keras.Model(
        inputs, Layers.Dense(3, activation="softmax", **ZEROS)(x), name='a "dense" one'
    )


def _shared_and_nested() -> keras.Model:
    left, right = keras.Input((5,), name="left"), keras.Input((5,), name="right")
    shared = Layers.Dense(4, activation="relu", name="shared", **ZEROS)
    inside = keras.Input((4,))
    block = keras.Model(
        inside, Layers.ReLU()(Layers.Dense(4, name="shared", **ZEROS)(inside)), name="block"
    )
    a, b = block(shared(left)), shared(right)
    parts = [
        Layers.Subtract()([a, b]),
        Layers.Multiply()([a, b, a]),
        Layers.Average()([a, b]),
        Layers.Maximum()([a, b]),
        Layers.Minimum()([a, b]),
        Layers.Concatenate()([a, Layers.Rescaling(0.5, 1.0)(b)]),
    ]
    both = Layers.Concatenate()(parts)
    outputs = [Layers.Dense(1, name="value", **ZEROS)(both), Layers.Softmax(name="type")(both)]
    return keras.Model([left, right], outputs, name="shared")


def _sequential() -> keras.Model:
    stack = [
        Layers.Dense(7, activation="sigmoid", **ZEROS),
        Layers.ELU(0.5),
        Layers.Dense(2, **ZEROS),
    ]
    return keras.Sequential([keras.Input((4,)), *stack])


def _images() -> keras.Model:
    inputs = keras.Input((9, 8, 3))
    x = Layers.Conv2D(4, 3, strides=2, padding="same", activation="relu", **ZEROS)(inputs)
    x = Layers.BatchNormalization()(x)
    x = Layers.ZeroPadding2D(((1, 2), (0, 1)))(x)
    x = Layers.DepthwiseConv2D(
        3, depth_multiplier=2, padding="same", depthwise_initializer="zeros"
    )(x)
    x = Layers.Conv2D(
        8, (2, 3), dilation_rate=2, padding="same", groups=2, use_bias=False, **ZEROS
    )(x)
    x = Layers.UpSampling2D((2, 1))(x)
    a = Layers.MaxPooling2D(3, strides=2, padding="same")(x)
    b = Layers.AveragePooling2D((2, 1))(Layers.SpatialDropout2D(0.1)(x))
    b = Layers.Cropping2D(((1, 2), (0, 0)))(b)
    a, b = Layers.GlobalAveragePooling2D()(a), Layers.Flatten()(b)
    pooled = Layers.GlobalMaxPooling2D(keepdims=True)(x)
    return keras.Model(
        inputs, Layers.Dense(2, **ZEROS)(Layers.Concatenate()([a, b, Layers.Flatten()(pooled)]))
    )


def _sequences() -> keras.Model:
    inputs = keras.Input((6, 4))
    x = Layers.Conv1D(5, 3, padding="causal", dilation_rate=2, **ZEROS)(inputs)
    x = Layers.Cropping1D((1, 0))(Layers.ZeroPadding1D(1)(x))
    a = Layers.LSTM(4, return_sequences=True, **BOTH_ZEROS)(x)
    b = Layers.Bidirectional(Layers.GRU(3, return_sequences=True, **BOTH_ZEROS))(a)
    c = Layers.SimpleRNN(4, activation="relu", return_sequences=True, use_bias=False, **BOTH_ZEROS)(
        x
    )
    ends = [
        Layers.GRU(3, **BOTH_ZEROS)(b),
        Layers.Bidirectional(Layers.LSTM(2, **BOTH_ZEROS))(c),
        Layers.SimpleRNN(2, **BOTH_ZEROS)(c),
        Layers.GlobalMaxPooling1D()(Layers.MaxPooling1D(2)(x)),
        Layers.GlobalAveragePooling1D()(Layers.AveragePooling1D(2)(x)),
    ]
    return keras.Model(inputs, Layers.Dense(2, **ZEROS)(Layers.Concatenate()(ends)))


def _attention() -> keras.Model:
    words = keras.Input((5,), dtype="int32")
    x = Layers.Embedding(11, 6, embeddings_initializer="zeros")(words)
    x = Layers.EinsumDense("btd,de->bte", output_shape=(5, 6), bias_axes="e", **ZEROS)(x)
    y = Layers.MultiHeadAttention(2, 3, **ZEROS)(x, x, use_causal_mask=True)
    x = Layers.LayerNormalization()(Layers.Add()([x, y]))
    summary = Layers.RepeatVector(3)(Layers.Dense(6, **ZEROS)(Layers.Flatten()(x)))
    y = Layers.MultiHeadAttention(2, 4, output_shape=7, use_bias=False, **ZEROS)(summary, x)
    y = Layers.Reshape((7, 3))(Layers.Permute((2, 1))(y))
    return keras.Model(words, Layers.LayerNormalization(scale=False)(y))


NETWORKS: dict[str, Callable[[], keras.Model]] = {
    "dense": _dense,
    "shared": _shared_and_nested,
    "sequential": _sequential,
    "images": _images,
    "sequences": _sequences,
    "attention": _attention,
}


def drawn_network(name: str) -> keras.Model:
    """Return a network whose every weight is drawn, moving averages too."""
    model = NETWORKS[name]()
    random = np.random.default_rng(7)
    model.set_weights([_drawn(variable, random) for variable in model.weights])
    return model


def _drawn(variable: keras.Variable, random: np.random.Generator) -> np.ndarray:
    values = random.normal(0, 0.4, variable.shape)
    return np.abs(values) + 0.5 if "variance" in variable.path else values


def drawn_rows(model: keras.Model, rows: int = 3) -> list[np.ndarray]:
    """Return an array of rows for each input of a model."""
    random = np.random.default_rng(8)
    return [
        random.integers(0, 9, (rows, *tensor.shape[1:])).astype("int32")
        if tensor.dtype == "int32"
        else random.normal(size=(rows, *tensor.shape[1:])).astype("float32")
        for tensor in model.inputs
    ]


def answers(model: keras.Model, rows: list[np.ndarray]) -> list[np.ndarray]:
    """Return a model's outputs, each as an array."""
    given = model(rows if len(rows) > 1 else rows[0], training=False)
    return [np.asarray(part) for part in keras.tree.flatten(given)]
