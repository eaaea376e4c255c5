"""Functions linearised at a point: a value and the linear function that is the derivative there.

Goal: the tangents along many directions at one point, by the calling convention of `jax.linearize`.  Non-goals: keeping
what the function computed; each call runs its forward mode again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adcompile.api.derivative import Derivative
from adcompile.api.matching import matching
from adcompile.api.structured import Structured
from adcompile.ir.types import Type


class Linear:
    """The derivative of a function at one point: from tangents of its arguments to the tangent of its value.

    It holds copies of the arguments, and may be called any number of times."""

    def __init__(
        self, tangent: Derivative, arguments: tuple[Any, ...], types: tuple[Type, ...], names: Mapping[str, str]
    ) -> None:
        self._tangent = tangent
        self._arguments = arguments
        self._named = dict(zip(tangent.arguments, zip(arguments, types, strict=True), strict=True))
        self._by = tangent.moved(types)
        self._called = [names.get(name, name) for name in self._by]  # what a user calls them

    def __call__(self, *tangents: Any) -> Any:
        if len(tangents) != len(self._by):
            given = f"{len(tangents)} tangent{'' if len(tangents) == 1 else 's'}"
            raise self._tangent.invalid(f"{given} for {', '.join(self._called)}: it takes one for each")
        matched = []
        for name, called, tangent in zip(self._by, self._called, tangents, strict=True):
            value, type_ = self._named[name]
            matched.append(matching(tangent, value, type_, f"the tangent of {called}", self._tangent.invalid))
        return self._tangent(self._arguments, tuple(matched))[1]

    def __repr__(self) -> str:
        return f"<adcompile linearization of {self._tangent.__name__}>"


class StructuredLinear:
    """The same of a function whose arguments have structures, which their tangents have too."""

    def __init__(self, form: Structured, linear: Linear) -> None:
        self._form = form
        self._linear = linear

    def __call__(self, *tangents: Any) -> Any:
        if len(tangents) != len(self._form.by):
            raise self._form.of.invalid(f"it takes a tangent for each of {', '.join(self._form.by)}")
        return self._linear(*self._form.along(tangents, [f"the tangent of {name}" for name in self._form.by]))

    def __repr__(self) -> str:
        return repr(self._linear)
