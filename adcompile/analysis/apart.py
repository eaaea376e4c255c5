"""Innermost loops whose iterations touch different memory, whatever they are given.

Goal: a proof from the text, so that the compiler may run several iterations side by side without asking in the run
where the arrays of the loop lie.  (It asks at each start of a loop, and a short inner loop starts often; where it asks
too much, it makes no vectors at all.)

Method: all that the loop writes are arrays that were made here, and so lie apart from all others, or that `check_out`
has let pass.  Each of them is touched, in different iterations, at different places (`analysis.parallel`).  Within one
iteration, what is written is touched again at other places only, or at the same one in an array whose elements the
loop takes one after the other: LLVM moves writes of every second or third element to the last of them, past whatever
stands between.

Non-goals: loops around loops; arrays of the caller that are not checked; loops that write down columns, where vectors
cost more than they bring.

>>> from adcompile.ir.nodes import Return
>>> from adcompile.ir.types import INT
>>> made = Assign("y", Call(np.zeros, (Name("n"),)))
>>> here = For("i", Const(0), Name("n"), Const(1), (Store("y", (Name("i"),), Index(Name("x"), (Const(0),))),))
>>> step = Index(Name("y"), (Call(np.subtract, (Name("j"), Const(1))),))
>>> back = For("j", Const(1), Name("n"), Const(1), (Store("y", (Name("j"),), step),))
>>> types = {"n": INT, "i": INT, "j": INT, "x": Array("float64", 1), "y": Array("float64", 1)}
>>> found = apart(Function("f", ("x", "n"), (made, here, back, Return(Name("y"))), types))
>>> here in found, back in found
(True, False)
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from adcompile import memory
from adcompile.analysis.aliasing import Roots
from adcompile.analysis.effects import has_effect_inside, written_roots
from adcompile.analysis.parallel import Parallel
from adcompile.analysis.subscripts import accesses
from adcompile.ir import ops
from adcompile.ir.affine import difference
from adcompile.ir.nodes import Accum, Assign, Call, Const, Effect, Expr, For, Function, Index, Name, Store, While
from adcompile.ir.types import Array, Scalar
from adcompile.ir.walk import names, nodes, statements, substituted
from adcompile.runtime import grown, scratch

_IN_A_ROW = (np.empty, np.zeros, scratch)  # what makes arrays that lie by rows, for sure
_MADE = (*_IN_A_ROW, np.empty_like, np.zeros_like, ops.copy, grown)
_MANY = 64  # places of one array; more are not compared
_Place = tuple[Expr, ...]


def apart(function: Function) -> frozenset[For]:
    """The innermost loops of a function whose iterations touch different memory."""
    writing = [stmt for stmt in statements(function.body) if isinstance(stmt, For) and _is_simple(stmt, function)]
    if not writing:
        return frozenset()
    finder = _Finder(function)
    return frozenset(loop for loop in writing if finder.is_apart(loop))


def _is_simple(loop: For, function: Function) -> bool:
    """Whether a loop writes memory, makes no array, and holds no other loop."""
    inside = list(statements(loop.body))
    if any(isinstance(stmt, (For, While)) for stmt in inside) or has_effect_inside(loop) or loop.parallel:
        return False
    if any(isinstance(stmt, Assign) and not isinstance(function.types.get(stmt.target), Scalar) for stmt in inside):
        return False
    return any(isinstance(stmt, (Store, Accum)) for stmt in inside)


class _Finder:
    """Answers for the loops of one function."""

    def __init__(self, function: Function) -> None:
        self.types = function.types
        self.parallel = Parallel(function)
        self.roots: Roots = self.parallel.roots
        self.own, self.in_a_row = self._own(function)

    def _own(self, function: Function) -> tuple[set[str], set[str]]:
        """The roots that lie apart from all others, and those of them whose elements follow each other in memory."""
        checked = _checked(function)
        foreign = {name for name in function.params if name not in checked}
        loose = set(checked)
        for stmt in statements(function.body):
            if not isinstance(stmt, Assign) or not isinstance(type_ := self.types.get(stmt.target), Array):
                continue
            match stmt.value:
                case Name():
                    pass
                case Call(fn) if fn in _MADE:
                    if fn not in _IN_A_ROW and type_.ndim > 1:
                        loose.add(stmt.target)
                case Index(Name(whole)) if whole in checked:
                    loose.add(stmt.target)
                case _:
                    foreign.add(stmt.target)
        arrays = {self.roots.find(name) for name, type_ in self.types.items() if isinstance(type_, Array)}
        own = arrays - {self.roots.find(name) for name in foreign}
        return own, own - {self.roots.find(name) for name in loose}

    def is_apart(self, loop: For) -> bool:
        """Whether two iterations touch no element together that one of them writes, and it writes along rows."""
        written = written_roots(loop.body, self.roots)
        if not written <= self.own or not all(self.parallel.reach(root, loop) == 0 for root in written):
            return False
        return all(self._along(root, loop) and self._in_order(root, loop) for root in written)

    def _along(self, root: str, loop: For) -> bool:
        """Whether a loop writes elements of an array one after the other."""
        return all(self._follows(place, root, loop) for place, writes in self._touched(root, loop) if writes)

    # ------------------------------------------------------------------------------------ within an iteration
    def _in_order(self, root: str, loop: For) -> bool:
        """Whether nothing of an iteration is lost when its writes to an array come later than what follows them."""
        first: dict[_Place, int] = {}  # written
        last: dict[_Place, int] = {}  # touched
        for number, (place, writes) in enumerate(self._touched(root, loop)):
            last[place] = number
            if writes:
                first.setdefault(place, number)
        if len(last) > _MANY:
            return False
        again = [(one, other) for one, begin in first.items() for other, end in last.items() if begin < end]
        if all(one != other and self._differ(one, other) for one, other in again):
            return True
        return root in self.in_a_row and all(self._follows(place, root, loop) for place in last)

    def _touched(self, root: str, loop: For) -> Iterator[tuple[_Place, bool]]:
        """The places of an array that an iteration touches, in order, each with whether it is written."""
        for access in accesses(loop.body, root, self.roots):
            place = tuple(substituted(part, self.parallel.integers) for part in access.index or ())
            if access.kind != "store":
                yield place, False
            if access.kind != "load":
                yield place, True

    def _differ(self, one: _Place, other: _Place) -> bool:
        """Whether two places are never the same element."""
        for left, right in zip(one, other, strict=True):
            if difference(left, right, self.types) and self._counts_forward(left) and self._counts_forward(right):
                return True
        return False

    def _counts_forward(self, part: Expr) -> bool:
        low = self.parallel.least(part)
        return low is not None and low >= 0

    def _follows(self, place: _Place, root: str, loop: For) -> bool:
        """Whether the loop takes elements of an array one after the other."""
        assert isinstance(loop.step, Const)
        type_, varying = self.types[root], self.parallel.varying(loop)
        assert isinstance(type_, Array)
        *rest, along = place
        found = self.parallel.place(len(rest), along, loop, varying)
        if np.dtype(type_.dtype).kind not in "fiub" or abs(loop.step.value) != 1 or found is None:
            return False
        if any(isinstance(node, Index) for part in rest for node in nodes(part)):
            return False
        if any(varying.intersection(names(part)) for part in rest):
            return False
        return abs(dict(found[1])[Name(loop.index)]) == 1


def _checked(function: Function) -> set[str]:
    """What a caller gives for a result, where it is refused if it lies where another array does."""
    return {
        given.id
        for stmt in function.body
        if isinstance(stmt, Effect) and stmt.call.fn is memory.check_out
        if isinstance(given := stmt.call.args[0], Name)
    }
