"""Loops over the items of a tuple that is known, as their bodies one after the other.

Goal: `for f in functions: s += f(x)` over a variable, once it is known which tuple that is.  Non-goals: loops over
literal tuples (the front end writes them out), loops over arrays.
"""

from __future__ import annotations

from collections.abc import Callable

from adcompile.errors import refuse
from adcompile.ir.nodes import Block, Break, Const, Continue, Expr, For, Index, Name, Tuple
from adcompile.ir.walk import expressions, nodes, statements
from adcompile.normal.flow import assigned_in, own
from adcompile.normal.renaming import renamed

_MOST = 64


def unrolled(loop: For, known: Callable[[str], Expr | None]) -> list[Block] | None:
    """The body of a loop for each trip, if it takes the items of a tuple by the number of the trip; else nothing."""
    bounds = [part.value for part in (loop.start, loop.stop, loop.step) if isinstance(part, Const)]
    if len(bounds) < 3 or not all(type(bound) is int for bound in bounds) or not bounds[2]:
        return None
    if own(loop.body, Break) or own(loop.body, Continue):
        return None
    if loop.index in assigned_in(loop.body) or not any(_by_number(expr, loop.index, known) for expr in _all(loop)):
        return None
    trips = range(*bounds)
    if len(trips) > _MOST:
        raise refuse("unsupported-statement", f"a loop over a tuple of {len(trips)}", loop.span, "use an array")
    return [renamed(loop.body, {loop.index: Const(trip)}) for trip in trips]


def _all(loop: For) -> list[Expr]:
    return [node for stmt in statements(loop.body) for expr in expressions(stmt) for node in nodes(expr)]


def _by_number(expr: Expr, index: str, known: Callable[[str], Expr | None]) -> bool:
    """Whether an expression is an item of a known tuple, by the number of a trip."""
    match expr:
        case Index(owner, (Name(name),)) if name == index:
            value = known(owner.id) if isinstance(owner, Name) else owner
            return isinstance(value, Tuple)
    return False
