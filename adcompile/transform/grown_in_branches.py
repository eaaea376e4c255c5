"""Arrays that a branch makes longer.

Goal: the adjoint of a list is one array, as long as the list in the end, where it was made; of one that a branch makes
longer it is not known there how long it became, and the other side has it as it was: reverse mode refuses it.
Non-goals: forward mode, which has no need to know; room that is made before the branch (`normal.room_for_rows`).

>>> from adcompile.ir.nodes import Const, Return
>>> from adcompile.ir.types import Array
>>> import numpy as np
>>> longer = Assign("a.1", Call(GROWING[0], (Name("a"), Const(8))))
>>> body = (Assign("a", Call(np.empty, (Const(8),))), If(Name("t"), (longer,), (), ()), Return(Const(0.0)))
>>> require_known_lengths(Function("f", ("t",), body, {"a": Array("float64", 1), "a.1": Array("float64", 1)}))
Traceback (most recent call last):
    ...
adcompile.errors.Unsupported: growing-list: a list is made longer in a branch, where how long is not known before it
  help: make the list in the branch, or use an array
"""

from __future__ import annotations

from adcompile.analysis.aliasing import Roots, roots
from adcompile.errors import refuse
from adcompile.ir.nodes import Assign, Block, Call, Function, If, Name
from adcompile.ir.walk import binds, blocks, defines, statements
from adcompile.runtime import GROWING


def require_known_lengths(function: Function) -> None:
    """Refuses a function in which a branch makes an array of outside longer."""
    made = (s.value for s in statements(function.body) if isinstance(s, Assign))
    if any(isinstance(value, Call) and value.fn in GROWING for value in made):
        _look(function.body, roots(function), function.name)


def _look(block: Block, aliases: Roots, inside: str) -> None:
    for stmt in block:
        for part in blocks(stmt):
            _look(part, aliases, inside)
        if not isinstance(stmt, If):
            continue
        within = {name for s in statements((*stmt.then, *stmt.orelse)) for name in (*defines(s), *binds(s))}
        for s in statements((*stmt.then, *stmt.orelse)):
            match s:
                case Assign(target, Call(fn, (Name(), *_))) if fn in GROWING:
                    if aliases.find(target) not in within:
                        message = "a list is made longer in a branch, where how long is not known before it"
                        hint = "make the list in the branch, or use an array"
                        raise refuse("growing-list", message, s.span or stmt.span, hint, inside)
