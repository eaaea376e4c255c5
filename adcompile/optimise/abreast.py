"""Iterations that do not depend on one another run side by side, a block of them at a time.

Goal: vectors where the loops inside an independent loop have an order of their own (time steps, Newton's iterations).
Each step of an inner loop is done for a whole block of outer iterations, in a loop that has no order; what an iteration
keeps from step to step is an array with an element for each.  An inner loop that some iterations run longer than
others runs on for those.

Legal where the iterations are independent (`analysis.parallel`).  Sums are added up in another order.  Worth it where
an inner loop carries a state, and mathematical functions are called: those are what vectors save most on.
Non-goals: loops whose inner loops vectorise by themselves; branches with loops inside that iterations take differently.

    for i in range(n):                       x_each = scratch(32, np.float64)
        x = x0[i]                            for first in range(0, n, 32):
        for k in range(5):         ->            size = min(32, n - first)
            x = np.sin(x)                        for lane in range(size):
        y[i] = x                                     x_each[lane] = x0[first + lane]
                                                 for k in range(5):
                                                     for lane in range(size):
                                                         x_each[lane] = np.sin(x_each[lane])
                                                 for lane in range(size):
                                                     y[first + lane] = x_each[lane]
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from adcompile import runtime
from adcompile.analysis.aliasing import Roots, roots
from adcompile.analysis.effects import is_random, read_roots
from adcompile.analysis.parallel import Parallel
from adcompile.analysis.sums import is_sum
from adcompile.analysis.uniform import Varying, has_loop, reads_whole
from adcompile.ir import ops
from adcompile.ir.nodes import (
    Accum,
    Assign,
    Atom,
    Block,
    Call,
    Carry,
    Const,
    Effect,
    Expr,
    For,
    Function,
    If,
    Index,
    Loop,
    Name,
    Names,
    Stmt,
    Store,
    While,
)
from adcompile.ir.types import BOOL, INT, Array, Scalar, Type, is_float
from adcompile.ir.walk import (
    blocks,
    core_names,
    expressions,
    mapped,
    names,
    nodes,
    replaced,
    statements,
    substituted,
    with_blocks,
)
from adcompile.optimise.copied_rows import copies_row, with_rows
from adcompile.optimise.lanes import LANE, Item, Lanes, Nest, Segment
from adcompile.optimise.rewriting import each_expression, lengths, made_length, same, with_body
from adcompile.rules.registry import is_dear

ZERO, ONE = Const(0), Const(1)
_WAVES = (np.sin, np.cos, math.sin, math.cos)


def abreast(function: Function) -> Function:
    """`function` with independent loops over loops that have an order run in blocks."""
    if not any(isinstance(stmt, (For, While)) and stmt.carried for stmt in statements(function.body)):
        return function
    finder = _Finder(function)
    return with_body(function, finder.block(function.body), finder.types)


class _Cannot(Exception):
    """A loop has in it what is not done side by side."""


class _Finder:
    def __init__(self, function: Function) -> None:
        self.parallel = Parallel(function)
        self.roots = roots(function)
        self.source = lengths(function)
        self.types: dict[str, Type] = dict(function.types)
        self.names = Names(core_names(function))

    def block(self, block: Block) -> Block:
        out: list[Stmt] = []
        for stmt in block:
            new = self.blocked(stmt) if isinstance(stmt, For) and self.worth_it(stmt) else None
            if new is None:
                out.append(with_blocks(stmt, [self.block(inner) for inner in blocks(stmt)]))
            else:
                out += new
        return block if same(out, block) else tuple(out)

    def worth_it(self, loop: For) -> bool:
        """Whether a loop calls functions that vectors save on, and LLVM makes no vectors of the loops in it."""
        inner = [s for s in statements(loop.body) if isinstance(s, (For, While))]
        if loop.parallel or loop.step != ONE or not _calls(loop):
            return False
        indices = {s.index for s in inner if isinstance(s, For)}
        short = (not indices.isdisjoint((*names(s.start), *names(s.stop))) for s in inner if isinstance(s, For))
        return any(_calls(s) and self.has_state(s) for s in inner) or any(short)

    def has_state(self, loop: Loop) -> bool:
        """Whether an iteration begins with numbers that the last one has computed."""
        numbers = [c for c in loop.carried if isinstance(self.types[c.inner], Scalar) and is_float(self.types[c.inner])]
        return any(not is_sum(loop, c) for c in numbers)

    def blocked(self, loop: For) -> list[Stmt] | None:
        if self.parallel.division(loop) is None:
            return None
        types = dict(self.types)
        try:
            loop = with_rows(loop, self.roots, types, self.names, self.source)
            new = _Blocked(loop, self.roots, types, self.names, self.source).run()
        except _Cannot:
            return None
        self.types.update(types)
        return new


class _Blocked:
    """Takes the body of one loop apart: what is done once for a block of iterations, and what for each of them."""

    def __init__(
        self, loop: For, known: Roots, types: dict[str, Type], fresh: Names, source: Callable[[Expr], Expr]
    ) -> None:
        zeros = {c.inner: Const(0.0 if is_float(types[c.inner]) else 0) for c in loop.carried}
        self.loop = replace(loop, body=each_expression(replaced(loop.body, zeros), _without_zero))
        self.zeros = zeros
        self.types = types
        self.roots = known
        self.varying = Varying(self.loop, known, types)
        self.lanes = Lanes(self.loop, self.varying, types, fresh, source)
        self.segment = Segment()
        self.on: Expr | None = None  # which iterations do what stands here; all, if nothing is said

    def run(self) -> list[Stmt]:
        items = self.items(self.loop.body)
        carried = []
        if self.loop.carried:
            if not items or not isinstance(items[-1], Segment) or items[-1].on is not None:
                items.append(Segment())
            last = items[-1]
            assert isinstance(last, Segment)
            for c in self.loop.carried:
                total, after = (self.lanes.fresh(c.inner, self.types[c.inner]) for _ in range(2))
                yielded = self.zeros.get(c.yielded.id, c.yielded) if isinstance(c.yielded, Name) else c.yielded
                last.sums.append((np.add, Name(total), yielded, after))
                carried.append(Carry(total, c.init, Name(after), c.result))
        return self.lanes.block_loop(items, tuple(carried))

    def items(self, block: Block) -> list[Item]:
        """A block in parts."""
        out: list[Item] = []
        outer, self.segment = self.segment, Segment(self.on)
        for stmt in block:
            self.item(stmt, out)
        self.flush(out)
        self.segment = outer
        return out

    def flush(self, out: list[Item]) -> None:
        if self.segment.body or self.segment.sums:
            out.append(self.segment)
        self.segment = Segment(self.on)

    def item(self, stmt: Stmt, out: list[Item]) -> None:
        for inner in (stmt,) if has_loop(stmt) else statements((stmt,)):
            self.check(inner)
        if isinstance(stmt, (For, While)):
            self.inner(stmt, out)
        elif isinstance(stmt, If) and has_loop(stmt):
            self.branch(stmt, out)
        elif isinstance(stmt, Assign) and self.is_array(stmt.target):
            out.append(self.allocation(stmt, out))
        elif self.varying.together(stmt):
            if isinstance(stmt, (Store, Accum)) and self.roots.find(stmt.array) in read_roots(
                self.segment.body, self.roots
            ):
                self.flush(out)
            out.append(stmt)
        else:
            self.segment.body.append(stmt)

    def is_waited_for(self, array: str) -> bool:
        """Whether the part that is being made reads an array."""
        return self.roots.find(array) in read_roots(self.segment.body, self.roots)

    def check(self, stmt: Stmt) -> None:
        if isinstance(stmt, Effect) or (isinstance(stmt, If) and any(self.is_array(m.result) for m in stmt.merges)):
            raise _Cannot
        if isinstance(stmt, Assign) and self.is_array(stmt.target):
            return
        for expr in expressions(stmt):
            if any(isinstance(node, Call) and is_random(node.fn) for node in nodes(expr)):
                raise _Cannot
            lengths_apart = mapped(expr, lambda e: ZERO if isinstance(e, Call) and e.fn is ops.dim else e)
            if reads_whole(lengths_apart, self.types):
                raise _Cannot

    def is_array(self, name: str) -> bool:
        return isinstance(self.types[name], Array)

    def allocation(self, stmt: Assign, out: list[Item]) -> Stmt:
        """An array that an iteration makes: one for all, or with an element for each."""
        value, type_ = stmt.value, self.types[stmt.target]
        assert isinstance(type_, Array)
        if not isinstance(value, Call):
            raise _Cannot
        if value.fn in runtime.GROWING:
            if self.varying(value.args[1]):
                raise _Cannot
            self.flush(out)  # which may write to what this copies
            self.widen(stmt.target)
            return stmt
        if value.fn not in (np.empty, np.zeros, np.empty_like, np.zeros_like):
            raise _Cannot
        root = self.roots.find(stmt.target)
        if self.on is not None and root != stmt.target:  # in a loop that hands it on
            raise _Cannot
        lengths_of = tuple(made_length(value, axis) for axis in range(type_.ndim))
        shape = tuple(self.longest(length, root, out) if self.varying(length) else length for length in lengths_of)
        if root not in self.varying.arrays:
            if shape != lengths_of:
                raise _Cannot
            return stmt
        dtype = () if type_.dtype == "float64" else (Const(np.dtype(type_.dtype).type),)
        fn = np.empty if value.fn in (np.empty, np.empty_like) else np.zeros
        self.widen(stmt.target)
        return replace(stmt, value=Call(fn, (self.lanes.wide(shape), *dtype)))

    def longest(self, length: Expr, root: str, out: list[Item]) -> Expr:
        """The greatest of the lengths that iterations give an array, if none of them asks for its own."""
        asked = (
            node.args[0] for s in statements(self.loop.body) for e in expressions(s) for node in nodes(e)
            if isinstance(node, Call) and node.fn is ops.dim
        )  # fmt: skip
        if any(isinstance(array, Name) and self.roots.find(array.id) == root for array in asked):
            raise _Cannot
        self.flush(out)
        widest = self.lanes.fresh("length", INT)
        own = length if self.on is None else Call(ops.select, (self.on, length, ZERO))
        out.append(Segment(sums=[(max, ZERO, own, widest)]))
        return Name(widest)

    def widen(self, name: str) -> None:
        """Give an array an axis for the iterations, if it differs between them."""
        type_ = self.types[name]
        if isinstance(type_, Array) and self.roots.find(name) in self.varying.arrays:
            self.types[name] = Array(type_.dtype, type_.ndim + 1)

    # ------------------------------------------------------------------------------------ branches and loops inside
    def branch(self, stmt: If, out: list[Item]) -> None:
        """A branch with loops inside, if all iterations take the same side."""
        if self.varying(stmt.test):
            raise _Cannot
        self.flush(out)
        apart = [m for m in stmt.merges if m.result in self.varying.names]
        for m in apart:
            self.lanes.slot(m.result)
        sides = []
        for block, side in ((stmt.then, "then"), (stmt.orelse, "orelse")):
            items = self.items(block)
            self.kept(items, [(m.result, getattr(m, side)) for m in apart])
            sides.append(items)
        out.append(Nest(replace(stmt, merges=tuple(m for m in stmt.merges if m not in apart)), sides))

    def inner(self, loop: Loop, out: list[Item]) -> None:
        if copies_row(loop, self.loop.index):
            self.flush(out)
            self.segment.body.append(loop)
            self.flush(out)
            return
        for c in loop.carried:
            self.widen(c.inner)
            self.widen(c.result)
        apart = [c for c in loop.carried if c.result in self.varying.names]
        together = [c for c in loop.carried if c not in apart]
        for c in apart:
            slot = self.lanes.slot(c.result)
            if c.inner in self.varying.names:
                self.lanes.slots[c.inner] = slot
            else:  # it counts the rounds
                together.append(replace(c, result=self.lanes.fresh(c.inner, self.types[c.inner])))
            self.segment.body.append(Store(slot, (LANE,), c.init))
        sets = [(c.result, c.yielded) for c in apart]
        head = replace(loop, carried=tuple(together))
        if not self.varying.masked(loop):
            self.flush(out)
            items = self.items(loop.body)
            self.kept(items, sets)
            out.append(Nest(head, [items]))
        elif isinstance(head, While):
            self.while_any(head, {c.inner: c.init for c in loop.carried}, sets, out)
        else:
            assert isinstance(head, For)
            self.over_all(head, sets, out)

    def while_any(self, loop: While, inits: dict[str, Expr], sets: list[tuple[str, Atom]], out: list[Item]) -> None:
        """A loop that goes on as long as one iteration does."""
        self.flush(out)
        goes_on = Index(Name(self.lanes.array("on", BOOL)), (LANE,))
        outside = self.on
        before = self.going(goes_on, substituted(loop.test, inits), outside)
        out.append(before)
        self.on = goes_on
        items = self.items(loop.body)
        self.kept(items, sets)
        self.on = outside
        counted: dict[str, Expr] = {c.inner: c.yielded for c in loop.carried}
        after = self.going(goes_on, substituted(loop.test, counted), goes_on)
        items.append(after)
        left, done = self.lanes.fresh("left", INT), self.lanes.fresh("left", INT)
        carry = Carry(left, Name(before.sums[0][3]), Name(after.sums[0][3]), done)
        test = Call(np.greater, (Name(left), ZERO))
        out.append(Nest(replace(loop, test=test, carried=(*loop.carried, carry)), [items]))

    def going(self, goes_on: Index, test: Expr, among: Expr | None) -> Segment:
        """Sees which iterations go on, and how many these are."""
        assert isinstance(goes_on.array, Name)
        going = self.lanes.fresh("going", BOOL)
        value = test if among is None else Call(ops.both, (among, test))
        body: list[Stmt] = [Assign(going, value), Store(goes_on.array.id, goes_on.index, Name(going))]
        one = Call(ops.select, (Name(going), ONE, ZERO))
        return Segment(body=body, sums=[(np.add, ZERO, one, self.lanes.fresh("left", INT))])

    def over_all(self, loop: For, sets: list[tuple[str, Atom]], out: list[Item]) -> None:
        """A loop over the indices that any iteration has in its own."""
        assert isinstance(loop.step, Const)
        by_start = self.varying(loop.start)
        if abs(loop.step.value) != 1 or (by_start and self.varying(loop.stop)):
            raise _Cannot
        bound, other = (loop.start, loop.stop) if by_start else (loop.stop, loop.start)
        up = loop.step.value > 0
        if self.on is not None:
            bound = Call(ops.select, (self.on, bound, other))
        self.flush(out)
        own = self.lanes.fresh("bound", INT)
        self.varying.names.add(own)
        widest = self.lanes.fresh("bound", INT)
        fn = min if by_start == up else max
        out.append(Segment(body=[Assign(own, bound)], sums=[(fn, other, Name(own), widest)]))
        index = Name(loop.index)
        if by_start:
            mine = Call(np.greater_equal if up else np.less_equal, (index, Name(own)))
        else:
            mine = Call(np.less if up else np.greater, (index, Name(own)))
        outside, self.on = self.on, mine if self.on is None else Call(ops.both, (self.on, mine))
        items = self.items(loop.body)
        self.kept(items, sets)
        self.on = outside
        over = replace(loop, start=Name(widest)) if by_start else replace(loop, stop=Name(widest))
        out.append(Nest(over, [items]))

    def kept(self, items: list[Item], sets: list[tuple[str, Atom]]) -> None:
        """Put values where they are kept, at the end of a block."""
        if not sets:
            return
        if not items or not isinstance(items[-1], Segment) or items[-1].on is not self.on or items[-1].sums:
            items.append(Segment(self.on))
        last = items[-1]
        assert isinstance(last, Segment)
        last.body += [Store(self.lanes.slot(name), (LANE,), atom) for name, atom in sets]


def _without_zero(expr: Expr) -> Expr:
    """A sum without the zero that it begins with."""

    def one(node: Expr) -> Expr:
        match node:
            case Call(np.add, (Const(0 | 0.0), rest)):
                return rest
        return node

    return mapped(expr, one)


def _calls(loop: Loop) -> bool:
    """Whether a loop calls functions that cost much."""
    parts = (node for s in statements((loop,)) for e in expressions(s) for node in nodes(e))
    return any(isinstance(p, Call) and (p.fn in _WAVES or is_dear(p.fn, p.args)) for p in parts)
