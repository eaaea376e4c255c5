"""`try` as branches.

Goal: an exception that a handler catches is a jump to it.  Every place of the body that raises one stands in a branch
of its own by now (`inline` puts the condition before what may fail); the handler takes that place, and what would have
followed goes into the other branch.  Where that cannot be (in loops, after branches that both go on) or would repeat a
long handler, a flag says that the handler is due.
Non-goals: which operations fail (`failures`).

    try:                                if y == 0.0:
        q = x / y                           q = 0.0
    except ZeroDivisionError:   becomes else:
        q = 0.0                             q = x / y
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from adcompile.errors import Span, refuse
from adcompile.ir import ops
from adcompile.ir.nodes import (
    Assign,
    Block,
    Break,
    Call,
    Const,
    Continue,
    Effect,
    For,
    Handler,
    If,
    Name,
    Return,
    Stmt,
    Try,
    While,
)
from adcompile.ir.walk import blocks, statements, with_blocks
from adcompile.normal.flow import Names, assigned_in, fails, falls
from adcompile.normal.fresh import Fresh
from adcompile.normal.jumps import FALSE, TRUE, branch, none_of, placeholders

_MOST_REPEATED = 40  # statements of handlers that stand at several places


def caught_by(handlers: Sequence[Handler], kind: object) -> Handler | None:
    """The handler of an exception; nothing if it goes on."""
    for handler in handlers:
        if isinstance(kind, type) and issubclass(kind, handler.kinds):
            return handler if handler.body is not None else None
    return None


def without_try(stmt: Try, fresh: Fresh, before: Names | None, inside: str) -> Block:
    """A `try` whose parts have none in them; `before` is what is surely assigned at its start."""
    sites = _sites(stmt.body, stmt.handlers)
    if not sites:
        return stmt.body + stmt.orelse
    repeated = sum(_size(handler.body or ()) * (sites.count(handler) - 1) for handler in {*sites})
    attempt = _Attempt(stmt, fresh)
    block = attempt.block(stmt.body, direct=repeated <= _MOST_REPEATED)
    if not attempt.flags:
        return tuple(block)
    if before is None:
        message = "`try` in a loop that is written out is not supported"
        raise refuse("unsupported-statement", message, stmt.span, "put the `try` into a function", inside)
    due: list[Stmt] = [Assign(flag, FALSE) for flag in attempt.flags.values()]
    after: list[Stmt] = []
    for handler, flag in attempt.flags.items():
        after += branch(If(Name(flag), (), (), span=stmt.span), handler.body or (), ())
    return (*placeholders(assigned_in((stmt,)) - before), *due, *block, *after)


def _sites(block: Iterable[Stmt], handlers: Sequence[Handler]) -> list[Handler]:
    """The handlers that places of a block lead to."""
    found = [caught_by(handlers, _kind(stmt)) for stmt in statements(block) if fails((stmt,))]
    return [handler for handler in found if handler is not None]


def _kind(stmt: Stmt) -> object:
    if isinstance(stmt, Effect) and fails((stmt,)) and isinstance(stmt.call.args[0], Const):
        return stmt.call.args[0].value
    return None


def _size(block: Iterable[Stmt]) -> int:
    return sum(1 for _ in statements(block))


@dataclass(slots=True)
class _Attempt:
    """Rewrites the body of one `try`."""

    stmt: Try
    fresh: Fresh
    flags: dict[Handler, str]

    def __init__(self, stmt: Try, fresh: Fresh) -> None:
        self.stmt, self.fresh, self.flags = stmt, fresh, {}

    def block(self, block: Sequence[Stmt], direct: bool, last: bool = True) -> list[Stmt]:
        """A block whose caught exceptions are jumps, then what follows a body that raised nothing if it is the `last`
        of the body; handlers stand where it is `direct`."""
        done: list[Stmt] = []
        for position, stmt in enumerate(block):
            rest = tuple(block[position + 1 :])
            handler = caught_by(self.stmt.handlers, _kind(stmt))
            if handler is not None:
                return [*done, *self.taken(handler, stmt.span, direct)]
            if fails((stmt,)) or isinstance(stmt, (Return, Break, Continue)):
                return [*done, stmt]
            if not _sites((stmt,), self.stmt.handlers):
                done.append(stmt)
                if not falls((stmt,)):
                    return done
                continue
            if isinstance(stmt, If) and not (falls(stmt.then) and falls(stmt.orelse)):
                then = self.block(stmt.then + (rest if falls(stmt.then) else ()), direct, last and falls(stmt.then))
                other = falls(stmt.orelse)
                orelse = self.block(stmt.orelse + (rest if other else ()), direct, last and other)
                return [*done, *branch(stmt, tuple(then), tuple(orelse))]
            if isinstance(stmt, If):
                sides = [tuple(self.block(side, direct=False, last=False)) for side in (stmt.then, stmt.orelse)]
                done += branch(stmt, sides[0], sides[1])
            else:
                assert isinstance(stmt, (For, While)), stmt
                done.append(with_blocks(stmt, [self.loop(stmt.body)]))
            due = [self.flags[handler] for handler in _unique(_sites((stmt,), self.stmt.handlers))]
            tail = self.block(rest, direct, last)
            if tail:
                done.append(If(none_of(due), tuple(tail), ()))
            return done
        return [*done, *(self.stmt.orelse if last else ())]

    def taken(self, handler: Handler, span: Span | None, direct: bool) -> Block:
        """What stands for an exception."""
        if direct:
            return handler.body or ()
        if handler not in self.flags:
            self.flags[handler] = self.fresh.name("raised")
        return (Assign(self.flags[handler], TRUE, span=span),)

    def loop(self, block: Block) -> Block:
        """The body of a loop, which an exception leaves."""
        done: list[Stmt] = []
        for stmt in block:
            handler = caught_by(self.stmt.handlers, _kind(stmt))
            if handler is not None:
                return (*done, *self.taken(handler, stmt.span, direct=False), Break(span=stmt.span))
            done.append(with_blocks(stmt, [self.loop(inner) for inner in blocks(stmt)]))
            if isinstance(stmt, (For, While)) and (sites := _unique(_sites((stmt,), self.stmt.handlers))):
                due = none_of([self.flags[handler] for handler in sites])
                done.append(If(Call(ops.negated, (due,)), (Break(span=stmt.span),), ()))
        return tuple(done)


def _unique(handlers: Iterable[Handler]) -> list[Handler]:
    return list(dict.fromkeys(handlers))
