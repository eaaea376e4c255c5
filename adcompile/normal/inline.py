"""Calls of Python functions replaced by what they do.

Goal: one function whose calls are all of functions with rules or of NumPy, so that every later stage sees one body.
Each function called is read and brought to one `return` first; its variables get names that are free here; bodies are
spliced where Python would run them, so that what `and`, `or` and `a if c else b` skip stays skipped.
Not its task: how recursive functions stay calls (`recursion`), and deciding what is too large to inline.

>>> from adcompile.ir.show import show
>>> def shifted(v, by=1.0):
...     v = v + by
...     return v * v
>>> def total(x):
...     return shifted(x) + shifted(x, by=x)
>>> print(show(inline(read(total).function)).strip())
def total(x):
    v = x
    v = v + 1.0
    v_2 = x
    v_2 = v_2 + x
    return v * v + v_2 * v_2
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from adcompile.frontend.read import read
from adcompile.frontend.resolve import State, literal
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
    Function,
    Handler,
    If,
    Index,
    Name,
    Return,
    Stmt,
    Store,
    Try,
    Update,
    While,
)
from adcompile.ir.opaque import Opaque
from adcompile.ir.types import TupleType, Type
from adcompile.ir.walk import expressions, nodes, statements, with_expressions
from adcompile.normal.attempts import without_try
from adcompile.normal.callees import only_calls
from adcompile.normal.flow import falls, live, own, tries
from adcompile.normal.jumps import negated, unused
from adcompile.normal.no_jumps import no_jumps
from adcompile.normal.order import may_write, settled, temporary
from adcompile.normal.records import as_index, dict_of, is_list, items_of, plain, values_of
from adcompile.normal.recursion import Again, Recursions
from adcompile.normal.renaming import renamed
from adcompile.normal.single_return import single_return
from adcompile.normal.sources import Readable, ReadOne, ReadSource, Sources
from adcompile.normal.specialise import specialised, truth
from adcompile.normal.spliced import Spliced
from adcompile.normal.unrolled import LONGEST, takes_floats, unrolled
from adcompile.normal.written_arguments import write_back
from adcompile.normal.written_out import written_out

_NONE = Const(None)


@dataclass(frozen=True, slots=True)
class Inlined:
    """A function without calls of Python functions, and the functions that went into it, first used first."""

    function: Function
    sources: tuple[Readable, ...]


def _lenient(fn: Any, state: State = ()) -> ReadSource:
    return read(fn, lenient=True, state=state)


def inline(function: Function, read_one: ReadOne = _lenient) -> Function:
    """`function` with the calls of Python functions replaced by their bodies."""
    return inlined(function, read_one).function


def inlined(
    function: Function,
    read_one: ReadOne = _lenient,
    known: Mapping[str, Any] | None = None,
    types: Mapping[str, Type] | None = None,
    last: bool = False,
    of: object = None,
) -> Inlined:
    """As `inline`, with what was inlined.

    `function` has one `return` and no jumps.  `read_one` reads a Python function; `known` gives the values of those
    parameters that are known before the run (a function passed as an argument), `types` the types of those that are
    never assigned.  Opaque functions stay calls, unless this is the `last` time; recursive functions become such, and
    those are known already that go with `of`, the Python function whose text it is.
    """
    values = {name: literal(value) for name, value in (known or {}).items()}
    tuples = [(name, type_) for name, type_ in (types or {}).items() if isinstance(type_, TupleType)]
    sources = Sources(read_one)
    recursions: Recursions = getattr(of, "recursions", None) or Recursions()
    while True:
        inliner = _Inliner(function, sources, recursions, last, types or {})
        items = [stmt for name, type_ in tuples for stmt in inliner.known.parameter(name, type_)]
        try:
            *body, end = inliner.whole(function, renamed(function.body, values) if values else function.body)
            break
        except Again as again:
            recursions.written_out.clear()
            stays = single_return(no_jumps(specialised(again.made.function.function, {})))
            write_back(again.made, inlined(stays, read_one, last=last, of=again.made.function).function.body)
    if isinstance(end, Return):
        end = replace(end, value=inliner.known.in_full(end.value))
    return Inlined(replace(function, body=(*items, *body, end)), tuple(inliner.sources.ready))


class _Inliner(Spliced):
    """The statements of a function."""

    trying = False  # whether what is written is for its length alone

    # -------------------------------------------------------------------------------------- statements
    def whole(self, function: Function, body: Block) -> Block:
        """All that a function does, in the names of `body`, with one `return` at its end."""
        if not tries(body):
            return self.block(body)
        self.guards.enter(body)
        inner = self.block(body)
        outside = live(inner, frozenset())
        free = Function(function.name, tuple(sorted(outside)), inner)
        return single_return(no_jumps(free, self.fresh), self.fresh).body

    def block(self, block: Sequence[Stmt]) -> Block:
        new: list[Stmt] = []
        for stmt in block:
            self.span = stmt.span or self.span
            new += self.statement(stmt)
        return tuple(new)

    def statement(self, stmt: Stmt) -> list[Stmt]:
        match stmt:
            case Accum(array) | Store(array, update=True) if values_of(self.known.of(array) or _NONE) is not None:
                before, places = self.in_order(stmt.index)
                return [*before, *self.statement(self.known.item_updated(replace(stmt, index=tuple(places))))]
            case Store(_, index, value):  # Python evaluates the value first
                before, (new, *where) = self.in_order((value, *index))
                named = stmt.appends and self.growing.is_named(value, self.known.in_full(new))
                stmt = replace(stmt, index=tuple(map(as_index, where)), value=new, named=named)
                if dict_of(self.known.of(stmt.array) or _NONE) is None:  # which takes any key
                    before += self.guards.of_item(operator.setitem, Name(stmt.array), where, self.span)
                stored = self.known.stored(stmt, self.span, self.inside)
                return [*before, *([stmt] if stored is None else stored)]
            case Accum():
                return self.accum(stmt)
            case While() | For():
                return self.loop(stmt)
            case If():
                return self.branch(stmt)
            case Try():
                return self.attempt(stmt)
            case Effect(Call(ops.method, (Name(name), Const("append" | "extend" as how), item))) if is_list(
                self.known.of(name)
            ):
                before, value = self.expr(item)
                more = items_of(value) if how == "extend" else (value,)
                if more is not None:
                    return [*before, *self.known.appended(name, more, stmt, self.inside)]
            case Effect(Call(ops.method, (Name(name), Const("append"), item))) if self.growing.parts(name) is not None:
                before, value = self.expr(item)
                return [*before, *(self.growing.append(name, plain(self.known.in_full(value)), stmt) or ())]
            case Effect():
                before, value = self.expr(stmt.call)
                if isinstance(value, Call) and value.fn is stmt.call.fn:
                    return [*before, replace(stmt, call=value)]
                return [*before, *unused(value, stmt.span)]
        before, parts = self.in_order(expressions(stmt))
        match stmt, before[-1:], parts:
            case Assign(), [Assign(target, Call(Opaque()) as call)], [Name(name)] if name == target:
                self.known.forget([stmt.target])
                return [*before[:-1], replace(stmt, value=call)]
        if isinstance(stmt, Assign):
            return [*before, *self.known.assigned(replace(stmt, value=parts[0]), stmt.value)]
        if isinstance(stmt, Update):
            if (counted := self.known.counted(stmt)) is not None:
                return [*before, *self.known.assigned(counted, counted.value)]
            before += self.guards.of_item(stmt.fn, Name(stmt.target), parts, self.span)
            self.known.forget([stmt.target])
        if isinstance(stmt, Return) and only_calls(stmt) and self.ended.span is not None:
            stmt = replace(stmt, span=self.ended.span, origin=self.ended.origin)  # a line of ours: show the user's
        return [*before, with_expressions(stmt, parts)]

    def branch(self, stmt: If) -> list[Stmt]:
        before, test = self.expr(stmt.test)
        decided = truth(test)
        if decided is not None:
            return [*before, *self.block(stmt.then if decided else stmt.orelse)]
        sides: list[Block] = []
        ends: list[dict[str, Expr]] = []
        for side in (stmt.then, stmt.orelse):
            with self.known.side() as end:
                sides.append(self.block(side))
            if falls(sides[-1]):
                ends.append(end)
        if len(ends) == 2:
            sides = [(*side, *more) for side, more in zip(sides, self.known.brought_together(ends), strict=True)]
        self.known.joined(ends or [end], stmt.span, self.inside)
        return [*before, replace(stmt, test=test, then=sides[0], orelse=sides[1])]

    def accum(self, stmt: Accum) -> list[Stmt]:
        """Python reads `array[index]` before it evaluates the value: matters if that writes the array."""
        before, index = self.in_order(stmt.index)
        index = [*map(as_index, index)]
        prelude, value = self.expr(stmt.value)
        if not may_write(prelude):
            return [*before, *prelude, replace(stmt, index=tuple(index), value=value)]
        for position, part in enumerate(index):
            kept, index[position] = settled(part, self.fresh, "place", stmt.span)
            before += kept
        name = self.fresh.name("value")
        before.append(temporary(name, Index(Name(stmt.array), tuple(index)), stmt.span))
        update = Update(name, np.add, value, span=stmt.span, origin=stmt.origin)
        store = Store(stmt.array, tuple(index), Name(name), span=stmt.span, origin=stmt.origin)
        return [*before, *prelude, update, store]

    def attempt(self, stmt: Try) -> list[Stmt]:
        """A `try`: its body with a condition before everything that may fail, then branches."""
        before, span = self.guards.assigned.get(stmt), self.span
        handlers: list[Handler] = []
        ends: list[dict[str, Expr]] = []
        with self.known.side():
            self.known.forget(self.known.changed_in(stmt.body))
            for handler in stmt.handlers:
                if handler.body is not None:
                    with self.known.side() as end:
                        handler = replace(handler, body=self.block(handler.body))
                    ends += [end] if falls(handler.body or ()) else []
                handlers.append(handler)
        with self.known.side() as end:
            with self.guards.inside(stmt.handlers):
                body = self.block(stmt.body)
            orelse = self.block(stmt.orelse)
        self.known.joined([end, *ends], span, self.inside)
        whole = replace(stmt, body=body, handlers=tuple(handlers), orelse=orelse)
        return [*without_try(whole, self.fresh, before, self.inside)]

    def loop(self, stmt: While | For) -> list[Stmt]:
        if isinstance(stmt, For):
            return self.counted(stmt)
        rooms = self.growing.before(stmt)
        with self.known.loop(stmt, self.inside), self.growing.around():
            before, test = self.expr(stmt.test)
            body = (*self.growing.room(stmt.body), *self.block(stmt.body))
            if not before:
                return [*rooms, replace(stmt, test=test, body=body)]
            # A test that needs statements is evaluated before the loop and again at the end of its body.
            going = self.fresh.name("goes_on")
            self.span = stmt.span
            if own(stmt.body, Continue):  # goes to the test, which stands at the start
                leave = If(negated(test), (Break(span=stmt.span),), (), span=stmt.span)
                return [*rooms, replace(stmt, test=Const(True), body=(*before, leave, *body))]
            again, test_again = self.expr(stmt.test)
        first = Assign(going, test, span=stmt.span)
        whole = replace(stmt, test=Name(going), body=(*body, *again, replace(first, value=test_again)))
        return [*rooms, *before, first, whole]

    def stays_a_loop(self, stmt: For, copies: Sequence[Block]) -> bool:
        """Whether a loop over floats alone does so much that once for each would be too long a text."""
        if self.trying or len(copies) < 2 or not takes_floats(stmt, self.known.of):
            return False
        self.trying = True
        with self.known.side():
            much = extent(self.block(copies[0])) * len(copies)
        self.trying = False
        return much > LONGEST

    def counted(self, stmt: For) -> list[Stmt]:
        """A `for`; one that takes the items of a tuple by number is its body once for each."""
        before, bounds = self.in_order((stmt.start, stmt.stop, stmt.step))
        stmt = replace(stmt, start=bounds[0], stop=bounds[1], step=bounds[2])
        copies = unrolled(stmt, self.known.of)
        if copies is not None and not self.stays_a_loop(stmt, copies):
            return [*before, *(inner for copy in copies for inner in self.block(copy))]
        rooms = self.growing.before(stmt)
        with self.known.loop(stmt, self.inside), self.growing.around():
            return [*before, *rooms, replace(stmt, body=(*self.growing.room(stmt.body), *self.block(stmt.body)))]


def extent(block: Block) -> int:
    """How many statements a block comes to, those of what is written out in the place of NumPy's functions included."""
    found = 0
    for stmt in statements(block):
        calls = [node.fn for expr in expressions(stmt) for node in nodes(expr) if isinstance(node, Call)]
        found += 1 + sum(map(_extent_of, filter(None, map(written_out, calls))))
    return found


@functools.cache
def _extent_of(fn: Callable[..., Any]) -> int:
    return extent(inline(single_return(no_jumps(read(fn).function))).body)
