"""Checks that come out alike in every iteration of a loop are made before it.

Goal: a loop that cannot fail may be parallel (Numba drops errors that are raised in a parallel loop), and the reverse
sweep may repeat it in place of the forward one; array expressions in it check lengths.  They are made under the
condition that the loop runs at all.

Non-goals: checks of what the loop computes, or under a condition in it; loops in order that say or raise anything else,
whose order stays.

    for i in prange(n):                     if 0 < n:
        check_equal(a.shape[1], m)              check_equal(a.shape[1], m)
        ...                        ->       for i in prange(n):
                                                ...
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from adcompile import runtime
from adcompile.analysis.effects import has_effect
from adcompile.ir.nodes import (
    Assign,
    Block,
    Call,
    Const,
    Effect,
    Expr,
    For,
    Function,
    If,
    Index,
    Merge,
    Name,
    Names,
    Stmt,
)
from adcompile.ir.types import INT, Type
from adcompile.ir.walk import binds, core_names, defines, expressions, mapped, names, nodes, statements
from adcompile.optimise.rewriting import each_block, each_expression, with_body

_CHECKS = (runtime.check_equal, runtime.check_length, runtime.check_nonempty, runtime.check_same_shape)


def checks_first(function: Function, in_order: bool = False) -> Function:
    """`function` with the checks of parallel loops made before them, or those of loops `in_order` too."""
    mover = _Mover(function, in_order)
    return with_body(function, each_block(function.body, mover.block), mover.types)


class _Mover:
    def __init__(self, function: Function, in_order: bool) -> None:
        self.in_order = in_order
        self.types: dict[str, Type] = dict(function.types)
        self.names = Names(core_names(function))

    def block(self, block: Block) -> Block:
        out: list[Stmt] = []
        for stmt in block:
            if isinstance(stmt, For) and (stmt.parallel or (self.in_order and _only_checks(stmt))):
                out += self.loop(stmt)
            else:
                out.append(stmt)
        return tuple(out)

    def loop(self, loop: For) -> Block:
        inside = statements((loop,))
        varying = {name for s in inside for name in (*binds(s), *(() if s is loop else defines(s)))}
        first: list[Stmt] = []
        merges: list[Merge] = []
        values: dict[Expr, Expr] = {}
        for stmt in loop.body:
            if isinstance(stmt, Effect) and stmt.call.fn in _CHECKS and _fixed(stmt.call, varying):
                first.append(stmt)
                continue
            for node in (node for expr in expressions(stmt) for node in nodes(expr)) if loop.parallel else ():
                if _is_length(node) and node not in values and _fixed(node, varying):
                    inner, result = (self.names.fresh("length") for _ in range(2))
                    self.types[inner] = self.types[result] = INT
                    first.append(Assign(inner, node, span=stmt.span))
                    merges.append(Merge(result, Name(inner), Const(0)))
                    values[node] = Name(result)
        if not first:
            return (loop,)
        body = tuple(stmt for stmt in loop.body if stmt not in first)
        body = each_expression(body, lambda expr: mapped(expr, lambda node: values.get(node, node)))
        assert isinstance(loop.step, Const)
        runs = Call(np.less if loop.step.value > 0 else np.greater, (loop.start, loop.stop))
        guarded = If(runs, tuple(first), (), tuple(merges), span=loop.span)
        return (guarded, replace(loop, body=body)) if body or loop.carried else (guarded,)


def _only_checks(loop: For) -> bool:
    """Whether a loop says and raises nothing but that lengths do not fit."""
    effects = [stmt for stmt in statements(loop.body) if has_effect(stmt)]
    return bool(effects) and all(isinstance(stmt, Effect) and stmt.call.fn in _CHECKS for stmt in effects)


def _is_length(expr: Expr) -> bool:
    return isinstance(expr, Call) and expr.fn is runtime.broadcast_length


def _fixed(expr: Expr, varying: set[str]) -> bool:
    """Whether an expression is the same in every iteration."""
    return varying.isdisjoint(names(expr)) and not any(isinstance(node, Index) for node in nodes(expr))
