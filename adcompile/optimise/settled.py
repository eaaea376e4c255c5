"""Lengths that a check has settled are written out.

Goal: where an array is known to have two elements, since anything else has raised an error, nobody asks again whether
it has one that is to be stretched; where each of two lengths fits into the other, they are equal, and neither is
stretched.  What holds where a loop runs is known inside that loop.

Non-goals: what is known on one side of other branches; lengths that are compared with lengths (`lengths`).

    check_length(x.shape[0], 2)                            check_length(x.shape[0], 2)
    t = x[0 if x.shape[0] == 1 else 1]         ->          t = x[0 if 2 == 1 else 1]

    check_length(x.shape[0], y.shape[0])                   check_length(x.shape[0], y.shape[0])
    check_length(y.shape[0], x.shape[0])                   check_length(y.shape[0], x.shape[0])
    for i in range(x.shape[0]):                ->          for i in range(x.shape[0]):
        x[i] += y[0 if y.shape[0] == 1 else i]                 x[i] += y[i]
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from adcompile import runtime
from adcompile.ir import ops
from adcompile.ir.affine import same_integer
from adcompile.ir.nodes import Block, Call, Const, Effect, Expr, For, Function, If, Name, Stmt
from adcompile.ir.types import Type
from adcompile.ir.walk import blocks, expressions, mapped, statements, with_blocks, with_expressions
from adcompile.optimise.rewriting import same, with_body


@dataclass(frozen=True, slots=True)
class _Facts:
    """Lengths that are known, and pairs of which the second fits into the first."""

    lengths: Mapping[Expr, Const] = field(default_factory=dict)
    fits: frozenset[tuple[Expr, Expr]] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.lengths) or any((small, big) in self.fits for big, small in self.fits)

    def equal(self, one: Expr, other: Expr) -> bool:
        return one == other or {(one, other), (other, one)} <= self.fits

    def also(self, more: _Facts) -> _Facts:
        return _Facts({**self.lengths, **more.lengths}, self.fits | more.fits)


_Running = list[tuple[Expr, _Facts]]


def settled(function: Function) -> Function:
    """`function` with the lengths that its checks leave no choice for."""
    facts = _told(tuple(statements(function.body)))
    if not facts:
        return function
    return with_body(function, _block(function.body, _Facts(), [], {}, function.types))


def _block(
    block: Block, known: _Facts, running: _Running, through: Mapping[str, Expr], types: Mapping[str, Type]
) -> Block:
    """A block, where `known` holds, and more in loops that run: `running` has how often they do; `through` are the
    lengths that the indices of the loops around go through from the start."""
    running = [*running]

    def one(expr: Expr) -> Expr:
        match expr:
            case Call() if expr in known.lengths:
                return known.lengths[expr]
            case Call(ops.select, (Call(np.equal, (length, Const(1))), Const(0), Name(index) as there)):
                if index in through and known.equal(length, through[index]):
                    return there
        return expr

    out: list[Stmt] = []
    for stmt in block:
        new = with_expressions(stmt, [mapped(e, one) for e in expressions(stmt)]) if known else stmt
        inside, within = known, through
        if isinstance(new, For):
            trips = _trips(new)
            for often, facts in running:
                if same_integer(often, trips, types):
                    inside = inside.also(facts)
            if isinstance(stmt, For) and (stmt.start, stmt.step) == (Const(0), Const(1)):
                within = {**through, stmt.index: stmt.stop}
        new = with_blocks(new, [_block(inner, inside, running, within, types) for inner in blocks(new)])
        out.append(stmt if isinstance(stmt, Effect) else new)  # a check stays as it is: it is what tells
        known = known.also(_told((stmt,)))
        match stmt:
            case If(Call(np.less, (low, high)), then, ()):
                facts = _told(then)
                if facts:
                    running.append((Call(np.subtract, (high, low)), facts))
    return block if same(out, block) else tuple(out)


def _told(block: Block) -> _Facts:
    """What the checks among some statements settle."""
    lengths: dict[Expr, Const] = {}
    fits: set[tuple[Expr, Expr]] = set()
    for stmt in block:
        match stmt:
            case Effect(Call(runtime.check_length, (Call(ops.dim) as length, Const(int() as number)))) if number != 1:
                lengths[length] = Const(number)
            case Effect(Call(runtime.check_equal, (Call(ops.dim) as length, Const(int() as number)))):
                lengths[length] = Const(number)
            case Effect(Call(runtime.check_equal, (Const(int() as number), Call(ops.dim) as length))):
                lengths[length] = Const(number)
            case Effect(Call(runtime.check_length, (Call(ops.dim) as one, Call(ops.dim) as other))):
                fits.add((one, other))
            case Effect(Call(runtime.check_equal, (Call(ops.dim) as one, Call(ops.dim) as other))):
                fits |= {(one, other), (other, one)}
    return _Facts(lengths, frozenset(fits))


def _trips(loop: For) -> Expr:
    assert isinstance(loop.step, Const)
    ends = (loop.stop, loop.start) if loop.step.value > 0 else (loop.start, loop.stop)
    return Call(np.subtract, ends)
