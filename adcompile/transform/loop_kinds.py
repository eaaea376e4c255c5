"""Which way a loop or a branch is reversed: together, replayed, or statement by statement."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from adcompile.analysis.aliasing import is_allocation
from adcompile.analysis.effects import read_roots
from adcompile.ir.nodes import (
    Accum,
    Assign,
    Atom,
    Block,
    Call,
    Carry,
    Expr,
    For,
    If,
    Name,
    Store,
    While,
)
from adcompile.ir.types import Array, Scalar, is_float
from adcompile.ir.walk import (
    binds,
    blocks,
    defines,
    expressions,
    names,
    nodes,
    statements,
    uses,
)
from adcompile.rules.registry import is_dear
from adcompile.runtime import GROWING
from adcompile.transform.adjoints import Adjoints
from adcompile.transform.ways import Hindrance, Obstacle


def inside(block: Block) -> set[str]:
    """Every name that a block defines, at any depth."""
    return {name for stmt in statements(block) for name in (*defines(stmt), *binds(stmt))}


def makes_array(stmt: Assign) -> bool:
    """Whether an assignment allocates (a tape that grows is the same tape)."""
    return is_allocation(stmt.value) and not (isinstance(stmt.value, Call) and stmt.value.fn in GROWING)


def is_dear_loop(loop: For) -> bool:
    """Whether a loop computes dear values."""
    parts = (part for stmt in statements(loop.body) for expr in expressions(stmt) for part in nodes(expr))
    return any(isinstance(part, Call) and is_dear(part.fn, part.args) for part in parts)


class LoopKinds(Adjoints):
    """Tells the kinds of loops and blocks apart."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._need_scope: dict[tuple[Block, frozenset[str]], bool] = {}  # asked at every depth of branches in branches

    def needs_scope(self, block: Block, bound: frozenset[str] = frozenset()) -> bool:
        """Whether a block can only be reversed as a scope of its own."""
        asked = block, bound
        if asked not in self._need_scope:
            self._need_scope[asked] = self._needs_scope(block, inside(block) | bound)
        return self._need_scope[asked]

    def _needs_scope(self, block: Block, own: set[str]) -> bool:
        for stmt in block:
            match stmt:
                case While():
                    return True
                case Assign():
                    if makes_array(stmt):
                        return True
                case For():
                    if stmt in self.plan.checkpointed:
                        return True
                    if self.surely_together(stmt):
                        continue
                    if any(name in own for part in (stmt.start, stmt.stop) for name in names(part)):
                        return True
                    if not self.needs_scope(stmt.body) and self._deep(stmt.body, own):
                        return True
                case If():
                    if any(isinstance(self.types[m.result], Array) for m in stmt.merges):
                        return True
                    if any(not self.needs_scope(side) and self._deep(side, own) for side in blocks(stmt)):
                        return True
        return False

    def _deep(self, block: Block, own: set[str]) -> bool:
        """Whether a block that is reversed as part of its surroundings holds a loop whose extent they compute."""
        for stmt in block:
            if isinstance(stmt, For):
                if self.surely_together(stmt):
                    continue
                if any(name in own for part in (stmt.start, stmt.stop) for name in names(part)):
                    return True
            if any(not self.needs_scope(inner) and self._deep(inner, own) for inner in blocks(stmt)):
                return True
        return False

    def independent(self, loop: For) -> bool:
        """Whether a loop's iterations only add to sums, and to arrays that the loop never reads."""
        return self.between_iterations(loop) is None

    def between_iterations(self, loop: For) -> Obstacle | None:
        """What makes the iterations of a loop depend on one another."""
        local = self.made_in(loop.body)
        count = Counter(name for stmt in statements(loop.body) for name in uses(stmt))
        count.update(c.yielded.id for c in loop.carried if isinstance(c.yielded, Name))
        for carry in loop.carried:
            if not self.sum_chain(carry, count):
                return Obstacle(Hindrance.CARRIED, carry.inner)
        read = read_roots(loop.body, self.roots)
        for stmt in statements(loop.body):
            if isinstance(stmt, (Store, Accum)):
                root = self.roots.find(stmt.array)
                if root not in local and isinstance(stmt, Store):
                    return Obstacle(Hindrance.STORED, stmt.array)
                if root not in local and root in read:
                    return Obstacle(Hindrance.READ, stmt.array)
        return None

    def obstacle(self, loop: For | While) -> Obstacle | None:
        """Why a loop is not run forward and reversed in one pass; nothing if it is."""
        if isinstance(loop, While):
            return Obstacle(Hindrance.WHILE)
        if (found := self.between_iterations(loop)) is not None:
            return found
        if loop in self.plan.split:
            return Obstacle(Hindrance.PUT_BACK)
        return Obstacle(Hindrance.DEAR) if self.costly_twice(loop) else None

    def together(self, loop: For) -> bool:
        """Whether each iteration of a loop is run forward and reversed at once."""
        return self.obstacle(loop) is None

    def surely_together(self, loop: For) -> bool:
        """Whether that is so whatever else the reverse sweep comes to read."""
        return loop not in self.plan.split and self.independent(loop) and not (loop.carried and is_dear_loop(loop))

    def costly_twice(self, loop: For) -> bool:
        """Whether a loop computes dear values, and its forward sweep stays because the reverse sweep reads its sums."""
        if not is_dear_loop(loop):
            return False
        wanted, todo = set(self.demanded), list(self.demanded)
        while todo:
            where = self.where.get(todo.pop())
            if where is not None and where.role == "assign" and isinstance(where.stmt, Assign):
                new = set(names(where.stmt.value)) - wanted
                wanted |= new
                todo += new
        return any(c.result in wanted for c in loop.carried)

    def sum_chain(self, carry: Carry, count: Counter[str]) -> bool:
        """Whether a carried value is only `s + e`, through inner loops too, and `e` never reads `s`."""
        type_ = self.types[carry.inner]
        if not isinstance(type_, Scalar) or not is_float(type_) or count[carry.inner] > 1:
            return False

        def ends_in(atom: Atom, start: str) -> bool:
            if not isinstance(atom, Name):
                return False
            if atom.id == start:
                return True
            where = self.where.get(atom.id)
            if where is None or count[atom.id] != 1:
                return False
            if where.role == "assign" and isinstance(where.stmt, Assign):
                return summed(where.stmt.value, start)
            if where.role == "result" and isinstance(where.stmt, For):
                inner = next(c for c in where.stmt.carried if c.result == atom.id)
                return count[inner.inner] <= 1 and ends_in(inner.yielded, inner.inner) and ends_in(inner.init, start)
            return False

        def summed(expr: Expr, start: str) -> bool:
            match expr:
                case Name():
                    return ends_in(expr, start)
                case Call(np.add, (left, right)):
                    return summed(left, start) or summed(right, start)
                case Call(np.subtract, (left, _)):
                    return summed(left, start)
            return False

        return count[carry.inner] == 1 and ends_in(carry.yielded, carry.inner)

    def made_in(self, block: Block) -> set[str]:
        """The roots of the arrays that a block makes, at any depth."""
        return {self.roots.find(s.target) for s in statements(block) if isinstance(s, Assign) and makes_array(s)}
