"""The reverse sweep: the adjoint of each statement, last first.

An adjoint is named after its primal: `x_bar`.  A scalar's adjoint is a value (a sum of contributions), an array's is
an array of the same shape, one for all names that reach the same memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from adcompile.analysis.activity import Activity
from adcompile.analysis.aliasing import Roots, is_allocation
from adcompile.chain import ZERO, as_float, contribution, differentiable, matched, partial, plus, reads_result, times
from adcompile.errors import Unsupported
from adcompile.fourier import TRANSFORMS
from adcompile.ir import ops
from adcompile.ir.dtypes import is_complex
from adcompile.ir.nodes import (
    Accum,
    Assign,
    Atom,
    Block,
    Call,
    Const,
    Effect,
    Expr,
    For,
    Function,
    If,
    Index,
    Name,
    Return,
    Stmt,
    Store,
    While,
    base_of,
)
from adcompile.ir.opaque import is_opaque
from adcompile.ir.types import FLOAT, INT, Array, Scalar, TupleType, element, kind, ndim
from adcompile.ir.walk import blocks, defines, statements
from adcompile.runtime import matmul, matmul_nt, matmul_tn, multiply_no_nan
from adcompile.transform.available import Availability
from adcompile.transform.contributions import Contribution, merged
from adcompile.transform.opaque_adjoints import reverse_call
from adcompile.transform.opaque_calls import Kept, items_of
from adcompile.transform.plan import Plan
from adcompile.transform.reloads import Reload
from adcompile.transform.scopes import Frame, Region, Scope


class Adjoints(Availability):
    """Writes the reverse sweep of one function; `transform.replay` adds loops and branches that are scopes."""

    def __init__(
        self, function: Function, roots: Roots, plan: Plan, activity: Activity, residuals: Mapping[str, Kept]
    ) -> None:
        super().__init__(function, roots, plan)
        self.residuals = residuals
        self.items = items_of(function)
        self.activity = activity
        self.bar: dict[str, Atom] = {}
        self.array_bar: dict[str, str] = {}
        self.put_backs: set[Stmt] = set()  # what put_back has emitted

    # ------------------------------------------------------------------------------------ adjoints of values
    def active(self, name: str) -> bool:
        return self.activity.name(name)

    def add(self, name: str, contribution: Expr) -> None:
        """`name_bar += contribution`."""
        if contribution == ZERO or not self.active(name):
            return
        contribution = matched(contribution, Name(name), self.types)
        before = self.bar.get(name)
        if before is None and isinstance(contribution, (Name, Const)):
            self.bar[name] = contribution
            return
        new = self.fresh(f"{base_of(name)}_bar", self.types[name])
        self.emit(Assign(new, contribution if before is None else plus(before, contribution)))
        self.bar[name] = Name(new)

    def add_atom(self, atom: Atom, contribution: Expr) -> None:
        if isinstance(atom, Name):
            self.add(atom.id, contribution)

    def adjoint_array(self, array: str) -> str:
        return self.array_bar[self.roots.find(array)]

    def make_adjoint_array(self, array: str) -> None:
        """`array_bar = np.zeros_like(array)`, once for all that reaches the array's memory."""
        root = self.roots.find(array)
        if root not in self.array_bar and self.active(array):
            new = self.fresh(f"{base_of(array)}_bar", self.types[array])
            self.array_bar[root] = new
            self.emit(Assign(new, Call(np.zeros_like, (Name(array),))))

    def adjoint_type(self, array: str) -> Scalar:
        """What an element of an adjoint array is once it is loaded."""
        type_ = element(self.types[array])
        return type_ if kind(type_) == "c" else FLOAT

    # ------------------------------------------------------------------------------------ the chain rule
    def chain(self, expr: Expr, seed: Expr, stmt: Stmt, value: Expr | None = None) -> list[Contribution]:
        """What `seed`, the adjoint of `expr`, contributes to each value that `expr` reads; `value` is its value."""
        whole = expr
        found: list[Contribution] = []

        def visit(
            expr: Expr, seed: Expr, guard: Expr | None = None, inside: Expr = ZERO, infinite: bool = False
        ) -> None:
            if not self.activity.expression(expr):
                return
            seed = matched(seed, expr, self.types)
            if isinstance(expr, (Name, Index)):
                seed = as_float(seed, self.types)
                found.append(Contribution(expr, seed, guard, matched(inside, expr, self.types)))
                return
            assert isinstance(expr, Call)
            live = [k for k in differentiable(expr) if self.activity.expression(expr.args[k])]
            if len(live) > 1 and not _trivial(seed):
                name = self.fresh("v_bar", Scalar("complex128") if is_complex(seed, self.types) else FLOAT)
                self.emit(Assign(name, seed))
                seed = Name(name)
            result = value if expr is whole else None
            for k in live:
                own = self.need(partial(expr, k, result, self.types), stmt)
                if expr.fn is ops.select:  # whose sides are at hand: what is computed is a branch
                    condition = self.need(expr.args[0], stmt)
                    visit(
                        expr.args[k], times(own, seed), condition if k == 1 else Call(ops.negated, (condition,)), seed
                    )
                else:
                    inner = contribution(expr, k, own, seed, self.types, infinite)
                    visit(expr.args[k], inner, infinite=infinite or (expr.fn is multiply_no_nan and k == 0))

        try:
            visit(expr, seed)
        except Unsupported as error:
            raise Unsupported(
                replace(r, span=r.span or stmt.span, function=r.function or self.function.name) for r in error.refusals
            ) from None
        return list(merged(found))

    def scatter(self, contributions: list[Contribution], stmt: Stmt) -> None:
        for one in contributions:
            leaf = one.leaf
            if isinstance(leaf, Name):
                self.add(leaf.id, one.value)
            elif one.value != ZERO:
                assert isinstance(leaf.array, Name)
                index = tuple(self.need(part, stmt) for part in leaf.index)
                array = self.adjoint_array(leaf.array.id)
                if one.guard is None:
                    self.emit(Accum(array, index, one.value))
                else:  # an element that is not chosen may not exist
                    self.emit(If(one.guard, (Accum(array, index, one.inside, origin=stmt.origin),), ()))

    # ------------------------------------------------------------------------------------ blocks
    def reverse_block(
        self, region: Region, block: Block, out: list[Stmt], scope: Scope, index: Atom | None = None
    ) -> Frame:
        """Reverses a block into `out`; the caller pops the frame."""
        frame = Frame(region, block, out, scope, index)
        self.frames.append(frame)
        return frame

    def reverse_statements(self, frame: Frame) -> None:
        if frame.is_scope:
            self.adjoint_arrays_of(frame.block)
        for position in reversed(range(len(frame.block))):
            frame.position = position
            stmt = frame.block[position]
            first = len(frame.out)
            self.reverse_statement(stmt)
            for number in range(first, len(frame.out) if stmt.origin else 0):
                new = frame.out[number]
                if not new.origin and not blocks(new):
                    frame.out[number] = replace(new, origin=stmt.origin, span=stmt.span)
                    if new in self.put_backs:
                        self.put_backs.add(frame.out[number])

    def adjoint_arrays_of(self, block: Block) -> None:
        """Adjoints for the arrays that a scope makes, by the last name of each."""
        last: dict[str, str] = {}
        for stmt in block:
            for name in defines(stmt):
                if isinstance(self.types[name], Array) and not self._is_tuple_item(stmt):
                    last[self.roots.find(name)] = name
        for name in last.values():
            self.make_adjoint_array(name)

    def _is_tuple_item(self, stmt: Stmt) -> bool:
        """Whether a statement takes an item out of a tuple that a parameter holds."""
        return (
            isinstance(stmt, Assign)
            and isinstance(stmt.value, Index)
            and isinstance(stmt.value.array, Name)
            and isinstance(self.types[stmt.value.array.id], TupleType)
        )

    def reverse_statement(self, stmt: Stmt) -> None:
        match stmt:
            case Assign():
                self.reverse_assign(stmt)
            case Store():
                self.reverse_store(stmt)
            case Accum():
                self.reverse_accum(stmt)
            case For() | While():
                self.reverse_loop(stmt)
            case If():
                self.reverse_if(stmt)
            case Return() | Effect():
                pass

    def reverse_loop(self, stmt: For | While) -> None:
        raise NotImplementedError

    def reverse_if(self, stmt: If) -> None:
        raise NotImplementedError

    # ------------------------------------------------------------------------------------ straight-line statements
    def reverse_assign(self, stmt: Assign) -> None:
        if self._is_tuple_item(stmt):
            return
        if is_opaque(stmt.value):
            reverse_call(self, stmt)
            return
        if is_allocation(stmt.value):
            assert isinstance(stmt.value, Call)
            if stmt.value.fn in _ADJOINTS and self.active(stmt.target):
                self.reverse_whole(stmt.value, Name(self.adjoint_array(stmt.target)), stmt)
            if stmt.value.fn is ops.copy and self.active(stmt.target):
                source = stmt.value.args[0]
                assert isinstance(source, Name)
                if self.active(source.id):
                    self.add_array(self.adjoint_array(source.id), self.adjoint_array(stmt.target))
            return
        adjoint = self.bar.pop(stmt.target, None)
        if adjoint is not None:
            self.scatter(self.chain(stmt.value, adjoint, stmt, Name(stmt.target)), stmt)

    def reverse_whole(self, call: Call, seed: Name, stmt: Stmt) -> None:
        """The adjoints of the operands of a product are products, those of a transform transforms."""
        operands = [arg for arg in call.args if isinstance(arg, Name)]
        for operand, (fn, order) in zip(operands, _ADJOINTS[call.fn], strict=True):
            if self.active(operand.id):
                others = {letter: arg for letter, arg in zip("ab", operands, strict=False) if letter in order}
                self.reloads += [Reload(self.roots.find(other.id), (), stmt) for other in others.values()]
                known: dict[str, Expr] = {"c": seed, **{letter: self.value(a.id) for letter, a in others.items()}}
                target = self.fresh(base_of(operand.id) + "_part", self.types[operand.id])
                self.emit(Assign(target, Call(fn, tuple(known[letter] for letter in order))))
                self.add_array(self.adjoint_array(operand.id), target)

    def add_array(self, target: str, source: str) -> None:
        """`target += source`, element by element."""
        indices = [self.fresh(base, INT) for base, _ in zip("ijklmn", range(ndim(self.types[source])), strict=False)]
        index = tuple(map(Name, indices))
        body: Block = (Accum(target, index, Index(Name(source), index)),)
        self.emit(self.nest(indices, source, body))

    def nest(self, indices: list[str], array: str, body: Block) -> Stmt:
        """Loops over every element of an array."""
        for axis in reversed(range(len(indices))):
            extent = Call(ops.dim, (Name(array), Const(axis)))
            body = (For(indices[axis], Const(0), extent, Const(1), body),)
        return body[0]

    def put_back(self, stmt: Store | Accum, index: tuple[Expr, ...]) -> None:
        """Gives the element that `stmt` overwrote its old contents, where something reads them."""
        if stmt not in self.plan.keep:
            return
        old = Index(Name(stmt.array), stmt.index)
        contents = self._contents_at_hand(stmt, old) or self._saved_contents(stmt, old)
        array = self.value(stmt.array)
        assert isinstance(array, Name)
        back = Store(array.id, index, contents)
        self.put_backs.add(back)
        self.emit(back)

    def _contents_at_hand(self, stmt: Store | Accum, old: Index) -> Expr | None:
        """The old contents, if another array was given them just before."""
        frame = self.frame
        root = self.roots.find(stmt.array)
        for position in range(frame.position - 1, -1, -1):
            before = frame.block[position]
            if isinstance(before, Store) and before.value == old:
                found = self.kept_slot(old, frame, position, position + 1)
                if found is not None:
                    return found
            if any(isinstance(s, (Store, Accum)) and self.roots.find(s.array) == root for s in statements((before,))):
                return None
        return None

    def _saved_contents(self, stmt: Store | Accum, old: Index) -> Atom:
        frame = self.frame
        type_ = self.types[stmt.array]
        assert isinstance(type_, Array)
        if frame.is_scope:
            name = self.fresh(base_of(stmt.array) + "_old", element(type_))
            frame.scope.before[stmt].append(Assign(name, old))
            return Name(name)
        add: Callable[[Stmt], None] = frame.scope.before[stmt].append
        return self.saved(old, base_of(stmt.array), element(type_), frame, add)

    def reverse_store(self, stmt: Store) -> None:
        index = tuple(self.need(part, stmt) for part in stmt.index)
        value = self._stored(stmt, index)
        self.put_back(stmt, index)
        if not self.active(stmt.array):
            return
        array = self.adjoint_array(stmt.array)
        if not self.activity.expression(stmt.value):
            self.emit(Store(array, index, ZERO))
            return
        name = self.fresh("v_bar", self.adjoint_type(array))
        self.emit(Assign(name, Index(Name(array), index)))
        own: Expr = ZERO
        others = []
        for one in self.chain(stmt.value, Name(name), stmt, value):
            if one.leaf == Index(Name(stmt.array), stmt.index):
                own = plus(own, one.value)
            else:
                others.append(one)
        self.emit(Store(array, index, own))
        self.scatter(others, stmt)

    def _stored(self, stmt: Store, index: tuple[Expr, ...]) -> Name | None:
        """The value of a store, loaded again, where its derivative reads it and nothing more has to be put back."""
        value = stmt.value
        if not isinstance(value, Call) or not self.activity.expression(value) or not reads_result(value, self.types):
            return None
        type_ = element(self.types[stmt.array])
        if type_ != FLOAT:  # memory may hold it with less precision
            return None
        root = self.roots.find(stmt.array)
        again = Reload(root, stmt.index, stmt, after=True)
        if any(self.in_the_way(other, again) for other in self.stores[root] if other not in self.plan.keep):
            return None
        self.reloads.append(again)
        name = self.fresh(base_of(stmt.array), type_)
        self.emit(Assign(name, Index(self.value(stmt.array), index)))
        return Name(name)

    def reverse_accum(self, stmt: Accum) -> None:
        index = tuple(self.need(part, stmt) for part in stmt.index)
        self.put_back(stmt, index)
        if not self.active(stmt.array) or not self.activity.expression(stmt.value):
            return
        array = self.adjoint_array(stmt.array)
        name = self.fresh("v_bar", self.adjoint_type(array))
        self.emit(Assign(name, Index(Name(array), index)))
        self.scatter(self.chain(stmt.value, Name(name), stmt), stmt)


# The adjoints of the operands of each function of whole arrays: a function, of the operands `a` and `b` and of the
# adjoint `c` of the result, as far as named.  A Fourier transform is symmetric.
_ADJOINTS: dict[Any, tuple[tuple[Callable[..., Any], str], ...]] = {
    **{transform: ((transform, "c"),) for transform in TRANSFORMS},
    matmul: ((matmul_nt, "cb"), (matmul_tn, "ac")),
    matmul_tn: ((matmul_nt, "bc"), (matmul, "ac")),
    matmul_nt: ((matmul, "cb"), (matmul_tn, "ca")),
}


def _trivial(seed: Expr) -> bool:
    """Whether an adjoint may be written twice: an atom, or its negative."""
    return isinstance(seed, (Name, Const)) or (
        isinstance(seed, Call) and seed.fn is np.negative and isinstance(seed.args[0], (Name, Const))
    )
