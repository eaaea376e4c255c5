"""Forward mode: a function into one that gives its value and the tangent of its value.

Goal: one tangent beside each active value, `x_dot` beside `x`; memory has tangent memory of the same shape.  It takes
anything of the language, tapes included, so it differentiates derivatives too.  Several *lanes* of tangents may go
along at once (a chunk of a Jacobian's columns), which share what does not depend on the direction.  Non-goals: finding
what they share is the optimiser's.

    s = x * np.sin(y)
becomes
    s_dot = x * np.cos(y) * y_dot + np.sin(y) * x_dot
    s = x * np.sin(y)

Method: Griewank & Walther, *Evaluating Derivatives* (2nd ed.), section 3.1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import product

import numpy as np

from adcompile.analysis.activity import Activity
from adcompile.analysis.aliasing import is_allocation, roots
from adcompile.analysis.types_of import type_of_value
from adcompile.chain import ZERO, contribution, differentiable, matched, partial, plus
from adcompile.errors import Unsupported
from adcompile.fourier import TRANSFORMS
from adcompile.ir import ops
from adcompile.ir.fold import fold
from adcompile.ir.nodes import (
    Accum,
    Assign,
    Atom,
    Block,
    Call,
    Carry,
    Const,
    Expr,
    For,
    Function,
    If,
    Index,
    Merge,
    Name,
    Names,
    Return,
    Stmt,
    Store,
    Tuple,
    While,
    base_of,
)
from adcompile.ir.opaque import Opaque
from adcompile.ir.types import INT, Array, TupleType, Type, is_complex, is_float
from adcompile.ir.walk import blocks, core_names, with_blocks
from adcompile.runtime import GROWING, PRODUCTS
from adcompile.transform.auxiliary import result_and_aux
from adcompile.transform.entry import own_copies
from adcompile.transform.inverted import inverted
from adcompile.transform.opaque_calls import Tangents


def forward(
    function: Function, wrt: Sequence[str], *, value: bool = True, lanes: int = 1, aux: bool = False,
    reversed_after: bool = False,
) -> Function:  # fmt: skip
    """The tangent of `function` along tangents of the parameters `wrt`.

    The new function has a parameter more for each of `wrt`, `<param>_dot`, and returns the tangent of the result,
    after the value if `value`.  A leaf of the result that is no float has the tangent 0.0.  With several `lanes` it has
    the new parameters once for each lane, and returns the tuple of the tangents.  With `aux` the function returns
    `(result, aux)`, of which the first alone has a tangent; the second comes last, if the value comes first.
    What is `reversed_after` still says where it comes from.
    """
    return Forward(function, tuple(wrt), lanes, reversed_after).run(value, aux)


class Forward:
    """Writes the tangents of one function; `series` and `dependence` write other things in their place."""

    def __init__(self, function: Function, wrt: tuple[str, ...], lanes: int, reversed_after: bool = False) -> None:
        self.function = function
        self.reversed = reversed_after
        self.wrt = wrt
        self.lanes = range(lanes)
        self.activity = Activity(function, wrt, roots(function))
        self.names = Names(core_names(function))
        self.types: dict[str, Type] = dict(function.types)
        self.dots: dict[tuple[str, int], str] = {}
        self.opaque = Tangents(function, self.activity, self.types, self.names, self.dot)

    def run(self, value: bool, with_aux: bool) -> Function:
        function = self.function
        taken = {base_of(name) for name in self.types}
        params = []
        for lane, param in product(self.lanes, self.wrt):
            name, number = f"{param}_dot", 1
            while name in taken:
                number += 1
                name = f"{param}_dot{number}"
            taken.add(name)
            self.names.take(name)
            self.types[name] = self.types[param]
            self.dots[param, lane] = name
            params.append(name)
        entry: list[Stmt] = []
        for param in function.params:  # a parameter that is no independent variable, but is written by active values
            if isinstance(self.types[param], Array) and param not in self.wrt and self.activity.name(param):
                entry += [Assign(self.dot(param, lane), Call(np.zeros_like, (Name(param),))) for lane in self.lanes]
        last = function.body[-1]
        assert isinstance(last, Return)
        primal, *aux = result_and_aux(function) if with_aux else (last.value,)
        body = (*entry, *self.block(function.body[:-1]))
        late: list[Stmt] = []
        tangents = tuple(self.result(primal, lane, late) for lane in self.lanes)
        tangent = tangents[0] if len(tangents) == 1 else Tuple(tangents)
        result = Tuple((primal, tangent, *aux)) if value else tangent
        new = Function(f"{function.name}_jvp", (*function.params, *params), (*body, *late, Return(result)), self.types)
        return own_copies(new, function.params)

    def result(self, expr: Expr, lane: int, out: list[Stmt]) -> Expr:
        if isinstance(expr, Tuple):
            return Tuple(tuple(self.result(item, lane, out) for item in expr.items))
        assert isinstance(expr, (Name, Const))
        if isinstance(expr, Name) and isinstance(self.types[expr.id], Array) and not self.activity.name(expr.id):
            zeros = self.names.fresh(f"{base_of(expr.id)}_dot")
            array = self.types[expr.id]
            self.types[zeros] = array if is_float(array) else Array("float64", array.ndim)  # type: ignore[union-attr]
            like: tuple[Expr, ...] = (expr,) if is_float(array) else (expr, Const(np.float64))
            out.append(Assign(zeros, Call(np.zeros_like, like)))
            return Name(zeros)
        of = self.types[expr.id] if isinstance(expr, Name) else type_of_value(expr.value)
        if is_complex(of) and not (isinstance(expr, Name) and self.activity.name(expr.id)):
            return Const(0j)
        return self.atom(expr, lane)

    # ------------------------------------------------------------------------------------ tangents
    def dot(self, name: str, lane: int) -> str:
        if (name, lane) not in self.dots:
            new = self.names.fresh(f"{base_of(name)}_dot")
            self.types[new] = self.types[name]
            self.dots[name, lane] = new
        return self.dots[name, lane]

    def atom(self, atom: Atom, lane: int) -> Atom:
        return Name(self.dot(atom.id, lane)) if isinstance(atom, Name) and self.activity.name(atom.id) else ZERO

    def tangent(self, expr: Expr, lane: int) -> Expr:
        """The tangent of a scalar expression."""
        if not self.activity.expression(expr):
            return ZERO
        match expr:
            case Name(id):
                return Name(self.dot(id, lane))
            case Index(Name(id), index):
                return Index(Name(self.dot(id, lane)), index)
            case Call(ops.select, (condition, then, orelse)):
                return fold(
                    Call(ops.select, (condition, self.tangent(then, lane), self.tangent(orelse, lane))), derivative=True
                )
        assert isinstance(expr, Call)
        total: Expr = ZERO
        for position in differentiable(expr):
            inner = self.tangent(expr.args[position], lane)
            if inner != ZERO:
                slope = partial(expr, position, types=self.types)
                term = contribution(expr, position, slope, inner, self.types)
                total = plus(total, matched(term, expr, self.types))
        return total

    def of_lanes(self, tangents: list[Expr], out: list[Stmt]) -> list[Expr]:
        """The tangents of one value, with what they share named in `out`."""
        return inverted(tangents, self.types, self.names.fresh, out) if len(tangents) > 1 else tangents

    # ------------------------------------------------------------------------------------ statements
    def block(self, block: Block) -> Block:
        out: list[Stmt] = []
        for stmt in block:
            try:
                self.statement(stmt, out)
            except Unsupported as error:
                raise Unsupported(
                    replace(r, span=r.span or stmt.span, function=r.function or self.function.name)
                    for r in error.refusals
                ) from None
        return tuple(out)

    def statement(self, stmt: Stmt, out: list[Stmt]) -> None:
        match stmt:
            case Assign(target, Call(fn, (Name(), Name()) as operands)) if fn in PRODUCTS:
                if self.activity.name(target):
                    for lane in self.lanes:
                        self.tangent_of_product(stmt, operands, lane, out)  # type: ignore[arg-type]
                out.append(stmt)
            case Assign(target, Call(Opaque())) if self.activity.name(target):
                self.opaque.call(stmt, self.lanes, out)
            case Assign():
                if self.activity.name(stmt.target):
                    tangents = self.of_lanes([self.tangent_of_assigned(stmt, lane) for lane in self.lanes], out)
                    for lane, tangent in zip(self.lanes, tangents, strict=True):
                        out.append(Assign(self.dot(stmt.target, lane), tangent, span=stmt.span))
                out.append(stmt)
            case Store() | Accum():
                if self.activity.name(stmt.array):
                    values = self.of_lanes([self.tangent(stmt.value, lane) for lane in self.lanes], out)
                    for lane, value in zip(self.lanes, values, strict=True):
                        if isinstance(stmt, Store) or value != ZERO:
                            out.append(replace(stmt, array=self.dot(stmt.array, lane), value=value, origin=""))
                out.append(stmt if self.reversed else replace(stmt, origin=""))
            case For() | While():
                new = with_blocks(stmt, [self.block(stmt.body)])
                assert isinstance(new, (For, While))
                extra = tuple(
                    Carry(self.dot(c.inner, n), self.atom(c.init, n), self.atom(c.yielded, n), self.dot(c.result, n))
                    for c in stmt.carried
                    if self.activity.name(c.inner)
                    for n in self.lanes
                )
                out.append(replace(new, carried=(*stmt.carried, *extra)))
            case If():
                branch = with_blocks(stmt, [self.block(inner) for inner in blocks(stmt)])
                assert isinstance(branch, If)
                merges = tuple(
                    Merge(self.dot(m.result, lane), self.atom(m.then, lane), self.atom(m.orelse, lane))
                    for m in stmt.merges
                    if self.activity.name(m.result)
                    for lane in self.lanes
                )
                out.append(replace(branch, merges=(*stmt.merges, *merges)))
            case _:
                out.append(stmt)

    def tangent_of_product(self, stmt: Assign, operands: tuple[Name, Name], lane: int, out: list[Stmt]) -> None:
        """`da @ b + a @ db`, the second added to the first in place."""
        a, b = operands
        assert isinstance(stmt.value, Call)
        terms = []
        if self.activity.name(a.id):
            terms.append((Name(self.dot(a.id, lane)), b))
        if self.activity.name(b.id):
            terms.append((a, Name(self.dot(b.id, lane))))
        first, *rest = (Call(stmt.value.fn, term) for term in terms)
        dot = self.dot(stmt.target, lane)
        out.append(Assign(dot, first, span=stmt.span))
        for term in rest:
            part = self.names.fresh(f"{base_of(stmt.target)}_part")
            self.types[part] = self.types[stmt.target]
            i, j = (self.names.fresh(base) for base in "ij")
            self.types[i] = self.types[j] = INT
            out.append(Assign(part, term, span=stmt.span))
            place = (Name(i), Name(j))
            body: Block = (Accum(dot, place, Index(Name(part), place)),)
            for index, axis in ((j, 1), (i, 0)):
                extent = Call(ops.dim, (Name(dot), Const(axis)))
                body = (For(index, Const(0), extent, Const(1), body),)
            out += body

    def tangent_of_assigned(self, stmt: Assign, lane: int) -> Expr:
        """The tangent of an assignment's value: of a scalar, or the tangent memory of an allocation."""
        value = stmt.value
        match value:
            case Index(Name(array), index) if isinstance(self.types[array], TupleType):
                return Index(Name(self.dot(array, lane)), index)
            case Call(ops.item, (Name(whole), number)):
                return Call(ops.item, (Name(self.dot(whole, lane)), number))
        if not is_allocation(value):
            return self.tangent(value, lane)
        assert isinstance(value, Call)
        if value.fn in GROWING:
            source = value.args[0]
            assert isinstance(source, Name)
            return replace(value, args=(Name(self.dot(source.id, lane)), *value.args[1:]))
        if value.fn is ops.copy or value.fn in TRANSFORMS:  # linear functions of a whole array
            source = value.args[0]
            assert isinstance(source, Name)
            if self.activity.name(source.id):
                return Call(value.fn, (Name(self.dot(source.id, lane)),))
            return Call(np.zeros_like, (source,))
        zeros: dict[object, Callable[..., object]] = {np.empty: np.zeros, np.empty_like: np.zeros_like}
        return replace(value, fn=zeros.get(value.fn, value.fn))
