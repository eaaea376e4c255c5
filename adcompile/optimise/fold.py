"""Algebra in every expression of a function (see `ir.fold`): only what floating point keeps.

>>> import numpy as np
>>> from adcompile.ir.nodes import Assign, Call, Const, Name, Return
>>> from adcompile.ir.types import FLOAT
>>> body = (Assign("y", Call(np.multiply, (Const(1.0), Name("x")))), Return(Name("y")))
>>> fold_expressions(Function("f", ("x",), body, {"x": FLOAT, "y": FLOAT})).body[0].value
Name(id='x')
"""

from __future__ import annotations

from adcompile.ir.fold import folded
from adcompile.ir.nodes import Block, Function, Stmt
from adcompile.ir.walk import blocks, expressions, with_blocks, with_expressions
from adcompile.optimise.rewriting import same, with_body


def fold_expressions(function: Function, seeded: bool = False, known: dict[int, Stmt] | None = None) -> Function:
    """`function` with every expression folded; with `seeded`, a factor that is literally zero makes a product zero.

    `known` keeps the statements in which nothing is left to fold, for whoever folds again when others have changed;
    the names in them must keep their types.
    """
    types = function.types
    done = {} if known is None else known

    def block(statements: Block) -> Block:
        new = tuple(stmt if id(stmt) in done else one(stmt) for stmt in statements)
        return statements if same(new, statements) else new

    def one(before: Stmt) -> Stmt:
        stmt = with_expressions(before, [folded(expr, types, derivative=seeded) for expr in expressions(before)])
        stmt = with_blocks(stmt, [block(inner) for inner in blocks(stmt)])
        if stmt is before:
            done[id(stmt)] = stmt  # what is kept here keeps its number
        return stmt

    return with_body(function, block(function.body))
