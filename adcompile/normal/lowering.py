"""What every part of `loops_for_arrays` needs: names, types, what is known of arrays and integers, and loops."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from adcompile import runtime
from adcompile.analysis.types_of import type_of
from adcompile.ir import ops
from adcompile.ir.nodes import (
    Accum,
    Assign,
    Atom,
    Call,
    Carry,
    Const,
    Effect,
    Expr,
    For,
    Function,
    Name,
    Names,
    Stmt,
    Store,
    Tuple,
    base_of,
)
from adcompile.ir.types import INT, Array, Scalar, Type, kind
from adcompile.ir.walk import all_names, nodes
from adcompile.normal.elements import (
    Elements,
    Subscript,
    equal_lengths,
    memory,
    trip_count,
)
from adcompile.normal.views import Subscripts
from adcompile.runtime import check_overlap


class Lowering:
    """The state of lowering one function; statements go to `out`."""

    def __init__(self, function: Function, within: Set[str] = frozenset()) -> None:
        self.function = function
        self.types: dict[str, Type] = dict(function.types)
        self.names = Names(tuple(all_names(function)))
        self.arrays: dict[str, Elements] = {}
        self.not_negative: set[str] = set(within)
        self.rows: set[str] = set()  # lists of arrays of known lengths, which all their items will have
        self.out: list[Stmt] = []
        self.lengths: dict[tuple[Expr, Expr], Atom] = {}  # of two broadcast together, where that is in scope
        self._known: dict[Expr, Type] = {}  # the types of calls
        self.open: tuple[str, ...] = ()  # the indices of the loops around
        self.depth = 0  # of the function's own loops
        self.subscripts = Subscripts(self.positive, within)
        for param in function.params:
            type_ = self.types[param]
            if isinstance(type_, Array):
                self.know(param)

    # ------------------------------------------------------------------------------------ names
    def fresh(self, base: str, type_: Type) -> str:
        name = self.names.fresh(base)
        self.types[name] = type_
        return name

    def type(self, expr: Expr) -> Type:
        return type_of(expr, self.types, self._known)

    def emit(self, stmt: Stmt) -> None:
        self.out.append(stmt)

    @contextmanager
    def block_of(self, indices: Sequence[str] = ()) -> Iterator[list[Stmt]]:
        """What is emitted in this context goes into a block of its own, inside loops over these indices."""
        outside = self.out, self.lengths, self.open
        self.out, self.lengths, self.open = [], dict(self.lengths), (*self.open, *map(base_of, indices))
        try:
            yield self.out
        finally:
            self.out, self.lengths, self.open = outside

    def named(self, expr: Expr, base: str) -> Atom:
        """A scalar under a name, unless it is an atom."""
        if isinstance(expr, (Name, Const)):
            return expr
        name = self.fresh(base, self.type(expr))
        self.emit(Assign(name, expr))
        if self.positive(expr):
            self.not_negative.add(name)
        return Name(name)

    # ------------------------------------------------------------------------------------ arrays
    def know(self, name: str, shape: Subscript | None = None) -> Elements:
        """An array of its own; its shape is its own dimensions unless it is known otherwise."""
        type_ = self.types[name]
        assert isinstance(type_, Array)
        if shape is None:
            shape = tuple(Call(ops.dim, (Name(name), Const(axis))) for axis in range(type_.ndim))
        self.arrays[name] = memory(name, shape, type_.dtype, lambda index: index)
        return self.arrays[name]

    def know_longer(self, stmt: Assign, growing: Call) -> None:
        """A longer version of a list, whose items are as long as the call says, or as those that it has."""
        source, row = growing.args[0], growing.args[2:]
        self.know_carried(source, stmt.target)  # type: ignore[arg-type]
        if row:
            self.rows.add(stmt.target)
            self.know(stmt.target, (Call(ops.dim, (Name(stmt.target), Const(0))), *row))

    def know_carried(self, init: Atom, *names: str) -> None:
        """An array that a loop carries; the items of a list stay as long as they are."""
        for name in names:
            own = self.know(name).shape
            if isinstance(init, Name) and init.id in self.rows:
                self.rows.add(name)
                self.know(name, (own[0], *self.arrays[init.id].shape[1:]))

    def allocated(self, base: str, shape: Subscript, dtype: str, fn: Callable[..., Any] = np.empty) -> Elements:
        """A new array, filled by who asked for it."""
        name = self.fresh(base, Array(dtype, len(shape)))
        self.emit(Assign(name, self.allocation(shape, dtype, fn)))
        return self.know(name, shape)

    def large_product(self, a: Elements, b: Elements, dtype: str) -> Elements | None:
        """A product of two whole matrices outside all loops, which may be large: one operation.  Others are loops."""
        if a.rank != 2 or b.rank != 2 or self.depth:
            return None
        if not (dtype == a.dtype == b.dtype) or kind(Scalar(dtype)) not in "fc":
            return None
        if isinstance(a.shape[0], Const) or isinstance(b.shape[1], Const):
            return None
        probe = (Name("?0"), Name("?1"))
        straight = [x.root is not None and x.place is not None and x.place(probe) == probe for x in (a, b)]
        turned = [x.root is not None and x.place is not None and x.place(probe) == probe[::-1] for x in (a, b)]
        whole = all(x.shape == x.room[:: -1 if t else 1] for x, t in zip((a, b), turned, strict=True))
        fns = {(True, True): runtime.matmul, (False, True): runtime.matmul_tn, (True, False): runtime.matmul_nt}
        fn = fns.get((straight[0], straight[1]))
        if fn is None or not whole or not all(s or t for s, t in zip(straight, turned, strict=True)):
            return None
        assert a.root is not None and b.root is not None
        name = self.fresh("product", Array(dtype, 2))
        self.emit(Assign(name, Call(fn, (Name(a.root), Name(b.root)))))
        return self.know(name, (a.shape[0], b.shape[1]))

    def allocation(self, shape: Subscript, dtype: str, fn: Callable[..., Any] = np.empty) -> Call:
        """`np.empty_like(x)` where that is the shape, else `np.empty(shape)`."""
        like = np.empty_like if fn is np.empty else np.zeros_like
        for name, known in self.arrays.items():
            if known.root == name and known.dtype == dtype and shape == self.dims(name) and shape:
                return Call(like, (Name(name),))
        return self.of_shape(shape, dtype, fn)

    def of_shape(self, shape: Subscript, dtype: str, fn: Callable[..., Any]) -> Call:
        """`np.empty(shape)`, or another function of a shape, with the dtype where it is not the default."""
        kind = () if dtype == "float64" else (Const(np.dtype(dtype).type),)
        return Call(fn, (shape[0] if len(shape) == 1 else Tuple(shape), *kind))

    def dims(self, name: str) -> Subscript:
        type_ = self.types[name]
        assert isinstance(type_, Array)
        return tuple(Call(ops.dim, (Name(name), Const(axis))) for axis in range(type_.ndim))

    # ------------------------------------------------------------------------------------ integers
    def positive(self, expr: Expr) -> bool:
        """Whether an integer is surely not negative."""
        match expr:
            case Const(value):
                return isinstance(value, int) and value >= 0
            case Name(id):
                return id in self.not_negative
            case Call(ops.dim | runtime.slice_bound | runtime.broadcast_length, _):
                return True
            case Call(np.add | np.multiply | np.floor_divide, (left, right)):
                return self.positive(left) and self.positive(right)
            case Call(np.remainder, (_, right)):
                return self.positive(right)
            case Call(fn, (left, right)) if fn is max:
                return self.positive(left) or self.positive(right)
            case Call(fn, (left, right)) if fn is min:
                return self.positive(left) and self.positive(right)
            case Call(ops.select, (_, left, right)):
                return self.positive(left) and self.positive(right)
        return False

    # ------------------------------------------------------------------------------------ shapes
    def broadcast(self, shapes: Sequence[Subscript]) -> Subscript:
        """The shape of several broadcast together; what is not known to agree is checked in the run."""
        rank = max(len(shape) for shape in shapes)
        result: list[Expr] = []
        for axis in range(-rank, 0):
            lengths = [shape[axis] for shape in shapes if len(shape) >= -axis and shape[axis] != Const(1)]
            if not lengths:
                result.append(Const(1))
                continue
            length = lengths[0]
            for other in lengths[1:]:
                if not equal_lengths(length, other):
                    length = self.common_length(length, other)
            result.append(length)
        return tuple(result)

    def common_length(self, left: Expr, right: Expr) -> Atom:
        """The length of two axes broadcast together, asked once."""
        known = self.lengths.get((left, right))
        for one, other in ((left, right), (right, left)):
            if known is None and isinstance(one, Const):  # not 1: the other has this length, or is one element
                self.check(runtime.check_length, one, other)
                known = self.lengths[left, right] = self.lengths[right, left] = one
        if known is None:
            known = self.named(Call(runtime.broadcast_length, (left, right)), "length")
            parts = [part for (whole, part), found in self.lengths.items() if whole in (left, right) and found == whole]
            for pair in ((left, right), *((known, part) for part in (left, right, *parts))):
                self.lengths[pair] = self.lengths[pair[::-1]] = known
        return known

    def stretched(self, elements: Elements, shape: Subscript) -> Elements:
        """Elements broadcast to a shape: an axis that is one long gives its one element everywhere."""
        skipped = len(shape) - elements.rank

        def place(at: Subscript) -> Subscript:
            own: list[Expr] = []
            for k, length, target in zip(at[skipped:], elements.shape, shape[skipped:], strict=True):
                if length == Const(1):
                    own.append(Const(0))
                elif equal_lengths(length, target):
                    own.append(k)
                else:
                    own.append(self.one_or(length, k))
            return tuple(own)

        return elements.part(shape, place)

    def one_or(self, length: Expr, k: Expr) -> Expr:
        """An index into an axis of which one element serves for all.  Where `k` asks the same of a length that this one
        is a part of, that question is spared: it is one only where this one is."""
        match k:
            case Call(ops.select, (Call(np.equal, (whole, Const(1))), Const(0), inner)) if (
                self.lengths.get((whole, length)) == whole
            ):
                k = inner
        return Call(ops.select, (Call(np.equal, (length, Const(1))), Const(0), k))

    # ------------------------------------------------------------------------------------ loops
    def indices(self, rank: int) -> list[str]:
        free = [letter for letter in "ijklmnpq" if letter not in self.open] + list("ijklmnpq")
        names = [self.fresh(letter, INT) for letter in free[:rank]]
        self.not_negative.update(names)
        return names

    def nest(self, shape: Subscript, body: Callable[[Subscript], None], backwards: Sequence[bool] = ()) -> None:
        """Loops over every index of a shape around what `body` emits."""
        indices = self.indices(len(shape))
        with self.block_of(indices) as out:
            body(tuple(map(Name, indices)))
        inside = tuple(out)
        for axis in reversed(range(len(shape))):
            stop = trip_count(shape[axis])
            if axis < len(backwards) and backwards[axis]:
                last = Call(np.subtract, (stop, Const(1))) if not isinstance(stop, Const) else Const(stop.value - 1)
                inside = (For(indices[axis], last, Const(-1), Const(-1), inside),)
            else:
                inside = (For(indices[axis], Const(0), stop, Const(1), inside),)
        self.out += inside

    def folded(
        self,
        shape: Subscript,
        init: Atom,
        base: str,
        dtype: str,
        step: Callable[[Name, Subscript], Expr],
        first: int = 0,
    ) -> Name:
        """A value carried round loops over every index of a shape: `s = step(s, index)`."""
        type_ = Scalar(dtype)
        indices = self.indices(len(shape))

        def level(axis: int, value: Atom) -> Name:
            if axis == len(shape):
                assert isinstance(value, Name)
                new = self.fresh(base, type_)
                self.emit(Assign(new, step(value, tuple(map(Name, indices)))))
                return Name(new)
            inner = self.fresh(base, type_)
            with self.block_of([indices[axis]]) as out:
                yielded = level(axis + 1, Name(inner))
            body = tuple(out)
            result = self.fresh(base, type_)
            start = Const(first if axis == 0 else 0)
            carry = Carry(inner, value, yielded, result)
            self.emit(For(indices[axis], start, trip_count(shape[axis]), Const(1), body, (carry,)))
            return Name(result)

        return level(0, init)

    def store(self, target: Elements, at: Subscript, value: Expr, add: bool = False) -> None:
        assert target.root is not None and target.place is not None
        statement = Accum if add else Store
        self.emit(statement(target.root, target.place(at), value))

    def filled(self, base: str, elements: Elements) -> Elements:
        """A new array that holds what the elements are."""
        result = self.allocated(base, elements.shape, elements.dtype)
        self.nest(elements.shape, lambda at: self.store(result, at, elements.at(at)))
        return result

    def given(self, expr: Expr) -> Expr:
        """An argument of an opaque call: arrays as arrays of their own, tuples item by item."""
        if isinstance(expr, Tuple):
            return Tuple(tuple(map(self.given, expr.items)))
        if not isinstance(expr, Name) or expr.id not in self.arrays:
            return expr
        elements = self.arrays[expr.id]
        return expr if elements.root == expr.id else Name(self.filled(expr.id, elements).root or "")

    def opaque_call(self, call: Call) -> Call:
        """An opaque call with its arguments; what it writes may be no part of another array that it is given."""
        args = tuple(map(self.given, call.args))
        for place in getattr(call.fn, "writes", ()):
            others = [*call.args[:place], *call.args[place + 1 :]]
            roots = [
                [self.arrays[node.id].root for node in nodes(arg) if isinstance(node, Name) and node.id in self.arrays]
                for arg in (call.args[place], Tuple(tuple(others)))
            ]
            for mine, other in itertools.product(*roots):
                if mine is not None and other is not None:
                    self.check(check_overlap, Name(mine), Name(other))
        return replace(call, args=args)

    def in_memory(self, elements: Elements, base: str = "t") -> Elements:
        """Elements that are cheap to read twice."""
        return elements if elements.root is not None else self.filled(base, elements)

    def check(self, fn: Callable[..., Any], *args: Expr) -> None:
        self.emit(Effect(Call(fn, args)))
