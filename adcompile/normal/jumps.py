"""Jumps as flags: what `no_jumps` and `single_return` are made of.

A jump (`break`, `continue`, or a `return` that has to leave a loop or a branch) becomes `flag = True`, and what would
have followed moves into the branch that does not jump; only where both branches may go on is it put under
`if not flag`.  The expression of a `return` is evaluated after the statement that it leaves, so that no result has to
be carried; names that only have a value there get a placeholder, `ops.undefined()`, before it.  That is sound because
`unbound` has put a check before every read that some path leaves without a value: a placeholder is never read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce

import numpy as np

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
    Expr,
    For,
    Function,
    If,
    Name,
    Return,
    Stmt,
    While,
)
from adcompile.ir.walk import names, nodes, statements
from adcompile.normal.flow import (
    Names,
    always,
    assigned_in,
    certain,
    fails,
    falls,
    jumps,
    live,
    meet,
    own,
    returns,
    surely,
)
from adcompile.normal.fresh import Fresh, taken

TRUE, FALSE = Const(True), Const(False)
_TRUTH_VALUED = (
    *(np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal),
    *(np.isnan, np.isinf, np.isfinite, np.logical_and, np.logical_or, np.logical_not),
    ops.negated,
)
_PLAIN = (ops.held, ops.both, ops.either, ops.negated, ops.select, ops.attribute, ops.power, ops.undefined)


# ------------------------------------------------------------------------------------------ building blocks
def negated(test: Expr) -> Expr:
    """`not test`, for a test."""
    if isinstance(test, Call) and test.fn is ops.negated:
        return test.args[0]
    return Call(ops.negated, (test,))


def none_of(flags: Iterable[str]) -> Expr:
    """`not (a or b)`."""
    tests: list[Expr] = [Name(flag) for flag in flags]
    return negated(reduce(lambda a, b: Call(ops.either, (a, b)), tests))


def is_truth(expr: Expr) -> bool:
    """Whether an expression surely gives a truth value, not just something that can be tested."""
    match expr:
        case Call(fn, args):
            return fn in _TRUTH_VALUED or (fn in (ops.both, ops.either) and all(is_truth(arg) for arg in args))
        case Const(value):
            return isinstance(value, bool)
    return False


def unused(expr: Expr, span: Span | None) -> Block:
    """What is left of an expression whose value nothing needs: its effects, if it may have any."""
    plain = all(not isinstance(e, Call) or isinstance(e.fn, np.ufunc) or e.fn in _PLAIN for e in nodes(expr))
    return (Effect(expr, span=span),) if not plain and isinstance(expr, Call) else ()


def branch(stmt: If, then: Block, orelse: Block) -> Block:
    """`stmt` with new branches, written the short way: `not` for an empty `then`, a flag assigned its own test, and
    what stands beside a branch that raises after it."""
    if not then and not orelse:
        return unused(stmt.test, stmt.span)
    test = stmt.test
    if fails(then) and orelse:
        return (replace(stmt, then=then, orelse=()), *orelse)
    if fails(orelse) and then:
        return (replace(stmt, test=negated(test), then=orelse, orelse=()), *then)
    if not then:
        test, then, orelse = negated(test), orelse, ()
    match then:
        case (Assign(_, Const(True)) as only,) if not orelse and only.value is TRUE and is_truth(test):
            return (replace(only, value=test, span=stmt.span),)
    return (replace(stmt, test=test, then=then, orelse=orelse),)


def placeholders(wanted: Iterable[str]) -> Block:
    """A value that is never read for each name, in the order of their names."""
    return tuple(Assign(name, Call(ops.undefined, ())) for name in sorted(wanted))


# ------------------------------------------------------------------------------------------ the rewriting
@dataclass(slots=True)
class Region:
    """A statement that `return`s have to leave: their flags, by returned expression."""

    leaving: dict[Expr, tuple[str, Return]] = field(default_factory=dict)

    def before(self, assigned: Names) -> Block:
        """What stands before the region: placeholders, then the flags."""
        read = {name for value in self.leaving for name in names(value)}
        return placeholders(read - assigned) + tuple(Assign(flag, FALSE) for flag, _ in self.leaving.values())


@dataclass(slots=True)
class _Loop:
    done: str
    skip: str
    skip_is_read: bool = False


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A block without jumps, the flags that may be set at its end, and what is surely assigned there if none is."""

    block: Block
    flags: tuple[str, ...]
    assigned: Names | None


def _joined(*flags: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(flag for some in flags for flag in some))


class Rewriter:
    """Rewrites blocks of one function, giving out names that it does not have."""

    def __init__(self, function: Function, fresh: Fresh | None = None) -> None:
        self.function = function
        self.fresh = fresh or Fresh(taken(function))

    def block(
        self, block: Sequence[Stmt], assigned: Names, after: Names, region: Region | None, loop: _Loop | None = None
    ) -> Rewritten:
        """A block without jumps.  `after` is what may be read after it; without a `region`, `return`s outside loops
        stay as they are."""
        done: list[Stmt] = []
        flags: tuple[str, ...] = ()
        for position, stmt in enumerate(block):
            rest = tuple(block[position + 1 :])
            match stmt:
                case Break() | Continue():
                    assert loop is not None, "a jump outside loops"
                    flag = loop.done if isinstance(stmt, Break) else loop.skip
                    done.append(Assign(flag, TRUE, span=stmt.span))
                    return Rewritten(tuple(done), _joined(flags, [flag]), None)
                case Return() if region is None:
                    return Rewritten((*done, stmt), flags, None)
                case Effect() if fails((stmt,)):
                    return Rewritten((*done, stmt), flags, None)
                case Return():
                    assert region is not None
                    if stmt.value not in region.leaving:
                        region.leaving[stmt.value] = (self.fresh.name("returned"), stmt)
                    flag = region.leaving[stmt.value][0]
                    done.append(Assign(flag, TRUE, span=stmt.span))
                    return Rewritten(tuple(done), _joined(flags, [flag]), None)
                case If() if region is not None and jumps((stmt,)) and not (falls(stmt.then) and falls(stmt.orelse)):
                    then = stmt.then + (rest if falls(stmt.then) else ())
                    orelse = stmt.orelse + (rest if falls(stmt.orelse) else ())
                    new = self._branches(stmt, then, orelse, assigned, after, region, loop)
                    return Rewritten((*done, *new.block), _joined(flags, new.flags), new.assigned)
                case If():
                    read = live(rest, after)
                    new = self._branches(stmt, stmt.then, stmt.orelse, assigned, read, region, loop)
                    if new.flags and new.assigned is not None:
                        done += placeholders((new.assigned - assigned) & read)
                        new = replace(new, assigned=new.assigned & (assigned | read))
                case For() | While():
                    new = self._loop(stmt, assigned, live(rest, after), region)
                case _:
                    new = Rewritten((stmt,), (), surely((stmt,), assigned))
            done += new.block
            flags = _joined(flags, new.flags)
            if new.assigned is None:
                return Rewritten(tuple(done), flags, None)
            assigned = new.assigned
            if new.flags:
                if loop is not None and loop.skip in new.flags and rest:
                    loop.skip_is_read = True
                tail = self.block(rest, assigned, after, region, loop)
                if tail.block:
                    done.append(If(none_of(new.flags), tail.block, ()))
                return Rewritten(tuple(done), _joined(flags, tail.flags), tail.assigned)
        return Rewritten(tuple(done), flags, assigned)

    def _branches(
        self,
        stmt: If,
        then: Block,
        orelse: Block,
        assigned: Names,
        after: Names,
        region: Region | None,
        loop: _Loop | None,
    ) -> Rewritten:
        one = self.block(then, assigned, after, region, loop)
        two = self.block(orelse, assigned, after, region, loop)
        block = branch(stmt, one.block, two.block)
        return Rewritten(block, _joined(one.flags, two.flags), meet([one.assigned, two.assigned]))

    # -------------------------------------------------------------------------------------- loops
    def _loop(self, stmt: For | While, assigned: Names, after: Names, region: Region | None) -> Rewritten:
        """A loop that nothing jumps out of; outside any region, the `return`s that leave it follow it."""
        inner = Region() if region is None else region
        end = surely((stmt,), assigned)
        block, flags = self._turned(stmt, assigned, after, inner)
        before: Block = ()
        if certain(stmt) and end is not None:
            before = placeholders((end - assigned) & after)
            end &= assigned | after  # a loop that counts in a `while` no longer shows that it makes a trip
        if region is not None:
            return Rewritten(before + block, flags, end)
        given = {s.target for s in before + block[:-1] if isinstance(s, Assign)}
        before += inner.before(assigned | given)
        exits: list[Stmt] = [If(Name(flag), (leave,), ()) for flag, leave in inner.leaving.values()]
        if end is None and inner.leaving:
            exits[-1] = list(inner.leaving.values())[-1][1]
        return Rewritten((*before, *block, *exits), (), end)

    def _turned(
        self, stmt: For | While, assigned: Names, after: Names, region: Region
    ) -> tuple[Block, tuple[str, ...]]:
        """A loop whose jumps are flags in its test, what prepares it, and the flags of `return`s that may be set."""
        leaves = own(stmt.body, Break) or returns(stmt.body)
        loop = _Loop(
            self.fresh.name("done") if own(stmt.body, Break) else "",
            self.fresh.name("skipped") if own(stmt.body, Continue) else "",
        )
        counter = _Counter(stmt, after, self) if leaves and isinstance(stmt, For) else None
        body = counter.body if counter else stmt.body
        index = frozenset([stmt.index]) if isinstance(stmt, For) else frozenset()
        again = live((stmt,), after)
        new = self.block(body, assigned | index, again | after, region, loop)
        inside = list(_without(new.block, loop.skip) if loop.skip and not loop.skip_is_read else new.block)
        if loop.skip and loop.skip_is_read:
            inside.insert(0, Assign(loop.skip, FALSE))
        exits = tuple(flag for flag in new.flags if flag != loop.skip)
        if counter and counter.step_after:
            guarded = counter.kept and bool(exits)
            inside.append(If(none_of(exits), (counter.advance,), ()) if guarded else counter.advance)
        before: list[Stmt] = list(counter.before) if counter else []
        if loop.done:
            before.append(Assign(loop.done, FALSE))
        kept = tuple(flag for flag in exits if flag != loop.done)
        if counter:
            test = Call(ops.both, (counter.test, none_of(exits))) if exits else counter.test
            return (*before, While(test, tuple(inside), span=stmt.span, origin=stmt.origin)), kept
        if isinstance(stmt, While) and exits:
            test = none_of(exits) if always(stmt.test) else Call(ops.both, (none_of(exits), stmt.test))
            return (*before, replace(stmt, test=test, body=tuple(inside))), kept
        return (*before, replace(stmt, body=tuple(inside))), kept


class _Counter:
    """A `for` as a `while`: what stands before it, its test, its body, and the step.

    The index itself counts, unless its value is read after the loop (Python leaves it at the last trip's) or changed in
    the body.  Where a `return` reads it, the step is not taken on the way out.
    """

    def __init__(self, loop: For, after: Names, rewriter: Rewriter) -> None:
        step = loop.step.value if isinstance(loop.step, Const) else None
        if not isinstance(step, int) or step == 0:
            raise refuse(
                "unsupported-step",
                "a loop that `break` or `return` leaves needs a step that is a nonzero literal",
                loop.span,
                "write the step as a number, or the loop as a `while`",
                rewriter.function.name,
            )
        changed = assigned_in(loop.body)
        unnamed = not loop.index.strip("_")
        hidden = unnamed or loop.index in changed or loop.index in after
        name = rewriter.fresh.name("trip" if unnamed else f"{loop.index}_next") if hidden else loop.index
        before: list[Stmt] = []
        stop = loop.stop
        if not (isinstance(stop, Const) or (isinstance(stop, Name) and stop.id not in changed | {name})):
            stop = Name(rewriter.fresh.name(f"{loop.index}_stop"))
            before.append(Assign(stop.id, loop.stop, span=loop.span))
        before.append(Assign(name, loop.start, span=loop.span))
        self.before = tuple(before)
        self.test: Expr = Call(np.less if step > 0 else np.greater, (Name(name), stop))
        self.advance = Assign(name, Call(np.add, (Name(name), loop.step)), span=loop.span)
        self.kept = not hidden and any(
            isinstance(s, Return) and loop.index in names(s.value) for s in statements(loop.body)
        )
        self.step_after = not self.kept or own(loop.body, Continue)
        read = loop.index in live(loop.body, after)
        first = (Assign(loop.index, Name(name), span=loop.span),) if hidden and (read or not unnamed) else ()
        self.body: Block = first + loop.body + (() if self.step_after else (self.advance,))


def _without(block: Block, flag: str) -> Block:
    """A block without the assignments of a flag that nothing reads."""
    kept: list[Stmt] = []
    for stmt in block:
        if isinstance(stmt, Assign) and stmt.target == flag:
            kept += unused(stmt.value, stmt.span)
        elif isinstance(stmt, If):
            kept += branch(stmt, _without(stmt.then, flag), _without(stmt.orelse, flag))
        else:
            kept.append(stmt)
    return tuple(kept)
