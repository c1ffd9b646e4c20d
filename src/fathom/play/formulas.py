"""Formulas of x and y that users write, read by a small parser; nothing is ever run as code.

sum      = product (("+" | "-") product)*
product  = sign (("*" | "/") sign)*
sign     = ("-" | "+") sign | power
power    = atom ("^" sign)?
atom     = number | name | name "(" sum ("," sum)* ")" | "(" sum ")"
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fathom.errors import SpecError
from fathom.specs import closest

MOST_CHARACTERS = 200
MOST_NESTED = 40

Values = np.ndarray
Formula = Callable[[Values, Values], Values]
_Node = Callable[[dict[str, Values]], Values]


def _relu(value: Values) -> Values:
    return np.maximum(value, 0.0)


def _step(value: Values) -> Values:
    return (value > 0).astype(np.float64)


def _sigmoid(value: Values) -> Values:
    return 1 / (1 + np.exp(-value))


FUNCTIONS: dict[str, tuple[int, Callable[..., Values]]] = {
    "sin": (1, np.sin),
    "cos": (1, np.cos),
    "tan": (1, np.tan),
    "exp": (1, np.exp),
    "log": (1, np.log),
    "sqrt": (1, np.sqrt),
    "abs": (1, np.abs),
    "sign": (1, np.sign),
    "tanh": (1, np.tanh),
    "sigmoid": (1, _sigmoid),
    "relu": (1, _relu),
    "step": (1, _step),
    "floor": (1, np.floor),
    "min": (2, np.minimum),
    "max": (2, np.maximum),
}
NAMES = ("x", "y", "r", "a", "pi", "e")

_TOKEN = re.compile(r"\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)|([A-Za-z_]\w*)|(.))", re.ASCII)


@dataclass(frozen=True)
class _Token:
    """A piece of a formula: kind is "number", "name", "sign" or "end"."""

    kind: str
    text: str
    place: int


def parse(text: str) -> Formula:
    """Return the function of `x` and `y` (float64 arrays of one shape) that `text` writes.

    Names: `x`, `y`, `r` (distance from the centre), `a` (angle), `pi`, `e`.

    Raises:
        SpecError: `text` is no formula; the message says where.

    Example:
        >>> parse("x^2 + 1")(np.array([2.0]), np.array([0.0]))
        array([5.])
    """
    if len(text) > MOST_CHARACTERS:
        raise SpecError(
            f"A formula must have at most {MOST_CHARACTERS} characters. Received: {len(text)}."
        )
    node = _Parser(text).whole()

    def formula(x: Values, y: Values) -> Values:
        values = {"x": x, "y": y, "r": np.hypot(x, y), "a": np.arctan2(y, x)}
        with np.errstate(all="ignore"):
            return np.broadcast_to(node(values), np.shape(x)).astype(np.float64)

    return formula


_NAMES_IN_NUMPY = {"r": "np.hypot(x, y)", "a": "np.arctan2(y, x)", "pi": "np.pi", "e": "np.e"}


def as_numpy(text: str) -> str:
    """Return a formula as Python with NumPy writes it, to be read and run by people.

    Raises:
        SpecError: `text` is no formula.

    Example:
        >>> as_numpy("sin(x)^2 + r")
        'np.sin(x)**2 + np.hypot(x, y)'
    """
    parse(text)
    pieces = []
    for token in _tokens(text):
        if token.kind == "name" and token.text in FUNCTIONS:
            pieces.append(_NUMPY_FUNCTIONS.get(token.text, f"np.{token.text}"))
        elif token.kind == "name":
            pieces.append(_NAMES_IN_NUMPY.get(token.text, token.text))
        else:
            pieces.append(
                {"^": "**", "+": " + ", "-": " - ", ",": ", "}.get(token.text, token.text)
            )
    return "".join(pieces).strip()


_NUMPY_FUNCTIONS = {
    "min": "np.minimum",
    "max": "np.maximum",
    "sigmoid": "(lambda z: 1 / (1 + np.exp(-z)))",
    "relu": "(lambda z: np.maximum(z, 0))",
    "step": "(lambda z: np.heaviside(z, 0))",
}


class _Parser:
    """Reads one formula from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = _tokens(text)
        self.at = 0
        self.nested = 0

    def whole(self) -> _Node:
        node = self.sum()
        if self.peek().kind != "end":
            self.refuse("an operator")
        return node

    def peek(self) -> _Token:
        return self.tokens[self.at]

    def take(self, *signs: str) -> str | None:
        """Return the next sign and go past it if it is one of `signs`."""
        token = self.peek()
        if token.kind != "sign" or token.text not in signs:
            return None
        self.at += 1
        return token.text

    def expect(self, sign: str) -> None:
        if self.take(sign) is None:
            self.refuse(f"{sign!r}")

    def refuse(self, wanted: str) -> None:
        token = self.peek()
        found = repr(token.text) if token.kind != "end" else "the end"
        raise SpecError(
            f"A formula needs {wanted} at character {token.place + 1}. "
            f"Received: {self.text!r}, with {found} there.",
            hint="write for example sin(x) * y^2 + 0.5",
        )

    def sum(self) -> _Node:
        self.nested += 1
        if self.nested > MOST_NESTED:
            raise SpecError(f"A formula must nest at most {MOST_NESTED} deep.")
        node = self.product()
        while sign := self.take("+", "-"):
            node = _two(np.add if sign == "+" else np.subtract, node, self.product())
        self.nested -= 1
        return node

    def product(self) -> _Node:
        node = self.sign()
        while sign := self.take("*", "/"):
            node = _two(np.multiply if sign == "*" else np.divide, node, self.sign())
        return node

    def sign(self) -> _Node:
        minus = False
        while sign := self.take("-", "+"):
            minus ^= sign == "-"
        node = self.power()
        return _one(np.negative, node) if minus else node

    def power(self) -> _Node:
        base = self.atom()
        if self.take("^") is None:
            return base
        self.nested += 1
        if self.nested > MOST_NESTED:
            raise SpecError(f"A formula must nest at most {MOST_NESTED} deep.")
        node = _two(np.power, base, self.sign())
        self.nested -= 1
        return node

    def atom(self) -> _Node:
        token = self.peek()
        if self.take("("):
            node = self.sum()
            self.expect(")")
            return node
        if token.kind == "number":
            self.at += 1
            return _constant(float(token.text))
        if token.kind == "name":
            self.at += 1
            return self.call(token) if self.peek().text == "(" else _named(token, self.text)
        self.refuse("a number, a name or '('")
        raise AssertionError  # refuse always raises

    def call(self, name: _Token) -> _Node:
        if name.text not in FUNCTIONS:
            _refuse_name(name, self.text, tuple(FUNCTIONS), "function")
        count, function = FUNCTIONS[name.text]
        self.expect("(")
        arguments = [self.sum()]
        while self.take(","):
            arguments.append(self.sum())
        self.expect(")")
        if len(arguments) != count:
            raise SpecError(
                f"{name.text} takes {count} argument{'s' if count > 1 else ''}. "
                f"Received: {self.text!r}, with {len(arguments)}."
            )
        return _one(function, *arguments) if count == 1 else _two(function, *arguments)


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    for match in _TOKEN.finditer(text.rstrip()):
        kind = ("number", "name", "sign")[(match.lastindex or 1) - 1]
        piece = match.group(match.lastindex or 1)
        found.append(_Token(kind, piece, match.start(match.lastindex or 1)))
    return [*found, _Token("end", "", len(text.rstrip()))]


def _constant(value: float) -> _Node:
    return lambda values: np.asarray(value, np.float64)


def _named(name: _Token, text: str) -> _Node:
    if name.text not in NAMES:
        _refuse_name(name, text, NAMES, "name")
    if name.text in ("pi", "e"):
        return _constant(math.pi if name.text == "pi" else math.e)
    return lambda values: values[name.text]


def _refuse_name(name: _Token, text: str, known: tuple[str, ...], what: str) -> None:
    meant = closest(name.text, known)
    raise SpecError(
        f"A formula knows the {what}s {', '.join(known)}. Received: {text!r}, with {name.text!r}.",
        hint=f"did you mean {meant}?" if meant else None,
    )


def _one(function: Callable[..., Values], node: _Node) -> _Node:
    return lambda values: function(node(values))


def _two(function: Callable[..., Values], left: _Node, right: _Node) -> _Node:
    return lambda values: function(left(values), right(values))
