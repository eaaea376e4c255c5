"""What the reverse sweep reads from memory, and which stores of the forward sweep are in the way of that."""

from __future__ import annotations

from dataclasses import dataclass

from adcompile.analysis.aliasing import Roots, is_allocation
from adcompile.analysis.dependence import Dependence
from adcompile.ir.nodes import Accum, Assign, Expr, For, Function, Loop, Name, Stmt, Store, While
from adcompile.ir.types import Array
from adcompile.ir.walk import loads, statements
from adcompile.transform.plan import Plan
from adcompile.transform.scopes import Region
from adcompile.transform.tape import Tapes


@dataclass(frozen=True)
class Reload:
    """The reverse sweep reads `root[index]` as it stood at the forward point `stmt` (just after it if `after`)."""

    root: str
    index: tuple[Expr, ...]
    stmt: Stmt
    after: bool = False


class Reloads(Tapes):
    """Collects them, and compares them with the stores."""

    def __init__(self, function: Function, roots: Roots, plan: Plan) -> None:
        super().__init__(function, roots)
        self.plan = plan
        self.dependence = Dependence(function)
        self.order = {stmt: number for number, stmt in enumerate(statements(function.body))}
        self.reloads: list[Reload] = []
        self.stores: dict[str, list[Stmt]] = {}
        self.allocations: list[Assign] = []
        for stmt in statements(function.body):
            if isinstance(stmt, Assign) and is_allocation(stmt.value):
                self.allocations.append(stmt)
            if isinstance(stmt, (Store, Accum)):
                self.stores.setdefault(roots.find(stmt.array), []).append(stmt)

    def reload(self, expr: Expr, stmt: Stmt) -> None:
        """Records that every element `expr` loads must hold what it held just before `stmt`."""
        for load in loads(expr):
            assert isinstance(load.array, Name)
            if isinstance(self.types.get(load.array.id), Array):
                self.reloads.append(Reload(self.roots.find(load.array.id), load.index, stmt))

    def in_the_way(self, store: Stmt, reload: Reload) -> bool:
        assert isinstance(store, (Store, Accum))
        if isinstance(store, Store) and store.appends:  # nothing was there
            return False
        if reload.stmt not in self.order:
            return True
        here, there = self.order[store], self.order[reload.stmt]
        precedes = here <= there if reload.after else here < there
        shared = [loop for loop in self.loops_around(store) if loop in self.loops_around(reload.stmt, own=True)]
        lifetime = self._lifetime(reload.root)
        shared = [loop for loop in shared if loop not in lifetime and loop not in self.plan.checkpointed]
        match self.dependence.order(store.index, reload.index, shared[::-1]):
            case "never" | "before":
                return False
            case "after":
                return True
            case "same":
                return not precedes
        if not precedes:
            return True
        if not shared:
            return False
        counted = len(shared) == 1 and isinstance(shared[0], While) and self.counts(store.index, shared[0])
        return not (counted and store.index == reload.index)

    def loops_around(self, stmt: Stmt, own: bool = False) -> list[Loop]:
        found: list[Loop] = [stmt] if own and isinstance(stmt, (For, While)) else []
        region: Region = self.region_of(stmt)
        while region[0] is not None:
            if isinstance(region[0], (For, While)):
                found.append(region[0])
            region = self.region_of(region[0])
        return found

    def _lifetime(self, root: str) -> list[Loop]:
        """The loops around the allocation of an array: it does not live from one of their iterations to the next."""
        found = (stmt for stmt in self.allocations if self.roots.find(stmt.target) == root)
        return self.loops_around(first) if (first := next(found, None)) is not None else []

    def counts(self, index: tuple[Expr, ...], loop: While) -> bool:
        """Whether one of the indices is an integer that the loop steps in every iteration, and is never negative."""
        return any(
            Name(carry.inner) in index
            and self.increment(carry, (loop, 0)) not in (None, 0)
            and self.dependence.never_negative(Name(carry.inner))
            for carry in loop.carried
        )
