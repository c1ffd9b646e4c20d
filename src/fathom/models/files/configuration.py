"""A model's configuration is read, in full, before Keras acts on any of it.

Keras's own safe mode names what may not be loaded; this names what may.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fathom.errors import ModelError
from fathom.models.files.allowed import (
    DTYPES,
    MODELS,
    NOTATION,
    POLICY,
    allowed_classes,
    allowed_functions,
    function_modules,
)

MAX_DEPTH = 100
MAX_OBJECTS = 20_000
MAX_INTEGER = 2**31
# Metrics make tables and lists of these sizes as soon as they are constructed.
MAX_METRIC_INTEGER = 2_000

_ANY_INTEGER = ("seed", "shared_object_id")
_KERAS_ONLY = (
    "Fathom reads functional and Sequential models made of Keras's own layers; "
    "pass any other model from Python"
)


def check_configuration(config: dict[str, Any], source: str) -> None:
    """Refuse a configuration that names or asks for anything but what is allowed.

    Args:
        config: What `config.json` holds.
        source: The file, for messages.

    Raises:
        ModelError: A class or function is not on the list, a number is out of
            range, or there is too much of it.
    """
    if not isinstance(config.get("config"), dict) or _identity(config) not in MODELS:
        raise _refusal(source, "a model", _told(config))
    pending = [_Part(config)]
    num_objects = 0
    while pending:
        part = pending.pop()
        if part.depth > MAX_DEPTH:
            raise _refusal(source, f"at most {MAX_DEPTH} levels", "more")
        if part.is_object:
            _check_object(part.value, source)
            num_objects += part.calls
        if num_objects > MAX_OBJECTS:
            raise _refusal(source, f"at most {MAX_OBJECTS} objects, each counted per call", "more")
        _check_number(part.value, part.limit, source)
        if isinstance(part.value, dict):
            _check_settings(part.value, source)
        pending += part.children()


@dataclass(frozen=True)
class _Part:
    """A value in the configuration, and what is known from where it stands.

    Args:
        value: JSON data.
        limit: The largest integer it may hold.
        depth: Levels above it.
        calls: How often it is called: models in models multiply.
    """

    value: Any
    limit: int = MAX_INTEGER
    depth: int = 0
    calls: int = 1

    @property
    def is_object(self) -> bool:
        return isinstance(self.value, dict) and "class_name" in self.value

    def children(self) -> list[_Part]:
        if isinstance(self.value, list):
            return [_Part(child, self.limit, self.depth + 1, self.calls) for child in self.value]
        if not isinstance(self.value, dict):
            return []
        limit = self.limit
        if self.is_object and self.value.get("module") == "keras.metrics":
            limit = MAX_METRIC_INTEGER
        nodes = self.value.get("inbound_nodes")
        calls = self.calls * max(len(nodes), 1) if isinstance(nodes, list) else self.calls
        return [
            _Part(child, limit, self.depth + 1, self.calls if key == "inbound_nodes" else calls)
            for key, child in self.value.items()
            if not (key in _ANY_INTEGER and isinstance(child, int))
        ]


def _check_settings(settings: dict[str, Any], source: str) -> None:
    """Refuse the settings that change what a layer is, or how much of it there is."""
    dtype = settings.get("dtype")
    if isinstance(dtype, str) and dtype not in DTYPES:
        raise _refusal(source, "Keras's ordinary number types", ascii(dtype[:80]))
    if settings.get("unroll"):
        raise _refusal(source, "recurrent layers with unroll=False", "unroll=True")
    if settings.get("quantization_config"):
        raise _refusal(source, "layers that are not quantised", "a quantised layer")


def _check_number(value: Any, limit: int, source: str) -> None:
    if isinstance(value, int) and abs(value) > limit:
        received = str(value) if abs(value) < 10**20 else "a number of more than 20 digits"
        raise _refusal(source, f"numbers up to {limit}", received)


def _check_object(value: dict[str, Any], source: str) -> None:
    if not _is_allowed(value):
        raise ModelError(
            f"{source} names {_told(value)}, which is not one of the Keras classes and functions "
            "that Fathom lets a file name.",
            hint=_KERAS_ONLY,
        )


def _is_allowed(value: dict[str, Any]) -> bool:
    name, module, config = value["class_name"], value.get("module"), value.get("config")
    registered = value.get("registered_name")
    if not isinstance(name, str) or not isinstance(module, str | None):
        return False
    if name == "function":
        known = isinstance(config, str) and config in allowed_functions()
        return known and module in function_modules() and registered in (None, name, config)
    if not isinstance(config, dict) or registered not in (None, name):
        return False
    if module is None:
        return name in NOTATION
    if (module, name) == POLICY and str(config.get("name")) not in DTYPES:
        return False
    return (module, name) in allowed_classes()


def _identity(value: dict[str, Any]) -> tuple[Any, Any]:
    return value.get("module"), value.get("class_name")


def _told(value: dict[str, Any]) -> str:
    """Return an object's module and name, safe to print whatever they are."""
    module, name = _identity(value)
    if name == "function":
        name = value.get("config")
    return ascii(f"{module}.{name}" if module else str(name))[:120]


def _refusal(source: str, rule: str, received: str) -> ModelError:
    return ModelError(
        f"The configuration of a model file must have {rule}. Received: {received} in {source}.",
        hint=_KERAS_ONLY,
    )
