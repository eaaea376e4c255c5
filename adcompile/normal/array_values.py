"""Array expressions as elements: which elements each call of NumPy has.

Goal: one place that says for each canonical call what an element of it is.  What must run first (a reduction, a
temporary, a check of lengths) is emitted before.  Non-goals: statements; calls with no elementwise meaning (refused).

>>> from adcompile.ir.nodes import Function
>>> from adcompile.ir.show import expression
>>> values = ArrayValues(Function("f", ("x",), (), {"x": Array("float64", 1)}))
>>> elements = values.array(Call(np.sin, (Call(np.multiply, (Name("x"), Const(2.0))),)))
>>> expression(elements.at((Name("i"),)))
'np.sin(x[i] * 2.0)'
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from adcompile.analysis.types_of import name_of
from adcompile.errors import refuse
from adcompile.fourier import TRANSFORMS
from adcompile.ir import ops
from adcompile.ir.nodes import Assign, Atom, Call, Const, Expr, If, Index, Merge, Name, Slice, Tuple
from adcompile.ir.types import Array, Scalar, kind
from adcompile.ir.walk import nodes
from adcompile.normal.arrangements import (
    broadcast_to,
    diagonal,
    diagonal_matrix,
    gathered,
    joined,
    reshaped,
    rolled,
    running,
    triangle,
)
from adcompile.normal.elements import (
    Elements,
    Subscript,
    constant_like,
    floor_divided,
    minus,
    not_negative,
    plus,
    times,
)
from adcompile.normal.lowering import Lowering
from adcompile.normal.reductions import PRODUCTS, REDUCTIONS, multiplied, reduced, total
from adcompile.normal.views import transposed
from adcompile.rules.registry import complex_rule_for, is_constant, rule_for

_FILLED = {np.zeros: 0, np.ones: 1, np.empty: 0}
_FILLED_LIKE = {np.zeros_like: 0, np.ones_like: 1, np.empty_like: 0}
_CASTS = (np.bool_, np.int32, np.int64, np.float32, np.float64, np.complex64, np.complex128)
_REARRANGED = (
    np.transpose, ops.copy, np.positive, np.broadcast_to, np.reshape, np.outer, np.tril, np.triu, np.diag, np.diagonal,
    np.roll, np.cumsum, np.cumprod,
)  # fmt: skip


class ArrayValues(Lowering):
    """Turns expressions into scalar expressions and elements, emitting what must run before them."""

    # ------------------------------------------------------------------------------------ scalars
    def scalar(self, expr: Expr) -> Expr:
        """A scalar expression with every array inside it lowered."""
        match expr:
            case Const() | Name():
                return expr
            case Index(array, index):
                if isinstance(array, Name) and not isinstance(self.types.get(array.id), Array):
                    return expr
                return self.elements_at(self.array(array), index)
            case Call(ops.dim, (array, Const(axis))):
                return self.array(array).shape[axis] if self.is_array(array) else expr
            case Call(ops.select | ops.both | ops.either):
                return self.lazy(expr)
            case Call(fn, args, kwargs):
                if any(self.is_array(arg) for arg in args) or any(self.is_array(v) for _, v in kwargs):
                    result = self.call(expr)
                    assert not isinstance(result, Elements), expr
                    return result
                return Call(fn, tuple(self.scalar(arg) for arg in args), kwargs)
        raise AssertionError(expr)

    def lazy(self, expr: Call) -> Expr:
        """A choice: what its sides need is emitted before it, which must not fail where the side is not taken."""
        first = self.scalar(expr.args[0])
        rest = []
        for side in expr.args[1:]:
            with self.block_of() as emitted:
                value = self.scalar(side)
            if emitted:
                return self.branching(expr, first)
            rest.append(value)
        return Call(expr.fn, (first, *rest))

    def branching(self, expr: Call, first: Expr) -> Expr:
        """A choice whose sides need statements, as a branch."""
        sides = {
            ops.select: expr.args[1:],
            ops.both: (*expr.args[1:], Const(False)),
            ops.either: (Const(True), *expr.args[1:]),
        }[expr.fn]
        type_ = self.type(expr)
        results, blocks = [], []
        for side in sides:
            with self.block_of() as emitted:
                value = self.scalar(side)
                if not isinstance(value, (Name, Const)):
                    name = self.fresh("choice", type_)
                    self.emit(Assign(name, value))
                    value = Name(name)
            results.append(value)
            blocks.append(tuple(emitted))
        name = self.fresh("choice", type_)
        self.emit(If(first, blocks[0], blocks[1], (Merge(name, results[0], results[1]),)))
        return Name(name)

    def is_array(self, expr: Expr) -> bool:
        if isinstance(expr, (Const, Slice)):
            return isinstance(expr, Const) and isinstance(expr.value, np.ndarray)
        if isinstance(expr, Tuple):
            return any(self.is_array(item) for item in expr.items)
        return isinstance(self.type(expr), Array)

    def elements_at(self, base: Elements, index: Sequence[Expr]) -> Expr:
        taken = self.subscripts.taken(base, [self.scalar(item) for item in index])
        return taken.at(())

    # ------------------------------------------------------------------------------------ arrays
    def array(self, expr: Expr) -> Elements:
        """The elements of an array expression; a scalar is an array of no axes."""
        if not self.is_array(expr):
            value = self.named(self.scalar(expr), "c")
            type_ = self.type(expr)
            assert isinstance(type_, Scalar)
            return Elements((), type_.dtype, lambda at: value)
        match expr:
            case Name(id):
                return self.arrays[id]
            case Index(array, index):
                return self.subscript(self.array(array), index)
            case Call():
                result = self.call(expr)
                assert isinstance(result, Elements), expr
                return result
        raise refuse("unsupported-expression", "an array constant", hint="pass the array as an argument")

    def subscript(self, base: Elements, index: Sequence[Expr]) -> Elements:
        """A view; indices are evaluated now, as the view keeps them."""
        if any(self.is_array(item) for item in index):
            taken = self.gathered(base, index)
            return Elements(taken.shape, taken.dtype, taken.at)  # a copy, in NumPy
        if base.root is None:
            base = self.filled("t", base)
        return self.subscripts.taken(base, [self.bounds(item) for item in index])

    def bounds(self, item: Expr) -> Expr:
        if isinstance(item, Slice):
            return Slice(*(self.bounds(part) for part in (item.start, item.stop, item.step)))
        value = self.scalar(item)
        return self.named(value, "at") if any(isinstance(e, Index) for e in nodes(value)) else value

    def gathered(self, base: Elements, index: Sequence[Expr]) -> Elements:
        """What an index with arrays of integers takes."""
        items: list[Expr | Elements] = []
        for item in index:
            if not self.is_array(item):
                items.append(self.bounds(item))
                continue
            if kind(self.type(item)) not in "iu":
                what = "an index by a mask: how many it takes depends on the data"
                raise refuse("boolean-mask", what, hint="use a loop, or np.where")
            items.append(self.array(item))
        return gathered(self, base, items)

    # ------------------------------------------------------------------------------------ calls
    def call(self, call: Call) -> Expr | Elements:
        fn, args, kwargs = call.fn, call.args, dict(call.kwargs)
        type_ = self.type(call)
        dtype = type_.dtype if isinstance(type_, (Scalar, Array)) else "float64"
        if fn in REDUCTIONS or fn in (np.argmax, np.argmin):
            x = self.array(args[0])
            return reduced(self, fn, x, _axes(kwargs.get("axis")), kwargs.get("keepdims") == Const(True), dtype)
        if fn in PRODUCTS:
            return multiplied(self, self.array(args[0]), self.array(args[1]), dtype)
        if fn in TRANSFORMS:
            return self.transformed(fn, args[0], dtype)
        if fn is np.trace:
            return total(self, np.sum, diagonal(self.array(args[0])), dtype)
        made = self.made(fn, args, kwargs, dtype) or self.rearranged(fn, args, kwargs, dtype)
        if made is not None:
            return made
        if kwargs or not isinstance(type_, Array) or not _is_elementwise(fn):
            raise self.unsupported(fn)
        return self.elementwise(call, dtype)

    def whole(self, arg: Expr) -> Elements:
        """All of an array that has a name."""
        x = self.array(arg)
        return x if arg == Name(x.root or "") else self.filled("t", x)

    def transformed(self, fn: Any, arg: Expr, dtype: str) -> Elements:
        """A transform of a whole array: one operation."""
        x = self.whole(arg)
        name = self.fresh("spectrum", Array(dtype, x.rank))
        self.emit(Assign(name, Call(fn, (Name(x.root or ""),))))
        return self.know(name, x.shape)

    def unsupported(self, fn: Any) -> Exception:
        return refuse("unsupported-call", f"`{name_of(fn)}` of an array is not supported", hint="write the loop out")

    def elementwise(self, call: Call, dtype: str) -> Elements:
        fn = ops.select if call.fn is np.where else call.fn
        parts = [self.array(arg) for arg in call.args]
        shape = self.broadcast([part.shape for part in parts])
        wide = [self.stretched(part, shape) for part in parts]
        return Elements(shape, dtype, lambda at: Call(fn, tuple(part.at(at) for part in wide)))

    def shape_of(self, expr: Expr) -> Subscript:
        items = expr.items if isinstance(expr, Tuple) else (expr,)
        return tuple(self.named(self.scalar(item), "n") if _reads(item) else self.scalar(item) for item in items)

    def made(self, fn: Any, args: Sequence[Expr], kwargs: dict[str, Expr], dtype: str) -> Elements | None:
        """Arrays made of nothing."""
        zero, one = constant_like(0, dtype), constant_like(1, dtype)
        if fn in _FILLED:
            value = one if _FILLED[fn] else zero
            return Elements(self.shape_of(args[0]), dtype, lambda at: value)
        if fn in _FILLED_LIKE:
            value = one if _FILLED_LIKE[fn] else zero
            return Elements(self.array(args[0]).shape, dtype, lambda at: value)
        if fn is np.full:
            filler = self.converted(args[1], dtype)
            return Elements(self.shape_of(args[0]), dtype, lambda at: filler)
        if fn is np.eye:
            n, m = (self.scalar(arg) for arg in args[:2])
            return Elements((n, m), dtype, lambda at: Call(ops.select, (Call(np.equal, (at[0], at[1])), one, zero)))
        if fn is np.arange:
            return self.arange(args, dtype)
        if fn is np.linspace:
            return self.linspace(args, kwargs)
        if fn is np.array and isinstance(args[0], Tuple):
            return self.listed(args[0], dtype)
        return None

    def converted(self, expr: Expr, dtype: str) -> Atom:
        """A scalar as an element of a dtype, under a name."""
        value, own = self.scalar(expr), self.type(expr)
        if isinstance(own, Scalar) and own.dtype != dtype:
            python = {"int64": int, "float64": float, "complex128": complex}
            if isinstance(value, Const) and dtype in ("float64", "complex128"):
                return Const(python[dtype](value.value))
            value = Call(python.get(dtype, np.dtype(dtype).type), (value,))
        return self.named(value, "c")

    def arange(self, args: Sequence[Expr], dtype: str) -> Elements:
        start, stop, step = (self.named(self.scalar(arg), "c") if _reads(arg) else self.scalar(arg) for arg in args[:3])
        if dtype.startswith("int"):
            length = minus(stop, start)
            if step != Const(1):
                length = floor_divided(minus(plus(length, step), Const(1)), step)
            if (isinstance(step, Const) and step.value < 0) or not isinstance(step, Const):
                raise refuse("unsupported-call", "np.arange with such a step", hint="use a loop over a range")
            if not self.positive(length):
                length = not_negative(length)
            return Elements((length,), dtype, lambda at: plus(start, times(step, at[0])))
        first = self.converted(start, dtype)
        count = Call(int, (Call(np.ceil, (Call(np.divide, (Call(np.subtract, (stop, start)), step)),)),))
        length = self.named(Call(max, (count, Const(0))), "n")
        return Elements((length,), dtype, lambda at: Call(np.add, (first, Call(np.multiply, (at[0], step)))))

    def linspace(self, args: Sequence[Expr], kwargs: dict[str, Expr]) -> Elements:
        start, stop, count = (self.named(self.scalar(arg), "c") for arg in args[:3])
        pieces = count if kwargs.get("endpoint") == Const(False) else Call(max, (minus(count, Const(1)), Const(1)))
        step = self.named(Call(np.divide, (Call(np.subtract, (stop, start)), pieces)), "step")
        return Elements((count,), "float64", lambda at: Call(np.add, (start, Call(np.multiply, (at[0], step)))))

    def listed(self, items: Tuple, dtype: str) -> Elements:
        """`np.array((a, b))`: an array with its items stored one by one."""
        shape: list[Expr] = []
        level: Expr = items
        while isinstance(level, Tuple):
            shape.append(Const(len(level.items)))
            level = level.items[0]
        leaves: list[tuple[Subscript, Expr]] = []

        def visit(expr: Expr, at: Subscript) -> None:
            if isinstance(expr, Tuple):
                for number, item in enumerate(expr.items):
                    visit(item, (*at, Const(number)))
            else:
                leaves.append((at, self.scalar(expr)))

        visit(items, ())
        result = self.allocated("items", tuple(shape), dtype)
        for at, value in leaves:
            self.store(result, at, value)
        return result

    def rearranged(self, fn: Any, args: Sequence[Expr], kwargs: dict[str, Expr], dtype: str) -> Elements | None:
        """Arrays made of another's elements in other places."""
        if fn is np.concatenate and isinstance(args[0], Tuple):
            parts = [self.array(item) for item in args[0].items]
            return joined(self, parts, _axis(kwargs), dtype)
        if fn not in _REARRANGED:
            return None
        x = self.array(args[0])
        if fn is np.transpose:
            return transposed(self.in_memory(x), _axes(args[1] if len(args) > 1 else None))
        if fn in (ops.copy, np.positive):
            return Elements(x.shape, x.dtype, x.at)
        if fn is np.broadcast_to:
            return broadcast_to(self, x, self.shape_of(args[1]))
        if fn is np.reshape:
            return reshaped(self, self.in_memory(x), self.shape_of(args[1]))
        if fn is np.outer:
            y = self.array(args[1])
            return Elements((*x.shape, *y.shape), dtype, lambda at: Call(np.multiply, (x.at(at[:1]), y.at(at[1:]))))
        if fn in (np.tril, np.triu):
            return triangle(x, np.greater_equal if fn is np.tril else np.less_equal)
        if fn in (np.diag, np.diagonal):
            return diagonal(x) if x.rank == 2 else diagonal_matrix(x)
        if fn is np.roll:
            return rolled(self.in_memory(x), self.named(self.scalar(args[1]), "shift"), _axis(kwargs))
        return running(self, x, np.add if fn is np.cumsum else np.multiply, dtype)


def _is_elementwise(fn: Any) -> bool:
    if isinstance(fn, np.ufunc):
        return fn.signature is None
    return fn is np.where or is_constant(fn) or bool(rule_for(fn) or complex_rule_for(fn)) or fn in _CASTS


def _axis(kwargs: dict[str, Expr]) -> int:
    axis = kwargs.get("axis", Const(0))
    assert isinstance(axis, Const)
    return int(axis.value)


def _axes(expr: Expr | None) -> tuple[int, ...] | None:
    if expr is None or expr == Const(None):
        return None
    items = expr.items if isinstance(expr, Tuple) else (expr,)
    return tuple(item.value for item in items if isinstance(item, Const))


_CHEAP = (ops.dim, np.add, np.subtract, np.multiply, np.floor_divide, max, min)


def _reads(expr: Expr) -> bool:
    """Whether an expression reads memory or is dear: it is evaluated once, before it is used."""
    return any(isinstance(part, Index) or (isinstance(part, Call) and part.fn not in _CHEAP) for part in nodes(expr))
