"""What the front end says of the functions that are called, each read once."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FunctionType, MethodType
from typing import Any, Protocol

from adcompile.errors import Span, Unsupported, refuse
from adcompile.frontend.functions import LocalFunction
from adcompile.frontend.resolve import State, has_properties
from adcompile.ir.nodes import Call, Const, Function
from adcompile.ir.walk import nodes
from adcompile.normal.callees import no_rule, runs_elsewhere, spelled

Readable = FunctionType | MethodType


class ReadSource(Protocol):
    """What the front end says of a function."""

    @property
    def function(self) -> Function: ...

    @property
    def signature(self) -> inspect.Signature: ...


ReadOne = Callable[..., ReadSource]
"""Reads a function, under a `state` of globals if that is given."""


class Sources:
    """`ready` are the functions that were read, first used first."""

    def __init__(self, read_one: ReadOne) -> None:
        self.read_one = read_one
        self.ready: dict[Readable, ReadSource] = {}
        self.state: State = ()  # of globals, where it is not what they are now
        self.under: list[tuple[Readable, State, ReadSource]] = []  # where globals are not what they are now

    @contextmanager
    def within(self, state: State) -> Iterator[None]:
        """What is read inside sees these globals."""
        outer, self.state = self.state, state
        try:
            yield
        finally:
            self.state = outer

    def as_read(self, call: Call, span: Span | None, inside: str) -> Call | None:
        """A call that is not made before the run, as globals are others then; nothing where it may be."""
        if not self.state:
            return None
        given = [node.value for arg in call.args for node in nodes(arg) if isinstance(node, Const)]
        if runs_elsewhere(call.fn) or any(_is_of_user(value) and has_properties(value) for value in given):
            message = f"`{spelled(call.fn)}` is called where globals are not what they are now"
            raise refuse("unsupported-call", message, span, "call it outside of the `with`", inside)
        return call if isinstance(call.fn, functools._lru_cache_wrapper) else None

    def read(self, fn: Readable | LocalFunction, span: Span | None, inside: str) -> ReadSource:
        """The source of a function that is called in a place; one without source has no rule either."""
        if isinstance(fn, LocalFunction):
            if fn.state is not self.state:
                message = f"`{fn.function.name}` is defined where globals are not what they are here"
                raise refuse("unsupported-statement", message, span, "define it inside the `with`", inside)
            return fn
        if self.state:
            return self._under(fn, span, inside)
        if fn not in self.ready:
            try:
                self.ready[fn] = self.read_one(fn)
            except Unsupported as error:
                if any(refusal.code != "no-source" for refusal in error.refusals):
                    raise
                raise no_rule(fn, span, inside) from error
        return self.ready[fn]

    def _under(self, fn: Readable, span: Span | None, inside: str) -> ReadSource:
        for known, of, source in self.under:
            if known == fn and of is self.state:
                return source
        state = self.state
        with self.within(()):
            self.read(fn, span, inside)  # what it depends on, and whether it can be read
        self.under.append((fn, state, self.read_one(fn, state=state)))
        return self.under[-1][2]


def _is_of_user(value: Any) -> bool:
    module = str(type(value).__module__).partition(".")[0]
    return module not in ("builtins", "numpy", "numba", "types", "functools", "enum", "adcompile")
