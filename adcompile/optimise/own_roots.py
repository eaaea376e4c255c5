"""A number over its own square root is the root: one division less.

Goal: the adjoint of `r * np.sqrt(r)`, of which forces between points are made, divides no more than a person would.
The root may be 0 or NaN: what `multiply_no_nan` says of its second factor it says of the same factor here.
Non-goals: roots that are not there under a name; the function's own quotients, which keep the rounding that somebody
wrote.

    s = np.sqrt(r)                                         s = np.sqrt(r)
    x_bar += multiply_no_nan(0.5 / s, r * v_bar)    ->     x_bar += multiply_no_nan(0.5 * s, v_bar)

>>> from adcompile.ir.nodes import Const, Return
>>> from adcompile.ir.types import FLOAT
>>> root = Assign("s", Call(np.sqrt, (Name("r"),)))
>>> part = Call(multiply_no_nan, (Call(np.divide, (Const(0.5), Name("s"))), Call(np.multiply, (Name("r"), Name("v")))))
>>> body = (root, Assign("y", part), Return(Name("y")))
>>> from adcompile.ir.show import show
>>> print(show(own_roots(Function("f", ("r", "v"), body, dict.fromkeys("rvsy", FLOAT)))).splitlines()[2].strip())
y = multiply_no_nan(0.5 * s, v)
"""

from __future__ import annotations

import math

import numpy as np

from adcompile.ir.nodes import Assign, Block, Call, Expr, Function, Name
from adcompile.ir.types import kind
from adcompile.ir.walk import blocks, expressions, mapped, statements, with_blocks, with_expressions
from adcompile.optimise.rewriting import same, with_body
from adcompile.runtime import multiply_no_nan


def own_roots(function: Function) -> Function:
    """`function` with quotients of numbers and their roots written as roots."""
    roots = {
        stmt.target: stmt.value.args[0]
        for stmt in statements(function.body)
        if isinstance(stmt, Assign) and isinstance(stmt.value, Call) and stmt.value.fn in (np.sqrt, math.sqrt)
        if isinstance(stmt.value.args[0], Name) and kind(function.types[stmt.target]) == "f"
    }
    if not roots:
        return function

    def one(expr: Expr) -> Expr:
        match expr:
            case Call(fn, (Call(np.divide, (above, Name(root))), factor)) if fn is multiply_no_nan and root in roots:
                rest = _without(factor, roots[root])
                return expr if rest is None else Call(fn, (Call(np.multiply, (above, Name(root))), rest))
        return expr

    def block(before: Block) -> Block:
        new = tuple(
            with_blocks(
                with_expressions(stmt, [mapped(expr, one) for expr in expressions(stmt)]), [*map(block, blocks(stmt))]
            )
            for stmt in before
        )
        return before if same(new, before) else new

    return with_body(function, block(function.body))


def _without(product: Expr, number: Expr) -> Expr | None:
    """The other factor of a product; nothing where the number is none of its two."""
    match product:
        case Call(np.multiply, (left, right)) if number in (left, right):
            return right if left == number else left
    return None
