"""Python functions that a derivative's text calls, and the types of what they give.

Goal: what `ir.opaque` asks of a function with source, found by bringing it to the core dialect for the types at hand,
once.  Non-goals: what its derivative is; `api.custom` and `api.replayed` say that.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from adcompile import pipeline
from adcompile.analysis.aliasing import roots
from adcompile.api.signatures import name_of
from adcompile.errors import refuse
from adcompile.frontend.source import brought_along, python_function
from adcompile.ir.nodes import Assign, Call, Expr, Function, Index, Name, Return
from adcompile.ir.opaque import Opaque
from adcompile.ir.types import Array, TupleType, Type
from adcompile.ir.walk import names, statements, written


@dataclass(frozen=True)
class Known:
    """What is known of a function for some types of arguments."""

    result: Type
    shares: bool


class Kept(Opaque):
    """A function with source that stays a call in the text of one derivative; the next reads it."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.written = self.inlined = function
        self.__name__ = name_of(function)
        self._known: dict[tuple[Type, ...], Known] = {}

    @property
    def signature(self) -> inspect.Signature:  # type: ignore[override]
        own = inspect.signature(python_function(self.inlined), follow_wrapped=False)
        brought = brought_along(self.inlined)
        return own.replace(parameters=[one for name, one in own.parameters.items() if name not in brought])

    def known(self, arguments: tuple[Type, ...]) -> Known:
        """What is known of it for these types."""
        if arguments not in self._known:
            self._known[arguments] = known(self.inlined, arguments)
        return self._known[arguments]

    def result(self, arguments: tuple[Type, ...]) -> Type:
        return self.known(arguments).result

    def shares(self, arguments: tuple[Type, ...]) -> bool:
        return self.known(arguments).shares

    def call(self, *args: Expr) -> Call:
        """A call of it."""
        return Call(self, args)


def known(function: Callable[..., Any], arguments: tuple[Type, ...]) -> Known:
    """What is known of a function for these types; one that writes to its arguments is refused."""
    after = pipeline.typed(function, arguments)
    core = after["typed"]
    aliases = roots(core)
    given = set(core.params)  # and what is in them
    for stmt in core.body:
        match stmt:
            case Assign(target, Index(Name(whole))) if isinstance(core.types[whole], TupleType):
                given.add(target)
    stored = {aliases.find(name) for name in written(core.body)} & given
    if stored:
        span = next((s.span for s in statements(core.body) if getattr(s, "array", "") in stored), None)
        message = f"`{core.name}` writes to `{min(stored)}`, which it is given"
        hint = "write to a copy (`.copy()`): others read the array that is passed"
        raise refuse("writes-argument", message, span, hint, core.name)
    return Known(pipeline.returned_type(core), _shares(after["ssa"]))


def _shares(function: Function) -> bool:
    """Whether an array that a function returns may be one of its arguments, or another that it returns: as Python has
    it, where names are rebound and nothing is copied."""
    aliases = roots(function)
    given = {*function.params}
    for stmt in function.body:
        match stmt:
            case Assign(target, Index(Name(whole))) if isinstance(function.types[whole], TupleType):
                given.add(target)
    last = function.body[-1]
    assert isinstance(last, Return)
    arrays = [aliases.find(name) for name in names(last.value) if isinstance(function.types.get(name), Array)]
    return not {aliases.find(name) for name in given}.isdisjoint(arrays) or len(set(arrays)) < len(arrays)


def active_positions(active: Sequence[bool]) -> tuple[int, ...]:
    """The numbers of the arguments that vary."""
    return tuple(number for number, varies in enumerate(active) if varies)
