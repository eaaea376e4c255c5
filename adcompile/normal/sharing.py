"""Which names of the core-with-arrays dialect may share memory, and which writes a copy would not show.

Goal: `loops_for_arrays` copies where NumPy might give a view (`reshape`, `diagonal`, `broadcast_to`).  A copy may
stand for the view unless one of the two is written after it and the other is read after that: those writes are found
here, and refused there.  Non-goals: which elements overlap; proofs about a branch not taken.

>>> from adcompile.ir.nodes import Const
>>> from adcompile.ir.types import Array
>>> flat = Assign("b", Call(np.reshape, (Name("a"), Const(6))))
>>> write = Store("b", (Const(0),), Const(1.0))
>>> types = {"a": Array("float64", 2), "b": Array("float64", 1)}
>>> write in Sharing(Function("f", ("a",), (flat, write, Return(Name("a"))), types)).unseen
True
>>> write in Sharing(Function("f", ("a",), (flat, write, Return(Name("b"))), types)).unseen
False
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from adcompile import runtime
from adcompile.analysis.types_of import type_of
from adcompile.ir import ops
from adcompile.ir.nodes import (
    Accum,
    Assign,
    Block,
    Call,
    Expr,
    For,
    Function,
    If,
    Index,
    Name,
    Return,
    Stmt,
    Store,
    While,
)
from adcompile.ir.types import Array
from adcompile.ir.walk import binds, blocks, children, defines, expressions


def contents(expr: Expr) -> list[str]:
    """The names whose contents an expression reads (a shape is not contents)."""
    if isinstance(expr, Name):
        return [expr.id]
    if isinstance(expr, Call) and expr.fn is ops.dim:
        return []
    return [name for part in children(expr) for name in contents(part)]


class Sharing:
    """The views, carries and merges of a function; `unseen`: the writes that a copy would not show."""

    def __init__(self, function: Function) -> None:
        self.types = function.types
        self.order: dict[Stmt, int] = {}
        self.around: dict[Stmt, list[Stmt]] = {}
        self.home: dict[str, list[Stmt]] = {}
        self.views: dict[str, set[str]] = {}
        self.copies: list[tuple[Stmt, str, str]] = []
        self.writes: list[Store | Accum] = []
        self.reads: list[tuple[str, Stmt]] = []
        self._visit(function.body, [])
        self.unseen: set[Stmt] = set()
        for copy in self.copies:
            self.unseen.update(self._unseen(*copy))

    def _visit(self, block: Block, around: list[Stmt]) -> None:
        for stmt in block:
            self.order[stmt] = len(self.order)
            self.around[stmt] = around
            self.home.update((name, around) for name in defines(stmt))
            self.home.update((name, [*around, stmt]) for name in binds(stmt))
            self._links(stmt)
            if isinstance(stmt, (Store, Accum)):
                self.writes.append(stmt)
            if not (isinstance(stmt, Assign) and self._viewed(stmt)):
                self.reads += [(name, stmt) for expr in expressions(stmt) for name in contents(expr)]
            if isinstance(stmt, Return):
                self.reads += [(name, stmt) for name in contents(stmt.value)]
            for inner in blocks(stmt):
                self._visit(inner, [*around, stmt])

    def _links(self, stmt: Stmt) -> None:
        pairs: list[tuple[Expr, str]] = []
        match stmt:
            case Assign(target, value):
                source, copied = self.source(value)
                if source and isinstance(self.types[target], Array):
                    if copied:
                        self.copies.append((stmt, source, target))
                    else:
                        pairs.append((Name(source), target))
            case For() | While():
                pairs += [(c.init, c.inner) for c in stmt.carried] + [(c.init, c.result) for c in stmt.carried]
                pairs += [(c.yielded, c.inner) for c in stmt.carried]
            case If():
                pairs += [(m.then, m.result) for m in stmt.merges] + [(m.orelse, m.result) for m in stmt.merges]
        for left, right in pairs:
            if isinstance(left, Name) and isinstance(self.types[right], Array):
                self.views.setdefault(left.id, set()).add(right)
                self.views.setdefault(right, set()).add(left.id)

    def _viewed(self, stmt: Assign) -> bool:
        source, copied = self.source(stmt.value)
        return bool(source) and not copied and isinstance(self.types[stmt.target], Array)

    def source(self, expr: Expr) -> tuple[str, bool]:
        """The name that an array expression is a part of (or none), and whether it is lowered to a copy of it."""
        match expr:
            case Name(name):
                return name, False
            case Index(array, index):
                if any(isinstance(type_of(item, self.types), Array) for item in index):
                    return "", False
                return self.source(array)
            case Call(fn, args) if fn in (np.transpose, runtime.grown):
                return self.source(args[0])
            case Call(fn, args) if fn in (np.reshape, np.broadcast_to, np.diagonal, np.diag):
                return self.source(args[0])[0], True
        return "", False

    def group(self, name: str, without: Stmt | None = None) -> set[str]:
        """The names that may share memory with this one, but for what one copy connects."""
        found, new = {name}, [name]
        while new:
            at = new.pop()
            near = set(self.views.get(at, ()))
            near.update(b for stmt, a, b in self.copies if a == at and stmt is not without)
            near.update(a for stmt, a, b in self.copies if b == at and stmt is not without)
            new += near - found
            found |= near
        return found

    def written(self, name: str) -> bool:
        """Whether anything writes memory that this name may share."""
        group = self.group(name)
        return any(write.array in group for write in self.writes)

    # ------------------------------------------------------------------------------------ what a copy would not show
    def _unseen(self, copy: Stmt, source: str, target: str) -> Iterator[Stmt]:
        old, new = self.group(source, copy), self.group(target, copy)
        for write in self.writes:
            other = (new if write.array in old else set()) | (old if write.array in new else set())
            reads = [at for name, at in self.reads if name in other]
            if self._after(write, copy, new) and any(self._after(at, write, other) for at in reads):
                yield write

    def _after(self, later: Stmt, earlier: Stmt, group: set[str]) -> bool:
        """Whether a statement may run after another while the memory of a group of names lives."""
        if self.order[later] > self.order[earlier]:
            return True
        loops = [loop for loop in self.around[earlier] if isinstance(loop, (For, While))]
        common = [loop for loop in loops if loop is later or loop in self.around[later]]
        return any(self._outlives(loop, group) for loop in common)

    def _outlives(self, loop: Stmt, group: set[str]) -> bool:
        assert isinstance(loop, (For, While))
        carried = any(c.inner in group for c in loop.carried)
        return carried or any(loop not in self.home.get(name, []) for name in group)
