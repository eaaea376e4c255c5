"""What a function returns, as tuples; a user gets the structure back.

Goal: a dict, a named tuple or a dataclass that is returned, or a tuple with a text in it, is a tuple of its numbers to
every later stage, and `Structure` says what it was.  Non-goals: what callees return (`inline` knows it by its parts).

>>> from adcompile.ir.nodes import Const, Name, Return
>>> pair = Call(ops.record, (Tuple((Const("a"), Const("b"))), Name("x"), Const("text")))
>>> function, structure = returned(Function("f", ("x",), (Return(pair),)))
>>> function.body[-1].value, structure.kind, structure.keys
(Tuple(items=(Name(id='x'),)), <class 'dict'>, ('a', 'b'))
"""

from __future__ import annotations

from dataclasses import replace

from adcompile.ir import ops
from adcompile.ir.nodes import Call, Const, Expr, Function, Return, Tuple
from adcompile.ir.structure import Known, Leaf, Part, Structure
from adcompile.normal.records import kind_of, values_of


def returned(function: Function) -> tuple[Function, Part | None]:
    """The function with tuples in its `return`, and the structure of what it returned, if that is more than tuples."""
    *body, last = function.body
    if not isinstance(last, Return) or not (_has_record(last.value) or _has_text(last.value)):
        return function, None
    value, part = _apart(last.value)
    return replace(function, body=(*body, replace(last, value=value))), part


def _has_record(expr: Expr) -> bool:
    return (isinstance(expr, Tuple) and any(map(_has_record, expr.items))) or (
        isinstance(expr, Call) and expr.fn is ops.record
    )


def _has_text(expr: Expr) -> bool:
    return isinstance(expr, Tuple) and any(_has_text(item) or _is_text(item) for item in expr.items)


def _is_text(expr: Expr) -> bool:
    return isinstance(expr, Const) and isinstance(expr.value, str)


def _apart(expr: Expr) -> tuple[Expr, Part]:
    values = values_of(expr)
    if values is not None:
        kind, keys, items = kind_of(expr), tuple(values), tuple(values.values())
    elif isinstance(expr, Tuple):
        kind, keys, items = tuple, tuple(range(len(expr.items))), expr.items
    elif isinstance(expr, Const) and (expr.value is None or isinstance(expr.value, str) or callable(expr.value)):
        return expr, Known(expr.value)
    else:
        return expr, Leaf.NUMBER
    pairs = [_apart(item) for item in items]
    structure = Structure(kind, keys, tuple(part for _, part in pairs))
    return Tuple(tuple(one for one, part in pairs if not isinstance(part, Known))), structure
