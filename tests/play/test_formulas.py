"""Formulas are read by a parser of our own; what is no formula is refused, and never run."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fathom.errors import SpecError
from fathom.play.formulas import FUNCTIONS, NAMES, as_numpy, parse

CASES = {
    "x + y * 2": lambda x, y: x + y * 2,
    "(x + y) * 2": lambda x, y: (x + y) * 2,
    "-x^2": lambda x, y: -(x**2),
    "2^-1": lambda x, y: 0.5,
    "2^3^2": lambda x, y: 512.0,
    "x - y - 1": lambda x, y: x - y - 1,
    "6 / 2 / 3": lambda x, y: 1.0,
    "sin(x) * cos(y)": lambda x, y: math.sin(x) * math.cos(y),
    "max(x, min(y, 0))": lambda x, y: max(x, min(y, 0)),
    "r": math.hypot,
    "a": lambda x, y: math.atan2(y, x),
    "relu(x) - relu(-x)": lambda x, y: x,
    "step(x) + step(-x)": lambda x, y: 1.0,
    "1e3 * .5 + pi - pi": lambda x, y: 500.0,
}


@pytest.mark.parametrize("text", CASES)
@given(x=st.floats(-6, 6).filter(lambda v: abs(v) > 1e-9), y=st.floats(-6, 6))
def test_a_formula_means_what_it_says(text: str, x: float, y: float) -> None:
    found = parse(text)(np.array([x]), np.array([y]))
    assert found[0] == pytest.approx(CASES[text](x, y), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(
    "text",
    [
        "", "x +", "(x", "x)", "x y", "2x", "x..y", "x.real", "x[0]", "lambda: 1", "x if y else 1",
        "__import__('os')", "().__class__", "x; y", "x = 1", "import os", "sin", "sin()",
        "sin(x, y)", "max(x)", "f(x)", "`x`", "x ** 2", "{x}", "x\n+\ny\x00", "'x'", "x and y",
    ],
)  # fmt: skip
def test_what_is_no_formula_is_refused(text: str) -> None:
    with pytest.raises(SpecError):
        parse(text)


@given(st.text(max_size=60))
def test_any_text_is_a_formula_or_refused_and_nothing_else(text: str) -> None:
    try:
        formula = parse(text)
    except SpecError:
        return
    assert formula(np.ones(3), np.zeros(3)).shape == (3,)


@pytest.mark.parametrize(
    "text", ["(" * 90 + "x" + ")" * 90, "2^" * 95 + "x", "sin(" * 45 + "x" + ")" * 45]
)
def test_deep_nesting_is_refused(text: str) -> None:
    with pytest.raises(SpecError, match=r"nest|characters"):
        parse(text)


def test_a_long_formula_is_refused() -> None:
    with pytest.raises(SpecError, match="at most 200 characters"):
        parse("x+" * 100 + "x")


def test_an_unknown_name_is_answered_with_those_there_are() -> None:
    with pytest.raises(SpecError, match="x, y, r, a, pi, e") as raised:
        parse("z + 1")
    assert "'z'" in str(raised.value)


def test_every_function_and_name_is_written_for_numpy_as_it_is_computed() -> None:
    x, y = np.array([0.7, -1.2]), np.array([0.4, 2.0])
    for name, (count, _) in FUNCTIONS.items():
        text = f"{name}({'x^2 + 1' if count == 1 else 'x, y'})"
        written = eval(as_numpy(text), {"np": np, "x": x, "y": y, "__builtins__": {}})
        np.testing.assert_allclose(written, parse(text)(x, y))
    for name in NAMES:
        written = eval(as_numpy(name), {"np": np, "x": x, "y": y, "__builtins__": {}})
        np.testing.assert_allclose(np.broadcast_to(written, 2), parse(name)(x, y))
