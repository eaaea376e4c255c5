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
from adcompile.ir.nodes import Function
from adcompile.optimise.rewriting import each_expression, with_body


def fold_expressions(function: Function, seeded: bool = False) -> Function:
    """`function` with every expression folded; with `seeded`, a factor that is literally zero makes a product zero."""
    types = function.types
    return with_body(function, each_expression(function.body, lambda expr: folded(expr, types, derivative=seeded)))
