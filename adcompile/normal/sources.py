"""What the front end says of the functions that are called, each read once."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import FunctionType, MethodType
from typing import Any, Protocol

from adcompile.errors import Span, Unsupported
from adcompile.frontend.functions import LocalFunction
from adcompile.ir.nodes import Function
from adcompile.normal.callees import no_rule

Readable = FunctionType | MethodType


class ReadSource(Protocol):
    """What the front end says of a function."""

    @property
    def function(self) -> Function: ...

    @property
    def signature(self) -> inspect.Signature: ...


class Sources:
    """`ready` are the functions that were read, first used first."""

    def __init__(self, read_one: Callable[[Any], ReadSource]) -> None:
        self.read_one = read_one
        self.ready: dict[Readable, ReadSource] = {}

    def read(self, fn: Readable | LocalFunction, span: Span | None, inside: str) -> ReadSource:
        """The source of a function that is called in a place; one without source has no rule either."""
        if isinstance(fn, LocalFunction):
            return fn
        if fn not in self.ready:
            try:
                self.ready[fn] = self.read_one(fn)
            except Unsupported as error:
                if any(refusal.code != "no-source" for refusal in error.refusals):
                    raise
                raise no_rule(fn, span, inside) from error
        return self.ready[fn]
