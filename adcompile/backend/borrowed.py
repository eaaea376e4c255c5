"""Arguments are borrowed: a generated function counts no references to the arrays that it is given.

Goal: a small derivative that compiled code calls in a loop does not spend its time on counting.  Whoever calls a
function holds its arguments until it returns, so that the reference that Numba takes to each at the start, and gives
back at the end, may be left out.  (LLVM takes such pairs out as well, but not from functions with branches between.)

Legal where the variable of an argument is assigned once: it never holds anything that is the function's own.  The same
goes for a tuple of such arguments.  Values that hold no reference, as numbers and shapes, are not taken apart for it.
Non-goals: functions with parallel loops, which Numba lowers in another way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from numba.core import ir

from adcompile.backend.direct_items import DirectItems


class Borrowing(DirectItems):
    """Numba's own, but that arguments which are assigned once are borrowed."""

    _counting = True
    _borrowed: frozenset[str] = frozenset()

    def lower_normal_function(self, fndesc: Any) -> None:
        self._borrowed = _assigned_once(self.blocks.values())
        super().lower_normal_function(fndesc)

    def lower_assign(self, ty: Any, inst: Any) -> Any:
        with self._of(inst.target.name):
            return super().lower_assign(ty, inst)

    def delvar(self, name: str) -> None:
        if self._holds(self.typeof(name)):
            with self._of(name):
                super().delvar(name)
        else:  # nothing is given back, and nothing has to be forgotten so that it is not given back again
            if name not in self._blk_local_varmap:
                self._singly_assigned_vars.discard(name)
            self._alloca_var(name, self.typeof(name))

    @contextmanager
    def _of(self, name: str | None) -> Iterator[None]:
        """No references are counted inside, if this is the name of a borrowed argument."""
        self._counting = name not in self._borrowed
        try:
            yield
        finally:
            self._counting = True

    def incref(self, typ: Any, val: Any) -> None:
        if self._counting and self._holds(typ):
            super().incref(typ, val)

    def decref(self, typ: Any, val: Any) -> None:
        if self._counting and self._holds(typ):
            super().decref(typ, val)

    @cached_property
    def _holding(self) -> dict[Any, bool]:
        return {}

    def _holds(self, type_: Any) -> bool:
        """Whether values of a type hold any reference."""
        if type_ not in self._holding:
            self._holding[type_] = self.context.data_model_manager[type_].contains_nrt_meminfo()
        return self._holding[type_]


def _assigned_once(blocks: Any) -> frozenset[str]:
    """The variables of arguments that nothing else is assigned to, and of tuples of these; none where there are
    statements beside Numba's own language."""
    statements = [stmt for block in blocks for stmt in block.body]
    if any(not isinstance(stmt, ir.Stmt) or type(stmt).__module__ != ir.__name__ for stmt in statements):
        return frozenset()
    assigned = [stmt for stmt in statements if isinstance(stmt, ir.Assign)]
    times = Counter(stmt.target.name for stmt in assigned)
    once = [stmt for stmt in assigned if times[stmt.target.name] == 1]
    arguments = {stmt.target.name for stmt in once if isinstance(stmt.value, ir.Arg)}
    tuples = {
        stmt.target.name
        for stmt in once
        if isinstance(stmt.value, ir.Expr) and stmt.value.op == "build_tuple"
        and arguments.issuperset(item.name for item in stmt.value.items)
    }  # fmt: skip
    return frozenset(arguments | tuples)
