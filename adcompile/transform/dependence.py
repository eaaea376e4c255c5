"""Which inputs each output depends on: sets of them, as bits, in the place of tangents.

Goal: beside each active value stands the set of the inputs that it depends on smoothly, as the bits of an integer; a
function of two values has the union of their sets.  Memory has memory of the same shape.  An entry of a Jacobian that
no bit tells of is zero, at these arguments and at all for which the function takes the same branches and subscripts.
Non-goals: which inputs have which bit (`api.patterns` asks for a few of them at a time); values that happen to be zero.

    y[i] = x[i] * np.sin(x[i + 1])
becomes
    y_set[i] = x_set[i] | x_set[i + 1]

Method: Griewank & Walther, *Evaluating Derivatives* (2nd ed.), section 7.1 (bit patterns).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import reduce

import numpy as np

from adcompile.analysis.aliasing import is_allocation
from adcompile.analysis.types_of import type_of
from adcompile.chain import differentiable
from adcompile.ir import ops
from adcompile.ir.nodes import (
    Accum,
    Assign,
    Atom,
    Block,
    Call,
    Const,
    Expr,
    For,
    Function,
    If,
    Index,
    Name,
    Return,
    Stmt,
    Store,
    Tuple,
    While,
    base_of,
)
from adcompile.ir.opaque import Opaque
from adcompile.ir.types import INT, Array, Static, TupleType, Type, is_float
from adcompile.ir.walk import children, expressions, nodes, statements
from adcompile.runtime import GROWING, PRODUCTS
from adcompile.transform.entry import own_copies
from adcompile.transform.forward import Forward

NONE = Const(0)


def dependence(function: Function, wrt: Sequence[str]) -> Function:
    """What the result of `function` depends on, of sets `<param>_set` that are given for the parameters `wrt`."""
    return _Dependence(function, tuple(wrt), 1).sets()


def follows_data(function: Function) -> bool:
    """Whether branches, trip counts or subscripts may depend on floats: then so may what depends on what."""
    data = {name for name, type_ in function.types.items() if is_float(type_)}

    def varies(expr: Expr) -> bool:
        if isinstance(expr, Call) and expr.fn is ops.dim:
            return False
        return expr in map(Name, data) if isinstance(expr, Name) else any(map(varies, children(expr)))

    before = -1
    while len(data) != before:
        before = len(data)
        for stmt in statements(function.body):
            match stmt:
                case Assign(target, value) if varies(value) and not isinstance(function.types.get(target), Array):
                    data.add(target)
                case Store(array, _, value) | Accum(array, _, value) if varies(value):
                    data.add(array)
                case For() | While():
                    for carry in stmt.carried:
                        if varies(carry.init) or varies(carry.yielded):
                            data |= {carry.inner, carry.result}
                case If():
                    data |= {m.result for m in stmt.merges if varies(m.then) or varies(m.orelse)}
    for stmt in statements(function.body):
        decisive: tuple[Expr, ...] = ()
        match stmt:
            case For():
                decisive = (stmt.start, stmt.stop, stmt.step)
            case While() | If():
                decisive = (stmt.test,)
            case Store(_, index) | Accum(_, index):
                decisive = index
        for part in (node for expr in expressions(stmt) for node in nodes(expr)):
            if isinstance(part, Index):
                decisive += part.index
            if isinstance(part, Call) and part.fn is ops.select:
                decisive += part.args[:1]
        if any(map(varies, decisive)):
            return True
    return False


class _Dependence(Forward):
    """Sets take the place of tangents, and the union that of the sum."""

    def sets(self) -> Function:
        function, entry = self.function, list[Stmt]()
        params = [self.dot(param, 0) for param in self.wrt]
        for param in function.params:
            if isinstance(self.types[param], Array) and param not in self.wrt and self.activity.name(param):
                entry.append(Assign(self.dot(param, 0), _nothing(Name(param))))
        last = function.body[-1]
        assert isinstance(last, Return)
        body = (*entry, *self.block(function.body[:-1]))
        late: list[Stmt] = []
        result = self.result(last.value, 0, late)
        params = list(function.params) + params
        new = Function(f"{function.name}_sets", tuple(params), (*body, *late, Return(result)), self.types)
        return own_copies(new, function.params)

    def result(self, expr: Expr, lane: int, out: list[Stmt]) -> Expr:
        if isinstance(expr, Tuple):
            return Tuple(tuple(self.result(item, lane, out) for item in expr.items))
        if isinstance(expr, Name) and isinstance(self.types[expr.id], Array) and not self.activity.name(expr.id):
            name = self.dot(expr.id, lane)
            out.append(Assign(name, _nothing(expr)))
            return Name(name)
        assert isinstance(expr, (Name, Const))
        return self.atom(expr, lane)

    def dot(self, name: str, lane: int) -> str:
        if (name, lane) not in self.dots:
            new = self.names.fresh(f"{base_of(name)}_set")
            self.types[new] = _sets(self.types[name])
            self.dots[name, lane] = new
        return self.dots[name, lane]

    def atom(self, atom: Atom, lane: int) -> Atom:
        return Name(self.dot(atom.id, lane)) if isinstance(atom, Name) and self.activity.name(atom.id) else NONE

    def tangent(self, expr: Expr, lane: int) -> Expr:
        """The set of a scalar expression."""
        if not self.activity.expression(expr):
            return NONE
        match expr:
            case Name(id):
                return Name(self.dot(id, lane))
            case Index(Name(id), index):
                return Index(Name(self.dot(id, lane)), index)
            case Call(ops.select, (condition, then, orelse)):
                sides = (self.tangent(then, lane), self.tangent(orelse, lane))
                if any(isinstance(node, Index) for side in sides for node in nodes(side)):  # it may be out of bounds
                    return Call(ops.select, (condition, *sides))
                return union(sides)
        assert isinstance(expr, Call)
        return union([self.tangent(expr.args[position], lane) for position in differentiable(expr)])

    def statement(self, stmt: Stmt, out: list[Stmt]) -> None:
        match stmt:
            case Assign(target, Call(Opaque())) if self.activity.name(target):
                self.set_of_call(stmt, out)
                return
        if isinstance(stmt, Accum) and self.activity.name(stmt.array):
            more = self.tangent(stmt.value, 0)
            if more != NONE:
                array = self.dot(stmt.array, 0)
                both = union([Index(Name(array), stmt.index), more])
                out.append(Store(array, stmt.index, both, span=stmt.span))
            out.append(replace(stmt, origin=""))
            return
        super().statement(stmt, out)

    def set_of_call(self, stmt: Assign, out: list[Stmt]) -> None:
        """The sets of what an opaque function gives, by its rule."""
        call = stmt.value
        assert isinstance(call, Call) and isinstance(call.fn, Opaque)
        arguments = tuple(type_of(arg, self.types) for arg in call.args)
        by = tuple(number for number, arg in enumerate(call.args) if self.activity.passed(arg))
        given = [self.set_given(call.args[number], out) for number in by]
        sets = Call(call.fn.sets(arguments, by), (*call.args, *given))
        out.append(stmt)
        dot, found = self.dot(stmt.target, 0), type_of(sets, self.types)
        if isinstance(found, Static) or not isinstance(found, type(self.types[dot])):  # a rule whose tangent is zero
            value = self.types[stmt.target]
            out.append(Assign(dot, _nothing(Name(stmt.target)) if isinstance(value, Array) else NONE, span=stmt.span))
            return
        self.types[dot] = found
        out.append(Assign(dot, sets, span=stmt.span))

    def set_given(self, arg: Expr, out: list[Stmt]) -> Expr:
        """The set of an argument, as an atom or a tuple of atoms."""
        if isinstance(arg, Tuple):
            return Tuple(tuple(self.set_given(item, out) for item in arg.items))
        if isinstance(arg, Name) and not self.activity.name(arg.id) and isinstance(self.types[arg.id], Array):
            none = self.names.fresh("none")
            self.types[none] = _sets(self.types[arg.id])
            out.append(Assign(none, _nothing(arg)))
            return Name(none)
        assert isinstance(arg, (Name, Const))
        return self.atom(arg, 0)

    def tangent_of_product(self, stmt: Assign, operands: tuple[Name, Name], lane: int, out: list[Stmt]) -> None:
        """Each element is of a row and of a column."""
        assert isinstance(stmt.value, Call)
        axes = PRODUCTS[stmt.value.fn]
        dot, (i, j, k) = self.dot(stmt.target, lane), (self.names.fresh(base) for base in "ijk")
        self.types[i] = self.types[j] = self.types[k] = INT
        lengths = [Call(ops.dim, (one, Const(axis))) for one, axis in zip(operands, axes, strict=True)]
        out.append(Assign(dot, Call(np.zeros, (Tuple(tuple(lengths)), Const(np.int64))), span=stmt.span))
        parts: list[Expr] = [Index(Name(dot), (Name(i), Name(j)))]
        for one, axis, own in zip(operands, axes, (i, j), strict=True):
            if self.activity.name(one.id):
                place = (Name(own), Name(k)) if axis == 0 else (Name(k), Name(own))
                parts.append(Index(Name(self.dot(one.id, lane)), place))
        body: Block = (Store(dot, (Name(i), Name(j)), union(parts)),)
        inner = Call(ops.dim, (operands[0], Const(1 - axes[0])))
        for index, extent in ((k, inner), (j, lengths[1]), (i, lengths[0])):
            body = (For(index, Const(0), extent, Const(1), body),)
        out += body

    def tangent_of_assigned(self, stmt: Assign, lane: int) -> Expr:
        value = stmt.value
        if not is_allocation(value):
            return super().tangent_of_assigned(stmt, lane)
        assert isinstance(value, Call)
        source = value.args[0]
        if value.fn in GROWING:
            assert isinstance(source, Name)
            return replace(value, args=(Name(self.dot(source.id, lane)), *value.args[1:]))
        if value.fn in (np.zeros, np.empty):
            return Call(np.zeros, (source, Const(np.int64)))
        assert isinstance(source, Name)
        if value.fn is ops.copy and self.activity.name(source.id):
            return Call(ops.copy, (Name(self.dot(source.id, lane)),))
        return _nothing(source)


def union(sets: Sequence[Expr]) -> Expr:
    """The union of sets, each named once."""
    parts = [part for one in sets for part in _members(one)]
    some = [one for one in dict.fromkeys(parts) if one != NONE]
    return reduce(lambda a, b: Call(np.bitwise_or, (a, b)), some) if some else NONE


def _members(union: Expr) -> Iterator[Expr]:
    if isinstance(union, Call) and union.fn is np.bitwise_or:
        for arg in union.args:
            yield from _members(arg)
    else:
        yield union


def _sets(type_: Type) -> Type:
    if isinstance(type_, TupleType):
        return TupleType(tuple(map(_sets, type_.items)))
    return Array("int64", type_.ndim) if isinstance(type_, Array) else INT


def _nothing(like: Expr) -> Expr:
    return Call(np.zeros_like, (like, Const(np.int64)))
