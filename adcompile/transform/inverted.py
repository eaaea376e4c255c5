"""What the tangents of several directions are divided by is inverted once for all of them.

Goal: one division for each divisor, where a tangent for each lane has one, or several; a division costs as much as
several products.  Tangents alone: a product with a reciprocal may differ from the quotient in the last bit, which a
value of the function that goes on into `floor` or a comparison must not.  Non-goals: divisors in the sides of choices,
which may be zero where the side is not taken; literal numbers; complex divisors.

    y_dot = x_dot / h - u * (h_dot / h)                      t = 1.0 / h
    y_dot2 = x_dot2 / h - u * (h_dot2 / h)        ->         y_dot = t * x_dot - t * u * h_dot
                                                             y_dot2 = t * x_dot2 - t * u * h_dot2
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from adcompile.chain import ONE
from adcompile.ir.dtypes import dtype_of
from adcompile.ir.fold import fold
from adcompile.ir.nodes import Assign, Call, Const, Expr, Name, Stmt
from adcompile.ir.types import FLOAT, Type
from adcompile.runtime import multiply_no_nan

_LINEAR = (np.add, np.subtract, np.negative, np.multiply, multiply_no_nan)


def inverted(
    tangents: Sequence[Expr], types: dict[str, Type], fresh: Callable[[str], str], out: list[Stmt]
) -> list[Expr]:
    """The tangents of one value, with reciprocals that are named in `out` in the place of divisors."""
    names: dict[Expr, Name] = {}

    def divisor(expr: Expr) -> Name:
        if expr not in names:
            name = fresh("t")
            types[name] = FLOAT
            names[expr] = Name(name)
            out.append(Assign(name, Call(np.divide, (ONE, expr))))
        return names[expr]

    def one(expr: Expr) -> Expr:
        if not isinstance(expr, Call):
            return expr
        if expr.fn is np.divide and not isinstance(expr.args[1], Const) and dtype_of(expr.args[1], types) == "float64":
            return fold(Call(np.multiply, (divisor(expr.args[1]), one(expr.args[0]))), types, derivative=True)
        if expr.fn in _LINEAR or expr.fn is np.divide:
            return fold(Call(expr.fn, tuple(map(one, expr.args))), types, derivative=True)
        return expr

    return [one(tangent) for tangent in tangents]
