"""Loops over the items of a tuple or a list or the keys of a dict that is known, as their bodies one after the other.

Goal: `for f in functions: s += f(x)` over a variable, once it is known which tuple that is.  Non-goals: loops over
literal tuples (the front end writes them out), loops over arrays.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from adcompile.errors import refuse
from adcompile.ir import ops
from adcompile.ir.nodes import (
    Accum,
    Assign,
    Block,
    Break,
    Call,
    Const,
    Continue,
    Effect,
    Expr,
    For,
    Index,
    Name,
    Stmt,
    Store,
    Tuple,
)
from adcompile.ir.walk import expressions, names, nodes, statements
from adcompile.normal.flow import assigned_in, own
from adcompile.normal.records import is_list, items_of, kind_of, values_of
from adcompile.normal.renaming import renamed

MOST = 64
"""Items of a tuple that are written one by one."""

LONGEST = 500
"""Statements of a loop over floats that are written one by one."""


def takes_floats(loop: For, known: Callable[[str], Expr | None]) -> bool:
    """Whether all that a loop takes by the number of its trip are items of tuples of floats."""
    uses = [expr for expr in _all(loop) if isinstance(expr, Index) and any(loop.index in names(p) for p in expr.index)]
    looked_up = [known(expr.array.id) if isinstance(expr.array, Name) else expr.array for expr in uses]
    tuples = [value for value in looked_up if isinstance(value, Tuple)]
    return bool(tuples) and all(
        isinstance(value, Tuple) and all(isinstance(item, Const) and type(item.value) is float for item in value.items)
        for value in looked_up
        if value is not None
    )


def unrolled(loop: For, known: Callable[[str], Expr | None]) -> list[Block] | None:
    """The body of a loop for each trip, if it takes the items of a tuple by the number of the trip; else nothing."""
    bounds = [part.value for part in (loop.start, loop.stop, loop.step) if isinstance(part, Const)]
    if len(bounds) < 3 or not all(type(bound) is int for bound in bounds) or not bounds[2]:
        return None
    if own(loop.body, Break) or own(loop.body, Continue):
        return None
    if loop.index in assigned_in(loop.body) or not (
        any(_by_number(expr, loop.index, known) for expr in _all(loop))
        or any(_changes(stmt, loop.index, known) for stmt in statements(loop.body))
    ):
        return None
    trips = range(*bounds)
    if len(trips) > MOST:
        raise refuse("unsupported-statement", f"a loop over a tuple of {len(trips)}", loop.span, "use an array")
    return [renamed(_with_keys(loop, known, trip), {loop.index: Const(trip)}) for trip in trips]


def _with_keys(loop: For, known: Callable[[str], Expr | None], trip: int) -> Block:
    """The body of a loop over a dict, whose items by number are its keys."""
    made: list[Stmt] = []
    for stmt in loop.body:
        match stmt:
            case Assign(_, Index(owner, (Name(name),))) if name == loop.index:
                keys = _keys(known(owner.id) if isinstance(owner, Name) else owner)
                if trip < len(keys):
                    stmt = replace(stmt, value=Const(keys[trip]))
        made.append(stmt)
    return tuple(made)


def _keys(expr: Expr | None) -> tuple[str, ...]:
    """The keys of a dict, if all are texts: no number looks up one of its values."""
    values = values_of(expr) if expr is not None else None
    is_dict = values is not None and expr is not None and kind_of(expr) is dict
    return tuple(values or ()) if is_dict and all(isinstance(key, str) for key in values or ()) else ()


def _all(loop: For) -> list[Expr]:
    return [node for stmt in statements(loop.body) for expr in expressions(stmt) for node in nodes(expr)]


def _by_number(expr: Expr, index: str, known: Callable[[str], Expr | None]) -> bool:
    """Whether an expression is an item of a known tuple or list, or of an item of one, by the number of a trip."""
    match expr:
        case Index(owner, place) if any(index in names(part) for part in place):
            value = _value(owner, known)
            return isinstance(value, Tuple) or is_list(value) or bool(_keys(value))
    return False


def _value(owner: Expr, known: Callable[[str], Expr | None]) -> Expr | None:
    """What a variable stands for, or an item of it: any of those that an item may be."""
    match owner:
        case Name(name):
            return known(name)
        case Index(inner, (place,)):
            value = _value(inner, known)
            items = items_of(value) if value is not None else None
            at = place.value if isinstance(place, Const) and isinstance(place.value, int) else 0
            item = items[at] if items and -len(items) <= at < len(items) else None
            return known(item.id) if isinstance(item, Name) else item
    return owner


def _changes(stmt: Stmt, index: str, known: Callable[[str], Expr | None]) -> bool:
    """Whether a statement makes a known list longer, or assigns an item of it by the number of a trip."""
    match stmt:
        case Effect(Call(ops.method, (Name(name), Const("append" | "extend"), _))):
            return is_list(known(name))
        case Store(name, place) | Accum(name, place):
            return is_list(known(name)) and any(index in names(part) for part in place)
    return False
