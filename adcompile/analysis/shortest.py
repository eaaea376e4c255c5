"""The least lengths that the arrays given to a function can have, seen from the elements that it surely touches.

Goal: a choice between two ways that depends on lengths is made before the run where it can be.  In an array that is
shorter the element is none, and there is no derivative.  Non-goals: elements that are read in loops or branches only;
proofs, for a compiled function does not notice that it reads beyond an end.

>>> from adcompile.ir.nodes import Assign, Const, Function, Index, Name, Return
>>> from adcompile.ir.types import FLOAT, Array
>>> body = (Assign("y", Index(Name("x"), (Const(-3),))), Return(Name("y")))
>>> shortest(Function("f", ("x",), body, {"x": Array("float64", 1), "y": FLOAT}))
{'x': (3,)}
"""

from __future__ import annotations

from collections.abc import Iterator

from adcompile.ir import ops
from adcompile.ir.nodes import Accum, Call, Const, Expr, For, Function, If, Index, Name, Store, While
from adcompile.ir.types import Array
from adcompile.ir.walk import children, expressions


def shortest(function: Function) -> dict[str, tuple[int, ...]]:
    """For each array among the parameters of a core function, the least length along each axis."""
    types = {param: function.types.get(param) for param in function.params}
    found = {name: [0] * type_.ndim for name, type_ in types.items() if isinstance(type_, Array)}
    for array, index in _touched(function):
        if array in found and len(index) == len(found[array]):
            for axis, part in enumerate(index):
                if isinstance(part, Const) and isinstance(part.value, int):
                    least = part.value + 1 if part.value >= 0 else -part.value
                    found[array][axis] = max(found[array][axis], least)
    return {name: tuple(lengths) for name, lengths in found.items()}


def _touched(function: Function) -> Iterator[tuple[str, tuple[Expr, ...]]]:
    """The elements that every call of a function reads or writes: of which array, at which place."""
    for stmt in function.body:
        if isinstance(stmt, (Store, Accum)):
            yield stmt.array, stmt.index
        if not isinstance(stmt, (For, While, If)):
            for expr in expressions(stmt):
                yield from _read(expr)


def _read(expr: Expr) -> Iterator[tuple[str, tuple[Expr, ...]]]:
    if isinstance(expr, Index) and isinstance(expr.array, Name):
        yield expr.array.id, expr.index
    sure = children(expr)
    if isinstance(expr, Call) and expr.fn in (ops.select, ops.both, ops.either):
        sure = sure[:1]  # the others are evaluated or not
    for part in sure:
        yield from _read(part)
