"""Neighbouring loops over one range become one loop.

Goal: the forward loop and the reverse loop of independent iterations, or the loops that array expressions became, in
one pass over memory, so that `cse` finds what both compute.  Loops that touch nothing in common stay apart: alone, each
is better vectorised.

Legal where neither uses what the other carried, and, for every array that one of them writes, either both only
accumulate into it, or every access of both has the loop index, never negative, in one and the same place of its
subscripts: then iteration i of the second touches only what iteration i of the first did.

    for i in range(n):                  for i in range(n):
        y[i] = 2.0 * x[i]                   y[i] = 2.0 * x[i]
    for j in range(n):           ->         z[i] += y[i]
        z[j] += y[j]
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import Enum, auto
from itertools import pairwise

from adcompile.analysis.aliasing import roots
from adcompile.analysis.effects import has_effect_inside, loaded_roots, names_used, read_roots, written_roots
from adcompile.analysis.subscripts import accesses, common_places
from adcompile.ir.affine import same_integer
from adcompile.ir.nodes import Assign, Block, For, Function, Name, Return, Stmt
from adcompile.ir.types import Array, Type
from adcompile.ir.walk import blocks, defines, replaced, statements
from adcompile.optimise.rewriting import each_block, lengths, with_body


def fuse(function: Function) -> Function:
    """`function` with neighbouring loops over one range made one."""
    fuser = _Fuser(function)
    return with_body(function, each_block(function.body, fuser.block))


class Apart(Enum):
    """Why two loops in one block stay two."""

    RANGE = auto()  # they run over different ranges
    RESULT = auto()  # the second needs what the first ends with
    EFFECTS = auto()  # both raise or say something
    MEMORY = auto()  # an iteration of the second touches what other iterations of the first do
    STRANGERS = auto()  # they have no array in common


def apart(function: Function) -> list[tuple[For, For, Apart]]:
    """The loops of each block, each with the next one, and why they stay two: what `fuse` leaves."""
    fuser = _Fuser(function)
    found = []
    for block in (function.body, *(inner for stmt in statements(function.body) for inner in blocks(stmt))):
        loops = [stmt for stmt in block if isinstance(stmt, For)]
        for first, second in pairwise(loops):
            if (why := fuser.obstacle(first, second)) is not None:
                found.append((first, second, why))
    return found


class _Fuser:
    def __init__(self, function: Function) -> None:
        self.types: Mapping[str, Type] = function.types
        self.source = lengths(function)
        self.roots = roots(function)
        self._memory: dict[Stmt, tuple[set[str], set[str]]] = {}

    def block(self, block: Block) -> Block:
        result = list(block)
        position = 0
        while position < len(result):
            if not self.joined_with_a_later(result, position):
                position += 1
        return tuple(result)

    def joined_with_a_later(self, block: list[Stmt], position: int) -> bool:
        """Join the loop at `position` with a later one, in place, what stands between moved before or after."""
        first = block[position]
        if not isinstance(first, For) or not any(isinstance(s, For) for s in block[position + 1 :]):
            return False
        before: list[Stmt] = []  # moves above the first loop
        after: list[Stmt] = []  # stays below it, so below the joined loop
        behind, below = _Together(self), _Together(self)
        behind.add(first)
        for k in range(position + 1, len(block)):
            second = block[k]
            if isinstance(second, For) and not below.holds(second) and self.obstacle(first, second) is None:
                block[position : k + 1] = [*before, self.joined(first, second), *after]
                return True
            if isinstance(second, Return):
                return False
            if behind.holds(second):
                after.append(second)
                behind.add(second)
                below.add(second)
            else:
                before.append(second)
        return False

    # ------------------------------------------------------------------ order
    def needs(self, one: Stmt, two: Stmt) -> bool:
        """Whether `two` reads a name that `one` defines."""
        return not names_used(two).isdisjoint(defines(one))

    def memory(self, stmt: Stmt) -> tuple[set[str], set[str]]:
        """The roots that a statement writes or makes, and those that it reads."""
        if stmt not in self._memory:
            self._memory[stmt] = written_roots((stmt,), self.roots) | self.made(stmt), read_roots((stmt,), self.roots)
        return self._memory[stmt]

    def is_array(self, name: str) -> bool:
        return isinstance(self.types.get(name), Array)

    def made(self, stmt: Stmt) -> set[str]:
        return {
            self.roots.find(s.target) for s in statements((stmt,)) if isinstance(s, Assign) and self.is_array(s.target)
        }

    # ------------------------------------------------------------------ the two loops
    def one_range(self, first: For, second: For) -> bool:
        bounds = ((first.start, second.start), (first.stop, second.stop))
        same = (same_integer(self.source(a), self.source(b), self.types) for a, b in bounds)
        return first.step == second.step and first.parallel == second.parallel and all(same)

    def obstacle(self, first: For, second: For) -> Apart | None:
        """Why two loops stay two, nothing standing between them."""
        if not self.one_range(first, second):
            return Apart.RANGE
        if self.needs(first, second):
            return Apart.RESULT
        if all(map(has_effect_inside, (first, second))):
            return Apart.EFFECTS
        if any(self.is_array(c.inner) for loop in (first, second) for c in loop.carried):
            return Apart.MEMORY
        writes = [written_roots((loop,), self.roots) for loop in (first, second)]
        bounds = loaded_roots(second.start, self.roots) | loaded_roots(second.stop, self.roots)
        if bounds & writes[0]:
            return Apart.MEMORY
        reads = [set(filter(self.is_array, read_roots(loop.body, self.roots))) for loop in (first, second)]
        if not (writes[0] | reads[0]) & (writes[1] | reads[1]):
            return Apart.STRANGERS
        conflicts = writes[0] & (writes[1] | reads[1]) | writes[1] & reads[0]
        return None if all(self.compatible(root, first, second) for root in conflicts) else Apart.MEMORY

    def compatible(self, root: str, first: For, second: For) -> bool:
        touched = [(a, loop) for loop in (first, second) for a in accesses(loop.body, root, self.roots)]
        return all(a.kind == "add" for a, _ in touched) or bool(common_places(touched, self.types))

    def joined(self, first: For, second: For) -> For:
        body = replaced(second.body, {second.index: Name(first.index)})
        index = Name(second.index)
        carried = tuple(replace(c, yielded=Name(first.index)) if c.yielded == index else c for c in second.carried)
        return replace(
            first, body=(*first.body, *body), carried=(*first.carried, *carried), origin=first.origin or second.origin
        )


class _Together:
    """Some statements: all that they define, write and read."""

    def __init__(self, fuser: _Fuser) -> None:
        self.memory = fuser.memory
        self.defined: set[str] = set()
        self.writes: set[str] = set()
        self.reads: set[str] = set()
        self.effect = False

    def add(self, stmt: Stmt) -> None:
        writes, reads = self.memory(stmt)
        self.defined.update(defines(stmt))
        self.writes |= writes
        self.reads |= reads
        self.effect = self.effect or has_effect_inside(stmt)

    def holds(self, stmt: Stmt) -> bool:
        """Whether a statement has to stay behind one of them: for a name, for memory, or for its effects."""
        writes, reads = self.memory(stmt)
        return (
            not self.defined.isdisjoint(names_used(stmt))
            or not self.writes.isdisjoint(writes | reads)
            or not self.reads.isdisjoint(writes)
            or (self.effect and has_effect_inside(stmt))
        )
