"""The derivative that a command line asks for, and the types that it is made for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from adcompile.api import grad, jvp, value_and_grad, vjp
from adcompile.api.calling import TEXT
from adcompile.api.derivative import Derivative, Request
from adcompile.ir.types import Scalar, TupleType, Type, is_float

Made = tuple[Derivative, tuple[Type, ...]]


@dataclass(frozen=True)
class Asked:
    """Mode ("reverse", "forward" or "primal"), parameters, order, and whether the value comes along."""

    mode: str = "reverse"
    wrt: tuple[str, ...] = ()
    order: int = 1
    value: bool = False


def derivative_of(function: Callable[..., Any], types: tuple[Type, ...], asked: Asked, **options: Any) -> Made:
    """A derivative and the types of its own arguments.

    In reverse mode it is the gradient of a float, or the pullback of any other result.  Each order beyond the first is
    the tangent of what it was before: forward over reverse."""
    wrt: Any = asked.wrt[0] if len(asked.wrt) == 1 else asked.wrt or None
    primal = Derivative(function, Request("primal", options=TEXT))
    if asked.mode == "primal":
        return primal, types
    if asked.mode == "forward":
        made = _tangent(function, types, wrt, options)
    else:
        result = primal.result_type(types)
        if isinstance(result, Scalar) and is_float(result):
            made = (value_and_grad if asked.value else grad)(function, wrt=wrt, **options), types
        else:
            made = vjp(function, wrt=wrt, **options).seeded, (*types, result)
    for _ in range(1, asked.order):
        outer, inner = made
        made = _tangent(outer, inner, wrt if len(inner) == len(types) else None, options)
    return made


def _tangent(function: Callable[..., Any], types: tuple[Type, ...], wrt: Any, options: dict[str, Any]) -> Made:
    derivative = jvp(function, wrt=wrt, **options)
    typed = dict(zip(derivative.arguments, types, strict=True))
    tangents = TupleType(tuple(typed[name] for name in derivative.moved(types)))
    return derivative, (TupleType(types), tangents)


def values_for(derivative: Derivative, values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Arguments of a derivative, for these of the function: tangents and seeds are ones."""
    if isinstance(derivative.primal, Derivative):
        values = values_for(derivative.primal, values)
    primal = Derivative(derivative.primal, Request("primal", options=TEXT))
    if derivative.request.kind == "jvp":
        by = derivative.moved(primal.types_of(*values))
        return values, tuple(_ones(v) for name, v in zip(derivative.arguments, values, strict=True) if name in by)
    return (*values, _ones(primal(*values))) if derivative.request.kind == "pullback" else values


def _ones(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_ones, value))
    return np.ones_like(value) if isinstance(value, np.ndarray) else type(value)(1)
