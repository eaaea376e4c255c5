"""What a function that is called gets for each of its names.

Goal: an argument stands for its parameter itself where that says the same; others get a variable.  Functions, classes,
ranges and dicts, which are no values of the run, always stand for it.  Non-goals: bodies (`inline`).
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping

from adcompile.errors import Span, Unsupported, refuse
from adcompile.frontend.functions import is_function_value
from adcompile.frontend.resolve import literal
from adcompile.ir import ops
from adcompile.ir.nodes import Assign, Call, Const, Expr, Function, Name, Return, Stmt, Tuple
from adcompile.ir.walk import names, nodes, written
from adcompile.normal.callees import Callee, spelled, stays_a_call
from adcompile.normal.flow import assigned_in
from adcompile.normal.fresh import Fresh, taken
from adcompile.normal.knowing import Knowledge
from adcompile.normal.order import is_atom, settled, temporary
from adcompile.normal.records import kind_of, record, values_of


class Arguments:
    """Gives out names that the caller does not have; `inside` and `span` say where the call stands."""

    def __init__(self, function: Function) -> None:
        self.fresh = Fresh(taken(function))
        self.known = Knowledge(self.fresh)
        self.inside = function.name
        self.span: Span | None = None

    def resolved(self, call: Call) -> Call:
        """A call of a local name, once it is known which function that is."""
        fn, *args = call.args
        if isinstance(fn, Const) and callable(fn.value):
            return Call(fn.value, tuple(args), call.kwargs)
        if isinstance(fn, Call) and fn.fn is ops.closure and isinstance(fn.args[0], Const):
            return Call(fn.args[0].value, tuple(args), (*call.kwargs, *fn.kwargs))
        if isinstance(fn, Call) and fn.fn is ops.refused:
            raise Unsupported(())
        if isinstance(fn, Call) and fn.fn is type and len(args) == len(fn.args) == 1 and not call.kwargs:
            return Call(ops.like, (fn.args[0], args[0]))
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
            if parameter.kind is parameter.VAR_POSITIONAL:
                found[name] = Tuple(tuple(given.get(name, ())))
            elif parameter.kind is parameter.VAR_KEYWORD:
                found[name] = record(given.get(name, {}))
            else:
                found[name] = given[name] if name in given else literal(parameter.default)
        return found

    def arguments(
        self, function: Function, arguments: Mapping[str, Expr], captured: Mapping[str, Expr], own: str = ""
    ) -> tuple[list[Stmt], dict[str, Expr]]:
        """What stands for each name of a function: a parameter's argument itself where it is an atom that the
        function does not change (or where a one-line function reads it once), a variable of that value elsewhere."""
        before: list[Stmt] = []
        values: dict[str, Expr] = dict(captured)
        changed = assigned_in(function.body) | written(function.body)
        uses = _uses_of_one_line(function)
        for parameter, value in arguments.items():
            if is_function_value(value) or (isinstance(value, Call) and value.fn in (type, range)):
                if parameter in changed:
                    message = f"`{parameter}`, a function, is assigned again"
                    raise refuse("unknown-function", message, self.span, "use another name", self.inside)
                values[parameter] = value
                continue
            if (of_dict := values_of(value)) is not None:
                by = dict(value.kwargs).get("by") if isinstance(value, Call) else None
                if isinstance(by, Const) and parameter not in assigned_in(function.body):
                    values[parameter] = Name(by.value)
                    continue
                if isinstance(by, Const):  # the parameter may stand for it, and then for another
                    self.known.shared.add(by.value)
                if parameter in written(function.body) and parameter != own:
                    kind = kind_of(value).__name__
                    message = f"`{parameter}`, a {kind}, is changed by a function that it is passed to"
                    raise refuse(f"unsupported-{kind}", message, self.span, "return a new dict", self.inside)
                name = self.fresh.name(parameter)
                before += self.known.dict_of(Assign(name, value, span=self.span), of_dict)
                values[parameter] = Name(name) if parameter in changed else self.known.values[name]
                continue
            if isinstance(value, Tuple) and self.known.holds_dict(value):
                name = self.fresh.name(parameter)
                before += self.known.assigned(Assign(name, value, span=self.span), value)
                values[parameter] = Name(name) if parameter in changed else self.known.values[name]
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
