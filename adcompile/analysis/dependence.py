"""When two statements of a loop nest touch one element: in which iteration the one, and in which the other.

Method: the distance test of dependence analysis (Allen & Kennedy, *Optimizing Compilers for Modern Architectures*,
section 3.3), on subscripts that are one loop index times a constant, plus what does not vary in that loop.  A
subscript that may be negative counts from the end of its axis, and proves nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from adcompile.analysis.least import Least
from adcompile.ir.affine import affine
from adcompile.ir.nodes import Const, Expr, For, Function, Index, Loop, Name, Stmt
from adcompile.ir.walk import binds, defines, names, nodes, statements

Order = Literal["never", "before", "same", "after"]


class Dependence:
    """Answers for the statements of one function."""

    def __init__(self, function: Function) -> None:
        self._types = function.types
        self.least = Least(function)
        self._inside: dict[Stmt, frozenset[str]] = {}

    def order(self, one: Sequence[Expr], other: Sequence[Expr], loops: Sequence[Loop]) -> Order | None:
        """The iteration in which subscript `one` meets the element that `other` touches: never, or before, in, or after
        that of `other`; `None` if it cannot be told.  `loops` are around both statements, the outermost first."""
        if not one or len(one) != len(other):
            return None
        if any(self._apart(a, b, loops) for a, b in zip(one, other, strict=True)):
            return "never"
        for loop in loops:
            if not isinstance(loop, For):
                return None
            found = {self._distance(a, b, loop) for a, b in zip(one, other, strict=True)} - {None}
            if not found:
                return None
            if "never" in found or len(found) > 1:
                return "never"
            (distance,) = found
            assert isinstance(distance, int) and isinstance(loop.step, Const)
            if distance:
                return "after" if distance * loop.step.value > 0 else "before"
        return "same"

    def varying(self, loop: Loop) -> frozenset[str]:
        """The names that hold something else in each iteration of a loop."""
        if loop not in self._inside:
            own = (name for stmt in statements(loop.body) for name in (*defines(stmt), *binds(stmt)))
            self._inside[loop] = frozenset((*own, *binds(loop)))
        return self._inside[loop]

    def never_negative(self, *parts: Expr) -> bool:
        """Whether indices do not count from the end of their axes."""
        return all((low := self.least(part)) is not None and low >= 0 for part in parts)

    def _apart(self, one: Expr, other: Expr, loops: Sequence[Loop]) -> bool:
        """Whether two subscripts differ in every pair of iterations."""
        if not self.never_negative(one, other):
            return False
        if any(name in self.varying(loop) for part in (one, other) for name in names(part) for loop in loops[:1]):
            return False
        left, right = self._parts(one), self._parts(other)
        return left is not None and right is not None and left[0] == right[0] and left[1] != right[1]

    def _distance(self, one: Expr, other: Expr, loop: For) -> int | Literal["never"] | None:
        """Iterations from that of `other` to that of `one`, as a difference of the index, where they touch one place of
        an axis."""
        left, right = self._parts(one), self._parts(other)
        if left is None or right is None or left[0] != right[0] or not self.never_negative(one, other):
            return None
        factor = left[0].get(Name(loop.index), 0)
        rest = (name for term in left[0] if term != Name(loop.index) for name in names(term))
        if not factor or any(name in self.varying(loop) for name in rest):
            return None
        count, left_over = divmod(right[1] - left[1], factor)
        return "never" if left_over else count

    def _parts(self, expr: Expr) -> tuple[dict[Expr, int], int] | None:
        """An integer as a sum of terms, if none of them loads memory."""
        found = affine(expr, self._types)
        if found is None or any(isinstance(node, Index) for term in found[0] for node in nodes(term)):
            return None
        return found
