"""Arguments are of the kinds that annotations say, and a wrong one is refused in words."""

from __future__ import annotations

import ast
import inspect
import operator
import os
from collections.abc import Callable, Mapping
from functools import cache, wraps
from typing import Any, NamedTuple, ParamSpec, TypeVar

from fathom.errors import SpecError
from fathom.specs.names import closest

Arguments = ParamSpec("Arguments")
Returned = TypeVar("Returned")

MOST_SHOWN = 60
# Beyond it a whole number fits into no count, seed or size that is computed with.
LARGEST = 2**63 - 1


class Kind(NamedTuple):
    """What a value may be.

    Args:
        words: Of one value, such as "a whole number".
        several: Of several values.
        taken: Returns the value as plain Python, or raises TypeError or ValueError.
    """

    words: str
    several: str
    taken: Callable[[Any], Any]


def typed(function: Callable[Arguments, Returned]) -> Callable[Arguments, Returned]:
    """Refuse arguments that are not what the function's annotations say.

    NumPy's numbers arrive as Python's, and what may be iterated over as a tuple. An
    annotation is written without aliases: `int | Iterable[int]`, `Literal["auto"] | None`.

    Args:
        function: Its module has `from __future__ import annotations`.

    Returns:
        The function, which raises SpecError where an argument is of another kind, or unknown.

    Example:
        >>> @typed
        ... def doubled(count: "int") -> int:
        ...     return 2 * count
        >>> doubled("two")
        Traceback (most recent call last):
        fathom.errors.SpecError: `count` must be a whole number. Received: count='two'.
    """

    @wraps(function)
    def heeding(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Returned:
        signature = _signature(function)
        _refuse_unknown(function, signature, kwargs)
        bound = signature.bind(*args, **kwargs)
        for name, value in bound.arguments.items():
            bound.arguments[name] = _taken(name, value, signature.parameters[name])
        return function(*bound.args, **bound.kwargs)

    return heeding


def as_typed(function: Callable[..., Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options that are passed on to a function later, each of the kind it takes.

    Raises:
        SpecError: One is of another kind, or unknown.
    """
    signature = _signature(function)
    _refuse_unknown(function, signature, options)
    return {
        name: _taken(name, value, signature.parameters[name]) for name, value in options.items()
    }


def several(values: Any) -> tuple[Any, ...]:
    """Return what one value or several stand for: (4,) for 4, (1, 2) for [1, 2]."""
    return (values,) if isinstance(values, str | int | float) else tuple(values)


@cache
def _signature(function: Callable[..., Any]) -> inspect.Signature:
    return inspect.signature(function)


def _refuse_unknown(
    function: Callable[..., Any], signature: inspect.Signature, received: Mapping[str, Any]
) -> None:
    parameters = signature.parameters
    unknown = next((name for name in received if name not in parameters), None)
    if unknown is None or any(one.kind is one.VAR_KEYWORD for one in parameters.values()):
        return
    known = [name for name in parameters if name != "self"]
    meant = closest(unknown, known)
    called = function.__qualname__.removesuffix(".__init__").rpartition(".")[2]
    raise SpecError(
        f"`{called}` has no argument `{unknown}`. Received: {_shown(unknown, received[unknown])}.",
        hint=f"did you mean `{meant}`?" if meant else f"its arguments are {', '.join(known)}",
    )


def _taken(name: str, value: Any, parameter: inspect.Parameter) -> Any:
    is_checked = isinstance(parameter.annotation, str) and parameter.kind not in (
        parameter.VAR_KEYWORD,
        parameter.VAR_POSITIONAL,
    )
    if not is_checked or value is parameter.default:
        return value
    kinds = _kinds(parameter.annotation.strip("\"'"))
    try:
        return _first_taken(kinds, value)
    except OverflowError:
        raise SpecError(
            f"`{name}` is too large a number to compute with. Received: {_shown(name, value)}."
        ) from None
    except (TypeError, ValueError):
        words = " or ".join(dict.fromkeys(kind.words for kind in kinds))
        raise SpecError(f"`{name}` must be {words}. Received: {_shown(name, value)}.") from None


def _shown(name: str, value: Any) -> str:
    try:
        text = repr(value)
    except Exception:  # what a stranger's class answers to repr is its own affair
        text = ""
    is_short = 0 < len(text) <= MOST_SHOWN and "\n" not in text
    return f"{name}={text}" if is_short else f"{name} of type {type(value).__name__}"


@cache
def _kinds(annotation: str) -> tuple[Kind, ...]:
    return tuple(_kind(part) for part in _alternatives(annotation))


def _alternatives(annotation: str) -> list[str]:
    """Return the parts of a union, as source.

    Example:
        >>> _alternatives("int | Literal['a|b'] | None")
        ['int', "Literal['a|b']", 'None']
    """
    tree = ast.parse(annotation, mode="eval").body
    parts: list[str] = []
    while isinstance(tree, ast.BinOp):
        parts.insert(0, ast.unparse(tree.right))
        tree = tree.left
    return [ast.unparse(tree), *parts]


def _kind(annotation: str) -> Kind:
    if annotation in KINDS:
        return KINDS[annotation]
    outer, _, inner = annotation.partition("[")
    inner = inner[:-1]
    if outer == "Literal":
        return _choice(ast.literal_eval(f"({inner},)"))
    if outer == "tuple" and not inner.endswith("..."):
        return _fixed([_kind(part.strip()) for part in inner.split(",")])
    if outer in ("Iterable", "Sequence", "tuple", "list"):
        return _many(_kinds(inner.removesuffix(", ...")))
    if outer == "Mapping":
        return Kind("a dictionary", "dictionaries", _of(Mapping))
    if outer == "Callable":
        return Kind("a function", "functions", _callable)
    return _instance(outer.rpartition(".")[2])


def _choice(values: tuple[Any, ...]) -> Kind:
    def taken(value: Any) -> Any:
        return values[values.index(value)]

    words = " or ".join(map(repr, values))
    return Kind(words, words, taken)


def _many(kinds: tuple[Kind, ...]) -> Kind:
    def taken(values: Any) -> tuple[Any, ...]:
        _refuse_single(values)
        return tuple(_first_taken(kinds, value) for value in values)

    words = f"a list of {' or '.join(kind.several for kind in kinds)}"
    return Kind(words, f"lists: {words}", taken)


def _fixed(kinds: list[Kind]) -> Kind:
    def taken(values: Any) -> tuple[Any, ...]:
        _refuse_single(values)
        listed = tuple(values)
        return tuple(kind.taken(value) for kind, value in zip(kinds, listed, strict=True))

    words = f"({', '.join(kind.words for kind in kinds)})"
    return Kind(words, words, taken)


def _refuse_single(values: Any) -> None:
    if isinstance(values, str | bytes | Mapping):
        raise TypeError(type(values))


def _first_taken(kinds: tuple[Kind, ...], value: Any) -> Any:
    for kind in kinds[:-1]:
        try:
            return kind.taken(value)
        except (TypeError, ValueError):
            continue
    return kinds[-1].taken(value)


def _instance(name: str) -> Kind:
    """Return the kind of a class that is told by its name, so that it need not be loaded.

    Another class passes where its `stands_for` is that name.
    """

    def taken(value: Any) -> Any:
        names = {one.__name__ for one in type(value).__mro__}
        if name not in names and name != getattr(type(value), "stands_for", None):
            raise TypeError(type(value))
        return value

    return Kind(f"a {name}", f"{name}s", taken)


def _whole(value: Any) -> int:
    if isinstance(value, bool):
        raise TypeError(value)
    is_integral = isinstance(value, float) and value.is_integer()
    exact: Any = int(value) if is_integral else value
    number = operator.index(exact)
    if abs(number) > LARGEST:
        raise OverflowError(number)
    return number


def _number(value: Any) -> float:
    if isinstance(value, bool | str | bytes):
        raise TypeError(value)
    if isinstance(value, int | float):
        float(value)  # too large a whole number is none that is computed with
        return value
    if getattr(value, "ndim", 0) or not hasattr(value, "__float__"):
        raise TypeError(value)
    return float(value)


def _truth(value: Any) -> bool:
    if not isinstance(value, bool) and type(value).__name__ not in ("bool_", "bool"):
        raise TypeError(value)
    return bool(value)


def _nothing(value: Any) -> None:
    if value is not None:
        raise TypeError(value)


def _anything(value: Any) -> Any:
    return value


def _callable(value: Any) -> Any:
    if not callable(value):
        raise TypeError(value)
    return value


def _of(cls: type) -> Callable[[Any], Any]:
    """Return what lets the instances of a class pass as they are."""

    def taken(value: Any) -> Any:
        if not isinstance(value, cls):
            raise TypeError(value)
        return value

    return taken


KINDS = {
    "int": Kind("a whole number", "whole numbers", _whole),
    "float": Kind("a number", "numbers", _number),
    "bool": Kind("True or False", "True or False", _truth),
    "str": Kind("text", "texts", _of(str)),
    "Path": Kind("a path", "paths", _of(os.PathLike)),
    "None": Kind("None", "None", _nothing),
    "Any": Kind("anything", "values", _anything),
    "object": Kind("anything", "values", _anything),
}
