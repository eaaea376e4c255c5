"""A name used once becomes the expression it stands for, where it is used.

Goal: whole expressions, as a person writes them: no temporary used once, unless the line would become too long to
read.  Work moves down, into the branch that needs it, and never into a loop, where it would be done again.

Non-goals: joining the steps of a sum (`s += a; s += b` stays two statements, except for adjoints, whose two
contributions become one: `x_bar += a + b`).

    t = y * y                      if c:
    if c:               ->             s = 1.0 - y * y
        s = 1.0 - t
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from adcompile.analysis.aliasing import Roots, is_allocation, roots
from adcompile.analysis.effects import is_pure, loaded_roots, names_used, written_roots
from adcompile.ir import ops
from adcompile.ir.dtypes import dtype_of
from adcompile.ir.fold import folded
from adcompile.ir.nodes import (
    Assign,
    Block,
    Call,
    Const,
    Expr,
    For,
    Function,
    If,
    Name,
    Return,
    Stmt,
    Tuple,
    While,
    base_of,
)
from adcompile.ir.types import Array
from adcompile.ir.walk import blocks, expressions, names, nodes, substituted, uses, with_expressions
from adcompile.optimise.rewriting import each_block, size, use_counts, with_body

LONGEST = 14
"""The size that a statement may grow to by taking in a temporary."""
TRIVIAL = 3
"""A temporary of at most this size moves into a line of any length."""


def sink(function: Function) -> Function:
    """`function` with names that are used once replaced by what they stand for, until there are no more."""
    before = None
    while function is not before:
        before, function = function, with_body(function, each_block(function.body, _Sinker(function).block))
    return function


def is_adjoint(name: str) -> bool:
    """Whether a name is a derivative that the compiler made: its sums may be gathered."""
    return base_of(name).endswith(("_bar", "_dot"))


class _Sinker:
    def __init__(self, function: Function) -> None:
        self.types = function.types
        self.roots: Roots = roots(function)
        self.counts: Mapping[str, int] = use_counts(function.body)

    def block(self, block: Block) -> Block:
        result = list(block)
        position = len(result) - 1
        while position >= 0:  # last first: a chain of temporaries is taken in by its end
            stmt = result[position]
            if isinstance(stmt, Assign) and self.movable(stmt):
                self.moved(result, position, stmt)
            position -= 1
        return tuple(result)

    def movable(self, stmt: Assign) -> bool:
        value = stmt.value
        return (
            self.counts[stmt.target] >= 1
            and not isinstance(self.types.get(stmt.target), Array)
            and not isinstance(value, (Const, Name, Tuple))
            and not is_allocation(value)
            and not any(isinstance(e, Call) and e.fn is ops.undefined for e in nodes(value))
            and is_pure(value)
        )

    def moved(self, block: list[Stmt], position: int, stmt: Assign) -> None:
        """Move one assignment into its use, in place, if that is right and reads well."""
        loads = loaded_roots(stmt.value, self.roots)
        for k in range(position + 1, len(block)):
            user = block[k]
            if stmt.target in names_used(user):
                new = self.taken_in(user, stmt)
                if new is not None:
                    block[k] = new
                    del block[position]
                return
            if loads & written_roots((user,), self.roots):
                return

    def taken_in(self, user: Stmt, stmt: Assign) -> Stmt | None:
        target = stmt.target
        own = any(target in names(e) for e in expressions(user)) and not isinstance(user, (While, Return))
        if own and self.counts[target] == 1:
            return self.inlined(user, stmt)
        if isinstance(user, If) and target not in uses(user):
            then, orelse = (use_counts(block)[target] for block in blocks(user))
            if then == self.counts[target]:
                return replace(user, then=self.first(stmt, user.then))
            if orelse == self.counts[target]:
                return replace(user, orelse=self.first(stmt, user.orelse))
        return None

    def first(self, stmt: Assign, block: Block) -> Block:
        """A branch with a statement before all others, which goes on moving."""
        result = [stmt, *block]
        self.moved(result, 0, stmt)
        return tuple(result)

    def inlined(self, user: Stmt, stmt: Assign) -> Stmt | None:
        if isinstance(user, Assign) and base_of(user.target) == base_of(stmt.target):
            joined = _sum_steps(user, stmt)
            if joined is not None:
                if not is_adjoint(user.target) or size(joined) > LONGEST:
                    return None
                value = folded(joined, self.types)
                return replace(user, value=value, origin=user.origin or stmt.origin, span=user.span or stmt.span)
        length = size(stmt.value)
        if length > TRIVIAL and length + sum(map(size, expressions(user))) > LONGEST:
            return None
        if not self.same_type(stmt):
            return None
        new = [folded(substituted(e, {stmt.target: stmt.value}), self.types) for e in expressions(user)]
        return _with_origin(with_expressions(user, new), stmt)

    def same_type(self, stmt: Assign) -> bool:
        """Whether the value has the type of the name: an integer assigned to a floating-point name has not."""
        type_ = self.types.get(stmt.target)
        dtype = dtype_of(stmt.value, self.types)
        return not dtype or dtype == getattr(type_, "dtype", dtype)


def _with_origin(user: Stmt, stmt: Stmt) -> Stmt:
    if user.origin or not stmt.origin or isinstance(user, (For, If)):
        return user
    return replace(user, origin=stmt.origin)


def _sum_steps(later: Assign, earlier: Assign) -> Expr | None:
    """`(s + a) + b` as `s + (a + b)`, where `earlier` is a step of the same sum; `None` if it is not."""
    second, first = _step(later.value), _step(earlier.value)
    if second is None or first is None or second[0] != Name(earlier.target):
        return None
    if not isinstance(first[0], Name) or base_of(first[0].id) != base_of(earlier.target):
        return None
    return Call(np.add, (first[0], together(first[1], first[2], second[1], second[2])))


def _step(expr: Expr) -> tuple[Expr, int, Expr] | None:
    """`s + a` as `(s, 1, a)`, `s - a` as `(s, -1, a)`."""
    match expr:
        case Call(np.add, (total, part)):
            return total, 1, part
        case Call(np.subtract, (total, part)):
            return total, -1, part
    return None


def together(sign: int, one: Expr, other_sign: int, other: Expr) -> Expr:
    """The sum of two terms with signs; a common minus stands outside."""
    if sign == other_sign:
        total: Expr = Call(np.add, (one, other))
    elif sign > 0:
        total = Call(np.subtract, (one, other))
    else:
        return Call(np.subtract, (other, one))
    return total if sign > 0 else Call(np.negative, (total,))
