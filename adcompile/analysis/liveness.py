"""Which names a block assigns, and which may be read after a statement, in the surface dialect without jumps.

A loop or a branch carries or merges only names that live on: a name that every iteration assigns anew is no state.

>>> from adcompile.ir.nodes import Const, Name
>>> first, second = Assign("t", Const(1.0)), Assign("s", Name("t"))
>>> live = live_after((first, second, Return(Name("s"))))
>>> sorted(live[first]), sorted(live[second])
(['t'], ['s'])
"""

from __future__ import annotations

from collections.abc import Iterable

from adcompile.errors import Span
from adcompile.ir.nodes import Assign, Block, For, If, Return, Stmt, Update, While
from adcompile.ir.walk import expressions, names, statements, uses

Live = frozenset[str]


def targets(block: Iterable[Stmt]) -> list[str]:
    """The variables that a block assigns, in order of their first assignment."""
    found: dict[str, None] = {}
    for stmt in statements(block):
        match stmt:
            case Assign() | Update():
                found.setdefault(stmt.target)
            case For():
                found.setdefault(stmt.index)
    return list(found)


def last_place(block: Block, name: str) -> Span | None:
    """Where a block assigns a variable last."""
    places = [s.span for s in statements(block) if isinstance(s, (Assign, Update)) and s.target == name]
    return places[-1] if places else None


def live_after(block: Block) -> dict[Stmt, Live]:
    """For every statement of a function's body, nested ones included, the names that may be read after it."""
    result: dict[Stmt, Live] = {}
    _before(block, frozenset(), result)
    return result


def read_first(loop: For | While) -> Live:
    """The names that an iteration may read before it assigns them, its test included."""
    tested = _read(loop) if isinstance(loop, While) else frozenset()
    return tested | _before(loop.body, frozenset(), {})


def _read(stmt: Stmt) -> Live:
    return frozenset(name for expr in expressions(stmt) for name in names(expr))


def _before(block: Block, after: Live, result: dict[Stmt, Live]) -> Live:
    for stmt in reversed(block):
        result[stmt] = after
        after = _before_one(stmt, after, result)
    return after


def _before_one(stmt: Stmt, after: Live, result: dict[Stmt, Live]) -> Live:
    match stmt:
        case Assign():
            return (after - {stmt.target}) | _read(stmt)
        case Update():
            return after | _read(stmt) | {stmt.target}
        case If():
            return _read(stmt) | _before(stmt.then, after, result) | _before(stmt.orelse, after, result)
        case For() | While():
            tested = _read(stmt) if isinstance(stmt, While) else frozenset()
            end = after | tested
            while True:
                start = _before(stmt.body, end, result)
                if isinstance(stmt, For):
                    start -= {stmt.index}
                if start <= end:
                    return after | tested | start | _read(stmt)
                end |= start
        case Return():
            return _read(stmt)
    return after | frozenset(uses(stmt))
