"""The classes and functions that a `.keras` file may name, all of them Keras's own.

Left out are those that run code of the file's choosing (Lambda, wrappers of
other libraries), read other files (vocabularies), or are not Keras's.
"""

from __future__ import annotations

import functools
import inspect
from typing import Any

import keras

_LAYERS = """
    InputLayer Dense EinsumDense Embedding ReversibleEmbedding Identity Masking
    Activation ELU LeakyReLU PReLU ReLU Softmax
    BatchNormalization GroupNormalization LayerNormalization RMSNormalization
    SpectralNormalization UnitNormalization
    ActivityRegularization AlphaDropout Dropout GaussianDropout GaussianNoise
    SpatialDropout1D SpatialDropout2D SpatialDropout3D
    Add Average Concatenate Dot Maximum Minimum Multiply Subtract
    Flatten Permute RepeatVector Reshape Cropping1D Cropping2D Cropping3D
    UpSampling1D UpSampling2D UpSampling3D ZeroPadding1D ZeroPadding2D ZeroPadding3D
    Conv1D Conv2D Conv3D Conv1DTranspose Conv2DTranspose Conv3DTranspose
    DepthwiseConv1D DepthwiseConv2D SeparableConv1D SeparableConv2D
    AveragePooling1D AveragePooling2D AveragePooling3D
    MaxPooling1D MaxPooling2D MaxPooling3D
    GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D
    GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D
    AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveAveragePooling3D
    AdaptiveMaxPooling1D AdaptiveMaxPooling2D AdaptiveMaxPooling3D
    RNN SimpleRNN SimpleRNNCell GRU GRUCell LSTM LSTMCell StackedRNNCells
    ConvLSTM1D ConvLSTM2D ConvLSTM3D Bidirectional TimeDistributed
    AdditiveAttention Attention GroupQueryAttention MultiHeadAttention
    Rescaling Normalization Resizing CenterCrop
    RandomBrightness RandomContrast RandomCrop RandomFlip RandomRotation
    RandomTranslation RandomZoom
"""

_ELEMENTWISE = """
    Abs Absolute Add Clip Cos Cosh Divide Exp Expm1 Log Log1p Maximum Minimum Multiply
    Negative Power Reciprocal Sign Sin Sqrt Square Subtract Tan Tanh TrueDivide
"""

# Masks are computed with these.
_COMPARING = """
    All Any Equal Greater GreaterEqual Less LessEqual LogicalAnd LogicalNot
    LogicalOr NotEqual Where
"""

_RESHAPING = """
    Concatenate ExpandDims GetItem Matmul Max Mean Min Prod Ravel Reshape Squeeze Stack Std
    Sum Swapaxes Transpose Var
"""

_ACTIVATING = """
    Celu Elu Gelu HardSigmoid HardSilu HardTanh LeakyRelu LogSigmoid LogSoftmax Relu Relu6
    Selu Sigmoid Silu Softmax Softplus Softsign
"""

# They choose optimizers by patterns that the file would bring along.
_NOT_READ = {("keras.optimizers", "MultiOptimizer"), ("keras.optimizers", "OptimizerMap")}

# Keras's notation for values that JSON has no word for, and for the edges of the graph.
NOTATION = frozenset({"__keras_tensor__", "__slice__", "__ellipsis__"})
MODELS = (("keras", "Sequential"), ("keras.src.models.functional", "Functional"))
POLICY = ("keras", "DTypePolicy")
SEEDS = ("keras.random", "SeedGenerator")
DTYPES = frozenset({
    "bool", "string", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
    "float16", "bfloat16", "float32", "float64", "mixed_float16", "mixed_bfloat16",
})  # fmt: skip
_NO_FUNCTIONS = ("deserialize", "get", "serialize")
_FUNCTION_MODULES = ("activations", "losses", "metrics")


@functools.cache
def allowed_classes() -> frozenset[tuple[str, str]]:
    """Return module and name of every class that a file may ask for."""
    operations = {
        "keras.src.ops.numpy": _ELEMENTWISE + _COMPARING + _RESHAPING,
        "keras.src.ops.nn": _ACTIVATING,
    }
    pairs = {(module, name) for module, names in operations.items() for name in names.split()}
    pairs.update(("keras.layers", name) for name in _LAYERS.split())
    pairs.update((module, name) for module, base in _bases() for name in _kinds(module, base))
    return frozenset({*pairs, *MODELS, POLICY, SEEDS}) - _NOT_READ


@functools.cache
def allowed_functions() -> frozenset[str]:
    """Return the names of Keras's activation, loss and metric functions."""
    return frozenset(
        name
        for module in _FUNCTION_MODULES
        for name, value in vars(getattr(keras, module)).items()
        if inspect.isfunction(value) and value.__name__ == name and name not in _NO_FUNCTIONS
    )


def function_modules() -> tuple[str, ...]:
    """Return the modules under which Keras writes its functions."""
    return ("builtins", *(f"keras.{name}" for name in _FUNCTION_MODULES))


def _bases() -> tuple[tuple[str, type], ...]:
    return (
        ("keras.initializers", keras.initializers.Initializer),
        ("keras.regularizers", keras.regularizers.Regularizer),
        ("keras.constraints", keras.constraints.Constraint),
        ("keras.optimizers", keras.optimizers.Optimizer),
        ("keras.optimizers.schedules", keras.optimizers.schedules.LearningRateSchedule),
        ("keras.losses", keras.losses.Loss),
        ("keras.metrics", keras.metrics.Metric),
    )


def _kinds(module: str, base: type) -> list[str]:
    """Return the public classes of one module that are a `base`, without it and without aliases."""
    found: Any = keras
    for part in module.split(".")[1:]:
        found = getattr(found, part)
    kinds = {name: value for name, value in vars(found).items() if isinstance(value, type)}
    return [
        name
        for name, kind in kinds.items()
        if issubclass(kind, base) and kind is not base and kind.__name__ == name
    ]
