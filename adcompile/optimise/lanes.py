"""Loops over the iterations of a block, which are run side by side (`optimise.abreast` says which, and why).

Goal: statements in parts, each of which is done for all iterations before the next part is begun, become code: a loop
over the iterations for each part, an array for each number that one part leaves to another, and one number for what
all iterations add to one place.  Non-goal: what is in which part.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any

import numpy as np

from adcompile import runtime
from adcompile.analysis.uniform import Varying
from adcompile.ir import ops
from adcompile.ir.nodes import (
    Accum,
    Assign,
    Atom,
    Block,
    Call,
    Carry,
    Const,
    Expr,
    For,
    If,
    Index,
    Name,
    Names,
    Stmt,
    Store,
    Tuple,
    base_of,
)
from adcompile.ir.types import INT, Array, Scalar, Type, is_float
from adcompile.ir.walk import (
    binds,
    blocks,
    defines,
    expressions,
    mapped,
    names,
    nodes,
    replaced,
    statements,
    uses,
    with_blocks,
    with_expressions,
)

_MOST, FEWEST = 128, 8  # iterations in a block
WHOLE = 16  # of which more than a few are a multiple, so that none is left over of a vector
ROOM = 2**14  # elements that the arrays of a block should have at most, to stay in a cache
MOST = Name("most in a block")  # before it is known how many that are
LANE = Name("lane of a block")  # in a segment, the index among the iterations of the block
WIDTH = Name("width of a block")

_CONDITIONAL = (ops.select, ops.both, ops.either)

Sum = tuple[Callable[..., Any], Expr, Expr, str]  # what joins, from what on, what each iteration has, and its name


@dataclass
class Segment:
    """Statements without loops that are done for one iteration after the other: for those that are `on`."""

    on: Expr | None = None
    body: list[Stmt] = field(default_factory=list)
    sums: list[Sum] = field(default_factory=list)


@dataclass
class Nest:
    """A loop or branch that is run once for all iterations, and its blocks in parts."""

    stmt: Stmt
    blocks: list[list[Item]]


Item = Stmt | Segment | Nest


class Lanes:
    """Writes the loop over blocks in the place of one loop."""

    def __init__(
        self, loop: For, varying: Varying, types: dict[str, Type], fresh: Names, source: Callable[[Expr], Expr]
    ) -> None:
        self.loop = loop
        self.varying = varying
        self.types = types
        self.names = fresh
        self.source = source
        self.shapes: list[tuple[Expr, ...]] = []
        self.inside = {name for stmt in statements(loop.body) for name in (*binds(stmt), *defines(stmt))}
        self.slots: dict[str, str] = {}  # by the name of a number, the array that keeps it for each iteration
        self.made: list[Stmt] = []  # these arrays
        self.first, self.size = self.fresh("first", INT), self.fresh("size", INT)

    def fresh(self, like: str, type_: Type) -> str:
        """A new name of a type."""
        name = self.names.fresh(like)
        self.types[name] = type_
        self.inside.add(name)
        return name

    def slot(self, name: str) -> str:
        """The array that keeps a number for each iteration."""
        if name not in self.slots:
            type_ = self.types[name]
            assert isinstance(type_, Scalar), name
            self.slots[name] = self.array(base_of(name), type_)
        return self.slots[name]

    def array(self, like: str, type_: Scalar) -> str:
        """A new array with an element for each iteration."""
        name = self.fresh(f"{like}_each", Array(type_.dtype, 1))
        self.made.append(Assign(name, Call(runtime.scratch, (MOST, Const(np.dtype(type_.dtype).type)))))
        return name

    def block_loop(self, items: list[Item], carried: tuple[Carry, ...]) -> list[Stmt]:
        """The loop over blocks, with what is made before it."""
        self.cross(items)
        body = self.lowered(items)
        start, stop = self.loop.start, self.loop.stop
        elements = self.elements()
        if elements is None:
            width: Atom = Const(_MOST // 2)
            before: list[Stmt] = []
            head = replace(self.loop, index=self.first, step=width)
        else:  # the step of a loop is a literal
            width, block = Name(self.fresh("width", INT)), self.fresh("block", INT)
            fitting = Call(np.floor_divide, (Const(ROOM // WHOLE), Call(max, (elements, Const(1)))))
            whole = Call(np.multiply, (Const(WHOLE), fitting))
            before = [Assign(width.id, Call(max, (Const(FEWEST), Call(min, (Const(_MOST), whole)))))]
            first: Expr = Call(np.multiply, (Name(block), width))
            trips = stop
            if start != Const(0):
                first, trips = Call(np.add, (start, first)), Call(np.subtract, (stop, start))
            above = Call(np.subtract, (Call(np.add, (trips, width)), Const(1)))
            body = (Assign(self.first, first), *body)
            head = replace(self.loop, index=block, start=Const(0), stop=Call(np.floor_divide, (above, width)))
        size = Assign(self.size, Call(min, (width, Call(np.subtract, (stop, Name(self.first))))))
        place = 0 if elements is None else 1
        body = replaced((*body[:place], size, *body[place:]), {WIDTH.id: width})
        made = replaced(self.made, {MOST.id: Const(_MOST if elements is not None else _MOST // 2)})
        return [*made, *before, replace(head, body=body, carried=carried)]

    def elements(self) -> Expr | None:
        """How many elements the arrays of one iteration have, as far as it is known before the loop."""
        inside = self.inside
        counts: Counter[Expr] = Counter()
        for shape in self.shapes:
            lengths = [length if inside.isdisjoint(names(length)) else self.source(length) for length in shape]
            if all(inside.isdisjoint(names(length)) for length in lengths):
                counts[reduce(lambda a, b: Call(np.multiply, (a, b)), lengths)] += 1
        terms = [
            Call(np.multiply, (Const(n), e)) if n > 1 else e for e, n in counts.items() if not isinstance(e, Const)
        ]
        return reduce(lambda a, b: Call(np.add, (a, b)), terms) if terms else None

    def wide(self, shape: tuple[Expr, ...]) -> Tuple:
        """The shape of an array with one of this shape for each iteration."""
        self.shapes.append(shape)
        return Tuple((*shape, WIDTH))

    # ------------------------------------------------------------------------------------ from one part to another
    def cross(self, items: list[Item]) -> None:
        """Make arrays for the numbers that are read in other parts than the one that has them."""
        segments = list(_segments(items))
        home = {name: segment for segment in segments for stmt in segment.body for name in defines(stmt)}
        wanted: dict[str, None] = {}
        for segment in segments:
            for name in _read(segment):
                if name in home and home[name] is not segment and name in self.varying.names:
                    wanted[name] = None
        for name in wanted:
            home[name].body.append(Store(self.slot(name), (LANE,), Name(name)))

    # ------------------------------------------------------------------------------------ code
    def lowered(self, items: list[Item]) -> Block:
        out: list[Stmt] = []
        for item in items:
            if isinstance(item, Segment):
                out += self.segment(item)
            elif isinstance(item, Nest):
                out.append(with_blocks(item.stmt, [self.lowered(block) for block in item.blocks]))
            else:
                out.append(item)
        return tuple(out)

    def segment(self, segment: Segment) -> list[Stmt]:
        """The loop over the iterations of one part, and what follows of it."""
        lane = self.fresh("lane", INT)
        values: dict[str, Expr] = {LANE.id: Name(lane)}
        loads: list[Stmt] = []
        own = {name for stmt in statements(segment.body) for name in defines(stmt)}
        for name in dict.fromkeys(_read(segment)):
            if name in own or name not in self.varying.names:
                continue
            if name == self.loop.index:
                value: Expr = Call(np.add, (Name(self.first), Name(lane)))
            else:
                value = Index(Name(self.slots[name]), (Name(lane),))
            here = self.fresh(name, self.types[name])
            values[name] = Name(here)
            loads.append(Assign(here, value))
        after: list[Stmt] = []
        sums = list(segment.sums)
        apart: list[Stmt] = []
        for stmt in segment.body:
            if segment.on is None and self.is_sum(stmt):
                assert isinstance(stmt, Accum)
                total = self.fresh(f"{stmt.array}_sum", Scalar(self.types[stmt.array].dtype))  # type: ignore[union-attr]
                sums.append((np.add, Const(0.0), stmt.value, total))
                after.append(replace(stmt, value=Name(total)))
            else:
                apart.append(stmt)
        inside = tuple(self.placed(stmt) for stmt in apart)
        if segment.on is not None:
            inside = (If(segment.on, inside, ()),)
        before: list[Assign] = []
        if segment.on is None:
            inside = tuple(self.once(stmt, before) for stmt in inside)
        carried = []
        for fn, start, value, result in sums:
            running, joined = (self.fresh(result, self.types[result]) for _ in range(2))
            if not isinstance(start, (Const, Name)):
                before.append(Assign(self.fresh(result, self.types[result]), start))
                start = Name(before[-1].target)
            value = self.expression(value)
            if segment.on is None:
                value = self.read_once(value, before)
            inside = (*inside, Assign(joined, Call(fn, (Name(running), value))))
            carried.append(Carry(running, start, Name(joined), result))
        body = (*loads, *replaced(inside, values))
        loop = For(lane, Const(0), Name(self.size), Const(1), body, tuple(carried))
        return [*before, loop, *after]

    def is_sum(self, stmt: Stmt) -> bool:
        """Whether all iterations add to one place outside."""
        if not isinstance(stmt, Accum) or self.varying.roots.find(stmt.array) in self.varying.own:
            return False
        type_ = self.types[stmt.array]
        return is_float(type_) and type_.dtype == "float64" and not any(map(self.varying, stmt.index))  # type: ignore[union-attr]

    def placed(self, stmt: Stmt) -> Stmt:
        """A statement that reads and writes each iteration's elements."""
        stmt = with_expressions(stmt, [self.expression(expr) for expr in expressions(stmt)])
        if isinstance(stmt, (Store, Accum)) and self.is_wide(stmt.array):
            stmt = replace(stmt, index=(*stmt.index, LANE))
        return with_blocks(stmt, [tuple(map(self.placed, block)) for block in blocks(stmt)])

    def expression(self, expr: Expr) -> Expr:
        def one(node: Expr) -> Expr:
            if isinstance(node, Index) and isinstance(node.array, Name) and self.is_wide(node.array.id):
                return Index(node.array, (*node.index, LANE))
            return node

        return mapped(expr, one)

    def once(self, stmt: Stmt, before: list[Assign]) -> Stmt:
        """A statement without the elements that are the same for all iterations: these are read before."""
        if not isinstance(stmt, (Assign, Store, Accum)):
            return stmt
        return with_expressions(stmt, [self.read_once(expr, before) for expr in expressions(stmt)])

    def read_once(self, expr: Expr, before: list[Assign]) -> Expr:
        if any(isinstance(node, Call) and node.fn in _CONDITIONAL for node in nodes(expr)):
            return expr
        known = {made.value: Name(made.target) for made in before}

        def one(node: Expr) -> Expr:
            if not isinstance(node, Index) or not isinstance(node.array, Name):
                return node
            if self.varying(node) or LANE.id in names(node):
                return node
            if node not in known:
                type_ = self.types[node.array.id]
                assert isinstance(type_, Array)
                known[node] = Name(self.fresh(f"{node.array.id}_part", Scalar(type_.dtype)))
                before.append(Assign(known[node].id, node))
            return known[node]

        return mapped(expr, one)

    def is_wide(self, array: str) -> bool:
        root = self.varying.roots.find(array)
        return root in self.varying.own and root in self.varying.arrays


def _segments(items: Iterable[Item]) -> Iterator[Segment]:
    for item in items:
        if isinstance(item, Segment):
            yield item
        elif isinstance(item, Nest):
            for block in item.blocks:
                yield from _segments(block)


def _read(segment: Segment) -> Iterator[str]:
    """The names that a segment reads, its own included."""
    for stmt in statements(segment.body):
        yield from uses(stmt)
    for expr in (*(value for _, _, value, _ in segment.sums), *(() if segment.on is None else (segment.on,))):
        yield from names(expr)
