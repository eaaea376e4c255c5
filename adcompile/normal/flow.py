"""Where control goes in the surface dialect: what surely has a value, what is still read, whether an end is reached.

A name is *surely assigned* at a point if every path to it assigns the name.  Paths are those of the statements alone:
only a test that is a literal, and a `range` of literals, are taken for what they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from adcompile.errors import Refusal
from adcompile.ir import ops
from adcompile.ir.nodes import (
    Accum,
    Assign,
    Block,
    Break,
    Call,
    Const,
    Continue,
    Effect,
    Expr,
    For,
    If,
    Return,
    Stmt,
    Store,
    Try,
    Update,
    While,
)
from adcompile.ir.walk import blocks, expressions, names, nodes, statements

Names = frozenset[str]


def reads(stmt: Stmt) -> set[str]:
    """The names that a statement's own line reads or writes through."""
    found = {name for expr in expressions(stmt) for name in names(expr)}
    if isinstance(stmt, (Store, Accum)):
        found.add(stmt.array)
    if isinstance(stmt, Update):
        found.add(stmt.target)
    return found


def always(test: Expr) -> bool:
    """Whether a test is a literal that holds, as in `while True`."""
    return isinstance(test, Const) and isinstance(test.value, (bool, int)) and bool(test.value)


def certain(loop: For | While) -> bool:
    """Whether a loop surely makes a first trip."""
    if isinstance(loop, While):
        return always(loop.test)
    bounds = [part.value if isinstance(part, Const) else None for part in (loop.start, loop.stop, loop.step)]
    return all(isinstance(bound, int) for bound in bounds) and bounds[2] != 0 and len(range(*bounds)) > 0  # type: ignore[arg-type]


def jumps(block: Iterable[Stmt]) -> bool:
    """Whether a `break` or `continue` of the loop around, or any `return`, stands in a block."""
    return any(
        isinstance(stmt, (Break, Continue, Return))
        or (isinstance(stmt, (If, Try)) and any(map(jumps, blocks(stmt))))
        or (isinstance(stmt, (For, While)) and returns(stmt.body))
        for stmt in block
    )


def returns(block: Iterable[Stmt]) -> bool:
    """Whether a `return` stands anywhere in a block."""
    return any(isinstance(stmt, Return) for stmt in statements(block))


def own(block: Iterable[Stmt], kind: type[Stmt]) -> bool:
    """Whether a `break` (or `continue`) of the loop whose body this is stands in it."""
    return any(
        isinstance(stmt, kind) or (isinstance(stmt, (If, Try)) and any(own(inner, kind) for inner in blocks(stmt)))
        for stmt in block
    )


def refused(block: Iterable[Stmt]) -> list[Refusal]:
    """What a block has that is not of the language."""
    parts = (node for stmt in statements(block) for expr in expressions(stmt) for node in nodes(expr))
    reasons = [part.args[0] for part in parts if isinstance(part, Call) and part.fn is ops.refused]
    return [refusal for reason in reasons if isinstance(reason, Const) for refusal in reason.value]


def fails(block: Sequence[Stmt]) -> bool:
    """Whether a block ends by raising an exception."""
    return bool(block) and isinstance(last := block[-1], Effect) and last.call.fn is ops.fail


def falls(block: Iterable[Stmt]) -> bool:
    """Whether control can reach the end of a block."""
    return surely(block, frozenset()) is not None


# ------------------------------------------------------------------------------------------ surely assigned
@dataclass(slots=True)
class _Ends:
    breaks: list[Names] = field(default_factory=list)
    continues: list[Names] = field(default_factory=list)


def meet(ends: Iterable[Names | None]) -> Names | None:
    """What is surely assigned where several paths join; `None` if none of them gets there."""
    reached = [end for end in ends if end is not None]
    return frozenset.intersection(*reached) if reached else None


def surely(
    block: Iterable[Stmt],
    assigned: Names,
    visit: Callable[[Stmt, Names], None] = lambda stmt, assigned: None,
    loop: _Ends | None = None,
) -> Names | None:
    """What is surely assigned at the end of a block, given what is at its start; `None` if its end is not reached.

    `visit` is called with every statement that can be reached and what is surely assigned before it.
    """
    for stmt in block:
        visit(stmt, assigned)
        after: Names | None = assigned
        match stmt:
            case Assign(target):
                after = assigned | {target}
            case If(_, then, orelse):
                after = meet([surely(branch, assigned, visit, loop) for branch in (then, orelse)])
            case Try():
                after = surely(stmt.body, assigned, visit, loop)
                after = None if after is None else surely(stmt.orelse, after, visit, loop)
                caught = [handler.body for handler in stmt.handlers if handler.body is not None]
                after = meet([after, *(surely(inner, assigned, visit, loop) for inner in caught)])
            case For() | While():
                ends = _Ends()
                first = assigned | {stmt.index} if isinstance(stmt, For) else assigned
                end = surely(stmt.body, first, visit, ends)
                if isinstance(stmt, While) and always(stmt.test):
                    after = meet(ends.breaks)
                elif certain(stmt):
                    after = meet([end, *ends.continues, *ends.breaks])
            case Break() | Continue():
                if loop is not None:
                    (loop.breaks if isinstance(stmt, Break) else loop.continues).append(assigned)
                return None
            case Return():
                return None
            case Effect() if fails((stmt,)):
                return None
        if after is None:
            return None
        assigned = after
    return assigned


# ------------------------------------------------------------------------------------------ still read
def live(block: Iterable[Stmt], after: Names, around: tuple[Names, Names] | None = None) -> Names:
    """The names whose values at the start of a block may be read, given those read after it.

    `around` says what is read after a `break` and after a `continue` of the loop around.
    """
    for stmt in reversed(tuple(block)):
        match stmt:
            case Assign(target):
                after = (after - {target}) | reads(stmt)
            case If(_, then, orelse):
                after = live(then, after, around) | live(orelse, after, around) | reads(stmt)
            case Try(body, handlers, orelse):
                caught = [live(handler.body, after, around) for handler in handlers if handler.body is not None]
                thrown: Names = frozenset().union(*caught)
                after = live(body, live(orelse, after, around) | thrown, around) | thrown
            case For() | While():
                after = _live_loop(stmt, after)
            case Break() if around is not None:
                after = around[0]
            case Continue() if around is not None:
                after = around[1]
            case Return():
                after = frozenset(reads(stmt))
            case Effect() if fails((stmt,)):
                after = frozenset(reads(stmt))
            case _:
                after = after | reads(stmt)
    return after


def _live_loop(loop: For | While, after: Names) -> Names:
    tested = frozenset(reads(loop)) if isinstance(loop, While) else frozenset()
    index = {loop.index} if isinstance(loop, For) else set()
    head = after | tested
    while True:
        wider = head | (live(loop.body, head, (after, head)) - index)
        if wider == head:
            return head | reads(loop)
        head = wider


def tries(block: Iterable[Stmt]) -> bool:
    """Whether a `try` stands anywhere in a block."""
    return any(isinstance(stmt, Try) for stmt in statements(block))


def assigned_in(block: Block) -> set[str]:
    """Every name that a block gives a new value, loop indices included."""
    found = set()
    for stmt in statements(block):
        if isinstance(stmt, (Assign, Update)):
            found.add(stmt.target)
        elif isinstance(stmt, For):
            found.add(stmt.index)
    return found
