"""Lists of numbers: arrays of float64, or complex128, to which operators mean something else.

Goal: a list that the function makes, indexes, changes and appends to is an array.  `+`, `*` and `==` of lists are not
those of arrays, and are refused; library functions take lists as arrays, as NumPy does.  Non-goals: lists of anything
but numbers (those that do not change are tuples).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from adcompile import runtime
from adcompile.errors import refuse
from adcompile.ir import ops
from adcompile.ir.nodes import Assign, Block, Expr, Name, Tuple, Update
from adcompile.ir.show import symbol
from adcompile.ir.types import Array, Scalar, TupleType, Type, is_complex
from adcompile.ir.walk import nodes, statements
from adcompile.normal.array_calls import canonical, cast
from adcompile.normal.building import Builder, Typed, constant, require_integer, tuple_of
from adcompile.normal.written_out import written_out

_LIST = Array("float64", 1, listed=True)
_KEPT = (runtime.grown, len)


def is_list(x: Typed) -> bool:
    """Whether a value stands for a list."""
    return isinstance(x.type, Array) and x.type.listed


def lists_in(body: Block) -> frozenset[str]:
    """The variables that may hold a list which stands for a tuple, or have one among their items."""
    assigned = [stmt for stmt in statements(body) if isinstance(stmt, (Assign, Update))]
    found = set[str]()
    while new := {s.target for s in assigned if mentions_list(s.value, found)} - found:
        found |= new
    return frozenset(found)


def mentions_list(expr: Expr, lists: Collection[str]) -> bool:
    """Whether a list which stands for a tuple is in an expression, itself or by one of these names."""
    return any(
        part.listed if isinstance(part, Tuple) else isinstance(part, Name) and part.id in lists for part in nodes(expr)
    )


def plain(type_: Type) -> Type:
    """A type after SSA, where operators are what they are called."""
    if isinstance(type_, TupleType):
        return TupleType(tuple(map(plain, type_.items)))
    return replace(type_, listed=False) if isinstance(type_, Array) and type_.listed else type_


def passed(fn: Callable[..., Any], args: Sequence[Typed]) -> list[Typed]:
    """The arguments of a library function, lists among them as arrays."""
    if not any(map(is_list, args)):
        return list(args)
    if symbol(fn) or fn in (np.negative, np.positive, np.invert):
        hint = "use an array (np.array), or append to a new list"
        raise refuse("unsupported-list", f"`{symbol(fn) or '-'}` of lists is not supported", hint=hint)
    return list(args) if fn in _KEPT else [x._replace(type=plain(x.type)) for x in args]


def list_of(b: Builder, fn: Callable[..., Any], x: Typed) -> Typed | None:
    """`list(x)` and `sorted(x)` of a list or an array of one axis: a new list; nothing for anything else."""
    if fn is sorted and x.is_tuple and x.items and all(isinstance(item.type, Scalar) for item in x.items):
        x = b.call(np.array, x)
    if not isinstance(x.type, Array) or x.type.ndim != 1:
        return None
    new = b.call(ops.copy, x._replace(type=plain(x.type)))
    if fn is sorted:
        new = b.written(written_out(np.sort) or fn, new._replace(type=plain(x.type)))
    return new._replace(type=replace(_LIST, dtype=x.type.dtype))


@canonical(ops.listed, takes="items")
def _listed(b: Builder, fn: Any, items: Typed) -> Typed:
    if not items.is_tuple:
        return Typed(b.call(np.empty, items).expr, _LIST)
    if not items.items:
        return Typed(b.call(np.empty, constant(0)).expr, _LIST)
    made = [_number(b, item, items.items) for item in items.items]
    return Typed(b.call(np.array, tuple_of(made)).expr, replace(_LIST, dtype=made[0].type.dtype))  # type: ignore[union-attr]


@canonical(ops.repeated, takes="value count")
def _repeated(b: Builder, fn: Any, value: Typed, count: Typed) -> Typed:
    length = b.call(max, constant(0), require_integer(count, "the length of a list"))
    item = _number(b, value, [value])
    return Typed(b.call(np.full, length, item).expr, replace(_LIST, dtype=item.type.dtype))  # type: ignore[union-attr]


def _number(b: Builder, x: Typed, among: Sequence[Typed]) -> Typed:
    """An item as a number of the list's type: a float, or complex where one of the items is."""
    if isinstance(x.type, Scalar):
        return cast(b, x, "complex128" if any(is_complex(one.type) for one in among) else "float64")
    hint = "use an array, or a variable for each"
    raise refuse("unsupported-list", "a list that changes, or is indexed, is of numbers alone", hint=hint)
