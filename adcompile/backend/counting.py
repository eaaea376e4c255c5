"""What each loop is printed to count with, where that is not `range`.

Goal: `prange` where a loop is parallel; `indices` where LLVM would not see of `range` that an index is never
negative: upward by ones, from 2 or more, over subscripts.  Non-goals: loops downward; bounds that may be negative.

>>> from adcompile.ir.nodes import Index
>>> from adcompile.ir.types import Array
>>> body = (Accum("y", (Name("i"),), Index(Name("x"), (Name("i"),))),)
>>> loop = For("i", Const(2), Const(9), Const(1), body)
>>> types = {"x": Array("float64", 1), "y": Array("float64", 1), "i": INT}
>>> counted(Function("f", ("x", "y"), (loop,), types))[loop].__name__
'indices'
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from adcompile.analysis.least import Least
from adcompile.indices import indices
from adcompile.ir.dtypes import dtype_of
from adcompile.ir.nodes import Accum, Const, Expr, For, Function, Name, Stmt, Store
from adcompile.ir.types import INT
from adcompile.ir.walk import expressions, loads, nodes, statements
from adcompile.runtime import prange

_SEEN = (Const(0), Const(1))


def counted(function: Function) -> Mapping[Stmt, Callable[..., Any]]:
    """The loops that do not count with `range`, each with what it counts with instead."""
    found: dict[Stmt, Callable[..., Any]] = {}
    least: Least | None = None
    for stmt in statements(function.body):
        if isinstance(stmt, For) and stmt.parallel:
            found[stmt] = prange
        elif isinstance(stmt, For) and _may_count_indices(stmt, function):
            least = least or Least(function)
            low = least(stmt.start)
            if low is not None and low >= 0:
                found[stmt] = indices
    return found


def _may_count_indices(loop: For, function: Function) -> bool:
    if loop.step != Const(1) or loop.start in _SEEN or dtype_of(loop.start, function.types) != INT.dtype:
        return False
    return Name(loop.index) in _subscripts(loop)


def _subscripts(loop: For) -> Iterator[Expr]:
    """What stands in the subscripts of a loop's body."""
    for stmt in statements(loop.body):
        parts = list(stmt.index) if isinstance(stmt, (Store, Accum)) else []
        parts += [part for expr in expressions(stmt) for load in loads(expr) for part in load.index]
        for part in parts:
            yield from nodes(part)
