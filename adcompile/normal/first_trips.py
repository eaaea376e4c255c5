"""A loop behind its first trip, which stands before it if there is one.

Goal: what the first trip alone makes (an array that is read after the loop, a sum that starts as a number and is an
array from then on) has its kind before the loop.  Bounds are evaluated once, as in Python.  Non-goals: loops whose step
may go down; what follows a loop that makes no trip (`branches`).

    total = 0                               total = 0
    for i in range(n):                      if 0 < n:
        total = total + A[i]    becomes         i = 0
                                                total = total + A[i]
                                                for i in range(1, n):
                                                    total = total + A[i]
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from adcompile.ir import ops
from adcompile.ir.nodes import Assign, Block, Call, Const, Effect, For, If, Name, While

if TYPE_CHECKING:
    from adcompile.normal.ssa import Walk


def peeled(walk: Walk, stmt: For | While, sure: bool) -> If | None:
    """A loop behind its first trip, if there is one; nothing if its steps may go down or are not known."""
    rest: For | While = stmt
    if isinstance(stmt, While):
        test, first = stmt.test, stmt.body
    elif isinstance(stmt.step, Const) and stmt.step.value > 0:
        bounds = [Name(walk.b.spare(f"{stmt.index}_{end}")) for end in ("first", "stop")]
        for bound, expr in zip(bounds, (stmt.start, stmt.stop), strict=True):  # the first trip may change them
            walk.env[bound.id] = walk.kept(bound.id, walk.x.value(expr))
        start = Assign(stmt.index, bounds[0], span=stmt.span)
        test, first = Call(np.less, tuple(bounds)), (start, *stmt.body)
        rest = replace(stmt, start=Call(np.add, (bounds[0], stmt.step)), stop=bounds[1])
        walk.live[start] = walk.live[stmt]
    else:
        return None
    made = If(Const(True) if sure else test, (*first, rest), (), span=stmt.span, origin=stmt.origin)
    walk.live[made] = walk.live[rest] = walk.live[stmt]
    return made


def without_trips(stmt: For | While, name: str) -> Block:
    """What is said where a loop makes no trip, and what follows has no meaning for what a variable is then."""
    text = f"`{name}` is another kind of value where its loop makes no trip, and that is not supported here"
    return (Effect(Call(ops.fail, (Const(TypeError), Const(None), Const(text))), span=stmt.span),)
