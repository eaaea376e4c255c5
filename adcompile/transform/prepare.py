"""The primal, made ready for reverse mode.

Goal: afterwards every loop has unit step; bounds that a loop computes anew each time, though nothing in them changes
(`n = x.shape[0]` in an inlined function), are written out; a condition that its own branch overwrites, and a bound that
loads memory, have names; a choice between computed values is a branch, so that the side not taken contributes nothing
(not even NaN); and a dear value (`exp`, say) whose derivative reads it again has a name, so that it can be kept.
Non-goals: nothing is made faster here.

    for i in range(a, n, 2): s += np.exp(x[i])
becomes
    for t in range((n - a + 1) // 2):
        i = a + t * 2
        e = np.exp(x[i])
        s += e
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from adcompile.analysis.activity import Activity
from adcompile.analysis.aliasing import Roots
from adcompile.analysis.effects import written_roots
from adcompile.chain import reads_result
from adcompile.ir import ops
from adcompile.ir.dtypes import is_complex
from adcompile.ir.nodes import (
    Assign,
    Block,
    Call,
    Const,
    Expr,
    For,
    Function,
    If,
    Index,
    Merge,
    Name,
    Names,
    Return,
    Stmt,
    While,
    base_of,
)
from adcompile.ir.types import BOOL, FLOAT, INT, Scalar, Type
from adcompile.ir.walk import (
    blocks,
    children,
    core_names,
    expressions,
    loads,
    names,
    nodes,
    rebuilt,
    substituted,
    with_blocks,
    with_expressions,
)
from adcompile.rules.registry import is_dear
from adcompile.transform.tape import integer

_LENGTHS = (ops.dim, np.add, np.subtract, np.multiply, max, min)
_LAZY = (ops.select, ops.both, ops.either)


def prepared(function: Function, activity: Activity, roots: Roots) -> Function:
    """`function` as the module's page says."""
    return _Preparation(function, activity, roots).run()


class _Preparation:
    def __init__(self, function: Function, activity: Activity, roots: Roots) -> None:
        self.function = function
        self.activity = activity
        self.roots = roots
        self.names = Names(core_names(function))
        self.types: dict[str, Type] = dict(function.types)
        self.depth = 0  # of loops
        self.fixed = set(function.params)  # and what is assigned outside all loops
        self.lengths: dict[str, Expr] = {}  # what a loop computes of shapes and of what is known before it

    def run(self) -> Function:
        return replace(self.function, body=self.block(self.function.body), types=self.types)

    def fresh(self, base: str, type_: Type) -> str:
        name = self.names.fresh(base)
        self.types[name] = type_
        return name

    def block(self, block: Block) -> Block:
        out: list[Stmt] = []
        for stmt in block:
            self.statement(stmt, out)
        return tuple(out)

    def statement(self, stmt: Stmt, out: list[Stmt]) -> None:
        match stmt:
            case Assign(target, Call(ops.select) as value) if self.computed(value):
                self.choice(value, target, out, stmt)
                return
        if not isinstance(stmt, (While, Return)):
            parts = [self.expression(part, out, stmt, True) for part in expressions(stmt)]
            stmt = with_expressions(stmt, parts)
        self.depth += isinstance(stmt, (For, While))
        stmt = with_blocks(stmt, [self.block(inner) for inner in blocks(stmt)])
        self.depth -= isinstance(stmt, (For, While))
        if isinstance(stmt, Assign):
            self.know(stmt)
        if isinstance(stmt, If) and self.overwritten(stmt.test, stmt):
            test = self.fresh("test", BOOL)
            out.append(Assign(test, stmt.test, span=stmt.span))
            stmt = replace(stmt, test=Name(test))
        if isinstance(stmt, For):
            stmt = self.unit_step(self.bounds(stmt, out), out)
        out.append(stmt)

    def overwritten(self, test: Expr, stmt: Stmt) -> bool:
        written = written_roots((stmt,), self.roots)
        return any(isinstance(load.array, Name) and self.roots.find(load.array.id) in written for load in loads(test))

    def bounds(self, loop: For, out: list[Stmt]) -> For:
        parts = []
        for base, part in (("start", loop.start), ("stop", loop.stop)):
            part = substituted(part, self.lengths)
            if any(True for _ in loads(part)):
                name = self.fresh(base, INT)
                out.append(Assign(name, part, span=loop.span))
                part = Name(name)
            parts.append(part)
        return replace(loop, start=parts[0], stop=parts[1])

    def know(self, stmt: Assign) -> None:
        """Remembers an integer that is the same in every iteration of the loops around it."""
        if self.types[stmt.target] != INT:
            return
        value = substituted(stmt.value, self.lengths)
        plain = all(
            isinstance(part, (Const, Name)) or (isinstance(part, Call) and part.fn in _LENGTHS) for part in nodes(value)
        )
        if plain and self.depth and self.fixed.issuperset(names(value)):
            self.lengths[stmt.target] = value
        elif not self.depth:
            self.fixed.add(stmt.target)

    def unit_step(self, loop: For, out: list[Stmt]) -> For:
        assert isinstance(loop.step, Const)
        step = loop.step.value
        if step in (1, -1):
            return loop
        span = (loop.start, loop.stop) if step < 0 else (loop.stop, loop.start)
        distance = integer(np.add, integer(np.subtract, *span), Const(abs(step) - 1))
        stop = integer(np.floor_divide, distance, Const(abs(step)))
        if not isinstance(stop, Const):
            name = self.fresh("trips", INT)
            out.append(Assign(name, stop, span=loop.span))
            stop = Name(name)
        number = self.fresh("t", INT)
        value = integer(np.add, loop.start, integer(np.multiply, Const(step), Name(number)))
        body = (Assign(loop.index, value), *loop.body)
        return replace(loop, index=number, start=Const(0), stop=stop, step=Const(1), body=body)

    # ------------------------------------------------------------------------------------ expressions
    def computed(self, choice: Call) -> bool:
        """Whether a side of a choice varies and is more than a value at hand."""
        return any(isinstance(side, Call) and self.activity.expression(side) for side in choice.args[1:])

    def expression(self, expr: Expr, out: list[Stmt], stmt: Stmt, outermost: bool = False) -> Expr:
        """`expr` with dear values and computed choices moved into statements of their own before it."""
        if isinstance(expr, Call) and expr.fn is ops.select and self.computed(expr):
            target = self.fresh(_base(stmt, "choice"), self.number(expr))
            self.choice(expr, target, out, stmt)
            return Name(target)
        lazy = isinstance(expr, Call) and expr.fn in _LAZY
        if isinstance(expr, (Call, Index)):
            parts = [
                part if lazy and number else self.expression(part, out, stmt)
                for number, part in enumerate(children(expr))
            ]
            expr = rebuilt(expr, parts)
        named = outermost and isinstance(stmt, Assign)
        if named or not isinstance(expr, Call) or not is_dear(expr.fn, expr.args):
            return expr
        if not self.activity.expression(expr) or not reads_result(expr, self.types):
            return expr
        name = self.fresh(_base(stmt, "e"), self.number(expr))
        out.append(Assign(name, expr, span=stmt.span))
        return Name(name)

    def number(self, expr: Expr) -> Scalar:
        """What kind of number a varying expression is."""
        return Scalar("complex128") if is_complex(expr, self.types) else FLOAT

    def choice(self, choice: Call, target: str, out: list[Stmt], stmt: Stmt) -> None:
        condition = self.expression(choice.args[0], out, stmt)
        sides: list[Block] = []
        results: list[Name | Const] = []
        for side in choice.args[1:]:
            body: list[Stmt] = []
            value = self.expression(side, body, stmt)
            if isinstance(value, (Index, Call)):
                name = self.fresh(base_of(target), self.types[target])
                body.append(Assign(name, value, span=stmt.span, origin=stmt.origin))
                value = Name(name)
            assert isinstance(value, (Name, Const))
            results.append(value)
            sides.append(tuple(body))
        out.append(If(condition, sides[0], sides[1], (Merge(target, results[0], results[1]),), span=stmt.span))


def _base(stmt: Stmt, otherwise: str) -> str:
    return base_of(stmt.target) + "_part" if isinstance(stmt, Assign) else otherwise
