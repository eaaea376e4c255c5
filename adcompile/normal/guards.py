"""Conditions before what may fail, where a `try` around it catches that.

Goal: after this, an exception of the body of a `try` is always a statement of its own.

    try:                                try:
        q = x / y                           if raises(ZeroDivisionError, divide, x, y): raise ZeroDivisionError
    except ZeroDivisionError:   becomes     q = x / y
        q = 0.0                         except ZeroDivisionError: ...

What stands outside a `try`, and exceptions that none catches, get no condition.  Non-goals: what the conditions are
(`failures`, once types are known).
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from adcompile.errors import Span
from adcompile.ir import ops
from adcompile.ir.nodes import Block, Call, Const, Effect, Expr, Handler, If, Index, Name, Slice, Stmt, Try
from adcompile.normal.attempts import caught_by
from adcompile.normal.failures import kinds_of
from adcompile.normal.floating import Flagged, is_flagged
from adcompile.normal.flow import Names, live, surely
from adcompile.normal.fresh import Fresh
from adcompile.normal.order import settled


class Guards:
    """The handlers around the place that is being inlined, innermost last."""

    def __init__(self, fresh: Fresh) -> None:
        self.fresh = fresh
        self.handlers: list[tuple[Handler, ...]] = []
        self.assigned: dict[Stmt, Names] = {}  # of each `try`, what surely has a value at its start

    def enter(self, body: Block) -> None:
        """A function with `try` in it: what stands in front of each."""

        def visit(stmt: Stmt, assigned: Names) -> None:
            if isinstance(stmt, Try):
                self.assigned[stmt] = assigned

        surely(body, live(body, frozenset()), visit)

    @contextmanager
    def inside(self, handlers: tuple[Handler, ...]) -> Iterator[None]:
        """The body of a `try`."""
        self.handlers.append(handlers)
        try:
            yield
        finally:
            self.handlers.pop()

    def catches(self, kind: type[Exception]) -> bool:
        """Whether an exception is caught by a `try` around."""
        return any(caught_by(handlers, kind) is not None for handlers in self.handlers)

    def flags(self) -> ops.Flags:
        """Which floating-point errors are exceptions here."""
        found: ops.Flags = {}
        for handler in (handler for handlers in self.handlers for handler in handlers):
            found.update(handler.flags)
        return {flag: kind for flag, kind in found.items() if kind is not None}

    def flagged(self, fn: Any) -> list[tuple[type[Exception], Flagged]]:
        """The exceptions that floating-point errors of a call are."""
        flags = self.flags() if is_flagged(fn) else {}
        kinds = [kind for kind in dict.fromkeys(flags.values()) if kind is not None]
        return [(kind, Flagged(fn, frozenset(flag for flag in flags if flags[flag] is kind))) for kind in kinds]

    def before(self, fn: Any, args: Sequence[Expr], span: Span | None) -> tuple[list[Stmt], list[Expr]]:
        """The conditions on a call, and what stands for its arguments after them."""
        kinds = [kind for kind in kinds_of(fn, args) if self.catches(kind)] if self.handlers else []
        flagged = self.flagged(fn)
        if not kinds and not flagged:
            return [], list(args)
        made: list[Stmt] = []
        atoms: list[Expr] = []
        for arg in args:
            more, atom = settled(arg, self.fresh, "operand", span)
            made += more
            atoms.append(atom)
        for kind, function in [*((kind, fn) for kind in kinds), *flagged]:
            test = Call(ops.raises, (Const(kind), Const(function), *(a for a in atoms if not isinstance(a, Slice))))
            failure = Effect(Call(ops.fail, (Const(kind), Const(None))), span=span)
            made.append(If(test, (failure,), (), span=span))
        return made, atoms

    def of_call(self, call: Call, span: Span | None) -> tuple[list[Stmt], Expr]:
        """A call that stays, after the conditions on it."""
        made, args = self.before(call.fn, call.args, span)
        return made, (Call(call.fn, tuple(args), call.kwargs) if made else call)

    def of_index(self, expr: Index, span: Span | None) -> tuple[list[Stmt], Expr]:
        """An element that is read."""
        made, args = self.before(operator.getitem, (expr.array, *expr.index), span)
        return made, (Index(args[0], tuple(args[1:])) if made else expr)

    def of_item(self, fn: Any, owner: Name, rest: Sequence[Expr], span: Span | None) -> list[Stmt]:
        """The conditions on a statement that changes a variable or its elements, whose other parts are atoms."""
        return self.before(fn, (owner, *rest), span)[0]
