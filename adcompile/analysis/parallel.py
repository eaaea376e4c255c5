"""Whether the iterations of a loop may run in any order, and at the same time.

Goal: a proof from the text of the loop as it stands, for loops that somebody wants to be parallel.  What the user
promised with `prange` is a wish here, not a fact: what a derivative does with the memory is not what the function did.

Method: every array that the loop writes is made in the iteration; or is touched, in different iterations, at different
places (on one axis all subscripts are one multiple of the loop's index, plus what does not vary, plus constants that
differ by less than that multiple, and none is ever negative); or is only added to, so that parts of the loop can add to
copies or, where only near iterations meet (a stencil), leave a seam between them.  What is carried is sums.  Nothing in
the loop can fail: Numba drops errors that are raised in a parallel loop.

Non-goals: other reductions (products, extremes); subscripts that differ for other reasons (`out[permutation[i]]`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from adcompile import runtime
from adcompile.analysis.aliasing import Roots, is_allocation, roots
from adcompile.analysis.effects import has_effect_inside, written_roots
from adcompile.analysis.least import Least
from adcompile.analysis.subscripts import accesses
from adcompile.analysis.sums import is_sum
from adcompile.ir import ops
from adcompile.ir.affine import affine
from adcompile.ir.nodes import Assign, Call, Const, Expr, For, Function, Index, Name, Tuple
from adcompile.ir.types import FLOAT, INT, Array, Scalar
from adcompile.ir.walk import binds, defines, expressions, loads, names, nodes, statements, substituted

_RAISE = (math.factorial, math.comb, math.perm, math.isqrt)
_NEVER_RAISE = (
    np.round, np.around, np.fix, np.sinc, *runtime.GROWING, runtime.multiply_no_nan, runtime.share, runtime.slice_bound,
)  # fmt: skip
_SUMMED = (FLOAT, INT, Scalar("float32"))
_Terms = frozenset[tuple[Expr, int]]
_Place = tuple[int, _Terms, int]  # an axis, and the subscript there: terms with their factors, and a constant
_FAR = 16  # iterations
_COPIED = ("float64", "float32", "int64")


@dataclass(frozen=True, slots=True)
class Division:
    """How a loop can be divided among threads: `copied` are the arrays that each thread adds to a copy of, and so many
    iterations at the end of each share are left for later, since they add to what the next share adds to."""

    copied: tuple[str, ...]
    seam: int


class Parallel:
    """Answers for the loops of one function."""

    def __init__(self, function: Function) -> None:
        self.types = function.types
        self.roots: Roots = roots(function)
        self.least = Least(function)
        self.integers: dict[str, Expr] = {}
        for stmt in statements(function.body):
            if isinstance(stmt, Assign) and self.types.get(stmt.target) == INT and not any(loads(stmt.value)):
                self.integers[stmt.target] = substituted(stmt.value, self.integers)

    def division(self, loop: For) -> Division | None:
        """How the iterations of a loop can be divided; nothing where it is not proven that they can."""
        if has_effect_inside(loop) or not self._cannot_fail(loop):
            return None
        if not all(self.types[c.inner] in _SUMMED and is_sum(loop, c) for c in loop.carried):
            return None
        made = self._made(loop)
        if made is None:
            return None
        copied, seam = [], 0
        for root in sorted(written_roots(loop.body, self.roots) - made):
            reach = self.reach(root, loop)
            if reach == 0:
                continue
            if not self._only_added_to(root, loop):
                return None
            if reach is None or reach > _FAR:
                copied.append(root)
            else:
                seam = max(seam, reach)
        return Division(tuple(copied), seam)

    # ------------------------------------------------------------------------------------ memory
    def _made(self, loop: For) -> set[str] | None:
        """The arrays that each iteration makes; nothing where it takes one from elsewhere under a new name."""
        made = set()
        for stmt in statements(loop.body):
            if isinstance(stmt, Assign) and isinstance(self.types[stmt.target], Array):
                if is_allocation(stmt.value):
                    made.add(stmt.target)
                elif not isinstance(stmt.value, Name):
                    return None
        return {root for root in made if self.roots.find(root) == root}

    def _places(self, root: str, loop: For) -> list[set[_Place]]:
        """For each access of an array, its subscripts that are others in each iteration."""
        varying = self.varying(loop)
        found = []
        for access in accesses(loop.body, root, self.roots):
            parts = enumerate(access.index or ())
            found.append({place for axis, part in parts if (place := self.place(axis, part, loop, varying))})
        return found

    def reach(self, root: str, loop: For) -> int | None:
        """How many iterations lie at most between two that touch one element of an array; nothing where it is not
        known."""
        assert isinstance(loop.step, Const)
        seen: list[dict[tuple[int, _Terms], set[int]]] = []
        for places in self._places(root, loop):
            seen.append({(axis, terms): {constant} for axis, terms, constant in places})
        found = []
        for axis, terms in set.intersection(*map(set, seen)):
            constants = set[int]().union(*(each[axis, terms] for each in seen))
            stride: int = abs(dict(terms)[Name(loop.index)] * loop.step.value)
            found.append((max(constants) - min(constants)) // stride)
        return min(found, default=None)

    def place(self, axis: int, part: Expr, loop: For, varying: set[str]) -> _Place | None:
        """A subscript that is another one in each iteration, and never counts from the end of its axis."""
        part = substituted(part, self.integers)
        found = affine(part, self.types)
        low = self.least(part)
        if found is None or low is None or low < 0:
            return None
        terms, constant = found
        if not terms.get(Name(loop.index)):
            return None
        for term in terms:
            if term != Name(loop.index) and varying.intersection(names(term)):
                return None
            if any(isinstance(node, Index) for node in nodes(term)):
                return None
        return axis, frozenset(terms.items()), constant

    def varying(self, loop: For) -> set[str]:
        inside = statements((loop,))
        return {name for stmt in inside for name in (*binds(stmt), *(() if stmt is loop else defines(stmt)))}

    def _only_added_to(self, root: str, loop: For) -> bool:
        """Whether a loop only adds to an array, under its one name."""
        type_ = self.types[root]
        if not isinstance(type_, Array) or type_.dtype not in _COPIED:
            return False
        if any(access.kind != "add" for access in accesses(loop.body, root, self.roots)):
            return False
        return all(
            getattr(stmt, "array", root) == root or self.roots.find(stmt.array) != root  # type: ignore[union-attr]
            for stmt in statements(loop.body)
        )

    # ------------------------------------------------------------------------------------ failure
    def _cannot_fail(self, loop: For) -> bool:
        """Whether nothing in a loop's body raises (memory running out apart)."""
        return all(
            self._safe(node)
            for stmt in statements(loop.body)
            for expr in expressions(stmt)
            for node in nodes(expr)
            if isinstance(node, Call)
        )

    def _safe(self, call: Call) -> bool:
        fn = call.fn
        if fn in _RAISE:
            return False
        if fn in (np.empty, np.zeros):
            shape = call.args[0]
            lengths = shape.items if isinstance(shape, Tuple) else (shape,)
            return all((low := self.least(length)) is not None and low >= 0 for length in lengths)
        if fn in ops.ALLOCATIONS or fn in _NEVER_RAISE or isinstance(fn, (np.ufunc, type)):
            return True
        return getattr(fn, "__module__", "") in (ops.__name__, "math", "builtins")
