"""Surface to core with arrays: every name assigned once and typed.

Goal: one forward walk with the types of the parameters at hand.  Copies of variables and literals vanish into their
uses, tuples are taken apart, `x.shape`, `x.sum()` and keyword spellings get their canonical form (`array_calls`), an
update of an array is told from a rebinding, what is known before the run is folded and branches not taken go.  Loops
carry and branches merge just the names that are read later; numbers of two types promote, as Numba has it.  Array
expressions stay whole: `loops_for_arrays` comes next.  Everything that cannot be typed is refused, all at once.

Non-goals: loops for array expressions, proofs about aliases, any algebra.

>>> from adcompile.ir.nodes import Index
>>> from adcompile.ir.show import show
>>> from adcompile.ir.types import INT, Array
>>> half = Assign("t", Call(np.multiply, (Const(0.5), Index(Name("x"), (Name("i"),)))))
>>> total = Update("s", np.add, Name("t"))
>>> loop = For("i", Const(0), Call(len, (Name("x"),)), Const(1), (half, total))
>>> surface = Function("f", ("x",), (Assign("s", Const(0)), loop, Return(Name("s"))))
>>> core = ssa(surface, {"x": Array("float64", 1)})
>>> core.body[0].carried
(Carry(inner='s', init=Const(value=0.0), yielded=Name(id='s.1'), result='s.2'),)
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from adcompile.analysis.liveness import Live, live_after, targets
from adcompile.analysis.types_of import described, type_of
from adcompile.errors import Refusal, Unsupported, refuse
from adcompile.ir import ops
from adcompile.ir.nodes import (
    Accum,
    Assign,
    Call,
    Const,
    Effect,
    Expr,
    For,
    Function,
    If,
    Index,
    Name,
    Names,
    Return,
    Slice,
    Stmt,
    Store,
    Tuple,
    Update,
    While,
)
from adcompile.ir.types import Array, Static, TupleType, Type
from adcompile.ir.walk import expressions, names, nodes, statements
from adcompile.normal.array_calls import is_view
from adcompile.normal.axisless import Axisless
from adcompile.normal.branches import branch
from adcompile.normal.building import Builder, Typed, constant
from adcompile.normal.carried import loop
from adcompile.normal.codes import coded, is_coded
from adcompile.normal.derivatives import Derivatives
from adcompile.normal.expanded import expanded
from adcompile.normal.fresh import taken
from adcompile.normal.lists import Held, Otherwise, appending, lists_in, made_list, plain, repeated
from adcompile.normal.longer_lists import check_longer
from adcompile.normal.number_classes import NUMBER, NumberClasses
from adcompile.normal.random_numbers import settled
from adcompile.normal.replaced_items import check_replaced
from adcompile.normal.resolved import Expressions
from adcompile.normal.untouched import check_copies, views_in
from adcompile.normal.variables import MADE_TEXT, REPORTED, UNDEFINED, Value
from adcompile.normal.writes import effect, store, update

_LARGEST_CONSTANT = 64  # numbers of an array from outside the function that are written out in it


def ssa(function: Function, types: Mapping[str, Type]) -> Function:
    """A surface function without jumps or calls to inline, in structured SSA, for parameters of these types."""
    held = Held(function.body)
    while True:
        try:
            return Walk(function, types, held).run()
        except Otherwise:
            pass


class Mark(NamedTuple):
    """Where a walk stood, to go back to."""

    fresh: Names
    types: dict[str, Type]
    written: int
    refused: int
    unsaid: int
    frozen: frozenset[str]


class Walk:
    """The forward walk: `x` resolves expressions under its environment, `b` holds types, names and output."""

    def __init__(self, function: Function, types: Mapping[str, Type], held: Held) -> None:
        self.function = function
        self.held = held
        self.order = targets(function.body)
        self.live: dict[Stmt, Live] = live_after(function.body)
        self.refusals: list[Refusal] = []
        self.forgotten: list[Refusal] = []  # of attempts that were given up
        self.unsaid = 0  # statements refused for what was said before
        self.frozen: frozenset[str] = frozenset()  # arrays from outside: not to be written
        self.following: list[Stmt] = []  # the statements after this one in its block
        self.peeled = self.doubled = 0
        self.b = Builder(
            {param: types[param] for param in function.params}, Names(function.params), frozenset(taken(function))
        )
        self.x = Expressions(self.b, lists_in(function.body))
        self.b.written = lambda fn, *args, **kwargs: expanded(self, fn, args, kwargs)
        self.x.branched = self.branched
        self.derivatives = Derivatives(self)

    @cached_property
    def axisless(self) -> Axisless:
        """Which variables may be one array without axes."""
        return Axisless(self.function.body)

    @property
    def env(self) -> dict[str, Value]:
        """What each variable stands for here."""
        return self.x.env

    @env.setter
    def env(self, env: dict[str, Value]) -> None:
        self.x.env = env

    def run(self) -> Function:
        """The whole function."""
        check_longer(self.function, self.live)
        for param in self.function.params:
            self.env[param] = self.parameter(param, Typed(Name(param), self.b.types[param]))
        self.x.classes = NumberClasses(dict.fromkeys(self.function.params, NUMBER), self.x.is_array)
        self.write_constants()
        self.b.out += self.block(self.function.body)
        if self.refusals:
            raise Unsupported(dict.fromkeys(self.refusals))
        if self.unsaid or not self.b.out or not isinstance(self.b.out[-1], Return):  # refused in an attempt given up
            raise Unsupported(dict.fromkeys(self.forgotten))
        check_copies(self.b.copies, self.b.out)
        check_replaced(tuple(self.b.out), self.b.types)
        try:
            body = settled(self.b.out, self.b.types, self.b.fresh)
        except Unsupported as error:
            raise Unsupported(replace(r, function=r.function or self.function.name) for r in error.refusals) from None
        types = {name: plain(type_) for name, type_ in self.b.types.items()}
        return replace(self.function, body=appending(body), types=types)

    # -------------------------------------------------------------------------------------- entry
    def parameter(self, base: str, x: Typed) -> Value:
        """What a parameter stands for: itself, what is known before the run, or a tuple of its items."""
        if isinstance(x.type, Static):
            return Const(x.type.value)
        if not isinstance(x.type, TupleType):
            if isinstance(x.expr, Name):
                return x.expr
            return self.b.defined(self.b.spare(base), x).expr  # type: ignore[return-value]
        if not isinstance(x.expr, Name):  # a tuple in a tuple: items are taken out of names alone
            x = self.b.defined(self.b.spare(base), x)
        assert isinstance(x.type, TupleType)
        items = [
            self.parameter(f"{base}_{k}", Typed(Index(x.expr, (Const(k),)), item))
            for k, item in enumerate(x.type.items)
        ]
        return Tuple(tuple(items))  # type: ignore[arg-type]

    def write_constants(self) -> None:
        """Arrays from outside the function: small ones are made in it, of literals; others are tables."""
        for stmt in statements(self.function.body):
            for expr in _all_expressions(stmt):
                value = expr.value if isinstance(expr, Const) else None
                if not isinstance(value, np.ndarray) or id(value) in self.x.arrays:
                    continue
                if value.dtype.kind in "bifc" and value.ndim:
                    written = value.size <= _LARGEST_CONSTANT
                    self.x.arrays[id(value)] = (self.written_out if written else self.table)(value)

    def written_out(self, value: np.ndarray) -> Typed:
        """An array made of literals."""
        shape = Const(value.shape[0]) if value.ndim == 1 else Tuple(tuple(Const(n) for n in value.shape))
        extra = () if value.dtype == np.float64 else (Const(value.dtype.type),)
        made = Typed(Call(np.empty, (shape, *extra)), Array(value.dtype.name, value.ndim))
        result = self.b.defined(self.b.spare("table"), made)
        assert isinstance(result.expr, Name)
        for place, item in np.ndenumerate(value):
            index = tuple(Const(k) for k in place)
            self.b.out.append(Store(result.expr.id, index, Const(item.item())))
        self.frozen |= {result.expr.id}
        return result

    def table(self, value: np.ndarray) -> Typed:
        """An array that stays outside."""
        made = Typed(Call(ops.table, (Const(ops.Contents(value)),)), Array(value.dtype.name, value.ndim))
        result = self.b.defined(self.b.spare("table"), made)
        assert isinstance(result.expr, Name)
        self.frozen |= {result.expr.id}
        return result

    # -------------------------------------------------------------------------------------- going back
    def mark(self) -> Mark:
        """To try a loop's body under an assumption."""
        fresh, types = copy.deepcopy(self.b.fresh), dict(self.b.types)
        return Mark(fresh, types, len(self.b.out), len(self.refusals), self.unsaid, self.frozen)

    def reset(self, mark: Mark) -> None:
        """Forgets what was done since."""
        self.b.fresh = copy.deepcopy(mark.fresh)
        self.b.types.clear()
        self.b.types.update(mark.types)
        self.b.copies = [copied for copied in self.b.copies if copied.name in mark.types]
        self.b.lengths = {name: lengths for name, lengths in self.b.lengths.items() if name in mark.types}
        del self.b.out[mark.written :]
        self.forgotten += self.refusals[mark.refused :]
        del self.refusals[mark.refused :]
        self.unsaid = mark.unsaid
        self.frozen = mark.frozen

    # -------------------------------------------------------------------------------------- statements
    def block(self, block: Sequence[Stmt]) -> list[Stmt]:
        """The statements of a block, made apart."""
        outer, self.b.out = self.b.out, []
        around, self.following = self.following, list(block)
        try:
            while self.following:
                self.statement(self.following.pop(0))
            return self.b.out
        finally:
            self.b.out = outer
            self.following = around

    def statement(self, stmt: Stmt) -> None:
        """One statement; a refusal is kept, and what the statement assigns is unknown from there on."""
        self.at(stmt)
        try:
            self.one(stmt)
        except Unsupported as error:
            self.unsaid += not error.refusals
            for refusal in error.refusals:
                span, name = refusal.span or stmt.span, refusal.function or self.function.name
                self.refusals.append(replace(refusal, span=span, function=name))
            for name in targets([stmt]):
                self.env[name] = REPORTED
        if not isinstance(stmt, (If, For, While)):
            self.x.classes.statement(stmt)

    def at(self, stmt: Stmt) -> None:
        """What is made now comes from this statement."""
        self.b.span, self.b.origin = stmt.span, stmt.origin

    def one(self, stmt: Stmt) -> None:
        """One statement."""
        match stmt:
            case Assign():
                self.assign(stmt)
            case Update():
                update(self, stmt)
            case Store() | Accum():
                store(self, stmt)
            case If():
                branch(self, stmt)
            case For() | While():
                loop(self, stmt)
            case Effect():
                effect(self, stmt)
            case Return():
                self.finish(stmt)
            case _:
                raise refuse("unsupported-statement", f"a {type(stmt).__name__.lower()} here is not supported")

    def assign(self, stmt: Assign) -> None:
        """A variable gets a value: a literal or another variable vanish into the uses."""
        match stmt.value:
            case Call(ops.derived, (Const(derivative), *args)):
                self.env[stmt.target] = self.kept(stmt.target, self.derivatives.called(stmt, derivative, args))
                return
            case Call(ops.undefined):
                self.env[stmt.target] = UNDEFINED
                return
            case Call(ops.text):
                self.env[stmt.target] = MADE_TEXT
                return
            case Call(ops.listed | ops.repeated as fn, args):
                make = made_list if fn is ops.listed else repeated
                self.env[stmt.target] = self.kept(stmt.target, make(self, stmt.target, *map(self.x.value, args)))
                return
            case Call(ops.select, (test, then, orelse)) if self.chooses_array(then, orelse):
                sides = [Assign(stmt.target, side, span=stmt.span, origin=stmt.origin) for side in (then, orelse)]
                choice = If(test, (sides[0],), (sides[1],), span=stmt.span, origin=stmt.origin)
                self.live[choice] = self.live[sides[0]] = self.live[sides[1]] = self.live[stmt]
                branch(self, choice)
                return
        self.env[stmt.target] = self.kept(stmt.target, self.x.raw(stmt.value))

    def branched(self, test: Expr, then: Expr, orelse: Expr) -> Typed:
        """A conditional whose sides take statements, as a branch before the expression that it stands in."""
        name = self.b.spare("choice")
        if name not in self.order:
            self.order.append(name)
        sides = [Assign(name, side, span=self.b.span, origin=self.b.origin) for side in (then, orelse)]
        choice = If(test, (sides[0],), (sides[1],), span=self.b.span, origin=self.b.origin)
        self.live[choice] = self.live[sides[0]] = self.live[sides[1]] = frozenset((name,))
        branch(self, choice)
        return self.x.raw(Name(name))

    def chooses_array(self, then: Expr, orelse: Expr) -> bool:
        """Whether a conditional is between arrays."""
        with self.b.lazily():
            try:
                return _has_array(self.x.value(then)) and _has_array(self.x.value(orelse))
            except Unsupported:
                return False

    def kept(self, name: str, x: Typed) -> Value:
        """`x` as a variable's value, under this name where it needs one."""
        if x.is_tuple:
            items = [self.kept_item(f"{name}_{k}", item) for k, item in enumerate(x.items)]
            return Tuple(tuple(items))
        if is_coded(x.expr):
            code, number = self.x.codes.apart(x)
            return coded(self.kept_item(f"{name}_is", code), self.kept(name, number))  # type: ignore[arg-type,return-value]
        if isinstance(x.expr, Slice):
            ends = [Typed(end, type_of(end, self.b.types)) for end in (x.expr.start, x.expr.stop, x.expr.step)]
            return Slice(*(self.kept(self.b.spare(f"{name}_end"), end) for end in ends))  # type: ignore[arg-type,return-value]
        if isinstance(x.expr, (Const, Name)):
            return x.expr
        made = self.b.defined(name, x).expr
        assert isinstance(made, Name)
        if isinstance(x.type, Array) and self.shares(x.expr) and not self.frozen.isdisjoint(names(x.expr)):
            self.frozen |= {made.id}
        return made

    def shares(self, expr: Expr) -> bool:
        """Whether an array has its memory from another: arrays of indices make a copy."""
        if isinstance(expr, Index):
            return not any(isinstance(type_of(item, self.b.types), Array) for item in expr.index)
        return is_view(expr)

    def kept_item(self, name: str, x: Typed) -> Expr:
        """An item of a tuple variable; the length of an axis stays what it is."""
        if isinstance(x.expr, Call) and x.expr.fn is ops.dim:
            return x.expr
        return self.kept(name if x.is_tuple or is_coded(x.expr) else self.b.spare(name), x)  # type: ignore[return-value]

    # -------------------------------------------------------------------------------------- the end
    def finish(self, stmt: Return) -> None:
        """The result: atoms, arrays that are nobody's part."""
        expr = stmt.value
        if isinstance(expr, Call) and expr.fn is ops.select and self.chooses_array(*expr.args[1:]):
            named, stmt = self.named(stmt)
            self.assign(named)
        value = self.returned(self.x.value(stmt.value), views_in(self.b.out))
        self.b.out.append(replace(stmt, value=value))

    def named(self, stmt: Return) -> tuple[Assign, Return]:
        """A result as a variable."""
        named = Assign(self.b.spare("result"), stmt.value, span=stmt.span, origin=stmt.origin)
        if named.target not in self.order:
            self.order.append(named.target)
        self.live[named] = frozenset((named.target,))
        return named, replace(stmt, value=Name(named.target))

    def returned(self, x: Typed, views: set[str]) -> Expr:
        """A result as an atom or a tuple of atoms."""
        if x.is_tuple:
            return Tuple(tuple(self.returned(item, views) for item in x.items))
        if x.is_array and (is_view(x.expr) or (isinstance(x.expr, Name) and x.expr.id in views)):
            x = self.b.call(ops.copy, x)
        if isinstance(x.type, Static) and x != constant(None):
            raise refuse("no-type", f"{described(x.type)} is returned")
        if isinstance(x.expr, (Const, Name)):
            return x.expr
        return self.b.defined(self.b.spare("result"), x).expr


def _has_array(x: Typed) -> bool:
    return any(map(_has_array, x.items)) if x.is_tuple else x.is_array


def _all_expressions(stmt: Stmt) -> Iterable[Expr]:
    for expr in expressions(stmt):
        yield from nodes(expr)
