"""Whether a recursive function may give back an array that it was given, or a part of one.

Goal: what a function returns is followed to where it comes from, in the surface dialect where every other function is
in place: there a copy that somebody wrote is told from one that a later stage makes.  Non-goals: types; a number is
followed as an array is.

>>> from adcompile.frontend.read import read
>>> def f(u, n):
...     v = u[1:] if n == 0 else u * 2.0
...     return v
>>> def g(u):
...     v = u[1:].copy()
...     return v, np.sum(u)
>>> [gives_back(read(one).function.body, ("u",)) for one in (f, g)]
[True, False]
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from adcompile.ir import ops
from adcompile.ir.nodes import Assign, Block, Call, Const, Expr, Index, Name, Return, Tuple
from adcompile.ir.opaque import Opaque
from adcompile.ir.walk import statements

_FRESH = (
    np.zeros, np.zeros_like, np.ones, np.ones_like, np.full, np.full_like, np.empty, np.empty_like, np.copy, np.array,
    np.arange, np.linspace, np.eye, np.concatenate, np.stack, np.vstack, np.hstack, np.outer, np.dot, np.sum, np.mean,
    np.cumsum, np.roll, np.repeat, np.where, np.sort, np.linalg.solve, np.linalg.inv, ops.copy, ops.snapshot, ops.power,
)  # fmt: skip
_METHODS = ("copy", "sum", "mean", "dot", "max", "min", "prod", "astype", "cumsum", "std", "var")


def is_new(value: Expr) -> bool:
    """Whether a call surely gives an array of its own."""
    match value:
        case Call(ops.method, (_, Const(name), *_)):
            return name in _METHODS
        case Call(fn):
            return isinstance(fn, np.ufunc) or fn in _FRESH
    return False


def gives_back(body: Block, params: Iterable[str], itself: object = None) -> bool:
    """Whether a function may return a part of a parameter, or of one array twice."""
    parts: dict[str, set[str]] = {}
    for stmt in statements(body):
        if isinstance(stmt, Assign):
            parts.setdefault(stmt.target, set()).update(_parts(stmt.value, itself))
    ends = [stmt.value for stmt in statements(body) if isinstance(stmt, Return)]
    for end in ends:
        items = end.items if isinstance(end, Tuple) else (end,)
        sources = [_all(_parts(item, itself), parts) for item in items]
        every = [name for some in sources for name in some]
        if not {*every}.isdisjoint(params) or len({*every}) < len(every):
            return True
    return False


def _parts(value: Expr, itself: object) -> set[str]:
    """The variables of which a value may be a part; of a call of the function itself it is what others say it is."""
    match value:
        case Name(name):
            return {name}
        case Index(array):
            return _parts(array, itself)
        case Tuple(items):
            return {name for item in items for name in _parts(item, itself)}
        case Call(ops.select, (_, then, orelse)):
            return _parts(then, itself) | _parts(orelse, itself)
        case Call(fn, args, kwargs):
            own = fn is itself or (isinstance(fn, Opaque) and fn.recursive and not getattr(fn, "gives_back", True))
            if own or is_new(value):
                return set()
            return {name for arg in (*args, *(arg for _, arg in kwargs)) for name in _parts(arg, itself)}
    return set()


def _all(names: set[str], parts: Mapping[str, set[str]]) -> set[str]:
    reached = set(names)
    while more := {source for name in reached for source in parts.get(name, ())} - reached:
        reached |= more
    return reached
