"""Calls in expressions, with what they do spliced in where Python would do it.

Goal: an expression as the statements to run before it and what is left of it; a call of a function that can be read is
its body and its value.  Non-goals: statements (`inline`); what arguments become (`arguments`).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace

from adcompile.errors import Unsupported
from adcompile.frontend.functions import LocalFunction, is_function_value
from adcompile.ir import ops
from adcompile.ir.nodes import Assign, Block, Call, Const, Effect, Expr, Function, If, Index, Name, Return, Stmt, Tuple
from adcompile.ir.opaque import Opaque
from adcompile.ir.types import Type
from adcompile.ir.walk import children, rebuilt
from adcompile.normal.arguments import Arguments
from adcompile.normal.callees import Callee, callee_of, spelled, stays_a_call
from adcompile.normal.derived import derivative_called, enclosed, linearized, with_captured
from adcompile.normal.floating import is_flagged, require_silent
from adcompile.normal.growing import Growing
from adcompile.normal.guards import Guards
from adcompile.normal.jumps import negated
from adcompile.normal.made import made
from adcompile.normal.no_jumps import no_jumps
from adcompile.normal.order import in_order, temporary
from adcompile.normal.questions import settled_by_types
from adcompile.normal.records import as_index, plain
from adcompile.normal.recursion import Again, Recursions, shape_of
from adcompile.normal.renaming import apart, renamed
from adcompile.normal.single_return import single_return
from adcompile.normal.sources import Readable, Sources
from adcompile.normal.specialise import simpler, specialised, truth
from adcompile.normal.unpacked import with_counted, with_items
from adcompile.normal.written_arguments import called
from adcompile.normal.written_out import written_out
from adcompile.rules.registry import opaque_for


class Spliced(Arguments):
    """Evaluates expressions at the point where a walk of the program is."""

    def __init__(
        self, function: Function, sources: Sources, recursions: Recursions, last: bool, types: Mapping[str, Type]
    ) -> None:
        super().__init__(function)
        self.last = last
        self.types = types  # of parameters that are never assigned
        self.sources = sources
        self.recursions = recursions
        self.open: list[tuple[Readable | LocalFunction, Hashable]] = []  # what is being inlined
        self.guards = Guards(self.fresh)
        self.growing = Growing(self.known)
        self.ended = Return(Const(None))  # of the function that was inlined last

    @abstractmethod
    def whole(self, function: Function, body: Block) -> Block:
        """All that a function does, in the names of `body`, with one `return` at its end."""

    # -------------------------------------------------------------------------------------- expressions
    def in_order(self, exprs: Sequence[Expr]) -> tuple[list[Stmt], list[Expr]]:
        return in_order(exprs, self.expr, self.fresh, self.span)

    def expr(self, expr: Expr) -> tuple[list[Stmt], Expr]:
        """The statements to run before an expression, and what is left of it."""
        expr = linearized(self.known.looked_at(expr))
        match expr:
            case Const():
                return [], expr
            case Name(name):
                return [], self.known.whole(name) or expr
            case Call(ops.under, (Const(state), inner)):
                with self.sources.within(state):
                    return self.expr(inner)
            case Call(ops.select, (test, then, orelse)):
                return self.choice(expr, test, then, orelse)
            case Call(ops.both | ops.either, (left, right)):
                return self.shortcut(expr, left, right)
        if is_function_value(expr):
            return [], expr
        if isinstance(expr, Call):
            expr = self.known.passed(expr)
        before, parts = self.in_order(children(expr))
        if isinstance(expr, Index):
            parts = [parts[0], *map(as_index, parts[1:])]
        new = simpler(self.known.looked_at(rebuilt(expr, parts)))
        if isinstance(new, Tuple) and isinstance(expr, Call) and expr.fn is map:  # calls that may be inlined
            more, new = self.expr(new)
            return [*before, *more], new
        if isinstance(new, Index) and self.guards.handlers:
            more, new = self.guards.of_index(new, self.span)
            return [*before, *more], new
        if not isinstance(new, Call) or new.fn is ops.unpacked:
            return before, new
        place = (self.inside, self.span, len(self.open))
        before, new = with_counted(before, new, self.fresh, self.span)
        try:
            new = simpler(with_items(new, self.span, self.inside))
            if not isinstance(new, Call):
                return before, new
            if (wanted := self.derivative(new)) is not None:
                name = self.fresh.name(spelled(wanted.args[0].value))  # type: ignore[union-attr]
                return [*before, temporary(name, wanted, self.span)], Name(name)
            if new.fn is ops.call:
                new = self.resolved(new)
            new = self.sources.as_read(new, self.span, self.inside) or made(new)
            if not isinstance(new, Call):
                return before, new
            if self.guards.handlers and self.guards.flags() and not is_flagged(new.fn):
                name = new.args[1].value if new.fn is ops.method and isinstance(new.args[1], Const) else spelled(new.fn)
                require_silent(new.fn, name, self.span, self.inside)
            if stays_a_call(new.fn) and new.fn is not ops.record:
                new = replace(new, args=tuple(map(plain, new.args)))
            if written_out(new.fn) is not None:  # `ssa` puts statements in its place
                name = self.fresh.name(spelled(new.fn))
                return [*before, temporary(name, new, self.span)], Name(name)
            callee = callee_of(new.fn, self.span, self.inside, self.last)
            opaque = new.fn if isinstance(new.fn, Opaque) else opaque_for(new.fn)
            if callee is None and opaque is not None:
                name = self.fresh.name("result")
                return [*before, temporary(name, self.in_full(replace(new, fn=opaque)), self.span)], Name(name)
            if callee is None:
                more, new = self.guards.of_call(new, self.span)
                return [*before, *more], new
            body, value = self.body_of(callee, new)
        except Unsupported as error:  # the call may stand in a dead branch
            self.inside, self.span = place[:2]
            del self.open[place[2] :]
            why = Call(ops.refused, (Const(error.refusals),))
            return [*before, Effect(why, span=self.span)], Call(ops.refused, (Const(()),))
        return [*before, *body], value

    def choice(self, expr: Call, test: Expr, then: Expr, orelse: Expr) -> tuple[list[Stmt], Expr]:
        before, condition = self.expr(test)
        if (decided := truth(condition)) is not None:
            more, chosen = self.expr(then if decided else orelse)
            return [*before, *more], chosen
        (one, first), (two, second) = self.expr(then), self.expr(orelse)
        if not one and not two:
            return before, Call(expr.fn, (condition, first, second))
        name = self.fresh.name("chosen")
        one.append(temporary(name, first, self.span))
        two.append(temporary(name, second, self.span))
        return [*before, If(condition, tuple(one), tuple(two), span=self.span)], Name(name)

    def shortcut(self, expr: Call, left: Expr, right: Expr) -> tuple[list[Stmt], Expr]:
        before, first = self.expr(left)
        if (decided := truth(first)) is not None:
            if decided is (expr.fn is ops.either):
                return before, first
            more, second = self.expr(right)
            return [*before, *more], second
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

    # -------------------------------------------------------------------------------------- bodies
    def types_of(self, arguments: Mapping[str, Expr]) -> dict[str, Type]:
        """The types of arguments, as far as they are known."""
        return {p: self.types[x.id] for p, x in arguments.items() if isinstance(x, Name) and x.id in self.types}

    def body_of(self, callee: Callee, call: Call) -> tuple[list[Stmt], Expr]:
        """What a function does on these arguments, in names that are free here, and its value."""
        source = self.sources.read(callee.function, self.span, self.inside)
        arguments = self.bound(callee, call, source.signature)
        if (stays := self.recursions.call(callee.function, arguments)) is not None:
            return called(stays, self.fresh.name("result"), self.span, self.inside)
        shape = shape_of(arguments)
        if (open := [shape for function, shape in self.open if function == callee.function]) and (
            not self.recursions.goes_on(callee.function, open[-1], shape)
        ):
            raise Again(self.recursions.stay(callee.function, source.function, arguments, self.span, self.inside))
        known, captured = apart(arguments)
        function = replace(source.function, params=(*source.function.params, *captured))
        function = settled_by_types(function, self.types_of(arguments))
        function = single_return(no_jumps(specialised(function, known)))
        kinds = source.signature.parameters.items()
        own = next((name for name, parameter in kinds if parameter.kind is parameter.VAR_KEYWORD), "")
        before, values = self.arguments(function, arguments, captured, own)
        body = renamed(function.body, values)
        outer = (self.inside, self.span)
        self.open.append((callee.function, shape))
        self.inside = function.name
        *inner, last = self.whole(function, body)
        self.open.pop()
        self.inside, self.span = outer
        assert isinstance(last, Return), function.name
        self.ended = last
        return [*before, *inner], last.value
