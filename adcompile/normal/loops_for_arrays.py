"""Array expressions become loops over elements, views become index arithmetic on the array underneath.

Goal: afterwards an array is memory: allocated, read and written one element at a time.  NumPy's semantics are kept:
the right side of an assignment is evaluated before anything is written, shapes that do not fit raise.  Non-goals:
fusing neighbouring loops, calls of BLAS; an array call that has no elementwise meaning here is refused.

    y = np.sin(x[1:]) * 2.0
becomes
    y = np.empty(max(x.shape[0] - 1, 0))
    for i in range(x.shape[0] - 1):
        y[i] = np.sin(x[1 + i]) * 2.0

>>> from adcompile.ir.nodes import Slice
>>> from adcompile.ir.show import show
>>> tail = Index(Name("x"), (Slice(Const(1), Const(None), Const(None)),))
>>> body = (Assign("y", Call(np.sin, (tail,))), Return(Name("y")))
>>> types = {"x": Array("float64", 1), "y": Array("float64", 1)}
>>> print(show(loops_for_arrays(Function("f", ("x",), body, types))))
def f(x):
    y = np.empty(max(x.shape[0] - 1, 0))
    for i in range(x.shape[0] - 1):
        y[i] = np.sin(x[1 + i])
    return y
<BLANKLINE>
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace

import numpy as np

from adcompile import runtime
from adcompile.errors import Refusal, Unsupported, refuse
from adcompile.fourier import TRANSFORMS
from adcompile.ir import ops
from adcompile.ir.affine import difference
from adcompile.ir.nodes import (
    Accum,
    Assign,
    Atom,
    Block,
    Call,
    Carry,
    Const,
    Effect,
    Expr,
    For,
    Function,
    If,
    Index,
    Merge,
    Name,
    Return,
    Stmt,
    Store,
    Tuple,
    While,
)
from adcompile.ir.opaque import is_opaque
from adcompile.ir.types import BOOL, Array, Scalar, TupleType
from adcompile.ir.walk import blocks, defines, loads, names, renamed, substituted, with_blocks
from adcompile.lapack import FOUND
from adcompile.normal.checks import Checks
from adcompile.normal.elements import INTEGERS, Elements, Subscript, equal_lengths, known_lengths
from adcompile.normal.sharing import told_apart


def loops_for_arrays(function: Function, within: Set[str] = frozenset()) -> Function:
    """`function` in the core dialect, but for arrays that loops carry and branches merge; the integers of `within`
    end slices inside of the axes."""
    return _Loops(function, within).run()


class _Loops(Checks):
    def __init__(self, function: Function, within: Set[str]) -> None:
        super().__init__(function, within)
        self.refusals: list[Refusal] = told_apart(function)

    def run(self) -> Function:
        body = self.block(self.function.body)
        if self.refusals:
            raise Unsupported(self.refusals)
        return replace(self.function, body=body, types=self.types)

    def block(self, block: Block, *indices: str) -> Block:
        with self.block_of(indices) as out:
            for stmt in block:
                before = len(out)
                try:
                    self.statement(stmt)
                except Unsupported as error:
                    self.refusals += [
                        replace(r, span=r.span or stmt.span, function=r.function or self.function.name)
                        for r in error.refusals
                    ]
                    self.recover(stmt)
                out[before:] = [_from(stmt, new) for new in out[before:]]
        return tuple(out)

    def recover(self, stmt: Stmt) -> None:
        """After a refusal: names that the statement should have defined are there, so that reading goes on."""
        for name in defines(stmt):
            if isinstance(self.types[name], Array) and name not in self.arrays:
                self.know(name)

    # ------------------------------------------------------------------------------------ statements
    def statement(self, stmt: Stmt) -> None:
        match stmt:
            case Assign():
                self.assign(stmt)
            case Store() | Accum():
                self.write(stmt)
            case For():
                self.loop(stmt)
            case While():
                self.while_(stmt)
            case If():
                test = self.scalar(stmt.test)
                then, orelse = self.block(stmt.then), self.block(stmt.orelse)
                merges = []
                for m in stmt.merges:
                    if isinstance(self.types[m.result], Array):
                        then, left = self.own(m.then, then)
                        orelse, right = self.own(m.orelse, orelse)
                        self.know(m.result)
                        m = Merge(m.result, left, right)
                    merges.append(m)
                self.emit(replace(stmt, test=test, then=then, orelse=orelse, merges=tuple(merges)))
            case Return():
                self.emit(replace(stmt, value=self.returned(stmt.value)))
            case Effect():
                self.effect(stmt)

    def returned(self, expr: Expr) -> Expr:
        if isinstance(expr, Tuple):
            return Tuple(tuple(self.returned(item) for item in expr.items))
        if isinstance(expr, Name) and isinstance(self.types[expr.id], Array):
            elements = self.arrays[expr.id]
            if elements.root == expr.id:
                return expr
            result = self.filled(expr.id, elements)
            assert result.root is not None
            return Name(result.root)
        return expr

    def own(self, atom: Atom, block: Block) -> tuple[Block, Atom]:
        """An array that a loop carries or a branch merges, as an array of its own at the end of a block."""
        if not isinstance(atom, Name):
            return block, atom
        elements = self.arrays[atom.id]
        if elements.root == atom.id:
            return block, atom
        with self.block_of() as out:
            copy = self.filled(atom.id, elements)
        block = (*block, *out)
        assert copy.root is not None
        return block, Name(copy.root)

    # ------------------------------------------------------------------------------------ assignments
    def assign(self, stmt: Assign) -> None:
        type_, value = self.types[stmt.target], stmt.value
        if is_opaque(value):
            assert isinstance(value, Call)
            self.emit(replace(stmt, value=self.opaque_call(value)))
            if isinstance(type_, Array):
                self.know(stmt.target)
            return
        if not isinstance(type_, Array):
            new = self.scalar(value)
            if isinstance(type_, Scalar) and self.positive(new):
                self.not_negative.add(stmt.target)
            self.emit(replace(stmt, value=new))
            return
        if isinstance(value, Index) and isinstance(self.type(value.array), TupleType):
            self.know(stmt.target)
            self.emit(stmt)
            return
        if self.allocates(stmt, value):
            return
        elements = self.array(value)
        if elements.root is not None and not (isinstance(value, Call) and value.fn is ops.copy):
            self.arrays[stmt.target] = elements
            return
        self.emit(Assign(stmt.target, self.allocation(elements.shape, elements.dtype), span=stmt.span))
        target = self.know(stmt.target, elements.shape)
        self.nest(
            elements.shape,
            lambda at: self.emit(
                Store(stmt.target, target.place(at), elements.at(at), span=stmt.span, origin=stmt.origin)  # type: ignore[misc]
            ),
        )

    def allocates(self, stmt: Assign, value: Expr) -> bool:
        """An allocation of the core dialect stays as it is."""
        if not isinstance(value, Call):
            return False
        fn, args = value.fn, value.args
        dtype = self.types[stmt.target].dtype  # type: ignore[union-attr]
        if fn in runtime.GROWING:
            given = tuple(a if self.is_array(a) else self.scalar(a) for a in args)
            longer = Call(fn, given)
            self.know_longer(stmt, longer)
            self.emit(replace(stmt, value=longer))
            return True
        if fn in runtime.PRODUCTS or fn in TRANSFORMS or fn in FOUND:
            operands = [self.whole(arg) for arg in args]
            self.emit(replace(stmt, value=Call(fn, tuple(Name(x.root or "") for x in operands))))
            shape = operands[0].shape
            if fn in runtime.PRODUCTS:
                shape = tuple(x.shape[axis] for x, axis in zip(operands, runtime.PRODUCTS[fn], strict=True))
            elif fn in FOUND:
                shape = (shape[1],) * FOUND[fn]
            self.know(stmt.target, shape)
            return True
        if fn is ops.table:
            self.emit(stmt)
            self.know(stmt.target, tuple(Const(length) for length in args[0].value.array.shape))  # type: ignore[union-attr]
            return True
        if fn in (np.zeros, np.empty):
            shape = self.shape_of(args[0])
            self.emit(replace(stmt, value=self.of_shape(shape, dtype, fn)))
            self.know(stmt.target, shape)
            return True
        if fn in (np.zeros_like, np.empty_like, ops.copy):
            source = self.array(args[0])
            if source.root is not None and args[0] == Name(source.root) and source.dtype == dtype:
                self.emit(replace(stmt, value=Call(fn, (Name(source.root),))))
                self.know(stmt.target, source.shape)
                return True
            if fn is not ops.copy:
                plain = np.zeros if fn is np.zeros_like else np.empty
                self.emit(replace(stmt, value=self.allocation(source.shape, dtype, plain)))
                self.know(stmt.target, source.shape)
                return True
        return False

    # ------------------------------------------------------------------------------------ writes
    def write(self, stmt: Store | Accum) -> None:
        base = self.arrays[stmt.array]
        if any(self.is_array(item) for item in stmt.index):
            self.scattered(stmt, base)
            return
        target = self.subscripts.taken(base, [self.bounds(item) for item in stmt.index])
        assert target.root is not None and target.place is not None
        if target.rank == 0:
            value = self.scalar(stmt.value)
            self.emit(replace(stmt, array=target.root, index=target.place(()), value=value))
            return
        value_elements = self.array(stmt.value)
        self.fits(target.shape, value_elements.shape)
        target = replace(target, shape=known_lengths(target.shape, value_elements.shape))
        wide = self.stretched(value_elements, target.shape)
        backwards = self.direction(target, wide)
        if backwards is None:
            wide = self.stretched(self.filled("new", value_elements), target.shape)
            backwards = []

        def one(at: Subscript) -> None:
            assert target.root is not None and target.place is not None
            self.emit(replace(stmt, array=target.root, index=target.place(at), value=wide.at(at)))

        self.nest(target.shape, one, backwards)

    def fits(self, target: Subscript, value: Subscript) -> None:
        for axis in range(-len(value), 0):
            if len(target) < -axis:
                if value[axis] != Const(1):
                    self.check(runtime.check_equal, Const(1), value[axis])
                continue
            if value[axis] != Const(1) and not equal_lengths(target[axis], value[axis]):
                self.check(runtime.check_length, target[axis], value[axis])

    def direction(self, target: Elements, value: Elements) -> list[bool] | None:
        """For each axis whether to loop backwards, so that every element of the written array is read before it is
        overwritten; `None` where no order is known to do."""
        probe = tuple(Name(f"?{axis}") for axis in range(target.rank))
        assert target.place is not None
        place = target.place(probe)
        backwards = [False] * target.rank
        settled: set[int] = set()
        for load in loads(value.at(probe)):
            assert isinstance(load.array, Name)
            if load.array.id != target.root or load.index == place:
                continue
            found = False
            for read, written in zip(load.index, place, strict=True):
                shift = difference(read, written, INTEGERS)
                axes = [axis for axis in range(target.rank) if probe[axis].id in set(names(written))]
                if shift is None or (shift and len(axes) != 1):
                    return None
                if shift and not found:
                    found = True
                    axis, back = axes[0], shift * _slope(written, probe[axes[0]]) < 0
                    if any(probe[k].id in names(p) for k in range(axis) for p in [written]) or (
                        axis in settled and backwards[axis] != back
                    ):
                        return None
                    if not self._outermost_first(place, probe):
                        return None
                    backwards[axis] = back
                    settled.add(axis)
        return backwards

    @staticmethod
    def _outermost_first(place: Subscript, probe: tuple[Name, ...]) -> bool:
        """Whether the axes of memory follow the loops from the outside in, so that the first shift decides."""
        order = [axis for part in place for axis, p in enumerate(probe) if p.id in set(names(part))]
        return order == sorted(order)

    def scattered(self, stmt: Store | Accum, base: Elements) -> None:
        """`x[ids] = e`: one by one, the last of equal ids stays."""
        if isinstance(stmt, Accum):
            raise refuse("unsupported-index", "this addition through an array of indices", hint="write the loop out")
        target = self.gathered(base, stmt.index)
        value = self.array(stmt.value)
        self.fits(target.shape, value.shape)
        probe = tuple(Name(f"?{axis}") for axis in range(target.rank))
        assert target.place is not None
        if any(load.array == Name(base.root or "") for index in target.place(probe) for load in loads(index)):
            raise refuse("unsupported-index", "an array that is its own index is written", hint="copy the index first")
        if any(load.array == Name(base.root or "") for load in loads(value.at(probe[: value.rank]))):
            value = self.filled("new", value)
        wide = self.stretched(value, target.shape)
        self.nest(target.shape, lambda at: self.store(target, at, wide.at(at)))

    # ------------------------------------------------------------------------------------ loops
    def carried(self, stmt: For | While) -> tuple[Carry, ...]:
        """What a loop carries, with its initial values as arrays of their own."""
        result = []
        for c in stmt.carried:
            if isinstance(self.types[c.inner], Array):
                before, init = self.own(c.init, ())
                self.out += before
                self.know_carried(init, c.inner, c.result)
                c = replace(c, init=init)
            result.append(c)
        return tuple(result)

    def yielded(self, carried: tuple[Carry, ...], body: Block) -> tuple[Block, tuple[Carry, ...]]:
        result = []
        for c in carried:
            if isinstance(self.types[c.inner], Array):
                body, atom = self.own(c.yielded, body)
                c = replace(c, yielded=atom)
            result.append(c)
        return body, tuple(result)

    def loop(self, stmt: For) -> None:
        start, stop, step = self.scalar(stmt.start), self.scalar(stmt.stop), self.scalar(stmt.step)
        if isinstance(step, Const) and self.positive(start if step.value > 0 else Call(np.add, (stop, Const(1)))):
            self.not_negative.add(stmt.index)
        if isinstance(step, Const) and step.value < 0 and stop == Const(-1):
            self.not_negative.add(stmt.index)
        carried = self.carried(stmt)
        self.depth += 1
        body, carried = self.yielded(carried, self.block(stmt.body, stmt.index))
        self.depth -= 1
        self.emit(replace(stmt, start=start, stop=stop, step=step, body=body, carried=carried))

    def while_(self, stmt: While) -> None:
        carried = self.carried(stmt)
        with self.block_of() as out:
            test = self.scalar(stmt.test)
        before = tuple(out)
        self.depth += 1
        body, carried = self.yielded(carried, self.block(stmt.body))
        self.depth -= 1
        if before:
            first, start = self.evaluated(before, test, {c.inner: c.init for c in carried})
            again, end = self.evaluated(before, test, {c.inner: c.yielded for c in carried})
            self.out += first
            body = (*body, *again)
            inner, result = self.fresh("going", BOOL), self.fresh("going", BOOL)
            carried = (*carried, Carry(inner, start, end, result))
            test = Name(inner)
        self.emit(replace(stmt, test=test, body=body, carried=carried))

    def evaluated(self, before: Block, test: Expr, values: dict[str, Atom]) -> tuple[list[Stmt], Atom]:
        """A condition that needs statements, evaluated where the carried values are `values`."""
        last = self.fresh("going", BOOL)
        copy, final = renamed((*before, Assign(last, test)), self.names, self.types, dict(values))  # type: ignore[arg-type]
        name = final[last]
        assert isinstance(name, Name)
        return list(copy), name


def _from(stmt: Stmt, new: Stmt) -> Stmt:
    """A statement that `stmt` was written as: it and all that stands in it say where they come from."""
    if blocks(stmt):
        return new if new.span else replace(new, span=stmt.span)
    new = with_blocks(new, [tuple(_from(stmt, inner) for inner in block) for block in blocks(new)])
    return replace(new, span=new.span or stmt.span, origin=new.origin or stmt.origin)


def _slope(expr: Expr, name: Name) -> int:
    """Whether an index grows or falls with a loop's."""
    ahead = substituted(expr, {name.id: Call(np.add, (name, Const(1)))})
    return difference(ahead, expr, INTEGERS) or 0
