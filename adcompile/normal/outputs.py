"""Functions that return nothing and write to arrays that they are given: what they give is those arrays.

Goal: `def fill(x, out): ...` has a derivative like any other, of what it leaves in `out`; the caller's arrays stay as
they are.  Several arrays are a tuple, in the order of the parameters.  Non-goals: results returned beside.

>>> import numpy as np
>>> from adcompile.ir.show import show
>>> from adcompile.ir.types import FLOAT
>>> body = (Store("out", (Const(0),), Name("x")), Return(Const(None)))
>>> given = {"x": FLOAT, "out": Array("float64", 1)}
>>> print(show(with_outputs(Function("fill", ("x", "out"), body), given)).strip())
def fill(x, out):
    out[0] = x
    return out
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from adcompile.errors import refuse
from adcompile.ir import ops
from adcompile.ir.nodes import (
    Accum,
    Assign,
    Call,
    Const,
    Effect,
    Expr,
    Function,
    Index,
    Name,
    Return,
    Store,
    Tuple,
    Update,
)
from adcompile.ir.types import Array, Type
from adcompile.ir.walk import expressions, nodes, statements
from adcompile.normal.flow import refused

_VIEWS = (
    *(np.asarray, np.asanyarray, np.ascontiguousarray, np.asfortranarray, np.reshape, np.ravel, np.transpose),
    *(np.swapaxes, np.moveaxis, np.rollaxis, np.squeeze, np.expand_dims, np.broadcast_to, np.diagonal),
    *(np.real, np.imag, np.atleast_1d, np.atleast_2d, np.atleast_3d, np.flip, np.fliplr, np.flipud),
    *(np.rot90, np.matrix_transpose, np.split, np.array_split, np.hsplit, np.vsplit, np.dsplit),
)  # fmt: skip
_COPIES = ("copy", "astype", "flatten", "tolist", "item")  # methods
_FILLED = (np.copyto, np.put, np.place, np.putmask, np.put_along_axis, np.fill_diagonal, np.add.at, np.subtract.at)


def with_outputs(function: Function, types: Mapping[str, Type]) -> Function:
    """A function that returns nothing, with what it writes to as its result; others as they are."""
    *body, last = function.body
    if not isinstance(last, Return) or last.value != Const(None) or refused(function.body):
        return function
    roots = set(_written(function))
    while (
        more := {
            name
            for stmt in statements(function.body)
            if isinstance(stmt, Assign) and stmt.target in roots
            for name in _shared(stmt.value)
        }
        - roots
    ):
        roots |= more
    found = [name for name in function.params if name in roots and isinstance(types[name], Array)]
    assigned = {stmt.target for stmt in statements(function.body) if isinstance(stmt, Assign)}
    if not found or not assigned.isdisjoint(found):
        hint = "return the value to differentiate, or write it to an array that is an argument"
        message = f"`{function.name}` returns nothing"
        spans = (stmt.span for stmt in function.body if stmt.span is not None)
        raise refuse("missing-return", message, next(spans, None), hint, function.name)
    value: Expr = Name(found[0]) if len(found) == 1 else Tuple(tuple(map(Name, found)))
    return replace(function, body=(*body, replace(last, value=value)))


def _written(function: Function) -> Iterator[str]:
    """The names that a function may write through."""
    for stmt in statements(function.body):
        match stmt:
            case Store(name) | Accum(name) | Update(name):
                yield name
            case Effect(Call(ops.method, (owner, *_))):
                yield from _shared(owner)
        for call in (node for expr in expressions(stmt) for node in nodes(expr) if isinstance(node, Call)):
            if call.fn in _FILLED:
                yield from _shared(call.args[0])
            if isinstance(call.fn, np.ufunc) and len(call.args) > call.fn.nin:
                yield from _shared(call.args[-1])
            for key, value in call.kwargs:
                if key == "out":
                    yield from _shared(value)


def _shared(value: Expr) -> Iterator[str]:
    """The names with which a value may share memory."""
    match value:
        case Name(name):
            yield name
        case Index(array):
            yield from _shared(array)
        case Call(ops.method, (_, Const(name), *_)) if name in _COPIES:
            return
        case Call(fn, args) if any(fn is view for view in _VIEWS) or not _is_of_numpy(fn):
            for arg in args:
                yield from _shared(arg)
        case Tuple(items):
            for item in items:
                yield from _shared(item)


def _is_of_numpy(fn: Any) -> bool:
    return isinstance(fn, np.ufunc) or str(getattr(fn, "__module__", "")).partition(".")[0] == "numpy"
