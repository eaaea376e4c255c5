"""Calls of opaque functions, in the core: one assignment each, of atoms.

Goal: arguments that are names, literals and tuples of those; a result that is a tuple taken apart into its items, each
with a name.  Non-goals: memory (`loops_for_arrays` gives views that are passed an array of their own).

    y, (u, v) = f(x[1:], (a + b, 2.0))
becomes
    part = x[1:]
    part_2 = a + b
    result = f(part, (part_2, 2.0))
    y = result[0]
    u = result[1][0] ...
"""

from __future__ import annotations

from typing import Any

from adcompile.errors import refuse
from adcompile.ir import ops
from adcompile.ir.nodes import Call, Const, Name
from adcompile.ir.opaque import Opaque
from adcompile.ir.types import Static, TupleType, Type
from adcompile.normal.building import Builder, Typed, tuple_of
from adcompile.normal.lists import plain


def opaque(b: Builder, fn: Opaque, args: list[Typed]) -> Typed:
    """The value of `fn` for these arguments."""
    given = [_given(b, arg) for arg in args]
    types = tuple(plain(arg.type) for arg in given)
    call = Typed(Call(fn, tuple(arg.expr for arg in given)), fn.result(types))
    if isinstance(call.type, Static):
        raise refuse("no-type", f"`{fn.__name__}` returns {call.type.value!r}", hint="return numbers or arrays")
    return _items(b, b.defined(b.spare("result"), call)) if isinstance(call.type, TupleType) else call


def _given(b: Builder, x: Typed) -> Typed:
    """An argument as an atom, or as a tuple of atoms."""
    return tuple_of([_given(b, item) for item in x.items]) if x.is_tuple else b.shared(x)


def _items(b: Builder, x: Typed) -> Typed:
    """The items of a tuple that has a name, as a tuple of names."""
    assert isinstance(x.type, TupleType) and isinstance(x.expr, Name)
    return tuple_of([_item(b, x, number, type_) for number, type_ in enumerate(x.type.items)])


def _item(b: Builder, x: Typed, number: int, type_: Type) -> Typed:
    if isinstance(type_, Static):
        return Typed(Const(type_.value), type_)
    like: Any = x.expr
    taken = Typed(Call(ops.item, (x.expr, Const(number))), type_)
    made = b.defined(b.spare(f"{like.id.partition('.')[0]}_{number}"), taken)
    return _items(b, made) if isinstance(type_, TupleType) else made
