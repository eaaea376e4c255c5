"""Calls of Python functions replaced by what they do.

Goal: one function whose calls are all of functions with rules or of NumPy, so that every later stage sees one body.
Each function called is read and brought to one `return` first; its variables get names that are free here; bodies are
spliced where Python would run them, so that what `and`, `or` and `a if c else b` skip stays skipped.
Not its task: recursion (refused), and deciding what is too large to inline.

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

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import FunctionType, MethodType
from typing import Any, Protocol

import numpy as np

from adcompile.errors import Span, Unsupported, refuse
from adcompile.frontend.functions import LocalFunction, is_function_value
from adcompile.frontend.read import read
from adcompile.frontend.resolve import literal
from adcompile.ir import ops
from adcompile.ir.nodes import (
    Accum,
    Assign,
    Block,
    Call,
    Const,
    Effect,
    Expr,
    Function,
    If,
    Index,
    Name,
    Return,
    Stmt,
    Store,
    Tuple,
    Update,
    While,
)
from adcompile.ir.opaque import Opaque
from adcompile.ir.walk import (
    blocks,
    children,
    expressions,
    names,
    nodes,
    rebuilt,
    with_blocks,
    with_expressions,
    written,
)
from adcompile.normal.callees import Callee, callee_of, no_rule, spelled, stays_a_call
from adcompile.normal.derived import derivative_called, enclosed, with_captured
from adcompile.normal.flow import assigned_in
from adcompile.normal.fresh import Fresh, taken
from adcompile.normal.jumps import negated, unused
from adcompile.normal.no_jumps import no_jumps
from adcompile.normal.order import in_order, is_atom, may_write, settled, temporary
from adcompile.normal.renaming import apart, renamed
from adcompile.normal.single_return import single_return
from adcompile.normal.specialise import specialised
from adcompile.normal.unpacked import with_items
from adcompile.normal.written_out import written_out

Readable = FunctionType | MethodType

_NONE = Const(None)


class ReadSource(Protocol):
    """What the front end says of a function."""

    @property
    def function(self) -> Function: ...

    @property
    def signature(self) -> inspect.Signature: ...


@dataclass(frozen=True, slots=True)
class Inlined:
    """A function without calls of Python functions, and the functions that went into it, first used first."""

    function: Function
    sources: tuple[Readable, ...]


def _lenient(fn: Any) -> ReadSource:
    return read(fn, lenient=True)


def inline(function: Function, read_one: Callable[[Any], ReadSource] = _lenient) -> Function:
    """`function` with the calls of Python functions replaced by their bodies."""
    return inlined(function, read_one).function


def inlined(
    function: Function, read_one: Callable[[Any], ReadSource] = _lenient, known: Mapping[str, Any] | None = None,
    last: bool = False,
) -> Inlined:  # fmt: skip
    """As `inline`, with what was inlined.

    `function` has one `return` and no jumps.  `read_one` reads a Python function; `known` gives the values of those
    parameters that are known before the run (a function passed as an argument).  Opaque functions stay calls, unless
    this is the `last` time.
    """
    inliner = _Inliner(function, read_one, last)
    values = {name: literal(value) for name, value in (known or {}).items()}
    body = inliner.block(renamed(function.body, values) if values else function.body)
    return Inlined(replace(function, body=body), tuple(inliner.ready))


class _Inliner:
    def __init__(self, function: Function, read_one: Callable[[Any], ReadSource], last: bool) -> None:
        self.last = last
        self.fresh = Fresh(taken(function))
        self.read_one = read_one
        self.ready: dict[Readable, ReadSource] = {}
        self.open: list[Readable | LocalFunction] = []
        self.inside = function.name
        self.span: Span | None = None

    # -------------------------------------------------------------------------------------- statements
    def block(self, block: Sequence[Stmt]) -> Block:
        new: list[Stmt] = []
        for stmt in block:
            self.span = stmt.span or self.span
            new += self.statement(stmt)
        return tuple(new)

    def statement(self, stmt: Stmt) -> list[Stmt]:
        match stmt:
            case Store(_, index, value):  # Python evaluates the value first
                before, (new, *where) = self.in_order((value, *index))
                return [*before, with_expressions(stmt, (*where, new))]
            case Accum():
                return self.accum(stmt)
            case While():
                return self.loop(stmt)
            case Effect():
                before, value = self.expr(stmt.call)
                if isinstance(value, Call) and value.fn is stmt.call.fn:
                    return [*before, replace(stmt, call=value)]
                return [*before, *unused(value, stmt.span)]
        before, parts = self.in_order(expressions(stmt))
        match stmt, before[-1:], parts:
            case Assign(), [Assign(target, Call(Opaque()) as call)], [Name(name)] if name == target:
                return [*before[:-1], replace(stmt, value=call)]
        stmt = with_expressions(stmt, parts)
        return [*before, with_blocks(stmt, [self.block(inner) for inner in blocks(stmt)])]

    def accum(self, stmt: Accum) -> list[Stmt]:
        """Python reads `array[index]` before it evaluates the value: matters if that writes the array."""
        before, index = self.in_order(stmt.index)
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

    def loop(self, stmt: While) -> list[Stmt]:
        """A test that needs statements is evaluated before the loop and again at the end of its body."""
        before, test = self.expr(stmt.test)
        if not before:
            return [replace(stmt, test=test, body=self.block(stmt.body))]
        going = self.fresh.name("goes_on")
        body = self.block(stmt.body)
        self.span = stmt.span
        again, test_again = self.expr(stmt.test)
        first = Assign(going, test, span=stmt.span)
        return [
            *before,
            first,
            replace(stmt, test=Name(going), body=(*body, *again, replace(first, value=test_again))),
        ]

    # -------------------------------------------------------------------------------------- expressions
    def in_order(self, exprs: Sequence[Expr]) -> tuple[list[Stmt], list[Expr]]:
        return in_order(exprs, self.expr, self.fresh, self.span)

    def expr(self, expr: Expr) -> tuple[list[Stmt], Expr]:
        """The statements to run before an expression, and what is left of it."""
        match expr:
            case Const() | Name():
                return [], expr
            case Call(ops.select, (test, then, orelse)):
                return self.choice(expr, test, then, orelse)
            case Call(ops.both | ops.either, (left, right)):
                return self.shortcut(expr, left, right)
        if is_function_value(expr):
            return [], expr
        if isinstance(expr, Call):
            expr = with_items(expr, self.span, self.inside)
        before, parts = self.in_order(children(expr))
        new = rebuilt(expr, parts)
        if not isinstance(new, Call):
            return before, new
        place = (self.inside, self.span, len(self.open))
        try:
            if (wanted := self.derivative(new)) is not None:
                name = self.fresh.name(spelled(wanted.args[0].value))  # type: ignore[union-attr]
                return [*before, temporary(name, wanted, self.span)], Name(name)
            if new.fn is ops.call:
                new = self.resolved(new)
            if written_out(new.fn) is not None:  # `ssa` puts statements in its place
                name = self.fresh.name(spelled(new.fn))
                return [*before, temporary(name, new, self.span)], Name(name)
            callee = callee_of(new.fn, self.span, self.inside, self.last)
            if callee is None and isinstance(new.fn, Opaque):
                name = self.fresh.name("result")
                return [*before, temporary(name, self.in_full(new), self.span)], Name(name)
            if callee is None:
                return before, new
            body, value = self.body_of(callee, new)
        except Unsupported as error:  # the call may stand in a dead branch
            self.inside, self.span = place[:2]
            del self.open[place[2] :]
            why = Call(ops.refused, (Const(error.refusals),))
            return [*before, Effect(why, span=self.span)], Call(ops.refused, (Const(()),))
        return [*before, *body], value

    def choice(self, expr: Call, test: Expr, then: Expr, orelse: Expr) -> tuple[list[Stmt], Expr]:
        before, condition = self.expr(test)
        (one, first), (two, second) = self.expr(then), self.expr(orelse)
        if not one and not two:
            return before, Call(expr.fn, (condition, first, second))
        name = self.fresh.name("chosen")
        one.append(temporary(name, first, self.span))
        two.append(temporary(name, second, self.span))
        return [*before, If(condition, tuple(one), tuple(two), span=self.span)], Name(name)

    def shortcut(self, expr: Call, left: Expr, right: Expr) -> tuple[list[Stmt], Expr]:
        before, first = self.expr(left)
        more, second = self.expr(right)
        if not more:
            return before, Call(expr.fn, (first, second))
        name = self.fresh.name("holds")
        test = Name(name) if expr.fn is ops.both else negated(Name(name))
        more.append(Assign(name, second, span=self.span))
        return [*before, Assign(name, first, span=self.span), If(test, tuple(more), (), span=self.span)], Name(name)

    def derivative(self, call: Call) -> Call | None:
        """A call of a derivative as such, if it is one: it is written once types are known."""
        found = derivative_called(call, lambda closure: enclosed(closure, self.body_of, self.fresh))
        if found is None:
            return None
        derivative, captured, args, kwargs = found
        return with_captured(derivative, captured, args, kwargs)

    def resolved(self, call: Call) -> Call:
        """A call of a local name, once it is known which function that is."""
        fn, *args = call.args
        if isinstance(fn, Const) and callable(fn.value):
            return Call(fn.value, tuple(args), call.kwargs)
        if isinstance(fn, Call) and fn.fn is ops.closure and isinstance(fn.args[0], Const):
            return Call(fn.args[0].value, tuple(args), (*call.kwargs, *fn.kwargs))
        if isinstance(fn, Call) and fn.fn is ops.refused:
            raise Unsupported(())
        name = fn.id if isinstance(fn, Name) else "this"
        raise refuse(
            "unknown-function",
            f"which function `{name}` is cannot be told before the run",
            self.span,
            "pass the function itself as an argument, or call it by its own name",
            self.inside,
        )

    def in_full(self, call: Call) -> Call:
        """A call of an opaque function with an argument for each of its parameters, in order."""
        given = self.bound(Callee(call.fn), call, call.fn.signature)  # type: ignore[arg-type, attr-defined]
        if any(isinstance(value, Call) and value.fn is ops.closure for value in given.values()):
            message = f"`{spelled(call.fn)}` is given a function that is defined inside another"
            raise refuse("unknown-function", message, self.span, "define it at module level", self.inside)
        return Call(call.fn, tuple(given.values()))

    # -------------------------------------------------------------------------------------- bodies
    def body_of(self, callee: Callee, call: Call) -> tuple[list[Stmt], Expr]:
        """What a function does on these arguments, in names that are free here, and its value."""
        if callee.function in self.open:
            message = f"`{spelled(callee.function)}` calls itself"
            raise refuse("recursive-call", message, self.span, "write the recursion as a loop", self.inside)
        source = self.read(callee.function)
        arguments = self.bound(callee, call, source.signature)
        known, captured = apart(arguments)
        function = replace(source.function, params=(*source.function.params, *captured))
        function = single_return(no_jumps(specialised(function, known)))
        before, values = self.arguments(function, arguments, captured)
        body = renamed(function.body, values)
        outer = (self.inside, self.span)
        self.open.append(callee.function)
        self.inside = function.name
        *inner, last = self.block(body)
        self.open.pop()
        self.inside, self.span = outer
        assert isinstance(last, Return), function.name
        return [*before, *inner], last.value

    def read(self, fn: Readable | LocalFunction) -> ReadSource:
        if isinstance(fn, LocalFunction):
            return fn
        if fn not in self.ready:
            try:
                self.ready[fn] = self.read_one(fn)
            except Unsupported as error:
                if any(refusal.code != "no-source" for refusal in error.refusals):
                    raise
                raise no_rule(fn, self.span, self.inside) from error
        return self.ready[fn]

    def bound(self, callee: Callee, call: Call, signature: inspect.Signature) -> dict[str, Expr]:
        """The argument of each parameter, defaults included."""
        keywords = {**dict(callee.kwargs), **dict(call.kwargs)}
        try:
            given = signature.bind(*callee.args, *call.args, **keywords).arguments
        except TypeError as error:
            raise refuse(
                "wrong-arguments", f"`{spelled(callee.function)}`: {error}", self.span, "", self.inside
            ) from error
        found: dict[str, Expr] = {}
        for name, parameter in signature.parameters.items():
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                raise refuse(
                    "unsupported-signature",
                    f"`{spelled(callee.function)}` takes any number of arguments",
                    self.span,
                    "give every parameter a name",
                    self.inside,
                )
            found[name] = given[name] if name in given else literal(parameter.default)
        return found

    def arguments(
        self, function: Function, arguments: Mapping[str, Expr], captured: Mapping[str, Expr]
    ) -> tuple[list[Stmt], dict[str, Expr]]:
        """What stands for each name of a function: a parameter's argument itself where it is an atom that the
        function does not change (or where a one-line function reads it once), a variable of that value elsewhere."""
        before: list[Stmt] = []
        values: dict[str, Expr] = dict(captured)
        changed = assigned_in(function.body) | written(function.body)
        uses = _uses_of_one_line(function)
        for parameter, value in arguments.items():
            if is_function_value(value):
                if parameter in changed:
                    message = f"`{parameter}`, a function, is assigned again"
                    raise refuse("unknown-function", message, self.span, "use another name", self.inside)
                values[parameter] = value
                continue
            rebound = parameter in assigned_in(function.body)
            if is_atom(value) or uses.count(parameter) == 1:
                itself = not rebound if isinstance(value, Name) else parameter not in changed
            else:
                itself = False
            if itself:
                values[parameter] = value
            elif parameter not in changed and isinstance(value, Tuple):
                more, values[parameter] = settled(value, self.fresh, parameter, self.span)
                before += more
            else:
                name = self.fresh.name(parameter)
                before.append(temporary(name, value, self.span))
                values[parameter] = Name(name)
        for name in sorted(taken(function) - values.keys()):
            values[name] = Name(self.fresh.name(name))
        return before, values


def _uses_of_one_line(function: Function) -> list[str]:
    """The names that a function reads which is one `return` of calls that stay; else nothing."""
    match function.body:
        case (Return(value),):
            inner = [node.fn for node in nodes(value) if isinstance(node, Call)]
            if all(stays_a_call(fn) and fn not in (ops.call, ops.method) for fn in inner):
                return list(names(value))
    return []
