"""Checks and exceptions where arrays are memory: a view among their arguments is what lies underneath.

Goal: what only looks at arrays (their shapes, whether they overlap) is asked of the arrays that there are.  Non-goals:
deciding a check before the run.

    check_same_shape(x[i], v)        becomes     check_equal(x.shape[1], v.shape[0])
    check_overlap(x[i], v)           becomes     check_overlap(x, v)
"""

from __future__ import annotations

from dataclasses import replace

from adcompile import runtime
from adcompile.errors import refuse
from adcompile.ir.nodes import Effect, Expr, Name, Tuple
from adcompile.normal.array_values import ArrayValues


class Checks(ArrayValues):
    """What has an effect and no value."""

    def effect(self, stmt: Effect) -> None:
        """An exception or a check; of views, their lengths are compared, or the arrays underneath."""
        args, fn = stmt.call.args, stmt.call.fn
        if fn is runtime.check_same_shape or fn is runtime.check_overlap:
            one, other = map(self.array, args)
            if args != (Name(one.root or ""), Name(other.root or "")):
                if fn is runtime.check_same_shape:
                    for n, m in zip(one.shape, other.shape, strict=True):
                        self.check(runtime.check_equal, n, m)
                    return
                if one.root is None or other.root is None:
                    return
                if one.root == other.root:
                    raise refuse(
                        "array-aliases", "two parts of one array, one of which is written", stmt.span, "copy it"
                    )
                args = (Name(one.root), Name(other.root))
        self.emit(replace(stmt, call=replace(stmt.call, args=tuple(map(self.passed, args)))))

    def passed(self, expr: Expr) -> Expr:
        """An argument of a check or an exception: arrays as they are, tuples item by item."""
        if isinstance(expr, Tuple):
            return Tuple(tuple(map(self.passed, expr.items)))
        return expr if self.is_array(expr) else self.scalar(expr)
