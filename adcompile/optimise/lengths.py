"""A length is asked of one array, however many have it.

Goal: arrays made like another ask it for their lengths, so that a text and what is made of it once it is read again
name the same one.  Where a copy has taken the place of an array that is not used any more, it is the copy that is
asked: `u = u.copy()` stays one variable of the printed text, which a length asked of the first would prevent.

Non-goal: lengths that are numbers or expressions.

    u.1 = u.copy()                         u.1 = u.copy()
    t = np.empty_like(u.1)         ->      t = np.empty_like(u.1)
    for i in range(t.shape[0]):            for i in range(u.1.shape[0]):
        t[i] = u.1[i]                          t[i] = u.1[i]

>>> import numpy as np
>>> from adcompile.ir.nodes import *
>>> from adcompile.ir.show import show
>>> of_t = Call(ops.dim, (Name("t"), Const(0)))
>>> loop = For("i", Const(0), of_t, Const(1), (Store("t", (Name("i"),), Index(Name("u.1"), (Name("i"),))),))
>>> made = Assign("u.1", Call(ops.copy, (Name("u"),))), Assign("t", Call(np.empty_like, (Name("u.1"),)))
>>> print(show(one_length(Function("f", ("u",), (*made, loop, Return(Name("t")))))))
def f(u):
    u.1 = u.copy()
    t = np.empty_like(u.1)
    for i in range(u.1.shape[0]):
        t[i] = u.1[i]
    return t
<BLANKLINE>
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from adcompile.fourier import TRANSFORMS
from adcompile.ir import ops
from adcompile.ir.nodes import Assign, Block, Call, Expr, Function, Name, base_of
from adcompile.ir.walk import mapped, statements, uses
from adcompile.optimise.rewriting import each_expression, with_body

_LIKE = (np.empty_like, np.zeros_like, ops.copy, *TRANSFORMS)


def one_length(function: Function) -> Function:
    """`function` with every length asked of the array that first had it, or of the copy that took its place."""
    model: dict[str, str] = {}  # of an array made like another: the first of the line
    for stmt in statements(function.body):
        match stmt:
            case Assign(made, Call(fn, (Name(like), *_))) if fn in _LIKE:
                model[made] = model.get(like, like)
    body = _asked_of(model, function.body)
    for position, stmt in enumerate(body):
        match stmt:
            case Assign(copy, Call(ops.copy, (Name(first),))) if base_of(copy) == base_of(first):
                after = _asked_of({first: copy}, body[position + 1 :])
                if first not in {name for one in statements(after) for name in uses(one)}:
                    body = (*body[: position + 1], *after)
    return with_body(function, body)


def _asked_of(other: Mapping[str, str], block: Block) -> Block:
    """`block` with lengths asked of other arrays."""

    def one(expr: Expr) -> Expr:
        match expr:
            case Call(ops.dim, (Name(name), axis)) if name in other:
                return Call(ops.dim, (Name(other[name]), axis))
        return expr

    return each_expression(block, lambda expr: mapped(expr, one))
