"""Functions that call themselves.

Goal: such a function stays a call, of an opaque function that is made from its own text (`api.recursive`): the
arguments that are known before the run (functions, strings, `None`) are written into that text, with what they have
captured as further parameters; all others are passed.  Where integers or tuples that are known before the run tell how
deep it goes, the calls are written out, up to `MOST` of them.  Non-goals: dicts and lists that change, as arguments.

    def simpson(f, a, b, n): ... simpson(f, a, m, n - 1) ...
    simpson(lambda t: k * t, 0.0, x, n)
becomes
    def simpson(a, b, n, k):
        f = lambda t: k * t
        ... simpson(a, m, n - 1, k) ...
    simpson(0.0, x, n, k)
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from adcompile.errors import Span, refuse
from adcompile.frontend.functions import LocalFunction, is_function_value
from adcompile.ir import ops
from adcompile.ir.nodes import Assign, Block, Call, Const, Effect, Expr, Function, If, Name, Stmt, Tuple
from adcompile.ir.opaque import Opaque
from adcompile.ir.walk import blocks, names, nodes, substituted, with_blocks
from adcompile.normal.flow import fails
from adcompile.normal.fresh import Fresh, taken
from adcompile.normal.jumps import negated
from adcompile.normal.records import values_of

MOST = 64  # calls of one function that are written out
_KINDS = 8  # functions that one becomes, by what it is given that is known before the run

_make: list[Callable[[LocalFunction], Opaque]] = []


def made_by(make: Callable[[LocalFunction], Opaque]) -> None:
    """Says what makes an opaque function of a recursive one: a layer that can run the stages."""
    _make[:] = [make]


class Again(Exception):
    """A function calls itself that is to stay a call from now on: `made`."""

    def __init__(self, made: Opaque) -> None:
        super().__init__(made)
        self.made: Any = made


@dataclass(frozen=True, eq=False)
class Lifted(LocalFunction):
    """A recursive function by itself; what is known of others that its text may call, and it itself, goes with it."""

    recursions: Recursions | None = None


@dataclass(frozen=True, slots=True)
class _Parts:
    """Arguments: those that are known before the run, in names of their own; those that are passed; and what the
    former have captured."""

    known: dict[str, Expr]
    passed: dict[str, Expr]
    captured: dict[str, Name]

    @property
    def key(self) -> Hashable:
        return tuple(self.known.items())

    @property
    def given(self) -> tuple[Expr, ...]:
        return (*self.passed.values(), *self.captured.values())


class Recursions:
    """The recursive functions that are known in the text of one derivative."""

    def __init__(self) -> None:
        self._made: dict[Any, dict[Hashable, Opaque]] = {}
        self.written_out: dict[Any, int] = {}

    def call(self, function: Any, arguments: Mapping[str, Expr]) -> Call | None:
        """The call of a recursive function that is known; nothing if it is not."""
        if function not in self._made:
            return None
        parts = _parts(arguments)
        made = self._made[function].get(parts.key)
        return None if made is None else Call(made, parts.given)

    def goes_on(self, function: Any, before: Hashable, now: Hashable) -> bool:
        """Whether a call of a function in itself is written out: what is known of its arguments has changed."""
        self.written_out[function] = self.written_out.get(function, 0) + 1
        return before != now and self.written_out[function] <= MOST

    def stay(
        self, function: Any, read: Function, arguments: Mapping[str, Expr], span: Span | None, inside: str
    ) -> Opaque:
        """Makes a function stay a call for what is known of these arguments."""
        parts, kinds = _parts(arguments), self._made.setdefault(function, {})
        for name, value in parts.passed.items():
            if values_of(value) is not None:
                message = f"`{read.name}` calls itself, and `{name}`, which it is given, is no number, array or tuple"
                raise refuse("recursive-call", message, span, "pass its numbers and arrays one by one", inside)
        if len(kinds) == _KINDS:
            message = f"`{read.name}` calls itself with ever other functions"
            raise refuse("recursive-call", message, span, "write the recursion as a loop", inside)
        fresh = Fresh(taken(read))
        places = {name: fresh.name(value.id) for name, value in parts.captured.items()}
        own = {name: Name(place) for name, place in places.items()}
        known = [Assign(name, substituted(value, own)) for name, value in parts.known.items()]
        params = (*parts.passed, *places.values())
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        signature = inspect.Signature([inspect.Parameter(param, kind) for param in params])
        function_of_its_own = Function(read.name, params, (*known, *read.body))
        return kinds.setdefault(parts.key, _make[0](Lifted(function_of_its_own, signature, recursions=self)))


def shape_of(arguments: Mapping[str, Expr]) -> Hashable:
    """What is known of arguments that may tell how deep a recursion goes: integers, and how tuples are made."""
    return tuple(map(_shape, arguments.values()))


def _shape(value: Expr) -> Hashable:
    if isinstance(value, Const) and isinstance(value.value, int) and not isinstance(value.value, bool):
        return value.value
    if (values := values_of(value)) is not None:
        return tuple((key, _shape(inner)) for key, inner in values.items())
    return tuple(map(_shape, value.items)) if isinstance(value, Tuple) else None


def _parts(arguments: Mapping[str, Expr]) -> _Parts:
    known = {name: value for name, value in arguments.items() if _is_known(value)}
    order = dict.fromkeys(outer for value in known.values() for outer in names(value))
    places = {outer: Name(f"captured_{number}'") for number, outer in enumerate(order, 1)}
    return _Parts(
        {name: substituted(value, places) for name, value in known.items()},
        {name: value for name, value in arguments.items() if name not in known},
        {place.id: Name(outer) for outer, place in places.items()},
    )


def _is_known(value: Expr) -> bool:
    """Whether an argument is written into the text: a function, a class, a string, a flag, nothing."""
    if any(map(is_function_value, nodes(value))):
        return True
    if isinstance(value, Tuple):
        return bool(value.items) and all(map(_is_known, value.items))
    if isinstance(value, Call):
        return value.fn in (type, range) and not names(value)
    return isinstance(value, Const) and (
        isinstance(value.value, bool) or not isinstance(value.value, (int, float, complex, np.generic, np.ndarray))
    )


# ------------------------------------------------------------------------------------------ without the calls
def without_calls(function: Function) -> Function:
    """A function without the paths on which it calls what is not known yet: what it gives on the others is known."""
    last = function.body[-1]
    body, changed = _cut(function.body[:-1])
    if not changed:
        return function
    if fails(body):
        message = f"`{function.name}` calls itself on every path"
        raise refuse("recursive-call", message, body[-1].span, "return without a call where it ends", function.name)
    return replace(function, body=(*body, last))


def _cut(block: Block) -> tuple[Block, bool]:
    out: list[Stmt] = []
    changed = False
    for stmt in block:
        if isinstance(stmt, Assign) and isinstance(stmt.value, Call) and getattr(stmt.value.fn, "unknown", False):
            return (*out, _failure(stmt)), True
        cut = [_cut(inner) for inner in blocks(stmt)]
        if not any(each for _, each in cut):
            out.append(stmt)
            continue
        changed, sides = True, [inner for inner, _ in cut]
        if not isinstance(stmt, If) or not any(map(fails, sides)):
            out.append(with_blocks(stmt, sides))
        elif all(map(fails, sides)):
            return (*out, _failure(stmt)), True
        else:  # the path that goes on stands after the branch
            test, (then, orelse) = stmt.test, sides if fails(sides[0]) else (sides[1], sides[0])
            out += [If(test if fails(sides[0]) else negated(test), then, (), span=stmt.span), *orelse]
    return tuple(out), changed


def _failure(stmt: Stmt) -> Effect:
    return Effect(Call(ops.fail, (Const(RecursionError), Const(None))), span=stmt.span)
