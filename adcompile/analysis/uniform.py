"""What is the same in every iteration of a loop, while all of them are run side by side.

Goal: for a loop whose iterations are independent, the names that differ between iterations, and the arrays made in an
iteration whose contents do.  What is left is computed once for all of them.  A loop inside runs as long as any of them
needs it, so that its index is one for all; what counts the rounds of a `while` is one for all who still run.
Non-goals: whether iterations are independent (`analysis.parallel`).

Method: divergence analysis of programs for graphics processors (Coutinho et al., 2011), on structured code.
"""

from __future__ import annotations

import numpy as np

from adcompile.analysis.aliasing import Roots, is_allocation
from adcompile.ir.nodes import (
    Accum,
    Assign,
    Block,
    Call,
    Carry,
    Const,
    Expr,
    For,
    If,
    Index,
    Loop,
    Name,
    Stmt,
    Store,
    While,
)
from adcompile.ir.types import Array, Type
from adcompile.ir.walk import binds, blocks, defines, expressions, names, nodes, statements


def has_loop(stmt: Stmt) -> bool:
    """Whether a statement is a loop or has one inside."""
    return any(isinstance(inner, (For, While)) for inner in statements((stmt,)))


def is_counter(loop: Loop, carry: Carry) -> bool:
    """Whether a value counts the rounds of a loop."""
    if not isinstance(carry.yielded, Name):
        return False
    steps = (s.value for s in loop.body if isinstance(s, Assign) and s.target == carry.yielded.id)
    match next(steps, None):
        case Call(np.add, (Name(inner), Const(int()))):
            return inner == carry.inner
    return False


class Varying:
    """The names and arrays that differ between the iterations of one loop."""

    def __init__(self, loop: For, roots: Roots, types: dict[str, Type]) -> None:
        self.roots = roots
        self.types = types
        self.own = {
            roots.find(s.target) for s in statements(loop.body) if isinstance(s, Assign) and is_allocation(s.value)
        }  # arrays that an iteration makes
        self.names = set(binds(loop))
        self.arrays: set[str] = set()
        size = -1
        while size < len(self.names) + len(self.arrays):
            size = len(self.names) + len(self.arrays)
            self._block(loop.body, False)

    def __call__(self, expr: Expr) -> bool:
        """Whether an expression differs."""
        for node in nodes(expr):
            if isinstance(node, Name) and node.id in self.names:
                return True
            if (
                isinstance(node, Index)
                and isinstance(node.array, Name)
                and self.roots.find(node.array.id) in self.arrays
            ):
                return True
        return False

    def masked(self, loop: Loop) -> bool:
        """Whether iterations run a loop inside for different numbers of rounds."""
        return self(loop.test) if isinstance(loop, While) else self(loop.start) or self(loop.stop)

    def together(self, stmt: Stmt) -> bool:
        """Whether a statement without loops is done once for all iterations."""
        match stmt:
            case Assign(_, value):
                return not self(value)
            case Store() | Accum():
                root = self.roots.find(stmt.array)
                return root in self.own and root not in self.arrays
            case If():
                inside = list(statements((*stmt.then, *stmt.orelse)))
                return (
                    not any(map(self, expressions(stmt)))
                    and all(isinstance(s, (Assign, If)) and self.together(s) for s in inside)
                    and not any(self(atom) for m in stmt.merges for atom in (m.then, m.orelse))
                )
        return False

    # ------------------------------------------------------------------------------------ statements
    def _block(self, block: Block, apart: bool) -> None:
        for stmt in block:
            self._statement(stmt, apart)

    def _statement(self, stmt: Stmt, apart: bool) -> None:
        match stmt:
            case Assign(target, value):
                if not isinstance(self.types[target], Array) and self(value):
                    self.names.add(target)
            case Store(array, index, value) | Accum(array, index, value):
                if apart or any(map(self, (*index, value))):
                    self.arrays.add(self.roots.find(array))
            case For() | While():
                self._loop(stmt, apart)
            case If():
                self._branch(stmt, apart)

    def _loop(self, loop: Loop, apart: bool) -> None:
        masked = self.masked(loop)
        self._block(loop.body, apart or masked)
        for c in loop.carried:
            if isinstance(self.types[c.inner], Array):
                continue
            counts = isinstance(loop, While) and masked and not self(c.init) and is_counter(loop, c)
            if (masked and not counts) or self(c.init) or (not counts and self(c.yielded)):
                self.names.add(c.inner)
            if masked or c.inner in self.names:
                self.names.add(c.result)

    def _branch(self, stmt: If, apart: bool) -> None:
        apart = apart or self(stmt.test)
        for inner in blocks(stmt):
            self._block(inner, apart)
        if has_loop(stmt):
            for m in stmt.merges:
                if apart or self(m.then) or self(m.orelse):
                    self.names.add(m.result)
        elif not self.together(stmt):
            inside = statements((stmt,))
            self.names.update(name for s in inside for name in defines(s) if not isinstance(self.types[name], Array))
            for s in statements((*stmt.then, *stmt.orelse)):
                if isinstance(s, (Store, Accum)):
                    self.arrays.add(self.roots.find(s.array))


def reads_whole(expr: Expr, types: dict[str, Type]) -> bool:
    """Whether an expression has an array in it other than to read an element of it."""
    whole = sum(isinstance(types.get(name), Array) for name in names(expr))
    return whole > sum(isinstance(node, Index) for node in nodes(expr))
