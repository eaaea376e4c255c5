"""What computing an expression costs, roughly: which ones are worth a name."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from adcompile.ir import ops
from adcompile.ir.dtypes import COMPARISONS
from adcompile.ir.nodes import Call, Expr, Index
from adcompile.runtime import multiply_no_nan

WORTH_A_NAME = 2
"""From this cost on an expression is computed once."""

_CHEAP = frozenset(
    (np.add, np.subtract, np.multiply, np.negative, np.positive, np.divide, abs, min, max, np.absolute, np.minimum,
     np.maximum, np.sign, float, int, bool, np.float64, ops.select, ops.both, ops.either, ops.negated, np.sqrt,
     np.square, math.sqrt, math.fabs, multiply_no_nan)
) | COMPARISONS  # fmt: skip


@lru_cache(maxsize=1 << 14)
def cost(expr: Expr) -> int:
    """Roughly what computing an expression costs; loads and index arithmetic are free, a dear call is two."""
    match expr:
        case Index():
            return 0
        case Call(ops.dim):
            return 0
        case Call(fn, args):
            cheap = fn in _CHEAP or (fn is ops.power and getattr(args[1], "value", None) in (2, 3, -1))
            return (1 if cheap else 2) + sum(map(cost, args))
    return 0
