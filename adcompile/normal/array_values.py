"""Array expressions as elements: which elements each call of NumPy has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from adcompile.analysis.types_of import name_of
from adcompile.errors import refuse
from adcompile.ir import ops
from adcompile.ir.nodes import Assign, Call, Const, Expr, If, Index, Merge, Name, Slice, Tuple
from adcompile.ir.types import Array, Scalar, kind
from adcompile.ir.walk import nodes
from adcompile.normal.elements import Elements, Subscript, floor_divided, minus, plus, times
from adcompile.normal.lowering import Lowering
from adcompile.normal.reductions import PRODUCTS, REDUCTIONS, multiplied, reduced
from adcompile.normal.views import transposed

_FILLED = {np.zeros: 0, np.ones: 1, np.empty: 0}
_FILLED_LIKE = {np.zeros_like: 0, np.ones_like: 1, np.empty_like: 0}


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
            outer, self.out = self.out, []
            value = self.scalar(side)
            emitted, self.out = self.out, outer
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
            outer, self.out = self.out, []
            value = self.scalar(side)
            if not isinstance(value, (Name, Const)):
                name = self.fresh("choice", type_)
                self.emit(Assign(name, value))
                value = Name(name)
            results.append(value)
            blocks.append(tuple(self.out))
            self.out = outer
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
            return self.gathered(base, index)
        if base.root is None:
            base = self.filled("t", base)
        return self.subscripts.taken(base, [self.bounds(item) for item in index])

    def bounds(self, item: Expr) -> Expr:
        if isinstance(item, Slice):
            return Slice(*(self.bounds(part) for part in (item.start, item.stop, item.step)))
        value = self.scalar(item)
        return self.named(value, "at") if any(isinstance(e, Index) for e in nodes(value)) else value

    def gathered(self, base: Elements, index: Sequence[Expr]) -> Elements:
        """`x[ids]` with one array of integers, in place of the first axis."""
        if len(index) != 1 or kind(self.type(index[0])) not in "iu":
            raise refuse("unsupported-index", "an index by a mask, or by several arrays", hint="write the loop out")
        ids = self.array(index[0])

        def at(k: Subscript) -> Expr:
            return base.at((ids.at(k[: ids.rank]), *k[ids.rank :]))

        return Elements((*ids.shape, *base.shape[1:]), base.dtype, at)

    # ------------------------------------------------------------------------------------ calls
    def call(self, call: Call) -> Expr | Elements:
        fn, args, kwargs = call.fn, call.args, dict(call.kwargs)
        type_ = self.type(call)
        dtype = type_.dtype if isinstance(type_, (Scalar, Array)) else "float64"
        if fn in REDUCTIONS:
            x = self.array(args[0])
            return reduced(self, fn, x, _axes(kwargs.get("axis")), kwargs.get("keepdims") == Const(True), dtype)
        if fn in PRODUCTS:
            return multiplied(self, self.array(args[0]), self.array(args[1]), dtype)
        made = self.made(fn, args, kwargs, dtype) or self.rearranged(fn, args, kwargs, dtype)
        if made is not None:
            return made
        if kwargs or not isinstance(type_, Array):
            raise self.unsupported(fn)
        return self.elementwise(call, dtype)

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
        zero: Expr = Const({"b": False, "f": 0.0}.get(np.dtype(dtype).kind, 0))
        one: Expr = Const({"b": True, "f": 1.0}.get(np.dtype(dtype).kind, 1))
        if fn in _FILLED:
            value = one if _FILLED[fn] else zero
            return Elements(self.shape_of(args[0]), dtype, lambda at: value)
        if fn in _FILLED_LIKE:
            value = one if _FILLED_LIKE[fn] else zero
            return Elements(self.array(args[0]).shape, dtype, lambda at: value)
        if fn is np.full:
            filler = self.named(self.scalar(args[1]), "c")
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

    def arange(self, args: Sequence[Expr], dtype: str) -> Elements:
        start, stop, step = (self.named(self.scalar(arg), "c") for arg in args[:3])
        if dtype.startswith("int"):
            length = minus(stop, start)
            if step != Const(1):
                length = floor_divided(minus(plus(length, step), Const(1)), step)
            if (isinstance(step, Const) and step.value < 0) or not isinstance(step, Const):
                raise refuse("unsupported-call", "np.arange with such a step", hint="use a loop over a range")
            return Elements((Call(max, (length, Const(0))),), dtype, lambda at: plus(start, times(step, at[0])))
        count = Call(int, (Call(np.ceil, (Call(np.divide, (Call(np.subtract, (stop, start)), step)),)),))
        length = self.named(Call(max, (count, Const(0))), "n")
        return Elements((length,), dtype, lambda at: Call(np.add, (start, Call(np.multiply, (at[0], step)))))

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
        if fn is np.transpose:
            axes = args[1] if len(args) > 1 else None
            return transposed(self.memory_of(args[0]), _axes(axes))
        if fn is ops.copy or fn in (np.positive,):
            return replace(self.array(args[0]), root=None, place=None)
        if fn is np.broadcast_to:
            x = self.array(args[0])
            return replace(self.stretched(x, self.shape_of(args[1])), root=None, place=None, of=x.root)
        if fn is np.reshape:
            return self.reshaped(self.memory_of(args[0]), self.shape_of(args[1]))
        if fn is np.outer:
            a, b = self.array(args[0]), self.array(args[1])
            shape = (*a.shape, *b.shape)
            return Elements(shape, dtype, lambda at: Call(np.multiply, (a.at(at[:1]), b.at(at[1:]))))
        if fn in (np.tril, np.triu):
            x = self.array(args[0])
            side = np.greater_equal if fn is np.tril else np.less_equal
            return Elements(
                x.shape, dtype, lambda at: Call(ops.select, (Call(side, (at[-2], at[-1])), x.at(at), Const(0.0)))
            )
        if fn is np.concatenate and isinstance(args[0], Tuple):
            return self.concatenated([self.array(item) for item in args[0].items], kwargs, dtype)
        if fn in (np.cumsum, np.cumprod):
            return self.running(self.array(args[0]), np.add if fn is np.cumsum else np.multiply, dtype)
        return None

    def memory_of(self, expr: Expr) -> Elements:
        return self.in_memory(self.array(expr))

    def reshaped(self, x: Elements, shape: Subscript) -> Elements:
        """The same elements in C order in another shape; as a copy, so that a write to either is not seen by both."""

        def at(index: Subscript) -> Expr:
            flat: Expr = Const(0)
            for k, extent in zip(index, shape, strict=True):
                flat = plus(times(flat, extent), k)
            own: list[Expr] = []
            for extent in reversed(x.shape[1:]):
                own.append(Call(np.remainder, (flat, extent)))
                flat = floor_divided(flat, extent)
            return x.at((flat, *reversed(own)))

        return Elements(shape, x.dtype, at, of=x.root)

    def concatenated(self, parts: Sequence[Elements], kwargs: dict[str, Expr], dtype: str) -> Elements:
        axis_ = kwargs.get("axis", Const(0))
        axis = axis_.value if isinstance(axis_, Const) else 0
        total: Expr = Const(0)
        offsets = []
        for part in parts:
            offsets.append(total)
            total = plus(total, part.shape[axis])
        shape = tuple(total if k == axis else extent for k, extent in enumerate(parts[0].shape))
        result = self.allocated("joined", shape, dtype)
        for part, offset in zip(parts, offsets, strict=True):

            def fill(at: Subscript, part: Elements = part, offset: Expr = offset) -> None:
                place = tuple(plus(k, offset) if number == axis else k for number, k in enumerate(at))
                self.store(result, place, part.at(at))

            self.nest(part.shape, fill)
        return result

    def running(self, x: Elements, step: Any, dtype: str) -> Elements:
        """A running sum or product along the one axis of a vector."""
        if x.rank != 1:
            raise refuse("unsupported-call", "a running sum of more than one axis", hint="write the loop out")
        result = self.allocated("running", x.shape, dtype)

        def one(value: Name, at: Subscript) -> Expr:
            new = self.named(Call(step, (value, x.at(at))), "s")
            self.store(result, at, new)
            return new

        neutral = (0 if step is np.add else 1) * (1 if dtype.startswith("int") else 1.0)
        self.folded(x.shape, Const(neutral), "s", dtype, one)
        return result


def _axes(expr: Expr | None) -> tuple[int, ...] | None:
    if expr is None or expr == Const(None):
        return None
    items = expr.items if isinstance(expr, Tuple) else (expr,)
    return tuple(item.value for item in items if isinstance(item, Const))


def _reads(expr: Expr) -> bool:
    return any(isinstance(part, Index) for part in nodes(expr)) or (isinstance(expr, Call) and expr.fn not in (
        ops.dim, np.add, np.subtract, np.multiply, np.floor_divide, max, min,
    ))  # fmt: skip
