"""Availability: how the reverse sweep gets a value of the forward sweep.

The first that is legal: it is *live* in the scope being reversed; it has a *closed form* (an integer `k = k + c`); it
is *recomputed* where its operands are available and no store came between; it is *kept already*, because it was
stored to memory that still holds it; else it is *taped*.  Invariant: at the reverse point of a statement, every array
that reverse code reads holds what it held just before that statement in the forward sweep (after it for a compound
statement, until its body is reversed); `Reloads` collects what is read, so that `put_back` can see to it.

Method: Griewank & Walther, *Evaluating Derivatives* (2nd ed.), chapters 4 and 12; the to-be-recorded analysis of
Hascoët, Naumann & Pascual (2005), here driven by demand.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from adcompile.analysis.aliasing import Roots, is_allocation
from adcompile.errors import InternalError
from adcompile.ir.nodes import (
    Accum,
    Assign,
    Atom,
    Call,
    Const,
    Expr,
    For,
    Function,
    Index,
    Name,
    Stmt,
    Store,
    While,
    base_of,
)
from adcompile.ir.opaque import is_opaque
from adcompile.ir.types import INT, Array, Scalar, Type, ndim
from adcompile.ir.walk import blocks, loads, names, nodes, statements, substituted
from adcompile.rules.registry import is_dear
from adcompile.runtime import GROWING
from adcompile.transform.plan import Plan
from adcompile.transform.reloads import Reload, Reloads
from adcompile.transform.scopes import Definition, Frame
from adcompile.transform.tape import integer


class Availability(Reloads):
    """Answers what the reverse sweep asks of the forward sweep; see the module's page."""

    def __init__(self, function: Function, roots: Roots, plan: Plan) -> None:
        super().__init__(function, roots, plan)
        self.demanded: set[str] = set()  # forward values that the reverse sweep reads as they stand
        self.frozen_roots: frozenset[str] = frozenset()  # restored from a snapshot later: not to be read by an undo
        self._longer = dict(_lengthened(function))
        self.allocated = {
            roots.find(stmt.target)
            for stmt in statements(function.body)
            if isinstance(stmt, Assign) and is_allocation(stmt.value)
        }

    # ------------------------------------------------------------------------------------ demands
    def need(self, expr: Expr, stmt: Stmt) -> Expr:
        """`expr` of the forward sweep, as it stood just before `stmt`, in terms of the reverse sweep."""
        self.reload(expr, stmt)
        return substituted(expr, {name: self.value(name) for name in names(expr)})

    def atom(self, atom: Atom) -> Atom:
        return self.value(atom.id) if isinstance(atom, Name) else atom

    def value(self, name: str) -> Atom:
        """The atom that holds a forward value in the reverse sweep; what it takes is emitted where it belongs."""
        name = self.longest(name)
        where = self.where.get(name)
        if where is None or where.role == "param":
            return Name(name)
        frame = self.frame_of(where.region)
        if frame.is_scope:
            self.demanded.add(name)
            return Name(name)
        if isinstance(self.types[name], Array):
            return self.value(self._final_version(name, where))
        if name not in frame.at_hand:
            frame.at_hand[name] = (
                self._closed_form(name, where, frame)
                or self._recomputed(name, where, frame)
                or self._kept(name, where, frame)
                or self._taped(name, where, frame)
            )
        return frame.at_hand[name]

    def longest(self, name: str) -> str:
        """Of an array that is made longer, the last version in the region where it was made: it holds all that the
        versions before hold, and is what is put back."""
        while (after := self._longer.get(name)) is not None and self.where[after].region == self.where[name].region:
            name = after
        return name

    def _final_version(self, name: str, where: Definition) -> str:
        """What an array that a loop makes longer is called after the loop: all its versions are one array."""
        loop = where.region[0]
        if isinstance(loop, (For, While)):
            for carry in loop.carried:
                if self.roots.same(carry.inner, name):
                    return carry.result
        raise InternalError(f"{self.function.name}: array {name} is wanted outside the scope that makes it")

    # ------------------------------------------------------------------------------------ the ways
    def _closed_form(self, name: str, where: Definition, frame: Frame) -> Atom | None:
        loop = where.stmt
        if where.role != "inner" or self.types[name] != INT or frame.index is None:
            return None
        assert isinstance(loop, (For, While))
        carry = next(c for c in loop.carried if c.inner == name)
        step = self.increment(carry, where.region)
        if step is None:
            return None
        trip: Expr = frame.index
        if isinstance(loop, For):
            start = self.need(loop.start, loop)
            forward = isinstance(loop.step, Const) and loop.step.value == 1
            trip = integer(np.subtract, *((trip, start) if forward else (start, trip)))
        value = integer(np.add, self.atom(carry.init), integer(np.multiply, Const(step), trip))
        new = self.fresh(base_of(name), INT)
        frame.out.append(Assign(new, value))
        return Name(new)

    def clobbered(self, root: str, frame: Frame, position: int) -> bool:
        """Whether a store to `root` stands between a position of a frame's block and the reverse point there."""
        stop = frame.position
        if frame is not self.frame or (stop < len(frame.block) and blocks(frame.block[stop])):
            stop += 1
        between = frame.block[position + 1 : stop]
        return any(isinstance(s, (Store, Accum)) and self.roots.find(s.array) == root for s in statements(between))

    def _recomputed(self, name: str, where: Definition, frame: Frame) -> Atom | None:
        stmt = where.stmt
        if where.role != "assign" or not isinstance(self.types[name], Scalar):
            return None
        assert isinstance(stmt, Assign)
        if is_opaque(stmt.value):
            return None
        if any(isinstance(part, Call) and is_dear(part.fn, part.args) for part in nodes(stmt.value)):
            return None
        for load in loads(stmt.value):
            assert isinstance(load.array, Name)
            root = self.roots.find(load.array.id)
            if root in self.frozen_roots or self.clobbered(root, frame, where.position):
                return None
        self.reload(stmt.value, stmt)
        values = {operand: self.value(operand) for operand in names(stmt.value)}
        new = self.fresh(base_of(name), self.types[name])
        frame.out.append(Assign(new, substituted(stmt.value, values)))
        return Name(new)

    def _kept(self, name: str, where: Definition, frame: Frame) -> Atom | None:
        found = self.kept_slot(Name(name), frame, where.position + 1, len(frame.block))
        if found is None:
            return None
        new = self.fresh(base_of(name), self.types[name])
        frame.out.append(Assign(new, found))
        return Name(new)

    def kept_slot(self, value: Expr, frame: Frame, start: int, stop: int) -> Index | None:
        """An element that was stored `value` in a frame's block and still holds it, whenever it is asked for."""
        for stmt in frame.block[start:stop]:
            if not isinstance(stmt, Store) or stmt.value != value or stmt in self.plan.keep:
                continue
            root = self.roots.find(stmt.array)
            if root in self.frozen_roots or root not in self.allocated or self.stores[root] != [stmt]:
                continue
            loops = [f.loop for f in self.frames_between(frame) if f.loop is not None]
            by_index = all(isinstance(loop, For) and Name(loop.index) in stmt.index for loop in loops)
            by_count = len(loops) == 1 and isinstance(loops[0], While) and self.counts(stmt.index, loops[0])
            if (by_index or by_count) and self.types[stmt.array] == self._tape_like(stmt, value):
                self.reloads.append(Reload(root, stmt.index, stmt, after=True))
                values = {operand: self.value(operand) for part in stmt.index for operand in names(part)}
                array = self.value(stmt.array)
                return Index(array, tuple(substituted(part, values) for part in stmt.index))
        return None

    def _tape_like(self, stmt: Store, value: Expr) -> Type:
        """The type that an array must have to hold `value` without loss."""
        type_ = self.types[stmt.array]
        if isinstance(value, Name):
            type_ = self.types[value.id]
        elif isinstance(value, Index) and isinstance(value.array, Name):
            type_ = self.types[value.array.id]
        dtype = type_.dtype if isinstance(type_, (Scalar, Array)) else ""
        return Array(dtype, ndim(self.types[stmt.array]))

    def _taped(self, name: str, where: Definition, frame: Frame) -> Atom:
        type_ = self.types[name]
        assert isinstance(type_, Scalar) and where.stmt is not None
        if where.role == "inner":
            add = frame.scope.start[where.region].append
        else:
            add = frame.scope.after[where.stmt].append
        return self.saved(Name(name), base_of(name), type_, frame, add)


def _lengthened(function: Function) -> Iterator[tuple[str, str]]:
    """Versions of arrays, and the next one of each where it is made longer, by a statement or by a loop."""
    for stmt in statements(function.body):
        match stmt:
            case Assign(target, Call(fn, (Name(source), *_))) if fn in GROWING:
                yield source, target
            case For() | While():
                arrays = (c for c in stmt.carried if isinstance(function.types[c.inner], Array))
                yield from ((c.init.id, c.result) for c in arrays if isinstance(c.init, Name))
