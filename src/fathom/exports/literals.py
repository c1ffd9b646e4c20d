"""Layers and their settings as Python source: only what differs from Keras's own defaults."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import Any

import keras

from fathom.exports.graph import Name, Unsupported

_PUBLIC = ("layers", "initializers", "regularizers", "constraints")
_GETTERS = {
    "_initializer": keras.initializers,
    "_regularizer": keras.regularizers,
    "_constraint": keras.constraints,
}
_NEVER = ("name", "trainable", "dtype", "module", "registered_name", "build_config")


def layer_source(layer: Any, *, name: str) -> str:
    """Return the call that makes a layer, such as `keras.layers.Dense(64, name='hidden_1')`.

    Raises:
        Unsupported: It is not one of Keras's own, or has settings that are not data.
    """
    kind = type(layer)
    if getattr(keras.layers, kind.__name__, None) is not kind or kind is keras.layers.Lambda:
        raise Unsupported("not a layer of Keras's own that is all data")
    config = layer.get_config()
    extra = [] if layer.trainable else ["trainable=False"]
    policy = layer.dtype_policy.name
    extra += [] if policy == keras.config.dtype_policy().name else [f"dtype={policy!r}"]
    return _made(f"keras.layers.{kind.__name__}", kind, config, [*extra, f"name={name!r}"])


def _made(path: str, kind: Any, config: Mapping[str, Any], extra: list[str]) -> str:
    parameters = inspect.signature(kind.__init__).parameters
    given = []
    order = {name: place for place, name in enumerate(parameters)}
    for name, value in sorted(config.items(), key=lambda item: order.get(item[0], len(order))):
        if name in _NEVER or _is_default(name, value, parameters):
            continue
        if name not in parameters and not _takes_all(parameters):
            continue
        is_first = list(parameters)[1:2] == [name] and not given
        given.append(source(value) if is_first else f"{name}={source(value)}")
    return f"{path}({', '.join([*given, *extra])})"


def _takes_all(parameters: Mapping[str, inspect.Parameter]) -> bool:
    return any(one.kind is inspect.Parameter.VAR_KEYWORD for one in parameters.values())


def _is_default(name: str, value: Any, parameters: Mapping[str, inspect.Parameter]) -> bool:
    if name not in parameters:
        return value is None or (name, value) == ("zero_output_for_mask", False)
    if name == "data_format" and value == keras.config.image_data_format():
        return True
    default = parameters[name].default
    if default is inspect.Parameter.empty:
        return False
    if name.endswith("activation"):
        default = "linear" if default is None else default
    ending = next((e for e in _GETTERS if name.endswith(e)), None)
    if ending and isinstance(default, str):
        default = keras.saving.serialize_keras_object(_GETTERS[ending].get(default))
    return source(value) == source(default)


def source(value: Any) -> str:
    """Return Python source that makes `value`, a part of a Keras configuration.

    Raises:
        Unsupported: It is not data, nor one of Keras's own objects.

    Example:
        >>> source({"module": "keras.regularizers", "class_name": "L2", "config": {"l2": 0.5}})
        'keras.regularizers.L2(0.5)'
    """
    if isinstance(value, Name):
        return value.text
    if value is None or isinstance(value, bool | int | str):
        return repr(value)
    if isinstance(value, float):
        return repr(value) if value == value and abs(value) != float("inf") else f"float('{value}')"
    if isinstance(value, slice):
        return f"slice({source(value.start)}, {source(value.stop)}, {source(value.step)})"
    if value is Ellipsis:
        return "..."
    if isinstance(value, list):
        return f"[{', '.join(map(source, value))}]"
    if isinstance(value, tuple):
        return f"({', '.join(map(source, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, Mapping):
        return _of_mapping(value)
    raise Unsupported(f"a setting is a {type(value).__name__}")


def _of_mapping(value: Mapping[str, Any]) -> str:
    if "class_name" not in value:
        inside = ", ".join(f"{key!r}: {source(part)}" for key, part in value.items())
        return f"{{{inside}}}"
    module, name, config = value.get("module"), value["class_name"], value.get("config") or {}
    if module == "builtins" or isinstance(config, str):
        return repr(config)
    room = str(module).removeprefix("keras.")
    kind = getattr(getattr(keras, room, None), name, None)
    if room not in _PUBLIC or kind is None or kind is keras.layers.Lambda:
        raise Unsupported(f"{name} is not Keras's own")
    named = [f"name={config['name']!r}"] if room == "layers" else []
    return _made(f"keras.{room}.{name}", kind, config, named)


def operation_source(operation: Any, arguments: Any, settings: Mapping[str, Any]) -> str:
    """Return the call of a `keras.ops` function, such as `keras.ops.mean(x, axis=1)`.

    Raises:
        Unsupported: It is not a function of `keras.ops`.
    """
    kind = type(operation).__name__
    if kind == "GetItem":
        key = arguments[1] if len(arguments) > 1 else settings["key"]
        return f"{source(arguments[0])}[{source(key)}]"
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", kind).lower()
    if not callable(getattr(keras.ops, name, None)):
        raise Unsupported("not a function of keras.ops")
    config = {k: v for k, v in operation.get_config().items() if k not in ("name", "dtype")}
    named = {**config, **settings}
    given = [*map(source, arguments), *(f"{key}={source(v)}" for key, v in named.items())]
    return f"keras.ops.{name}({', '.join(given)})"
