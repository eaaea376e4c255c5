"""What of a block that is run again its reverse really needs.

Goal: a replay repeats only what the adjoints read, in the end; what it does not need of memory is not demanded of the
forward sweep, so not taped.  Memory is told apart by roots alone, names by themselves, neither by their order.

    for t in range(n):                  where only the derivative of `sin` reads anything, repeated as
        e = np.sin(x[i])                    e = np.sin(x[i])
        v[i] += h * e                   with demands for `x` alone

Method: the to-be-recorded analysis of Hascoet, Naumann & Pascual (2005).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from adcompile.analysis.aliasing import Roots
from adcompile.analysis.effects import arrays_read
from adcompile.ir.nodes import Accum, Assign, Atom, Block, Effect, For, If, Name, Stmt, Store, While
from adcompile.ir.walk import atoms, blocks, expressions, names, statements, with_blocks


class Needed:
    """The names and roots that a block's reverse reads, and all that they depend on in the block."""

    def __init__(
        self, forward: Block, reverse: Iterable[Stmt], results: Iterable[str], roots: Roots, put_backs: Collection[Stmt]
    ) -> None:
        self._roots = roots
        self._put_backs = put_backs
        self.names: set[str] = set(results)
        self.roots: set[str] = set()  # of arrays whose contents are read
        self._live: set[Stmt] = set()
        back = []
        for stmt in statements(reverse):
            if stmt in put_backs:
                back.append(stmt)
            else:
                self._read(stmt)
        self._follow(forward)
        for stmt in back:  # what is put back has been saved
            assert isinstance(stmt, Store)
            if roots.find(stmt.array) in self.roots:
                self._read(stmt)
        self._follow(forward)

    def is_live(self, stmt: Stmt) -> bool:
        """Whether a statement of the block, or one inside it, is needed."""
        return stmt in self._live

    def _follow(self, forward: Block) -> None:
        before = -1
        while before != (before := len(self.names) + len(self.roots)):
            self._block(forward)

    def _block(self, block: Block) -> bool:
        found = False
        for stmt in reversed(block):
            inside = [self._block(inner) for inner in blocks(stmt)]
            if any(inside) or self._asked(stmt):
                self._live.add(stmt)
                self._read(stmt)
                found = True
        return found

    def _asked(self, stmt: Stmt) -> bool:
        match stmt:
            case Store() | Accum():
                return self._roots.find(stmt.array) in self.roots
            case Assign():
                return self._wanted(stmt.target)
            case For() | While():
                return any(self._wanted(c.inner) or self._wanted(c.result) for c in stmt.carried)
            case If():
                return any(self._wanted(m.result) for m in stmt.merges)
        return isinstance(stmt, Effect)

    def _wanted(self, name: str) -> bool:
        return name in self.names or self._roots.find(name) in self.roots

    def _read(self, stmt: Stmt) -> None:
        """What a statement's own line reads."""
        for expr in expressions(stmt):
            self.names.update(names(expr))
            self.roots.update(map(self._roots.find, arrays_read(expr)))
        match stmt:
            case For() | While():
                asked = [c for c in stmt.carried if self._wanted(c.inner) or self._wanted(c.result)]
                self._atoms(atom for c in asked for atom in (c.init, c.yielded))
            case If():
                self._atoms(atom for m in stmt.merges if self._wanted(m.result) for atom in (m.then, m.orelse))
            case _:
                self._atoms(atoms(stmt))

    def _atoms(self, found: Iterable[Atom]) -> None:
        self.names.update(atom.id for atom in found if isinstance(atom, Name))

    def only(self, block: Iterable[Stmt], made: Collection[str], reverse: bool = False) -> Block:
        """A block without its stores to memory from outside that nothing reads; of the reverse, without what puts them
        back."""
        out = []
        for stmt in block:
            if isinstance(stmt, (Store, Accum)) and (not reverse or stmt in self._put_backs):
                root = self._roots.find(stmt.array)
                if root not in self.roots and root not in made:
                    continue
            inner = [self.only(each, made, reverse) for each in blocks(stmt)]
            out.append(with_blocks(stmt, inner) if inner else stmt)
        return tuple(out)
