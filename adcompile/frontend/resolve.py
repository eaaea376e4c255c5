"""What a name of a function stands for outside it: closure, globals, builtins, and attributes of those.

Goal: modules, functions, classes and constants are known before the run, and become `Const`s.  Non-goals: reading the
attributes of values of the run; those wait for types.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterable
from types import FunctionType
from typing import Any

import numpy as np

from adcompile.ir.nodes import Const, Expr, Tuple

MISSING = object()


class Resolver:
    """The names of outside that one function sees; `used` collects what was asked for."""

    def __init__(self, fn: FunctionType, local: Iterable[str]) -> None:
        self._local = frozenset(local)
        self._nonlocals: dict[str, Any] = {}
        self._empty: set[str] = set()  # variables of an outer function that have no value yet
        for name, cell in zip(fn.__code__.co_freevars, fn.__closure__ or (), strict=True):
            try:
                self._nonlocals[name] = cell.cell_contents
            except ValueError:
                self._empty.add(name)
        self._globals = fn.__globals__
        self.used: dict[str, Any] = {}

    def name(self, id: str) -> Any:
        """The object that a name stands for; `MISSING` for a local name or an unknown one."""
        if id in self._local or id in self._empty:
            return MISSING
        for names in (self._nonlocals, self._globals, vars(builtins)):
            if id in names:
                self.used[id] = names[id]
                return names[id]
        return MISSING

    def is_local(self, id: str) -> bool:
        return id in self._local


def attribute(owner: Any, name: str) -> Any:
    """An attribute of an object known before the run; `MISSING` if it has none."""
    return getattr(owner, name, MISSING)


def literal(value: Any) -> Expr:
    """An object known before the run, as an expression: numbers as literals, tuples item by item."""
    if isinstance(value, (np.bool_, np.integer)) or (isinstance(value, np.floating) and value.dtype == np.float64):
        return Const(value.item())
    if isinstance(value, tuple):
        return Tuple(tuple(literal(item) for item in value))
    return Const(value)
