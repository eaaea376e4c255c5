"""Derivatives that a function makes and calls: of which function they are, and what that has captured.

Goal: `grad(u)(t)` in a function, `u` being any function that is known before the run, becomes a call of a derivative
object.  A function defined inside is given what it has captured as further parameters first, so that the derivative is
one of an ordinary function, and what it captured is differentiated like any other argument.  Non-goals: writing the
derivative, which waits for types (`derivatives`).

    u = lambda t: k * t * t                      # where u is f(t, k) = k * t * t
    du = grad(u)(2.0)                            du = derived(grad(f), 2.0, k)
"""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np

from adcompile.errors import InvalidArgument, refuse
from adcompile.frontend.functions import LocalFunction, transform_of
from adcompile.frontend.resolve import literal
from adcompile.ir import ops
from adcompile.ir.nodes import (
    Accum,
    Assign,
    Block,
    Call,
    Const,
    Expr,
    Function,
    Index,
    Name,
    Return,
    Stmt,
    Store,
    Tuple,
    Update,
)
from adcompile.ir.walk import expressions, names, statements
from adcompile.normal.callees import Callee, spelled
from adcompile.normal.flow import assigned_in
from adcompile.normal.fresh import Fresh
from adcompile.normal.renaming import renamed

Captured = Mapping[str, Expr]
Enclose = Callable[[Call], tuple[LocalFunction, dict[str, Expr]]]
Body = Callable[[Callee, Call], tuple[list[Stmt], Expr]]

_NEW = (np.empty, np.zeros, np.ones, np.full, np.empty_like, np.zeros_like, np.ones_like, np.copy, ops.copy, ops.power,
        operator.add, operator.sub, operator.mul, operator.truediv, operator.neg, operator.pow, operator.matmul,
        np.array, np.sum, np.dot, float, ops.derived)  # fmt: skip
_POSITIONAL = inspect.Parameter.POSITIONAL_OR_KEYWORD


def derivative_called(
    call: Call, enclose: Enclose
) -> tuple[Any, Captured, tuple[Expr, ...], tuple[tuple[str, Expr], ...]] | None:
    """The derivative that a call is of, what its function has captured, and the arguments; nothing for other calls."""
    if hasattr(call.fn, "__adcompile_derivative__"):
        return _callable(call.fn), {}, call.args, call.kwargs
    match call:
        case Call(ops.call, (Const(fn), *args)) if hasattr(fn, "__adcompile_derivative__"):
            return _callable(fn), {}, tuple(args), call.kwargs
        case Call(ops.call, (Call() as made, *args)) if transform_of(made.fn):
            derivative, captured = _made(made, enclose)
            return _callable(derivative), captured, tuple(args), call.kwargs
        case Call(ops.method, (Call() as made, Const("seeded"), *args)) if transform_of(made.fn) == "vjp":
            derivative, captured = _made(made, enclose)
            return derivative.seeded, captured, tuple(args), call.kwargs
    if transform := transform_of(call.fn):
        raise _not_called(transform)
    return None


def _callable(derivative: Any) -> Any:
    """A derivative whose call is one function of the language."""
    if hasattr(derivative, "seeded"):
        raise refuse(
            "derivative-inside",
            f"what vjp of `{spelled(derivative)}` returns is used in an expression",
            hint="write `value, pullback = vjp(f)(...)`, or call vjp(f).seeded(..., seed)",
        )
    if derivative.request.out:
        message = f"`{spelled(derivative)}`, a derivative that writes to its argument out"
        raise refuse("derivative-inside", message, hint="call one that returns new arrays")
    return derivative


def _not_called(name: str) -> Exception:
    hint = "call the derivative of a function that is defined here, or is known before the run: grad(u)(x)"
    return refuse("derivative-inside", f"`{name}` in a differentiated function, used in no such way", hint=hint)


def _made(made: Call, enclose: Enclose) -> tuple[Any, Captured]:
    """The derivative that a call of `grad` or its like makes."""
    captured: Captured = {}
    primal: Any
    of, *more = made.args or (None,)
    match of:
        case Call() as inner if transform_of(inner.fn):
            primal, captured = _made(inner, enclose)
            if captured and getattr(getattr(primal, "request", None), "kind", "") == "jvp":
                hint = "put a function in between: lambda x: jvp(u)((x,), (1.0,))[1]"
                raise refuse("derivative-inside", f"{transform_of(made.fn)} of jvp of a local function", hint=hint)
        case Call(ops.closure) as closure:
            primal, captured = enclose(closure)
        case Const(value) if callable(value):
            primal = value
        case _:
            hint = "give it the function itself, and what else it takes by keyword"
            raise refuse("unknown-function", f"which function {transform_of(made.fn)} is of cannot be told", hint=hint)
    try:
        return made.fn(primal, *map(_known, more), **{key: _known(value) for key, value in made.kwargs}), captured
    except (InvalidArgument, TypeError) as error:
        raise refuse("derivative-inside", str(error)) from error


def _known(expr: Expr) -> Any:
    if isinstance(expr, Tuple):
        return tuple(map(_known, expr.items))
    if isinstance(expr, Const):
        return expr.value
    raise refuse("dynamic-argument", "an option of a derivative must be known before the run", hint="give a literal")


def enclosed(closure: Call, body_of: Body, fresh: Fresh) -> tuple[LocalFunction, dict[str, Expr]]:
    """A function defined inside as one of its parameters and of all that it reads around it, and what that is here."""
    assert isinstance(closure.args[0], Const)
    local: LocalFunction = closure.args[0].value
    own = [p for p in local.signature.parameters.values() if p.name not in dict(closure.kwargs)]
    places = {fresh.name(p.name): p.name for p in own}
    before, value = body_of(Callee(local), Call(local, tuple(map(Name, places)), closure.kwargs))
    body: Block = (*before, Return(value))
    read = dict.fromkeys(name for stmt in statements(body) for expr in expressions(stmt) for name in names(expr))
    outer = [name for name in read if name not in assigned_in(body) and name not in places]
    _check_not_written(body, local, places)
    clashing = {name for name in (*read, *assigned_in(body)) if name in places.values()}
    others = {name: fresh.name(f"{name}_outside") for name in clashing - places.keys()}
    new = {name: Name(to) for name, to in {**places, **others}.items()}
    captured = {others.get(name, name): Name(name) for name in outer}
    parameters = [p.replace(kind=_POSITIONAL) for p in own]
    parameters += [inspect.Parameter(name, _POSITIONAL) for name in captured]
    if any(p.default is not p.empty for p in own):  # those after it have to have one too
        parameters[len(own) :] = [p.replace(default=None) for p in parameters[len(own) :]]
    function = Function(local.function.name, tuple(p.name for p in parameters), renamed(body, new))
    return LocalFunction(function, inspect.Signature(parameters), tuple(captured)), dict(captured)


def _check_not_written(body: Block, local: LocalFunction, own: Collection[str]) -> None:
    """Refuses a function that may write what it has captured: a derivative writes into copies."""
    made = {s.target for s in statements(body) if isinstance(s, Assign) and _is_new(s.value)}
    made -= {s.target for s in statements(body) if isinstance(s, Assign) and not _is_new(s.value)}
    for stmt in statements(body):
        array = stmt.array if isinstance(stmt, (Store, Accum)) else stmt.target if isinstance(stmt, Update) else None
        if array is not None and array not in made and array not in own:
            raise refuse(
                "derivative-inside",
                f"`{local.__name__}` may write into an array of the function around it",
                stmt.span,
                "give it that array as an argument, or make a copy in it",
                local.__name__,
            )


def _is_new(value: Expr) -> bool:
    """Whether a value shares no memory with another."""
    return isinstance(value, Const) or (
        isinstance(value, Call) and (isinstance(value.fn, np.ufunc) or value.fn in _NEW)
    )


def with_captured(
    derivative: Any, captured: Captured, args: Sequence[Expr], kwargs: Sequence[tuple[str, Expr]]
) -> Call:
    """The call of a derivative with all the arguments that it takes, in its order."""
    signature: inspect.Signature = derivative.__signature__
    is_jvp = derivative.request.kind == "jvp"
    visible = [p for p in signature.parameters.values() if is_jvp or p.name not in captured]
    try:
        given = signature.replace(parameters=visible).bind(*args, **dict(kwargs)).arguments
    except TypeError as error:
        raise refuse("wrong-arguments", f"{derivative!r}: {error}") from error
    found = {p.name: given[p.name] if p.name in given else literal(p.default) for p in visible}
    if is_jvp and captured:
        primals = found["primals"]
        more = Tuple(tuple(captured.values()))
        joined = Tuple((*primals.items, *more.items)) if isinstance(primals, Tuple) else None
        found["primals"] = joined or Call(operator.add, (primals, more))
    values = (captured[name] if name in captured and not is_jvp else found[name] for name in signature.parameters)
    return Call(ops.derived, (Const(derivative), *values))


def linearized(expr: Expr) -> Expr:
    """`linearize(f, *args)[1](*tangents)` by `jvp`, `linearize(f, *args)[0]` by `f`; all else as it is."""
    match expr:
        case Call(ops.call, (Index(Call(fn, (of, *args)) as made, (Const(1),)), *tangents), ()) if _is_linearize(fn):
            return _tangent(made, of, tuple(args), tuple(tangents))
        case Index(Call(made, (of, *args)) as call, (Const(0),)) if _is_linearize(made):
            value = Call(ops.call, (of, *args))
            return Index(value, (Const(0),)) if _has_aux(call) else value
    return expr


def _is_linearize(fn: object) -> bool:
    return transform_of(fn) == "linearize"


def _has_aux(call: Call) -> bool:
    return dict(call.kwargs).get("has_aux") == Const(True)


def _tangent(made: Call, of: Expr, args: tuple[Expr, ...], tangents: tuple[Expr, ...]) -> Expr:
    jvp = Call(made.fn.__adcompile_tangent__, (of,), made.kwargs)  # type: ignore[attr-defined]
    return Index(Call(ops.call, (jvp, Tuple(args), Tuple(tangents))), (Const(1),))


def value_and_tangent(stmt: Assign, made: Call) -> tuple[list[Stmt], Tuple]:
    """`value, linear = linearize(f, *args)`: the arguments and the value, and the tangent as a function of theirs."""
    of, *args = made.args
    held = {f"{stmt.target}_at_{number}": arg for number, arg in enumerate(args)}
    before: list[Stmt] = [Assign(name, Call(ops.snapshot, (arg,)), span=stmt.span) for name, arg in held.items()]
    value = f"{stmt.target}_value"
    places = tuple(map(Name, held))
    before.append(Assign(value, Call(ops.call, (of, *places)), span=stmt.span, origin=stmt.origin))
    wrt = dict(made.kwargs).get("wrt", Const(None))
    several = wrt.items if isinstance(wrt, Tuple) else (wrt,) if wrt != Const(None) else places
    captured = dict.fromkeys((*held, *names(made)))
    tangents = [Fresh({*captured}).name(f"along_{number}") for number in range(len(several))]
    body = (Return(_tangent(made, of, places, tuple(map(Name, tangents))), span=stmt.span),)
    linear = _closure("linear", tangents, captured, body)
    if _has_aux(made):
        return before, Tuple((Index(Name(value), (Const(0),)), linear, Index(Name(value), (Const(1),))))
    return before, Tuple((Name(value), linear))


def _closure(name: str, taken: Sequence[str], captured: Collection[str], body: Block) -> Call:
    """A function of some parameters that has captured the rest of what it reads."""
    keywords = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in captured]
    signature = inspect.Signature([*(inspect.Parameter(name, _POSITIONAL) for name in taken), *keywords])
    function = Function(name, (*taken, *captured), body)
    return Call(ops.closure, (Const(LocalFunction(function, signature)),), tuple((n, Name(n)) for n in captured))


def value_and_pullback(stmt: Assign, made: Call, args: Sequence[Expr]) -> tuple[list[Stmt], Tuple]:
    """`value, pullback = vjp(f)(*args)`: the arguments and the value, and the pullback as a function of its seed."""
    held = {f"{stmt.target}_at_{number}": arg for number, arg in enumerate(args)}
    before: list[Stmt] = [Assign(name, Call(ops.snapshot, (arg,)), span=stmt.span) for name, arg in held.items()]
    value = f"{stmt.target}_value"
    before.append(Assign(value, Call(ops.call, (*made.args, *map(Name, held))), span=stmt.span, origin=stmt.origin))
    captured = dict.fromkeys((*held, *names(made)))
    seed = "seed"
    while seed in captured:
        seed += "_"
    seeded = Call(ops.method, (made, Const("seeded"), *map(Name, held), Name(seed)))
    return before, Tuple((Name(value), _closure("pullback", [seed], captured, (Return(seeded, span=stmt.span),))))
