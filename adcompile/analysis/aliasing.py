"""Which array names may be one array in memory.

In the core dialect an array name is a parameter, a fresh allocation, a `runtime.grown` version of a tape, or the
result of a carry or a merge.  Names joined by growing, carrying or merging are one *root*: a store through one may be
read through another.  Parameters never overlap here: the entry of a derivative sees to that.

>>> from adcompile.ir.nodes import Const
>>> from adcompile.runtime import grown
>>> from adcompile.ir.types import Array
>>> import numpy as np
>>> body = (Assign("tape", Call(np.empty, (Const(8),))), Assign("tape.1", Call(grown, (Name("tape"), Const(8)))))
>>> types = {"tape": Array("float64", 1), "tape.1": Array("float64", 1)}
>>> roots(Function("f", (), body, types)).find("tape.1")
'tape'
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from adcompile.fourier import TRANSFORMS
from adcompile.ir import ops
from adcompile.ir.nodes import Assign, Call, Expr, For, Function, If, Name, Stmt, While
from adcompile.ir.opaque import is_opaque
from adcompile.ir.types import Array, Type
from adcompile.ir.walk import statements
from adcompile.lapack import FOUND
from adcompile.runtime import GROWING, PRODUCTS

_ALLOCATING = (*GROWING, *ops.ALLOCATIONS, *PRODUCTS, *TRANSFORMS, *FOUND)


def is_allocation(expr: Expr) -> bool:
    """Whether an expression makes a fresh array (`runtime.grown` may: it is one too), or is of an opaque call."""
    if not isinstance(expr, Call):
        return False
    return expr.fn in _ALLOCATING or is_opaque(expr)


class Roots:
    """A union of array names; the root of a name is the first-defined name of its class."""

    def __init__(self, order: Iterable[str] = ()) -> None:
        self._above: dict[str, str] = {}
        self._order: dict[str, int] = {}
        for name in order:
            self._order.setdefault(name, len(self._order))

    def find(self, name: str) -> str:
        """The root of an array name; a name that was joined with nothing is its own."""
        above = self._above.get(name, name)
        if above == name:
            return name
        root = self.find(above)
        self._above[name] = root
        return root

    def same(self, left: str, right: str) -> bool:
        """Whether two names may be one array."""
        return self.find(left) == self.find(right)

    def join(self, left: str, right: str) -> None:
        """Make two names one array from here on."""
        first, second = self.find(left), self.find(right)
        if first == second:
            return
        last = len(self._order)
        if self._order.get(second, last) < self._order.get(first, last):
            first, second = second, first
        self._above[second] = first


def _definitions(function: Function) -> Iterable[str]:
    yield from function.params
    for stmt in statements(function.body):
        match stmt:
            case Assign():
                yield stmt.target
            case For() | While():
                for carry in stmt.carried:
                    yield carry.inner
                    yield carry.result
            case If():
                for merge in stmt.merges:
                    yield merge.result


def _joined(stmt: Stmt) -> Iterable[tuple[str, Expr]]:
    """Pairs that a statement makes one value: a new name and what it may hold."""
    match stmt:
        case Assign(target, Call(fn, (array, *_))) if fn in GROWING:
            yield target, array
        case Assign(target, Name() as value):
            yield target, value
        case For() | While():
            for carry in stmt.carried:
                yield carry.inner, carry.init
                yield carry.inner, carry.yielded
                yield carry.result, Name(carry.inner)
        case If():
            for merge in stmt.merges:
                yield merge.result, merge.then
                yield merge.result, merge.orelse


def roots(function: Function, types: Mapping[str, Type] | None = None) -> Roots:
    """The roots of a function's arrays; `types` replaces `function.types` where the caller is still adding names."""
    types = function.types if types is None else types
    result = Roots(_definitions(function))
    for stmt in statements(function.body):
        for name, value in _joined(stmt):
            if isinstance(value, Name) and isinstance(types.get(name), Array):
                result.join(name, value.id)
    return result
