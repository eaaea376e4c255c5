"""What a name of a function stands for outside it: closure, globals, builtins, and what hangs on those.

Goal: modules, functions, classes and constants are known before the run, and become `Const`s.  Non-goals: reading the
attributes of values of the run; those wait for types.

>>> import math
>>> def f(x):
...     return x * math.tau
>>> names = Resolver(f, local={"x"})
>>> names.name("x") is MISSING, names.name("math") is math, attribute(math, "tau")
(True, True, 6.283185307179586)
>>> literal((np.float64(2.0), 3))
Tuple(items=(Const(value=2.0), Const(value=3)))
"""

from __future__ import annotations

import builtins
import copy
import inspect
import types
from collections.abc import Iterable, Mapping
from types import FunctionType
from typing import Any

import numpy as np

from adcompile.ir.nodes import Const, Expr, Tuple


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"


MISSING: Any = _Missing()


State = tuple[tuple[dict[str, Any], str, Any], ...]
"""What globals of modules are inside a `with` that sets them: the globals of which module, the name, the value."""


def same_value(one: Any, other: Any) -> bool:
    """Whether two values of a global decide the same: equal texts and numbers, or one object.

    >>> same_value("".join(("a", "b")), "ab"), same_value(1, True), same_value([], [])
    (True, False, False)
    """
    if type(one) in (str, int, float, bool, tuple, bytes) and type(one) is type(other):
        return repr(one) == repr(other)
    return one is other


class Resolver:
    """The names of outside that one function sees; `used` collects those that were asked for.

    `state` is what some globals are where the function runs, if that is not what they are now."""

    def __init__(self, fn: FunctionType, local: Iterable[str], bound: Mapping[str, object] | None = None) -> None:
        self._local = frozenset(local)
        self._bound: dict[str, Any] = {}
        self._nonlocals: dict[str, Any] = dict(bound or {})
        self._empty: set[str] = set()  # variables of an outer function that have no value yet
        for name, cell in zip(fn.__code__.co_freevars, fn.__closure__ or (), strict=True):
            try:
                self._nonlocals[name] = cell.cell_contents
            except ValueError:
                self._empty.add(name)
        # A function's own builtins: an `exec` namespace may bring others.
        own: Any = fn.__globals__.get("__builtins__", builtins)
        own = vars(own) if isinstance(own, types.ModuleType) else own
        self.used: dict[str, Any] = {}
        self._scopes: tuple[Mapping[str, Any], ...] = (self._nonlocals, fn.__globals__, own)
        self.state: State = ()

    def name(self, id: str) -> Any:
        """The object that a name stands for; `MISSING` for a local name or an unknown one."""
        if id in self._bound:
            return self._bound[id]
        if id in self._local or id in self._empty:
            return MISSING
        for scope in self._scopes:
            if id in scope:
                self.used[id] = scope[id]
                return self._inside(scope, id, scope[id])
        return MISSING

    def attribute(self, owner: Any, name: str) -> Any:
        """An attribute of an object known before the run, as it is where the function runs."""
        if self.state and has_properties(owner, name):
            return MISSING  # computed now, where a global may be another
        value = attribute(owner, name)
        return self._inside(vars(owner), name, value) if isinstance(owner, types.ModuleType) else value

    def seen(self, scope: Mapping[str, Any], id: str) -> Any:
        """A global of a module, as it is where the function runs."""
        return self._inside(scope, id, scope.get(id, MISSING))

    def _inside(self, scope: Mapping[str, Any], id: str, value: Any) -> Any:
        return next((new for real, name, new in self.state if real is scope and name == id), value)

    def bind(self, id: str, value: Any) -> None:
        """A local name that stands for something of outside, after an `import` in the function."""
        self._bound[id] = value

    def inside(self, local: Iterable[str]) -> Resolver:
        """The names that a function defined in this one sees, besides its own and those of this one that it reads."""
        inner = copy.copy(self)
        inner._local = frozenset(local)
        inner._bound = {name: value for name, value in self._bound.items() if name not in inner._local}
        return inner

    def is_local(self, id: str) -> bool:
        """Whether the function itself assigns the name."""
        return id in self._local and id not in self._bound

    def has_no_value_yet(self, id: str) -> bool:
        """Whether the name is a variable of an outer function that was not assigned before the reading."""
        return id in self._empty


def has_properties(owner: Any, name: str = "") -> bool:
    """Whether an object computes this attribute, or any, when it is asked for it."""
    if isinstance(owner, (types.ModuleType, type)):
        return False
    kind = type(owner)
    if hasattr(kind, "__getattr__"):
        return True
    return any(isinstance(inspect.getattr_static(kind, one, None), property) for one in ([name] if name else dir(kind)))


def attribute(owner: Any, name: str) -> Any:
    """An attribute of an object known before the run; `MISSING` if it has none, or fails to give it."""
    try:
        return getattr(owner, name)
    except Exception:  # a property or a module may raise anything
        return MISSING


def item(owner: Any, index: Any) -> Any:
    """An item of a tuple, list or dict known before the run; `MISSING` if it has none (and for anything else)."""
    if not isinstance(owner, (tuple, list, Mapping)):
        return MISSING
    try:
        return owner[index]
    except (LookupError, TypeError):
        return MISSING


def literal(value: Any) -> Expr:
    """An object known before the run, as an expression: numbers as literals, tuples item by item."""
    if isinstance(value, (np.bool_, np.int64, np.float64, np.complex128)):
        return Const(value.item())
    if isinstance(value, tuple):
        return Tuple(tuple(literal(item) for item in value))
    return Const(value)


TEXT_METHODS = (
    "lower", "upper", "strip", "lstrip", "rstrip", "casefold", "startswith", "endswith", "replace", "title",
)  # fmt: skip
"""Methods of texts whose result is known where the texts are."""

_LONGEST_LIST = 64  # of outside, written out as a tuple


def of_outside(value: Any) -> Expr:
    """An object of outside as an expression; a short list is a tuple.

    >>> of_outside([1.0, 2.0])
    Tuple(items=(Const(value=1.0), Const(value=2.0)))
    """
    if isinstance(value, list) and len(value) <= _LONGEST_LIST and all(map(_is_simple, value)):
        return Tuple(tuple(map(literal, value)), listed=True)
    return literal(value)


def _is_simple(item: object) -> bool:
    """Whether an item of a list of outside can stand in a tuple of literals."""
    return isinstance(item, (bool, int, float, complex, str, np.float64)) or item is None or callable(item)
