"""A function of a package, and a point at which to differentiate it.

Goal: name functions by where they stand, never copy them.  Non-goals: references (see `references.py`) and what
becomes of a case (see `verdicts.py`).

>>> half = case("math:ldexp", "x", 0.5, 3)
>>> half.function()(*half.arguments()), half.name
(4.0, 'math:ldexp')
"""

from __future__ import annotations

import copy
import importlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Case:
    """`name` is `module:expression`, the expression evaluated in the module; `wrt` are names of parameters."""

    name: str
    wrt: tuple[str, ...]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    def function(self) -> Callable[..., Any]:
        """The function (or bound method) itself, imported."""
        module, _, expression = self.name.partition(":")
        return eval(expression, dict(vars(importlib.import_module(module))))

    def arguments(self, every: bool = False) -> tuple[Any, ...]:
        """Arguments in the order of the parameters, defaults filled in up to the last one given, or all; copies."""
        signature = signature_of(self.function())
        bound = signature.bind(*self.args, **self.kwargs)
        given = [k for k, name in enumerate(signature.parameters) if name in bound.arguments]
        bound.apply_defaults()
        wanted = list(signature.parameters)[: None if every else given[-1] + 1]
        return tuple(copy.deepcopy(bound.arguments[name]) for name in wanted)

    def positions(self) -> tuple[int, ...]:
        """Where the parameters to differentiate by stand."""
        params = list(signature_of(self.function()).parameters)
        return tuple(params.index(name) for name in self.wrt)


def signature_of(fn: Callable[..., Any]) -> inspect.Signature:
    """The signature that a caller reads: through decorators that say what they wrap."""
    return inspect.signature(getattr(fn, "py_func", fn))


def case(name: str, wrt: str, *args: Any, **kwargs: Any) -> Case:
    """A case, with the parameters to differentiate by in one string."""
    return Case(name, tuple(wrt.split()), args, kwargs)
