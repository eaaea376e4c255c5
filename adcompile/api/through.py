"""Functions with a rule of their own under transforms that are neither forward nor reverse mode.

Goal: what such a function's pattern and series are, by its rule and not by its source: the rule gives the tangent of
the value as a linear function of the tangents of the arguments.  An output depends on what that function says; and
along a curve `x(t)` the value has the derivative `y' = linear(x, x')`, hence `k y_k` is the coefficient `k - 1` of
that, whose own series wants the function's at lower orders only.  Non-goals: the rule.

    def f_series(x, x_c1, x_c2):                      # of order 2
        value = f(x)
        c1, c2 = linear_curve(x, x_c1, x_c1, 2.0 * x_c2)
        return value, c1, 0.5 * c2
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from adcompile import pipeline
from adcompile.api.calling import TEXT
from adcompile.api.kept import Kept
from adcompile.backend.compile import compiled
from adcompile.backend.emit import Emitted
from adcompile.ir.types import Array, Static, TupleType, Type, is_float, leaves

Python = Callable[..., Any]


def named(count: int, by: Sequence[int]) -> tuple[list[str], list[str]]:
    """What the parameters are called, and the tangents of some of them."""
    params = [f"x{number}" for number in range(count)]
    return params, [f"{params[number]}_dot" for number in by]


def moved(params: Sequence[str], arguments: Sequence[Type], by: Sequence[int]) -> list[str]:
    """The tangents of all parameters, as text: those of `by` by their names, the others zero."""
    tangents = [zero(*pair) for pair in zip(params, arguments, strict=True)]
    for number in by:
        tangents[number] = f"{params[number]}_dot"
    return tangents


def sets(name: str, linear: Python, arguments: tuple[Type, ...], by: Sequence[int]) -> Kept:
    """Which sets each output of a linear function of tangents has, as a function of the arguments and of sets."""
    params, dots = named(len(arguments), by)
    types = (*arguments, *(arguments[number] for number in by))
    outcome = pipeline.run(pipeline.Job(linear, types, "dependence", tuple(dots)))
    found = compiled(outcome.name, outcome.undivided, TEXT).python
    given = ", ".join((*params, *(zero(params[number], arguments[number]) for number in by), *dots))
    text = f"def {name}_sets({', '.join((*params, *dots))}):\n    found = found_in({given})\n"
    text += f"    return {_own('found', outcome.result)}\n"
    return Kept(compiled(f"{name}_sets", Emitted(text, {"found_in": found, "np": np}), TEXT).python)


def series(function: Python, linear: Python, name: str, arguments: tuple[Type, ...], by: Sequence[int],
           order: int) -> Kept:  # fmt: skip
    """The coefficients of a function along a curve, as a function of the arguments and, for each of `by`, of its
    coefficients from the first."""
    params, dots = named(len(arguments), by)
    curves = [[f"x{number}_c{k}" for k in range(1, order + 1)] for number in by]
    varying = [arguments[number] for number in by]
    types = (*arguments, *varying)
    wrt = (*(params[number] for number in by), *dots)
    outcome = pipeline.run(pipeline.Job(linear, types, "curve", wrt, lanes=order - 1))
    given = [*params, *(curve[0] for curve in curves)]
    for k in range(1, order):
        given += [curve[k - 1] for curve in curves]
        given += [_scaled(f"{k + 1}.0", curve[k], type_) for curve, type_ in zip(curves, varying, strict=True)]
    made = ", ".join(f"c{k}" for k in range(1, order + 1))
    taken = ", ".join([*params, *(one for curve in curves for one in curve)])
    lines = [f"def {name}_series({taken}):", f"    value = function({', '.join(params)})"]
    lines.append(f"    {made}{',' if order == 1 else ''} = curve({', '.join(given)})")
    parts = [_scaled(repr(1.0 / k), f"c{k}", outcome.result) for k in range(1, order + 1)]
    lines.append(f"    return value, {', '.join(parts)}")
    curve = compiled(outcome.name, outcome.undivided, TEXT).python
    text = "\n".join(lines) + "\n"
    return Kept(compiled(f"{name}_series", Emitted(text, {"function": function, "curve": curve}), TEXT).python)


def _scaled(factor: str, value: str, type_: Type) -> str:
    """The text of a multiple of a value; of what is no float, nothing varies."""
    if isinstance(type_, TupleType):
        return _each(value, type_, lambda part, inner: _scaled(factor, part, inner))
    return f"{factor} * {value}" if is_float(type_) else _own(value, type_)


def _own(value: str, type_: Type) -> str:
    """The text of a value whose arrays share no memory with others."""
    if isinstance(type_, TupleType):
        return _each(value, type_, _own)
    return "None" if isinstance(type_, Static) else f"{value}.copy()" if isinstance(type_, Array) else value


def _each(value: str, type_: TupleType, text: Callable[[str, Type], str]) -> str:
    parts = [text(f"{value}[{number}]", item) for number, item in enumerate(type_.items)]
    return tuple_text(parts)


def zero(value: str, type_: Type) -> str:
    """The text of a zero tangent of a value."""
    match type_:
        case TupleType(items):
            return tuple_text([zero(f"{value}[{number}]", item) for number, item in enumerate(items)])
        case Array() if is_float(type_):
            return f"np.zeros_like({value})"
        case Array():
            return f"np.zeros({value}.shape)"
        case Static():
            return "None"
    return "0.0"


def tuple_text(parts: Sequence[str]) -> str:
    return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"


def all_floats(type_: Type) -> bool:
    """Whether a value is of floats and nothing else."""
    own = tuple(leaves(type_))
    return bool(own) and all(map(is_float, own))
