"""What a derivative does first: it takes copies of the arrays that it will write.

Goal: a call changes none of its arguments, and an array that the function writes shares no memory with another of its
arguments.  Arrays that come in a tuple are arguments like any other.

    def f(t, v):                becomes     def f(t, v):
        u = t[0]                                u = t[0]
        u[0] = v[0]                             check_overlap(u, v)
        return u[0]                             u = u.copy()
                                                u[0] = v[0]
                                                return u[0]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from adcompile.ir import ops
from adcompile.ir.nodes import Assign, Call, Effect, Expr, Function, Index, Name, Names, Stmt
from adcompile.ir.types import Array, TupleType, Type
from adcompile.ir.walk import core_names, replaced, written
from adcompile.runtime import check_overlap


def is_tuple_item(stmt: Stmt, types: Mapping[str, Type]) -> bool:
    """Whether a statement takes an item out of a tuple that a parameter holds."""
    match stmt:
        case Assign(_, Index(Name(name))):
            return isinstance(types[name], TupleType)
    return False


def own_copies(function: Function, data: Sequence[str]) -> Function:
    """A function that writes none of its parameters: those it wrote are copied on entry.

    `data` are the parameters that a caller may have let overlap; two that do, one of them written, are refused.
    """
    types: dict[str, Type] = dict(function.types)
    items = [stmt for stmt in function.body if isinstance(stmt, Assign) and is_tuple_item(stmt, types)]
    held = {param: param in data for param in function.params}  # parameters and their parts: whether they are data
    for stmt in items:
        assert isinstance(stmt.value, Index) and isinstance(stmt.value.array, Name)
        held[stmt.target] = held[stmt.value.array.id]
    arrays = [name for name in held if isinstance(types[name], Array)]
    stored = written(function.body)
    mine = [name for name in arrays if name in stored]
    if not mine:
        return function
    names = Names(core_names(function))
    values: dict[str, Expr] = {}
    entry: list[Stmt] = list(items)
    for name in mine:
        for other in arrays:
            if held[name] and held[other] and other != name and not (other in mine and other < name):
                entry.append(Effect(Call(check_overlap, (Name(name), Name(other)))))
    for name in mine:
        copy = names.fresh(name)
        types[copy] = types[name]
        values[name] = Name(copy)
        entry.append(Assign(copy, Call(ops.copy, (Name(name),))))
    rest = [stmt for stmt in function.body if stmt not in items]
    return replace(function, body=(*entry, *replaced(rest, values)), types=types)
