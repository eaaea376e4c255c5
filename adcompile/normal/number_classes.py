"""What a number of the run is in Python: Python's own number, NumPy's, or an array without axes.

Goal: code that asks for the class of a number, assigns to its items, or catches the error of doing so is answered as
Python would, where every way to it gives one answer.  `math.sin` gives Python's own, `np.sin` NumPy's, `np.asarray` an
array without axes; parameters hold either of the first two.  Non-goals: arrays with axes, of which nothing is said;
which names are the same array without axes (`axisless`).

>>> known = NumberClasses({"x": NUMBER})
>>> sorted(known.of(Call(np.sin, (Name("x"),)))), sorted(known.of(Call(np.asarray, (Name("x"),))))
(['numpy'], ['array'])
>>> known.statement(Assign("y", Call(np.add, (Name("x"), Const(1.0)))))
>>> sorted(known.of(Name("y")))
['numpy', 'python']
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from adcompile.errors import refuse
from adcompile.ir import ops
from adcompile.ir.nodes import Assign, Block, Call, Const, Expr, For, Index, Name, Stmt, Tuple, Update
from adcompile.ir.walk import statements

Classes = frozenset[str]
PYTHON, NUMPY, ARRAY = "python", "numpy", "array"
COMPLEMENT = "complement"
"""`~` of a `bool` of Python's, which is the number -1 or -2 there."""
NUMBER: Classes = frozenset((PYTHON, NUMPY))
ANY: Classes = frozenset((PYTHON, NUMPY, ARRAY))
_PYTHON, _NUMPY, _ARRAY = frozenset((PYTHON,)), frozenset((NUMPY,)), frozenset((ARRAY,))

_OPERATORS = (
    np.add, np.subtract, np.multiply, np.divide, np.floor_divide, np.remainder, np.negative, np.positive, ops.power,
    np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal, np.left_shift, np.right_shift, abs,
)  # fmt: skip
"""What may be written as an operator, which Python's own numbers answer themselves."""
BITS = (np.bitwise_and, np.bitwise_or, np.bitwise_xor)
_ARRAYS = (
    np.array, np.asarray, np.asanyarray, np.asarray_chkfinite, np.copy, np.where, np.select, np.piecewise, np.require,
    np.zeros, np.ones, np.empty, np.full, np.zeros_like, np.ones_like, np.empty_like, np.full_like, np.broadcast_to,
    np.real_if_close, np.i0, np.isin,
)  # fmt: skip
"""What gives an array, of a number too."""
_NUMBERS = (
    np.sum, np.prod, np.mean, np.max, np.min, np.std, np.var, np.median, np.ptp, np.average, np.any, np.all, np.round,
    np.clip, np.nan_to_num, np.interp, np.angle, np.polyval, np.dot, np.vdot, np.inner, np.trapezoid, np.quantile,
    np.percentile, np.nanmean, np.nansum, np.nanmax, np.nanmin, np.nanmedian, np.isclose, np.isneginf, np.isposinf,
    np.fix, np.sinc, np.iscomplex, np.searchsorted, np.digitize, np.count_nonzero, np.argmax, np.argmin, np.take,
    np.einsum, np.trace, np.linalg.norm, np.linalg.det,
)  # fmt: skip
"""What gives a number of NumPy's, where it gives no axes."""
_PYTHONS = (
    float, int, bool, complex, len, isinstance, hasattr, callable, np.isscalar, np.iterable, np.allclose, np.ndim,
    np.size, np.array_equal, ops.negated, ops.raises, ops.contains, ops.dim,
)  # fmt: skip
_REDUCING = ("sum", "mean", "any", "all", "max", "min", "prod", "std", "var", "argmax", "argmin", "trace", "dot")
_KEEPING = ("copy", "squeeze", "transpose", "conj", "conjugate", "astype", "reshape", "swapaxes", "view")
_COUNTS = ("size", "ndim", "itemsize", "nbytes")


class NumberClasses:
    """By variable, at the point where a walk is."""

    def __init__(self, known: Mapping[str, Classes], is_array: Callable[[str], bool] = lambda name: False) -> None:
        self.known: dict[str, Classes] = dict(known)
        self.is_array = is_array  # whether a variable is an array with axes
        self.items: dict[str, tuple[Classes, ...]] = {}  # of tuples

    def require_no_complement(self, expr: Expr, is_truth: bool) -> None:
        """Refuses `~` of a truth that may be Python's own."""
        if is_truth and COMPLEMENT in self.of(expr):
            raise refuse(
                "unsupported-expression",
                "`~` of what may be a `bool` of Python's is a number other than 0 (`~True` is -2): it always holds",
                hint="write `not`",
            )

    def of(self, expr: Expr) -> Classes:
        """The classes that a number may have."""
        match expr:
            case Const(value):
                return _ARRAY if isinstance(value, np.ndarray) else NUMBER
            case Name(name):
                return self.known.get(name, ANY)
            case Index(Call(ops.attribute, (_, Const("shape")))):
                return _PYTHON
            case Index(owner, (Const(int(place)),)) if place in range(-len(found := self._items(owner)), len(found)):
                return found[place]
            case Index(owner, index):
                return self._of_item(owner, index)
            case Call(ops.select, (_, *sides)) | Call(ops.both | ops.either, sides):
                return _union(map(self.of, sides))
            case Call(ops.attribute, (owner, Const(name))):
                if name in ("real", "imag", "T"):
                    return self.of(owner)
                return _PYTHON if name in _COUNTS else ANY
            case Call(ops.method, (owner, Const(str(name)), *_)):
                return self._of_method(self.of(owner), name)
            case Call(fn, args):
                return self._of_call(fn, args, dict(expr.kwargs))
        return ANY

    def _of_item(self, owner: Expr, index: Sequence[Expr]) -> Classes:
        """Of `a[index]`: an array gives a number of NumPy's, a list gives what it holds."""
        if any(isinstance(item, Const) and item.value is Ellipsis for item in index):
            return _ARRAY
        if tuple(index) == (Tuple(()),):
            return _NUMPY
        while isinstance(owner, Index):
            owner = owner.array
        given = _ARRAY if isinstance(owner, Name) and self.is_array(owner.id) else self.of(owner)
        return _NUMPY if PYTHON not in given else given if given == NUMBER else ANY

    def _of_method(self, owner: Classes, name: str) -> Classes:
        if name in ("item", "tolist"):
            return _PYTHON
        if name in _REDUCING or name == "round":
            return _NUMPY
        if name in _KEEPING:
            return owner
        return ANY

    def _of_call(self, fn: Any, args: Sequence[Expr], kwargs: Mapping[str, Expr]) -> Classes:
        def among(*groups: Iterable[Any]) -> bool:
            return any(fn is one for group in groups for one in group)

        if "out" in kwargs or (isinstance(fn, np.ufunc) and len(args) > fn.nin):
            return ANY
        if among(_OPERATORS, BITS):
            return _of_operator(fn, [self.of(arg) for arg in args])
        if fn is np.invert:
            (given,) = map(self.of, args)
            return (given & _PYTHON and frozenset((COMPLEMENT,))) | (given - _PYTHON and _NUMPY)
        if among(_PYTHONS) or getattr(fn, "__module__", "") == math.__name__:
            return _PYTHON
        if among(_NUMBERS) or isinstance(fn, np.ufunc) or (isinstance(fn, type) and issubclass(fn, np.generic)):
            return _NUMPY
        if among(_ARRAYS) or isinstance(fn, np.vectorize):
            return _ARRAY
        if among((copy.copy, copy.deepcopy, ops.like, ops.snapshot)):
            return self.of(args[0])
        if fn is round:
            return _PYTHON if len(args) == 1 else NUMBER
        if among((max, min)) and len(args) > 1:
            return _union(map(self.of, args))
        if among((np.squeeze, np.reshape, np.transpose, np.real, np.imag)):
            given = self.of(args[0])
            return given if PYTHON not in given else given | _ARRAY
        return ANY

    # ------------------------------------------------------------------------------------ statements
    def statement(self, stmt: Stmt) -> None:
        """What is known after a statement; of a loop, that its index is counted by Python."""
        if isinstance(stmt, Assign):
            found = self.of(stmt.value)
            items = self._items(stmt.value)
            self.known[stmt.target] = found
            self.items.pop(stmt.target, None)
            if items:
                self.items[stmt.target] = items
        elif isinstance(stmt, Update):
            old = self.known.get(stmt.target, ANY)
            new = self.of(Call(stmt.fn, (Name(stmt.target), stmt.value)))
            self.known[stmt.target] = old if old == _ARRAY else (old & _ARRAY) | new
        elif isinstance(stmt, For):
            self.known[stmt.index] = _PYTHON

    def _items(self, value: Expr) -> tuple[Classes, ...]:
        """Those of the items of a tuple."""
        match value:
            case Tuple(items):
                return tuple(map(self.of, items))
            case Name(name):
                return self.items.get(name, ())
            case Call(np.broadcast_arrays, args):
                return (_ARRAY,) * len(args)
        return ()

    # ------------------------------------------------------------------------------------ ways
    def copy(self) -> NumberClasses:
        """The same, to go on from here on another way."""
        new = NumberClasses(self.known, self.is_array)
        new.items = dict(self.items)
        return new

    def join(self, other: NumberClasses) -> None:
        """Where two ways meet; a variable that one of them leaves without a value is read on the other alone."""
        for name, classes in other.known.items():
            self.known[name] = self.known.get(name, classes) | classes
        self.items = {name: items for name, items in self.items.items() if other.items.get(name) == items}

    def loop(self, block: Block) -> None:
        """At the start of any trip of a loop, and after it."""
        while True:
            start = self.copy()
            for stmt in statements(block):
                before = self.copy()
                self.statement(stmt)
                self.join(before)
            if self.known == start.known and self.items == start.items:
                return


def _of_operator(fn: Any, given: Sequence[Classes]) -> Classes:
    """An operator on Python's own numbers gives one of these, on any other a number of NumPy's."""
    if any(not classes & {PYTHON, COMPLEMENT} for classes in given):
        return _NUMPY
    own = [COMPLEMENT in classes for classes in given]
    complement = fn in BITS and (all(own) if fn is np.bitwise_and else any(own))
    numpys = any(classes & {NUMPY, ARRAY} for classes in given)
    return _PYTHON | (_NUMPY if numpys else frozenset()) | ({COMPLEMENT} if complement else frozenset())


def _union(parts: Iterable[Iterable[str]]) -> Classes:
    return frozenset[str]().union(*parts)
