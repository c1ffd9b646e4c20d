"""How many floating-point operations a program takes, read from its jaxpr."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

_MOVES = {
    "broadcast_in_dim", "concatenate", "convert_element_type", "copy", "copy_p", "dynamic_slice",
    "dynamic_update_slice", "gather", "iota", "pad", "reshape", "rev", "slice", "squeeze",
    "stop_gradient", "transpose", "select_n", "split", "expand_dims", "bitcast_convert_type",
}  # fmt: skip
_REDUCTIONS = ("reduce_", "argmax", "argmin", "cum")


def flops_by_scope(program: Any, scope: str) -> dict[int, int]:
    """Return the operations of a program by the number behind `scope` in the name stack.

    A multiplication and an addition count as one operation each: a dense layer
    of d inputs and u units takes 2 d u, and u for its bias. What only moves
    numbers counts nothing. Loops whose length is not known count once.

    Args:
        program: A closed jaxpr.
        scope: What comes before the number, such as "operation_".
    """
    found: Counter[int] = Counter()
    for place, count in _counted(program.jaxpr, re.compile(f"{scope}(\\d+)_"), None, 1):
        found[place] += count
    return dict(found)


def _counted(
    jaxpr: Any, pattern: re.Pattern[str], around: int | None, times: int
) -> Iterator[tuple[int, int]]:
    for equation in jaxpr.eqns:
        numbers = pattern.findall(str(equation.source_info.name_stack))
        place = int(numbers[-1]) if numbers else around
        inner = list(_inner(equation))
        for program, length in inner:
            yield from _counted(program, pattern, place, times * length)
        if not inner and place is not None:
            yield place, times * _operations(equation)


def _inner(equation: Any) -> Iterator[tuple[Any, int]]:
    """Yield the programs inside an equation, and how often each runs."""
    name, params = equation.primitive.name, equation.params
    if name == "cond":  # one branch runs: the first stands for it
        yield params["branches"][0].jaxpr, 1
        return
    if name == "while":
        yield params["body_jaxpr"].jaxpr, 1
        return
    for key in ("jaxpr", "call_jaxpr", "fun_jaxpr"):
        if key in params:
            inner = params[key]
            yield getattr(inner, "jaxpr", inner), params.get("length", 1) if name == "scan" else 1
            return


def _operations(equation: Any) -> int:
    name = equation.primitive.name
    made = sum(math.prod(var.aval.shape) for var in equation.outvars)
    if name == "dot_general":
        (contracted, _), _ = equation.params["dimension_numbers"]
        shape = equation.invars[0].aval.shape
        return 2 * made * math.prod(shape[axis] for axis in contracted)
    if name == "conv_general_dilated":
        kernel = equation.invars[1].aval.shape
        outputs = equation.params["dimension_numbers"].rhs_spec[0]
        return 2 * made * math.prod(kernel) // kernel[outputs]
    if name in _MOVES:
        return 0
    if name.startswith(_REDUCTIONS):
        return math.prod(equation.invars[0].aval.shape)
    return made
