"""Taylor mode: a function into one that gives the first coefficients of its series along a line.

Goal: `x(t) = x + t * v` in, the coefficients of `f(x(t))` out, in one sweep, in time that grows as a power of the order
(nested forward mode doubles with each order).  Beside each active value stand its coefficients, `s_c1`, `s_c2` beside
`s`; beside memory, memory of the same shape.  Loops carry them and branches merge them, as forward mode does tangents.

    s = np.exp(x)
becomes, of order 2,
    s_c1 = s * x_c1
    s_c2 = 0.5 * (s_c1 * x_c1) + s * x_c2

Method: Griewank & Walther, *Evaluating Derivatives* (2nd ed.), chapter 13.  Products and quotients have recurrences of
their own.  Any other elementwise `z = f(x)` has the differential equation `z' = p(x, z) x'`, where `p` is the rule's
partial derivative, hence `k z_k = sum of j x_j p_(k-j)` with the coefficients of `p` by the same means: those of `exp`
are its own, those of `sin` want those of `cos` up to one order less, those of which want `sin`'s.  Each is computed
once.  Non-goals: several directions at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from adcompile.chain import ZERO, contribution, differentiable, partial, plus, times
from adcompile.ir import ops
from adcompile.ir.dtypes import dtype_of
from adcompile.ir.fold import fold
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
    Merge,
    Name,
    Return,
    Stmt,
    Store,
    Tuple,
    base_of,
)
from adcompile.ir.opaque import Opaque
from adcompile.ir.types import INT, Array, Scalar, TupleType
from adcompile.ir.walk import children, rebuilt, written
from adcompile.transform.entry import own_copies
from adcompile.transform.forward import Forward


def series(function: Function, wrt: Sequence[str], order: int, *, curved: bool = False) -> Function:
    """The coefficients of orders 0 to `order` of `function` along directions of the parameters `wrt`.

    The new function has a parameter more for each of `wrt`, `<param>_c1`, and returns the tuple of the coefficients,
    each of the structure of the result.  With `curved` the parameters do not go along lines: there is a parameter for
    each order, those of one order side by side.
    """
    return _Series(function, tuple(wrt), order, curved).series()


class _Series(Forward):
    """Coefficients take the place of tangents, and their orders that of lanes."""

    def __init__(self, function: Function, wrt: tuple[str, ...], order: int, curved: bool) -> None:
        super().__init__(function, wrt, order)
        self.lanes = range(1, order + 1)
        self.curved = curved
        self.straight = (
            set()
            if curved
            else {p for p in wrt if not isinstance(self.types[p], Array) or p not in written(function.body)}
        )
        self.known: dict[tuple[Expr, int], Expr] = {}  # coefficients that were computed for the statement at hand
        self.out: list[Stmt] = []

    def series(self) -> Function:
        function, entry = self.function, list[Stmt]()
        params = []
        for order in self.lanes if self.curved else (1,):
            params += [self.dot(param, order) for param in self.wrt]
        for param in function.params:
            if isinstance(self.types[param], Array) and self.activity.name(param):
                given = self.lanes if self.curved else (1,)
                orders = [order for order in self.lanes if order not in given or param not in self.wrt]
                entry += [Assign(self.dot(param, order), Call(np.zeros_like, (Name(param),))) for order in orders]
        last = function.body[-1]
        assert isinstance(last, Return)
        body = (*entry, *self.block(function.body[:-1]))
        late: list[Stmt] = []
        coefficients = tuple(self.result(last.value, order, late) for order in self.lanes)
        result = Return(Tuple((last.value, *coefficients)))
        new = Function(f"{function.name}_series", (*function.params, *params), (*body, *late, result), self.types)
        return own_copies(new, function.params)

    # ------------------------------------------------------------------------------------ names
    def dot(self, name: str, lane: int) -> str:
        if (name, lane) not in self.dots:
            new = self.names.fresh(f"{base_of(name)}_c{lane}")
            self.types[new] = self.types[name]
            self.dots[name, lane] = new
        return self.dots[name, lane]

    def atom(self, atom: Atom, lane: int) -> Atom:
        straight = isinstance(atom, Name) and lane > 1 and atom.id in self.straight
        if isinstance(atom, Name) and straight and not isinstance(self.types[atom.id], Array):
            return ZERO
        return super().atom(atom, lane)

    def named(self, expr: Expr, like: str = "c") -> Expr:
        """An expression under a name, unless it is an atom."""
        if isinstance(expr, (Name, Const)):
            return expr
        name = self.names.fresh(like)
        self.types[name] = Scalar(dtype_of(expr, self.types))
        self.out.append(Assign(name, expr))
        return Name(name)

    # ------------------------------------------------------------------------------------ statements
    def statement(self, stmt: Stmt, out: list[Stmt]) -> None:
        outer, self.out, self.known = (self.out, self.known), out, {}
        match stmt:
            case Assign(target, Call(Opaque())) if self.activity.name(target):
                self.opaque.series(stmt, self.lanes, out)
            case Assign(target, value) if not self.is_memory(target):
                stmt = replace(stmt, value=self.without_choices(value, stmt))
                super().statement(stmt, out)
            case Store() | Accum() if self.activity.name(stmt.array):
                stmt = replace(stmt, value=self.without_choices(stmt.value, stmt))
                values = [self.named(self.coefficient(stmt.value, order)) for order in self.lanes]
                for order, value in zip(self.lanes, values, strict=True):
                    if isinstance(stmt, Store) or value != ZERO:
                        out.append(replace(stmt, array=self.dot(stmt.array, order), value=value, origin=""))
                out.append(replace(stmt, origin=""))
            case _:
                super().statement(stmt, out)
        self.out, self.known = outer

    def is_memory(self, name: str) -> bool:
        return isinstance(self.types[name], (Array, TupleType))

    def without_choices(self, expr: Expr, stmt: Stmt) -> Expr:
        """`expr` with its choices between varying values made by branches before it: only one side is computed."""
        if not self.activity.expression(expr) or not isinstance(expr, Call):
            return expr
        if expr.fn is not ops.select:
            return rebuilt(expr, [self.without_choices(part, stmt) for part in children(expr)])
        test, *sides = expr.args
        name = self.names.fresh(f"{base_of(stmt.target)}_part" if isinstance(stmt, Assign) else "choice")
        self.types[name] = Scalar(dtype_of(expr, self.types))
        self.activity.add(name, self.types[name])
        blocks: list[Block] = []
        atoms: list[Atom] = []
        for side in sides:
            block: Block = ()
            atom: Atom
            if isinstance(side, (Name, Const)):
                atom = side
            else:
                inner = self.names.fresh(base_of(name))
                self.types[inner] = self.types[name]
                self.activity.add(inner, self.types[name])
                block, atom = self.block((Assign(inner, side, span=stmt.span),)), Name(inner)
            blocks.append(block)
            atoms.append(atom)
        merges = [Merge(name, atoms[0], atoms[1])]
        merges += [Merge(self.dot(name, o), self.atom(atoms[0], o), self.atom(atoms[1], o)) for o in self.lanes]
        self.out.append(If(test, blocks[0], blocks[1], tuple(merges), span=stmt.span))
        return Name(name)

    def tangent_of_product(self, stmt: Assign, operands: tuple[Name, Name], lane: int, out: list[Stmt]) -> None:
        """The sum of the products of coefficients whose orders add up to this one, added in place."""
        terms = []
        for order in range(lane + 1):
            pair = [self.memory(one.id, k) for one, k in zip(operands, (order, lane - order), strict=True)]
            if None not in pair:
                terms.append(tuple(Name(name) for name in pair if name is not None))
        assert isinstance(stmt.value, Call)
        first, *rest = (Call(stmt.value.fn, term) for term in terms)
        dot = self.dot(stmt.target, lane)
        out.append(Assign(dot, first, span=stmt.span))
        for term in rest:
            part, i, j = (self.names.fresh(base) for base in (f"{base_of(stmt.target)}_part", "i", "j"))
            self.types[part], self.types[i], self.types[j] = self.types[stmt.target], INT, INT
            out.append(Assign(part, term, span=stmt.span))
            place = (Name(i), Name(j))
            body: Block = (Accum(dot, place, Index(Name(part), place)),)
            for index, axis in ((j, 1), (i, 0)):
                body = (For(index, Const(0), Call(ops.dim, (Name(dot), Const(axis))), Const(1), body),)
            out += body

    def memory(self, array: str, order: int) -> str | None:
        """The array of an operand's coefficients, if they are not zero."""
        if order == 0:
            return array
        return self.dot(array, order) if self.activity.name(array) else None

    # ------------------------------------------------------------------------------------ expressions
    def tangent(self, expr: Expr, lane: int) -> Expr:
        return self.coefficient(expr, lane)

    def coefficient(self, expr: Expr, order: int) -> Expr:
        """A coefficient of a scalar expression: an atom, an element, or a name that was given to it."""
        if order == 0:
            return self.value(expr)
        if not self.activity.expression(expr):
            return ZERO
        match expr:
            case Name():
                return self.atom(expr, order)
            case Index(Name(id), index):
                return ZERO if order > 1 and id in self.straight else Index(Name(self.dot(id, order)), index)
        key = (expr, order)
        if key not in self.known:
            assert isinstance(expr, Call)
            rule = _RECURRENCES.get(expr.fn, _Series.by_rule)
            self.known[key] = self.named(rule(self, expr, order))
        return self.known[key]

    def value(self, expr: Expr) -> Expr:
        """The value itself, computed once where it is used by many coefficients."""
        if not isinstance(expr, Call) or not self.activity.expression(expr):
            return expr
        if (expr, 0) not in self.known:
            self.known[expr, 0] = self.named(expr, "v")
        return self.known[expr, 0]

    def added(self, call: Call, order: int) -> Expr:
        left, right = (self.coefficient(arg, order) for arg in call.args)
        return fold(Call(call.fn, (left, right)), derivative=True)

    def negated(self, call: Call, order: int) -> Expr:
        return fold(Call(np.negative, (self.coefficient(call.args[0], order),)), derivative=True)

    def multiplied(self, call: Call, order: int) -> Expr:
        x, y = call.args
        return self.squared(x, order) if x == y else self.convolved(x, y, range(order + 1), order)

    def convolved(self, x: Expr, y: Expr, orders: range, order: int) -> Expr:
        """The sum over `j` of `x_j * y_(order-j)`."""
        total: Expr = ZERO
        for j in orders:
            left, right = self.coefficient(x, j), self.coefficient(y, order - j)
            if ZERO not in (left, right):
                total = plus(total, times(left, right))
        return total

    def divided(self, call: Call, order: int) -> Expr:
        """Of `z = x / y`: `z_k = (x_k - sum of y_j z_(k-j), j from 1) / y_0`."""
        x, y = call.args
        known = self.convolved(y, call, range(1, order + 1), order)
        numerator = fold(Call(np.subtract, (self.coefficient(x, order), known)), derivative=True)
        return fold(Call(np.divide, (numerator, self.value(y))), derivative=True)

    def powered(self, call: Call, order: int) -> Expr:
        base, exponent = call.args
        if exponent in (Const(2), Const(2.0)):
            return self.squared(base, order)
        return self.by_rule(call, order)

    def squared(self, x: Expr, order: int) -> Expr:
        """Each product of two orders once, doubled."""
        total = times(Const(2.0), self.convolved(x, x, range((order + 1) // 2), order))
        if order % 2:
            return total
        middle = self.coefficient(x, order // 2)
        return plus(total, times(middle, middle)) if middle != ZERO else total

    def chosen(self, call: Call, order: int) -> Expr:
        """Of a choice that a rule makes: only the side that is taken is computed."""
        test, *sides = call.args
        outer, known = self.out, self.known
        blocks: list[Block] = []
        values: list[Expr] = []
        for side in sides:
            self.out, self.known = [], dict(known)
            values.append(self.coefficient(side, order))
            blocks.append(tuple(self.out))
        self.out, self.known = outer, known
        if not any(blocks):
            return fold(Call(ops.select, (test, *values)), derivative=True)
        atoms: list[Atom] = []
        for number, value in enumerate(values):
            self.out = list(blocks[number])
            atom = self.named(value)
            assert isinstance(atom, (Name, Const))
            atoms.append(atom)
            blocks[number] = tuple(self.out)
        self.out = outer
        name = self.names.fresh("c")
        self.types[name] = Scalar(dtype_of(call, self.types))
        self.out.append(If(test, blocks[0], blocks[1], (Merge(name, atoms[0], atoms[1]),)))
        return Name(name)

    def by_rule(self, call: Call, order: int) -> Expr:
        """Of `z = f(x, y)`: `k z_k` is the sum of `j x_j p_(k-j)` over `j` from 1, `p` being `f`'s partial, and of the
        same by `y`."""
        total: Expr = ZERO
        for position in differentiable(call):
            arg = call.args[position]
            if not self.activity.expression(arg):
                continue
            slope = partial(call, position)
            for j in range(1, order + 1):
                seed = self.coefficient(arg, j)
                if seed != ZERO and (p := self.coefficient(slope, order - j)) != ZERO:
                    term = contribution(call, position, p, seed, self.types)
                    total = plus(total, times(Const(j / order), term) if j < order else term)
        return total


_RECURRENCES: dict[object, Callable[[_Series, Call, int], Expr]] = {
    np.add: _Series.added,
    np.subtract: _Series.added,
    np.negative: _Series.negated,
    np.multiply: _Series.multiplied,
    np.divide: _Series.divided,
    ops.power: _Series.powered,
    ops.select: _Series.chosen,
}
