"""The networks of the gallery: Fathom's families by their settings, and a few that are none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fathom.specs import ModelSpec
from fathom.studies.experiments.arms import Network
from fathom.studies.experiments.splits import Splits

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Family:
    """A network of one of Fathom's families.

    Args:
        settings: Of `ModelSpec`, but for what the data say.
    """

    settings: Mapping[str, Any]

    def __call__(self, splits: Splits) -> keras.Model:
        """Return the network for these data."""
        from fathom import models

        return models.build(self.spec(splits))

    def spec(self, splits: Splits) -> ModelSpec:
        """Return the spec of the network for these data."""
        return ModelSpec(
            input_shape=splits.input_shape,
            task=splits.task,
            num_classes=splits.num_classes,
            **self.settings,
        )


@dataclass(frozen=True)
class Own:
    """A network that is of no family.

    Args:
        make: Makes it from the splits and the settings; it ends in logits, or in the value.
        settings: The function's further arguments.
    """

    make: Callable[..., keras.Model]
    settings: Mapping[str, Any]

    def __call__(self, splits: Splits) -> keras.Model:
        """Return the network for these data."""
        return self.make(splits, **self.settings)


def mlp(depth: int, width: int = 1, **settings: Any) -> Network:
    """Return a plain network; depth 0 is the linear model, for two classes a single neuron."""
    return Family({"depth": depth, "width": width, **settings})


def residual(depth: int, width: int, **settings: Any) -> Network:
    """Return a residual network whose branches are zero at the start."""
    return Family({"family": "residual", "depth": depth, "width": width, **settings})


def cnn(depth: int, width: int, **settings: Any) -> Network:
    """Return a plain convolutional network."""
    return Family({"family": "cnn", "depth": depth, "width": width, **settings})


def drawn(depth: int, width: int, *, scale: float, **settings: Any) -> Network:
    """Return a plain network whose hidden weights have the variance scale² / fan-in."""
    return Own(_drawn, {"depth": depth, "width": width, "scale": scale, **settings})


def naive_residual(depth: int, width: int, *, activation: str = "relu") -> Network:
    """Return a network of h + activation(dense(h)), He's weights, nothing scaled or normalised."""
    return Own(_naive, {"depth": depth, "width": width, "activation": activation})


def with_dense_ending(depth: int, width: int, *, dense: int, units: int) -> Network:
    """Return convolutions, flattened, and some dense layers before the last."""
    return Own(_dense_ending, {"depth": depth, "width": width, "dense": dense, "units": units})


def _outputs(splits: Splits) -> int:
    return 1 if splits.num_classes in (0, 2) else splits.num_classes


def _drawn(
    splits: Splits,
    *,
    depth: int,
    width: int,
    scale: float,
    activation: str = "sigmoid",
    normalized: bool = False,
) -> keras.Model:
    import keras

    def dense(units: int) -> Any:
        start: Any = keras.initializers.VarianceScaling(scale**2, "fan_in", "untruncated_normal")
        return keras.layers.Dense(units, kernel_initializer=start)

    h = inputs = keras.Input(splits.input_shape)
    h = keras.layers.Flatten()(h)
    for _ in range(depth):
        h = dense(width)(h)
        if normalized:
            h = keras.layers.BatchNormalization()(h)
        h = keras.layers.Activation(activation)(h)
    return keras.Model(inputs, keras.layers.Dense(_outputs(splits))(h))


def _naive(splits: Splits, *, depth: int, width: int, activation: str) -> keras.Model:
    import keras

    inputs = keras.Input(splits.input_shape)
    h = keras.layers.Dense(width)(keras.layers.Flatten()(inputs))
    for _ in range(depth):
        branch = keras.layers.Dense(width, kernel_initializer="he_normal")(h)
        branch = keras.layers.Activation(activation)(branch)
        h = keras.layers.Add()([h, branch])
    return keras.Model(inputs, keras.layers.Dense(_outputs(splits))(h))


def _dense_ending(splits: Splits, *, depth: int, width: int, dense: int, units: int) -> keras.Model:
    import keras

    h = inputs = keras.Input(splits.input_shape)
    for _ in range(depth):
        h = keras.layers.Conv2D(width, 3, padding="same", activation="relu")(h)
    h = keras.layers.MaxPooling2D(2)(h)
    h = keras.layers.Flatten()(h)
    for _ in range(dense):
        h = keras.layers.Dense(units, activation="relu")(h)
    return keras.Model(inputs, keras.layers.Dense(_outputs(splits))(h))
