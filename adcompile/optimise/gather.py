"""Sums that a loop makes in one place of memory are made in a name.

Goal: an adjoint that every iteration adds to, at a place that does not change in the loop, is one addition after it.
(Memory makes each addition wait for the last: 2.3 ns an iteration for 0.3.)  Where the loop may not run at all and the
place may not exist, the addition stands under a condition.

Non-goals: the function's own additions, whose order somebody wrote; places that the loop also reads or stores to.

    for j in range(m):                      s = 0.0
        x_bar[i] += a[i, j] * v[j]     ->   for j in range(m):
                                                s += a[i, j] * v[j]
                                            x_bar[i] += s
"""

from __future__ import annotations

from dataclasses import replace
from enum import Enum, auto

import numpy as np

from adcompile.analysis.aliasing import Roots, roots
from adcompile.analysis.subscripts import accesses, line_accesses
from adcompile.ir import ops
from adcompile.ir.affine import difference
from adcompile.ir.nodes import (
    Accum,
    Assign,
    Block,
    Call,
    Carry,
    Const,
    Expr,
    For,
    Function,
    If,
    Index,
    Name,
    Names,
    Stmt,
    base_of,
)
from adcompile.ir.types import FLOAT, Type, element
from adcompile.ir.walk import binds, blocks, core_names, defines, names, nodes, statements, with_blocks
from adcompile.optimise.rewriting import lengths, same, with_body

_Place = tuple[str, tuple[Expr, ...]]


def gather(function: Function) -> Function:
    """`function` with sums in memory made in names."""
    gatherer = _Gatherer(function)
    return with_body(function, gatherer.block(function.body, {}), gatherer.types)


class Scattered(Enum):
    """Why an addition of a loop stays in memory."""

    MOVES = auto()  # its place is another in each iteration
    LOOKED_UP = auto()  # its place stands in an array
    READ = auto()  # the loop also reads the array, or stores to it
    DTYPE = auto()  # sums are made in double precision alone


def scattered(function: Function) -> list[tuple[For, Accum, Scattered]]:
    """The additions to adjoints that loops make in memory, and why: what `gather` leaves."""
    gatherer = _Gatherer(function)
    return [
        (loop, stmt, why)
        for loop in statements(function.body)
        if isinstance(loop, For)
        for stmt in loop.body
        if isinstance(stmt, Accum)
        and stmt.origin
        and (why := gatherer.obstacle(stmt, loop, _varying(loop))) is not None
    ]


def _varying(loop: For) -> set[str]:
    """The names that a loop gives values to."""
    return {name for s in statements(loop.body) for name in (*defines(s), *binds(s))} | set(binds(loop))


class _Gatherer:
    def __init__(self, function: Function) -> None:
        self.roots: Roots = roots(function)
        self.types: dict[str, Type] = dict(function.types)
        self.names = Names(core_names(function))
        self.source = lengths(function)

    def block(self, block: Block, around: dict[str, For]) -> Block:
        out: list[Stmt] = []
        for stmt in block:
            inner = {**around, stmt.index: stmt} if isinstance(stmt, For) else around
            new = with_blocks(stmt, [self.block(each, inner) for each in blocks(stmt)])
            if isinstance(new, For):
                out += self.loop(new, block, around)
            else:
                out.append(new)
        return block if same(out, block) else tuple(out)

    def loop(self, loop: For, block: Block, around: dict[str, For]) -> list[Stmt]:
        """A loop, and the additions behind it."""
        places = self.places(loop)
        if not places:
            return [loop]
        sums: dict[_Place, str] = {}
        now: dict[_Place, str] = {}
        body: list[Stmt] = []
        for stmt in loop.body:
            if isinstance(stmt, Accum) and (place := (stmt.array, stmt.index)) in places:
                if place not in sums:
                    sums[place] = now[place] = self.fresh(stmt.array)
                after = self.fresh(stmt.array)
                total = Call(np.add, (Name(now[place]), stmt.value))
                body.append(Assign(after, total, span=stmt.span, origin=stmt.origin))
                now[place] = after
            else:
                body.append(stmt)
        carried = []
        behind: list[Stmt] = []
        for (array, index), inner in sums.items():
            result = self.fresh(array)
            carried.append(Carry(inner, Const(0.0), Name(now[array, index]), result))
            addition = Accum(array, index, Name(result), origin=places[array, index].origin)
            if self.runs(loop) or self.exists(array, index, block, around):
                behind.append(addition)
            else:
                assert isinstance(loop.step, Const)
                test = np.less if loop.step.value > 0 else np.greater
                behind.append(If(Call(test, (loop.start, loop.stop)), (addition,), ()))
        return [replace(loop, body=tuple(body), carried=(*loop.carried, *carried)), *behind]

    def fresh(self, array: str) -> str:
        name = self.names.fresh(f"{base_of(array)}_sum")
        self.types[name] = FLOAT
        return name

    def places(self, loop: For) -> dict[_Place, Accum]:
        """The places that every iteration of a loop only adds to."""
        varying = _varying(loop)
        found: dict[_Place, Accum] = {}
        for stmt in loop.body:
            if isinstance(stmt, Accum) and stmt.origin and self.obstacle(stmt, loop, varying) is None:
                found.setdefault((stmt.array, stmt.index), stmt)
        return found

    def obstacle(self, stmt: Accum, loop: For, varying: set[str]) -> Scattered | None:
        """Why what a loop adds in one place is not summed in a name."""
        if stmt.array in varying or any(name in varying for part in stmt.index for name in names(part)):
            return Scattered.MOVES
        if element(self.types[stmt.array]) != FLOAT:
            return Scattered.DTYPE
        if any(isinstance(node, Index) for part in stmt.index for node in nodes(part)):
            return Scattered.LOOKED_UP
        root = self.roots.find(stmt.array)
        if not all(access.kind == "add" for access in accesses(loop.body, root, self.roots)):
            return Scattered.READ
        return None

    def runs(self, loop: For) -> bool:
        """Whether a loop surely has an iteration."""
        bounds = (loop.start, loop.stop, loop.step)
        return all(isinstance(b, Const) for b in bounds) and len(range(*(b.value for b in bounds))) > 0  # type: ignore[union-attr]

    def exists(self, array: str, index: tuple[Expr, ...], block: Block, around: dict[str, For]) -> bool:
        """Whether a place exists though the loop may not run: the block touches it anyway, or loops around lie inside
        the axes."""
        if any((array, index) == (name, access.index) for stmt in block for name, access in line_accesses(stmt)):
            return True
        return all(self.within(array, axis, part, around) for axis, part in enumerate(index))

    def within(self, array: str, axis: int, part: Expr, around: dict[str, For]) -> bool:
        if not isinstance(part, Name) or part.id not in around:
            return False
        loop = around[part.id]
        assert isinstance(loop.step, Const)
        end = self.source(Call(ops.dim, (Name(array), Const(axis))))
        start, stop = self.source(loop.start), self.source(loop.stop)
        if loop.step.value > 0:
            over = difference(stop, end, self.types)
            return isinstance(start, Const) and start.value >= 0 and over is not None and over <= 0
        over = difference(start, end, self.types)
        return isinstance(stop, Const) and stop.value >= -1 and over is not None and over < 0
