"""Lengths that a check has settled are written out.

Goal: where an array is known to have two elements, since anything else has raised an error, nobody asks again whether
it has one that is to be stretched.  What holds where a loop runs is known inside that loop.

Non-goals: what is known on one side of other branches; lengths that are compared with lengths (`lengths`).

    check_length(x.shape[0], 2)                            check_length(x.shape[0], 2)
    t = x[0 if x.shape[0] == 1 else 1]         ->          t = x[0 if 2 == 1 else 1]
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from adcompile import runtime
from adcompile.ir import ops
from adcompile.ir.affine import same_integer
from adcompile.ir.nodes import Block, Call, Const, Effect, Expr, For, Function, If, Stmt
from adcompile.ir.types import Type
from adcompile.ir.walk import blocks, expressions, mapped, statements, with_blocks, with_expressions
from adcompile.optimise.rewriting import same, with_body

_Facts = Mapping[Expr, Const]


def settled(function: Function) -> Function:
    """`function` with the lengths that its checks leave no choice for."""
    if not any(True for stmt in statements(function.body) for _ in _fact(stmt)):
        return function
    return with_body(function, _block(function.body, {}, [], function.types))


def _block(block: Block, known: _Facts, running: list[tuple[Expr, _Facts]], types: Mapping[str, Type]) -> Block:
    """A block, where `known` holds, and more in loops that run: `running` has how often they do."""
    known, running = dict(known), [*running]

    def one(expr: Expr) -> Expr:
        return known.get(expr, expr) if isinstance(expr, Call) else expr

    out: list[Stmt] = []
    for stmt in block:
        new = with_expressions(stmt, [mapped(e, one) for e in expressions(stmt)]) if known else stmt
        inside = known
        if isinstance(new, For):
            trips = _trips(new)
            for often, facts in running:
                if same_integer(often, trips, types):
                    inside = {**inside, **facts}
        new = with_blocks(new, [_block(inner, inside, running, types) for inner in blocks(new)])
        out.append(stmt if isinstance(stmt, Effect) else new)  # a check stays as it is: it is what tells
        known.update(_fact(stmt))
        match stmt:
            case If(Call(np.less, (low, high)), then, ()):
                facts = dict(fact for inner in then for fact in _fact(inner))
                if facts:
                    running.append((Call(np.subtract, (high, low)), facts))
    return block if same(out, block) else tuple(out)


def _fact(stmt: Stmt) -> list[tuple[Expr, Const]]:
    """The length that a check settles."""
    match stmt:
        case Effect(Call(runtime.check_length, (Call(ops.dim) as length, Const(int() as number)))) if number != 1:
            return [(length, Const(number))]
        case Effect(Call(runtime.check_equal, (Call(ops.dim) as length, Const(int() as number)))):
            return [(length, Const(number))]
        case Effect(Call(runtime.check_equal, (Const(int() as number), Call(ops.dim) as length))):
            return [(length, Const(number))]
    return []


def _trips(loop: For) -> Expr:
    assert isinstance(loop.step, Const)
    ends = (loop.stop, loop.start) if loop.step.value > 0 else (loop.start, loop.stop)
    return Call(np.subtract, ends)
