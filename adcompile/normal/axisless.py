"""Arrays without axes that go by several names.

Goal: an array without axes, as `np.asarray(x)` makes of a number, stands for its number.  That says the same until it
is changed in place (`b *= 2.0`) and read under another name; whether that may be is told here, so that it can be
refused.  Non-goals: types; an answer may be a false yes, never a false no.

>>> from adcompile.frontend.read import read
>>> def f(x, y):
...     a = np.asarray(x)
...     b = a
...     c = y
...     return a + b + c
>>> names = Axisless(read(f).function.body)
>>> sorted(names.others("b")), sorted(names.others("c")), names.is_part("b")
(['a'], [], False)
"""

from __future__ import annotations

import copy
from collections.abc import Iterator

import numpy as np

from adcompile.ir import ops
from adcompile.ir.nodes import Assign, Block, Call, Const, Expr, Index, Name, Tuple
from adcompile.ir.walk import statements

_SAME = (
    np.asarray, np.asanyarray, np.array, np.asarray_chkfinite, np.squeeze, np.reshape, np.transpose, np.broadcast_to,
    np.real, np.imag, np.require, np.moveaxis, np.swapaxes, copy.copy,
)  # fmt: skip
"""What may give back what it is given."""

_NEW = (
    np.copy, np.where, np.select, np.zeros, np.ones, np.empty, np.full, np.zeros_like, np.ones_like, np.empty_like,
    np.full_like, np.resize, np.nan_to_num, np.piecewise, np.isclose, copy.deepcopy, ops.copy,
)  # fmt: skip
_SAME_METHODS = ("squeeze", "reshape", "transpose", "swapaxes", "view", "astype", "conj", "conjugate")
_SAME_ATTRIBUTES = ("T", "real", "imag", "base")


class Axisless:
    """Of the variables of a function that is inlined already."""

    def __init__(self, body: Block) -> None:
        assigned = [stmt for stmt in statements(body) if isinstance(stmt, Assign)]
        tuples = {stmt.target for stmt in assigned if isinstance(stmt.value, Tuple) or _is_several(stmt.value)}
        new = tuples
        while new:
            new = {one.target for one in assigned if _mentions(tuples, one.value)} - tuples
            tuples |= new
        copies: list[tuple[str, str]] = []
        self._held: set[str] = set()  # that may hold an array without axes
        self._parts: set[str] = set()  # or one that is a part of another array
        for stmt in assigned:
            for value in _handed_on(stmt.value, tuples):
                if isinstance(value, Name):
                    copies.append((stmt.target, value.id))
                if _makes(value) or _is_part(value):
                    self._held.add(stmt.target)
                if _is_part(value):
                    self._parts.add(stmt.target)
        self._near: dict[str, set[str]] = {}
        for found in (self._held, self._parts):
            while more := {to for to, source in copies if source in found} - found:
                found |= more
        for to, source in copies:
            if {to, source} <= self._held:
                self._near.setdefault(to, set()).add(source)
                self._near.setdefault(source, set()).add(to)

    def is_part(self, name: str) -> bool:
        """Whether a variable may be a part of an array: `A[0, ...]`."""
        return name in self._parts

    def others(self, name: str) -> set[str]:
        """The variables that may be the same array without axes."""
        found, new = set[str](), {name}
        while new:
            found |= new
            new = {near for one in new for near in self._near.get(one, ())} - found
        return found - {name}


def _handed_on(value: Expr, tuples: set[str]) -> Iterator[Expr]:
    """What a value may be, or hold, without making anything new of it."""
    yield value
    parts: tuple[Expr, ...] = ()
    match value:
        case Tuple(items):
            parts = items
        case Index(Name(owner)) if owner in tuples or _is_part(value):
            parts = (Name(owner),)
        case Index(Tuple() | Call() as owner):
            parts = (owner,)
        case Call(ops.select, (_, *sides)):
            parts = tuple(sides)
        case Call(ops.both | ops.either | ops.record):
            parts = value.args
        case Call(ops.method, (owner, Const(name), *_)) if name in _SAME_METHODS:
            parts = (owner,)
        case Call(ops.attribute, (owner, Const(name))) if name in _SAME_ATTRIBUTES:
            parts = (owner,)
        case Call(np.broadcast_arrays, args):
            parts = args
        case Call(fn, (owner, *_)) if any(fn is one for one in _SAME):
            parts = (owner,)
    for part in parts:
        yield from _handed_on(part, tuples)


def _is_several(value: Expr) -> bool:
    return isinstance(value, Call) and value.fn is np.broadcast_arrays


def _mentions(tuples: set[str], value: Expr) -> bool:
    return any(isinstance(part, Name) and part.id in tuples for part in _handed_on(value, tuples))


def _makes(value: Expr) -> bool:
    """Whether an expression may make an array without axes of numbers."""
    match value:
        case Call(ops.method, (_, Const(name), *_)):
            return name == "copy" or name in _SAME_METHODS
        case Call(fn):
            return any(fn is one for one in (*_SAME, *_NEW, np.broadcast_arrays))
    return False


def _is_part(value: Expr) -> bool:
    return isinstance(value, Index) and Const(Ellipsis) in value.index
